/* SPDX-License-Identifier: MIT */
/* Element by element, in either layout. */
#include "engine/emit/emit.h"

#include "engine/eltwise.h"
#include "engine/engine.h"
#include "engine/plain.h"
#include <float.h>
#include <math.h>

/* Of a row, for one invocation: on CPU drivers, where beginning one costs as much as two pixels, more. */
enum { PIXELS = 4, CPU_PIXELS = 8 };

/* BT_DO_* + 1, so that 0 means none. */
static const uint8_t what_of[] = {
    [BT_OP_ADD] = BT_DO_ADD + 1,
    [BT_OP_SUM] = BT_DO_ADD + 1,
    [BT_OP_SUB] = BT_DO_SUB + 1,
    [BT_OP_MUL] = BT_DO_MUL + 1,
    [BT_OP_DIV] = BT_DO_DIV + 1,
    [BT_OP_MIN] = BT_DO_MIN + 1,
    [BT_OP_MAX] = BT_DO_MAX + 1,
    [BT_OP_PRELU] = BT_DO_PRELU + 1,
    [BT_OP_AND] = BT_DO_AND + 1,
    [BT_OP_GREATER_OR_EQUAL] = BT_DO_GREATER_EQUAL + 1,
    [BT_OP_LESS_OR_EQUAL] = BT_DO_LESS_EQUAL + 1,
    [BT_OP_RELU] = BT_DO_LEAKY + 1,
    [BT_OP_LEAKY_RELU] = BT_DO_LEAKY + 1,
    [BT_OP_HARD_SWISH] = BT_DO_HARDSWISH + 1,
    [BT_OP_SIGMOID] = BT_DO_SIGMOID + 1,
    [BT_OP_TANH] = BT_DO_TANH + 1,
    [BT_OP_CLIP] = BT_DO_CLIP + 1,
    [BT_OP_NEG] = BT_DO_NEG + 1,
    [BT_OP_ABS] = BT_DO_ABS + 1,
    [BT_OP_SQRT] = BT_DO_SQRT + 1,
    [BT_OP_EXP] = BT_DO_EXP + 1,
    [BT_OP_RECIPROCAL] = BT_DO_RECIPROCAL + 1,
};

static float clamp_finite(float v) {
    return fminf(fmaxf(v, -FLT_MAX), FLT_MAX);
}

/* False: there is no such kernel. */
static bool find_what(const struct bt_emitter *e, int32_t *out_what, float *out_alpha, float *out_beta) {
    const struct bt_step *step = e->step;
    *out_alpha = *out_beta = 0.0f;
    if (step->op == BT_OP_CAST) {
        enum bt_type to = e->plan->graph->value[step->out[0].value].type;
        *out_what = to == BT_TYPE_BOOL ? BT_DO_BOOL : to == BT_TYPE_F32 ? BT_DO_COPY : BT_DO_TRUNC;
        return true;
    }
    if (step->op >= BT_COUNT(what_of) || !what_of[step->op]) return false;
    *out_what = what_of[step->op] - 1;
    if (step->op == BT_OP_LEAKY_RELU) *out_alpha = step->attr->low;
    if (step->op == BT_OP_CLIP) {
        *out_alpha = clamp_finite(step->attr->low);
        *out_beta = clamp_finite(step->attr->high);
    }
    return true;
}

struct c4_steps {
    int32_t group, y, x, splat;
};

static struct c4_steps c4_broadcast(const struct bt_shape *from, const struct bt_shape *to) {
    int32_t w = (int32_t)from->dim[3], h = (int32_t)from->dim[2];
    return (struct c4_steps){
        .group = from->dim[1] == 1 ? 0 : w * h,
        .y = h == 1 ? 0 : w,
        .x = w == 1 ? 0 : 1,
        .splat = from->dim[1] == 1 && to->dim[1] > 1,
    };
}

static bt_status emit_c4(struct bt_emitter *e, int32_t what, float alpha, float beta) {
    const struct bt_step *s = e->step;
    const struct bt_place *pa = &s->in[0], *pb = s->in_count > 1 ? &s->in[1] : pa, *po = &s->out[0];
    struct c4_steps a = c4_broadcast(&pa->shape, &po->shape), b = c4_broadcast(&pb->shape, &po->shape);
    struct bt_eltwise_push push = {
        .out_w = (int32_t)po->shape.dim[3],
        .out_h = (int32_t)po->shape.dim[2],
        .groups = (int32_t)bt_emit_groups4(po->shape.dim[1]),
        .channels = (int32_t)po->shape.dim[1],
        .a_group = a.group,
        .a_y = a.y,
        .a_x = a.x,
        .a_splat = a.splat,
        .b_group = b.group,
        .b_y = b.y,
        .b_x = b.x,
        .b_splat = b.splat,
        .alpha = alpha,
        .beta = beta,
    };
    bool flat_a = a.y == push.out_w * a.x, flat_b = b.y == push.out_w * b.x;
    if (flat_a && flat_b) {
        push.out_w *= push.out_h;
        push.out_h = 1;
    }
    int32_t most = e->params.share ? CPU_PIXELS : PIXELS, pixels = push.out_w < most ? push.out_w : most;
    push.tiles_x = (push.out_w + pixels - 1) / pixels;
    struct bt_operand operands[BT_ELTWISE_SLOTS] = {
        [BT_ELTWISE_A] = bt_emit_operand(pa),
        [BT_ELTWISE_B] = bt_emit_operand(pb),
        [BT_ELTWISE_OUT] = bt_emit_operand(po),
    };
    int32_t constants[BT_ELTWISE_CONSTANTS - 1] = {
        [BT_ELTWISE_DO - 1] = what,
        [BT_ELTWISE_PIXELS - 1] = pixels,
        [BT_ELTWISE_PAIRS - 1] = e->params.share && pixels % 2 == 0 && push.out_w % 2 == 0,
        [BT_ELTWISE_ONE_B - 1] = b.x == 0,
    };
    return bt_emit_add(e, BT_KERNEL_ELTWISE, constants, &push, operands,
                       (uint64_t)push.tiles_x * (uint64_t)push.out_h * (uint64_t)push.groups);
}

/* Neighbouring dimensions that every operand walks in one stride become one. Innermost first. */
static void collapse(struct bt_plain_push *p, const struct bt_shape *shape, const struct bt_strides *out,
                     const struct bt_strides *a, const struct bt_strides *b) {
    uint32_t n = 0;
    for (uint32_t i = shape->rank; i-- > 0;) {
        int32_t dim = (int32_t)shape->dim[i];
        if (dim == 1) continue;
        if (n > 0) {
            int32_t below = p->dim[n - 1];
            if (out->step[i] == p->out_step[n - 1] * below && a->step[i] == p->a_step[n - 1] * below &&
                b->step[i] == p->b_step[n - 1] * below) {
                p->dim[n - 1] *= dim;
                continue;
            }
        }
        p->dim[n] = dim;
        p->out_step[n] = out->step[i];
        p->a_step[n] = a->step[i];
        p->b_step[n] = b->step[i];
        n++;
    }
    for (; n < BT_RANK_MAX; n++) p->dim[n] = 1;
}

bt_status bt_emit_plain(struct bt_emitter *e, int32_t what, const struct bt_shape *shape, const struct bt_plain_operand *out,
                        const struct bt_plain_operand *a, const struct bt_plain_operand *b, float alpha, float beta) {
    if (!b) b = a;
    struct bt_plain_push push = {
        .count = (int32_t)bt_shape_elements(shape),
        .what = what,
        .out_start = out->start,
        .a_start = a->start,
        .b_start = b->start,
        .alpha = alpha,
        .beta = beta,
    };
    collapse(&push, shape, &out->strides, &a->strides, &b->strides);
    struct bt_operand operands[BT_PLAIN_SLOTS] = {
        [BT_PLAIN_A] = a->operand,
        [BT_PLAIN_B] = b->operand,
        [BT_PLAIN_OUT] = out->operand,
    };
    int32_t constants[BT_PLAIN_CONSTANTS - 1] = {what <= BT_DO_BOOL ? BT_PLAIN_SIMPLE : what};
    return bt_emit_add(e, BT_KERNEL_PLAIN, constants, &push, operands, bt_shape_elements(shape));
}

static struct bt_plain_operand broadcast(const struct bt_place *p, const struct bt_shape *to) {
    return (struct bt_plain_operand){.operand = bt_emit_operand(p), .strides = bt_emit_broadcast(&p->shape, to)};
}

static bt_status emit_element(struct bt_emitter *e) {
    const struct bt_step *s = e->step;
    int32_t what;
    float alpha, beta;
    if (!find_what(e, &what, &alpha, &beta)) return bt_emit_refuse(e, "no kernel");
    if (s->out[0].layout == BT_LAYOUT_C4) return emit_c4(e, what, alpha, beta);
    const struct bt_shape *to = &s->out[0].shape;
    struct bt_plain_operand out = broadcast(&s->out[0], to), a = broadcast(&s->in[0], to), b = a;
    if (s->in_count > 1) b = broadcast(&s->in[1], to);
    return bt_emit_plain(e, what, to, &out, &a, &b, alpha, beta);
}

bt_status bt_emit_binary(struct bt_emitter *e) {
    return e->step->in_count == 2 ? emit_element(e) : bt_emit_refuse(e, "needs two operands");
}

bt_status bt_emit_unary(struct bt_emitter *e) {
    return emit_element(e);
}
