/* SPDX-License-Identifier: MIT */
/* Other operators on C4 maps: GlobalAveragePool, Resize, DepthToSpace, GridSample, and boxes moved by Pad, Concat and Slice. */
#include "engine/emit/map.h"
#include "engine/emit/emit.h"

#include "engine/engine.h"
#include "engine/mean.h"
#include "engine/move.h"
#include "engine/resize.h"
#include "engine/sample.h"
#include "engine/shuffle.h"
#include <math.h>

enum { ALONE_PIXELS_MAX = 4096 }; /* measured on lavapipe: above, the wait pays */

bt_status bt_emit_global_pool(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_shape *x = &s->in[0].shape;
    int32_t pixels = (int32_t)(x->dim[2] * x->dim[3]);
    struct bt_mean_push push = {.pixels = pixels, .groups = (int32_t)bt_emit_groups4(x->dim[1]), .scale = 1.0f / (float)pixels};
    struct bt_operand operands[BT_MEAN_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    int32_t alone = e->params.cpu && pixels <= ALONE_PIXELS_MAX;
    if (alone) return bt_emit_add(e, BT_KERNEL_MEAN, &alone, &push, operands, (uint64_t)push.groups);
    return bt_emit_add_groups(e, BT_KERNEL_MEAN, &alone, &push, operands, BT_MEAN_THREADS, (uint32_t)push.groups);
}

/* ONNX Resize: where output pixel i comes from, as i * scale + shift. */
static void resize_axis(const struct bt_attr *a, uint32_t axis, uint32_t in, uint32_t out, float *out_scale, float *out_shift) {
    float inverse = 1.0f / a->scale[axis];
    *out_scale = inverse;
    *out_shift = 0.0f;
    switch (a->coord) {
    case BT_COORD_ASYMMETRIC:
        break;
    case BT_COORD_ALIGN_CORNERS:
        *out_scale = out > 1 ? (float)(in - 1) / (float)(out - 1) : 0.0f;
        break;
    case BT_COORD_PYTORCH_HALF_PIXEL:
        if (out == 1) {
            *out_scale = 0.0f;
            break;
        } /* fallthrough */
    default:
        *out_shift = 0.5f * inverse - 0.5f;
        break;
    }
}

/* Where both sizes are whole, sources are whole multiples of 1 / (2 out), so a quarter of that tells a tie from its neighbours
   although the GPU's product rounds. */
static float resize_nudge(const struct bt_attr *a, uint32_t axis, uint32_t in, uint32_t out) {
    bool whole = fabsf((float)in * a->scale[axis] - (float)out) < 1e-3f;
    return whole ? 0.125f / (float)out : 0.0f;
}

bt_status bt_emit_resize(struct bt_emitter *e) {
    static const int32_t nearest[] = {
        [BT_NEAREST_PREFER_FLOOR] = BT_RESIZE_BY_PREFER_FLOOR,
        [BT_NEAREST_PREFER_CEIL] = BT_RESIZE_BY_PREFER_CEIL,
        [BT_NEAREST_FLOOR] = BT_RESIZE_BY_FLOOR,
        [BT_NEAREST_CEIL] = BT_RESIZE_BY_CEIL,
    };
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[0].shape, *y = &s->out[0].shape;
    if (a->resize == BT_RESIZE_CUBIC) return bt_emit_refuse(e, "cubic");
    if (x->dim[0] != y->dim[0] || x->dim[1] != y->dim[1]) return bt_emit_refuse(e, "only y and x can be resized");
    int32_t constants[BT_RESIZE_CONSTANTS - 1] = {a->resize == BT_RESIZE_LINEAR ? BT_RESIZE_BY_LINES : nearest[a->nearest]};
    struct bt_resize_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .out_w = (int32_t)y->dim[3],
        .out_h = (int32_t)y->dim[2],
        .groups = (int32_t)bt_emit_groups4(y->dim[1]),
    };
    resize_axis(a, 3, x->dim[3], y->dim[3], &push.scale_x, &push.shift_x);
    resize_axis(a, 2, x->dim[2], y->dim[2], &push.scale_y, &push.shift_y);
    push.nudge_x = resize_nudge(a, 3, x->dim[3], y->dim[3]);
    push.nudge_y = resize_nudge(a, 2, x->dim[2], y->dim[2]);
    struct bt_operand operands[BT_RESIZE_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    if (a->resize == BT_RESIZE_LINEAR && push.scale_x == 0.5f && push.scale_y == 0.5f && push.shift_x == -0.25f &&
        push.shift_y == -0.25f && push.out_w == 2 * push.in_w && push.out_h == 2 * push.in_h) {
        constants[0] = BT_RESIZE_DOUBLE;
        return bt_emit_add(e, BT_KERNEL_RESIZE, constants, &push, operands,
                           (uint64_t)(push.in_w + 1) * (uint64_t)(push.in_h + 1) * (uint64_t)push.groups);
    }
    return bt_emit_add(e, BT_KERNEL_RESIZE, constants, &push, operands,
                       (uint64_t)push.out_w * (uint64_t)push.out_h * (uint64_t)push.groups);
}

bt_status bt_emit_depth_to_space(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_shape *x = &s->in[0].shape, *y = &s->out[0].shape;
    int32_t block = (int32_t)s->attr->block;
    struct bt_shuffle_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .out_w = (int32_t)y->dim[3],
        .out_h = (int32_t)y->dim[2],
        .groups = (int32_t)bt_emit_groups4(y->dim[1]),
        .channels = (int32_t)y->dim[1],
        .block = block,
        .channel_step = s->attr->crd ? block * block : 1,
        .part_step = s->attr->crd ? 1 : (int32_t)y->dim[1],
    };
    struct bt_operand operands[BT_SHUFFLE_SLOTS] = {bt_emit_operand(&s->in[0]), bt_emit_operand(&s->out[0])};
    return bt_emit_add(e, BT_KERNEL_SHUFFLE, NULL, &push, operands,
                       (uint64_t)push.out_w * (uint64_t)push.out_h * (uint64_t)push.groups);
}

/* -1 … 1 to pixels: the centres of the outermost pixels (align_corners), or their outer edges. */
static void sample_axis(bool align_corners, uint32_t size, float *out_scale, float *out_shift) {
    float n = (float)size;
    *out_scale = align_corners ? (n - 1.0f) * 0.5f : n * 0.5f;
    *out_shift = (n - 1.0f) * 0.5f;
}

bt_status bt_emit_grid_sample(struct bt_emitter *e) {
    static const int32_t padding[] = {
        [BT_GRID_ZEROS] = BT_SAMPLE_ZEROS, [BT_GRID_BORDER] = BT_SAMPLE_EDGE, [BT_GRID_REFLECTION] = BT_SAMPLE_REFLECTION};
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    const struct bt_shape *x = &s->in[0].shape, *y = &s->out[0].shape;
    int32_t constants[BT_SAMPLE_CONSTANTS - 1] = {
        [BT_SAMPLE_NEAREST - 1] = a->resize == BT_RESIZE_NEAREST,
        [BT_SAMPLE_PADDING - 1] = padding[a->grid_padding],
    };
    struct bt_sample_push push = {
        .in_w = (int32_t)x->dim[3],
        .in_h = (int32_t)x->dim[2],
        .out_w = (int32_t)y->dim[3],
        .out_h = (int32_t)y->dim[2],
        .groups = (int32_t)bt_emit_groups4(y->dim[1]),
    };
    sample_axis(a->align_corners, x->dim[3], &push.scale_x, &push.shift_x);
    sample_axis(a->align_corners, x->dim[2], &push.scale_y, &push.shift_y);
    struct bt_operand operands[BT_SAMPLE_SLOTS] = {
        [BT_SAMPLE_IN] = bt_emit_operand(&s->in[0]),
        [BT_SAMPLE_GRID] = bt_emit_operand(&s->in[1]),
        [BT_SAMPLE_OUT] = bt_emit_operand(&s->out[0]),
    };
    return bt_emit_add(e, BT_KERNEL_SAMPLE, constants, &push, operands,
                       (uint64_t)push.out_w * (uint64_t)push.out_h * (uint64_t)push.groups);
}

/* A move with everything set but from and to: the box is `box`, read from `in`, written to `out`. */
static struct bt_move_push move_between(const struct bt_place *in, const struct bt_place *out, const struct bt_shape *box) {
    return (struct bt_move_push){
        .in_w = (int32_t)in->shape.dim[3],
        .in_h = (int32_t)in->shape.dim[2],
        .in_channels = (int32_t)in->shape.dim[1],
        .box_w = (int32_t)box->dim[3],
        .box_h = (int32_t)box->dim[2],
        .box_groups = (int32_t)bt_emit_groups4(box->dim[1]),
        .box_channels = (int32_t)box->dim[1],
        .out_w = (int32_t)out->shape.dim[3],
        .out_h = (int32_t)out->shape.dim[2],
        .step_x = 1,
        .step_y = 1,
    };
}

static bt_status add_move(struct bt_emitter *e, const struct bt_move_push *push, const struct bt_place *in,
                          const struct bt_place *out) {
    struct bt_operand operands[BT_MOVE_SLOTS] = {bt_emit_operand(in), bt_emit_operand(out)};
    return bt_emit_add(e, BT_KERNEL_MOVE, NULL, push, operands,
                       (uint64_t)push->box_w * (uint64_t)push->box_h * (uint64_t)push->box_groups);
}

bt_status bt_emit_map_pad(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    if (a->before[0] || a->after[0] || a->before[1]) return bt_emit_refuse(e, "channels can only be appended");
    struct bt_move_push push = move_between(&s->in[0], &s->out[0], &s->out[0].shape);
    push.from_x = -a->before[3];
    push.from_y = -a->before[2];
    push.value = a->value;
    return add_move(e, &push, &s->in[0], &s->out[0]);
}

bt_status bt_emit_map_concat(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    uint32_t axis = s->attr->axis;
    int32_t at = 0;
    for (uint32_t i = 0; i < s->in_count; i++) {
        struct bt_move_push push = move_between(&s->in[i], &s->out[0], &s->in[i].shape);
        if (axis == 1)
            push.to_group = at / 4;
        else if (axis == 2)
            push.to_y = at;
        else
            push.to_x = at;
        bt_status st = add_move(e, &push, &s->in[i], &s->out[0]);
        if (st) return st;
        at += (int32_t)s->in[i].shape.dim[axis];
    }
    return BT_OK;
}

bt_status bt_emit_map_slice(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    const struct bt_attr *a = s->attr;
    struct bt_move_push push = move_between(&s->in[0], &s->out[0], &s->out[0].shape);
    push.from_group = a->begin[1] / 4;
    push.from_y = a->begin[2];
    push.from_x = a->begin[3];
    push.step_y = a->step[2];
    push.step_x = a->step[3];
    return add_move(e, &push, &s->in[0], &s->out[0]);
}

bt_status bt_emit_map_copy(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    struct bt_move_push push = move_between(&s->in[0], &s->out[0], &s->out[0].shape);
    return add_move(e, &push, &s->in[0], &s->out[0]);
}
