/* SPDX-License-Identifier: MIT */
/* The detector, on small pictures: found blind at other sizes, shifts and crops, in a still scene by the turning sign alone;
   never under another key or where there is none; any size and any bytes are borne. */
#include "base/rng.h"
#include "watermark/dose.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

enum { W = 480, H = 360 };
#define SESSION  0x5eed1234u
#define FRAME_NS INT64_C(100000000)

/* Something like a picture: waves of all lengths, edges, grain. */
static void draw(uint8_t *out, uint32_t seed, float grain) {
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 5);
    float wave[12][4];
    for (int k = 0; k < 12; k++) {
        wave[k][0] = bt_rng_uniform(&rng, -0.3f, 0.3f) / (float)(1 + k % 4);
        wave[k][1] = bt_rng_uniform(&rng, -0.3f, 0.3f) / (float)(1 + k % 4);
        wave[k][2] = bt_rng_uniform(&rng, 0.0f, 6.3f);
        wave[k][3] = 6.0f / (0.2f + 10.0f * hypotf(wave[k][0], wave[k][1]));
    }
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            float code = 120.0f + ((x / 90 + y / 70) & 1 ? 25.0f : -25.0f);
            for (int k = 0; k < 12; k++) code += wave[k][3] * sinf(wave[k][0] * (float)x + wave[k][1] * (float)y + wave[k][2]);
            code += grain * bt_rng_normal(&rng);
            out[y * W + x] = (uint8_t)fminf(fmaxf(code, 0.0f), 255.0f);
        }
}

static void embed(const struct bt_watermark_tile *tile, float sign, uint8_t *luma) {
    const struct bt_watermark_plane plane = {luma, W, 1, W, H};
    struct bt_watermark_dose dose = bt_watermark_dose_of(&plane);
    dose.sign = sign;
    bt_watermark_embed(tile, &dose, luma, W, W, H);
}

static void mark(uint8_t *luma, uint16_t key, float sign) {
    struct bt_watermark_tile tile;
    bt_watermark_tile_init(SESSION, key, &tile);
    embed(&tile, sign, luma);
}

/* Cuts (x, y, w, h) out and makes it `scale` times as large, bilinear. */
static uint8_t *cut(const uint8_t *from, uint32_t x0, uint32_t y0, uint32_t w, uint32_t h, float scale, uint32_t *out_w,
                    uint32_t *out_h) {
    uint32_t tw = (uint32_t)((float)w * scale), th = (uint32_t)((float)h * scale);
    uint8_t *to = malloc((size_t)tw * th);
    assert_non_null(to);
    for (uint32_t y = 0; y < th; y++)
        for (uint32_t x = 0; x < tw; x++) {
            float u = fmaxf(((float)x + 0.5f) / scale - 0.5f, 0.0f), v = fmaxf(((float)y + 0.5f) / scale - 0.5f, 0.0f);
            uint32_t i = (uint32_t)u, j = (uint32_t)v, i1 = i + 1 < w ? i + 1 : i, j1 = j + 1 < h ? j + 1 : j;
            float a = u - (float)i, b = v - (float)j;
            const uint8_t *r0 = from + (size_t)(y0 + j) * W + x0, *r1 = from + (size_t)(y0 + j1) * W + x0;
            float top = (float)r0[i] + a * (float)(r0[i1] - r0[i]), low = (float)r1[i] + a * (float)(r1[i1] - r1[i]);
            to[(size_t)y * tw + x] = (uint8_t)(top + b * (low - top) + 0.5f);
        }
    *out_w = tw, *out_h = th;
    return to;
}

static struct bt_watermark_result look(const uint8_t *luma, uint32_t w, uint32_t h, uint16_t key, float scale) {
    struct bt_watermark_detector *d = NULL;
    struct bt_watermark_result r;
    const struct bt_watermark_detector_params params = {w, h, key, scale};
    assert_int_equal(bt_watermark_detector_create(&params, &d), BT_OK);
    bt_watermark_detector_feed(d, luma, w, 0);
    bt_watermark_detector_read(d, &r);
    bt_watermark_detector_destroy(&d);
    return r;
}

static void found_blind(void **state) {
    (void)state;
    static const struct {
        uint32_t x, y, w, h;
        float scale;
    } attack[] = {
        {0, 0, W, H, 1.0f}, {37, 21, 400, 300, 1.0f}, {50, 40, 340, 256, 1.31f}, {0, 0, W, H, 0.6f}, {5, 9, 440, 340, 1.9f}};
    static uint8_t picture[W * H];
    draw(picture, 1, 1.0f);
    mark(picture, BT_WATERMARK_KEY, 1.0f);
    for (size_t i = 0; i < sizeof attack / sizeof *attack; i++) {
        uint32_t w, h;
        uint8_t *cropped = cut(picture, attack[i].x, attack[i].y, attack[i].w, attack[i].h, attack[i].scale, &w, &h);
        struct bt_watermark_result r = look(cropped, w, h, 0, 0.0f);
        if (!r.present) print_error("attack %zu: score %g at scale %g\n", i, (double)r.score, (double)r.scale);
        assert_true(r.present);
        assert_int_equal(r.session, SESSION);
        assert_int_equal(r.key, BT_WATERMARK_KEY);
        assert_true(fabsf(r.scale - attack[i].scale) < 0.01f * attack[i].scale);
        /* The tile's corner is known as well as a bin, 2 px of the marked picture; the scale's error adds to it. */
        float tile = BT_WATERMARK_TILE_PX * r.scale, off = r.x_px + (float)attack[i].x * r.scale;
        off -= tile * roundf(off / tile);
        assert_true(fabsf(off) < 5.0f * r.scale);
        assert_true(r.log10_false_alarm <= BT_WATERMARK_LOG10_FALSE_ALARM);
        free(cropped);
    }
}

static void not_found_where_it_is_not(void **state) {
    (void)state;
    static uint8_t picture[W * H];
    draw(picture, 2, 1.0f);
    assert_false(look(picture, W, H, 0, 0.0f).present);
    mark(picture, 2, 1.0f);
    assert_false(look(picture, W, H, 3, 0.0f).present);
    for (uint16_t key = 100; key < 400; key++) assert_false(look(picture, W, H, key, 1.0f).present);
    assert_true(look(picture, W, H, 2, 0.0f).present);
}

/* A picture that stands still and is far louder than the mark: only what turns shows it. */
static void turning_shows_it(void **state) {
    (void)state;
    static uint8_t still[W * H], frame[W * H];
    struct bt_watermark_detector *d = NULL;
    struct bt_watermark_result r;
    draw(still, 3, 25.0f);
    const struct bt_watermark_detector_params params = {.width_px = W, .height_px = H};
    assert_int_equal(bt_watermark_detector_create(&params, &d), BT_OK);
    for (int turns = 0; turns < 2; turns++) {
        bt_watermark_detector_reset(d);
        for (int64_t k = 0; k < 40; k++) {
            memcpy(frame, still, sizeof frame);
            mark(frame, BT_WATERMARK_KEY, turns ? 0.5f * bt_watermark_sign(k * FRAME_NS) : 0.5f);
            bt_watermark_detector_feed(d, frame, W, 123456789 + k * FRAME_NS); /* another clock */
        }
        bt_watermark_detector_read(d, &r);
        assert_int_equal(r.present, turns);
        assert_int_equal(r.pictures, 40);
        assert_int_equal(r.to_ns - r.from_ns, 39 * FRAME_NS);
    }
    assert_int_equal(r.session, SESSION);
    bt_watermark_detector_destroy(&d);
}

/* Numbers whose own cells make the known ones stand out more a bin beside the place: these were once not read at all, from
   pictures that hold nothing but the mark. */
static void any_number_is_read(void **state) {
    (void)state;
    static const uint32_t session[] = {0x2968cd30, 0xefd39e16, 0xb07952c1, 0xb9b646f1, 0, UINT32_MAX};
    static uint8_t flat[W * H];
    for (size_t k = 0; k < sizeof session / sizeof *session; k++) {
        struct bt_watermark_tile tile;
        struct bt_watermark_detector *d = NULL;
        struct bt_watermark_result r;
        const struct bt_watermark_detector_params params = {W, H, BT_WATERMARK_KEY, 1.0f};
        bt_watermark_tile_init(session[k], BT_WATERMARK_KEY, &tile);
        assert_int_equal(bt_watermark_detector_create(&params, &d), BT_OK);
        for (int second = 0; second < 2; second++) {
            memset(flat, 16, sizeof flat);
            embed(&tile, second ? -1.0f : 1.0f, flat);
            bt_watermark_detector_feed(d, flat, W, second * INT64_C(1000000000));
        }
        bt_watermark_detector_read(d, &r);
        bt_watermark_detector_destroy(&d);
        if (!r.present) print_error("session %08x: score %g\n", session[k], (double)r.score);
        assert_true(r.present);
        assert_int_equal(r.session, session[k]);
    }
}

static void sign_turns_by_time(void **state) {
    (void)state;
    float before = bt_watermark_sign(-INT64_C(5000000000));
    for (int64_t ms = -5000; ms < 5000; ms++) {
        float s = bt_watermark_sign(ms * 1000000);
        assert_true(fabsf(s) <= 1.0f && fabsf(s - before) < 0.02f); /* no step in it */
        assert_true(fabsf(s + bt_watermark_sign((ms + 1000) * 1000000)) < 1e-4f);
        before = s;
    }
    assert_true(bt_watermark_sign(500000000) == 1.0f && bt_watermark_sign(1500000000) == -1.0f);
}

/* Any bytes in any size; nothing is found, nothing breaks (the sanitizers watch). */
static void anything_is_borne(void **state) {
    (void)state;
    static const uint32_t size[][2] = {{64, 64}, {65, 67}, {64, 900}, {1001, 64}, {301, 211}, {2561, 70}, {70, 5200}};
    struct bt_watermark_detector *d = NULL;
    struct bt_watermark_result r;
    for (size_t i = 0; i < sizeof size / sizeof *size; i++) {
        uint32_t w = size[i][0], h = size[i][1];
        uint8_t *luma = malloc((size_t)w * h);
        assert_non_null(luma);
        for (int kind = 0; kind < 4; kind++) {
            struct bt_rng rng;
            bt_rng_init(&rng, i, (uint64_t)kind);
            for (size_t k = 0; k < (size_t)w * h; k++)
                luma[k] = kind == 0 ? 0 : kind == 1 ? 255 : kind == 2 ? (uint8_t)(k % 7 == 0) : (uint8_t)bt_rng_u32(&rng);
            const struct bt_watermark_detector_params params = {w, h, 0, kind == 3 ? 0.0f : 0.9f};
            assert_int_equal(bt_watermark_detector_create(&params, &d), BT_OK);
            bt_watermark_detector_read(d, &r); /* nothing was fed */
            assert_false(r.present);
            for (int64_t k = 0; k < 3; k++) bt_watermark_detector_feed(d, luma, w, (k - 1) * INT64_C(900000000));
            bt_watermark_detector_read(d, &r);
            assert_false(r.present);
            assert_true(isfinite(r.score) && isfinite(r.log10_false_alarm) && isfinite(r.x_px) && isfinite(r.scale));
            bt_watermark_detector_destroy(&d);
        }
        free(luma);
    }
    static const struct bt_watermark_detector_params bad[] = {
        {1, 1, 0, 0}, {63, 640, 0, 0}, {640, 8193, 0, 0}, {640, 480, 0, -1.0f}, {640, 480, 0, NAN}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(bt_watermark_detector_create(&bad[i], &d), BT_E_ARGUMENT);
        assert_null(d);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(found_blind),        cmocka_unit_test(not_found_where_it_is_not),
                                       cmocka_unit_test(turning_shows_it),   cmocka_unit_test(any_number_is_read),
                                       cmocka_unit_test(sign_turns_by_time), cmocka_unit_test(anything_is_borne)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
