/* SPDX-License-Identifier: MIT */
#ifndef BT_FUSE_LOWER_H
#define BT_FUSE_LOWER_H

#include "engine/graph/build.h"

/* BatchNormalization, InstanceNormalization and HardSigmoid become operators that have kernels. */
BT_CHECKED bt_status bt_fuse_lower(struct bt_graph *graph, struct bt_log *log);

#endif
