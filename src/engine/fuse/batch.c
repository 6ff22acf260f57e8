/* SPDX-License-Identifier: MIT */
#include "engine/fuse/lower.h"
#include <string.h>

/* Item i of `value`. */
static uint16_t item(struct bt_lowering *l, uint16_t value, uint32_t i) {
    struct bt_shape shape = l->graph->value[value].shape;
    shape.dim[0] = 1;
    struct bt_node *n = bt_fuse_lower_step(l, BT_OP_SLICE, 1, &value, &shape);
    if (!n) return BT_NONE;
    n->attr.begin[0] = (int32_t)i;
    for (uint32_t k = 0; k < BT_RANK_MAX; k++) n->attr.step[k] = 1;
    return n->out[0];
}

/* Kernels of maps know one item. More are cut apart, done one after the other and put together. */
void bt_fuse_lower_batch(struct bt_lowering *l) {
    const struct bt_node *n = bt_fuse_lowered(l);
    enum bt_op_class kind = bt_op_info(n->op)->kind;
    struct bt_shape out = l->graph->value[n->out[0]].shape;
    uint32_t items = out.dim[0];
    bool normalized = n->op == BT_OP_BATCH_NORMALIZATION || n->op == BT_OP_INSTANCE_NORMALIZATION; /* by element: lower.c */
    if ((kind != BT_CLASS_WINDOW && kind != BT_CLASS_MAP) || normalized || out.rank != 4 || items < 2 ||
        items > BT_GRAPH_INPUTS_MAX)
        return;
    uint16_t done[BT_GRAPH_INPUTS_MAX], in[BT_CONV_INPUTS], in_count = n->in_count;
    enum bt_op op = n->op;
    const struct bt_attr attr = n->attr;
    memcpy(in, n->in, in_count * sizeof *in);
    out.dim[0] = 1;
    for (uint32_t i = 0; i < items; i++) {
        uint16_t one[BT_CONV_INPUTS];
        memcpy(one, in, sizeof one);
        one[0] = item(l, in[0], i);
        if (op == BT_OP_GRID_SAMPLE) one[1] = item(l, in[1], i);
        struct bt_node *copy = l->status ? NULL : bt_fuse_lower_step(l, op, in_count, one, &out);
        if (!copy) return;
        copy->attr = attr;
        done[i] = copy->out[0];
    }
    uint16_t *all = bt_graph_alloc(l->graph, items * sizeof *all);
    if (!all) {
        l->status = BT_E_MEMORY;
        return;
    }
    memcpy(all, done, items * sizeof *all);
    struct bt_node *last = bt_fuse_lowered(l);
    last->op = BT_OP_CONCAT;
    last->attr = (struct bt_attr){.axis = 0};
    last->in = all;
    last->in_count = (uint16_t)items;
}
