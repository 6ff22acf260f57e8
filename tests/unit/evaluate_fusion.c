/* SPDX-License-Identifier: MIT */
/* Fusion and folds: on scores whose log likelihood ratio is known, the regression finds it; a leaked subject is caught. */
#include "base/rng.h"
#include "evaluate/fusion.h"
#include "support/cmocka.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N = 20000, PEOPLE = 300, OWN = 5000 };
static float score[2 * N];
static uint32_t a[N], b[N];

/* Two independent normals of unit deviation, mated ones 2 and 1 higher: llr = 2 x - 2 + y - 1 / 2. */
static struct bt_fusion_trials known(void) {
    struct bt_rng rng;
    bt_rng_init(&rng, 3, 1);
    for (uint32_t i = 0; i < N; i++) {
        a[i] = bt_rng_u32(&rng) % PEOPLE;
        b[i] = i < OWN ? a[i] : (a[i] + 1 + bt_rng_u32(&rng) % (PEOPLE - 1)) % PEOPLE;
        score[2 * i] = bt_rng_normal(&rng) + (i < OWN ? 2.f : 0.f);
        score[2 * i + 1] = bt_rng_normal(&rng) + (i < OWN ? 1.f : 0.f);
    }
    return (struct bt_fusion_trials){N, 2, score, a, b};
}

static void finds_the_ratio(void **state) {
    (void)state;
    const struct bt_fusion_trials t = known();
    struct bt_fusion f;
    assert_int_equal(bt_fusion_fit(&t, NULL, 1e-6, &f), BT_OK);
    static const float at[4][2] = {{0, 0}, {1, .5f}, {2, 1}, {-1, 3}};
    for (uint32_t i = 0; i < 4; i++)
        assert_true(fabs(bt_fusion_llr(&f, at[i]) - (2 * (double)at[i][0] - 2 + (double)at[i][1] - .5)) < .25);
    /* Cllr of that pair of normals, by 5e6 draws of each with numpy: 0.4393. */
    assert_true(fabs(bt_fusion_cllr(&f, &t, NULL) - .4393) < .015);
    struct bt_fusion nothing = f;
    nothing.weight[0] = nothing.weight[1] = nothing.bias = 0;
    assert_true(fabs(bt_fusion_cllr(&nothing, &t, NULL) - 1) < 1e-9);
    struct bt_fusion misled = f; /* labels swapped */
    misled.weight[0] = -f.weight[0], misled.weight[1] = -f.weight[1], misled.bias = -f.bias;
    assert_true(bt_fusion_cllr(&misled, &t, NULL) > 1.5);
}

static void regularises(void **state) {
    (void)state;
    const struct bt_fusion_trials t = known();
    double before = INFINITY;
    for (double strength = 1e-4; strength < 20; strength *= 10) {
        struct bt_fusion f;
        assert_int_equal(bt_fusion_fit(&t, NULL, strength, &f), BT_OK);
        const double size = hypot(f.weight[0], f.weight[1]);
        assert_true(size < before);
        before = size;
    }
    /* What can be told apart without a rest has no finite optimum but by the L2 term. */
    static const float apart[] = {0, 1, 2, 10, 11, 12};
    static const uint32_t left[] = {0, 0, 1, 0, 1, 2}, right[] = {1, 2, 2, 0, 1, 2};
    const struct bt_fusion_trials six = {6, 1, apart, left, right};
    struct bt_fusion f;
    assert_int_equal(bt_fusion_fit(&six, NULL, 1e-3, &f), BT_OK);
    assert_true(isfinite(f.weight[0]) && f.weight[0] > 1 && bt_fusion_llr(&f, apart) < -1 && bt_fusion_llr(&f, apart + 5) > 1);
}

static void refuses(void **state) {
    (void)state;
    static const float flat[] = {1, 1, 1};
    static const uint32_t left[] = {0, 0, 1}, right[] = {1, 0, 1};
    struct bt_fusion f;
    assert_int_equal(bt_fusion_fit(&(struct bt_fusion_trials){3, 1, flat, left, right}, NULL, 1, &f), BT_E_ARGUMENT);
    assert_int_equal(bt_fusion_fit(&(struct bt_fusion_trials){1, 1, flat, left, right}, NULL, 1, &f), BT_E_ARGUMENT);
    static const bool none[3] = {false};
    assert_int_equal(bt_fusion_fit(&(struct bt_fusion_trials){3, 1, flat, left, right}, none, 1, &f), BT_E_ARGUMENT);
}

static void folds_share_nobody(void **state) {
    (void)state;
    enum { FOLDS = 7 };
    const struct bt_fusion_trials t = known();
    uint8_t fold[PEOPLE];
    uint32_t size[FOLDS] = {0};
    bool *learn = malloc(N), *test = malloc(N);
    bt_fusion_folds(PEOPLE, FOLDS, 11, fold);
    for (uint32_t s = 0; s < PEOPLE; s++) size[fold[s]]++;
    for (uint32_t k = 0; k < FOLDS; k++) assert_true(size[k] == PEOPLE / FOLDS || size[k] == PEOPLE / FOLDS + 1);
    for (uint32_t i = 0; i < N; i++) {
        const enum bt_fusion_part part = bt_fusion_part_of(fold, a[i], b[i], 2);
        learn[i] = part == BT_FUSION_LEARN;
        test[i] = part == BT_FUSION_TEST;
    }
    assert_int_equal(bt_fusion_leak(&t, learn, test, PEOPLE), UINT32_MAX);
    uint32_t i = 0; /* one comparison across, put to what is learnt from: a subject leaks */
    while (bt_fusion_part_of(fold, a[i], b[i], 2) != BT_FUSION_ACROSS) i++;
    learn[i] = true;
    const uint32_t leaked = bt_fusion_leak(&t, learn, test, PEOPLE);
    assert_true(leaked == a[i] || leaked == b[i]);
    for (i = 0; i < N; i++) { /* a split by comparisons, as many do it */
        learn[i] = i % 2;
        test[i] = !learn[i];
    }
    assert_int_not_equal(bt_fusion_leak(&t, learn, test, PEOPLE), UINT32_MAX);
    free(learn);
    free(test);
}

static void chooses(void **state) {
    (void)state;
    const struct bt_fusion_trials t = known();
    uint8_t fold[PEOPLE];
    struct bt_fusion_choice choice;
    struct bt_fusion f;
    bt_fusion_folds(PEOPLE, 5, 1, fold);
    assert_int_equal(bt_fusion_choose(&t, fold, 5, &choice, &f), BT_OK);
    assert_true(choice.chosen < BT_FUSION_STRENGTHS && f.strength == choice.strength[choice.chosen]);
    assert_true(choice.cllr[choice.chosen] < .46 && choice.cllr[BT_FUSION_STRENGTHS - 1] > .6);
    for (uint32_t s = 0; s < BT_FUSION_STRENGTHS; s++) assert_true(choice.cllr[s] + 1.1e-3 >= choice.cllr[choice.chosen]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_the_ratio), cmocka_unit_test(regularises),
                                       cmocka_unit_test(refuses), cmocka_unit_test(folds_share_nobody),
                                       cmocka_unit_test(chooses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
