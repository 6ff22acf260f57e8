/* SPDX-License-Identifier: MIT */
/* Offsets by lifetime. Greedy by size (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference"):
   the largest buffer first, each at the lowest offset where no buffer alive at the same time lies. */
#include "engine/plan/build.h"
#include <stdlib.h>

static const size_t arena_bytes_max = (size_t)1 << 30;

static size_t align_up(size_t bytes, size_t alignment) {
    return (bytes + alignment - 1) & ~(alignment - 1);
}

static size_t footprint(const struct bt_planner *p, size_t bytes) {
    return align_up(bytes + p->guard_bytes, p->alignment_bytes);
}

static int larger_first(const void *a, const void *b) {
    const struct bt_plan_buffer *x = *(const struct bt_plan_buffer *const *)a, *y = *(const struct bt_plan_buffer *const *)b;
    if (x->size_bytes != y->size_bytes) return x->size_bytes < y->size_bytes ? 1 : -1;
    return (x->first > y->first) - (x->first < y->first);
}

static bool alive_together(const struct bt_plan_buffer *a, const struct bt_plan_buffer *b) {
    return a->first <= b->last && b->first <= a->last;
}

static void place_arena(struct bt_planner *p) {
    uint32_t count = 0, placed = 0;
    struct bt_plan_buffer **todo = malloc((p->buffer_count + 1) * sizeof(struct bt_plan_buffer *));
    struct bt_plan_buffer **by_offset = malloc((p->buffer_count + 1) * sizeof(struct bt_plan_buffer *));
    if (!todo || !by_offset) {
        bt_plan_fail(p, BT_E_MEMORY, NULL, "no memory");
        goto done;
    }
    for (uint32_t i = 0; i < p->buffer_count; i++) {
        if (p->buffer[i].region == BT_REGION_ARENA) todo[count++] = &p->buffer[i];
    }
    qsort(todo, count, sizeof(struct bt_plan_buffer *), larger_first);
    size_t end = 0;
    for (uint32_t i = 0; i < count; i++) {
        struct bt_plan_buffer *b = todo[i];
        size_t size = footprint(p, b->size_bytes), offset = 0;
        p->plan->unshared_bytes += size;
        for (uint32_t k = 0; k < placed; k++) {
            const struct bt_plan_buffer *o = by_offset[k];
            if (!alive_together(b, o)) continue;
            if (o->offset_bytes >= offset + size) break;
            size_t after = o->offset_bytes + footprint(p, o->size_bytes);
            if (after > offset) offset = after;
        }
        b->offset_bytes = offset;
        if (offset + size > end) end = offset + size;
        uint32_t at = placed++;
        for (; at > 0 && by_offset[at - 1]->offset_bytes > offset; at--) by_offset[at] = by_offset[at - 1];
        by_offset[at] = b;
    }
    p->plan->region_bytes[BT_REGION_ARENA] = end;
    if (end > arena_bytes_max) bt_plan_fail(p, BT_E_UNSUPPORTED, NULL, "needs %zu bytes of scratch memory", end);
done:
    free(todo);
    free(by_offset);
}

/* Lasting places: one after another. */
static void place_lasting(struct bt_planner *p) {
    size_t *bytes = p->plan->region_bytes;
    for (uint32_t i = 0; i < p->buffer_count; i++) {
        struct bt_plan_buffer *b = &p->buffer[i];
        if (b->region != BT_REGION_INPUT && b->region != BT_REGION_OUTPUT) continue;
        b->offset_bytes = bytes[b->region];
        bytes[b->region] += footprint(p, b->size_bytes);
    }
    for (uint32_t i = 0; i < p->plan->constant_count; i++) {
        struct bt_plan_constant *c = &p->plan->constant[i];
        if (c->raw) continue;
        c->offset_bytes = bytes[BT_REGION_CONSTANT];
        bytes[BT_REGION_CONSTANT] += footprint(p, c->size_bytes);
    }
}

/* Maps between steps; not what a step reads or writes as PLAIN, nor what has not fitted before. */
static void choose_half(struct bt_planner *p) {
    struct bt_plan *plan = p->plan;
    if (!p->half) return;
    for (uint32_t i = 0; i < p->buffer_count; i++) p->buffer[i].half = p->buffer[i].region == BT_REGION_ARENA;
    for (uint32_t i = 0; i < plan->step_count; i++) {
        const struct bt_step *s = &plan->step[i];
        for (uint16_t k = 0; k <= s->in_count; k++) {
            const struct bt_place *place = k < s->in_count ? &s->in[k] : s->out;
            if (place->region != BT_REGION_ARENA) continue;
            if (place->layout != BT_LAYOUT_C4 || (p->single && p->single[place->value])) p->buffer[place->index].half = false;
        }
    }
    for (uint32_t i = 0; i < p->buffer_count; i++) {
        if (p->buffer[i].half) p->buffer[i].size_bytes /= 2;
    }
}

static void settle(const struct bt_planner *p, struct bt_place *place) {
    if (place->region == BT_REGION_NONE) return;
    if (place->region == BT_REGION_CONSTANT) {
        place->offset_bytes = p->plan->constant[place->index].offset_bytes;
        return;
    }
    const struct bt_plan_buffer *b = &p->buffer[place->index];
    place->offset_bytes = b->offset_bytes;
    place->index = b->index;
    place->half = b->half;
    if (b->half) place->size_bytes /= 2;
}

static bool overlap(const struct bt_place *a, const struct bt_place *b) {
    return a->region == b->region && a->offset_bytes < b->offset_bytes + b->size_bytes &&
           b->offset_bytes < a->offset_bytes + a->size_bytes;
}

/* Does `s` read what `e` wrote, or write what `e` read or wrote? Only the arena is both read and written. */
static bool depends(const struct bt_step *s, const struct bt_step *e) {
    for (uint16_t k = 0; k < s->in_count; k++) {
        if (s->in[k].region == BT_REGION_ARENA && overlap(&s->in[k], e->out)) return true;
    }
    if (s->out->region != BT_REGION_ARENA) return false;
    if (overlap(s->out, e->out)) return true;
    for (uint16_t k = 0; k < e->in_count; k++) {
        if (overlap(s->out, &e->in[k])) return true;
    }
    return false;
}

static void set_waits(struct bt_plan *plan) {
    uint32_t since = 0; /* first step after the last barrier */
    for (uint32_t i = 0; i < plan->step_count; i++) {
        for (uint32_t e = since; e < i && !plan->step[i].wait; e++)
            plan->step[i].wait = depends(&plan->step[i], &plan->step[e]);
        if (plan->step[i].wait) since = i;
    }
}

static uint64_t count_macs(const struct bt_step *s) {
    uint64_t out = bt_shape_elements(&s->out->shape);
    const struct bt_shape *x = &s->in[0].shape;
    switch (s->op) {
    case BT_OP_CONV:
        return out * s->in[BT_CONV_WEIGHT].shape.dim[1] * s->attr->kernel[0] * s->attr->kernel[1];
    case BT_OP_SEPARABLE_CONV: {
        const struct bt_shape *y = &s->out->shape, *w = &s->in[BT_CONV_WEIGHT].shape;
        return out * w->dim[1] + (uint64_t)w->dim[1] * y->dim[2] * y->dim[3] * s->attr->kernel[0] * s->attr->kernel[1];
    }
    case BT_OP_CONV_TRANSPOSE:
        return bt_shape_elements(x) * s->in[BT_CONV_WEIGHT].shape.dim[1] * s->attr->kernel[0] * s->attr->kernel[1];
    case BT_OP_MATMUL:
        return out * x->dim[x->rank - 1];
    case BT_OP_GEMM:
        return out * x->dim[!s->attr->trans_a];
    case BT_OP_MAX_POOL:
    case BT_OP_AVERAGE_POOL:
        return out * s->attr->kernel[0] * s->attr->kernel[1];
    default:
        return bt_shape_elements(x) > out ? bt_shape_elements(x) : out;
    }
}

void bt_plan_place_memory(struct bt_planner *p) {
    struct bt_plan *plan = p->plan;
    choose_half(p);
    place_arena(p);
    if (p->status) return;
    place_lasting(p);
    for (uint32_t i = 0; i < plan->step_count; i++) {
        struct bt_step *s = &plan->step[i];
        for (uint16_t k = 0; k < s->in_count; k++) settle(p, &s->in[k]);
        settle(p, s->out);
        s->half = p->half && (s->in[0].half || s->in[0].region == BT_REGION_INPUT) && !(p->single && p->single[s->out->value]);
        s->macs = count_macs(s);
    }
    for (uint32_t i = 0; i < plan->input_count; i++) settle(p, &plan->input[i]);
    for (uint32_t i = 0; i < plan->output_count; i++) settle(p, &plan->output[i]);
    set_waits(plan);
}
