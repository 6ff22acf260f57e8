/* SPDX-License-Identifier: MIT */
/* Against values worked out by hand, and by scipy and scikit-learn's formulas where hands are slow. */
#include "evaluate/operating.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void area_and_choice_by_hand(void **state) {
    (void)state;
    /* Bad where low: 3 bad, 4 others; of 12 pairs the bad one is lower in 10, equal in 1. */
    const float value[] = {.1f, .2f, .5f, .2f, .6f, .7f, .55f};
    const bool bad[] = {true, true, true, false, false, false, false};
    struct bt_operating_trials t = {.count = 7, .value = value, .bad = bad, .low_is_bad = true};
    struct bt_operating_point p;
    assert_float_equal(bt_operating_auc(&t), 10.5 / 12, 1e-12);
    assert_int_equal(bt_operating_choose(&t, .95, &p), BT_OK);
    assert_float_equal(p.threshold, .525, 1e-6); /* half-way from .5 to .55 */
    assert_float_equal(p.caught, 1, 1e-12);
    assert_float_equal(p.false_stops, .25, 1e-12);
    assert_int_equal(bt_operating_choose(&t, .6, &p), BT_OK); /* two of three are enough */
    assert_float_equal(p.threshold, .35, 1e-6);
    assert_float_equal(p.caught, 2. / 3, 1e-12);
    /* The same upside down. */
    float other[7];
    for (int i = 0; i < 7; i++) other[i] = 1 - value[i];
    t.value = other;
    t.low_is_bad = false;
    assert_float_equal(bt_operating_auc(&t), 10.5 / 12, 1e-12);
    assert_int_equal(bt_operating_choose(&t, .95, &p), BT_OK);
    assert_float_equal(p.threshold, .475, 1e-6);
    assert_float_equal(p.false_stops, .25, 1e-12);
    /* A swapped label is another area. */
    t.low_is_bad = true;
    assert_float_equal(bt_operating_auc(&t), 1.5 / 12, 1e-12);
}

static void one_class_is_refused(void **state) {
    (void)state;
    const float value[] = {.1f, .2f};
    const bool all[] = {true, true}, none[] = {false, false};
    struct bt_operating_trials t = {.count = 2, .value = value, .bad = all};
    struct bt_operating_point p = {.threshold = 7};
    struct bt_operating_logistic l;
    assert_true(isnan(bt_operating_auc(&t)));
    assert_int_equal(bt_operating_choose(&t, .95, &p), BT_E_ARGUMENT);
    t.bad = none;
    assert_int_equal(bt_operating_choose(&t, .95, &p), BT_E_ARGUMENT);
    assert_int_equal(bt_operating_fit(&t, &l), BT_E_ARGUMENT);
    assert_float_equal(p.threshold, 7, 0);
}

/* Two trials a side, mirrored about 0: even odds lie there, and the slope solves w = (the gradient's own equation). */
static void logistic_fit(void **state) {
    (void)state;
    const float value[] = {-1, 1, 1, -1, 1, 1, -1, -1};
    const bool bad[] = {true, true, true, true, true, true, false, false}; /* 4 of 6 bad at 1, none of 2 others */
    struct bt_operating_trials t = {.count = 8, .value = value, .bad = bad};
    struct bt_operating_logistic l;
    assert_int_equal(bt_operating_fit(&t, &l), BT_OK);
    assert_true(l.weight > 0);
    /* Odds at -1, both classes weighing one half: (2 / 6) to (2 / 2); the ridge moves it by little. */
    assert_float_equal(exp(l.bias - l.weight), 1. / 3, 2e-2);
    /* Separable trials stay finite, with even odds between them. */
    const float apart[] = {1, 2, 3, 5, 6, 7};
    const bool high[] = {false, false, false, true, true, true};
    t = (struct bt_operating_trials){.count = 6, .value = apart, .bad = high};
    assert_int_equal(bt_operating_fit(&t, &l), BT_OK);
    assert_float_equal(-l.bias / l.weight, 4, 1e-3);
    const float equal[] = {1, 1, 1, 1, 1, 1};
    t.value = equal;
    assert_int_equal(bt_operating_fit(&t, &l), BT_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(area_and_choice_by_hand), cmocka_unit_test(one_class_is_refused),
                                       cmocka_unit_test(logistic_fit)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
