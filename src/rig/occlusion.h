/* SPDX-License-Identifier: MIT */
/* Static ambient occlusion of a face: how much of the sky in front each texel sees. */
#ifndef BT_RIG_OCCLUSION_H
#define BT_RIG_OCCLUSION_H

#include "rig/rig.h"

enum { BT_OCCLUSION_DIRECTIONS = 72 };

struct bt_occlusion;

BT_CHECKED bt_status bt_occlusion_create(const struct bt_rig *rig, struct bt_occlusion **out_occlusion);
void bt_occlusion_destroy(struct bt_occlusion **occlusion);
/* Takes a copy of 468 points in face space and starts over. */
void bt_occlusion_begin(struct bt_occlusion *occlusion, const struct bt_vec3 *vertex);
/* Does up to `directions` of the 72; true once all are done. A few a tick spread the cost; 72 does it all. Allocates nothing.
 */
bool bt_occlusion_step(struct bt_occlusion *occlusion, uint32_t directions);
/* The map of the last finished pass: 256 x 256 floats, .35 ... 1 (lips at least .88); all 1 before the first. */
const float *bt_occlusion_map(const struct bt_occlusion *occlusion);

#endif
