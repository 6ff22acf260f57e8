/* SPDX-License-Identifier: MIT */
/* Rewrites of an inferred graph, in place: fewer nodes, the same numbers. */
#ifndef BT_FUSE_FUSE_H
#define BT_FUSE_FUSE_H

#include "engine/graph/graph.h"

/* Runs every rewrite until nothing changes. Afterwards each Conv and ConvTranspose has BT_CONV_INPUTS inputs, and Identity,
   Flatten, Squeeze and Unsqueeze are Reshape or gone. */
BT_CHECKED bt_status bt_fuse(struct bt_graph *graph, struct bt_log *log);

/* After bt_fuse, for devices where it wins (bt_net_fuse of stage.h): a depthwise convolution of 3 x 3, stride 1 or 2, and
   the pointwise one that alone reads it become a SeparableConv, if the result has 2 to 4 groups of four channels. */
BT_CHECKED bt_status bt_fuse_separable(struct bt_graph *graph, struct bt_log *log);

#endif
