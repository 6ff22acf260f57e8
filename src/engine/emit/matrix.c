/* SPDX-License-Identifier: MIT */
/* Products and reductions of PLAIN tensors. */
#include "engine/emit/emit.h"

#include "engine/engine.h"
#include "engine/matmul.h"
#include "engine/reduce.h"
#include "engine/softmax.h"

enum { BATCHES = 4, FOLDS = 4 };

static bt_status add_matmul(struct bt_emitter *e, struct bt_matmul_push *push, const struct bt_place *c) {
    const struct bt_step *s = e->step;
    uint64_t tiles = (uint64_t)(push->columns + BT_MATMUL_COLUMNS - 1) / BT_MATMUL_COLUMNS;
    uint64_t count = tiles * (uint64_t)push->rows;
    for (int i = 0; i < BATCHES; i++) count *= (uint64_t)push->batch[i];
    push->count = (int32_t)count;
    struct bt_operand operands[BT_MATMUL_SLOTS] = {
        [BT_MATMUL_A] = bt_emit_operand(&s->in[0]),
        [BT_MATMUL_B] = bt_emit_operand(&s->in[1]),
        [BT_MATMUL_C] = bt_emit_operand(c ? c : &s->in[0]),
        [BT_MATMUL_OUT] = bt_emit_operand(&s->out[0]),
    };
    return bt_emit_add(e, BT_KERNEL_MATMUL, NULL, push, operands, count);
}

/* A vector operand counts as a matrix with one row (a) or one column (b), numpy's rule. */
bt_status bt_emit_matmul(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    struct bt_shape a = s->in[0].shape, b = s->in[1].shape;
    if (a.rank == 1) a = (struct bt_shape){.rank = 2, .dim = {1, a.dim[0], 1, 1, 1, 1}};
    if (b.rank == 1) b = (struct bt_shape){.rank = 2, .dim = {b.dim[0], 1, 1, 1, 1, 1}};
    if (a.rank < 2 || b.rank < 2) return bt_emit_refuse(e, "a scalar operand");
    uint32_t rows = a.dim[a.rank - 2], inner = a.dim[a.rank - 1], columns = b.dim[b.rank - 1];
    struct bt_matmul_push push = {
        .rows = (int32_t)rows,
        .columns = (int32_t)columns,
        .inner = (int32_t)inner,
        .a_row = (int32_t)inner,
        .a_inner = 1,
        .b_inner = (int32_t)columns,
        .b_column = 1,
        .alpha = 1.0f,
        .batch = {1, 1, 1, 1},
    };
    uint32_t a_outer = a.rank - 2, b_outer = b.rank - 2, outer = a_outer > b_outer ? a_outer : b_outer;
    int32_t a_step = (int32_t)(rows * inner), b_step = (int32_t)(inner * columns);
    for (uint32_t i = 0; i < outer && i < BATCHES; i++) {
        uint32_t da = i < a_outer ? a.dim[a_outer - 1 - i] : 1, db = i < b_outer ? b.dim[b_outer - 1 - i] : 1;
        push.batch[i] = (int32_t)(da > db ? da : db);
        push.a_batch[i] = da == 1 ? 0 : a_step;
        push.b_batch[i] = db == 1 ? 0 : b_step;
        a_step *= (int32_t)da;
        b_step *= (int32_t)db;
    }
    return add_matmul(e, &push, NULL);
}

bt_status bt_emit_gemm(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_attr *at = s->attr;
    const struct bt_shape *a = &s->in[0].shape, *b = &s->in[1].shape, *y = &s->out[0].shape;
    struct bt_matmul_push push = {
        .rows = (int32_t)y->dim[0],
        .columns = (int32_t)y->dim[1],
        .inner = (int32_t)a->dim[at->trans_a ? 0 : 1],
        .a_row = at->trans_a ? 1 : (int32_t)a->dim[1],
        .a_inner = at->trans_a ? (int32_t)a->dim[1] : 1,
        .b_inner = at->trans_b ? 1 : (int32_t)b->dim[1],
        .b_column = at->trans_b ? (int32_t)b->dim[1] : 1,
        .alpha = at->alpha,
        .batch = {1, 1, 1, 1},
    };
    if (bt_emit_absent(s, 2)) return add_matmul(e, &push, NULL);
    struct bt_strides c = bt_emit_broadcast(&s->in[2].shape, y);
    push.beta = at->beta;
    push.c_row = c.step[0];
    push.c_column = c.step[1];
    return add_matmul(e, &push, &s->in[2]);
}

bt_status bt_emit_reduce(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_shape *x = &s->in[0].shape;
    struct bt_strides own = bt_emit_strides(x);
    int32_t what = s->op == BT_OP_REDUCE_MIN ? BT_DO_MIN : s->op == BT_OP_REDUCE_MAX ? BT_DO_MAX : BT_DO_ADD;
    struct bt_reduce_push push = {
        .count = 1, .folded = 1, .scale = 1.0f, .what = what, .keep_dim = {1, 1, 1, 1}, .fold_dim = {1, 1, 1, 1}};
    /* Neighbours that are both folded, or both kept, are one dimension: at most three of each are left of six. */
    int keeps = -1, folds = -1, last = -1;
    for (uint32_t i = x->rank; i-- > 0;) {
        int32_t dim = (int32_t)x->dim[i];
        if (dim == 1) continue;
        int fold = s->attr->axes[i];
        int32_t *dims = fold ? push.fold_dim : push.keep_dim, *steps = fold ? push.fold_step : push.keep_step;
        int *n = fold ? &folds : &keeps;
        if (fold == last) {
            dims[*n] *= dim;
        } else {
            ++*n;
            dims[*n] = dim;
            steps[*n] = own.step[i];
            last = fold;
        }
        if (fold)
            push.folded *= dim;
        else
            push.count *= dim;
    }
    if (s->op == BT_OP_REDUCE_MEAN) push.scale = 1.0f / (float)push.folded;
    struct bt_operand operands[BT_REDUCE_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    return bt_emit_add(e, BT_KERNEL_REDUCE, NULL, &push, operands, (uint64_t)push.count);
}

bt_status bt_emit_softmax(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_shape *x = &s->in[0].shape;
    uint32_t axis = s->attr->axis;
    struct bt_softmax_push push = {.size = (int32_t)x->dim[axis], .inner = 1};
    for (uint32_t i = axis + 1; i < x->rank; i++) push.inner *= (int32_t)x->dim[i];
    push.count = (int32_t)(bt_shape_elements(x) / x->dim[axis]);
    struct bt_operand operands[BT_SOFTMAX_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    return bt_emit_add(e, BT_KERNEL_SOFTMAX, NULL, &push, operands, (uint64_t)push.count);
}
