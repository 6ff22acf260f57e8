/* SPDX-License-Identifier: MIT */
/* Plain-C operators: what constant folding computes with, and the oracle that every kernel is checked against.
   Straightforward and right, not fast. Tensors are PLAIN: row-major, in ONNX's own order. */
#ifndef BT_REF_REF_H
#define BT_REF_REF_H

#include "engine/graph/graph.h"

struct bt_ref_tensor {
    enum bt_type type;
    struct bt_shape shape;
    void *data; /* NULL: an optional input that is absent */
};

/* Runs one node of an inferred (also: fused) graph, of which only op and attr are read. `in` has in_count tensors in the
   node's order; `out` has their type, shape and memory set by the caller. Inputs and outputs must not overlap.
   BT_E_UNSUPPORTED: no reference for this operator with these types. BT_E_FORMAT: an index (Gather) is out of range. */
BT_CHECKED bt_status bt_ref_run_node(const struct bt_node *node, uint32_t in_count, const struct bt_ref_tensor *in,
                                     uint32_t out_count, struct bt_ref_tensor *out);

/* Runs a whole graph. inputs[i] is graph->input[i] and outputs[i] graph->output[i]; all memory is the caller's, with the
   sizes that the graph's shapes tell. */
BT_CHECKED bt_status bt_ref_run(const struct bt_graph *graph, const struct bt_ref_tensor *inputs,
                                struct bt_ref_tensor *outputs);

/* Called with the value of every node as it is computed: to find where two engines part. */
typedef void (*bt_ref_watch)(void *user, uint16_t value, const struct bt_ref_tensor *tensor);
BT_CHECKED bt_status bt_ref_run_watched(const struct bt_graph *graph, const struct bt_ref_tensor *inputs,
                                        struct bt_ref_tensor *outputs, bt_ref_watch watch, void *user);

#endif
