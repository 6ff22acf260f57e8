/* SPDX-License-Identifier: MIT */
#include "pipeline/track/smooth.h"
#include <math.h>
#include <string.h>

static const int64_t RESTART_NS = 500000000;

/* One-Euro (Casiez, Roussel, Vogel 2012): cut-off = mincut + beta x how far the filtered speed exceeds idle. The rise is
   steeper and the speed fresher than the paper begins with: heads start and stop within 100 ms, and a mask that trails behind
   shows more than one that trembles by a tenth of a pixel. `idle` is what tremble alone makes of the speed, so that it does not
   open its own filter. tests/unit/track_smooth.c has the figures. */
struct constants {
    float mincut_hz, beta, speed_hz, idle;
};
static const struct constants TURN = {1.5f, 12, 4, .12f}; /* rad/s */
static const struct constants SIZE = {1, 20, 3, .03f};    /* 1/s */
static const struct constants PLACE = {2, 4, 5, 1.5f};    /* cm/s */
static const struct constants SHAPE = {1.5f, 4, 5, .8f};  /* cm/s */
static const struct constants LID = {4, 6, 6, .8f};       /* at the eyes' rims: a blink is over in 200 ms */
static const struct constants IRIS = {3, 4, 4, 1};        /* a glance takes 30 ms */

void bt_track_smooth_init(struct bt_smooth *smooth) {
    memset(smooth, 0, sizeof *smooth);
}

static float share(float hz, float dt_s) {
    const float x = 6.2831853f * hz * dt_s;
    return x / (1 + x);
}

/* `unit`: how many of the samples' units are one of the constants'. */
static void filter(float *state, float *speed, const float *sample, uint32_t count, float dt_s, struct constants c,
                   float unit) {
    const float fresh = share(c.speed_hz, dt_s), beta = c.beta / unit, idle = c.idle * unit;
    for (uint32_t i = 0; i < count; i++) {
        speed[i] += fresh * ((sample[i] - state[i]) / dt_s - speed[i]);
        state[i] += share(c.mincut_hz + beta * fmaxf(fabsf(speed[i]) - idle, 0), dt_s) * (sample[i] - state[i]);
    }
}

/* Somewhere inside the head: a turn about it moves the place little. */
static struct bt_vec3 middle(const struct bt_vec3 *canonical) {
    struct bt_vec3 sum = {0, 0, 0};
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        sum.x += canonical[i].x;
        sum.y += canonical[i].y;
        sum.z += canonical[i].z;
    }
    return (struct bt_vec3){sum.x / BT_MESH_LANDMARKS, sum.y / BT_MESH_LANDMARKS, sum.z / BT_MESH_LANDMARKS};
}

/* Of the vectors that mean the same turn, the one nearest to `near`: they jump by a whole turn at half a turn. */
static void unwrap(float vector[3], const float near[3]) {
    const float angle = sqrtf(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]);
    if (angle < 1.5f) return;
    const float k = (angle - 6.2831853f) / angle;
    float there = 0, back = 0;
    for (uint32_t i = 0; i < 3; i++) {
        there += (vector[i] - near[i]) * (vector[i] - near[i]);
        back += (k * vector[i] - near[i]) * (k * vector[i] - near[i]);
    }
    for (uint32_t i = 0; i < 3 && back < there; i++) vector[i] *= k;
}

static float mix(float a, float b, float t) {
    return a + (b - a) * t;
}

static void filter_shape(struct bt_smooth *s, const float *sample, const float *lid_near, float dt_s) {
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        const float t = lid_near[i];
        const struct constants c = {mix(SHAPE.mincut_hz, LID.mincut_hz, t), mix(SHAPE.beta, LID.beta, t),
                                    mix(SHAPE.speed_hz, LID.speed_hz, t), mix(SHAPE.idle, LID.idle, t)};
        filter(s->shape + (size_t)3 * i, s->shape_d + (size_t)3 * i, sample + (size_t)3 * i, 3, dt_s, c, 1);
    }
    const size_t iris = (size_t)3 * BT_MESH_LANDMARKS;
    filter(s->shape + iris, s->shape_d + iris, sample + iris, 3 * (BT_LANDMARKS - BT_MESH_LANDMARKS), dt_s, IRIS, 1);
}

static float apart(const float *a, const float *b) {
    double sum = 0;
    for (size_t i = 0; i < (size_t)3 * BT_MESH_LANDMARKS; i++) sum += (double)(a[i] - b[i]) * (double)(a[i] - b[i]);
    return (float)sqrt(sum / BT_MESH_LANDMARKS);
}

void bt_track_smooth_step(struct bt_smooth *s, const struct bt_rig *rig, const struct bt_vec3 *raw, int64_t time_ns,
                          struct bt_vec3 *out) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    const struct bt_vec3 centre = middle(mesh->canonical);
    struct bt_pose pose;
    struct bt_vec3 shape[BT_LANDMARKS], place;
    if (!bt_pose_fit(rig, raw, mesh->canonical, &pose)) {
        memcpy(out, raw, BT_LANDMARKS * sizeof *out);
        s->started = false;
        return;
    }
    float sample[BT_LANDMARKS * 3], turn[3];
    bt_pose_normalise(&pose, raw, BT_LANDMARKS, shape);
    memcpy(sample, shape, sizeof sample);
    bt_rotation_to_vector(pose.rotation, turn);
    bt_pose_denormalise(&pose, &centre, 1, &place);
    const float size = logf(pose.scale), at[3] = {place.x, place.y, place.z};
    const int64_t gap_ns = time_ns - s->last_ns;
    if (!s->started || gap_ns < 0 || gap_ns > RESTART_NS) {
        bt_track_smooth_init(s);
        memcpy(s->turn, turn, sizeof turn);
        memcpy(s->place, at, sizeof at);
        memcpy(s->shape, sample, sizeof sample);
        s->size = size;
        s->started = true;
    } else if (gap_ns > 0) {
        const float dt_s = (float)gap_ns * 1e-9f;
        unwrap(turn, s->turn);
        filter(s->turn, s->turn_d, turn, 3, dt_s, TURN, 1);
        filter(&s->size, &s->size_d, &size, 1, dt_s, SIZE, 1);
        filter(s->place, s->place_d, at, 3, dt_s, PLACE, pose.scale);
        filter_shape(s, sample, mesh->lid_near, dt_s);
    }
    s->last_ns = time_ns;
    s->jitter = apart(sample, s->shape);

    struct bt_pose smooth = {.scale = expf(s->size)};
    bt_rotation_from_vector(s->turn, smooth.rotation);
    bt_pose_denormalise(&smooth, &centre, 1, &place); /* still about the frame's corner: what is missing is the way there */
    smooth.translation = (struct bt_vec3){s->place[0] - place.x, place.y - s->place[1], place.z - s->place[2]};
    memcpy(shape, s->shape, sizeof shape);
    bt_pose_denormalise(&smooth, shape, BT_LANDMARKS, out);
}
