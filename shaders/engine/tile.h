/* SPDX-License-Identifier: MIT */
/* Convolution with group 1 by tiles, for GPUs: a workgroup of columns x BT_TILE_ROWS invocations makes columns * pixels output
   pixels of BT_TILE_ROWS * groups output groups, from inputs and weights that it brings to shared memory a piece at a time.
   Weights as in conv.h. */
#ifndef BT_SHADER_ENGINE_TILE_H
#define BT_SHADER_ENGINE_TILE_H

#define BT_TILE_IN       0
#define BT_TILE_WEIGHTS  1
#define BT_TILE_SHORTCUT 2 /* the residual; any valid binding when there is none */
#define BT_TILE_OUT      3
#define BT_TILE_SLOTS    4

#define BT_TILE_LANES     0 /* columns * BT_TILE_ROWS */
#define BT_TILE_KW        1
#define BT_TILE_KH        2
#define BT_TILE_SX        3
#define BT_TILE_SY        4
#define BT_TILE_DILATION  5
#define BT_TILE_COLUMNS   6
#define BT_TILE_PIXELS    7 /* that an invocation makes; at most BT_TILE_ROWS, a power of two */
#define BT_TILE_GROUPS    8 /* output groups that an invocation makes */
#define BT_TILE_ACT       9
#define BT_TILE_RESIDUAL  10 /* 1: the shortcut is added before the activation, 2: after it */
#define BT_TILE_CONSTANTS 11

#define BT_TILE_ROWS  8
#define BT_TILE_DEPTH 4 /* taps of input groups in shared memory at a time */
/* Shared memory of a workgroup; every device has 16 KiB. */
#define BT_TILE_SHARED_BYTES(columns, pixels, groups) (BT_TILE_DEPTH * ((columns) * (pixels) + BT_TILE_ROWS * (groups)*4) * 16)

struct bt_tile_push {
    int in_w, in_h, in_groups;
    int out_w, out_h, out_groups;
    int pad_x, pad_y;    /* left, top */
    int shortcut_groups; /* fewer than out_groups: the rest is zero (a channel pad) */
    int params;          /* vec4 index of bias and slope in the weights */
    int tiles_x, tiles;  /* ceil(out_w * out_h / (columns * pixels)); all, those of one row of output groups after another */
    float low, high;
};

#endif
