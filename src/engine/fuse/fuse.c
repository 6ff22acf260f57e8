/* SPDX-License-Identifier: MIT */
#include "engine/fuse/fuse.h"
#include "base/log.h"
#include "engine/fuse/lower.h"
#include "engine/fuse/rewrite.h"
#include <stdlib.h>
#include <string.h>

const struct bt_value *bt_fuse_value(const struct bt_fuser *f, uint16_t value) {
    return &f->graph->value[value];
}

struct bt_node *bt_fuse_sole_maker(const struct bt_fuser *f, uint16_t value) {
    const struct bt_value *v = bt_fuse_value(f, value);
    if (f->uses[value] != 1 || v->is_output || v->producer == BT_NONE) return NULL;
    return &f->graph->node[v->producer];
}

bool bt_fuse_is_conv(const struct bt_node *n) {
    return (n->op == BT_OP_CONV || n->op == BT_OP_CONV_TRANSPOSE) && n->in_count == BT_CONV_INPUTS;
}

void bt_fuse_remove(struct bt_fuser *f, struct bt_node *n) {
    for (uint16_t k = 0; k < n->in_count; k++) {
        if (n->in[k] != BT_NONE) f->uses[n->in[k]]--;
    }
    for (uint16_t k = 0; k < n->out_count; k++) {
        struct bt_value *v = &f->graph->value[n->out[k]];
        if (v->producer == n - f->graph->node) v->producer = BT_NONE;
    }
    n->in_count = n->out_count = 0;
}

void bt_fuse_take_output(struct bt_fuser *f, struct bt_node *n, uint16_t value) {
    f->graph->value[n->out[0]].producer = BT_NONE;
    n->out[0] = value;
    f->graph->value[value].producer = (uint16_t)(n - f->graph->node);
}

void bt_fuse_set_input(struct bt_fuser *f, struct bt_node *n, uint16_t k, uint16_t value) {
    if (n->in[k] != BT_NONE) f->uses[n->in[k]]--;
    n->in[k] = value;
    if (value != BT_NONE) f->uses[value]++;
}

uint16_t bt_fuse_add_constant(struct bt_fuser *f, const char *name, const struct bt_shape *shape, float **out_data) {
    uint16_t value;
    void *data;
    uint16_t *more = realloc(f->uses, (f->graph->value_count + 2) * sizeof *more);
    if (!more) {
        f->status = BT_E_MEMORY;
        return BT_NONE;
    }
    f->uses = more;
    const bt_status status = bt_graph_add_constant(f->graph, name, BT_TYPE_F32, shape, &value, &data);
    if (status) { /* to stay, also when a later rewrite finds memory */
        f->status = status;
        return BT_NONE;
    }
    f->uses[value] = 0;
    *out_data = data;
    return value;
}

bool bt_fuse_widen(struct bt_fuser *f, struct bt_node *n) {
    if ((n->op != BT_OP_CONV && n->op != BT_OP_CONV_TRANSPOSE) || n->in_count == BT_CONV_INPUTS) return false;
    uint16_t *in = bt_graph_alloc(f->graph, BT_CONV_INPUTS * sizeof *in);
    if (!in) {
        f->status = BT_E_MEMORY;
        return false;
    }
    for (uint16_t k = 0; k < BT_CONV_INPUTS; k++) in[k] = k < n->in_count ? n->in[k] : (uint16_t)BT_NONE;
    n->in = in;
    n->in_count = BT_CONV_INPUTS;
    return true;
}

typedef bool (*rewrite)(struct bt_fuser *f, struct bt_node *n);
/* In this order: activations whole before their parts go elsewhere; residuals before activations, since mostly the activation
   comes last: y = act(conv + bias + residual). Convolutions move before a Resize only when they have taken what they can, which
   then stays in the kernel. */
static const rewrite rewrites[] = {bt_fuse_views, bt_fuse_spelt,    bt_fuse_widen,      bt_fuse_scale,
                                   bt_fuse_pad,   bt_fuse_residual, bt_fuse_activation, bt_fuse_resize};

bt_status bt_fuse(struct bt_graph *graph, struct bt_log *log) {
    struct bt_fuser f = {.graph = graph};
    bt_status st = bt_fuse_lower(graph, log);
    if (st) return st;
    f.uses = calloc(graph->value_count + 1, sizeof *f.uses);
    if (!f.uses) return BT_E_MEMORY;
    bool changed = true;
    while (changed && !f.status) {
        changed = false;
        for (size_t r = 0; r < BT_COUNT(rewrites) && !f.status; r++) {
            bt_graph_count_uses(graph, f.uses);
            for (uint32_t i = 0; i < graph->node_count; i++) {
                if (graph->node[i].out_count && rewrites[r](&f, &graph->node[i])) changed = true;
            }
            if (!f.status) f.status = bt_graph_sweep(graph);
        }
    }
    free(f.uses);
    if (f.status) bt_log_error(log, "engine: graph '%.100s': no room to fuse it", graph->name);
    return f.status ? f.status : bt_graph_verify(graph, log);
}
