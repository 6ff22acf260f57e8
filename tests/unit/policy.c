/* SPDX-License-Identifier: MIT */
/* The whole truth table of policy: every combination of facts against a rule stated here in other words. */
#include "trust/policy/policy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static enum bt_verdict expected(const struct bt_policy_facts *f) {
    if (f->owner == BT_OWNER_PERSON && f->enrolling && f->origin == BT_ORIGIN_BUILTIN && f->wearer_attended &&
        !f->leaves_machine)
        return BT_VERDICT_ALLOW;
    if (f->owner == BT_OWNER_PERSON && !f->receipt_live) return BT_VERDICT_REFUSE;
    if (f->owner == BT_OWNER_NOBODY) {
        if (f->origin == BT_ORIGIN_BUILTIN) return BT_VERDICT_ALLOW;
        if (f->origin == BT_ORIGIN_FILE && !f->leaves_machine) return BT_VERDICT_ALLOW;
    }
    if (f->wearer_attended) return BT_VERDICT_ASK;
    return f->standing && f->origin == BT_ORIGIN_CAMERA ? BT_VERDICT_ALLOW : BT_VERDICT_REFUSE;
}

static void whole_table(void **state) {
    (void)state;
    int seen[3] = {0}, rows = 0;
    for (int origin = 0; origin < BT_ORIGIN_COUNT; origin++)
        for (int owner = 0; owner < BT_OWNER_COUNT; owner++)
            for (int bits = 0; bits < 32; bits++, rows++) {
                struct bt_policy_facts f = {
                    (enum bt_origin)origin, (enum bt_owner)owner, bits & 1, bits & 2, bits & 4, bits & 8, bits & 16};
                struct bt_policy_decision d = bt_policy_decide(&f);
                assert_int_equal(d.verdict, expected(&f));
                assert_non_null(d.reason);
                seen[d.verdict]++;
            }
    assert_int_equal(rows, 192);
    assert_true(seen[BT_VERDICT_ALLOW] == 2 * (24 + 4 + 2) + 4 && seen[BT_VERDICT_ASK] > 0 && seen[BT_VERDICT_REFUSE] > 0);
}

/* Two rules that nothing may soften. */
static void a_camera_is_never_opened_unasked(void **state) {
    (void)state;
    for (int owner = 0; owner < BT_OWNER_COUNT; owner++)
        for (int bits = 0; bits < 32; bits++) {
            struct bt_policy_facts f = {BT_ORIGIN_CAMERA, (enum bt_owner)owner, bits & 1, bits & 2, bits & 4, bits & 8,
                                        bits & 16};
            if (!f.standing || f.wearer_attended) assert_int_not_equal(bt_policy_decide(&f).verdict, BT_VERDICT_ALLOW);
        }
}

static void an_unknown_fact_is_refused(void **state) {
    (void)state;
    struct bt_policy_facts f = {(enum bt_origin)77, BT_OWNER_NOBODY, true, true, true, true, true};
    assert_int_equal(bt_policy_decide(&f).verdict, BT_VERDICT_REFUSE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_table),
        cmocka_unit_test(a_camera_is_never_opened_unasked),
        cmocka_unit_test(an_unknown_fact_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
