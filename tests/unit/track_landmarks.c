/* SPDX-License-Identifier: MIT */
/* Regions, refinement and the list of followed faces, without a GPU. */
#include "base/rng.h"
#include "pipeline/track/follow.h"
#include "support/track_face.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void letterbox_keeps_aspect_and_centre(void **state) {
    (void)state;
    const uint32_t size[][4] = {
        {1280, 720, 192, 192}, {720, 1280, 256, 144}, {640, 480, 256, 144}, {1, 1, 192, 192}, {16, 16, 256, 144}};
    for (uint32_t i = 0; i < BT_COUNT(size); i++) {
        const float w = (float)size[i][0], h = (float)size[i][1], nw = (float)size[i][2], nh = (float)size[i][3];
        const struct bt_affine a = bt_track_roi_letterbox(size[i][0], size[i][1], size[i][2], size[i][3]);
        const struct bt_vec2 c = bt_affine_apply(&a, (struct bt_vec2){nw / 2, nh / 2});
        const struct bt_vec2 p = bt_affine_apply(&a, (struct bt_vec2){0, 0}), q = bt_affine_apply(&a, (struct bt_vec2){nw, nh});
        assert_float_equal(c.x, w / 2, 1e-3f);
        assert_float_equal(c.y, h / 2, 1e-3f);
        assert_float_equal(a.m[0], a.m[4], 0);
        assert_true(p.x <= 1e-3f && p.y <= 1e-3f && q.x >= w - 1e-3f && q.y >= h - 1e-3f); /* all of it is inside */
        assert_true(fabsf(p.x) < 1e-3f || fabsf(p.y) < 1e-3f);                             /* and fills one way */
    }
}

static void regions_are_centred_turned_and_half_as_large_again(void **state) {
    (void)state;
    const struct bt_rect box = {100, 50, 80, 60};
    const struct bt_roi r = bt_track_roi_from_detection(box, (struct bt_vec2){110, 60}, (struct bt_vec2){150, 100});
    assert_float_equal(r.centre_px.x, 140, 1e-4f);
    assert_float_equal(r.centre_px.y, 80, 1e-4f);
    assert_float_equal(r.size_px, 120, 1e-4f);
    assert_float_equal(r.angle_rad, 3.14159265f / 4, 1e-5f);
    const struct bt_affine a = bt_track_roi_frame_from_crop(&r);
    const struct bt_vec2 c = bt_affine_apply(&a, (struct bt_vec2){96, 96});
    assert_float_equal(c.x, 140, 1e-3f);
    assert_float_equal(c.y, 80, 1e-3f);
    /* The crop's x axis runs along the eyes. */
    const struct bt_vec2 right = bt_affine_apply(&a, (struct bt_vec2){192, 96});
    assert_float_equal(right.x - c.x, 60 * cosf(r.angle_rad), 1e-3f);
    assert_float_equal(right.y - c.y, 60 * sinf(r.angle_rad), 1e-3f);
}

static void absurd_regions_are_refused(void **state) {
    (void)state;
    const struct bt_roi good = {{320, 240}, 200, .3f};
    assert_true(bt_track_roi_sane(&good, 640, 480));
    const struct bt_roi bad[] = {{{NAN, 240}, 200, 0},   {{320, INFINITY}, 200, 0}, {{320, 240}, NAN, 0},
                                 {{320, 240}, 0, 0},     {{320, 240}, -5, 0},       {{320, 240}, 3, 0},
                                 {{320, 240}, 1e6f, 0},  {{-4000, 240}, 200, 0},    {{320, 9000}, 200, 0},
                                 {{320, 240}, 200, NAN}, {{320, 240}, INFINITY, 0}};
    for (uint32_t i = 0; i < BT_COUNT(bad); i++) assert_false(bt_track_roi_sane(&bad[i], 640, 480));
}

static void refined_points_replace_the_mesh(void **state) {
    (void)state;
    struct track_face f;
    struct bt_vec3 out[BT_LANDMARKS];
    track_face_flat(&f);
    const struct bt_affine turned = bt_affine_crop((struct bt_vec2){300, 200}, 384, .5f, 192);
    const struct bt_mesh_outputs o = track_face_outputs(&f);
    bt_track_refine_landmarks(&o, &turned, out);
    const struct {
        uint32_t landmark;
        const float *xy;
        uint32_t index;
    } want[] = {{61, f.lips, 0},       {407, f.lips, 79},      {0, f.lips, 15},        {33, f.left_eye, 0},
                {193, f.left_eye, 70}, {263, f.right_eye, 0},  {417, f.right_eye, 70}, {468, f.left_iris, 0},
                {472, f.left_iris, 4}, {473, f.right_iris, 0}, {477, f.right_iris, 4}};
    for (uint32_t i = 0; i < BT_COUNT(want); i++) {
        const float *xy = want[i].xy + (size_t)2 * want[i].index;
        const struct bt_vec2 p = bt_affine_apply(&turned, (struct bt_vec2){xy[0], xy[1]});
        assert_float_equal(out[want[i].landmark].x, p.x, 1e-3f);
        assert_float_equal(out[want[i].landmark].y, p.y, 1e-3f);
    }
    /* Nothing refines the nose's tip; z is the mesh's everywhere, at twice the crop's scale here. */
    const struct bt_vec2 tip = bt_affine_apply(&turned, (struct bt_vec2){f.mesh[12], f.mesh[13]});
    assert_float_equal(out[4].x, tip.x, 1e-3f);
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) assert_float_equal(out[i].z, 2 * f.mesh[3 * i + 2], 1e-3f);
    const uint32_t contour[] = {33, 7, 163, 144, 145, 153, 154, 155, 133, 246, 161, 160, 159, 158, 157, 173};
    float z = 0;
    for (uint32_t i = 0; i < BT_COUNT(contour); i++) z += out[contour[i]].z / 16;
    for (uint32_t i = 468; i < 473; i++) assert_float_equal(out[i].z, z, 1e-3f);
}

static struct bt_detection detection(float x, float y, float size) {
    return (struct bt_detection){.score = .9f,
                                 .box_px = {x - size / 2, y - size / 2, size, size},
                                 .keypoint = {{x - size / 4, y - size / 8}, {x + size / 4, y - size / 8}}};
}

static struct bt_look look(const struct track_face *f, float flag, int64_t time_ns) {
    return (struct bt_look){.outputs = track_face_outputs(f), .flag_logit = flag, .time_ns = time_ns};
}

static void a_face_is_followed_until_the_flag_falls(void **state) {
    struct bt_follow *follow = *state;
    struct track_face f;
    track_face_of(&f, follow->rig, 5);
    bt_track_follow_init(follow, follow->rig, 640, 480);
    const struct bt_detection d = detection(300, 200, 120);
    const int32_t slot = bt_track_follow_add(follow, &d);
    assert_int_equal(slot, 0);
    assert_int_equal(follow->slot[0].face.id, 1);
    struct bt_look l = look(&f, 4, 1000000);
    assert_true(bt_track_follow_take(follow, 0, &l));
    assert_int_equal(bt_track_follow_count(follow), 1);
    assert_float_equal(follow->slot[0].face.confidence, 1 / (1 + expf(-4)), 1e-5f);
    for (uint32_t i = 0; i < BT_LANDMARKS; i++) /* the first look is not filtered */
        assert_float_equal(follow->slot[0].face.landmark[i].x, follow->slot[0].face.raw[i].x, .02f);
    /* The detector's smaller box is the same face; one elsewhere is not. */
    const struct bt_detection same = detection(305, 210, 60), elsewhere = detection(500, 200, 100);
    assert_int_equal(bt_track_follow_match(follow, &same), 0);
    assert_int_equal(bt_track_follow_match(follow, &elsewhere), -1);
    l.flag_logit = -.1f;
    assert_false(bt_track_follow_take(follow, 0, &l));
    assert_int_equal(bt_track_follow_count(follow), 0);
    bt_track_follow_tidy(follow, 1);
    assert_int_equal(bt_track_follow_find(follow, 1), -1);
    assert_int_equal(bt_track_follow_add(follow, &d), 0);
    assert_int_equal(follow->slot[0].face.id, 2); /* an id is never used again */
}

static void nonsense_from_the_net_is_a_lost_face(void **state) {
    struct bt_follow *follow = *state;
    for (uint32_t kind = 0; kind < 6; kind++) {
        struct track_face f;
        track_face_of(&f, follow->rig, 5);
        bt_track_follow_init(follow, follow->rig, 640, 480);
        const struct bt_detection d = detection(300, 200, 120);
        assert_int_equal(bt_track_follow_add(follow, &d), 0);
        struct bt_look l = look(&f, 4, 1000000);
        if (kind == 0) l.flag_logit = NAN;
        if (kind == 1) f.mesh[12] = NAN;
        if (kind == 2) f.left_iris[3] = INFINITY;
        if (kind == 3) memset(f.mesh, 0, sizeof f.mesh), memset(&f.lips, 0, sizeof f - sizeof f.mesh); /* one point */
        if (kind == 4)
            for (uint32_t i = 0; i < BT_COUNT(f.mesh); i++) f.mesh[i] += 1e5f; /* far away */
        if (kind == 5)
            for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) f.mesh[3 * i] *= 40; /* 40 times as wide as high */
        assert_false(bt_track_follow_take(follow, 0, &l));
        assert_true(follow->slot[0].lost);
    }
}

static void four_faces_and_no_more(void **state) {
    struct bt_follow *follow = *state;
    bt_track_follow_init(follow, follow->rig, 640, 480);
    for (uint32_t i = 0; i < 6; i++) {
        const struct bt_detection d = detection(60 + 100 * (float)i, 200, 80);
        assert_int_equal(bt_track_follow_add(follow, &d), i < BT_FACES_MAX ? (int32_t)i : -1);
    }
    /* Two that came to lie on one face: the younger goes, unless it is the wearer's. */
    follow->slot[3].face.box_px = follow->slot[1].face.box_px;
    bt_track_follow_tidy(follow, 1);
    assert_true(follow->slot[1].used);
    assert_false(follow->slot[3].used);
    follow->slot[2].face.box_px = follow->slot[0].face.box_px;
    bt_track_follow_tidy(follow, 3);
    assert_false(follow->slot[0].used);
    assert_true(follow->slot[2].used);
    struct bt_detection bad = detection(60, 60, 80);
    bad.box_px.w = NAN;
    assert_int_equal(bt_track_follow_add(follow, &bad), -1);
    bad = detection(-5000, 60, 80);
    assert_int_equal(bt_track_follow_add(follow, &bad), -1);
}

static int set_up(void **state) {
    struct bt_follow *follow = calloc(1, sizeof *follow);
    assert_non_null(follow);
    follow->rig = track_rig_open();
    *state = follow;
    return 0;
}

static int tear_down(void **state) {
    struct bt_follow *follow = *state;
    struct bt_rig *rig = (struct bt_rig *)(uintptr_t)follow->rig;
    bt_rig_destroy(&rig);
    free(follow);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(letterbox_keeps_aspect_and_centre),
        cmocka_unit_test(regions_are_centred_turned_and_half_as_large_again),
        cmocka_unit_test(absurd_regions_are_refused),
        cmocka_unit_test(refined_points_replace_the_mesh),
        cmocka_unit_test(a_face_is_followed_until_the_flag_falls),
        cmocka_unit_test(nonsense_from_the_net_is_a_lost_face),
        cmocka_unit_test(four_faces_and_no_more),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
