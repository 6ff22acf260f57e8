/* SPDX-License-Identifier: MIT */
/* Pieces of the text form, shared by the graph's and the plan's print. */
#ifndef BT_GRAPH_PRINT_H
#define BT_GRAPH_PRINT_H

#include "engine/graph/graph.h"
#include <stdio.h>

void bt_graph_print_shape(FILE *out, enum bt_type type, const struct bt_shape *shape); /* f32[1,3,192,192] */
/* Attributes that differ from the plain case, each with a space before it. `rank`: of the first input. */
void bt_graph_print_attr(FILE *out, enum bt_op op, const struct bt_attr *attr, uint32_t rank);

/* A node's input: %name, or the number of a constant of one element, or another constant's shape, or - if absent. */
void bt_graph_print_operand(FILE *out, const struct bt_graph *graph, uint16_t value);

#endif
