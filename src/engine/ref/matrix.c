/* SPDX-License-Identifier: MIT */
/* Products and reductions, summed in double. */
#include "engine/ref/kernels.h"
#include <math.h>

bt_status bt_ref_matmul(const struct bt_ref_call *call) {
    /* Vectors become a row (left) or a column (right); the result has neither axis. */
    struct bt_shape a = call->in[0].shape, b = call->in[1].shape, y = call->out->shape;
    const float *pa = call->in[0].data, *pb = call->in[1].data;
    float *py = call->out->data;
    bool row = a.rank == 1, column = b.rank == 1;
    size_t m = row ? 1 : a.dim[a.rank - 2], k = a.dim[a.rank - 1], n = column ? 1 : b.dim[b.rank - 1];
    struct bt_shape batch = {.rank = y.rank - !row - !column}, batch_a = {.rank = a.rank > 2 ? a.rank - 2 : 0},
                    batch_b = {.rank = b.rank > 2 ? b.rank - 2 : 0};
    for (uint32_t d = 0; d < BT_RANK_MAX; d++) {
        batch.dim[d] = d < batch.rank ? y.dim[d] : 1;
        batch_a.dim[d] = d < batch_a.rank ? a.dim[d] : 1;
        batch_b.dim[d] = d < batch_b.rank ? b.dim[d] : 1;
    }
    size_t sa[BT_RANK_MAX], sb[BT_RANK_MAX];
    bt_ref_broadcast_strides(&batch_a, &batch, sa);
    bt_ref_broadcast_strides(&batch_b, &batch, sb);
    uint32_t at[BT_RANK_MAX] = {0};
    do {
        size_t ia = 0, ib = 0;
        for (uint32_t d = 0; d < batch.rank; d++) {
            ia += at[d] * sa[d];
            ib += at[d] * sb[d];
        }
        for (size_t i = 0; i < m; i++) {
            for (size_t j = 0; j < n; j++) {
                double sum = 0;
                for (size_t t = 0; t < k; t++) sum += (double)pa[ia * m * k + i * k + t] * (double)pb[ib * k * n + t * n + j];
                *py++ = (float)sum;
            }
        }
    } while (bt_ref_next(&batch, at));
    return BT_OK;
}

bt_status bt_ref_gemm(const struct bt_ref_call *call) {
    const struct bt_attr *t = call->attr;
    const struct bt_ref_tensor *a = &call->in[0], *b = &call->in[1], *add = call->in_count > 2 ? &call->in[2] : NULL;
    size_t rows = call->out->shape.dim[0], columns = call->out->shape.dim[1], inner = a->shape.dim[!t->trans_a];
    size_t wa = a->shape.dim[1], wb = b->shape.dim[1], stride[2] = {0};
    if (add && add->data) bt_ref_broadcast_strides(&add->shape, &call->out->shape, stride);
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            double sum = 0;
            for (size_t k = 0; k < inner; k++) {
                sum += (double)((const float *)a->data)[t->trans_a ? k * wa + i : i * wa + k] *
                       (double)((const float *)b->data)[t->trans_b ? j * wb + k : k * wb + j];
            }
            sum *= (double)t->alpha;
            if (add && add->data) sum += (double)t->beta * (double)((const float *)add->data)[i * stride[0] + j * stride[1]];
            ((float *)call->out->data)[i * columns + j] = (float)sum;
        }
    }
    return BT_OK;
}

bt_status bt_ref_reduce(const struct bt_ref_call *call) {
    const struct bt_ref_tensor *x = &call->in[0];
    const float *in = x->data;
    float *out = call->out->data;
    /* The kept axes, in order, are the result whether keepdims or not; the reduced ones are walked for each element. */
    struct bt_shape kept = {.rank = 0}, gone = {.rank = 0};
    size_t stride[BT_RANK_MAX], kept_stride[BT_RANK_MAX], gone_stride[BT_RANK_MAX];
    bt_ref_strides(&x->shape, stride);
    for (uint32_t d = 0; d < x->shape.rank; d++) {
        struct bt_shape *s = call->attr->axes[d] ? &gone : &kept;
        (call->attr->axes[d] ? gone_stride : kept_stride)[s->rank] = stride[d];
        s->dim[s->rank++] = x->shape.dim[d];
    }
    uint32_t at[BT_RANK_MAX] = {0};
    do {
        size_t base = 0;
        for (uint32_t d = 0; d < kept.rank; d++) base += at[d] * kept_stride[d];
        uint32_t by[BT_RANK_MAX] = {0};
        double acc = call->op == BT_OP_REDUCE_MIN ? INFINITY : call->op == BT_OP_REDUCE_MAX ? -INFINITY : 0;
        do {
            size_t i = base;
            for (uint32_t d = 0; d < gone.rank; d++) i += by[d] * gone_stride[d];
            double v = (double)in[i];
            switch (call->op) {
            case BT_OP_REDUCE_MIN:
                acc = fmin(acc, v);
                break;
            case BT_OP_REDUCE_MAX:
                acc = fmax(acc, v);
                break;
            default:
                acc += v;
                break;
            }
        } while (bt_ref_next(&gone, by));
        *out++ = (float)(call->op == BT_OP_REDUCE_MEAN ? acc / (double)bt_shape_elements(&gone) : acc);
    } while (bt_ref_next(&kept, at));
    return BT_OK;
}

bt_status bt_ref_softmax(const struct bt_ref_call *call) {
    const struct bt_shape *s = &call->out->shape;
    const float *in = call->in[0].data;
    float *out = call->out->data;
    size_t inner = 1, size = s->dim[call->attr->axis], count = bt_shape_elements(s) / size;
    for (uint32_t d = call->attr->axis + 1; d < s->rank; d++) inner *= s->dim[d];
    for (size_t k = 0; k < count; k++) {
        size_t base = k / inner * inner * size + k % inner;
        double top = -INFINITY, sum = 0;
        for (size_t i = 0; i < size; i++) top = fmax(top, (double)in[base + i * inner]);
        for (size_t i = 0; i < size; i++) sum += exp((double)in[base + i * inner] - top);
        for (size_t i = 0; i < size; i++) out[base + i * inner] = (float)(exp((double)in[base + i * inner] - top) / sum);
    }
    return BT_OK;
}
