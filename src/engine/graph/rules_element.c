/* SPDX-License-Identifier: MIT */
/* Shape rules of element by element operators, products and reductions. */
#include "engine/graph/rules.h"
#include <math.h>
#include <string.h>

static void out_like(struct bt_infer *c, enum bt_type type, const struct bt_shape *s) {
    int64_t dim[BT_RANK_MAX];
    for (uint32_t i = 0; i < s->rank; i++) dim[i] = s->dim[i];
    bt_graph_infer_out(c, type, s->rank, dim);
}

void bt_graph_rule_same(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    enum bt_op op = c->node->op;
    if (op == BT_OP_LEAKY_RELU) c->node->attr.low = bt_graph_infer_float(c, "alpha", 0.01f);
    if (op == BT_OP_HARD_SIGMOID) {
        c->node->attr.low = bt_graph_infer_float(c, "alpha", 0.2f);
        c->node->attr.high = bt_graph_infer_float(c, "beta", 0.5f);
    }
    bool any = op == BT_OP_IDENTITY, number = op == BT_OP_NEG || op == BT_OP_ABS;
    if (x->type != BT_TYPE_F32 && !any && !(number && x->type != BT_TYPE_BOOL)) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input is not of floats");
    }
    out_like(c, x->type, &x->shape);
}

/* Not in training, it passes on what it gets. */
void bt_graph_rule_dropout(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    bt_graph_infer_float(c, "ratio", 0);
    bt_graph_infer_int(c, "seed", 0, INT64_MIN, INT64_MAX);
    if (c->graph->opset < 7 && !bt_graph_infer_int(c, "is_test", 0, 0, 1))
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "is_test is 0");
    if (bt_graph_infer_scalar(c, 2, 0) != 0) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "training_mode");
    out_like(c, x->type, &x->shape);
    bt_graph_infer_drop(c, 1);
    c->node->op = BT_OP_IDENTITY;
}

void bt_graph_rule_clip(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_attr *a = &c->node->attr;
    if (x->type != BT_TYPE_F32) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input is not of floats");
    /* Clip-6 has attributes, Clip-11 inputs. */
    a->low = bt_graph_infer_scalar(c, 1, bt_graph_infer_float(c, "min", -INFINITY));
    a->high = bt_graph_infer_scalar(c, 2, bt_graph_infer_float(c, "max", INFINITY));
    out_like(c, x->type, &x->shape);
    bt_graph_infer_drop(c, 1);
}

/* ONNX TensorProto.DataType to ours; float16, bfloat16 and double are all float32 here. */
static bool type_of(int64_t onnx, enum bt_type *out) {
    static const struct {
        int64_t onnx;
        enum bt_type type;
    } table[] = {{1, BT_TYPE_F32}, {10, BT_TYPE_F32}, {11, BT_TYPE_F32}, {16, BT_TYPE_F32},
                 {6, BT_TYPE_I32}, {7, BT_TYPE_I64},  {9, BT_TYPE_BOOL}};
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        if (table[i].onnx != onnx) continue;
        *out = table[i].type;
        return true;
    }
    return false;
}

void bt_graph_rule_cast(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    enum bt_type to = BT_TYPE_F32;
    int64_t onnx = bt_graph_infer_int(c, "to", 0, 0, 64);
    if (!type_of(onnx, &to)) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "to type %lld", (long long)onnx);
    out_like(c, to, &x->shape);
}

/* Up to opset 6 an attribute lets shapes broadcast; with "axis", from there on, which is another rule and left unread. */
static void allow_broadcast(struct bt_infer *c) {
    if (c->graph->opset < 7) bt_graph_infer_int(c, "broadcast", 0, 0, 1);
}

static void out_broadcast(struct bt_infer *c, const enum bt_type *forced, bool numbers) {
    uint32_t rank = 0;
    allow_broadcast(c);
    int64_t dim[BT_RANK_MAX];
    bt_graph_infer_broadcast(c, c->node->in_count, &rank, dim);
    const struct bt_value *first = bt_graph_infer_need(c, 0, 0);
    for (uint16_t k = 0; k < c->node->in_count; k++) {
        enum bt_type type = bt_graph_infer_need(c, k, 0)->type;
        if (type != first->type) bt_graph_infer_fail(c, BT_E_FORMAT, "inputs of different types");
        if ((type == BT_TYPE_BOOL) == numbers) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "inputs of an unknown type");
    }
    bt_graph_infer_out(c, forced ? *forced : first->type, rank, dim);
}

void bt_graph_rule_broadcast(struct bt_infer *c) {
    out_broadcast(c, NULL, true);
    if (c->node->op == BT_OP_SUM && c->node->in_count == 2) c->node->op = BT_OP_ADD; /* the one that convolutions take in */
}

void bt_graph_rule_broadcast_bool(struct bt_infer *c) {
    out_broadcast(c, NULL, false);
}

void bt_graph_rule_broadcast_compare(struct bt_infer *c) {
    static const enum bt_type type = BT_TYPE_BOOL;
    out_broadcast(c, &type, true);
}

void bt_graph_rule_broadcast_one_way(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    uint32_t rank = 0;
    int64_t dim[BT_RANK_MAX];
    if (x->type != BT_TYPE_F32) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input is not of floats");
    if (c->graph->opset < 7) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "before opset 7 its slope lay on another axis");
    bt_graph_infer_broadcast(c, 2, &rank, dim);
    if (rank != x->shape.rank) bt_graph_infer_fail(c, BT_E_FORMAT, "slope has more axes than the input");
    for (uint32_t i = 0; i < rank && !c->status; i++) {
        if (dim[i] != x->shape.dim[i]) bt_graph_infer_fail(c, BT_E_FORMAT, "slope does not broadcast to the input");
    }
    out_broadcast(c, NULL, true);
}

void bt_graph_rule_matmul(struct bt_infer *c) {
    const struct bt_value *a = bt_graph_infer_need(c, 0, 0), *b = bt_graph_infer_need(c, 1, 0);
    uint32_t ra = a->shape.rank, rb = b->shape.rank;
    if (a->type != BT_TYPE_F32 || b->type != BT_TYPE_F32) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "inputs are not of floats");
    if (!ra || !rb) bt_graph_infer_fail(c, BT_E_FORMAT, "a scalar input");
    if (c->status) return;
    /* A vector is a row on the left and a column on the right; its axis is not in the result. */
    uint32_t inner_a = a->shape.dim[ra - 1], inner_b = b->shape.dim[rb > 1 ? rb - 2 : 0];
    if (inner_a != inner_b) bt_graph_infer_fail(c, BT_E_FORMAT, "inner sizes %u and %u", inner_a, inner_b);
    uint32_t batch_a = ra > 2 ? ra - 2 : 0, batch_b = rb > 2 ? rb - 2 : 0, batch = batch_a > batch_b ? batch_a : batch_b;
    int64_t dim[BT_RANK_MAX + 2];
    uint32_t rank = batch;
    for (uint32_t i = 0; i < batch; i++) {
        uint32_t da = i + batch_a >= batch ? a->shape.dim[i + batch_a - batch] : 1;
        uint32_t db = i + batch_b >= batch ? b->shape.dim[i + batch_b - batch] : 1;
        if (da != db && da != 1 && db != 1)
            bt_graph_infer_fail(c, BT_E_FORMAT, "batches do not broadcast: %u against %u", da, db);
        dim[i] = da == 1 ? db : da;
    }
    if (ra > 1) dim[rank++] = a->shape.dim[ra - 2];
    if (rb > 1) dim[rank++] = b->shape.dim[rb - 1];
    bt_graph_infer_out(c, BT_TYPE_F32, rank, dim);
}

void bt_graph_rule_gemm(struct bt_infer *c) {
    struct bt_attr *t = &c->node->attr;
    const struct bt_value *a = bt_graph_infer_need(c, 0, 2), *b = bt_graph_infer_need(c, 1, 2), *add = bt_graph_infer_in(c, 2);
    allow_broadcast(c);
    t->trans_a = bt_graph_infer_int(c, "transA", 0, 0, 1);
    t->trans_b = bt_graph_infer_int(c, "transB", 0, 0, 1);
    t->alpha = bt_graph_infer_float(c, "alpha", 1);
    t->beta = bt_graph_infer_float(c, "beta", 1);
    if (a->type != BT_TYPE_F32 || b->type != BT_TYPE_F32 || (add && add->type != BT_TYPE_F32)) {
        bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "inputs are not of floats");
    }
    uint32_t rows = a->shape.dim[t->trans_a], inner = a->shape.dim[!t->trans_a];
    uint32_t columns = b->shape.dim[!t->trans_b], inner_b = b->shape.dim[t->trans_b];
    if (inner != inner_b) bt_graph_infer_fail(c, BT_E_FORMAT, "inner sizes %u and %u", inner, inner_b);
    if (add) {
        uint32_t r = add->shape.rank;
        bool fits = r <= 2 && (r < 1 || add->shape.dim[r - 1] == 1 || add->shape.dim[r - 1] == columns) &&
                    (r < 2 || add->shape.dim[0] == 1 || add->shape.dim[0] == rows);
        if (!fits) bt_graph_infer_fail(c, BT_E_FORMAT, "C does not broadcast to %u x %u", rows, columns);
    }
    bt_graph_infer_out(c, BT_TYPE_F32, 2, (int64_t[]){rows, columns});
}

void bt_graph_rule_reduce(struct bt_infer *c) {
    struct bt_attr *t = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_int_list axes;
    bt_graph_infer_list(c, 1, "axes", &axes);
    t->keepdims = bt_graph_infer_int(c, "keepdims", 1, 0, 1);
    bool none_is_none = bt_graph_infer_int(c, "noop_with_empty_axes", 0, 0, 1);
    if (x->type != BT_TYPE_F32) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input is not of floats");
    for (size_t i = 0; i < axes.count && !c->status; i++) t->axes[bt_graph_infer_axis(c, axes.at[i], x->shape.rank)] = true;
    for (uint32_t i = 0; i < x->shape.rank && !axes.count && !none_is_none; i++) t->axes[i] = true;
    int64_t dim[BT_RANK_MAX];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        if (!t->axes[i]) {
            dim[rank++] = x->shape.dim[i];
        } else if (t->keepdims) {
            dim[rank++] = 1;
        }
    }
    bt_graph_infer_out(c, x->type, rank, dim);
    bt_graph_infer_drop(c, 1);
}

void bt_graph_rule_softmax(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    bool old = c->graph->opset < 13; /* Softmax-1: everything from the axis on is one vector */
    int64_t axis = bt_graph_infer_int(c, "axis", old ? 1 : -1, -BT_RANK_MAX, BT_RANK_MAX - 1);
    if (x->type != BT_TYPE_F32) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "input is not of floats");
    if (!x->shape.rank) bt_graph_infer_fail(c, BT_E_FORMAT, "a scalar input");
    c->node->attr.axis = c->status ? 0 : bt_graph_infer_axis(c, axis, x->shape.rank);
    for (uint32_t i = c->node->attr.axis + 1; old && i < x->shape.rank; i++) {
        if (x->shape.dim[i] != 1) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "opset < 13 over more than one axis");
    }
    out_like(c, x->type, &x->shape);
}
