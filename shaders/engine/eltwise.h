/* SPDX-License-Identifier: MIT */
/* Element-wise operators in C4, each operand broadcast by its strides (0: broadcast) and, if it has one channel where the
   result has more, by splatting its first lane. Unary operators ignore b. */
#ifndef BT_SHADER_ENGINE_ELTWISE_H
#define BT_SHADER_ENGINE_ELTWISE_H

#define BT_ELTWISE_A     0
#define BT_ELTWISE_B     1
#define BT_ELTWISE_OUT   2
#define BT_ELTWISE_SLOTS 3

#define BT_ELTWISE_LANES     0
#define BT_ELTWISE_DO        1 /* of BT_DO_* */
#define BT_ELTWISE_PIXELS    2 /* of a row, that an invocation makes; at most out_w */
#define BT_ELTWISE_PAIRS     3 /* as in conv.h */
#define BT_ELTWISE_ONE_B     4 /* 1: b is the same for all pixels of a row (b_x is 0), and read once */
#define BT_ELTWISE_CONSTANTS 5

struct bt_eltwise_push {
    int out_w, out_h, groups;
    int channels; /* lanes from here on are written as zero */
    int tiles_x;  /* ceil(out_w / PIXELS) */
    int a_group, a_y, a_x, a_splat;
    int b_group, b_y, b_x, b_splat;
    float alpha, beta;
};

#endif
