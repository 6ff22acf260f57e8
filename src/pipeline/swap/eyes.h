/* SPDX-License-Identifier: MIT */
/* Which of the driver's pixels are drawn where about the eyes. An opening shows the driver's own eye. Were each vertex's own
   place shown at it, an iris would be carried aside by the lids about it: where a lid's vertices lie between the eye's corners
   differs from face to face, and the mask would squint. So what is shown at a place along the line of the corners, is what lies
   at the same place along the driver's, between the same lids. Pure. */
#ifndef BT_SWAP_EYES_H
#define BT_SWAP_EYES_H

#include "rig/rig.h"

enum { BT_SWAP_LID_POINTS = 9 }; /* of one lid, from corner to corner */

struct bt_swap_eyes {
    uint16_t lid[2][2][BT_SWAP_LID_POINTS]; /* vertices: eye, lower and upper lid */
    uint8_t eye[BT_RIG_FINE_VERTICES];
    float weight[BT_RIG_FINE_VERTICES]; /* 1 on the lids and between them, 0 away from them */
    float upper[BT_RIG_FINE_VERTICES];  /* 0 at the lower lid and below, 1 at the upper and above */
};

void bt_swap_eyes_init(struct bt_swap_eyes *eyes, const struct bt_rig *rig);
/* Of fine vertices in frame px, the driver's and the hybrid's: the place in the frame that each of the hybrid's shows. */
void bt_swap_eyes_shown(const struct bt_swap_eyes *eyes, const struct bt_vec3 *driver, const struct bt_vec3 *hybrid,
                        struct bt_vec2 *out_shown);

#endif
