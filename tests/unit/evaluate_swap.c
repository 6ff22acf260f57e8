/* SPDX-License-Identifier: MIT */
/* Colour differences against the table of Sharma, Wu and Dalal 2005; angles, jitter, change and quantiles by hand. */
#include "evaluate/colour.h"
#include "evaluate/motion.h"
#include "support/cmocka.h"

#include <math.h>

/* Of the 34 pairs of their table 1, those that go through each case of the formula: hue means across 0 and at opposite hues (7
   to 16), a grey (9), small and large differences. */
static void meets_the_table(void **state) {
    static const struct {
        struct bt_lab a, b;
        double de;
    } pair[] = {
        {{50.0000, 2.6772, -79.7751}, {50.0000, 0.0000, -82.7485}, 2.0425},
        {{50.0000, 3.1571, -77.2803}, {50.0000, 0.0000, -82.7485}, 2.8615},
        {{50.0000, 2.8361, -74.0200}, {50.0000, 0.0000, -82.7485}, 3.4412},
        {{50.0000, -1.3802, -84.2814}, {50.0000, 0.0000, -82.7485}, 1.0000},
        {{50.0000, 0.0000, 0.0000}, {50.0000, -1.0000, 2.0000}, 2.3669},
        {{50.0000, -1.0000, 2.0000}, {50.0000, 0.0000, 0.0000}, 2.3669},
        {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0009}, 7.1792},
        {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0010}, 7.1792},
        {{50.0000, 2.4900, -0.0010}, {50.0000, -2.4900, 0.0011}, 7.2195},
        {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0009, -2.4900}, 4.8045},
        {{50.0000, -0.0010, 2.4900}, {50.0000, 0.0011, -2.4900}, 4.7461},
        {{50.0000, 2.5000, 0.0000}, {50.0000, 0.0000, -2.5000}, 4.3065},
        {{50.0000, 2.5000, 0.0000}, {73.0000, 25.0000, -18.0000}, 27.1492},
        {{50.0000, 2.5000, 0.0000}, {61.0000, -5.0000, 29.0000}, 22.8977},
        {{50.0000, 2.5000, 0.0000}, {56.0000, -27.0000, -3.0000}, 31.9030},
        {{50.0000, 2.5000, 0.0000}, {58.0000, 24.0000, 15.0000}, 19.4535},
        {{60.2574, -34.0099, 36.2677}, {60.4626, -34.1751, 39.4387}, 1.2644},
        {{22.7233, 20.0904, -46.6940}, {23.0331, 14.9730, -42.5619}, 2.0373},
        {{90.8027, -2.0831, 1.4410}, {91.1528, -1.6435, 0.0447}, 1.4441},
        {{2.0776, 0.0795, -1.1350}, {0.9033, -0.0636, -0.5514}, 0.9082},
    };
    (void)state;
    for (size_t i = 0; i < sizeof pair / sizeof pair[0]; i++) {
        assert_float_equal(bt_evaluate_delta_e(&pair[i].a, &pair[i].b), pair[i].de, 5e-5);
        assert_float_equal(bt_evaluate_delta_e(&pair[i].b, &pair[i].a), pair[i].de, 5e-5);
    }
}

/* sRGB's primaries as every table has them. */
static void codes_to_lab(void **state) {
    static const double rgb[5][3] = {{255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 255, 255}, {0, 0, 0}};
    static const struct bt_lab lab[5] = {
        {53.24, 80.09, 67.20}, {87.73, -86.18, 83.18}, {32.30, 79.19, -107.86}, {100, 0, 0}, {0, 0, 0}};
    (void)state;
    for (int i = 0; i < 5; i++) {
        const struct bt_lab is = bt_evaluate_lab(rgb[i]);
        assert_float_equal(is.l, lab[i].l, .03);
        assert_float_equal(is.a, lab[i].a, .03);
        assert_float_equal(is.b, lab[i].b, .03);
    }
}

static void turns(void **state) {
    const float none[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1}, quarter[9] = {0, -1, 0, 1, 0, 0, 0, 0, 1},
                half[9] = {-1, 0, 0, 0, 1, 0, 0, 0, -1};
    const float c = cosf(.1f), s = sinf(.1f), tenth[9] = {1, 0, 0, 0, c, -s, 0, s, c};
    (void)state;
    assert_float_equal(bt_evaluate_turn_deg(none, none), 0, 1e-9);
    assert_float_equal(bt_evaluate_turn_deg(none, quarter), 90, 1e-9);
    assert_float_equal(bt_evaluate_turn_deg(half, none), 180, 1e-9);
    assert_float_equal(bt_evaluate_turn_deg(tenth, none), 5.729578, 1e-4);
}

static void gazes(void **state) {
    (void)state;
    /* asin(.2 / .4) = 30 degrees either way; past the edge is the edge. */
    assert_float_equal(bt_evaluate_gaze_deg((struct bt_vec2){0, 0}, (struct bt_vec2){.2f, 0}), 30, 1e-4);
    assert_float_equal(bt_evaluate_gaze_deg((struct bt_vec2){0, -.2f}, (struct bt_vec2){0, .2f}), 60, 1e-4);
    assert_float_equal(bt_evaluate_gaze_deg((struct bt_vec2){0, 0}, (struct bt_vec2){3, 0}), 90, 1e-4);
}

static void trembles(void **state) {
    const struct bt_vec3 a[2] = {{0, 0, 0}, {4, 4, 0}}, b[2] = {{1, 2, 0}, {5, 6, 0}}, c[2] = {{2, 4, 0}, {6, 8, 0}},
                         d[2] = {{2, 4, 0}, {9, 12, 0}};
    (void)state;
    assert_float_equal(bt_evaluate_jitter(c, b, a, 2, 10), 0, 1e-12);      /* evenly */
    assert_float_equal(bt_evaluate_jitter(d, b, a, 2, 10), .353553, 1e-6); /* one by (3, 4): sqrt(25 / 2) / 10 */
}

static void changes(void **state) {
    const float before[4] = {10, 20, NAN, 40}, now[4] = {12, 19, 5, NAN};
    (void)state;
    assert_float_equal(bt_evaluate_warp_change(now, before, 4), 1.5, 1e-12);
    assert_true(isnan(bt_evaluate_warp_change(now, before, 0)));
}

/* numpy.percentile([1, 2, 4, 8], [50, 95]) = 3, 7.4 */
static void quantiles(void **state) {
    double values[6] = {8, (double)NAN, 1, 4, (double)INFINITY, 2}, none[1] = {(double)NAN};
    (void)state;
    assert_float_equal(bt_evaluate_quantile(values, 6, .5), 3, 1e-12);
    assert_float_equal(bt_evaluate_quantile(values, 4, .95), 7.4, 1e-12);
    assert_true(isnan(bt_evaluate_quantile(none, 1, .5)));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(meets_the_table), cmocka_unit_test(codes_to_lab), cmocka_unit_test(turns),    cmocka_unit_test(gazes),
        cmocka_unit_test(trembles),        cmocka_unit_test(changes),      cmocka_unit_test(quantiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
