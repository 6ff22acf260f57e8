/* SPDX-License-Identifier: MIT */
/* The mark's code: every message comes back; through noise at which a bit by itself is wrong one time in six; never under
   another key. */
#include "base/rng.h"
#include "base/status.h"
#include "watermark/code.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static void soften(const int8_t *coded, float noise, struct bt_rng *rng, float *out_soft) {
    for (uint32_t i = 0; i < BT_WATERMARK_CODED; i++) out_soft[i] = (float)coded[i] + noise * bt_rng_normal(rng);
}

static void messages_come_back(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 1, 1);
    for (uint32_t i = 0; i < 300; i++) {
        static const uint32_t special[] = {0, 0xffffffffu, 1, 0x80000000u, 0xaaaaaaaau};
        uint32_t session = i < BT_COUNT(special) ? special[i] : bt_rng_u32(&rng), got;
        uint16_t key = (uint16_t)bt_rng_u32(&rng);
        int8_t coded[BT_WATERMARK_CODED];
        float soft[BT_WATERMARK_CODED];
        bt_watermark_code(session, key, coded);
        soften(coded, 0.0f, &rng, soft);
        assert_true(bt_watermark_decode(soft, key, &got));
        assert_int_equal(got, session);
        assert_false(bt_watermark_decode(soft, (uint16_t)(key + 1), &got));
    }
}

/* At a signal to noise of a cell of 0 dB, a sixth of the cells are wrong: the bound is what this code does, 99 of 100. */
static void noise_is_borne(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 2, 1);
    uint32_t right = 0, wrong_cells = 0, lied = 0;
    for (uint32_t i = 0; i < 200; i++) {
        uint32_t session = bt_rng_u32(&rng), got;
        int8_t coded[BT_WATERMARK_CODED];
        float soft[BT_WATERMARK_CODED];
        bt_watermark_code(session, 7, coded);
        soften(coded, 1.0f, &rng, soft);
        for (uint32_t k = 0; k < BT_WATERMARK_CODED; k++) wrong_cells += (soft[k] > 0.0f) != (coded[k] > 0);
        bool checked = bt_watermark_decode(soft, 7, &got);
        right += checked && got == session;
        lied += checked && got != session;
    }
    assert_in_range(wrong_cells, 200 * BT_WATERMARK_CODED / 8, 200 * BT_WATERMARK_CODED / 5);
    assert_true(right >= 195);
    assert_int_equal(lied, 0);
}

/* Noise alone passes the checksum one time in 2^16. */
static void noise_says_nothing(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 3, 1);
    uint32_t passed = 0;
    for (uint32_t i = 0; i < 2000; i++) {
        float soft[BT_WATERMARK_CODED];
        uint32_t got;
        for (uint32_t k = 0; k < BT_WATERMARK_CODED; k++) soft[k] = bt_rng_normal(&rng);
        passed += bt_watermark_decode(soft, 7, &got);
    }
    assert_true(passed <= 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(messages_come_back), cmocka_unit_test(noise_is_borne),
                                       cmocka_unit_test(noise_says_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
