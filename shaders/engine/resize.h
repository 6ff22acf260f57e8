/* SPDX-License-Identifier: MIT */
/* Resize of y and x in C4, nearest or linear. A pixel's source is out * scale + shift, which covers every coordinate mode. */
#ifndef BT_SHADER_ENGINE_RESIZE_H
#define BT_SHADER_ENGINE_RESIZE_H

#define BT_RESIZE_IN    0
#define BT_RESIZE_OUT   1
#define BT_RESIZE_SLOTS 2

#define BT_RESIZE_LANES     0
#define BT_RESIZE_MODE      1 /* of BT_RESIZE_BY_* */
#define BT_RESIZE_CONSTANTS 2

#define BT_RESIZE_BY_LINES        0
#define BT_RESIZE_BY_PREFER_FLOOR 1
#define BT_RESIZE_BY_PREFER_CEIL  2
#define BT_RESIZE_BY_FLOOR        3
#define BT_RESIZE_BY_CEIL         4
/* Linear to exactly twice the size with half pixels: a result is 3/4 of the nearer and 1/4 of the further pixel. One
   invocation makes the 2 x 2 results between four pixels; in_w + 1 by in_h + 1 invocations a group. */
#define BT_RESIZE_DOUBLE 5

struct bt_resize_push {
    int in_w, in_h;
    int out_w, out_h, groups;
    float scale_x, scale_y, shift_x, shift_y;
    float nudge_x, nudge_y; /* nearest: a source this close to a tie, or to a whole number, counts as there */
};

#endif
