/* SPDX-License-Identifier: MIT */
/* How import and rewrites make and change a graph. Everything allocated here lives as long as the graph. */
#ifndef BT_GRAPH_BUILD_H
#define BT_GRAPH_BUILD_H

#include "engine/graph/graph.h"

/* An attribute as the model wrote it. A shape rule reads the ones it understands; one left unread is refused, so that no
   attribute is ever silently ignored. */
enum bt_raw_kind { BT_RAW_INT, BT_RAW_FLOAT, BT_RAW_STRING, BT_RAW_INTS, BT_RAW_FLOATS };

struct bt_raw_attr {
    const char *name;
    enum bt_raw_kind kind;
    bool read;
    size_t count; /* of ints or floats */
    int64_t i;
    float f;
    const char *s;
    const int64_t *ints;
    const float *floats;
};

struct bt_raw_attrs {
    size_t count;
    struct bt_raw_attr attr[];
};

struct bt_graph *bt_graph_create(const char *name);
/* Zeroed, aligned for any type; NULL when memory or the graph's allowance is used up. */
void *bt_graph_alloc(struct bt_graph *graph, size_t bytes);
const char *bt_graph_copy_text(struct bt_graph *graph, const char *text);

/* BT_E_UNSUPPORTED: more values or nodes than the engine takes. New indices invalidate pointers into graph->value / node. */
BT_CHECKED bt_status bt_graph_add_value(struct bt_graph *graph, const char *name, uint16_t *out_value);
/* `*out_data` is the constant's zeroed memory, to be filled. */
BT_CHECKED bt_status bt_graph_add_constant(struct bt_graph *graph, const char *name, enum bt_type type,
                                           const struct bt_shape *shape, uint16_t *out_value, void **out_data);
BT_CHECKED bt_status bt_graph_add_node(struct bt_graph *graph, enum bt_op op, const char *name, uint16_t in_count,
                                       uint16_t out_count, uint16_t *out_node);

/* Puts nodes into an order that can be run; BT_E_FORMAT if there is none (a cycle). Sets every value's producer. */
BT_CHECKED bt_status bt_graph_sort(struct bt_graph *graph, struct bt_log *log);
/* Removes nodes whose outputs nobody needs, and nodes with out_count 0. Keeps the order. */
BT_CHECKED bt_status bt_graph_sweep(struct bt_graph *graph);
/* out_uses[value]: how many node inputs read it, plus one if it is a graph output. */
void bt_graph_count_uses(const struct bt_graph *graph, uint16_t *out_uses);
/* Makes every reader of `old`, graph outputs included, read `fresh`. */
void bt_graph_replace(struct bt_graph *graph, uint16_t old, uint16_t fresh);

#endif
