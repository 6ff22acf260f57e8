/* SPDX-License-Identifier: MIT */
/* May this frame be masked at all? A pure function of what track saw. */
#ifndef BT_PIPELINE_JUDGE_H
#define BT_PIPELINE_JUDGE_H

#include "base/status.h"
#include "pipeline/faces.h"

/* Mean gamma-coded luma of the face below which landmarks wander; hysteresis between the two. */
#define BT_JUDGE_DARK 0.055f
#define BT_JUDGE_LIT  0.075f

struct bt_judge {
    bool dark;
};

/* BT_OK, or why the placard stands: BT_E_NO_FACE, BT_E_TWO_FACES, BT_E_TOO_DARK. */
BT_CHECKED bt_status bt_judge_faces(struct bt_judge *judge, const struct bt_faces *faces);

#endif
