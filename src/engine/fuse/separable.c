/* SPDX-License-Identifier: MIT */
#include "engine/fuse/fuse.h"
#include "engine/fuse/rewrite.h"

#include "base/log.h"
#include <stdlib.h>

/* Where one kernel was measured to beat two: with one output group the depthwise part is nearly all there is, and its own
   kernel has larger tiles; with more than four, too few pixels fit beside their sums. */
enum { KERNEL = 3, STRIDE_MAX = 2, GROUPS_LEAST = 2, GROUPS_MOST = 4 };

static bool is_constant(const struct bt_fuser *f, uint16_t value) {
    return value == BT_NONE || bt_fuse_value(f, value)->data;
}

static bool is_inner(const struct bt_fuser *f, const struct bt_node *n) {
    const struct bt_attr *a = &n->attr;
    if (n->op != BT_OP_CONV || !bt_fuse_is_conv(n) || n->in[BT_CONV_RESIDUAL] != BT_NONE || a->late) return false;
    const struct bt_shape *x = &bt_fuse_value(f, n->in[BT_CONV_X])->shape;
    if (!bt_conv_is_depthwise(a, x, &bt_fuse_value(f, n->out[0])->shape)) return false;
    for (int i = 0; i < 2; i++) {
        if (a->kernel[i] != KERNEL || a->stride[i] > STRIDE_MAX || a->stride[i] != a->stride[0] || a->dilation[i] != 1)
            return false;
    }
    return is_constant(f, n->in[BT_CONV_WEIGHT]) && is_constant(f, n->in[BT_CONV_BIAS]) && is_constant(f, n->in[BT_CONV_SLOPE]);
}

static bool pair(struct bt_fuser *f, struct bt_node *n) {
    if (n->op != BT_OP_CONV || !bt_fuse_is_conv(n) || n->attr.group != 1 || !bt_conv_is_pointwise(&n->attr)) return false;
    const uint32_t groups = (bt_fuse_value(f, n->out[0])->shape.dim[1] + 3) / 4;
    if (groups < GROUPS_LEAST || groups > GROUPS_MOST || n->in[BT_CONV_RESIDUAL] == n->in[BT_CONV_X]) return false;
    struct bt_node *inner = bt_fuse_sole_maker(f, n->in[BT_CONV_X]);
    if (!inner || !is_inner(f, inner)) return false;
    uint16_t *in = bt_graph_alloc(f->graph, BT_SEPARABLE_INPUTS * sizeof *in);
    if (!in) {
        f->status = BT_E_MEMORY;
        return false;
    }
    for (uint16_t k = 0; k < BT_CONV_INPUTS; k++) in[k] = n->in[k];
    in[BT_CONV_X] = inner->in[BT_CONV_X];
    in[BT_SEPARABLE_WEIGHT] = inner->in[BT_CONV_WEIGHT];
    in[BT_SEPARABLE_BIAS] = inner->in[BT_CONV_BIAS];
    in[BT_SEPARABLE_SLOPE] = inner->in[BT_CONV_SLOPE];
    const struct bt_attr outer = n->attr;
    n->attr = inner->attr;
    n->attr.act_inside = inner->attr.act;
    n->attr.low_inside = inner->attr.low;
    n->attr.high_inside = inner->attr.high;
    n->attr.act = outer.act;
    n->attr.low = outer.low;
    n->attr.high = outer.high;
    n->attr.late = outer.late;
    n->op = BT_OP_SEPARABLE_CONV;
    bt_fuse_remove(f, inner);
    n->in = in;
    n->in_count = BT_SEPARABLE_INPUTS;
    return true;
}

bt_status bt_fuse_separable(struct bt_graph *graph, struct bt_log *log) {
    struct bt_fuser f = {.graph = graph};
    f.uses = calloc(graph->value_count + 1, sizeof *f.uses);
    if (!f.uses) return BT_E_MEMORY;
    bool changed = false;
    bt_graph_count_uses(graph, f.uses);
    for (uint32_t i = 0; i < graph->node_count && !f.status; i++) {
        if (!graph->node[i].out_count || !pair(&f, &graph->node[i])) continue;
        changed = true;
        bt_graph_count_uses(graph, f.uses);
    }
    free(f.uses);
    if (changed && !f.status) f.status = bt_graph_sweep(graph);
    if (f.status) bt_log_error(log, "engine: graph '%.100s': no room to fuse it", graph->name);
    return f.status ? f.status : bt_graph_verify(graph, log);
}
