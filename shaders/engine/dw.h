/* SPDX-License-Identifier: MIT */
/* Depthwise convolution. Weights: vec4 [c4][ky][kx]; then vec4 [c4][2]: bias, slope. */
#ifndef BT_SHADER_ENGINE_DW_H
#define BT_SHADER_ENGINE_DW_H

#define BT_DW_IN       0
#define BT_DW_WEIGHTS  1
#define BT_DW_SHORTCUT 2
#define BT_DW_OUT      3
#define BT_DW_SLOTS    4

#define BT_DW_LANES     0
#define BT_DW_KW        1
#define BT_DW_KH        2
#define BT_DW_SX        3
#define BT_DW_SY        4
#define BT_DW_DILATION  5
#define BT_DW_PIXELS    6 /* of a row; at most out_w */
#define BT_DW_ROWS      7 /* at most out_h */
#define BT_DW_ACT       8
#define BT_DW_RESIDUAL  9 /* 1: the shortcut is added before the activation, 2: after it */
#define BT_DW_PADDED    10 /* how far the kernel reaches outside of the input at most, on any side */
#define BT_DW_PAIRS     11 /* as in conv.h */
#define BT_DW_CONSTANTS 12

struct bt_dw_push {
    int in_w, in_h;
    int out_w, out_h, groups;
    int pad_x, pad_y;
    int shortcut_groups;
    int params;
    int tiles_x, tiles_y; /* ceil(out_w / PIXELS), ceil(out_h / ROWS) */
    float low, high;
};

#endif
