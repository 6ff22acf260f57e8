/* SPDX-License-Identifier: MIT */
#include "enroll/meter.h"

#include "rig/rig.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What counts as clearly done. Lengths are in outer-eye-corner distances (about 9 cm), face space. Chosen so that our footage,
   asked, measures 1.2 to 2.2 of each, and at rest below .4 (tests/golden/enroll_footage.c). */
static const float clear_yaw = 0.30f, clear_pitch = 0.17f;                        /* 17 and 10 degrees */
static const float clear_smile = 0.05f, clear_mouth = 0.10f, clear_brow = 0.035f; /* 4.5, 9 and 3 mm */
static const float clear_shut = 0.35f;                                            /* of the opening at rest is gone */

static const int64_t rest_ns = 1000000000;
static const float rest_yaw = 0.21f, rest_pitch = 0.35f; /* facing the camera; one on a laptop looks up at the face */
static const float rest_still = 0.07f;                   /* 4 degrees */

enum { RAW_YAW, RAW_PITCH, RAW_ROLL, RAW_GAP, RAW_WIDTH, RAW_BROW, RAW_LID_0, RAW_LID_1, RAW_EYE, RAW_COUNT };
enum { SAMPLES_LEAST = 10, SAMPLES_MOST = 256 };

struct bt_enroll_meter {
    const struct bt_rig *rig;
    bool rigid[BT_RIG_VERTICES]; /* hardly moved by any expression */
    bool known;
    uint32_t samples;
    int64_t first_ns, last_ns;
    float sample[RAW_COUNT][SAMPLES_MOST];
    float rest[RAW_COUNT];
    struct bt_vec2 sum[BT_RIG_VERTICES], flat[BT_RIG_VERTICES]; /* flat: the rest's landmarks, frame px */
};

bt_status bt_enroll_meter_create(const struct bt_rig *rig, struct bt_enroll_meter **out_meter) {
    struct bt_enroll_meter *meter = calloc(1, sizeof *meter);
    if (!meter) return BT_E_MEMORY;
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    meter->rig = rig;
    /* The jaw and all near lips, lids, brows and cheeks move: a picture whose mouth opens while it is turned must stay flat. */
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) meter->rigid[v] = mesh->settle[v] < 0.2f && mesh->canonical[v].y > -2.0f;
    *out_meter = meter;
    return BT_OK;
}

void bt_enroll_meter_destroy(struct bt_enroll_meter **meter) {
    if (*meter) explicit_bzero(*meter, sizeof **meter);
    free(*meter);
    *meter = NULL;
}

void bt_enroll_meter_reset(struct bt_enroll_meter *meter) {
    meter->known = false;
    meter->samples = 0;
    memset(meter->sum, 0, sizeof meter->sum);
}

static float between(const struct bt_vec3 *a, const struct bt_vec3 *b) {
    return sqrtf((a->x - b->x) * (a->x - b->x) + (a->y - b->y) * (a->y - b->y) + (a->z - b->z) * (a->z - b->z));
}

static float ring_height(const struct bt_vec3 *face, enum bt_rig_ring ring) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    float sum = 0;
    for (uint32_t i = 0; i < list.count; i++) sum += face[list.vertex[i]].y;
    return sum / (float)list.count;
}

/* Landmark numbers as in MediaPipe's canonical_face_model_uv_visualization.png. */
static bool raw_of(const struct bt_enroll_meter *meter, const struct bt_vec3 *landmark, float out[RAW_COUNT]) {
    struct bt_vec3 f[BT_RIG_VERTICES];
    struct bt_pose pose;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
        if (!isfinite(landmark[v].x) || !isfinite(landmark[v].y) || !isfinite(landmark[v].z)) return false;
    if (!bt_pose_fit(meter->rig, landmark, bt_rig_mesh(meter->rig)->canonical, &pose)) return false;
    bt_pose_normalise(&pose, landmark, BT_RIG_VERTICES, f);
    const struct bt_angles a = bt_pose_angles(&pose);
    const float eye = between(&f[33], &f[263]);
    if (!(eye > 1.0f)) return false; /* cm: no face */
    const float corners = (f[33].y + f[133].y + f[362].y + f[263].y) / 4;
    const float brows = (ring_height(f, BT_RIG_BROW_0_LOWER) + ring_height(f, BT_RIG_BROW_1_LOWER)) / 2;
    const float raw[RAW_COUNT] = {
        [RAW_YAW] = a.yaw,
        [RAW_PITCH] = a.pitch,
        [RAW_ROLL] = a.roll,
        [RAW_GAP] = between(&f[13], &f[14]) / eye,
        [RAW_WIDTH] = between(&f[61], &f[291]) / eye,
        [RAW_BROW] = (brows - corners) / eye,
        [RAW_LID_0] = between(&f[159], &f[145]) / eye,
        [RAW_LID_1] = between(&f[386], &f[374]) / eye,
        [RAW_EYE] = eye * pose.scale,
    };
    for (uint32_t i = 0; i < RAW_COUNT; i++) {
        if (!isfinite(raw[i])) return false;
        out[i] = raw[i];
    }
    return true;
}

static int by_value(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

/* Medians: a blink in that second changes nothing. */
static void settle(struct bt_enroll_meter *meter) {
    for (uint32_t i = 0; i < RAW_COUNT; i++) {
        qsort(meter->sample[i], meter->samples, sizeof(float), by_value);
        meter->rest[i] = meter->sample[i][meter->samples / 2];
    }
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        meter->flat[v].x = meter->sum[v].x / (float)meter->samples;
        meter->flat[v].y = meter->sum[v].y / (float)meter->samples;
    }
    meter->known = true;
}

bool bt_enroll_meter_rest(struct bt_enroll_meter *meter, const struct bt_vec3 *landmark, int64_t now_ns) {
    float raw[RAW_COUNT];
    if (meter->known) return true;
    if (!raw_of(meter, landmark, raw) || fabsf(raw[RAW_YAW]) > rest_yaw || fabsf(raw[RAW_PITCH]) > rest_pitch) {
        bt_enroll_meter_reset(meter);
        return false;
    }
    bool moved = meter->samples && now_ns < meter->last_ns;
    for (uint32_t i = RAW_YAW; meter->samples && i <= RAW_ROLL; i++) moved |= fabsf(raw[i] - meter->sample[i][0]) > rest_still;
    moved |= meter->samples && fabsf(raw[RAW_GAP] - meter->sample[RAW_GAP][0]) > clear_mouth / 2;
    moved |= meter->samples && fabsf(raw[RAW_WIDTH] - meter->sample[RAW_WIDTH][0]) > clear_smile;
    if (moved || meter->samples == SAMPLES_MOST) bt_enroll_meter_reset(meter);
    if (!meter->samples) meter->first_ns = now_ns;
    for (uint32_t i = 0; i < RAW_COUNT; i++) meter->sample[i][meter->samples] = raw[i];
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        meter->sum[v].x += landmark[v].x;
        meter->sum[v].y += landmark[v].y;
    }
    meter->samples++;
    meter->last_ns = now_ns;
    if (now_ns - meter->first_ns >= rest_ns && meter->samples >= SAMPLES_LEAST) settle(meter);
    return meter->known;
}

float bt_enroll_meter_progress(const struct bt_enroll_meter *meter) {
    if (meter->known) return 1;
    return meter->samples ? fminf(1, (float)(meter->last_ns - meter->first_ns) / (float)rest_ns) : 0;
}

bool bt_enroll_meter_read(const struct bt_enroll_meter *meter, const struct bt_vec3 *landmark,
                          struct bt_enroll_measure *out_measure) {
    float raw[RAW_COUNT];
    struct bt_vec2 flat[BT_RIG_VERTICES], centre = {0, 0};
    const float *rest = meter->rest;
    if (!meter->known || !raw_of(meter, landmark, raw)) return false;
    const float yaw = raw[RAW_YAW] - rest[RAW_YAW], pitch = raw[RAW_PITCH] - rest[RAW_PITCH];
    const float open_0 = raw[RAW_LID_0] / fmaxf(rest[RAW_LID_0], 1e-3f),
                open_1 = raw[RAW_LID_1] / fmaxf(rest[RAW_LID_1], 1e-3f);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        flat[v] = (struct bt_vec2){landmark[v].x, landmark[v].y};
        centre.x += flat[v].x / BT_RIG_VERTICES / rest[RAW_EYE];
        centre.y += flat[v].y / BT_RIG_VERTICES / rest[RAW_EYE];
    }
    struct bt_enroll_measure m = {
        .angles = {yaw, pitch, raw[RAW_ROLL] - rest[RAW_ROLL]},
        /* The picture is not mirrored: the person's left is the picture's right. */
        .sign = {[BT_TASK_LEFT] = yaw / clear_yaw,
                 [BT_TASK_RIGHT] = -yaw / clear_yaw,
                 [BT_TASK_UP] = -pitch / clear_pitch,
                 [BT_TASK_DOWN] = pitch / clear_pitch,
                 [BT_TASK_SMILE] = (raw[RAW_WIDTH] - rest[RAW_WIDTH]) / clear_smile,
                 [BT_TASK_MOUTH] = (raw[RAW_GAP] - rest[RAW_GAP]) / clear_mouth,
                 [BT_TASK_BROWS] = (raw[RAW_BROW] - rest[RAW_BROW]) / clear_brow,
                 [BT_TASK_EYES] = (1 - fmaxf(open_0, open_1)) / clear_shut},
        .turned = fabsf(yaw) >= BT_ENROLL_TURNED,
        .centre = centre,
        .eye_px = raw[RAW_EYE],
    };
    for (uint32_t i = 0; i < BT_TASK_COUNT; i++) m.sign[i] = fmaxf(0, m.sign[i]);
    m.residual = bt_enroll_residual(meter->flat, flat, meter->rigid, BT_RIG_VERTICES) / rest[RAW_EYE];
    if (m.turned) m.relief = m.residual / sinf(fabsf(yaw));
    if (!isfinite(m.relief) || !isfinite(centre.x) || !isfinite(centre.y)) return false;
    *out_measure = m;
    return true;
}

/* Least squares over centred points: a 2 x 2 map. What is left of a head is its relief times the sine of the turn (orthographic
   camera: x' = x cos + z sin, and x cos is affine). */
float bt_enroll_residual(const struct bt_vec2 *rest, const struct bt_vec2 *turned, const bool *use, uint32_t count) {
    double n = 0, ax = 0, ay = 0, bx = 0, by = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!use[i]) continue;
        n++;
        ax += (double)rest[i].x, ay += (double)rest[i].y;
        bx += (double)turned[i].x, by += (double)turned[i].y;
    }
    if (n < 4) return 0;
    double xx = 0, xy = 0, yy = 0, ux = 0, uy = 0, vx = 0, vy = 0, uu = 0, vv = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!use[i]) continue;
        const double x = (double)rest[i].x - ax / n, y = (double)rest[i].y - ay / n;
        const double u = (double)turned[i].x - bx / n, v = (double)turned[i].y - by / n;
        xx += x * x, xy += x * y, yy += y * y;
        ux += u * x, uy += u * y, vx += v * x, vy += v * y, uu += u * u, vv += v * v;
    }
    const double det = xx * yy - xy * xy;
    if (!(det > 1e-9)) return 0;
    const double a = (ux * yy - uy * xy) / det, b = (uy * xx - ux * xy) / det;
    const double c = (vx * yy - vy * xy) / det, d = (vy * xx - vx * xy) / det;
    const double left = fmax(0, uu - a * ux - b * uy) + fmax(0, vv - c * vx - d * vy);
    return (float)sqrt(left / n);
}
