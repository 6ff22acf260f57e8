/* SPDX-License-Identifier: MIT */
/* Pad with a constant on PLAIN tensors; negative amounts crop. */
#ifndef BT_SHADER_ENGINE_PAD_H
#define BT_SHADER_ENGINE_PAD_H

#define BT_PAD_IN    0
#define BT_PAD_OUT   1
#define BT_PAD_SLOTS 2

#define BT_PAD_LANES     0
#define BT_PAD_CONSTANTS 1

struct bt_pad_push {
    int count, rank;
    float value;
    int out_dim[6], in_dim[6], before[6]; /* the innermost first */
};

#endif
