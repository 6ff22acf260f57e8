/* SPDX-License-Identifier: MIT */
/* Softmax over one axis of a PLAIN tensor, seen as [outer][size][inner]. */
#ifndef BT_SHADER_ENGINE_SOFTMAX_H
#define BT_SHADER_ENGINE_SOFTMAX_H

#define BT_SOFTMAX_IN    0
#define BT_SOFTMAX_OUT   1
#define BT_SOFTMAX_SLOTS 2

#define BT_SOFTMAX_LANES     0
#define BT_SOFTMAX_CONSTANTS 1

struct bt_softmax_push {
    int count, size, inner; /* count: outer * inner */
};

#endif
