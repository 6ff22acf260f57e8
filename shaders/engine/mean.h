/* SPDX-License-Identifier: MIT */
/* GlobalAveragePool in C4: one workgroup a channel group; or one invocation, where a CPU driver
   would spend more on the workgroup's wait than on the sum. */
#ifndef BT_SHADER_ENGINE_MEAN_H
#define BT_SHADER_ENGINE_MEAN_H

#define BT_MEAN_IN    0
#define BT_MEAN_OUT   1
#define BT_MEAN_SLOTS 2

#define BT_MEAN_LANES     0
#define BT_MEAN_ALONE     1 /* 1: one invocation a group; else BT_MEAN_LANES is BT_MEAN_THREADS */
#define BT_MEAN_CONSTANTS 2
#define BT_MEAN_THREADS   32

struct bt_mean_push {
    int pixels, groups;
    float scale; /* 1 / pixels */
};

#endif
