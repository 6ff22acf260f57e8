/* SPDX-License-Identifier: MIT */
#include "pipeline/track/wearer.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { W = 1280, H = 720 };
static const int64_t FRAME_NS = 33333333;

static struct bt_rect at(float x, float y, float size) {
    return (struct bt_rect){x - size / 2, y - size / 2, size, size};
}

static void first_is_the_most_prominent(void **state) {
    (void)state;
    struct bt_wearer w = {0};
    const struct bt_wearer_candidate c[] = {{1, at(100, 100, 180)}, {2, at(640, 360, 200)}, {3, at(1200, 600, 210)}};
    assert_int_equal(bt_track_wearer_elect(&w, c, 0, W, H, 0), -1);
    assert_int_equal(bt_track_wearer_elect(&w, c, 3, W, H, 0), 1);
    assert_int_equal(w.id, 2);
}

static void a_slightly_larger_face_changes_nothing(void **state) {
    (void)state;
    struct bt_wearer w = {0};
    for (int i = 0; i < 300; i++) {
        const struct bt_wearer_candidate c[] = {{9, at(700, 360, i < 5 ? 1 : 240)}, {4, at(500, 360, 200)}};
        assert_int_equal(bt_track_wearer_elect(&w, c, 2, W, H, i * FRAME_NS), 1);
    }
}

static void a_passer_by_never_takes_over(void **state) {
    (void)state;
    struct bt_wearer w = {0};
    for (int i = 0; i < 300; i++) {
        const int step = (i + 50) % 100; /* large for 1.3 s, then gone for 2 s */
        const struct bt_wearer_candidate c[] = {{4, at(500, 360, 200)}, {9, at(640, 360, 420)}};
        assert_int_equal(bt_track_wearer_elect(&w, c, step < 40 ? 2 : 1, W, H, i * FRAME_NS), 0);
    }
}

static void a_far_more_prominent_face_takes_over_in_the_end(void **state) {
    (void)state;
    struct bt_wearer w = {0};
    const struct bt_wearer_candidate c[] = {{4, at(1100, 100, 80)}, {9, at(640, 360, 300)}};
    assert_int_equal(bt_track_wearer_elect(&w, c, 1, W, H, 0), 0);
    int changed = -1;
    for (int i = 1; i < 100; i++) {
        const int32_t who = bt_track_wearer_elect(&w, c, 2, W, H, i * FRAME_NS);
        if (who == 1 && changed < 0) changed = i;
        if (changed >= 0) assert_int_equal(who, 1);
    }
    assert_in_range(changed, 44, 48); /* 1.5 s */
}

static void lost_then_back_in_place(void **state) {
    (void)state;
    struct bt_wearer w = {0};
    const struct bt_wearer_candidate mine = {4, at(500, 360, 200)}, back = {10, at(560, 380, 190)},
                                     other = {9, at(1000, 360, 200)};
    assert_int_equal(bt_track_wearer_elect(&w, &mine, 1, W, H, 0), 0);
    assert_int_equal(bt_track_wearer_elect(&w, &other, 1, W, H, FRAME_NS), -1); /* never jumps to a bystander */
    assert_int_equal(w.id, 0);
    const struct bt_wearer_candidate both[] = {other, back};
    assert_int_equal(bt_track_wearer_elect(&w, both, 2, W, H, 2 * FRAME_NS), 1);
    assert_int_equal(w.id, 10);
}

static void lost_for_good(void **state) {
    (void)state;
    struct bt_wearer w = {0};
    const struct bt_wearer_candidate mine = {4, at(500, 360, 200)}, other = {9, at(1000, 360, 200)};
    assert_int_equal(bt_track_wearer_elect(&w, &mine, 1, W, H, 0), 0);
    for (int i = 1; i < 30; i++) assert_int_equal(bt_track_wearer_elect(&w, &other, 1, W, H, i * FRAME_NS), -1);
    assert_int_equal(bt_track_wearer_elect(&w, &other, 1, W, H, 31 * FRAME_NS), 0); /* a second has gone by */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_is_the_most_prominent),  cmocka_unit_test(a_slightly_larger_face_changes_nothing),
        cmocka_unit_test(a_passer_by_never_takes_over), cmocka_unit_test(a_far_more_prominent_face_takes_over_in_the_end),
        cmocka_unit_test(lost_then_back_in_place),      cmocka_unit_test(lost_for_good),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
