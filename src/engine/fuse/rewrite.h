/* SPDX-License-Identifier: MIT */
/* What the rewrites share. Each is one function, tried on every node: true if it changed something. It must keep every value's
   producer and the counts of uses right; removed nodes lose inputs and outputs and are swept afterwards. */
#ifndef BT_FUSE_REWRITE_H
#define BT_FUSE_REWRITE_H

#include "engine/graph/build.h"

struct bt_fuser {
    struct bt_graph *graph;
    uint16_t *uses; /* of each value */
    bt_status status;
};

/* The predicate of all fusions: the node that makes `value`, if nobody but one reader needs that value; else NULL. */
struct bt_node *bt_fuse_sole_maker(const struct bt_fuser *f, uint16_t value);
bool bt_fuse_is_conv(const struct bt_node *n);
const struct bt_value *bt_fuse_value(const struct bt_fuser *f, uint16_t value);
void bt_fuse_remove(struct bt_fuser *f, struct bt_node *n);
/* Node `n` makes `value` from now on, instead of its own. */
void bt_fuse_take_output(struct bt_fuser *f, struct bt_node *n, uint16_t value);
/* Input k of `n` becomes `value`. */
void bt_fuse_set_input(struct bt_fuser *f, struct bt_node *n, uint16_t k, uint16_t value);

/* A new constant of floats; `*out_data` is its zeroed memory. BT_NONE: no room, noted in `status`. Moves the graph's values. */
uint16_t bt_fuse_add_constant(struct bt_fuser *f, const char *name, const struct bt_shape *shape, float **out_data);

bool bt_fuse_views(struct bt_fuser *f, struct bt_node *n);      /* views.c: operators that move nothing are Reshape or gone */
bool bt_fuse_widen(struct bt_fuser *f, struct bt_node *n);      /* fuse.c: convolutions get their five inputs */
bool bt_fuse_spelt(struct bt_fuser *f, struct bt_node *n);      /* spelt.c: PRelu and HardSwish written as several nodes */
bool bt_fuse_scale(struct bt_fuser *f, struct bt_node *n);      /* scale.c: constant factors and terms into weights and bias */
bool bt_fuse_pad(struct bt_fuser *f, struct bt_node *n);        /* pad.c: Pad into the convolution that reads it */
bool bt_fuse_residual(struct bt_fuser *f, struct bt_node *n);   /* residual.c: Add into a convolution */
bool bt_fuse_activation(struct bt_fuser *f, struct bt_node *n); /* activation.c: Relu and its like into a convolution */
/* resize.c: a 1 x 1 convolution of an enlarged map becomes the enlarged convolution, of fewer pixels. The two commute: what
   Resize (nearest or linear) makes of a pixel's neighbours is a mean of them whose weights add up to 1. */
bool bt_fuse_resize(struct bt_fuser *f, struct bt_node *n);

#endif
