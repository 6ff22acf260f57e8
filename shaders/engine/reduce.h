/* SPDX-License-Identifier: MIT */
/* ReduceMin, -Max, -Sum, -Mean over any axes of a PLAIN tensor. */
#ifndef BT_SHADER_ENGINE_REDUCE_H
#define BT_SHADER_ENGINE_REDUCE_H

#define BT_REDUCE_IN    0
#define BT_REDUCE_OUT   1
#define BT_REDUCE_SLOTS 2

#define BT_REDUCE_LANES     0
#define BT_REDUCE_CONSTANTS 1

struct bt_reduce_push {
    int count, folded;                                        /* results; elements in each */
    float scale;                                              /* 1, or 1 / folded for a mean */
    int what;                                                 /* BT_DO_ADD, BT_DO_MIN or BT_DO_MAX */
    int keep_dim[4], keep_step[4], fold_dim[4], fold_step[4]; /* the innermost first, 1 where unused */
};

#endif
