/* SPDX-License-Identifier: MIT */
#include "rig/pose.h"
#include "rig/exact.h"
#include <math.h>
#include <string.h>

/* Eigenvectors of a symmetric 3 x 3 matrix, by cyclic Jacobi rotations (Golub and Van Loan, 8.5). Columns of out_v; largest
 * first. */
static void eigen3(double a[3][3], double out_value[3], double out_v[3][3]) {
    double v[3][3] = {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}};
    for (uint32_t sweep = 0; sweep < 24; sweep++) {
        for (uint32_t p = 0; p < 2; p++) {
            for (uint32_t q = p + 1; q < 3; q++) {
                if (fabs(a[p][q]) < 1e-300) continue;
                const double theta = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
                const double t = (theta < 0 ? -1.0 : 1.0) / (fabs(theta) + sqrt(theta * theta + 1.0));
                const double c = 1.0 / sqrt(t * t + 1.0), s = t * c;
                for (uint32_t k = 0; k < 3; k++) {
                    const double x = a[k][p], y = a[k][q];
                    a[k][p] = c * x - s * y;
                    a[k][q] = s * x + c * y;
                }
                for (uint32_t k = 0; k < 3; k++) {
                    const double x = a[p][k], y = a[q][k];
                    a[p][k] = c * x - s * y;
                    a[q][k] = s * x + c * y;
                }
                for (uint32_t k = 0; k < 3; k++) {
                    const double x = v[k][p], y = v[k][q];
                    v[k][p] = c * x - s * y;
                    v[k][q] = s * x + c * y;
                }
            }
        }
    }
    uint32_t order[3] = {0, 1, 2};
    for (uint32_t i = 0; i < 2; i++) {
        for (uint32_t k = 0; k < 2 - i; k++) {
            if (a[order[k]][order[k]] >= a[order[k + 1]][order[k + 1]]) continue;
            const uint32_t swap = order[k];
            order[k] = order[k + 1];
            order[k + 1] = swap;
        }
    }
    for (uint32_t c = 0; c < 3; c++) {
        out_value[c] = a[order[c]][order[c]];
        for (uint32_t r = 0; r < 3; r++) out_v[r][c] = v[r][order[c]];
    }
}

/* The rotation that maximises trace(R^T H), and that trace. H = U D V^T from the eigenvectors of H^T H; the third column of U
   and V is completed by a cross product, which makes both proper and needs no third singular value. */
static bool nearest(double h[3][3], double out_r[3][3], double *out_trace) {
    double hth[3][3], value[3], v[3][3], u[3][3];
    for (uint32_t i = 0; i < 3; i++)
        for (uint32_t k = 0; k < 3; k++) hth[i][k] = h[0][i] * h[0][k] + h[1][i] * h[1][k] + h[2][i] * h[2][k];
    eigen3(hth, value, v);
    if (!(value[0] > 0.0) || !(value[1] > 1e-12 * value[0])) return false;
    for (uint32_t c = 0; c < 2; c++) {
        double length = 0.0;
        for (uint32_t r = 0; r < 3; r++) {
            u[r][c] = h[r][0] * v[0][c] + h[r][1] * v[1][c] + h[r][2] * v[2][c];
            if (c == 1) u[r][1] /= sqrt(value[1]);
        }
        if (c == 1) { /* orthogonal to the first, against rounding */
            const double dot = u[0][0] * u[0][1] + u[1][0] * u[1][1] + u[2][0] * u[2][1];
            for (uint32_t r = 0; r < 3; r++) u[r][1] -= dot * u[r][0];
        }
        for (uint32_t r = 0; r < 3; r++) length += u[r][c] * u[r][c];
        if (!(length > 0.0)) return false;
        for (uint32_t r = 0; r < 3; r++) u[r][c] /= sqrt(length);
    }
    for (uint32_t r = 0; r < 3; r++) {
        const uint32_t a = (r + 1) % 3, b = (r + 2) % 3;
        u[r][2] = u[a][0] * u[b][1] - u[b][0] * u[a][1];
        v[r][2] = v[a][0] * v[b][1] - v[b][0] * v[a][1];
    }
    double trace = 0.0;
    for (uint32_t r = 0; r < 3; r++) {
        for (uint32_t c = 0; c < 3; c++) {
            out_r[r][c] = u[r][0] * v[c][0] + u[r][1] * v[c][1] + u[r][2] * v[c][2];
            trace += out_r[r][c] * h[r][c];
        }
    }
    *out_trace = trace;
    return true;
}

bool bt_pose_fit(const struct bt_rig *rig, const struct bt_vec3 *frame_points, const struct bt_vec3 *reference,
                 struct bt_pose *out_pose) {
    const float *w = bt_rig_mesh(rig)->anchor;
    double mp[3] = {0}, mq[3] = {0}, h[3][3] = {{0}}, spread = 0.0, r[3][3], trace;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        if (w[v] <= 0.0f) continue;
        const double p[3] = {(double)reference[v].x, (double)reference[v].y, (double)reference[v].z};
        const double q[3] = {(double)frame_points[v].x, -(double)frame_points[v].y, -(double)frame_points[v].z};
        for (uint32_t i = 0; i < 3; i++) {
            mp[i] += (double)w[v] * p[i];
            mq[i] += (double)w[v] * q[i];
        }
    }
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        if (w[v] <= 0.0f) continue;
        const double a[3] = {(double)reference[v].x - mp[0], (double)reference[v].y - mp[1], (double)reference[v].z - mp[2]};
        const double b[3] = {(double)frame_points[v].x - mq[0], -(double)frame_points[v].y - mq[1],
                             -(double)frame_points[v].z - mq[2]};
        for (uint32_t i = 0; i < 3; i++) {
            spread += (double)w[v] * a[i] * a[i];
            for (uint32_t k = 0; k < 3; k++) h[i][k] += (double)w[v] * b[i] * a[k];
        }
    }
    if (!isfinite(spread) || !(spread > 1e-9) || !nearest(h, r, &trace)) return false;
    const double scale = trace / spread;
    if (!(scale > 1e-6) || !isfinite(scale)) return false;
    struct bt_pose pose = {.scale = (float)scale};
    for (uint32_t i = 0; i < 9; i++) pose.rotation[i] = (float)r[i / 3][i % 3];
    float *t[3] = {&pose.translation.x, &pose.translation.y, &pose.translation.z};
    for (uint32_t i = 0; i < 3; i++) *t[i] = (float)(mq[i] - scale * (r[i][0] * mp[0] + r[i][1] * mp[1] + r[i][2] * mp[2]));
    *out_pose = pose;
    return true;
}

void bt_pose_normalise(const struct bt_pose *pose, const struct bt_vec3 *frame_points, uint32_t count,
                       struct bt_vec3 *out_face) {
    const float *r = pose->rotation, inverse = 1.0f / pose->scale;
    for (uint32_t v = 0; v < count; v++) {
        const float x = (frame_points[v].x - pose->translation.x) * inverse;
        const float y = (-frame_points[v].y - pose->translation.y) * inverse;
        const float z = (-frame_points[v].z - pose->translation.z) * inverse;
        out_face[v] =
            (struct bt_vec3){r[0] * x + r[3] * y + r[6] * z, r[1] * x + r[4] * y + r[7] * z, r[2] * x + r[5] * y + r[8] * z};
    }
}

void bt_pose_turn(const struct bt_pose *pose, const struct bt_vec3 *directions, uint32_t count, struct bt_vec3 *out) {
    const float *r = pose->rotation;
    for (uint32_t v = 0; v < count; v++) {
        const struct bt_vec3 d = directions[v];
        out[v] = (struct bt_vec3){r[0] * d.x + r[1] * d.y + r[2] * d.z, r[3] * d.x + r[4] * d.y + r[5] * d.z,
                                  r[6] * d.x + r[7] * d.y + r[8] * d.z};
    }
}

void bt_pose_denormalise(const struct bt_pose *pose, const struct bt_vec3 *face, uint32_t count, struct bt_vec3 *out_frame) {
    bt_pose_turn(pose, face, count, out_frame);
    for (uint32_t v = 0; v < count; v++) {
        out_frame[v].x = pose->scale * out_frame[v].x + pose->translation.x;
        out_frame[v].y = -(pose->scale * out_frame[v].y + pose->translation.y);
        out_frame[v].z = -(pose->scale * out_frame[v].z + pose->translation.z);
    }
}

struct bt_angles bt_pose_angles(const struct bt_pose *pose) {
    /* R = Ry(yaw) Rx(pitch) Rz(-roll): the third column is where the nose points. */
    const float *r = pose->rotation;
    return (struct bt_angles){
        .yaw = atan2f(r[2], r[8]), .pitch = atan2f(-r[5], sqrtf(r[2] * r[2] + r[8] * r[8])), .roll = atan2f(-r[3], r[4])};
}

void bt_rotation_from_vector(const float vector[3], float out_rotation[9]) {
    const float angle = sqrtf(vector[0] * vector[0] + vector[1] * vector[1] + vector[2] * vector[2]);
    /* sin(a)/a and (1 - cos a)/a^2, by their series where the quotient loses digits. */
    const float s = angle > 1e-3f ? sinf(angle) / angle : 1.0f - angle * angle / 6.0f;
    const float c = angle > 1e-3f ? (1.0f - cosf(angle)) / (angle * angle) : 0.5f - angle * angle / 24.0f;
    const float x = vector[0], y = vector[1], z = vector[2];
    const float r[9] = {1.0f - c * (y * y + z * z), c * x * y - s * z,          c * x * z + s * y,
                        c * x * y + s * z,          1.0f - c * (x * x + z * z), c * y * z - s * x,
                        c * x * z - s * y,          c * y * z + s * x,          1.0f - c * (x * x + y * y)};
    memcpy(out_rotation, r, sizeof(r));
}

void bt_rotation_to_vector(const float rotation[9], float out_vector[3]) {
    const float *r = rotation;
    const float x = r[7] - r[5], y = r[2] - r[6], z = r[3] - r[1];
    const float sine = 0.5f * sqrtf(x * x + y * y + z * z), cosine = 0.5f * (r[0] + r[4] + r[8] - 1.0f);
    const float angle = atan2f(sine, cosine);
    if (sine > 1e-4f) {
        const float k = 0.5f * angle / sine;
        out_vector[0] = k * x;
        out_vector[1] = k * y;
        out_vector[2] = k * z;
    } else if (cosine > 0.0f) {
        out_vector[0] = 0.5f * x;
        out_vector[1] = 0.5f * y;
        out_vector[2] = 0.5f * z;
    } else { /* half a turn: the axis is the largest column of R + 1 */
        uint32_t k = r[0] >= r[4] && r[0] >= r[8] ? 0 : r[4] >= r[8] ? 1 : 2;
        const float a[3] = {r[k] + (k == 0 ? 1.0f : 0.0f), r[3 + k] + (k == 1 ? 1.0f : 0.0f),
                            r[6 + k] + (k == 2 ? 1.0f : 0.0f)};
        const float length = sqrtf(a[0] * a[0] + a[1] * a[1] + a[2] * a[2]);
        for (uint32_t i = 0; i < 3; i++) out_vector[i] = angle * a[i] / length;
    }
}
