/* SPDX-License-Identifier: MIT */
/* Takes the tremble out of landmarks without making them late: pose and shape are filtered apart. */
#ifndef BT_PIPELINE_TRACK_SMOOTH_H
#define BT_PIPELINE_TRACK_SMOOTH_H

#include "pipeline/faces.h"
#include "rig/pose.h"

/* One-Euro states: the head's turn as a rotation vector, its size as log(px a cm), its place in px (in cm it
   would move whenever the size does), then every landmark in face space (cm). Apart, because a head moves fast as a whole while
   its shape changes little, and tremble is mostly in the shape.
 */
struct bt_smooth {
    bool started;
    int64_t last_ns;
    float jitter; /* of the last step: how far the shape was from the filtered one, root mean square, cm */
    float turn[3], turn_d[3], size, size_d, place[3], place_d[3];
    float shape[BT_LANDMARKS * 3], shape_d[BT_LANDMARKS * 3];
};

void bt_track_smooth_init(struct bt_smooth *smooth);
/* 478 in, 478 out, frame px. Points that no head can have come out as they went in. A gap over .5 s, or a step back in time,
   starts anew. */
void bt_track_smooth_step(struct bt_smooth *smooth, const struct bt_rig *rig, const struct bt_vec3 *raw, int64_t time_ns,
                          struct bt_vec3 *out);

#endif
