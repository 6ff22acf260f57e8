/* SPDX-License-Identifier: MIT */
/* What the person does, as a function of time: 20 seconds, then again from the start. */
#ifndef BT_FOOTAGE_SCRIPT_H
#define BT_FOOTAGE_SCRIPT_H

#include <stdbool.h>

#define BT_FOOTAGE_SCRIPT_S 20.0

struct bt_footage_pose {
    float yaw_rad;          /* positive: towards the picture's right */
    float pitch_rad;        /* positive: down */
    float roll_rad;         /* positive: clockwise in the picture */
    float shift_x, shift_y; /* of the whole person, portrait px */
    float scale;            /* leaning in and out; 1 as photographed */
    float mouth;            /* 0 closed … 1 wide open; the portrait's smile is BT_FOOTAGE_REST_MOUTH */
    float smile;            /* 1 as photographed, 0 relaxed, above 1 broader */
    float blink;            /* 0 open … 1 closed */
    float brow;             /* 0 as photographed … 1 raised */
    float gaze_x, gaze_y;   /* portrait px */
    float light;            /* 1 as photographed */
    float side;             /* light from the picture's right, -1 … 1 */
    float warm;             /* tint, -1 blue … 1 orange */
    bool visible;           /* enough of the face to be found */
};

#define BT_FOOTAGE_REST_MOUTH 0.39f

struct bt_footage_pose bt_footage_pose_at(double time_s);

#endif
