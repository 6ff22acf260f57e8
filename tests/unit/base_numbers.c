/* SPDX-License-Identifier: MIT */
/* rng, geom, bytes, clock. */
#include "base/bytes.h"
#include "base/clock.h"
#include "base/geom.h"
#include "base/rng.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_pcg32_gives_the_published_numbers(void **state) {
    (void)state;
    /* The first six of pcg32-demo of the reference code: seed 42, stream 54. */
    const uint32_t want[] = {0xa15c02b7, 0x7b47f409, 0xba1d3330, 0x83d2f293, 0xbfa4784b, 0xcbed606e};
    struct bt_rng rng;
    bt_rng_init(&rng, 42, 54);
    for (size_t i = 0; i < 6; i++) assert_int_equal(bt_rng_u32(&rng), want[i]);
}

static void test_distributions(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 1, 2);
    double sum = 0, square = 0;
    for (int i = 0; i < 100000; i++) {
        const float u = bt_rng_uniform(&rng, -2, 3);
        assert_true(u >= -2 && u < 3);
        const float n = bt_rng_normal(&rng);
        assert_true(isfinite(n));
        sum += n;
        square += (double)n * n;
    }
    assert_true(fabs(sum / 1e5) < 0.02);
    assert_true(fabs(square / 1e5 - 1) < 0.03);
}

static void test_affine_inverse_and_product(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 3, 4);
    for (int i = 0; i < 1000; i++) {
        const struct bt_vec2 centre = {bt_rng_uniform(&rng, 0, 1920), bt_rng_uniform(&rng, 0, 1080)};
        const struct bt_affine frame_from_crop =
            bt_affine_crop(centre, bt_rng_uniform(&rng, 20, 900), bt_rng_uniform(&rng, -3.1f, 3.1f), 192);
        struct bt_affine crop_from_frame;
        assert_true(bt_affine_invert(&frame_from_crop, &crop_from_frame));
        const struct bt_vec2 p = {bt_rng_uniform(&rng, 0, 192), bt_rng_uniform(&rng, 0, 192)};
        const struct bt_vec2 back = bt_affine_apply(&crop_from_frame, bt_affine_apply(&frame_from_crop, p));
        assert_true(fabsf(back.x - p.x) < 0.02f && fabsf(back.y - p.y) < 0.02f);
        const struct bt_affine both = bt_affine_multiply(&crop_from_frame, &frame_from_crop);
        const struct bt_vec2 same = bt_affine_apply(&both, p);
        assert_true(fabsf(same.x - p.x) < 0.02f && fabsf(same.y - p.y) < 0.02f);
        const struct bt_vec2 middle = bt_affine_apply(&frame_from_crop, (struct bt_vec2){96, 96});
        assert_true(fabsf(middle.x - centre.x) < 0.01f && fabsf(middle.y - centre.y) < 0.01f);
    }
}

static void test_singular_is_refused(void **state) {
    (void)state;
    struct bt_affine out = {{7, 7, 7, 7, 7, 7}};
    const struct bt_affine flat = {{1, 2, 3, 2, 4, 5}}, zero = {{0}}, bad = {{NAN, 0, 0, 0, 1, 0}};
    assert_false(bt_affine_invert(&flat, &out));
    assert_false(bt_affine_invert(&zero, &out));
    assert_false(bt_affine_invert(&bad, &out));
    assert_true(out.m[0] == 7);
    const struct bt_affine tiny = {{1e-6f, 0, 3, 0, 1e-6f, 5}};
    assert_true(bt_affine_invert(&tiny, &out));
}

static void test_reader_stops_at_the_end(void **state) {
    (void)state;
    const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 0, 0, 0x80, 0x3f, 9};
    struct bt_reader r = bt_reader_of((struct bt_bytes){data, sizeof data});
    assert_int_equal(bt_read_u8(&r), 1);
    assert_int_equal(bt_read_u16(&r), 0x0302);
    assert_int_equal(bt_read_u32(&r), 0x07060504);
    assert_true(bt_read_f32(&r) == 1.0f);
    assert_false(r.failed);
    assert_int_equal(bt_read_u16(&r), 0); /* one byte left: half a number is no number */
    assert_true(r.failed);
    assert_int_equal(bt_read_u8(&r), 0);
    char out[4] = "abc";
    bt_read_copy(&r, out, sizeof out);
    assert_memory_equal(out, "\0\0\0\0", 4);
    struct bt_reader empty = bt_reader_of((struct bt_bytes){NULL, 0});
    bt_read_copy(&empty, out, 0);
    assert_false(empty.failed);
}

/* The epoch, a leap day, and seconds that no calendar reaches. */
static void test_utc(void **state) {
    char text[BT_CLOCK_UTC_BYTES];
    (void)state;
    assert_true(bt_clock_utc(0, text));
    assert_string_equal(text, "1970-01-01T00:00:00Z");
    assert_true(bt_clock_utc(1709210096, text));
    assert_string_equal(text, "2024-02-29T12:34:56Z");
    assert_false(bt_clock_utc(INT64_MAX, text));
    assert_string_equal(text, "");
}

static void test_clock(void **state) {
    (void)state;
    const int64_t start = bt_clock_now_ns();
    bt_clock_sleep_until_ns(start + 5000000);
    assert_true(bt_clock_now_ns() >= start + 5000000);
    bt_clock_sleep_until_ns(start);
    bt_clock_sleep_until_ns(-1);
    assert_true(bt_clock_wall_ns() > 1600000000000000000);
    assert_true(bt_clock_cpu_ns() > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_utc),
        cmocka_unit_test(test_pcg32_gives_the_published_numbers),
        cmocka_unit_test(test_distributions),
        cmocka_unit_test(test_affine_inverse_and_product),
        cmocka_unit_test(test_singular_is_refused),
        cmocka_unit_test(test_reader_stops_at_the_end),
        cmocka_unit_test(test_clock),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
