/* SPDX-License-Identifier: MIT */
/* Gather on PLAIN tensors: out [outer][index][inner] = in [outer][indices[index]][inner]. Indices are checked on the host. */
#ifndef BT_SHADER_ENGINE_GATHER_H
#define BT_SHADER_ENGINE_GATHER_H

#define BT_GATHER_IN      0
#define BT_GATHER_INDICES 1 /* int32, always a storage buffer */
#define BT_GATHER_OUT     2
#define BT_GATHER_SLOTS   3

#define BT_GATHER_LANES     0
#define BT_GATHER_CONSTANTS 1

struct bt_gather_push {
    int count, axis, indices, inner; /* axis: the input's size there */
};

#endif
