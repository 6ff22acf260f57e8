/* SPDX-License-Identifier: MIT */
/* Shape rules: each reads a node's raw attributes and parameter inputs, writes the canonical attributes, drops those inputs,
   and gives the outputs a type and a shape. Errors stick in the context, so a rule may read on and check once at its end. */
#ifndef BT_GRAPH_RULES_H
#define BT_GRAPH_RULES_H

#include "engine/graph/build.h"

struct bt_infer {
    struct bt_graph *graph;
    struct bt_log *log;
    struct bt_node *node;
    bt_status status; /* the first failure, logged already */
};

/* Logs "node 'x' (Conv): ..." and sets the status, unless one is set already. */
__attribute__((format(printf, 3, 4))) void bt_graph_infer_fail(struct bt_infer *c, bt_status status, const char *format, ...);

/* Input k of the node, or NULL if it is absent. */
const struct bt_value *bt_graph_infer_in(const struct bt_infer *c, uint16_t k);
/* Input k, which must be there, of rank `rank` (any if 0). Never NULL: after a failure, some value. */
const struct bt_value *bt_graph_infer_need(struct bt_infer *c, uint16_t k, uint32_t rank);
/* Sets output 0. Checks bounds on elements. `dim` is 64 bit so that a rule may compute without fear. */
void bt_graph_infer_out(struct bt_infer *c, enum bt_type type, uint32_t rank, const int64_t *dim);
/* Drops inputs from k on: they live in the attributes now. */
void bt_graph_infer_drop(struct bt_infer *c, uint16_t k);

int64_t bt_graph_infer_int(struct bt_infer *c, const char *attribute, int64_t fallback, int64_t least, int64_t most);
float bt_graph_infer_float(struct bt_infer *c, const char *attribute, float fallback);
/* false: the model does not say. */
bool bt_graph_infer_ints(struct bt_infer *c, const char *attribute, const int64_t **out_ints, size_t *out_count);
/* One of the `count` texts: its index. Another is BT_E_UNSUPPORTED. */
uint32_t bt_graph_infer_choice(struct bt_infer *c, const char *attribute, uint32_t fallback, const char *const *texts,
                               uint32_t count);

enum { BT_INFER_LIST_MAX = 64 };
struct bt_int_list {
    bool present;
    size_t count;
    int64_t at[BT_INFER_LIST_MAX];
};
/* Input k, which must have folded to constant integers, or attribute `attribute` (either may be missing; NULL: none). */
void bt_graph_infer_list(struct bt_infer *c, uint16_t k, const char *attribute, struct bt_int_list *out_list);
/* Input k as one constant float; `fallback` if it is absent. */
float bt_graph_infer_scalar(struct bt_infer *c, uint16_t k, float fallback);
/* An axis, -rank <= axis < rank, made positive. */
uint32_t bt_graph_infer_axis(struct bt_infer *c, int64_t axis, uint32_t rank);

/* Type and shape that inputs 0 .. count - 1 broadcast to. */
void bt_graph_infer_broadcast(struct bt_infer *c, uint16_t count, uint32_t *out_rank, int64_t *out_dim);

#define BT_OP(id, name, least, most, since, rule, kind) void bt_graph_rule_##rule(struct bt_infer *c);
#include "engine/ops.def"
#undef BT_OP

#endif
