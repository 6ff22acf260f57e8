/* SPDX-License-Identifier: MIT */
/* Cheap signs, in every frame, that somebody else may have taken the place of the face that is followed: a reason to look at
   once, never a verdict. Numbers in, an answer out; no pictures, no GPU. Plain memory. */
#ifndef BT_APP_CHANGE_H
#define BT_APP_CHANGE_H

#include "pipeline/faces.h"
#include <stdbool.h>
#include <stdint.h>

enum bt_change_sign {
    BT_CHANGE_NONE,
    BT_CHANGE_SLOW,   /* by now it differs from who was agreed to, or it was out of sight for a moment, or is about to turn */
    BT_CHANGE_SUDDEN, /* from one frame to the next, as no head and no light in a room does; or it was long out of sight */
};

/* A face as this sees it. */
struct bt_change_view {
    float cell[BT_FACES_CELLS * BT_FACES_CELLS], yaw, pitch, eye_px;
    struct bt_rect box_px;
};

struct bt_change {
    bool started, agreed;
    int64_t last_ns, unlike_ns; /* the last frame; since when it is unlike `wearer` */
    struct bt_change_view last, wearer;
};

/* Of the wearer's face in each frame that is asked about. Starts anew where `faces` has none. */
enum bt_change_sign bt_change_step(struct bt_change *change, const struct bt_faces *faces, int64_t now_ns);
/* A look has just agreed: this is what the wearer looks like here and now. */
void bt_change_agree(struct bt_change *change);
bool bt_change_frontal(const struct bt_measures *measures); /* near enough to be compared (as enrolment takes it) */

#endif
