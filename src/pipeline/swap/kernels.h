/* SPDX-License-Identifier: MIT */
/* The table of swap's kernels; tests make them one by one. */
#ifndef BT_SWAP_KERNELS_H
#define BT_SWAP_KERNELS_H

#include "base/status.h"

struct bt_gpu;
struct bt_kernel;

enum bt_swap_kernel {
    BT_KERNEL_SHRINK,
    BT_KERNEL_UNWRAP,
    BT_KERNEL_CORE,
    BT_KERNEL_JUDGE,
    BT_KERNEL_FIT,
    BT_KERNEL_SOLVE,
    BT_KERNEL_RESIDUAL,
    BT_KERNEL_SETTLE,
    BT_KERNEL_GUARD,
    BT_KERNEL_DRAW,
    BT_SWAP_KERNELS
};

BT_CHECKED bt_status bt_swap_kernel_create(struct bt_gpu *gpu, enum bt_swap_kernel kernel, struct bt_kernel **out_kernel);

#endif
