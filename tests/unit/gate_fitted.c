/* SPDX-License-Identifier: MIT */
/* The gate's table is what was measured: src/pipeline/gate/fitted.json is the report.json of the run that wrote fitted.h. */
#include "pipeline/gate/gate.h"
#include "pipeline/swap/swap.h"
#include "pipeline/swap/turn.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static json_t *report;

static int read_report(void **state) {
    (void)state;
    char path[4096];
    snprintf(path, sizeof path, "%s/src/pipeline/gate/fitted.json", getenv("BAUTA_TEST_SOURCE"));
    report = json_load_file(path, 0, NULL);
    return report ? 0 : -1;
}

static int drop_report(void **state) {
    (void)state;
    json_decref(report);
    return 0;
}

static double number(const char *measure, const char *name) {
    const json_t *value = json_object_get(json_object_get(json_object_get(report, "measures"), measure), name);
    assert_true(json_is_number(value));
    return json_number_value(value);
}

static void the_table_is_what_was_measured(void **state) {
    (void)state;
    for (int i = 0; i < BT_GATE_MEASURES; i++) {
        const struct bt_gate_row *row = bt_gate_row((enum bt_gate_measure)i);
        const double enter = number(row->name, "enter"), leave = number(row->name, "leave");
        assert_true(fabs((double)row->enter - enter) <= 1e-4 * fabs(enter));
        assert_true(fabs((double)row->leave - leave) <= 1e-4 * fabs(leave));
        print_message("%s: ROC area %.3f\n", row->name, number(row->name, "roc_area"));
    }
}

/* What swap judges itself lies within what the landmarks carry; and the gate's light is enough for it. Of the cover a single
   frame's value says little (a face that is found anew has nothing to be compared with): golden/gate_sweep holds its verdict.
 */
static void swap_is_no_laxer(void **state) {
    (void)state;
    assert_true((double)BT_SWAP_YAW_OUT <= number("yaw", "enter"));
    assert_true((double)BT_SWAP_PITCH_OUT <= number("pitch", "enter"));
    assert_true(bt_gate_row(BT_GATE_LIGHT)->enter >= BT_SWAP_DARK_IN);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table_is_what_was_measured), cmocka_unit_test(swap_is_no_laxer)};
    return cmocka_run_group_tests(tests, read_report, drop_report);
}
