/* SPDX-License-Identifier: MIT */
/* Error rates and their intervals, against counts done by hand and values of scipy 1.10 (beta.ppf, special.betainc). */
#include "base/rng.h"
#include "evaluate/rates.h"
#include "support/cmocka.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define NEAR(value, expected, part) assert_true(fabs((value) - (expected)) <= (part)*fabs(expected) + 1e-15)

static void incomplete_beta(void **state) {
    (void)state;
    NEAR(bt_evaluate_beta(2.5, 1.5, .3), 0.0889437231706656, 1e-12);
    NEAR(bt_evaluate_beta(40, 6000, .008), 0.901469198884914, 1e-12);
    NEAR(bt_evaluate_beta(.5, .5, .1), 0.2048327646991335, 1e-12);
    NEAR(bt_evaluate_beta(1, 1, .25), .25, 1e-14);
    NEAR(bt_evaluate_beta(300, 5, .99), 0.8093225246501925, 1e-11);
    assert_true(bt_evaluate_beta(2, 3, 0) == 0 && bt_evaluate_beta(2, 3, 1) == 1);
}

static void clopper_pearson(void **state) {
    (void)state;
    static const struct {
        uint64_t errors, trials;
        double low, high;
    } known[] = {{0, 10, 0, 0.3084971078187608},
                 {1, 10, 0.0025285785444617848, 0.4450161170281954},
                 {37, 6000, 0.004345509852381968, 0.00849001448657186},
                 {0, 3000, 0, 0.0012288708038255115},
                 {10, 10, 0.6915028921812392, 1},
                 {3, 1000000, 6.186725501906401e-07, 8.767247788067677e-06},
                 {0, 0, 0, 1}};
    for (uint32_t i = 0; i < BT_COUNT(known); i++) {
        const struct bt_interval v = bt_evaluate_binomial(known[i].errors, known[i].trials, .95);
        NEAR(v.low, known[i].low, 1e-10);
        NEAR(v.high, known[i].high, 1e-10);
    }
}

static void claims(void **state) {
    (void)state;
    assert_int_equal(bt_evaluate_claim(0, 3000, 1e-3), BT_CLAIM_RULE_OF_3);
    assert_int_equal(bt_evaluate_claim(0, 2999, 1e-3), BT_CLAIM_REFUSED);
    assert_int_equal(bt_evaluate_claim(1, 1000000, 1e-3), BT_CLAIM_REFUSED); /* an error, but not thirty */
    assert_int_equal(bt_evaluate_claim(30, 30000, 1e-3), BT_CLAIM_RULE_OF_30);
    assert_int_equal(bt_evaluate_claim(31, 30000, 1e-3), BT_CLAIM_REFUSED);
    assert_int_equal(bt_evaluate_claim(0, 0, .5), BT_CLAIM_REFUSED);
}

/* Four subjects; mated scores 9 8 6 3, others 7 5 4 2 1 0. */
static const float score[] = {9, 8, 6, 3, 7, 5, 4, 2, 1, 0};
static const uint32_t left[] = {0, 1, 2, 3, 0, 0, 0, 1, 1, 2}, right[] = {0, 1, 2, 3, 1, 2, 3, 2, 3, 3};
static const struct bt_trials ten = {.count = 10, .score = score, .a = left, .b = right, .subjects = 4};

static void by_hand(void **state) {
    (void)state;
    struct bt_rates *r = NULL;
    assert_int_equal(bt_rates_create(&ten, &r), BT_OK);
    assert_true(bt_rates_mated(r) == 4 && bt_rates_non_mated(r) == 6);
    assert_true(bt_rates_false_matches(r, 5) == 2 && bt_rates_false_non_matches(r, 5) == 1);
    assert_true(bt_rates_false_matches(r, 5.5f) == 1 && bt_rates_false_non_matches(r, 9.5f) == 4);
    struct bt_figures f = bt_rates_figures(r, 5);
    NEAR(f.fmr, 2. / 6, 1e-12);
    NEAR(f.fnmr, 1. / 4, 1e-12);
    /* From 6 down FMR is 1/6 and FNMR 1/4: nearest; their mean. */
    NEAR(f.eer, (1. / 6 + 1. / 4) / 2, 1e-12);
    /* At 5 they are 2/6 and 1/4, as far apart: the higher threshold is taken. */
    assert_true(f.eer_threshold == 6);
    /* No false match down to 8. */
    for (uint32_t l = 0; l < BT_RATES_LEVELS; l++) {
        NEAR(f.fnmr_at[l], .5, 1e-12);
        assert_true(f.threshold_at[l] == 8);
    }
    /* One false match of six is at most a fifth, so what lies just above the second is accepted; none is at most a tenth. */
    assert_true(bt_rates_threshold(r, .2) == nextafterf(5, 6) && bt_rates_false_matches(r, bt_rates_threshold(r, .2)) == 1);
    assert_true(bt_rates_threshold(r, .1) == nextafterf(7, 8) && bt_rates_threshold(r, 1) == 0);
    f = bt_rates_figures(r, 100);
    assert_true(f.fmr == 0 && f.fnmr == 1);
    struct bt_rates_point curve[3]; /* FMR up to 1/6, 1/sqrt 6, 1 */
    bt_rates_curve(r, 3, curve);
    NEAR(curve[0].fmr, 1. / 6, 1e-12);
    NEAR(curve[0].fnmr, .25, 1e-12);
    NEAR(curve[1].fmr, 2. / 6, 1e-12);
    assert_true(curve[2].fmr == 1);
    assert_true(curve[2].fnmr < 1e-12 && curve[2].threshold == 0);
    bt_rates_destroy(&r);
    assert_null(r);
}

static void ties(void **state) {
    (void)state;
    static const float same[] = {5, 5, 5};
    static const uint32_t a[] = {0, 0, 1}, b[] = {0, 1, 1};
    struct bt_rates *r = NULL;
    assert_int_equal(bt_rates_create(&(struct bt_trials){3, same, a, b, 2}, &r), BT_OK);
    const struct bt_figures f = bt_rates_figures(r, 5); /* what scores alike is accepted together */
    assert_true(f.fmr == 1 && f.fnmr == 0 && f.fnmr_at[0] == 1 && f.threshold_at[0] > 5);
    bt_rates_destroy(&r);
}

static void refuses(void **state) {
    (void)state;
    struct bt_rates *r = NULL;
    struct bt_trials t = ten;
    t.count = 4; /* mated only */
    assert_int_equal(bt_rates_create(&t, &r), BT_E_ARGUMENT);
    t = (struct bt_trials){6, score + 4, left + 4, right + 4, 4}; /* none */
    assert_int_equal(bt_rates_create(&t, &r), BT_E_ARGUMENT);
    t = ten;
    t.subjects = 3;
    assert_int_equal(bt_rates_create(&t, &r), BT_E_ARGUMENT);
    float spoilt[10];
    memcpy(spoilt, score, sizeof spoilt);
    spoilt[4] = NAN;
    t = ten;
    t.score = spoilt;
    assert_int_equal(bt_rates_create(&t, &r), BT_E_ARGUMENT);
    assert_null(r);
}

/* Two normals four deviations apart: the truth is known, EER = FMR = FNMR = Phi(-2) half way between. */
enum { N = 20000, PEOPLE = 200, OWN = 2000 };
static float normal_score[N];
static uint32_t normal_a[N], normal_b[N];

static struct bt_rates *normals(uint64_t seed, float of_person) {
    struct bt_rng rng;
    float person[PEOPLE];
    bt_rng_init(&rng, seed, 1);
    for (uint32_t i = 0; i < PEOPLE; i++) person[i] = of_person * bt_rng_normal(&rng);
    for (uint32_t i = 0; i < N; i++) {
        normal_a[i] = bt_rng_u32(&rng) % PEOPLE;
        normal_b[i] = i < OWN ? normal_a[i] : (normal_a[i] + 1 + bt_rng_u32(&rng) % (PEOPLE - 1)) % PEOPLE;
        normal_score[i] = sqrtf(1 - of_person * of_person) * bt_rng_normal(&rng) + person[normal_a[i]] + (i < OWN ? 4.f : 0.f);
    }
    struct bt_rates *r = NULL;
    assert_int_equal(bt_rates_create(&(struct bt_trials){N, normal_score, normal_a, normal_b, PEOPLE}, &r), BT_OK);
    return r;
}

static void known_distribution(void **state) {
    (void)state;
    static const double truth = 0.022750131948179212; /* scipy.stats.norm.cdf(-2) */
    struct bt_rates *r = normals(5, 0);
    const struct bt_figures f = bt_rates_figures(r, 2);
    assert_true(fabs(f.eer - truth) < .004 && fabs(f.fmr - truth) < .004 && fabs(f.fnmr - truth) < .008);
    assert_true(fabs((double)f.eer_threshold - 2) < .1 && fabs((double)f.threshold_at[0] - 2.326) < .05);
    bt_rates_destroy(&r);
}

/* 95 of a hundred intervals hold the truth, give or take; where scores share people, those of the binomial do not. */
static void bootstrap_covers(void **state) {
    (void)state;
    static const double truth = 0.022750131948179212;
    enum { ROUNDS = 40 };
    uint32_t held = 0, binomial_held = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        struct bt_rates *r = normals(1000 + i, .6f);
        struct bt_figures_interval v;
        assert_int_equal(bt_rates_bootstrap(r, 2, 100, i, &v), BT_OK);
        const struct bt_interval exact = bt_evaluate_binomial(bt_rates_false_matches(r, 2), bt_rates_non_mated(r), .95);
        held += v.fmr.low <= truth && truth <= v.fmr.high;
        binomial_held += exact.low <= truth && truth <= exact.high;
        assert_true(v.eer.low < v.eer.high && v.fnmr.low < v.fnmr.high);
        bt_rates_destroy(&r);
    }
    assert_true(held >= ROUNDS * 85 / 100);
    assert_true(binomial_held < ROUNDS * 60 / 100);
}

static void whole_transactions(void **state) {
    (void)state;
    const struct bt_transaction t = bt_evaluate_transaction(.01, .1, .2);
    NEAR(t.far, .008, 1e-12);
    NEAR(t.frr, .28, 1e-12);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(incomplete_beta),
                                       cmocka_unit_test(clopper_pearson),
                                       cmocka_unit_test(claims),
                                       cmocka_unit_test(by_hand),
                                       cmocka_unit_test(ties),
                                       cmocka_unit_test(refuses),
                                       cmocka_unit_test(bootstrap_covers),
                                       cmocka_unit_test(known_distribution),
                                       cmocka_unit_test(whole_transactions)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
