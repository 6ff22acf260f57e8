/* SPDX-License-Identifier: MIT */
/* Templates without a net: comparing, averaging, and their bytes. */
#include "match/match.h"
#include "base/rng.h"
#include "match/figures.h"
#include "support/cmocka.h"
#include <math.h>
#include <string.h>

static struct bt_template template_of(uint64_t seed) {
    struct bt_template t;
    struct bt_rng rng;
    float size = 0;
    bt_rng_init(&rng, seed, 1);
    for (uint32_t i = 0; i < BT_MATCH_COSINE; i++) {
        t.cosine[i] = bt_rng_normal(&rng);
        size += t.cosine[i] * t.cosine[i];
    }
    for (uint32_t i = 0; i < BT_MATCH_COSINE; i++) t.cosine[i] /= sqrtf(size);
    size = 0;
    for (uint32_t i = 0; i < BT_MATCH_EUCLID; i++) {
        t.euclid[i] = bt_rng_normal(&rng);
        size += t.euclid[i] * t.euclid[i];
    }
    for (uint32_t i = 0; i < BT_MATCH_EUCLID; i++) t.euclid[i] /= sqrtf(size);
    return t;
}

static void compares(void **state) {
    (void)state;
    const struct bt_template a = template_of(1), b = template_of(2);
    struct bt_match_score score = bt_match_compare(&a, &a);
    assert_float_equal(score.cosine, 1, 1e-5);
    assert_float_equal(score.distance, 0, 1e-5);
    assert_true(score.same);
    score = bt_match_compare(&a, &b); /* random directions are nearly square to each other */
    assert_true(score.cosine < .3f && score.distance > 1.1f && !score.same);
    assert_true(score.llr < bt_match_limits.llr);
    /* One net's yes is not enough. */
    struct bt_template half = a;
    memcpy(half.euclid, b.euclid, sizeof half.euclid);
    assert_false(bt_match_compare(&a, &half).same);
    half = a;
    memcpy(half.cosine, b.cosine, sizeof half.cosine);
    assert_false(bt_match_compare(&a, &half).same);
}

/* By hand: the log likelihood ratio is linear in both scores, and the limits lie where they say. */
static void fuses(void **state) {
    (void)state;
    const struct bt_match_limits *l = &bt_match_limits;
    struct bt_template a = {.cosine = {1}, .euclid = {1}}, b = a;
    for (float angle = 0; angle < 1.5f; angle += .05f)
        for (float distance = 0; distance < 1; distance += .05f) {
            b.cosine[0] = cosf(angle), b.cosine[1] = sinf(angle);
            b.euclid[1] = distance;
            const struct bt_match_score s = bt_match_compare(&a, &b);
            const double llr = l->bias + l->weight[0] * (cos((double)angle) - l->mean[0]) / l->deviation[0] -
                               l->weight[1] * ((double)distance + l->mean[1]) / l->deviation[1];
            assert_float_equal(s.llr, llr, 1e-3);
            assert_int_equal(s.same, s.llr >= l->llr && s.cosine >= l->cosine_least && s.distance <= l->distance_most);
        }
    assert_true(bt_match_real.fmr <= l->claimed && bt_match_real.fmr_95[0] <= bt_match_real.fmr &&
                bt_match_real.fmr <= bt_match_real.fmr_95[1]);
}

static void averages(void **state) {
    (void)state;
    struct bt_template t[3] = {template_of(1), template_of(1), template_of(1)}, mean;
    const struct bt_template other = template_of(9);
    struct bt_match_score worst;
    for (uint32_t i = 0; i < BT_MATCH_EUCLID; i++) t[1].euclid[i] += .01f, t[2].euclid[i] -= .02f;
    bt_match_mean(t, 3, &mean, &worst);
    assert_true(worst.same);
    assert_float_equal(worst.cosine, 1, 1e-5);
    assert_float_equal(worst.distance, (.02 - .01 / 3) * sqrt(BT_MATCH_EUCLID), 1e-3);
    t[2] = other;
    bt_match_mean(t, 3, &mean, &worst);
    const struct bt_match_score odd = bt_match_compare(&other, &mean);
    assert_float_equal(worst.cosine, odd.cosine, 1e-6);
    assert_float_equal(worst.distance, odd.distance, 1e-6);
    float size = 0;
    for (uint32_t i = 0; i < BT_MATCH_COSINE; i++) size += mean.cosine[i] * mean.cosine[i];
    assert_float_equal(size, 1, 1e-4);
}

static void bytes(void **state) {
    (void)state;
    const struct bt_template t = template_of(3);
    struct bt_template back;
    uint8_t good[BT_MATCH_TEMPLATE_BYTES + 1], bad[BT_MATCH_TEMPLATE_BYTES + 1];
    bt_match_encode(&t, good);
    good[BT_MATCH_TEMPLATE_BYTES] = 0;
    assert_int_equal(bt_match_decode(NULL, (struct bt_bytes){good, BT_MATCH_TEMPLATE_BYTES}, &back), BT_OK);
    assert_memory_equal(&t, &back, sizeof t);
    static const size_t sizes[] = {0, 7, 8, BT_MATCH_TEMPLATE_BYTES - 1, BT_MATCH_TEMPLATE_BYTES + 1};
    for (size_t i = 0; i < BT_COUNT(sizes); i++)
        assert_int_equal(bt_match_decode(NULL, (struct bt_bytes){good, sizes[i]}, &back), BT_E_FORMAT);
    /* Its magic, its version, a NaN, a number that makes it too long: in each part. */
    static const struct {
        size_t at;
        uint8_t to[4];
    } damage[] = {{0, {'X', 'T', 'M', 'T'}},
                  {4, {2, 0, 0, 0}},
                  {8, {0, 0, 0xc0, 0x7f}},
                  {8, {0, 0, 0x80, 0x3f}},
                  {8 + 4 * BT_MATCH_COSINE, {0, 0, 0x80, 0x7f}},
                  {BT_MATCH_TEMPLATE_BYTES - 4, {0, 0, 0, 0x41}}};
    for (size_t i = 0; i < BT_COUNT(damage); i++) {
        memcpy(bad, good, sizeof bad);
        memcpy(bad + damage[i].at, damage[i].to, 4);
        assert_int_equal(bt_match_decode(NULL, (struct bt_bytes){bad, BT_MATCH_TEMPLATE_BYTES}, &back), BT_E_FORMAT);
        assert_memory_equal(&t, &back, sizeof t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(compares), cmocka_unit_test(fuses), cmocka_unit_test(averages),
                                       cmocka_unit_test(bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
