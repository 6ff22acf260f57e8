/* SPDX-License-Identifier: MIT */
/* What the rig does over time: pose, and the driver's neutral. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "rig/exact.h"
#include "rig/neutral.h"
#include "rig/pose.h"
#include "support/brief.h"
#include "support/test_rig.h"

static float turn_between(const float a[9], const float b[9]) {
    float trace = 0.0f;
    for (uint32_t i = 0; i < 9; i++) trace += a[i] * b[i];
    return acosf(fminf(1.0f, fmaxf(-1.0f, 0.5f * (trace - 1.0f))));
}

static struct bt_pose some_pose(struct bt_rng *rng) {
    struct bt_pose pose = {.scale = bt_rng_uniform(rng, 5.0f, 60.0f)};
    const float vector[3] = {bt_rng_uniform(rng, -0.6f, 0.6f), bt_rng_uniform(rng, -1.0f, 1.0f),
                             bt_rng_uniform(rng, -0.8f, 0.8f)};
    bt_rotation_from_vector(vector, pose.rotation);
    pose.translation =
        (struct bt_vec3){bt_rng_uniform(rng, 0, 1280), bt_rng_uniform(rng, -720, 0), bt_rng_uniform(rng, -50, 50)};
    return pose;
}

static void test_procrustes_finds_known_poses(void **state) {
    (void)state;
    const struct bt_vec3 *canonical = bt_rig_mesh(rig)->canonical;
    struct bt_rng rng;
    bt_rng_init(&rng, 1, 1);
    for (uint32_t n = 0; n < test_brief(200, 10); n++) {
        const struct bt_pose truth = some_pose(&rng);
        struct bt_vec3 frame[BT_RIG_VERTICES], back[BT_RIG_VERTICES];
        bt_pose_denormalise(&truth, canonical, BT_RIG_VERTICES, frame);
        struct bt_pose found;
        assert_true(bt_pose_fit(rig, frame, canonical, &found));
        assert_true(fabsf(found.scale / truth.scale - 1.0f) < 1e-4f);
        assert_true(turn_between(found.rotation, truth.rotation) < 2e-3f);
        bt_pose_normalise(&found, frame, BT_RIG_VERTICES, back);
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
            assert_true(fabsf(back[v].x - canonical[v].x) + fabsf(back[v].y - canonical[v].y) +
                            fabsf(back[v].z - canonical[v].z) <
                        5e-3f);
        /* 1 % of the face's width of noise: less than 1.5 degrees. */
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
            frame[v].x += 0.15f * truth.scale * bt_rng_normal(&rng);
            frame[v].y += 0.15f * truth.scale * bt_rng_normal(&rng);
            frame[v].z += 0.15f * truth.scale * bt_rng_normal(&rng);
        }
        assert_true(bt_pose_fit(rig, frame, canonical, &found));
        assert_true(turn_between(found.rotation, truth.rotation) < 0.05f);
        assert_true(fabsf(found.scale / truth.scale - 1.0f) < 0.03f);
    }
}

static void test_degenerate_points_give_no_pose(void **state) {
    (void)state;
    struct bt_vec3 frame[BT_RIG_VERTICES] = {{0}};
    struct bt_pose pose = {.scale = 7.0f};
    assert_false(bt_pose_fit(rig, frame, bt_rig_mesh(rig)->canonical, &pose));
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) frame[v] = (struct bt_vec3){NAN, 0.0f, 0.0f};
    assert_false(bt_pose_fit(rig, frame, bt_rig_mesh(rig)->canonical, &pose));
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) frame[v] = (struct bt_vec3){(float)v, 0.0f, 0.0f}; /* a line */
    assert_false(bt_pose_fit(rig, frame, bt_rig_mesh(rig)->canonical, &pose));
    assert_true(pose.scale == 7.0f);
}

static void test_rotation_vectors(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 2, 1);
    for (uint32_t n = 0; n < 500; n++) {
        const float size = n < 20 ? 1e-5f : n < 40 ? 1.813f : 1.0f;
        float vector[3], again[3], r[9], q[9];
        for (uint32_t i = 0; i < 3; i++) vector[i] = size * bt_rng_uniform(&rng, -1.7f, 1.7f);
        bt_rotation_from_vector(vector, r);
        bt_rotation_to_vector(r, again);
        bt_rotation_from_vector(again, q);
        assert_true(turn_between(r, q) < 2e-3f);
    }
}

static void test_angles(void **state) {
    (void)state;
    struct bt_pose pose = {.scale = 1.0f};
    const float yaw[3] = {0.0f, 0.4f, 0.0f}, pitch[3] = {0.3f, 0.0f, 0.0f}, roll[3] = {0.0f, 0.0f, -0.2f};
    bt_rotation_from_vector(yaw, pose.rotation);
    assert_true(fabsf(bt_pose_angles(&pose).yaw - 0.4f) < 1e-5f);
    const struct bt_vec3 nose = {0.0f, 0.0f, 1.0f};
    struct bt_vec3 turned;
    bt_pose_turn(&pose, &nose, 1, &turned);
    assert_true(turned.x > 0.3f); /* to the picture's right */
    bt_rotation_from_vector(pitch, pose.rotation);
    assert_true(fabsf(bt_pose_angles(&pose).pitch - 0.3f) < 1e-5f);
    bt_pose_turn(&pose, &nose, 1, &turned);
    assert_true(turned.y < -0.2f); /* down */
    bt_rotation_from_vector(roll, pose.rotation);
    assert_true(fabsf(bt_pose_angles(&pose).roll - 0.2f) < 1e-5f);
}

/* A talking, smiling, blinking driver with a neutral of his own. */
static void driver(struct bt_rng *rng, float t, const struct bt_vec3 *neutral, struct bt_vec3 *out) {
    const struct bt_vec3 *c = bt_rig_mesh(rig)->canonical;
    const bool talking = fmodf(t, 7.0f) < 4.5f;
    const float open = talking ? 0.9f * fabsf(sinf(9.0f * t) * sinf(2.3f * t + 1.0f)) : 0.0f;
    const float smile = fmodf(t + 3.0f, 11.0f) < 3.0f ? sinf(3.14159f * fmodf(t + 3.0f, 11.0f) / 3.0f) : 0.0f;
    const float blink = fmodf(t, 3.7f) < 0.2f ? 1.0f : 0.0f, brow = fmodf(t, 9.0f) < 1.0f ? 0.6f : 0.0f;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        struct bt_vec3 p = neutral[v];
        const float low = bt_smoothstep(-c[v].y, 4.2f, 5.2f),
                    mouth = bt_bump(sqrtf(c[v].x * c[v].x / 4.0f + (c[v].y + 4.2f) * (c[v].y + 4.2f)), 2.0f);
        p.y -= open * low;
        p.x += smile * 0.45f * mouth * (c[v].x > 0.0f ? 1.0f : -1.0f) * bt_smoothstep(fabsf(c[v].x), 0.0f, 1.5f);
        p.y += smile * 0.35f * mouth * bt_smoothstep(fabsf(c[v].x), 0.5f, 2.5f);
        p.y += brow * bt_smoothstep(c[v].y, 3.6f, 4.6f);
        if (c[v].y > 2.62f) p.y -= blink * 0.5f * bt_rig_mesh(rig)->lid_near[v];
        p.x += 0.02f * bt_rng_normal(rng);
        p.y += 0.02f * bt_rng_normal(rng);
        p.z += 0.03f * bt_rng_normal(rng);
        out[v] = p;
    }
}

static float error_rms(const struct bt_vec3 *a, const struct bt_vec3 *b, float *out_worst) {
    float sum = 0.0f;
    *out_worst = 0.0f;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 d = bt_vec3_sub(a[v], b[v]);
        sum += bt_vec3_dot(d, d);
        *out_worst = fmaxf(*out_worst, sqrtf(bt_vec3_dot(d, d)));
    }
    return sqrtf(sum / BT_RIG_VERTICES);
}

static void test_neutral_converges_without_jumps(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    for (uint32_t person = 0; person < test_brief(3, 1); person++) {
        struct bt_rng rng;
        bt_rng_init(&rng, 10 + person, 1);
        struct bt_vec3 truth[BT_RIG_VERTICES], mesh[BT_RIG_VERTICES], before[BT_RIG_VERTICES];
        const float wide = bt_rng_uniform(&rng, 0.92f, 1.08f), long_ = bt_rng_uniform(&rng, 0.95f, 1.06f),
                    nose = bt_rng_uniform(&rng, -0.4f, 0.4f);
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
            const struct bt_vec3 p = m->closed[v];
            truth[v] = (struct bt_vec3){p.x * wide, p.y * long_, p.z + nose * bt_bump(fabsf(p.x) + fabsf(p.y), 2.0f)};
        }
        struct bt_neutral *neutral = NULL;
        assert_int_equal(bt_neutral_create(rig, &neutral), BT_OK);
        assert_memory_equal(bt_neutral_vertices(neutral), m->closed, sizeof(before));
        const float fps = person == 1 ? 60.0f : 25.0f;
        float worst, first = 0.0f, last = 0.0f, jump = 0.0f;
        const uint32_t frames = (uint32_t)(40.0f * fps);
        for (uint32_t n = 0; n < frames; n++) {
            const float t = (float)n / fps;
            driver(&rng, t, truth, mesh);
            memcpy(before, bt_neutral_vertices(neutral), sizeof(before));
            bt_neutral_step(neutral, mesh, 0.25f * sinf(0.7f * t), 0.1f, (int64_t)((double)n * 1e9 / (double)fps));
            float step;
            error_rms(before, bt_neutral_vertices(neutral), &step);
            if (n > 0) jump = fmaxf(jump, step);
            if (n == 0) first = error_rms(bt_neutral_vertices(neutral), truth, &worst);
            last = error_rms(bt_neutral_vertices(neutral), truth, &worst);
        }
        print_message("neutral: first frame %.3f cm, after 40 s %.3f cm (worst %.3f), largest step %.4f cm, confidence %.2f, "
                      "revisions %u\n",
                      (double)first, (double)last, (double)worst, (double)jump, (double)bt_neutral_confidence(neutral),
                      bt_neutral_revision(neutral));
        assert_true(last < 0.06f && worst < 0.2f);
        assert_true(jump <= 0.15f / fps + 1e-4f);
        assert_true(bt_neutral_confidence(neutral) > 0.7f);
        bt_neutral_destroy(&neutral);
        assert_null(neutral);
    }
}

static void test_neutral_forgets_and_ignores_nonsense(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    struct bt_neutral *neutral = NULL;
    assert_int_equal(bt_neutral_create(rig, &neutral), BT_OK);
    struct bt_vec3 mesh[BT_RIG_VERTICES];
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) mesh[v] = (struct bt_vec3){NAN, 0, 0};
    bt_neutral_step(neutral, mesh, 0.0f, 0.0f, 0);
    assert_memory_equal(bt_neutral_vertices(neutral), m->closed, sizeof(mesh));
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
        mesh[v] = (struct bt_vec3){1.2f * m->closed[v].x, m->closed[v].y, m->closed[v].z};
    for (uint32_t n = 0; n < 700; n++) bt_neutral_step(neutral, mesh, 0.0f, 0.0f, (int64_t)n * 40000000);
    assert_true(bt_neutral_vertices(neutral)[454].x > 1.15f * m->closed[454].x);
    const uint32_t revision = bt_neutral_revision(neutral);
    bt_neutral_reset(neutral);
    assert_true(bt_neutral_revision(neutral) > revision);
    assert_memory_equal(bt_neutral_vertices(neutral), m->closed, sizeof(mesh));
    bt_neutral_destroy(&neutral);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_procrustes_finds_known_poses),
        cmocka_unit_test(test_degenerate_points_give_no_pose),
        cmocka_unit_test(test_rotation_vectors),
        cmocka_unit_test(test_angles),
        cmocka_unit_test(test_neutral_converges_without_jumps),
        cmocka_unit_test(test_neutral_forgets_and_ignores_nonsense),
    };
    return cmocka_run_group_tests(tests, rig_set_up, rig_tear_down);
}
