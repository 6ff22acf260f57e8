/* SPDX-License-Identifier: MIT */
/* DepthToSpace in C4. DCR: input channel (by * block + bx) * C + c; CRD: (c * block + by) * block + bx. */
#ifndef BT_SHADER_ENGINE_SHUFFLE_H
#define BT_SHADER_ENGINE_SHUFFLE_H

#define BT_SHUFFLE_IN    0
#define BT_SHUFFLE_OUT   1
#define BT_SHUFFLE_SLOTS 2

#define BT_SHUFFLE_LANES     0
#define BT_SHUFFLE_CONSTANTS 1

struct bt_shuffle_push {
    int in_w, in_h;
    int out_w, out_h, groups, channels;
    int block;
    int channel_step, part_step; /* input channel = c * channel_step + part * part_step */
};

#endif
