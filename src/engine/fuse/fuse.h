/* SPDX-License-Identifier: MIT */
/* Rewrites of an inferred graph, in place: fewer nodes, the same numbers. */
#ifndef BT_FUSE_FUSE_H
#define BT_FUSE_FUSE_H

#include "engine/graph/graph.h"

/* Runs every rewrite until nothing changes. Afterwards each Conv and ConvTranspose has BT_CONV_INPUTS inputs, and Identity,
   Flatten, Squeeze and Unsqueeze are Reshape or gone. */
BT_CHECKED bt_status bt_fuse(struct bt_graph *graph, struct bt_log *log);

#endif
