/* SPDX-License-Identifier: MIT */
#include "engine/ref/ref.h"
#include "engine/ref/kernels.h"
#include <stdlib.h>
#include <string.h>

void bt_ref_strides(const struct bt_shape *shape, size_t *out_stride) {
    size_t stride = 1;
    for (uint32_t i = shape->rank; i-- > 0;) {
        out_stride[i] = stride;
        stride *= shape->dim[i];
    }
}

void bt_ref_broadcast_strides(const struct bt_shape *in, const struct bt_shape *out, size_t *out_stride) {
    size_t own[BT_RANK_MAX];
    bt_ref_strides(in, own);
    uint32_t lead = out->rank - in->rank;
    for (uint32_t i = 0; i < out->rank; i++) out_stride[i] = i < lead || in->dim[i - lead] == 1 ? 0 : own[i - lead];
}

bool bt_ref_next(const struct bt_shape *shape, uint32_t *at) {
    for (uint32_t i = shape->rank; i-- > 0;) {
        if (++at[i] < shape->dim[i]) return true;
        at[i] = 0;
    }
    return false;
}

/* By operator where one needs its own, else by class. */
static const bt_ref_fn by_op[BT_OP_COUNT + 1] = {
    [BT_OP_CONV] = bt_ref_conv,
    [BT_OP_CONV_TRANSPOSE] = bt_ref_conv_transpose,
    [BT_OP_SEPARABLE_CONV] = bt_ref_separable_conv,
    [BT_OP_MAX_POOL] = bt_ref_pool,
    [BT_OP_AVERAGE_POOL] = bt_ref_pool,
    [BT_OP_GLOBAL_AVERAGE_POOL] = bt_ref_global_pool,
    [BT_OP_BATCH_NORMALIZATION] = bt_ref_normalize,
    [BT_OP_INSTANCE_NORMALIZATION] = bt_ref_normalize,
    [BT_OP_RESIZE] = bt_ref_resize,
    [BT_OP_DEPTH_TO_SPACE] = bt_ref_depth_to_space,
    [BT_OP_GRID_SAMPLE] = bt_ref_grid_sample,
    [BT_OP_CAST] = bt_ref_cast,
    [BT_OP_PAD] = bt_ref_pad,
    [BT_OP_TRANSPOSE] = bt_ref_transpose,
    [BT_OP_CONCAT] = bt_ref_concat,
    [BT_OP_SLICE] = bt_ref_slice,
    [BT_OP_GATHER] = bt_ref_gather,
    [BT_OP_MATMUL] = bt_ref_matmul,
    [BT_OP_GEMM] = bt_ref_gemm,
    [BT_OP_REDUCE_MIN] = bt_ref_reduce,
    [BT_OP_REDUCE_MAX] = bt_ref_reduce,
    [BT_OP_REDUCE_SUM] = bt_ref_reduce,
    [BT_OP_REDUCE_MEAN] = bt_ref_reduce,
    [BT_OP_SOFTMAX] = bt_ref_softmax,
    [BT_OP_CONVERT] = bt_ref_copy,
};

static const uint8_t op_class[BT_OP_COUNT + 1] = {
#define BT_OP(id, name, least, most, since, rule, kind) [BT_OP_##id] = BT_CLASS_##kind,
#include "engine/ops.def"
#undef BT_OP
    [BT_OP_CONVERT] = BT_CLASS_MOVE,
};

bt_status bt_ref_run_node(const struct bt_node *node, uint32_t in_count, const struct bt_ref_tensor *in, uint32_t out_count,
                          struct bt_ref_tensor *out) {
    if (node->op > BT_OP_CONVERT || out_count != 1) return BT_E_UNSUPPORTED;
    struct bt_ref_call call = {.op = node->op, .attr = &node->attr, .in_count = in_count, .in = in, .out = out};
    bt_ref_fn fn = by_op[node->op];
    if (!fn) {
        switch (op_class[node->op]) {
        case BT_CLASS_UNARY:
            fn = bt_ref_unary;
            break;
        case BT_CLASS_BINARY:
            fn = bt_ref_binary;
            break;
        case BT_CLASS_VIEW:
            fn = bt_ref_copy;
            break;
        default:
            return BT_E_UNSUPPORTED;
        }
    }
    return fn(&call);
}

static size_t tensor_bytes(const struct bt_ref_tensor *t) {
    return bt_shape_elements(&t->shape) * bt_type_bytes(t->type);
}

bt_status bt_ref_run(const struct bt_graph *graph, const struct bt_ref_tensor *inputs, struct bt_ref_tensor *outputs) {
    return bt_ref_run_watched(graph, inputs, outputs, NULL, NULL);
}

bt_status bt_ref_run_watched(const struct bt_graph *graph, const struct bt_ref_tensor *inputs, struct bt_ref_tensor *outputs,
                             bt_ref_watch watch, void *user) {
    bt_status st = BT_OK;
    struct bt_ref_tensor *value = calloc(graph->value_count + 1, sizeof *value);
    bool *owned = calloc(graph->value_count + 1, sizeof *owned);
    uint32_t *last = calloc(graph->value_count + 1, sizeof *last);
    if (!value || !owned || !last) {
        st = BT_E_MEMORY;
        goto done;
    }
    for (uint32_t i = 0; i < graph->value_count; i++) {
        const struct bt_value *v = &graph->value[i];
        value[i] = (struct bt_ref_tensor){.type = v->type, .shape = v->shape, .data = (void *)(uintptr_t)v->data};
    }
    for (uint32_t i = 0; i < graph->input_count; i++) value[graph->input[i]].data = inputs[i].data;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        for (uint16_t k = 0; k < graph->node[i].in_count; k++) {
            if (graph->node[i].in[k] != BT_NONE) last[graph->node[i].in[k]] = i;
        }
    }
    for (uint32_t i = 0; i < graph->output_count; i++) last[graph->output[i]] = UINT32_MAX;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct bt_node *n = &graph->node[i];
        struct bt_ref_tensor in[BT_GRAPH_INPUTS_MAX] = {0};
        for (uint16_t k = 0; k < n->in_count; k++) {
            if (n->in[k] != BT_NONE) in[k] = value[n->in[k]];
        }
        struct bt_ref_tensor *out = &value[n->out[0]];
        out->data = calloc(1, tensor_bytes(out));
        if (!out->data) {
            st = BT_E_MEMORY;
            goto done;
        }
        owned[n->out[0]] = true;
        st = bt_ref_run_node(n, n->in_count, in, n->out_count, out);
        if (st) goto done;
        if (watch) watch(user, n->out[0], out);
        for (uint16_t k = 0; k < n->in_count; k++) {
            if (n->in[k] == BT_NONE || !owned[n->in[k]] || last[n->in[k]] != i) continue;
            free(value[n->in[k]].data);
            owned[n->in[k]] = false;
        }
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        memcpy(outputs[i].data, value[graph->output[i]].data, tensor_bytes(&value[graph->output[i]]));
    }
done:
    for (uint32_t i = 0; owned && value && i < graph->value_count; i++) {
        if (owned[i]) free(value[i].data);
    }
    free(value);
    free(owned);
    free(last);
    return st;
}
