/* SPDX-License-Identifier: MIT */
/* Convolution with group 1: kernel KW x KH, any stride, padding and dilation. A 1x1 convolution with stride 1 is run as one
   row of W * H pixels. With BT_CONV2D_SHUFFLE it is also ConvTranspose with kernel and stride 2: a 1x1 convolution to 4 x the
   groups, the four written as 2x2 pixels.
   Weights: vec4 [co4][ci4][ky][kx][4 ci] of 4 co; then vec4 [co4][2]: bias, slope. Zero where a channel is missing. */
#ifndef BT_SHADER_ENGINE_CONV_H
#define BT_SHADER_ENGINE_CONV_H

#define BT_CONV2D_IN       0
#define BT_CONV2D_WEIGHTS  1
#define BT_CONV2D_SHORTCUT 2 /* the residual; any valid binding when there is none */
#define BT_CONV2D_OUT      3
#define BT_CONV2D_SLOTS    4

#define BT_CONV2D_LANES     0
#define BT_CONV2D_KW        1
#define BT_CONV2D_KH        2
#define BT_CONV2D_SX        3
#define BT_CONV2D_SY        4
#define BT_CONV2D_DILATION  5
#define BT_CONV2D_PIXELS    6 /* output pixels of one row that an invocation makes; at most out_w */
#define BT_CONV2D_GROUPS    7 /* output groups that an invocation makes; at most out_groups */
#define BT_CONV2D_ACT       8
#define BT_CONV2D_RESIDUAL  9  /* 1: the shortcut is added before the activation, 2: after it */
#define BT_CONV2D_PADDED    10 /* 0: the kernel never reaches outside the input */
#define BT_CONV2D_SHUFFLE   11 /* 1 or 2 */
#define BT_CONV2D_IN_LANES  12 /* 3: the only input group is a picture of three channels */
#define BT_CONV2D_PLAIN     13 /* 1: the result has one channel and is written PLAIN */
#define BT_CONV2D_PAIRS     14 /* 1: two pixels a store: rows of an even length, PIXELS even, no shuffle */
#define BT_CONV2D_SHARE     15 /* lanes that share weights; see share.glsl */
#define BT_CONV2D_CONSTANTS 16

struct bt_conv_push {
    int in_w, in_h, in_groups;
    int out_w, out_h, out_groups; /* before the shuffle */
    int pad_x, pad_y;             /* left, top */
    int shortcut_groups;          /* fewer than out_groups: the rest is zero (a channel pad) */
    int params;                   /* vec4 index of bias and slope in the weights */
    int tiles_x;                  /* ceil(out_w / PIXELS) */
    int positions;                /* invocations for one tile of groups: tiles_x * out_h, rounded up to SHARE */
    float low, high;
};

#endif
