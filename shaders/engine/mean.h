/* SPDX-License-Identifier: MIT */
/* GlobalAveragePool in C4: one workgroup a channel group. */
#ifndef BT_SHADER_ENGINE_MEAN_H
#define BT_SHADER_ENGINE_MEAN_H

#define BT_MEAN_IN    0
#define BT_MEAN_OUT   1
#define BT_MEAN_SLOTS 2

#define BT_MEAN_LANES     0 /* always BT_MEAN_THREADS */
#define BT_MEAN_CONSTANTS 1
#define BT_MEAN_THREADS   32

struct bt_mean_push {
    int pixels;
    float scale; /* 1 / pixels */
};

#endif
