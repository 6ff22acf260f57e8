/* SPDX-License-Identifier: MIT */
/* The mark in one's own output: there, absent, turned, of another session, mirrored, at a wrong stride. */
#include "watermark/dose.h"

#include "base/rng.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { W = 322, H = 240, FRAMES = 60 };

/* A made-up picture: a slope, blobs, edges, and noise of `noise` codes. */
static void paint(uint8_t *luma, uint32_t seed, float noise) {
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 1);
    const float cx = (float)(bt_rng_u32(&rng) % W), cy = (float)(bt_rng_u32(&rng) % H), tone = (float)(bt_rng_u32(&rng) % 150);
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++) {
            const float dx = ((float)x - cx) / 60, dy = ((float)y - cy) / 50;
            float v = 30 + tone + 40 * expf(-dx * dx - dy * dy) + .1f * (float)x;
            if (x > 40 && x < 70 && y % 40 < 20) v += 60;
            v += noise * ((float)(bt_rng_u32(&rng) % 1000) / 500 - 1);
            luma[y * W + x] = (uint8_t)fminf(fmaxf(v, 16), 235);
        }
}

static struct bt_watermark_plane plane_of(const uint8_t *luma) {
    return (struct bt_watermark_plane){luma, W, 1, W, H};
}

static void it_is_there_or_it_is_not(void **state) {
    (void)state;
    static uint8_t luma[W * H], mirrored[W * H], yuyv[2 * W * H];
    static struct bt_watermark_tile tile, other;
    uint32_t sure = 0;
    bt_watermark_tile_init(0x8badf00d, BT_WATERMARK_KEY, &tile);
    bt_watermark_tile_init(0x12345678, BT_WATERMARK_KEY, &other);
    for (uint32_t i = 0; i < FRAMES; i++) {
        const float noise = (float)(i % 4) * 3, sign = i & 1 ? 1.0f : -1.0f;
        paint(luma, i, noise);
        struct bt_watermark_plane plane = plane_of(luma);
        struct bt_watermark_dose dose = bt_watermark_dose_of(&plane);
        dose.sign = sign;
        assert_int_not_equal(bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &plane, 1), sign), BT_WATERMARK_THERE);
        sure += bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &plane, 1), sign) == BT_WATERMARK_ABSENT;
        bt_watermark_embed(&tile, &dose, luma, W, W, H);
        const struct bt_watermark_strength found = bt_watermark_strength_of(&tile, &dose, &plane, 1);
        assert_int_equal(bt_watermark_judge(found, sign), BT_WATERMARK_THERE);
        /* A picture without any noise is rounded to the same code all over. */
        assert_true(found.strength * sign > (i % 4 ? .9f : .6f) && found.strength * sign < 1.1f);
        assert_int_equal(bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &plane, 2), sign), BT_WATERMARK_THERE);
        /* the turned one is not this one; while it turns nobody can say */
        assert_int_equal(bt_watermark_judge(found, -sign), BT_WATERMARK_ABSENT);
        assert_int_equal(bt_watermark_judge(found, sign / 2), BT_WATERMARK_UNSURE);
        /* another session's shares the cells that are known, a quarter, and is as strong as that; near numbers share more */
        assert_int_not_equal(bt_watermark_judge(bt_watermark_strength_of(&other, &dose, &plane, 1), sign), BT_WATERMARK_THERE);
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                mirrored[y * W + x] = luma[y * W + W - 1 - x];
                yuyv[2 * (y * W + x)] = luma[y * W + x];
            }
        plane.luma = mirrored;
        const enum bt_watermark_verdict turned = bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &plane, 1), sign);
        assert_int_not_equal(turned, BT_WATERMARK_THERE);
        sure += turned == BT_WATERMARK_ABSENT;
        plane = plane_of(luma);
        plane.stride = W - 2, plane.h = H - 4;
        assert_int_not_equal(bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &plane, 1), sign), BT_WATERMARK_THERE);
        plane = (struct bt_watermark_plane){yuyv, 2 * W, 2, W, H};
        const struct bt_watermark_strength packed = bt_watermark_strength_of(&tile, &dose, &plane, 1);
        assert_true(packed.strength == found.strength && packed.sigma == found.sigma);
    }
    assert_true(sure >= 2 * FRAMES * 8 / 10);
}

/* A mark that noise drowns is never called absent, and is as strong as ever on average. */
static void noise_makes_it_unsure_not_absent(void **state) {
    (void)state;
    static uint8_t luma[W * H];
    static struct bt_watermark_tile tile;
    float sum = 0;
    bt_watermark_tile_init(77, BT_WATERMARK_KEY, &tile);
    for (uint32_t i = 0; i < FRAMES; i++) {
        const struct bt_watermark_plane plane = plane_of(luma);
        paint(luma, i, 60);
        const struct bt_watermark_dose dose = bt_watermark_dose_of(&plane);
        bt_watermark_embed(&tile, &dose, luma, W, W, H);
        const struct bt_watermark_strength found = bt_watermark_strength_of(&tile, &dose, &plane, 1);
        assert_int_not_equal(bt_watermark_judge(found, 1), BT_WATERMARK_ABSENT);
        sum += found.strength;
    }
    assert_true(sum / FRAMES > .7f && sum / FRAMES < 1.3f);
}

static void small_pictures_say_nothing(void **state) {
    (void)state;
    static const uint8_t luma[128 * 128];
    static uint8_t loud[128 * 128];
    static struct bt_watermark_tile tile;
    bt_watermark_tile_init(1, BT_WATERMARK_KEY, &tile);
    const struct bt_watermark_plane small = {luma, 63, 1, 63, 64}, empty = {luma, 128, 1, 128, 128};
    const struct bt_watermark_plane stripes = {loud, 128, 1, 128, 128};
    const struct bt_watermark_dose dose = bt_watermark_dose_of(NULL);
    for (int i = 0; i < 128 * 128; i++)
        loud[i] = i / 8 % 2 ? 200 : i > 128 * 120 ? 55 : 40; /* edges all over, one quiet corner */
    assert_int_equal(bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &small, 1), 1), BT_WATERMARK_UNSURE);
    assert_int_equal(bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &empty, 1), 1), BT_WATERMARK_ABSENT);
    assert_int_equal(bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &stripes, 1), 1), BT_WATERMARK_UNSURE);
    assert_int_equal(bt_watermark_judge(bt_watermark_strength_of(&tile, &dose, &empty, 0), 1), BT_WATERMARK_UNSURE);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_is_there_or_it_is_not),
                                       cmocka_unit_test(noise_makes_it_unsure_not_absent),
                                       cmocka_unit_test(small_pictures_say_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
