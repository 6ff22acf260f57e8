/* SPDX-License-Identifier: MIT */
/* What the meter says of a head with relief, and of a flat print of it that is turned before the camera, by way of the whole
   chain: drawn, captured, tracked. The thresholds in src/enroll come from these figures. */
#include "enroll/challenge.h"
#include "support/brief.h"
#include "support/enroll_scene.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

// clang-format off
#include <cmocka.h>
// clang-format on

enum { SETTLE = 12 };
static const float degree = 0.017453293f;

static struct enroll_scene scene;
static struct bt_enroll_meter *meter;

static void rest(bool flat) {
    scene.flat = flat;
    scene.pose = enroll_scene_rest;
    bt_enroll_meter_reset(meter);
    for (uint32_t i = 0; i < 80; i++)
        if (enroll_scene_step(&scene) &&
            bt_enroll_meter_rest(meter, scene.faces.face[scene.faces.wearer].landmark, scene.frame.capture_ns) && i > 40)
            return;
    fail_msg("no rest");
}

/* Eases there, holds, and reads. */
static bool look(struct bt_footage_pose pose, struct bt_enroll_measure *out) {
    const struct bt_footage_pose from = scene.pose;
    bool ok = false;
    for (int i = 1; i <= 2 * SETTLE; i++) {
        const float t = fminf(1, (float)i / SETTLE), e = t * t * (3 - 2 * t);
        scene.pose = pose;
        scene.pose.yaw_rad = from.yaw_rad + e * (pose.yaw_rad - from.yaw_rad);
        scene.pose.pitch_rad = from.pitch_rad + e * (pose.pitch_rad - from.pitch_rad);
        ok = enroll_scene_step(&scene) && bt_enroll_meter_read(meter, scene.faces.face[scene.faces.wearer].landmark, out);
    }
    return ok;
}

static void show(const char *name, int degrees, bool ok, const struct bt_enroll_measure *m) {
    if (!ok)
        print_message("%-6s %5d: no face\n", name, degrees);
    else
        print_message("%-6s %5d: yaw %6.1f pitch %6.1f residual %.4f relief %.3f | left %.2f right %.2f up %.2f down %.2f "
                      "smile %.2f mouth "
                      "%.2f brows %.2f eyes %.2f\n",
                      name, degrees, (double)(m->angles.yaw / degree), (double)(m->angles.pitch / degree), (double)m->residual,
                      (double)m->relief, (double)m->sign[0], (double)m->sign[1], (double)m->sign[2], (double)m->sign[3],
                      (double)m->sign[4], (double)m->sign[5], (double)m->sign[6], (double)m->sign[7]);
}

static void head_and_print(void **state) {
    (void)state;
    struct bt_enroll_measure m;
    float head_least = 9, head_most = 0, print_most = 0, print_turn = 0;
    for (int flat = 0; flat < 2; flat++) {
        const int most = flat ? 55 : 30, step = (int)test_brief(flat ? 11 : 10, flat ? 55 : 20);
        rest(flat);
        for (int side = -1; side <= 1; side += 2) {
            for (int d = step; d <= most; d += step) {
                struct bt_footage_pose pose = enroll_scene_rest;
                pose.yaw_rad = (float)(side * d) * degree;
                const bool ok = look(pose, &m);
                show(flat ? "print" : "head", side * d, ok, &m);
                /* A head that is asked is turned until it measures as done; a print is held as its holder likes. */
                if (!flat && d >= 20) assert_true(ok && m.sign[side > 0 ? BT_TASK_LEFT : BT_TASK_RIGHT] >= 1 && m.turned);
                if (!flat && m.turned) head_least = fminf(head_least, m.relief), head_most = fmaxf(head_most, m.relief);
                if (!flat || !ok) continue;
                print_most = fmaxf(print_most, m.residual / sinf((float)d * degree));
                print_turn = fmaxf(print_turn, fabsf(m.angles.yaw));
            }
            look(enroll_scene_rest, &m);
        }
    }
    print_message("relief of the head %.3f to %.3f; of the print at most %.3f, read as turned by at most %.1f degrees\n",
                  (double)head_least, (double)head_most, (double)print_most, (double)(print_turn / degree));
    assert_true(head_least > 1.5f * BT_ENROLL_RELIEF_LEAST);
    assert_true(print_most < BT_ENROLL_RELIEF_LEAST);
    assert_true(print_turn < BT_ENROLL_TURNED);
}

static void tasks(void **state) {
    (void)state;
    struct bt_enroll_measure m;
    const struct {
        enum bt_enroll_task task;
        float pitch, smile, mouth, brow, blink;
    } list[] = {{BT_TASK_UP, -15 * degree, 0, 0, 0, 0}, {BT_TASK_DOWN, 15 * degree, 0, 0, 0, 0},
                {BT_TASK_SMILE, 0, .9f, .2f, 0, 0},     {BT_TASK_MOUTH, 0, 0, .7f, 0, 0},
                {BT_TASK_BROWS, 0, 0, 0, 1.2f, 0},      {BT_TASK_EYES, 0, 0, 0, 0, 1}};
    rest(false);
    for (size_t i = 0; i < BT_COUNT(list); i++) {
        struct bt_footage_pose pose = enroll_scene_rest;
        pose.pitch_rad = list[i].pitch;
        pose.smile += list[i].smile, pose.mouth = list[i].mouth, pose.brow = list[i].brow, pose.blink = list[i].blink;
        const bool ok = look(pose, &m);
        show("task", (int)list[i].task, ok, &m);
        assert_true(ok && m.sign[list[i].task] >= 1);
        for (uint32_t t = 0; t < BT_TASK_COUNT; t++)
            assert_true(t == list[i].task || (list[i].task == BT_TASK_SMILE && t == BT_TASK_MOUTH) || m.sign[t] < 1);
        assert_true(look(enroll_scene_rest, &m));
        for (uint32_t t = 0; t < BT_TASK_COUNT; t++) assert_true(m.sign[t] < 0.4f);
    }
}

static void trouble_is_seen(void **state) {
    (void)state;
    int wrong = 0;
    const struct {
        const char *name;
        float blur_px, light, scale, shift;
        enum bt_enroll_trouble trouble;
    } list[] = {
        {"good", 0, 1, 1, 0, BT_TROUBLE_NONE},        {"soft", .7f, 1, 1, 0, BT_TROUBLE_NONE},
        {"blur 1.5", 1.5f, 1, 1, 0, BT_TROUBLE_BLUR}, {"blur 2.5", 2.5f, 1, 1, 0, BT_TROUBLE_BLUR},
        {"blur 4", 4, 1, 1, 0, BT_TROUBLE_BLUR},      {"half light", 0, .5f, 1, 0, BT_TROUBLE_NONE},
        {"dark", 0, .15f, 1, 0, BT_TROUBLE_DARK},     {"bright", 0, 2.2f, 1, 0, BT_TROUBLE_BRIGHT},
        {"near", 0, 1, 1.2f, 0, BT_TROUBLE_NONE},     {"smaller", 0, 1, .7f, 0, BT_TROUBLE_NONE},
        {"far", 0, 1, .45f, 0, BT_TROUBLE_FAR},       {"aside", 0, 1, 1, 127, BT_TROUBLE_CLIPPED},
    };
    scene.flat = false;
    for (size_t i = 0; i < BT_COUNT(list); i++) {
        scene.pose = enroll_scene_rest;
        scene.pose.light = list[i].light, scene.pose.scale = list[i].scale;
        scene.blur_px = list[i].blur_px;
        for (int k = 0; k < 3 * SETTLE; k++) { /* found in the middle first, then goes aside: nobody is found half outside */
            scene.pose.shift_x = list[i].shift * fminf(1, fmaxf(0, (float)(k - SETTLE) / SETTLE));
            (void)enroll_scene_step(&scene);
        }
        struct bt_enroll_scene seen;
        enroll_scene_look(&scene, &seen);
        const enum bt_enroll_trouble trouble = bt_enroll_quality(&seen);
        print_message("%-10s light %.3f contrast %.3f burnt %.3f sharpness %.3f eyes %.0f px: %s\n", list[i].name,
                      (double)seen.look.light, (double)seen.look.contrast, (double)seen.look.burnt, (double)seen.look.sharpness,
                      (double)seen.eye_px, bt_enroll_hint(trouble, false));
        wrong += trouble != list[i].trouble;
    }
    scene.blur_px = 0;
    assert_int_equal(wrong, 0);
}

static int set_up(void **state) {
    (void)state;
    enroll_scene_open(&scene, 640, 480);
    return bt_enroll_meter_create(scene.rig, &meter) == BT_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    bt_enroll_meter_destroy(&meter);
    enroll_scene_close(&scene);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(head_and_print), cmocka_unit_test(tasks),
                                       cmocka_unit_test(trouble_is_seen)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
