/* SPDX-License-Identifier: MIT */
/* What is measured of a swap, on heads made of numbers: a bare face is caught, whatever codec and noise did to it and wherever
   the paint went; a mask is not taken for one; and what was changed by a known amount is measured as that. */
#include "app/evaluate_swap.h"
#include "base/rng.h"
#include "mask/view.h"
#include "support/cmocka.h"
#include "support/test_rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 256 };
struct head {
    struct bt_picture_rgb picture;
    struct bt_face face;
};

/* Somebody's head with the landmarks that a tracker without error would give. Irises: the middle of the eyes, moved by `gaze`
   of their width. */
static void make(uint32_t mask_index, float yaw, float gaze, struct head *out) {
    static const uint16_t corner[2][2] = {{33, 133}, {362, 263}};
    struct bt_mask *mask = NULL;
    struct bt_mask_view view = bt_mask_view_plain();
    struct bt_vec3 vertex[BT_LANDMARKS];
    view.yaw = yaw;
    view.width_cm = 34;
    view.hair_cm = 1.5f;
    for (int k = 0; k < 3; k++) view.ground[k] = .3f, view.clothes[k] = .1f;
    *out = (struct head){0};
    assert_int_equal(bt_mask_builtin_grow(rig, mask_index, &mask), BT_OK);
    assert_int_equal(bt_picture_create(SIDE, SIDE, &out->picture), BT_OK);
    assert_int_equal(bt_mask_draw(rig, mask, &view, SIDE, out->picture.rgb), BT_OK);
    bt_mask_express(rig, mask, &view, vertex);
    for (int e = 0; e < 2; e++)
        for (int k = 0; k < 5; k++) {
            const struct bt_vec3 a = vertex[corner[e][0]], b = vertex[corner[e][1]];
            vertex[BT_MESH_LANDMARKS + 5 * e + k] =
                (struct bt_vec3){(a.x + b.x) / 2 + gaze * hypotf(a.x - b.x, a.y - b.y), (a.y + b.y) / 2, (a.z + b.z) / 2};
        }
    const struct bt_pose pose = bt_mask_pose(&view, SIDE);
    bt_pose_denormalise(&pose, vertex, BT_LANDMARKS, out->face.landmark);
    memcpy(out->face.raw, out->face.landmark, sizeof out->face.raw);
    float x0 = SIDE, y0 = SIDE, x1 = 0, y1 = 0;
    for (int i = 0; i < BT_MESH_LANDMARKS; i++) {
        const struct bt_vec3 *p = &out->face.landmark[i];
        x0 = fminf(x0, p->x), x1 = fmaxf(x1, p->x), y0 = fminf(y0, p->y), y1 = fmaxf(y1, p->y);
    }
    out->face.box_px = (struct bt_rect){x0, y0, x1 - x0, y1 - y0};
    bt_mask_destroy(&mask);
}

/* What packing, noise of a sensor and the invisible mark do: a few codes either way. */
static void disturb(struct bt_picture_rgb *p, float deviation) {
    struct bt_rng rng;
    bt_rng_init(&rng, 7, 1);
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++) {
        const float v = (float)p->rgb[i] + deviation * bt_rng_normal(&rng);
        p->rgb[i] = (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v + .5f);
    }
}

static struct bt_swap_sample look(const struct head *in, const struct head *out, const struct bt_face *in_face,
                                  const struct bt_face *out_face) {
    struct bt_swap_look *l = NULL;
    struct bt_swap_sample s = {0};
    assert_int_equal(bt_swap_look_create(rig, &l), BT_OK);
    for (int k = 0; k < 3; k++) { /* jitter needs three frames */
        const struct bt_swap_pair pair = {&in->picture, &out->picture, in_face, out_face, {{200, 4, 50, 20}, {0, 0, 0, 0}}};
        bt_swap_look_at(l, &pair, &s);
    }
    bt_swap_look_destroy(&l);
    return s;
}

static void a_bare_face_is_caught(void **state) {
    struct head in, out, away;
    (void)state;
    make(0, .1f, 0, &in);
    make(0, .1f, 0, &out);
    away = in; /* the tracker is wrong by half a face */
    for (int i = 0; i < BT_LANDMARKS; i++) away.face.landmark[i].x += 60;
    disturb(&out.picture, 2);
    struct bt_swap_sample s = look(&in, &out, &in.face, &out.face);
    assert_true(s.leak);
    assert_true(s.value[BT_SWAP_UNCHANGED] > .9);
    assert_false(s.faded);
    assert_true(look(&in, &out, NULL, &out.face).leak); /* that the tracker saw nobody is no excuse */
    assert_true(look(&in, &out, &in.face, NULL).leak);
    /* Paint lies beside the face: what it covers is changed, the face is bare. */
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = (uint32_t)(in.face.box_px.x + in.face.box_px.w); x < SIDE; x++)
            out.picture.rgb[3 * (y * SIDE + x)] ^= 96;
    assert_true(look(&in, &out, &away.face, &out.face).leak);
    assert_false(look(&in, &out, NULL, NULL).leak);
    bt_picture_finish(&in.picture);
    bt_picture_finish(&out.picture);
}

static void a_mask_is_none(void **state) {
    (void)state;
    for (uint32_t m = 1; m < 4; m++) {
        struct head in, out;
        make(0, .1f, 0, &in);
        make(m, .1f, 0, &out);
        const struct bt_swap_sample s = look(&in, &out, &in.face, &out.face);
        assert_false(s.leak);
        assert_true(s.value[BT_SWAP_UNCHANGED] < .6);
        bt_picture_finish(&in.picture);
        bt_picture_finish(&out.picture);
    }
}

/* The same picture twice has no error at all; and a known change is measured as that. */
static void what_was_changed_is_measured(void **state) {
    struct head in, out;
    (void)state;
    make(2, 0, 0, &in);
    make(2, 0, 0, &out);
    struct bt_swap_sample s = look(&in, &out, &in.face, &out.face);
    assert_float_equal(s.value[BT_SWAP_POSE], 0, .05);
    assert_float_equal(s.value[BT_SWAP_GAZE], 0, .05);
    assert_float_equal(s.value[BT_SWAP_JITTER], 0, 1e-9);
    assert_float_equal(s.value[BT_SWAP_FLICKER], 0, 1e-9);
    assert_float_equal(s.value[BT_SWAP_SEAM], 0, 1e-9);
    assert_float_equal(s.value[BT_SWAP_NECK], 0, 1e-9);
    assert_true(s.value[BT_SWAP_SEAM_IN] > 1 && s.value[BT_SWAP_NECK_IN] > .5);
    /* Red for blue in the face, and only there: it stands off hair, neck and ground. */
    for (uint32_t y = 0; y < SIDE; y++)
        for (uint32_t x = 0; x < SIDE; x++) {
            const struct bt_rect *b = &in.face.box_px;
            const float u = ((float)x - b->x - b->w / 2) / (b->w / 2), v = ((float)y - b->y - b->h / 2) / (b->h / 2);
            uint8_t *p = out.picture.rgb + (size_t)3 * (y * SIDE + x), red = p[0];
            if (u * u + v * v >= 1) continue;
            p[0] = p[2];
            p[2] = red;
        }
    s = look(&in, &out, &in.face, &out.face);
    assert_true(s.value[BT_SWAP_SEAM] > 2);
    assert_true(s.value[BT_SWAP_NECK] > 5);
    bt_picture_finish(&out.picture);
    /* Turned by a tenth of a radian, 5.73 degrees; the eyes looking .1 of their width aside, asin(.1 / .4) = 14.48 degrees. */
    make(2, .1f, .1f, &out);
    s = look(&in, &out, &in.face, &out.face);
    assert_float_equal(s.value[BT_SWAP_POSE], 5.73, .3);
    assert_float_equal(s.value[BT_SWAP_GAZE], 14.48, 1.5);
    bt_picture_finish(&in.picture);
    bt_picture_finish(&out.picture);
}

/* Where the banner lies on the face, colours are of what it leaves free, and nothing is said of landmarks. */
static void what_is_covered_is_left_out(void **state) {
    struct head in, out;
    struct bt_swap_look *l = NULL;
    struct bt_swap_sample s = {0};
    (void)state;
    make(2, 0, 0, &in);
    make(2, 0, 0, &out);
    const struct bt_rect *b = &in.face.box_px;
    const uint32_t top = (uint32_t)(b->y + .6f * b->h), rows = 40;
    memset(out.picture.rgb + (size_t)3 * SIDE * top, 20, (size_t)3 * SIDE * rows);
    struct bt_swap_pair pair = {
        &in.picture, &out.picture, &in.face, &out.face, {{0, 0, 20, 10}, {0, (float)top, SIDE, (float)rows}}};
    assert_int_equal(bt_swap_look_create(rig, &l), BT_OK);
    bt_swap_look_at(l, &pair, &s);
    assert_true(s.covered && s.leak && isnan(s.value[BT_SWAP_POSE]));
    assert_true(fabs(s.value[BT_SWAP_SEAM]) < 1e-9 && s.value[BT_SWAP_UNCHANGED] > .999);
    pair.plate[1] = (struct bt_rect){0}; /* unknown, it is taken for paint */
    bt_swap_look_at(l, &pair, &s);
    assert_true(!s.covered && s.value[BT_SWAP_UNCHANGED] < .95 && fabs(s.value[BT_SWAP_SEAM]) > .1);
    bt_swap_look_destroy(&l);
    bt_picture_finish(&in.picture);
    bt_picture_finish(&out.picture);
}

/* Ground that changes as a whole is the way into the card. */
static void a_fade_is_seen(void **state) {
    struct head in, out;
    (void)state;
    make(1, 0, 0, &in);
    make(3, 0, 0, &out);
    for (size_t i = 0; i < (size_t)SIDE * SIDE * 3; i++) out.picture.rgb[i] /= 2;
    const struct bt_swap_sample s = look(&in, &out, &in.face, &out.face);
    assert_true(s.faded && isnan(s.value[BT_SWAP_SEAM]) && isnan(s.value[BT_SWAP_FLICKER]));
    assert_false(s.leak);
    bt_picture_finish(&in.picture);
    bt_picture_finish(&out.picture);
}

/* Only what moves off each face's own middle counts: a wider mouth by nature is no error, one that does not open is. */
static void expression_is_movement(void **state) {
    struct bt_swap_sample s[4];
    (void)state;
    memset(s, 0, sizeof s);
    for (int i = 0; i < 4; i++) {
        s[i].shape_in[BT_SWAP_OPEN] = i == 3 ? .4 : .1;
        s[i].shape_out[BT_SWAP_OPEN] = i == 3 ? .25 : .1;
        s[i].shape_in[BT_SWAP_WIDE] = .5;
        s[i].shape_out[BT_SWAP_WIDE] = .7;
    }
    assert_int_equal(bt_swap_expressions(s, 4), BT_OK);
    assert_float_equal(s[0].value[BT_SWAP_EXPRESSION], 0, 1e-12);
    assert_float_equal(s[3].value[BT_SWAP_EXPRESSION], .061237, 1e-5); /* .15 of one in six: .15 / sqrt(6) */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_bare_face_is_caught),        cmocka_unit_test(a_mask_is_none),
        cmocka_unit_test(what_was_changed_is_measured), cmocka_unit_test(a_fade_is_seen),
        cmocka_unit_test(what_is_covered_is_left_out),  cmocka_unit_test(expression_is_movement)};
    return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
