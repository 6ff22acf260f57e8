/* SPDX-License-Identifier: MIT */
/* Signs of another person: none in what a head does, one in each way that somebody else can take its place. */
#include "app/change.h"
#include "base/rng.h"
#include "support/cmocka.h"

#include <math.h>

enum { CELLS = BT_FACES_CELLS * BT_FACES_CELLS };
static const int64_t tick_ns = 33000000;

static struct bt_faces faces;
static struct bt_change change;
static int64_t now_ns;

/* A face like none other, told by its number. */
static void show(uint64_t who, float light, float noise, uint64_t frame) {
    struct bt_rng person, grain;
    bt_rng_init(&person, who, 1);
    bt_rng_init(&grain, frame, 2);
    for (int i = 0; i < CELLS; i++)
        faces.measures.cell[i] = light * (bt_rng_uniform(&person, 0.2f, 0.6f) + bt_rng_uniform(&grain, -noise, noise));
}

static enum bt_change_sign step(void) {
    return bt_change_step(&change, &faces, now_ns += tick_ns);
}

static int set_up(void **state) {
    (void)state;
    change = (struct bt_change){0};
    faces = (struct bt_faces){.count = 1, .wearer = 0};
    faces.face[0].box_px = (struct bt_rect){100, 100, 150, 200};
    faces.measures.eye_px = 80;
    now_ns = INT64_C(1000000000);
    show(1, 1, 0, 0);
    return 0;
}

/* It nods, comes nearer, is lit slowly, and the camera is grainy. */
static void test_a_head_is_a_head(void **state) {
    (void)state;
    for (uint64_t k = 0; k < 600; k++) {
        const float t = (float)k / 30;
        show(1, 1 + 0.4f * sinf(t), 0.02f, k);
        faces.measures.yaw = 0.2f * sinf(2 * t);
        faces.measures.pitch = 0.15f * cosf(3 * t);
        faces.face[0].box_px.x = 100 + 60 * sinf(1.3f * t);
        faces.measures.eye_px = 80 * (1 + 0.2f * sinf(t));
        assert_int_equal(step(), BT_CHANGE_NONE);
        if (k % 60 == 0) bt_change_agree(&change);
    }
    assert_int_equal(step(), BT_CHANGE_NONE);
}

static void test_a_cut_is_sudden(void **state) {
    (void)state;
    for (uint64_t who = 2; who < 40; who++) {
        show(who, 1, 0.02f, who);
        assert_int_equal(step(), who == 2 ? BT_CHANGE_NONE : BT_CHANGE_SUDDEN);
        assert_int_equal(step(), BT_CHANGE_NONE);
    }
    /* As alike as can be but for the light: so is a lamp that is switched, which costs a look. */
    show(39, 1.5f, 0, 0);
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    /* The box jumps, or the size. */
    faces.face[0].box_px.x += 100;
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    faces.measures.eye_px *= 1.5f;
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    assert_int_equal(step(), BT_CHANGE_NONE);
}

static void test_out_of_sight(void **state) {
    (void)state;
    assert_int_equal(step(), BT_CHANGE_NONE);
    now_ns += INT64_C(500000000);
    assert_int_equal(step(), BT_CHANGE_SLOW);
    now_ns += INT64_C(3000000000);
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    now_ns -= INT64_C(1000000000);
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    faces.wearer = -1;
    assert_int_equal(step(), BT_CHANGE_NONE);
    faces.wearer = 0;
    show(7, 1, 0, 0);
    assert_int_equal(step(), BT_CHANGE_NONE); /* another face's first */
}

/* So slowly that no step shows it: measured from whom a look agreed to. */
static void test_a_slow_change(void **state) {
    (void)state;
    float from[CELLS], to[CELLS];
    for (int agrees = 0; agrees < 2; agrees++) {
        set_up(state);
        for (int i = 0; i < CELLS; i++) from[i] = faces.measures.cell[i];
        show(9, 1, 0, 0);
        for (int i = 0; i < CELLS; i++) to[i] = faces.measures.cell[i];
        int slow = 0;
        for (int k = 0; k <= 90; k++) {
            for (int i = 0; i < CELLS; i++) faces.measures.cell[i] = from[i] + (to[i] - from[i]) * (float)k / 90;
            const enum bt_change_sign sign = step();
            assert_int_not_equal(sign, BT_CHANGE_SUDDEN);
            slow += sign == BT_CHANGE_SLOW;
            if (k == 0 && agrees) bt_change_agree(&change);
        }
        assert_true(agrees ? slow > 10 : slow == 0);
    }
}

/* It looks aside: said before it is too far to be compared; and then a step must be larger. */
static void test_turning_away(void **state) {
    (void)state;
    (void)step();
    faces.measures.yaw = 0.25f;
    assert_true(bt_change_frontal(&faces.measures));
    assert_int_equal(step(), BT_CHANGE_SLOW);
    faces.measures.yaw = 0.5f;
    assert_false(bt_change_frontal(&faces.measures));
    assert_int_equal(step(), BT_CHANGE_SLOW);
    show(1, 1.2f, 0, 0);
    assert_int_equal(step(), BT_CHANGE_SLOW);
    show(2, 1.2f, 0, 0);
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
}

static void test_what_is_no_number_is_a_change(void **state) {
    (void)state;
    (void)step();
    faces.measures.cell[5] = NAN;
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    set_up(state);
    (void)step();
    faces.measures.eye_px = NAN;
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    set_up(state);
    (void)step();
    faces.face[0].box_px.w = INFINITY;
    assert_int_equal(step(), BT_CHANGE_SUDDEN);
    faces.measures.yaw = NAN;
    assert_false(bt_change_frontal(&faces.measures));
    for (int i = 0; i < CELLS; i++) faces.measures.cell[i] = 0; /* black, and flat */
    set_up(state);
    for (int i = 0; i < CELLS; i++) faces.measures.cell[i] = 0;
    (void)step();
    assert_int_equal(step(), BT_CHANGE_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_a_head_is_a_head, set_up),
        cmocka_unit_test_setup(test_a_cut_is_sudden, set_up),
        cmocka_unit_test_setup(test_out_of_sight, set_up),
        cmocka_unit_test_setup(test_a_slow_change, set_up),
        cmocka_unit_test_setup(test_turning_away, set_up),
        cmocka_unit_test_setup(test_what_is_no_number_is_a_change, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
