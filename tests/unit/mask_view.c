/* SPDX-License-Identifier: MIT */
/* Heads drawn for counting errors: one person's pictures differ, what is theirs stays, and an expression moves what it should.
 */
#include "mask/view.h"
#include "support/cmocka.h"
#include "support/geometry_file.h"
#include <math.h>
#include <string.h>

enum { SIDE = 96 };
static struct bt_rig *rig;
static struct bt_mask *mask;

static int set_up(void **state) {
    (void)state;
    static uint8_t storage[GEOMETRY_FILE_MAX];
    assert_int_equal(bt_rig_create(NULL, geometry_file(storage), &rig), BT_OK);
    assert_int_equal(bt_mask_grow(rig, 7, "seven", &mask), BT_OK);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    bt_mask_destroy(&mask);
    bt_rig_destroy(&rig);
    return 0;
}

/* What is a person's own does not change from picture to picture; all else does, within a webcam's reach. */
static void draws_lots(void **state) {
    (void)state;
    double yaw = 0, yaw2 = 0, exposure = 0;
    enum { N = 400 };
    for (uint32_t i = 0; i < N; i++) {
        const struct bt_mask_view a = bt_mask_view_random(i, 0), b = bt_mask_view_random(i, 1),
                                  again = bt_mask_view_random(i, 0);
        assert_memory_equal(&a, &again, sizeof a);
        assert_true(a.hair_cm == b.hair_cm && a.hair_long == b.hair_long && a.yaw != b.yaw && a.key != b.key);
        assert_true(fabsf(a.yaw) <= .41f && fabsf(a.pitch) <= .31f && a.smile >= 0 && a.smile <= 1.2f && a.width_cm >= 28);
        yaw += a.yaw;
        yaw2 += a.yaw * a.yaw;
        exposure += log2(a.tint[1]);
    }
    assert_true(fabs(yaw / N) < .05 && fabs(sqrt(yaw2 / N) - .2) < .03 && fabs(exposure / N) < .1);
}

static float mouth_width(const struct bt_vec3 *v) {
    return v[291].x - v[61].x;
}

static void expresses(void **state) {
    (void)state;
    struct bt_mask_view view = bt_mask_view_plain();
    struct bt_vec3 rest[BT_RIG_VERTICES], moved[BT_RIG_VERTICES];
    bt_mask_express(rig, mask, &view, rest);
    assert_memory_equal(rest, mask->neutral, sizeof rest);
    view.smile = 1;
    bt_mask_express(rig, mask, &view, moved);
    assert_true(mouth_width(moved) > mouth_width(rest) + .8f && moved[61].y > rest[61].y + .3f);
    view = bt_mask_view_plain();
    view.open = 1; /* 13 and 14: the lips' middles inside; 152: the chin; 10: the forehead */
    bt_mask_express(rig, mask, &view, moved);
    assert_true(moved[13].y - moved[14].y > rest[13].y - rest[14].y + 1.4f && moved[152].y < rest[152].y - 1.4f);
    assert_true(fabsf(moved[10].y - rest[10].y) < .01f);
    view = bt_mask_view_plain();
    view.blink = 1; /* 159, 145: the middles of the lids */
    bt_mask_express(rig, mask, &view, moved);
    assert_true(fabsf(moved[159].y - moved[145].y) < .01f && rest[159].y - rest[145].y > .3f);
    view = bt_mask_view_plain();
    view.brow = 1;
    bt_mask_express(rig, mask, &view, moved);
    assert_true(moved[105].y > rest[105].y + .2f && fabsf(moved[152].y - rest[152].y) < .01f);
}

static void draw(const struct bt_mask_view *view, uint8_t *out) {
    assert_int_equal(bt_mask_draw(rig, mask, view, SIDE, out), BT_OK);
}

static double brightness(const uint8_t *rgb, uint32_t x0, uint32_t x1) {
    double sum = 0;
    for (uint32_t y = SIDE * 2 / 5; y < SIDE * 3 / 5; y++)
        for (uint32_t x = x0; x < x1; x++) sum += rgb[3 * (y * SIDE + x)];
    return sum / ((x1 - x0) * (SIDE / 5.));
}

static void draws(void **state) {
    (void)state;
    static uint8_t plain[SIDE * SIDE * 3], old[SIDE * SIDE * 3], other[SIDE * SIDE * 3];
    struct bt_mask_view view = bt_mask_view_plain();
    draw(&view, plain);
    assert_int_equal(bt_mask_render(rig, mask, SIDE, 0, 0, old), BT_OK);
    assert_memory_equal(plain, old, sizeof plain);
    view.light = (struct bt_vec3){-1, 0, .3f};
    draw(&view, other);
    assert_true(brightness(other, SIDE / 4, SIDE / 2) > brightness(other, SIDE / 2, SIDE * 3 / 4) + 20);
    for (uint32_t k = 0; k < 3; k++) view.tint[k] = .25f;
    draw(&view, old);
    assert_true(brightness(old, SIDE / 4, SIDE / 2) < .7 * brightness(other, SIDE / 4, SIDE / 2));
    view = bt_mask_view_plain(); /* hair on a wall of its own colour: the corner is the wall, above the brow is hair */
    view.hair_cm = 2;
    view.width_cm = 36;
    view.ground[2] = .5f;
    draw(&view, other);
    assert_true(other[2] > 150 && other[0] < 10);
    const uint8_t *crown = other + 3 * ((size_t)(SIDE / 5) * SIDE + SIDE / 2);
    assert_true(fabs((double)crown[2] - other[2]) > 40);
    view.width_cm = 0;
    assert_int_equal(bt_mask_draw(rig, mask, &view, SIDE, other), BT_E_ARGUMENT);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(draws_lots), cmocka_unit_test(expresses), cmocka_unit_test(draws)};
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
