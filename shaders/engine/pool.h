/* SPDX-License-Identifier: MIT */
/* MaxPool and AveragePool in C4. */
#ifndef BT_SHADER_ENGINE_POOL_H
#define BT_SHADER_ENGINE_POOL_H

#define BT_POOL_IN    0
#define BT_POOL_OUT   1
#define BT_POOL_SLOTS 2

#define BT_POOL_LANES     0
#define BT_POOL_AVERAGE   1 /* 0: max */
#define BT_POOL_CONSTANTS 2

struct bt_pool_push {
    int in_w, in_h;
    int out_w, out_h, groups;
    int kernel_x, kernel_y, stride_x, stride_y, dilation_x, dilation_y;
    int pad_x, pad_y;
    int pad_right, pad_bottom; /* with count_pad: a tap counts when it is inside the padded input */
    int count_pad;
};

#endif
