/* SPDX-License-Identifier: MIT */
/* What enrolment captures, what it says of a picture, and its words. */
#include "enroll/challenge.h"
#include "enroll/coverage.h"
#include "enroll/notice.h"
#include "pipeline/gate/gate.h"
#include "support/cmocka.h"

#include <math.h>
#include <string.h>

static void test_coverage(void **state) {
    (void)state;
    struct bt_enroll_coverage coverage = {0};
    struct bt_enroll_measure m = {0};
    enum bt_enroll_task task = BT_TASK_SMILE;
    assert_true(bt_enroll_coverage_share(&coverage) == 0);
    assert_true(bt_enroll_coverage_missing(&coverage, &task) && task == BT_TASK_COUNT);
    for (uint32_t i = 0; i < BT_COVER_CENTRE; i++) assert_true(bt_enroll_coverage_add(&coverage, &m));
    assert_false(bt_enroll_coverage_add(&coverage, &m));
    assert_true(bt_enroll_coverage_missing(&coverage, &task) && task == BT_TASK_RIGHT);
    uint32_t rounds = 0;
    float before = bt_enroll_coverage_share(&coverage);
    while (bt_enroll_coverage_missing(&coverage, &task)) { /* does what is missing, slowly */
        assert_true(++rounds < 50);
        for (int k = 0; k <= 20; k++) {
            m = (struct bt_enroll_measure){0};
            if (task < BT_TASK_COUNT) m.sign[task] = (float)k / 20 * 1.2f;
            if (task == BT_TASK_LEFT || task == BT_TASK_RIGHT)
                m.angles.yaw = (task == BT_TASK_LEFT ? 1.2f : -1.2f) * (float)k / 20 * 0.3f;
            if (task == BT_TASK_UP || task == BT_TASK_DOWN)
                m.angles.pitch = (task == BT_TASK_DOWN ? 1.2f : -1.2f) * (float)k / 20 * 0.17f;
            bt_enroll_coverage_add(&coverage, &m);
        }
        assert_true(bt_enroll_coverage_share(&coverage) > before);
        before = bt_enroll_coverage_share(&coverage);
    }
    assert_true(before == 1);
    m.angles.yaw = NAN;
    assert_false(bt_enroll_coverage_add(&coverage, &m));
    for (uint32_t i = 0; i < 1000; i++) bt_enroll_coverage_add(&coverage, &(struct bt_enroll_measure){0});
    assert_int_equal(coverage.pose[1][2], 255);
}

static void test_quality(void **state) {
    (void)state;
    const struct bt_enroll_scene good = {.faces = 1,
                                         .found = true,
                                         .box_px = {500, 200, 240, 300},
                                         .eye_px = 150,
                                         .width_px = 1280,
                                         .height_px = 720,
                                         .look = {.light = 0.45f, .contrast = 0.15f, .sharpness = 0.6f}};
    struct bt_enroll_scene s = good;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_NONE);
    s.faces = 0, s.found = false;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_NOBODY);
    s = good, s.faces = 2;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_TWO);
    s = good, s.look.light = 0.1f;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_DARK);
    s = good, s.look.light = NAN;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_DARK);
    s = good, s.look.light = 0.9f;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_BRIGHT);
    s = good, s.look.burnt = 0.2f;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_BRIGHT);
    s = good, s.look.sharpness = 0.05f;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_BLUR);
    s = good, s.box_px.x = -20;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_CLIPPED);
    s = good, s.box_px.y = 500;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_CLIPPED);
    s = good, s.eye_px = 30;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_FAR);
    s = good, s.eye_px = 600;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_NEAR);
    s = good, s.box_px.w = NAN;
    assert_int_equal(bt_enroll_quality(&s), BT_TROUBLE_NOBODY);
}

static void test_the_look_of_a_picture(void **state) {
    (void)state;
    enum { SIDE = 200 };
    static uint8_t luma[SIDE * SIDE];
    for (uint32_t i = 0; i < SIDE * SIDE; i++) luma[i] = 128;
    struct bt_enroll_look look = bt_enroll_look_at(luma, SIDE, SIDE, SIDE);
    assert_true(fabsf(look.light - 128.0f / 255) < 1e-4f && look.contrast < 1e-4f && look.burnt == 0);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) luma[i] = i % SIDE < SIDE / 4 ? 255 : 60;
    look = bt_enroll_look_at(luma, SIDE, SIDE, SIDE);
    assert_true(fabsf(look.burnt - 0.25f) < 0.01f);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) luma[i] = (uint8_t)(i / SIDE);
    assert_true(bt_enroll_look_at(luma, SIDE, SIDE, SIDE).sharpness < 0.1f);
    for (uint32_t i = 0; i < SIDE * SIDE; i++) luma[i] = (i / SIDE / 3 + i % SIDE / 3) % 2 ? 200 : 20;
    assert_true(bt_enroll_look_at(luma, SIDE, SIDE, SIDE).sharpness > 1);
    (void)bt_enroll_look_at(luma, 1, 1, SIDE);
    (void)bt_enroll_look_at(luma, 3, 199, SIDE);
}

static void test_every_word_is_there_in_both_languages(void **state) {
    (void)state;
    for (int zh = 0; zh < 2; zh++) {
        for (uint32_t i = 0; i <= BT_TASK_COUNT; i++)
            assert_true(strlen(bt_enroll_instruction((enum bt_enroll_task)i, zh)) > 3);
        for (uint32_t i = 1; i < BT_TROUBLE_COUNT; i++) assert_true(strlen(bt_enroll_hint((enum bt_enroll_trouble)i, zh)) > 3);
        for (uint32_t i = 1; i < BT_FAILURE_COUNT; i++)
            assert_true(strlen(bt_enroll_failure_text((enum bt_enroll_failure)i, zh)) > 3);
    }
}

/* The same fault is named in the same words before and during a session. */
static void test_hints_are_the_gates(void **state) {
    (void)state;
    static const struct {
        enum bt_enroll_trouble trouble;
        bt_status status;
    } both[] = {{BT_TROUBLE_NOBODY, BT_E_NO_FACE},    {BT_TROUBLE_TWO, BT_E_TWO_FACES}, {BT_TROUBLE_DARK, BT_E_TOO_DARK},
                {BT_TROUBLE_BRIGHT, BT_E_TOO_BRIGHT}, {BT_TROUBLE_BLUR, BT_E_BLURRED},  {BT_TROUBLE_FAR, BT_E_TOO_SMALL}};
    for (size_t i = 0; i < BT_COUNT(both); i++)
        for (int zh = 0; zh < 2; zh++)
            assert_string_equal(bt_enroll_hint(both[i].trouble, zh), bt_gate_hint(both[i].status, zh));
    assert_string_equal(bt_enroll_hint(BT_TROUBLE_NONE, false), "");
}

static void test_only_the_statement_agrees(void **state) {
    (void)state;
    assert_true(bt_enroll_agrees("I agree that bauta makes a mask of my face", false));
    assert_true(bt_enroll_agrees("  I agree that bauta makes a mask of my face \r\n", false));
    assert_true(bt_enroll_agrees("我同意 bauta 制作我的面部面具", true));
    const char *const others[] = {"",
                                  " ",
                                  "yes",
                                  "I agree",
                                  "i agree that bauta makes a mask of my face",
                                  "I agree that bauta makes a mask of my face.",
                                  "I do not agree that bauta makes a mask of my face",
                                  "我同意 bauta 制作我的面部面具"};
    for (uint32_t i = 0; i < BT_COUNT(others); i++) assert_false(bt_enroll_agrees(others[i], false));
    for (int zh = 0; zh < 2; zh++) assert_true(strlen(bt_enroll_notice(zh)) > 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_only_the_statement_agrees),
        cmocka_unit_test(test_coverage),
        cmocka_unit_test(test_quality),
        cmocka_unit_test(test_the_look_of_a_picture),
        cmocka_unit_test(test_every_word_is_there_in_both_languages),
        cmocka_unit_test(test_hints_are_the_gates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
