/* SPDX-License-Identifier: MIT */
#include "rig/exact.h"
#include "rig/pose.h"
#include <math.h>
#include <string.h>

#define TWO_PI 6.2831853f
static const int64_t GAP_NS = 500000000; /* after half a second of nothing the old state says nothing */

/* Share of the new sample for a cut-off of `hz` (Casiez et al. 2012, eq. 5). */
static float share(float hz, float dt_s) {
    const float x = TWO_PI * hz * dt_s;
    return x / (1.0f + x);
}

static void one(float *state, float *derivative, float sample, float dt_s, float mincut_hz, float beta,
                float derivative_share) {
    *derivative += derivative_share * ((sample - *state) / dt_s - *derivative);
    *state += share(mincut_hz + beta * fabsf(*derivative), dt_s) * (sample - *state);
}

void bt_one_euro(float *state, float *derivative, const float *sample, uint32_t count, float dt_s, float mincut_hz, float beta,
                 float derivative_cutoff_hz) {
    const float d = share(derivative_cutoff_hz, dt_s);
    for (uint32_t i = 0; i < count; i++) one(&state[i], &derivative[i], sample[i], dt_s, mincut_hz, beta, d);
}

void bt_face_filter_init(struct bt_face_filter *filter) {
    memset(filter, 0, sizeof(*filter));
}

/* The same turn, written with the vector nearest to `near`: rotation vectors jump by a whole turn at half a turn. */
static void unwrap(float vector[3], const float near[3]) {
    const float angle = sqrtf(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]);
    if (angle < 1.5f) return;
    float there = 0.0f, back = 0.0f;
    const float k = (angle - TWO_PI) / angle;
    for (uint32_t i = 0; i < 3; i++) {
        there += (vector[i] - near[i]) * (vector[i] - near[i]);
        back += (k * vector[i] - near[i]) * (k * vector[i] - near[i]);
    }
    for (uint32_t i = 0; back < there && i < 3; i++) vector[i] *= k;
}

/* The mean of the canonical mesh: a point inside the head, so that a turn about it moves the translation little. */
static struct bt_vec3 middle(const struct bt_rig *rig) {
    struct bt_vec3 c = {0.0f, 0.0f, 0.0f};
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
        c = bt_vec3_add_scaled(c, bt_rig_mesh(rig)->canonical[v], 1.0f / BT_RIG_VERTICES);
    return c;
}

/* Where the middle of the face is, in centimetres by the filtered scale: constants then do not hang on how large the face is in
   the frame, and noise of the scale does not move it. */
static void middle_cm(const struct bt_pose *pose, struct bt_vec3 turned, float scale, float out_place[3]) {
    out_place[0] = (pose->scale * turned.x + pose->translation.x) / scale;
    out_place[1] = (pose->scale * turned.y + pose->translation.y) / scale;
    out_place[2] = (pose->scale * turned.z + pose->translation.z) / scale;
}

bool bt_face_filter_step(struct bt_face_filter *f, const struct bt_rig *rig, const struct bt_vec3 *frame_points,
                         const struct bt_vec3 *reference, int64_t time_ns, struct bt_pose *out_pose, struct bt_vec3 *out_mesh) {
    struct bt_pose pose;
    if (!bt_pose_fit(rig, frame_points, reference, &pose)) return false;
    struct bt_vec3 mesh[BT_RIG_VERTICES], c = middle(rig), turned;
    bt_pose_normalise(&pose, frame_points, BT_RIG_VERTICES, mesh);
    bt_pose_turn(&pose, &c, 1, &turned);
    const float log_scale = logf(pose.scale);
    float vector[3];
    bt_rotation_to_vector(pose.rotation, vector);

    const int64_t gap_ns = time_ns - f->last_ns;
    if (!f->started || gap_ns < 0 || gap_ns > GAP_NS) {
        bt_face_filter_init(f);
        memcpy(f->rotation, vector, sizeof(vector));
        f->scale = log_scale;
        middle_cm(&pose, turned, pose.scale, f->place);
        memcpy(f->mesh, mesh, sizeof(f->mesh));
        f->started = true;
    } else if (gap_ns > 0) {
        const float dt = (float)gap_ns * 1e-9f, d = share(1.0f, dt), *sample = &mesh[0].x, *lid = bt_rig_mesh(rig)->lid_near;
        unwrap(vector, f->rotation);
        bt_one_euro(f->rotation, f->rotation_d, vector, 3, dt, 1.5f, 6.0f, 1.0f);
        bt_one_euro(&f->scale, &f->scale_d, &log_scale, 1, dt, 1.0f, 4.0f, 1.0f);
        float place[3];
        middle_cm(&pose, turned, expf(f->scale), place);
        bt_one_euro(f->place, f->place_d, place, 3, dt, 2.0f, 1.5f, 1.0f);
        for (uint32_t i = 0; i < BT_RIG_VERTICES * 3; i++)
            one(&f->mesh[i], &f->mesh_d[i], sample[i], dt, 1.2f + 3.0f * lid[i / 3], 1.5f + 2.0f * lid[i / 3], d);
    }
    f->last_ns = time_ns;

    struct bt_pose out = {.scale = expf(f->scale)};
    bt_rotation_from_vector(f->rotation, out.rotation);
    bt_pose_turn(&out, &c, 1, &turned);
    out.translation = (struct bt_vec3){out.scale * (f->place[0] - turned.x), out.scale * (f->place[1] - turned.y),
                                       out.scale * (f->place[2] - turned.z)};
    *out_pose = out;
    memcpy(out_mesh, f->mesh, sizeof(f->mesh));
    return true;
}
