/* SPDX-License-Identifier: MIT */
/* MaxPool and AveragePool in C4. */
#ifndef BT_SHADER_ENGINE_POOL_H
#define BT_SHADER_ENGINE_POOL_H

#define BT_POOL_IN    0
#define BT_POOL_OUT   1
#define BT_POOL_SLOTS 2

#define BT_POOL_LANES     0
#define BT_POOL_AVERAGE   1 /* 0: max */
#define BT_POOL_KW        2
#define BT_POOL_KH        3
#define BT_POOL_PADDED    4 /* 0: the kernel never reaches outside the input */
#define BT_POOL_PIXELS    5 /* of a row, that an invocation makes; at most out_w */
#define BT_POOL_PAIRS     6 /* as in conv.h */
#define BT_POOL_CONSTANTS 7

struct bt_pool_push {
    int in_w, in_h;
    int out_w, out_h, groups;
    int stride_x, stride_y, dilation_x, dilation_y;
    int pad_x, pad_y;
    int pad_right, pad_bottom; /* with count_pad: a tap counts when it is inside the padded input */
    int count_pad;
    int tiles_x; /* ceil(out_w / PIXELS) */
};

#endif
