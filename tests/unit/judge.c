/* SPDX-License-Identifier: MIT */
#include "pipeline/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void every_bar_to_masking(void **state) {
    (void)state;
    static const struct {
        uint32_t count;
        int32_t wearer;
        float light;
        bt_status status;
    } rows[] = {
        {1, 0, 0.5f, BT_OK},          {0, -1, 0.5f, BT_E_NO_FACE},  {1, -1, 0.5f, BT_E_NO_FACE},  {1, 1, 0.5f, BT_E_NO_FACE},
        {2, 0, 0.5f, BT_E_TWO_FACES}, {4, 3, 0.5f, BT_E_TWO_FACES}, {1, 0, 0.02f, BT_E_TOO_DARK}, {0, -1, 0.0f, BT_E_TOO_DARK},
    };
    for (size_t i = 0; i < BT_COUNT(rows); i++) {
        struct bt_judge judge = {0};
        struct bt_faces faces = {.count = rows[i].count, .wearer = rows[i].wearer, .light = rows[i].light};
        assert_int_equal(bt_judge_faces(&judge, &faces), rows[i].status);
    }
}

static void dusk_does_not_flicker(void **state) {
    (void)state;
    struct bt_judge judge = {0};
    struct bt_faces faces = {.count = 1, .wearer = 0, .light = (BT_JUDGE_DARK + BT_JUDGE_LIT) / 2};
    assert_int_equal(bt_judge_faces(&judge, &faces), BT_OK);
    faces.light = BT_JUDGE_DARK - 0.01f;
    assert_int_equal(bt_judge_faces(&judge, &faces), BT_E_TOO_DARK);
    faces.light = (BT_JUDGE_DARK + BT_JUDGE_LIT) / 2;
    assert_int_equal(bt_judge_faces(&judge, &faces), BT_E_TOO_DARK);
    faces.light = BT_JUDGE_LIT + 0.01f;
    assert_int_equal(bt_judge_faces(&judge, &faces), BT_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_bar_to_masking), cmocka_unit_test(dusk_does_not_flicker)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
