/* SPDX-License-Identifier: MIT */
/* C4 to PLAIN: element (c, y, x) goes to c * step_c + y * step_y + x * step_x, so a Transpose costs nothing more. */
#ifndef BT_SHADER_ENGINE_UNPACK_H
#define BT_SHADER_ENGINE_UNPACK_H

#define BT_UNPACK_IN    0
#define BT_UNPACK_OUT   1
#define BT_UNPACK_SLOTS 2

#define BT_UNPACK_LANES     0
#define BT_UNPACK_ONE       1 /* 1: there is one channel only */
#define BT_UNPACK_CONSTANTS 2

struct bt_unpack_push {
    int w, h, groups, channels;
    int step_c, step_y, step_x;
};

#endif
