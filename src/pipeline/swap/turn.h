/* SPDX-License-Identifier: MIT */
/* How far a head may turn, and the fade into the card's ground that comes before the card and goes after it. Plain memory. */
#ifndef BT_PIPELINE_SWAP_TURN_H
#define BT_PIPELINE_SWAP_TURN_H

#include "rig/pose.h"
#include <stdbool.h>
#include <stdint.h>

/* How far a head may turn, either way; radians. */
#define BT_SWAP_YAW_OUT   .52f
#define BT_SWAP_PITCH_OUT .49f

/* All zero: nobody seen yet. */
struct bt_turn {
    float way; /* of the frame before, at last_ns, where seen: 1 is as far as a head may turn */
    int64_t last_ns;
    bool seen, away; /* away: too far, nothing may be shown */
    float fade;      /* 0 … 1: how far the picture has gone into the card's ground; 1 while away */
};

/* One frame: sets away and fade. fade rises with the angle, faster for a fast turn, and changes by a third a frame at most; the
   first frame that is shown again has 1. Angles that are no numbers are too far. */
void bt_swap_turn_step(struct bt_turn *turn, struct bt_angles angles, int64_t now_ns);

#endif
