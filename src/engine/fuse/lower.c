/* SPDX-License-Identifier: MIT */
/* Operators without a kernel, said in those that have one. Runs once, before the rewrites, which then see the plain form. */
#include "engine/fuse/lower.h"
#include "base/log.h"
#include "engine/fuse/rewrite.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One number, or one a channel, shaped to broadcast against an input of rank `rank`: C x 1 x … x 1. */
static uint16_t constant(struct bt_lowering *l, uint32_t channels, uint32_t rank, float **out_data) {
    struct bt_shape shape = {.rank = channels > 1 ? rank - 1 : 0, .dim = {channels, 1, 1, 1, 1, 1}};
    uint16_t value = BT_NONE;
    void *data = NULL;
    if (!l->status) l->status = bt_graph_add_constant(l->graph, bt_fuse_lowered(l)->name, BT_TYPE_F32, &shape, &value, &data);
    *out_data = data;
    return value;
}

static uint16_t number(struct bt_lowering *l, float x) {
    float *data;
    uint16_t value = constant(l, 1, 0, &data);
    if (!l->status) *data = x;
    return value;
}

static const float *floats(const struct bt_lowering *l, uint16_t k) {
    return l->graph->value[bt_fuse_lowered(l)->in[k]].data;
}

struct bt_node *bt_fuse_lower_step(struct bt_lowering *l, enum bt_op op, uint16_t in_count, const uint16_t *in,
                                   const struct bt_shape *shape) {
    uint16_t index, value;
    const struct bt_shape out = *shape; /* may lie among the graph's values, which move */
    if (!l->status) l->status = bt_graph_add_node(l->graph, op, bt_fuse_lowered(l)->name, in_count, 1, &index);
    if (!l->status) l->status = bt_graph_add_value(l->graph, "", &value);
    if (l->status) return NULL;
    char name[160];
    snprintf(name, sizeof name, "%.100s/%s%u", bt_fuse_lowered(l)->name, bt_op_info(op)->name, value);
    struct bt_value *v = &l->graph->value[value];
    v->name = bt_graph_copy_text(l->graph, name);
    if (!v->name) {
        l->status = BT_E_MEMORY;
        return NULL;
    }
    v->type = BT_TYPE_F32;
    v->shape = out;
    struct bt_node *n = &l->graph->node[index];
    memcpy(n->in, in, in_count * sizeof *in);
    n->out[0] = value;
    return n;
}

/* Appends op(a, b); b may be BT_NONE. The result has a's shape, or one number a channel if `pooled`. */
static uint16_t step(struct bt_lowering *l, enum bt_op op, uint16_t a, uint16_t b, bool pooled) {
    if (l->status) return BT_NONE;
    struct bt_shape shape = l->graph->value[a].shape;
    for (uint32_t i = 2; pooled && i < shape.rank; i++) shape.dim[i] = 1;
    struct bt_node *n = bt_fuse_lower_step(l, op, b == BT_NONE ? 1 : 2, (uint16_t[]){a, b}, &shape);
    if (!n) return BT_NONE;
    for (uint32_t i = 2; pooled && i < shape.rank; i++) n->attr.axes[i] = true;
    n->attr.keepdims = pooled;
    return n->out[0];
}

/* The lowered node itself becomes the last step, and keeps its output. */
static void last_step(struct bt_lowering *l, enum bt_op op, uint16_t a, uint16_t b) {
    if (l->status) return;
    struct bt_node *n = &l->graph->node[l->node];
    n->op = op;
    n->in[0] = a;
    if (b != BT_NONE) n->in[1] = b;
    n->in_count = b == BT_NONE ? 1 : 2;
}

/* x gain + offset: what ref/norm.c does, its constants gathered into two. */
static void batch_norm(struct bt_lowering *l) {
    uint16_t x = bt_fuse_lowered(l)->in[0];
    struct bt_shape shape = l->graph->value[x].shape;
    float *gain, *offset;
    uint16_t by = constant(l, shape.dim[1], shape.rank, &gain), to = constant(l, shape.dim[1], shape.rank, &offset);
    if (l->status) return;
    const float *scale = floats(l, 1), *shift = floats(l, 2), *mean = floats(l, 3), *variance = floats(l, 4);
    for (uint32_t i = 0; i < shape.dim[1]; i++) {
        double g = (double)scale[i] / sqrt((double)variance[i] + (double)bt_fuse_lowered(l)->attr.epsilon);
        gain[i] = (float)g;
        offset[i] = (float)((double)shift[i] - (double)mean[i] * g);
    }
    last_step(l, BT_OP_ADD, step(l, BT_OP_MUL, x, by, false), to);
}

static void instance_norm(struct bt_lowering *l) {
    uint16_t x = bt_fuse_lowered(l)->in[0];
    struct bt_shape shape = l->graph->value[x].shape;
    enum bt_op mean = shape.rank == 4 && shape.dim[0] == 1 ? BT_OP_GLOBAL_AVERAGE_POOL : BT_OP_REDUCE_MEAN;
    float *scale, *shift;
    uint16_t by = constant(l, shape.dim[1], shape.rank, &scale), to = constant(l, shape.dim[1], shape.rank, &shift);
    if (l->status) return;
    memcpy(scale, floats(l, 1), shape.dim[1] * sizeof *scale);
    memcpy(shift, floats(l, 2), shape.dim[1] * sizeof *shift);
    uint16_t epsilon = number(l, bt_fuse_lowered(l)->attr.epsilon);
    uint16_t off = step(l, BT_OP_SUB, x, step(l, mean, x, BT_NONE, true), false);
    uint16_t variance = step(l, mean, step(l, BT_OP_MUL, off, off, false), BT_NONE, true);
    uint16_t deviation = step(l, BT_OP_SQRT, step(l, BT_OP_ADD, variance, epsilon, false), BT_NONE, false);
    uint16_t gain = step(l, BT_OP_MUL, step(l, BT_OP_RECIPROCAL, deviation, BT_NONE, false), by, false);
    last_step(l, BT_OP_ADD, step(l, BT_OP_MUL, off, gain, false), to);
}

static void hard_sigmoid(struct bt_lowering *l) {
    uint16_t x = bt_fuse_lowered(l)->in[0], by = number(l, bt_fuse_lowered(l)->attr.low),
             to = number(l, bt_fuse_lowered(l)->attr.high);
    last_step(l, BT_OP_CLIP, step(l, BT_OP_ADD, step(l, BT_OP_MUL, x, by, false), to, false), BT_NONE);
    if (l->status) return;
    l->graph->node[l->node].attr = (struct bt_attr){.low = 0, .high = 1};
}

/* Puts what was appended for node i in front of it: first[i] … first[i + 1]. */
static bt_status put_in_place(struct bt_graph *graph, uint32_t count, const uint32_t *first) {
    struct bt_node *placed = malloc((graph->node_count + 1) * sizeof *placed);
    if (!placed) return BT_E_MEMORY;
    uint32_t at = 0;
    for (uint32_t i = 0; i < count; i++) {
        for (uint32_t k = first[i]; k < first[i + 1]; k++) placed[at++] = graph->node[k];
        placed[at++] = graph->node[i];
    }
    memcpy(graph->node, placed, at * sizeof *placed);
    free(placed);
    return bt_graph_sort(graph, NULL); /* in order already: sets the producers */
}

/* Reflect and edge: each padded axis is gathered, by constant indices. */
static void pad(struct bt_lowering *l) {
    const struct bt_attr a = bt_fuse_lowered(l)->attr;
    uint16_t x = bt_fuse_lowered(l)->in[0], indices = BT_NONE;
    struct bt_shape shape = l->graph->value[x].shape;
    uint32_t last = 0, padded = 0;
    for (uint32_t i = 0; i < shape.rank; i++) {
        if (!a.before[i] && !a.after[i]) continue;
        padded++;
        last = i;
    }
    if (a.pad_mode == BT_PAD_CONSTANT || !padded || l->graph->value[x].type != BT_TYPE_F32) return;
    for (uint32_t i = 0; i <= last && !l->status; i++) {
        if (!a.before[i] && !a.after[i]) continue;
        uint32_t size = shape.dim[i];
        shape.dim[i] += (uint32_t)a.before[i] + (uint32_t)a.after[i];
        const struct bt_shape line = {.rank = 1, .dim = {shape.dim[i], 1, 1, 1, 1, 1}};
        void *data;
        l->status = bt_graph_add_constant(l->graph, bt_fuse_lowered(l)->name, BT_TYPE_I64, &line, &indices, &data);
        if (l->status) return;
        for (uint32_t k = 0; k < line.dim[0]; k++)
            ((int64_t *)data)[k] = bt_pad_source(a.pad_mode, (int64_t)k - a.before[i], size);
        if (i == last) break;
        struct bt_node *n = bt_fuse_lower_step(l, BT_OP_GATHER, 2, (uint16_t[]){x, indices}, &shape);
        if (!n) return;
        n->attr.axis = i;
        x = n->out[0];
    }
    uint16_t *in = l->status ? NULL : bt_graph_alloc(l->graph, 2 * sizeof *in);
    if (!in) {
        l->status = l->status ? l->status : BT_E_MEMORY;
        return;
    }
    struct bt_node *n = bt_fuse_lowered(l);
    in[0] = x;
    in[1] = indices;
    n->op = BT_OP_GATHER;
    n->attr = (struct bt_attr){.axis = last};
    n->in = in;
    n->in_count = 2;
}

static void lower_one(struct bt_lowering *l) {
    switch (bt_fuse_lowered(l)->op) {
    case BT_OP_BATCH_NORMALIZATION:
        batch_norm(l);
        break;
    case BT_OP_INSTANCE_NORMALIZATION:
        instance_norm(l);
        break;
    case BT_OP_HARD_SIGMOID:
        hard_sigmoid(l);
        break;
    case BT_OP_PAD:
        pad(l);
        break;
    case BT_OP_CONV_TRANSPOSE:
        bt_fuse_lower_transpose(l);
        break;
    default:
        break;
    }
}

static bt_status pass(struct bt_graph *graph, struct bt_log *log, void (*lower)(struct bt_lowering *l)) {
    struct bt_lowering l = {.graph = graph};
    uint32_t count = graph->node_count;
    uint32_t *first = malloc((count + 1) * sizeof *first);
    if (!first) return BT_E_MEMORY;
    for (l.node = 0; l.node < count && !l.status; l.node++) {
        first[l.node] = graph->node_count;
        lower(&l);
        if (l.status) bt_log_error(log, "engine: node '%.100s': no room to lower it", bt_fuse_lowered(&l)->name);
    }
    first[count] = graph->node_count;
    if (!l.status && graph->node_count > count) l.status = put_in_place(graph, count, first);
    free(first);
    return l.status;
}

bt_status bt_fuse_lower(struct bt_graph *graph, struct bt_log *log) {
    bt_status st = pass(graph, log, bt_fuse_lower_batch);
    return st ? st : pass(graph, log, lower_one);
}
