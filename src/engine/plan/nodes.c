/* SPDX-License-Identifier: MIT */
/* Which layout a node runs in: a table of rules by operator, else by class. */
#include "engine/plan/build.h"

static const struct bt_value *value_of(const struct bt_planner *p, uint16_t v) {
    return &p->graph->value[v];
}

static void simple_step(struct bt_planner *p, uint16_t node, enum bt_layout in_layout, enum bt_layout out_layout) {
    const struct bt_node *n = &p->graph->node[node];
    struct bt_place in[BT_GRAPH_INPUTS_MAX] = {0};
    for (uint16_t k = 0; k < n->in_count; k++) {
        if (n->in[k] != BT_NONE) in[k] = bt_plan_read(p, n->in[k], in_layout, &value_of(p, n->in[k])->shape);
    }
    if (p->status) return;
    struct bt_place out = bt_plan_write(p, n->out[0], out_layout);
    if (!p->status) bt_plan_step(p, n->name, n->op, node, &n->attr, n->in_count, in, &out);
}

static bool need_map(struct bt_planner *p, const struct bt_node *n, uint16_t value) {
    if (bt_plan_is_map(&value_of(p, value)->shape)) return true;
    bt_plan_fail(p, BT_E_UNSUPPORTED, n, "not a map of rank 4 with N = 1: '%.60s'", value_of(p, value)->name);
    return false;
}

static void plan_map(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    if (need_map(p, n, n->in[0])) simple_step(p, node, BT_LAYOUT_C4, BT_LAYOUT_C4);
}

static void plan_conv(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    struct bt_place in[BT_SEPARABLE_INPUTS] = {0};
    if (!need_map(p, n, n->in[BT_CONV_X])) return;
    for (uint16_t k = 0; k < n->in_count; k++) {
        if (n->in[k] == BT_NONE) continue;
        const struct bt_value *v = value_of(p, n->in[k]);
        bool is_map = k == BT_CONV_X || k == BT_CONV_RESIDUAL;
        if (!is_map && !v->data) {
            bt_plan_fail(p, BT_E_UNSUPPORTED, n, "weights are not constant: '%.60s'", v->name);
            return;
        }
        in[k] = is_map ? bt_plan_read(p, n->in[k], BT_LAYOUT_C4, &v->shape)
                       : bt_plan_constant(p, n->in[k], BT_LAYOUT_PLAIN, &v->shape, true);
    }
    if (p->status) return;
    struct bt_place out = bt_plan_write(p, n->out[0], BT_LAYOUT_C4);
    if (!p->status) bt_plan_step(p, n->name, n->op, node, &n->attr, n->in_count, in, &out);
}

static void plan_grid_sample(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    if (!need_map(p, n, n->in[0])) return;
    struct bt_place in[2] = {bt_plan_read(p, n->in[0], BT_LAYOUT_C4, &value_of(p, n->in[0])->shape),
                             bt_plan_read(p, n->in[1], BT_LAYOUT_PLAIN, &value_of(p, n->in[1])->shape)};
    if (p->status) return;
    struct bt_place out = bt_plan_write(p, n->out[0], BT_LAYOUT_C4);
    if (!p->status) bt_plan_step(p, n->name, n->op, node, &n->attr, 2, in, &out);
}

/* In the layout that its input has; C4 where there is a choice. */
static enum bt_layout layout_of(const struct bt_planner *p, uint16_t value) {
    bool c4 = bt_plan_is_map(&value_of(p, value)->shape) && !value_of(p, value)->data && bt_plan_has(p, value, BT_LAYOUT_C4);
    return c4 ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN;
}

static void plan_unary(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    enum bt_type type = value_of(p, n->out[0])->type;
    if (type != BT_TYPE_F32 && type != BT_TYPE_BOOL) {
        bt_plan_fail(p, BT_E_UNSUPPORTED, n, "makes integers that do not fold away");
        return;
    }
    enum bt_layout layout = layout_of(p, n->in[0]);
    simple_step(p, node, layout, layout);
}

static struct bt_shape with_rank(const struct bt_shape *s, uint32_t rank) {
    struct bt_shape wide = {.rank = rank, .dim = {1, 1, 1, 1, 1, 1}};
    for (uint32_t i = 0; i < s->rank; i++) wide.dim[rank - s->rank + i] = s->dim[i];
    return wide;
}

static void plan_view(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    const struct bt_value *in = value_of(p, n->in[0]), *out = value_of(p, n->out[0]);
    bool same = bt_shape_equal(&in->shape, &out->shape);
    if (in->data) { /* a constant under another name: copied, since names of constants and buffers do not mix */
        simple_step(p, node, BT_LAYOUT_PLAIN, BT_LAYOUT_PLAIN);
        if (p->status) return;
        struct bt_step *s = &p->plan->step[p->plan->step_count - 1];
        s->op = BT_OP_CONVERT;
        s->in[0].shape = s->out[0].shape;
        return;
    }
    if (same) {
        for (int layout = 0; layout < 2; layout++) p->home[n->out[0]][layout] = p->home[n->in[0]][layout];
        return;
    }
    bt_plan_read(p, n->in[0], BT_LAYOUT_PLAIN, &in->shape);
    p->home[n->out[0]][BT_LAYOUT_PLAIN] = p->home[n->in[0]][BT_LAYOUT_PLAIN];
}

static void plan_binary(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    const struct bt_value *out = value_of(p, n->out[0]);
    enum bt_layout layout = BT_LAYOUT_PLAIN;
    if (n->in_count == 1) { /* Min, Max or Sum of one */
        plan_view(p, node);
        return;
    }
    /* C4 if one operand has it and every other can: a map, or a constant that reads as one. */
    bool maps = bt_plan_is_map(&out->shape);
    for (uint16_t k = 0; k < n->in_count; k++) {
        const struct bt_value *v = value_of(p, n->in[k]);
        if (v->type != BT_TYPE_F32 && v->type != BT_TYPE_BOOL) {
            bt_plan_fail(p, BT_E_UNSUPPORTED, n, "reads integers that do not fold away");
            return;
        }
        maps &= bt_plan_is_map(&v->shape) || v->data;
        if (!v->data && layout_of(p, n->in[k]) == BT_LAYOUT_C4) layout = BT_LAYOUT_C4;
    }
    if (!maps) layout = BT_LAYOUT_PLAIN;
    struct bt_place in[2], result = {0};
    for (uint16_t k = 0; k < n->in_count; k++) {
        struct bt_shape seen = with_rank(&value_of(p, n->in[k])->shape, out->shape.rank);
        struct bt_place one = bt_plan_read(p, n->in[k], layout, &seen);
        if (p->status) return;
        if (k == 0) {
            in[0] = one;
            continue;
        }
        /* Min, Max and Sum of more: a chain, each link with memory of its own. */
        if (k > 1) in[0] = result;
        in[1] = one;
        if (k + 1 == n->in_count) {
            result = bt_plan_write(p, n->out[0], layout);
        } else {
            uint32_t buffer = bt_plan_add_buffer(p, BT_REGION_ARENA, 0, bt_plan_bytes(&out->shape, layout));
            result = (struct bt_place){.region = BT_REGION_ARENA,
                                       .value = n->out[0],
                                       .layout = layout,
                                       .shape = out->shape,
                                       .index = buffer,
                                       .size_bytes = bt_plan_bytes(&out->shape, layout)};
        }
        if (!p->status) bt_plan_step(p, n->name, n->op, node, &n->attr, 2, in, &result);
    }
}

static void plan_pad(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    const struct bt_attr *a = &n->attr;
    if (a->pad_mode != BT_PAD_CONSTANT) { /* a fused graph has none */
        bt_plan_fail(p, BT_E_UNSUPPORTED, n, "not lowered");
        return;
    }
    bool c4 = layout_of(p, n->in[0]) == BT_LAYOUT_C4 && !a->before[0] && !a->after[0] && !a->before[1] && a->after[1] >= 0 &&
              (a->after[1] == 0 || a->value == 0);
    simple_step(p, node, c4 ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN, c4 ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN);
}

static void plan_concat(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    bool some = false, fits = n->attr.axis > 0 && bt_plan_is_map(&value_of(p, n->out[0])->shape);
    for (uint16_t k = 0; k < n->in_count; k++) {
        some |= layout_of(p, n->in[k]) == BT_LAYOUT_C4;
        if (n->attr.axis == 1 && k + 1 < n->in_count) fits &= value_of(p, n->in[k])->shape.dim[1] % 4 == 0;
    }
    enum bt_layout layout = some && fits ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN;
    simple_step(p, node, layout, layout);
}

static void plan_slice(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    bool c4 = layout_of(p, n->in[0]) == BT_LAYOUT_C4 && n->attr.begin[1] % 4 == 0 && n->attr.step[1] == 1;
    simple_step(p, node, c4 ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN, c4 ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN);
}

static void plan_transpose(struct bt_planner *p, uint16_t node) {
    simple_step(p, node, layout_of(p, p->graph->node[node].in[0]), BT_LAYOUT_PLAIN);
}

static void plan_gather(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    if (!value_of(p, n->in[1])->data) {
        bt_plan_fail(p, BT_E_UNSUPPORTED, n, "indices are not constant");
        return;
    }
    simple_step(p, node, BT_LAYOUT_PLAIN, BT_LAYOUT_PLAIN);
}

static void plan_plain(struct bt_planner *p, uint16_t node) {
    simple_step(p, node, BT_LAYOUT_PLAIN, BT_LAYOUT_PLAIN);
}

typedef void (*plan_rule)(struct bt_planner *p, uint16_t node);
static const plan_rule by_op[BT_OP_COUNT] = {
    [BT_OP_CONV] = plan_conv,
    [BT_OP_CONV_TRANSPOSE] = plan_conv,
    [BT_OP_SEPARABLE_CONV] = plan_conv,
    [BT_OP_GRID_SAMPLE] = plan_grid_sample,
    [BT_OP_PAD] = plan_pad,
    [BT_OP_CONCAT] = plan_concat,
    [BT_OP_SLICE] = plan_slice,
    [BT_OP_TRANSPOSE] = plan_transpose,
    [BT_OP_GATHER] = plan_gather,
};
static const plan_rule by_class[] = {
    [BT_CLASS_UNARY] = plan_unary,  [BT_CLASS_BINARY] = plan_binary, [BT_CLASS_WINDOW] = plan_map,
    [BT_CLASS_MAP] = plan_map,      [BT_CLASS_VIEW] = plan_view,     [BT_CLASS_MOVE] = plan_plain,
    [BT_CLASS_REDUCE] = plan_plain, [BT_CLASS_MATRIX] = plan_plain,
};

void bt_plan_node(struct bt_planner *p, uint16_t node) {
    const struct bt_node *n = &p->graph->node[node];
    enum bt_type type = value_of(p, n->out[0])->type;
    if (type != BT_TYPE_F32 && type != BT_TYPE_BOOL) {
        bt_plan_fail(p, BT_E_UNSUPPORTED, n, "makes integers that do not fold away");
        return;
    }
    enum bt_op_class kind = bt_op_info(n->op)->kind;
    plan_rule rule = by_op[n->op] ? by_op[n->op] : kind < BT_COUNT(by_class) ? by_class[kind] : NULL;
    if (!rule) {
        bt_plan_fail(p, BT_E_UNSUPPORTED, n, "has no kernel");
        return;
    }
    rule(p, node);
}
