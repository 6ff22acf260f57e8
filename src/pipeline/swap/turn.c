/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/turn.h"
#include <math.h>

/* Turned further than this, the far cheek has no pixels to light the mask by, and the nose's outline is drawn from too little;
   back under the second angle it is worn again. Radians: 30 and 25 degrees of yaw, 28 and 24 of pitch. */
static const float YAW_IN = .44f, PITCH_IN = .42f;
/* The part of the way to the limit (the worse of yaw and pitch) where the fade begins, at 27 and 25 degrees. At the limit it is
   whole. */
static const float FADE_FROM = .9f;
/* Heads turn at 100 degrees a second and more, four in a frame: past this part of the way the fade heeds where the head will be
   so much later, or the card would cut in before it. */
static const float LEAD_FROM = .6f, LEAD_S = .12f;
/* Parts a second, and at most so much a frame. It leaves faster than it comes: the card must not overtake it. */
static const float RISE = 8, FALL = 3, STEP_MOST = 1 / 3.f;
static const int64_t GAP_NS = 500000000; /* the angle of so long ago says nothing about now */

void bt_swap_turn_step(struct bt_turn *turn, struct bt_angles angles, int64_t now_ns) {
    int64_t gap_ns = now_ns - turn->last_ns;
    bool was_away = turn->away, follows = turn->seen && gap_ns > 0 && gap_ns <= GAP_NS;
    float dt = (float)gap_ns * 1e-9f, yaw = fabsf(angles.yaw), pitch = fabsf(angles.pitch);
    float way = fmaxf(yaw / BT_SWAP_YAW_OUT, pitch / BT_SWAP_PITCH_OUT), ahead = way;
    bool outward = follows && way > LEAD_FROM && way > turn->way;
    if (outward) ahead += (way - turn->way) / dt * LEAD_S;
    float goal = fminf(fmaxf((ahead - FADE_FROM) / (1 - FADE_FROM), 0), 1);
    turn->away = !(yaw <= (was_away ? YAW_IN : BT_SWAP_YAW_OUT) && pitch <= (was_away ? PITCH_IN : BT_SWAP_PITCH_OUT));
    if (turn->away || was_away)
        turn->fade = 1;
    else if (!follows) /* a card stood here, or nothing yet: there is nothing to be steady with */
        turn->fade = fmaxf(turn->fade, goal);
    else if (goal > turn->fade)
        turn->fade = fminf(goal, turn->fade + fminf(RISE * dt, STEP_MOST));
    else if (!outward) /* not while the head goes on turning: a turn that slows down would flicker */
        turn->fade = fmaxf(goal, turn->fade - fminf(FALL * dt, STEP_MOST));
    turn->way = way;
    turn->last_ns = now_ns;
    turn->seen = true;
}
