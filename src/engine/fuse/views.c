/* SPDX-License-Identifier: MIT */
#include "engine/fuse/rewrite.h"

/* Do the axes longer than 1 keep their order? Then nothing moves. */
static bool moves_only_ones(const struct bt_node *n, const struct bt_shape *in) {
    uint32_t last = 0;
    for (uint32_t i = 0; i < in->rank; i++) {
        uint32_t axis = n->attr.perm[i];
        if (in->dim[axis] == 1) continue;
        if (axis < last) return false;
        last = axis;
    }
    return true;
}

static bool moves_nothing(const struct bt_fuser *f, const struct bt_node *n) {
    const struct bt_value *in = bt_fuse_value(f, n->in[0]), *out = bt_fuse_value(f, n->out[0]);
    bool same = bt_shape_equal(&in->shape, &out->shape);
    switch (n->op) {
    case BT_OP_IDENTITY:
    case BT_OP_FLATTEN:
    case BT_OP_SQUEEZE:
    case BT_OP_UNSQUEEZE:
        return true;
    case BT_OP_TRANSPOSE:
        return moves_only_ones(n, &in->shape);
    case BT_OP_CAST:
        return in->type == out->type;
    case BT_OP_CONCAT:
        return n->in_count == 1;
    case BT_OP_PAD: {
        for (uint32_t i = 0; i < in->shape.rank; i++) {
            if (n->attr.before[i] || n->attr.after[i]) return false;
        }
        return true;
    }
    case BT_OP_SLICE: {
        for (uint32_t i = 0; i < in->shape.rank; i++) {
            if (n->attr.step[i] < 0 && in->shape.dim[i] > 1) return false;
        }
        return same;
    }
    default:
        return false;
    }
}

bool bt_fuse_views(struct bt_fuser *f, struct bt_node *n) {
    bool changed = false;
    if (n->op != BT_OP_RESHAPE) {
        if (!moves_nothing(f, n)) return false;
        n->op = BT_OP_RESHAPE;
        n->attr = (struct bt_attr){.group = 0};
        changed = true;
    }
    uint16_t from = n->in[0], to = n->out[0];
    uint16_t producer = bt_fuse_value(f, from)->producer;
    if (producer != BT_NONE && f->graph->node[producer].op == BT_OP_RESHAPE) {
        bt_fuse_set_input(f, n, 0, f->graph->node[producer].in[0]);
        return true; /* the one in between goes when nobody else reads it */
    }
    if (!bt_shape_equal(&bt_fuse_value(f, from)->shape, &bt_fuse_value(f, to)->shape)) return changed;
    struct bt_node *maker = bt_fuse_sole_maker(f, from);
    if (!bt_fuse_value(f, to)->is_output) {
        f->uses[from] = (uint16_t)(f->uses[from] + f->uses[to]);
        f->uses[to] = 0;
        bt_graph_replace(f->graph, to, from);
    } else if (maker && maker->out_count == 1) { /* an output keeps its name */
        bt_fuse_remove(f, n);
        bt_fuse_take_output(f, maker, to);
        return true;
    } else {
        return changed;
    }
    bt_fuse_remove(f, n);
    return true;
}
