/* SPDX-License-Identifier: MIT */
#include "pipeline/track/smooth.h"
#include "pipeline/faces.h"
#include <string.h>

/* Eyes jump to a new place within 30 ms: the cut-off rises steeply with speed (cm/s) so that gaze is never late, and still
   removes the tremble of a fixed gaze. */
static const float IRIS_MINCUT_HZ = 3, IRIS_BETA = 4, IRIS_DERIVATIVE_HZ = 4;
static const int64_t RESTART_NS = 500000000;

void bt_smooth_init(struct bt_smooth *smooth) {
    memset(smooth, 0, sizeof *smooth);
    bt_face_filter_init(&smooth->mesh);
}

void bt_smooth_step(struct bt_smooth *smooth, const struct bt_rig *rig, const struct bt_vec3 *raw, int64_t time_ns,
                    struct bt_vec3 *out) {
    const struct bt_vec3 *reference = bt_rig_mesh(rig)->canonical;
    struct bt_pose now, pose;
    struct bt_vec3 mesh[BT_MESH_LANDMARKS], iris[BT_SMOOTH_IRIS];
    if (!bt_pose_fit(rig, raw, reference, &now) ||
        !bt_face_filter_step(&smooth->mesh, rig, raw, reference, time_ns, &pose, mesh)) {
        memcpy(out, raw, BT_LANDMARKS * sizeof *out);
        smooth->started = false;
        return;
    }
    bt_pose_denormalise(&pose, mesh, BT_MESH_LANDMARKS, out);
    bt_pose_normalise(&now, raw + BT_MESH_LANDMARKS, BT_SMOOTH_IRIS, iris);
    float sample[BT_SMOOTH_IRIS * 3];
    memcpy(sample, iris, sizeof sample);
    const int64_t gap_ns = time_ns - smooth->last_ns;
    if (!smooth->started || gap_ns < 0 || gap_ns > RESTART_NS) {
        memcpy(smooth->iris, sample, sizeof sample);
        memset(smooth->iris_d, 0, sizeof smooth->iris_d);
        smooth->started = true;
    } else if (gap_ns > 0) {
        bt_one_euro(smooth->iris, smooth->iris_d, sample, BT_COUNT(sample), (float)gap_ns * 1e-9f, IRIS_MINCUT_HZ, IRIS_BETA,
                    IRIS_DERIVATIVE_HZ);
    }
    smooth->last_ns = time_ns;
    memcpy(iris, smooth->iris, sizeof sample);
    bt_pose_denormalise(&pose, iris, BT_SMOOTH_IRIS, out + BT_MESH_LANDMARKS);
}
