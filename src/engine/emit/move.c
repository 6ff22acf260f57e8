/* SPDX-License-Identifier: MIT */
/* The same elements in another order, number or layout. */
#include "engine/emit/emit.h"
#include "engine/emit/map.h"

#include "engine/engine.h"
#include "engine/gather.h"
#include "engine/pack.h"
#include "engine/pad.h"
#include "engine/unpack.h"

static struct bt_plain_operand contiguous(const struct bt_place *p) {
    return (struct bt_plain_operand){.operand = bt_emit_operand(p), .strides = bt_emit_strides(&p->shape)};
}

static bool is_c4(const struct bt_place *p) {
    return p->layout == BT_LAYOUT_C4;
}

/* C4 to PLAIN, where dimension i of the input (1 x C x H x W) has step[i] in the output. */
static bt_status emit_unpack(struct bt_emitter *e, const struct bt_strides *steps) {
    const struct bt_step *s = e->step;
    const struct bt_shape *x = &s->in[0].shape;
    struct bt_unpack_push push = {
        .w = (int32_t)x->dim[3],
        .h = (int32_t)x->dim[2],
        .groups = (int32_t)bt_emit_groups4(x->dim[1]),
        .channels = (int32_t)x->dim[1],
        .step_c = steps->step[1],
        .step_y = steps->step[2],
        .step_x = steps->step[3],
    };
    struct bt_operand operands[BT_UNPACK_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    int32_t constants[BT_UNPACK_CONSTANTS - 1] = {x->dim[1] == 1};
    return bt_emit_add(e, BT_KERNEL_UNPACK, constants, &push, operands,
                       (uint64_t)push.w * (uint64_t)push.h * (uint64_t)push.groups);
}

static bt_status emit_pack(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_shape *x = &s->out[0].shape;
    struct bt_pack_push push = {
        .pixels = (int32_t)(x->dim[2] * x->dim[3]),
        .groups = (int32_t)bt_emit_groups4(x->dim[1]),
        .channels = (int32_t)x->dim[1],
    };
    struct bt_operand operands[BT_PACK_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    return bt_emit_add(e, BT_KERNEL_PACK, NULL, &push, operands, (uint64_t)push.pixels * (uint64_t)push.groups);
}

bt_status bt_emit_convert(struct bt_emitter *e) {
    const struct bt_place *in = &e->step->in[0], *out = &e->step->out[0];
    if (is_c4(in) && is_c4(out)) return bt_emit_map_copy(e);
    if (is_c4(out)) return emit_pack(e);
    if (is_c4(in)) {
        struct bt_strides steps = bt_emit_strides(&in->shape);
        return emit_unpack(e, &steps);
    }
    struct bt_plain_operand to = contiguous(out), from = contiguous(in);
    return bt_emit_plain(e, BT_DO_COPY, &out->shape, &to, &from, NULL, 0.0f, 0.0f);
}

bt_status bt_emit_transpose(struct bt_emitter *e) {
    const struct bt_place *in = &e->step->in[0], *out = &e->step->out[0];
    const uint32_t *perm = e->step->attr->perm;
    struct bt_plain_operand to = contiguous(out), from = contiguous(in);
    if (is_c4(in)) {
        struct bt_strides steps = {0};
        for (uint32_t i = 0; i < out->shape.rank; i++) steps.step[perm[i]] = to.strides.step[i];
        return emit_unpack(e, &steps);
    }
    struct bt_strides own = from.strides;
    for (uint32_t i = 0; i < out->shape.rank; i++) from.strides.step[i] = own.step[perm[i]];
    return bt_emit_plain(e, BT_DO_COPY, &out->shape, &to, &from, NULL, 0.0f, 0.0f);
}

bt_status bt_emit_slice(struct bt_emitter *e) {
    const struct bt_place *in = &e->step->in[0], *out = &e->step->out[0];
    const struct bt_attr *a = e->step->attr;
    if (is_c4(in)) return bt_emit_map_slice(e);
    struct bt_plain_operand to = contiguous(out), from = contiguous(in);
    for (uint32_t i = 0; i < out->shape.rank; i++) {
        from.start += a->begin[i] * from.strides.step[i];
        from.strides.step[i] *= a->step[i];
    }
    return bt_emit_plain(e, BT_DO_COPY, &out->shape, &to, &from, NULL, 0.0f, 0.0f);
}

bt_status bt_emit_concat(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_place *out = &s->out[0];
    if (is_c4(out)) return bt_emit_map_concat(e);
    uint32_t axis = s->attr->axis;
    struct bt_plain_operand to = contiguous(out);
    for (uint32_t i = 0; i < s->in_count; i++) {
        struct bt_plain_operand from = contiguous(&s->in[i]);
        bt_status st = bt_emit_plain(e, BT_DO_COPY, &s->in[i].shape, &to, &from, NULL, 0.0f, 0.0f);
        if (st) return st;
        to.start += (int32_t)s->in[i].shape.dim[axis] * to.strides.step[axis];
    }
    return BT_OK;
}

bt_status bt_emit_pad(struct bt_emitter *e) {
    const struct bt_place *in = &e->step->in[0], *out = &e->step->out[0];
    if (is_c4(in)) return bt_emit_map_pad(e);
    struct bt_pad_push push = {
        .count = (int32_t)bt_shape_elements(&out->shape),
        .rank = (int32_t)out->shape.rank,
        .value = e->step->attr->value,
    };
    for (uint32_t i = 0; i < out->shape.rank; i++) {
        uint32_t from = out->shape.rank - 1 - i;
        push.out_dim[i] = (int32_t)out->shape.dim[from];
        push.in_dim[i] = (int32_t)in->shape.dim[from];
        push.before[i] = e->step->attr->before[from];
    }
    struct bt_operand operands[BT_PAD_SLOTS] = {bt_emit_operand(in), bt_emit_operand(out)};
    return bt_emit_add(e, BT_KERNEL_PAD, NULL, &push, operands, bt_shape_elements(&out->shape));
}

static int64_t index_at(const struct bt_plan_constant *c, size_t i) {
    return c->type == BT_TYPE_I64 ? ((const int64_t *)c->data)[i] : ((const int32_t *)c->data)[i];
}

bt_status bt_emit_gather(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_place *in = &s->in[0], *indices = &s->in[1], *out = &s->out[0];
    uint32_t axis = s->attr->axis;
    if (indices->region != BT_REGION_CONSTANT) return bt_emit_refuse(e, "the indices are not constant");
    const struct bt_plan_constant *c = &e->plan->constant[indices->index];
    if (c->type != BT_TYPE_I64 && c->type != BT_TYPE_I32) return bt_emit_refuse(e, "the indices are not integers");
    size_t count = bt_shape_elements(&c->shape);
    int64_t size = in->shape.dim[axis];
    for (size_t i = 0; i < count; i++) {
        int64_t k = index_at(c, i);
        if (k < -size || k >= size) return bt_emit_refuse(e, "an index is out of range");
    }
    struct bt_gather_push push = {
        .count = (int32_t)bt_shape_elements(&out->shape),
        .axis = (int32_t)size,
        .indices = (int32_t)count,
        .inner = 1,
    };
    for (uint32_t i = axis + 1; i < in->shape.rank; i++) push.inner *= (int32_t)in->shape.dim[i];
    struct bt_operand operands[BT_GATHER_SLOTS] = {
        [BT_GATHER_IN] = bt_emit_operand(in),
        [BT_GATHER_INDICES] = bt_emit_operand(indices),
        [BT_GATHER_OUT] = bt_emit_operand(out),
    };
    return bt_emit_add(e, BT_KERNEL_GATHER, NULL, &push, operands, bt_shape_elements(&out->shape));
}
