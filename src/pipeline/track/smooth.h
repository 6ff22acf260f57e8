/* SPDX-License-Identifier: MIT */
/* Takes the tremble out of landmarks without making them late: pose and shape are filtered apart. */
#ifndef BT_PIPELINE_TRACK_SMOOTH_H
#define BT_PIPELINE_TRACK_SMOOTH_H

#include "rig/pose.h"

enum { BT_SMOOTH_IRIS = 10 };

struct bt_smooth {
    struct bt_face_filter mesh;
    bool started;
    int64_t last_ns;
    float iris[BT_SMOOTH_IRIS * 3], iris_d[BT_SMOOTH_IRIS * 3]; /* face space, cm */
};

void bt_smooth_init(struct bt_smooth *smooth);
/* 478 in, 478 out, frame px. Points that no head can have come out as they went in. */
void bt_smooth_step(struct bt_smooth *smooth, const struct bt_rig *rig, const struct bt_vec3 *raw, int64_t time_ns,
                    struct bt_vec3 *out);

#endif
