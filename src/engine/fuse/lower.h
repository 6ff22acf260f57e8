/* SPDX-License-Identifier: MIT */
/* Lowering: operators that have no kernel, or not for such shapes, become several that have. */
#ifndef BT_FUSE_LOWER_H
#define BT_FUSE_LOWER_H

#include "engine/graph/build.h"

/* BatchNormalization, InstanceNormalization, HardSigmoid, Pads that reflect or repeat, most ConvTransposes, and maps of more than one item. */
BT_CHECKED bt_status bt_fuse_lower(struct bt_graph *graph, struct bt_log *log);

/* The node that is being lowered, by index: adding nodes and values moves their arrays. */
struct bt_lowering {
    struct bt_graph *graph;
    uint32_t node;
    bt_status status; /* the first failure */
};

static inline struct bt_node *bt_fuse_lowered(const struct bt_lowering *l) {
    return &l->graph->node[l->node];
}

/* Appends a node with one output of floats; NULL on failure. It will stand before the lowered one, which is the last to be
   changed: it becomes the last step, and keeps its output. */
struct bt_node *bt_fuse_lower_step(struct bt_lowering *l, enum bt_op op, uint16_t in_count, const uint16_t *in,
                                   const struct bt_shape *shape);

void bt_fuse_lower_batch(struct bt_lowering *l);     /* batch.c */
void bt_fuse_lower_transpose(struct bt_lowering *l); /* transpose.c */

#endif
