/* SPDX-License-Identifier: MIT */
/* Operators that move elements of any type: bytes are copied, never looked at. */
#include "engine/ref/kernels.h"
#include <string.h>

static void copy_one(struct bt_ref_tensor *out, size_t to, const struct bt_ref_tensor *in, size_t from) {
    size_t size = bt_type_bytes(out->type);
    memcpy((char *)out->data + to * size, (const char *)in->data + from * size, size);
}

/* out[i...] = in[sum of (origin[d] + i[d] * step[d]) * stride[d]]; outside of `in`: left as it is. */
static void gather_affine(struct bt_ref_tensor *out, const struct bt_ref_tensor *in, const int64_t *origin,
                          const int64_t *step) {
    size_t stride[BT_RANK_MAX], i = 0;
    uint32_t at[BT_RANK_MAX] = {0};
    bt_ref_strides(&in->shape, stride);
    do {
        size_t from = 0;
        bool inside = true;
        for (uint32_t d = 0; d < out->shape.rank; d++) {
            int64_t p = origin[d] + at[d] * step[d];
            inside &= p >= 0 && p < in->shape.dim[d];
            from += (size_t)p * stride[d];
        }
        if (inside) copy_one(out, i, in, from);
        i++;
    } while (bt_ref_next(&out->shape, at));
}

/* Reflect and edge: every element comes from somewhere. */
static void pad_by_source(const struct bt_ref_call *call) {
    const struct bt_ref_tensor *x = &call->in[0];
    const struct bt_attr *a = call->attr;
    size_t stride[BT_RANK_MAX], size = bt_type_bytes(x->type), i = 0;
    uint32_t at[BT_RANK_MAX] = {0};
    bt_ref_strides(&x->shape, stride);
    do {
        size_t from = 0;
        for (uint32_t d = 0; d < x->shape.rank; d++)
            from += stride[d] * bt_pad_source(a->pad_mode, (int64_t)at[d] - a->before[d], x->shape.dim[d]);
        memcpy((char *)call->out->data + i++ * size, (const char *)x->data + from * size, size);
    } while (bt_ref_next(&call->out->shape, at));
}

bt_status bt_ref_pad(const struct bt_ref_call *call) {
    const struct bt_attr *a = call->attr;
    struct bt_ref_tensor *out = call->out;
    if (a->pad_mode != BT_PAD_CONSTANT) {
        pad_by_source(call);
        return BT_OK;
    }
    size_t count = bt_shape_elements(&out->shape);
    for (size_t i = 0; i < count; i++) {
        switch (out->type) {
        case BT_TYPE_F32:
            ((float *)out->data)[i] = a->value;
            break;
        case BT_TYPE_I64:
            ((int64_t *)out->data)[i] = (int64_t)a->value;
            break;
        case BT_TYPE_I32:
            ((int32_t *)out->data)[i] = (int32_t)a->value;
            break;
        default:
            ((uint8_t *)out->data)[i] = a->value != 0;
            break;
        }
    }
    int64_t origin[BT_RANK_MAX], step[BT_RANK_MAX];
    for (uint32_t d = 0; d < BT_RANK_MAX; d++) {
        origin[d] = -(int64_t)a->before[d];
        step[d] = 1;
    }
    gather_affine(out, &call->in[0], origin, step);
    return BT_OK;
}

bt_status bt_ref_slice(const struct bt_ref_call *call) {
    int64_t origin[BT_RANK_MAX], step[BT_RANK_MAX];
    for (uint32_t d = 0; d < BT_RANK_MAX; d++) {
        origin[d] = call->attr->begin[d];
        step[d] = call->attr->step[d];
    }
    gather_affine(call->out, &call->in[0], origin, step);
    return BT_OK;
}

bt_status bt_ref_transpose(const struct bt_ref_call *call) {
    struct bt_ref_tensor *out = call->out;
    size_t stride[BT_RANK_MAX], i = 0;
    uint32_t at[BT_RANK_MAX] = {0};
    bt_ref_strides(&call->in[0].shape, stride);
    do {
        size_t from = 0;
        for (uint32_t d = 0; d < out->shape.rank; d++) from += at[d] * stride[call->attr->perm[d]];
        copy_one(out, i++, &call->in[0], from);
    } while (bt_ref_next(&out->shape, at));
    return BT_OK;
}

/* Elements before, on and after an axis. */
static void split_at(const struct bt_shape *s, uint32_t axis, size_t *outer, size_t *inner) {
    *outer = *inner = 1;
    for (uint32_t d = 0; d < axis; d++) *outer *= s->dim[d];
    for (uint32_t d = axis + 1; d < s->rank; d++) *inner *= s->dim[d];
}

bt_status bt_ref_concat(const struct bt_ref_call *call) {
    uint32_t axis = call->attr->axis;
    size_t outer, inner, size = bt_type_bytes(call->out->type), done = 0, total = call->out->shape.dim[axis];
    split_at(&call->out->shape, axis, &outer, &inner);
    for (uint32_t k = 0; k < call->in_count; k++) {
        size_t part = call->in[k].shape.dim[axis];
        for (size_t o = 0; o < outer; o++) {
            memcpy((char *)call->out->data + (o * total + done) * inner * size,
                   (const char *)call->in[k].data + o * part * inner * size, part * inner * size);
        }
        done += part;
    }
    return BT_OK;
}

bt_status bt_ref_gather(const struct bt_ref_call *call) {
    const struct bt_ref_tensor *x = &call->in[0], *index = &call->in[1];
    size_t outer, inner, size = bt_type_bytes(x->type), count = bt_shape_elements(&index->shape);
    uint32_t axis = call->attr->axis;
    int64_t axis_size = x->shape.dim[axis];
    split_at(&x->shape, axis, &outer, &inner);
    for (size_t k = 0; k < count; k++) {
        int64_t at = index->type == BT_TYPE_I64 ? ((const int64_t *)index->data)[k] : ((const int32_t *)index->data)[k];
        if (at < 0) at += axis_size;
        if (at < 0 || at >= axis_size) return BT_E_FORMAT;
        for (size_t o = 0; o < outer; o++) {
            memcpy((char *)call->out->data + (o * count + k) * inner * size,
                   (const char *)x->data + (o * (size_t)axis_size + (size_t)at) * inner * size, inner * size);
        }
    }
    return BT_OK;
}
