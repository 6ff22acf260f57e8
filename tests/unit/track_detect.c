/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include "base/status.h"
#include "pipeline/track/detect.h"
#include "pipeline/track/roi.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct outputs {
    float boxes[BT_DETECT_CELLS * BT_DETECT_NUMBERS], scores[BT_DETECT_CELLS];
};

static struct outputs *nothing(void) {
    struct outputs *o = calloc(1, sizeof *o);
    assert_non_null(o);
    for (uint32_t i = 0; i < BT_DETECT_CELLS; i++) o->scores[i] = -20;
    return o;
}

/* A cell that says: centre (x, y), w x h, in net px. */
static void say(struct outputs *o, uint32_t column, uint32_t row, float x, float y, float w, float h, float score) {
    const uint32_t i = row * 48 + column;
    const float ax = ((float)column + .5f) * 4, ay = ((float)row + .5f) * 4;
    float *b = o->boxes + (size_t)i * BT_DETECT_NUMBERS;
    b[0] = x - ax;
    b[1] = y - ay;
    b[2] = w;
    b[3] = h;
    for (uint32_t k = 0; k < BT_DETECT_KEYPOINTS; k++) {
        b[4 + 2 * k] = x + (float)k - ax;
        b[5 + 2 * k] = y - (float)k - ay;
    }
    o->scores[i] = logf(score / (1 - score));
}

static const struct bt_affine SAME = {{1, 0, 0, 0, 1, 0}};

static void one_cell_is_decoded(void **state) {
    (void)state;
    struct outputs *o = nothing();
    struct bt_detection d[4];
    const struct bt_affine frame = bt_track_roi_letterbox(1280, 720, 192, 192);
    say(o, 10, 20, 50, 60, 30, 40, .9f);
    assert_int_equal(bt_track_detect_decode(o->boxes, o->scores, &frame, d, 4), 1);
    const float s = 1280 / 192.f, oy = (720 - 1280) / 2.f;
    assert_float_equal(d[0].score, .9f, 1e-5f);
    assert_float_equal(d[0].box_px.x, 35 * s, 1e-2f);
    assert_float_equal(d[0].box_px.y, 40 * s + oy, 1e-2f);
    assert_float_equal(d[0].box_px.w, 30 * s, 1e-2f);
    assert_float_equal(d[0].box_px.h, 40 * s, 1e-2f);
    assert_float_equal(d[0].keypoint[5].x, 55 * s, 1e-2f);
    assert_float_equal(d[0].keypoint[5].y, 55 * s + oy, 1e-2f);
    free(o);
}

static void overlapping_cells_are_joined_by_weight(void **state) {
    (void)state;
    struct outputs *o = nothing();
    struct bt_detection d[4];
    say(o, 10, 20, 50, 60, 30, 30, .9f);
    say(o, 11, 20, 54, 60, 30, 30, .6f); /* IoU .76 */
    say(o, 30, 30, 150, 120, 20, 20, .7f);
    say(o, 31, 30, 150, 120, 20, 20, .4f); /* below the threshold */
    assert_int_equal(bt_track_detect_decode(o->boxes, o->scores, &SAME, d, 4), 2);
    assert_float_equal(d[0].score, .9f, 1e-5f);
    assert_float_equal(d[0].box_px.x + 15, (50 * .9f + 54 * .6f) / 1.5f, 1e-3f);
    assert_float_equal(d[0].keypoint[1].x, (51 * .9f + 55 * .6f) / 1.5f, 1e-3f);
    assert_float_equal(d[1].score, .7f, 1e-5f);
    assert_float_equal(d[1].box_px.w, 20, 1e-3f);
    assert_int_equal(bt_track_detect_decode(o->boxes, o->scores, &SAME, d, 1), 1); /* room for the best only */
    assert_float_equal(d[0].score, .9f, 1e-5f);
    free(o);
}

static void neighbours_that_barely_touch_stay_two(void **state) {
    (void)state;
    struct outputs *o = nothing();
    struct bt_detection d[4];
    say(o, 10, 20, 50, 60, 30, 30, .9f);
    say(o, 15, 20, 68, 60, 30, 30, .8f); /* IoU .25 */
    assert_int_equal(bt_track_detect_decode(o->boxes, o->scores, &SAME, d, 4), 2);
    free(o);
}

/* Whatever a broken model or driver answers: bounded, finite, in order. */
static void nonsense_is_survived(void **state) {
    (void)state;
    struct outputs *o = nothing();
    struct bt_detection d[BT_DETECTIONS_MAX];
    struct bt_rng rng;
    bt_rng_init(&rng, 3, 1);
    for (uint32_t round = 0; round < 20; round++) {
        for (size_t i = 0; i < BT_COUNT(o->boxes); i++) {
            const uint32_t dice = bt_rng_u32(&rng) % 64;
            o->boxes[i] = dice == 0 ? NAN : dice == 1 ? INFINITY : bt_rng_normal(&rng) * 40;
        }
        for (size_t i = 0; i < BT_COUNT(o->scores); i++) {
            const uint32_t dice = bt_rng_u32(&rng) % 64;
            o->scores[i] = dice == 0 ? NAN : dice == 1 ? INFINITY : dice == 2 ? -1e30f : bt_rng_normal(&rng) * 4;
        }
        const uint32_t n = bt_track_detect_decode(o->boxes, o->scores, &SAME, d, BT_DETECTIONS_MAX);
        assert_true(n <= BT_DETECTIONS_MAX);
        for (uint32_t i = 0; i < n; i++) {
            assert_true(isfinite(d[i].box_px.x) && d[i].box_px.w > 0 && d[i].box_px.h > 0 && d[i].score > .5f);
            if (i) assert_true(d[i].score <= d[i - 1].score);
        }
    }
    free(o);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_cell_is_decoded),
        cmocka_unit_test(overlapping_cells_are_joined_by_weight),
        cmocka_unit_test(neighbours_that_barely_touch_stay_two),
        cmocka_unit_test(nonsense_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
