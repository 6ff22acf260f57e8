/* SPDX-License-Identifier: MIT */
/* The sign turns each second while the picture stands still, and is held while it moves all over; the amplitude follows
   texture, at the same power in every picture. */
#include "watermark/dose.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { W = 320, H = 180, RATE = 25 };
#define FRAME_NS (INT64_C(1000000000) / RATE)

enum scene { STILL, NOISY, TALKING, BRIGHTENING, PANNING };

/* A landscape of blocks; a pan goes 4 px a frame. */
static void paint(uint8_t *luma, enum scene scene, int k) {
    struct bt_rng rng;
    bt_rng_init(&rng, (uint64_t)k, 7);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const bool head = scene == TALKING && x > 120 && x < 200 && y > 60;
            const int u = (scene == PANNING || head ? x + 4 * k : x) / 12, v = y / 12;
            int code = 40 + (u * 71 + v * 37 + u * v * 13) % 150;
            if (scene == NOISY) code += (int)(bt_rng_u32(&rng) % 7) - 3;
            if (scene == BRIGHTENING) code += 10 * (k % 5);
            luma[y * W + x] = (uint8_t)code;
        }
}

/* Seconds, of so many, in whose middle the sign is not what it was in the second before. Asserts that it never jumps. */
static int turns_of(struct bt_watermark_doser *doser, enum scene scene, int64_t from_ns, int seconds, float *out_size) {
    static uint8_t luma[W * H];
    const struct bt_watermark_plane plane = {luma, W, 1, W, H};
    float before = 0, middle = 0;
    int turns = 0;
    for (int k = 0; k < seconds * RATE; k++) {
        const int64_t now = from_ns + k * FRAME_NS;
        const float sign = bt_watermark_dose_next(doser, now).sign;
        assert_true(fabsf(sign) <= 1);
        if (k) assert_true(fabsf(sign - before) <= 2.0f * 4 / RATE + 1e-6f); /* a quarter of a second for two */
        before = sign;
        paint(luma, scene, k);
        bt_watermark_dose_saw(doser, &plane, now);
        if (k % RATE != RATE / 2) continue;
        turns += k > RATE && sign * middle < 0;
        middle = sign;
        *out_size = fabsf(sign);
    }
    return turns;
}

static void a_scene_that_stands_turns_by_the_clock(void **state) {
    (void)state;
    for (enum scene scene = STILL; scene <= BRIGHTENING; scene++) {
        struct bt_watermark_doser doser = {0};
        float size;
        assert_int_equal(turns_of(&doser, scene, -3 * RATE * FRAME_NS, 8, &size), 7);
        assert_true(size == 1.0f);
        assert_true(bt_watermark_dose_next(&doser, 77 * FRAME_NS).sign == bt_watermark_sign(77 * FRAME_NS));
    }
}

static void a_scene_that_moves_holds(void **state) {
    (void)state;
    struct bt_watermark_doser doser = {0};
    float size;
    assert_true(turns_of(&doser, PANNING, 0, 8, &size) <= 1); /* of the first second nothing is known yet */
    assert_true(size == BT_WATERMARK_HELD);
    /* and turns again once it stands: the last second of the pan is known to have moved */
    assert_true(turns_of(&doser, STILL, 8 * RATE * FRAME_NS, 8, &size) >= 6);
    assert_true(size == 1.0f);
}

/* The same power either way: PSNR does not depend on what the scene does. */
static void holding_costs_as_much_as_turning(void **state) {
    (void)state;
    double power = 0;
    for (int ms = 0; ms < 2000; ms++) power += pow((double)bt_watermark_sign(ms * INT64_C(1000000)), 2) / 2000;
    assert_true(fabs(power - BT_WATERMARK_HELD * BT_WATERMARK_HELD) < .02);
}

/* Clocks that jump, stand or run backwards; pictures too seldom to compare, and too often. */
static void any_clock_is_borne(void **state) {
    (void)state;
    static uint8_t luma[W * H];
    const struct bt_watermark_plane plane = {luma, W, 1, W, H};
    struct bt_watermark_doser doser = {0};
    struct bt_rng rng;
    bt_rng_init(&rng, 1, 1);
    int64_t now = 0;
    for (int k = 0; k < 3000; k++) {
        static const int64_t step[] = {0, 1000000, 40000000, -40000000, 700000000, -90000000000, 3000000000};
        now += step[bt_rng_u32(&rng) % 7];
        const float sign = bt_watermark_dose_next(&doser, now).sign;
        assert_true(fabsf(sign) <= 1);
        paint(luma, PANNING, k % 9);
        bt_watermark_dose_saw(&doser, &plane, now);
    }
    /* One picture a second says nothing of how it moves between them. */
    memset(&doser, 0, sizeof doser);
    for (int k = 0; k < 10; k++) {
        const int64_t at = k * INT64_C(1000000000) + 500000000;
        assert_true(bt_watermark_dose_next(&doser, at).sign == bt_watermark_sign(at));
        paint(luma, PANNING, k);
        bt_watermark_dose_saw(&doser, &plane, at);
    }
}

/* Planes of every layout are looked at within their bytes (the sanitizers watch). */
static void every_size_is_sampled(void **state) {
    (void)state;
    static const uint32_t size[][2] = {{120, 120}, {64, 64}, {122, 480}, {66, 300}};
    for (size_t i = 0; i < sizeof size / sizeof *size; i++)
        for (uint32_t step = 1; step <= 2; step++) {
            uint8_t *luma = test_calloc((size_t)size[i][0] * size[i][1], step);
            const struct bt_watermark_plane plane = {luma, (size_t)size[i][0] * step, step, size[i][0], size[i][1]};
            struct bt_watermark_doser doser = {0};
            bt_watermark_dose_saw(&doser, &plane, 0);
            assert_true(doser.sampled);
            test_free(luma);
        }
}

/* Grass: every pixel another; `share` of the picture's columns, the rest flat. */
static void grass(uint8_t *luma, float share, uint32_t amplitude) {
    struct bt_rng rng;
    bt_rng_init(&rng, 5, 5);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const bool grown = (float)((x * 7) % W) < share * W;
            luma[y * W + x] = (uint8_t)(120 + (grown ? bt_rng_u32(&rng) % amplitude : 0));
        }
}

static double psnr_at(const uint8_t *plain, struct bt_watermark_dose dose) {
    static uint8_t marked[W * H];
    static struct bt_watermark_tile tile;
    double error = 0;
    bt_watermark_tile_init(0x5eed1234, BT_WATERMARK_KEY, &tile);
    for (int k = 0; k < 40; k++) {
        dose.sign = bt_watermark_sign(k * 2 * FRAME_NS);
        memcpy(marked, plain, sizeof marked);
        bt_watermark_embed(&tile, &dose, marked, W, W, H);
        for (int i = 0; i < W * H; i++) error += pow((double)marked[i] - plain[i], 2) / (40 * W * H);
    }
    return 10 * log10(255 * 255 / error);
}

static void every_picture_costs_as_much(void **state) {
    (void)state;
    static uint8_t luma[W * H];
    const struct bt_watermark_plane plane = {luma, W, 1, W, H};
    float before = INFINITY;
    for (int k = 0; k < 6; k++) {
        grass(luma, .2f * (float)k, 40);
        const struct bt_watermark_dose dose = bt_watermark_dose_of(&plane);
        const double psnr = psnr_at(luma, dose);
        if (!(psnr > 44.9 && psnr < 46.5)) fail_msg("%d of 5 parts grass: %g dB", k, psnr);
        /* the more of it there is, the less is left for the rest */
        assert_true(k < 2 ? dose.least < before : dose.least <= before); /* at a jump of the power it stands */
        before = dose.least;
        assert_true(bt_watermark_gain(&dose, 0, 30) <= BT_WATERMARK_MOST);
        assert_true(bt_watermark_gain(&dose, 100, 130) == bt_watermark_gain(&dose, 130, 100));
        assert_true(bt_watermark_gain(&dose, 0, 3) > 2 * bt_watermark_gain(&dose, 0, 0));
    }
}

/* Frames tell what the next one's dose is: of one picture alone within a second; the same everywhere while the sign is held. */
static void texture_is_followed(void **state) {
    (void)state;
    static uint8_t luma[W * H];
    const struct bt_watermark_plane plane = {luma, W, 1, W, H};
    struct bt_watermark_doser doser = {0};
    int64_t now = 0;
    const struct bt_watermark_dose flat = bt_watermark_dose_of(NULL), first = bt_watermark_dose_next(&doser, now);
    assert_true(first.least == flat.least && first.slope == 0 && flat.slope > 0); /* of nothing that moves is known yet */
    now = INT64_C(1000000000);
    for (int scene = 0; scene < 3; scene++) {
        grass(luma, .5f * (float)scene, 30);
        const struct bt_watermark_dose want = bt_watermark_dose_of(&plane);
        for (int k = 0; k < RATE; k++) {
            bt_watermark_dose_saw(&doser, &plane, now);
            now += FRAME_NS;
            (void)bt_watermark_dose_next(&doser, now);
        }
        const struct bt_watermark_dose got = bt_watermark_dose_next(&doser, now);
        assert_true(fabsf(got.least - want.least) < .1f * want.least && got.slope > 0);
    }
    for (int k = 0; k < 3 * RATE; k++) {
        now += FRAME_NS;
        paint(luma, PANNING, k);
        const struct bt_watermark_dose dose = bt_watermark_dose_next(&doser, now);
        bt_watermark_dose_saw(&doser, &plane, now);
        if (k > 2 * RATE) {
            assert_true(doser.held && dose.slope == 0 && fabsf(dose.sign) == BT_WATERMARK_HELD);
            const double psnr = psnr_at(luma, dose);
            assert_true(psnr > 44.9 && psnr < 46.5);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scene_that_stands_turns_by_the_clock),
        cmocka_unit_test(a_scene_that_moves_holds),
        cmocka_unit_test(holding_costs_as_much_as_turning),
        cmocka_unit_test(any_clock_is_borne),
        cmocka_unit_test(every_size_is_sampled),
        cmocka_unit_test(every_picture_costs_as_much),
        cmocka_unit_test(texture_is_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
