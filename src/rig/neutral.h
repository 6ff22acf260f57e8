/* SPDX-License-Identifier: MIT */
/* The driver's neutral face N_d, estimated while the driver talks: bounded memory, robust, without jumps. */
#ifndef BT_RIG_NEUTRAL_H
#define BT_RIG_NEUTRAL_H

#include "rig/rig.h"

struct bt_neutral;

BT_CHECKED bt_status bt_neutral_create(const struct bt_rig *rig, struct bt_neutral **out_neutral);
void bt_neutral_destroy(struct bt_neutral **neutral);
/* A new wearer: forget everything. */
void bt_neutral_reset(struct bt_neutral *neutral);
/* `mesh`: this frame's 468 points in face space, by a pose fitted to the CANONICAL mesh (so that the estimate cannot drift with
   itself). `yaw`, `pitch`: of that pose, radians. The first step answers at once by the one-frame rule; later ones move the
   answer by at most .15 cm a second. Allocates nothing. */
void bt_neutral_step(struct bt_neutral *neutral, const struct bt_vec3 *mesh, float yaw, float pitch, int64_t time_ns);
/* Answers with the estimate over all that is remembered, at once: for a clip that is looked at afterwards, whose answer may
   jump. `prior`: how many wholly neutral frames the one-frame rule weighs (live: 6). A few milliseconds; allocates nothing. */
void bt_neutral_settle(struct bt_neutral *neutral, float prior);
/* 468 points; before the first step the closed canonical mesh. Valid until destroy; changes with each step. */
const struct bt_vec3 *bt_neutral_vertices(const struct bt_neutral *neutral);
/* 0 ... 1: how much evidence there is. */
float bt_neutral_confidence(const struct bt_neutral *neutral);
/* Grows by 1 whenever the answer has moved noticeably (.06 cm at any vertex) since the last growth: time to redo what hangs on
 * it. */
uint32_t bt_neutral_revision(const struct bt_neutral *neutral);

#endif
