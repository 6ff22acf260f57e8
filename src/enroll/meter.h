/* SPDX-License-Identifier: MIT */
/* What a frame's landmarks say of a head, relative to the same person's own rest: so that a face with low brows or a mouth that
   never closes is held to its own measure. Pure C over numbers. */
#ifndef BT_ENROLL_METER_H
#define BT_ENROLL_METER_H

#include "base/geom.h"
#include "base/status.h"
#include "enroll/task.h"
#include "rig/pose.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_rig;
struct bt_enroll_meter;

struct bt_enroll_measure {
    struct bt_angles angles;   /* less those of the rest */
    float sign[BT_TASK_COUNT]; /* how far each task is done: 0 at rest … 1 clearly, and beyond */
    float residual;            /* bt_enroll_residual from the rest, in eye distances */
    bool turned;               /* to a side, far enough for the next to mean something */
    float relief;              /* residual over the sine of the turn: about a head's depth; of a flat picture near 0 */
    struct bt_vec2 centre;     /* of the landmarks, in eye distances of the rest: for jumps */
    float eye_px;              /* between the outer eye corners, as if seen from the front */
};

/* 15 degrees: below, the sine is small against the landmarks' noise. */
#define BT_ENROLL_TURNED 0.26f

BT_CHECKED bt_status bt_enroll_meter_create(const struct bt_rig *rig, struct bt_enroll_meter **out_meter);
void bt_enroll_meter_destroy(struct bt_enroll_meter **meter); /* wipes first */
void bt_enroll_meter_reset(struct bt_enroll_meter *meter);    /* forgets the rest */
/* 468 landmarks in frame px. True once the rest is known: a second without movement, facing the camera. A movement starts the
   second anew. Allocates nothing. */
bool bt_enroll_meter_rest(struct bt_enroll_meter *meter, const struct bt_vec3 *landmark, int64_t now_ns);
float bt_enroll_meter_progress(const struct bt_enroll_meter *meter); /* of that second, 0 … 1 */
/* False: no rest yet, or the points are no face (degenerate, not finite); out_measure is untouched then. */
bool bt_enroll_meter_read(const struct bt_enroll_meter *meter, const struct bt_vec3 *landmark,
                          struct bt_enroll_measure *out_measure);

/* Root mean square of what the best affine map from `rest` to `turned` leaves over, px, over those of `count` points that `use`
   marks: near 0 for a flat picture however it is held. */
float bt_enroll_residual(const struct bt_vec2 *rest, const struct bt_vec2 *turned, const bool *use, uint32_t count);

#endif
