/* SPDX-License-Identifier: MIT */
/* A depthwise convolution and the pointwise (1 x 1) one that reads it. Weights: the depthwise one's as in dw.h, then at
   POINTWISE the other's as in conv.h. */
#ifndef BT_SHADER_ENGINE_SEPARABLE_H
#define BT_SHADER_ENGINE_SEPARABLE_H

#define BT_SEP_IN       0
#define BT_SEP_WEIGHTS  1
#define BT_SEP_SHORTCUT 2
#define BT_SEP_OUT      3
#define BT_SEP_SLOTS    4

#define BT_SEP_LANES      0
#define BT_SEP_KW         1
#define BT_SEP_KH         2
#define BT_SEP_SX         3
#define BT_SEP_SY         4
#define BT_SEP_DILATION   5
#define BT_SEP_PIXELS     6 /* of a row; at most out_w */
#define BT_SEP_ROWS       7 /* at most out_h */
#define BT_SEP_GROUPS     8 /* of the result: all of them */
#define BT_SEP_ACT        9
#define BT_SEP_ACT_INSIDE 10 /* the depthwise convolution's */
#define BT_SEP_RESIDUAL   11 /* 1: the shortcut is added before the activation, 2: after it */
#define BT_SEP_PADDED     12 /* as in dw.h */
#define BT_SEP_PAIRS      13 /* as in conv.h */
#define BT_SEP_SHARE      14 /* lanes that share weights; see share.glsl */
#define BT_SEP_CONSTANTS  15

struct bt_separable_push {
    int in_w, in_h, in_groups;
    int out_w, out_h;
    int pad_x, pad_y;
    int shortcut_groups;
    int params_inside, pointwise, params; /* vec4 indices in the weights */
    int tiles_x;                          /* ceil(out_w / PIXELS) */
    float low_inside, high_inside;
    float low, high;
};

#endif
