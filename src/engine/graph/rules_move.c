/* SPDX-License-Identifier: MIT */
/* Shape rules of operators that only move or name elements. Parameters came as attributes in old opsets and as inputs in new
   ones; both end as the same canonical attributes. */
#include "engine/graph/rules.h"
#include <string.h>

static void load_dims(const struct bt_shape *s, int64_t *dim) {
    for (uint32_t i = 0; i < s->rank; i++) dim[i] = s->dim[i];
}

/* For views: the elements must stay as many. */
static void out_view(struct bt_infer *c, const struct bt_value *x, uint32_t rank, const int64_t *dim) {
    uint64_t elements = 1;
    for (uint32_t i = 0; i < rank && !c->status; i++) {
        if (dim[i] < 0 || dim[i] > BT_GRAPH_ELEMENTS_MAX) bt_graph_infer_fail(c, BT_E_FORMAT, "size %lld", (long long)dim[i]);
        elements *= (uint64_t)dim[i];
        if (elements > BT_GRAPH_ELEMENTS_MAX) bt_graph_infer_fail(c, BT_E_FORMAT, "too many elements");
    }
    if (!c->status && elements != bt_shape_elements(&x->shape)) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "%zu elements cannot become %llu", bt_shape_elements(&x->shape),
                            (unsigned long long)elements);
    }
    bt_graph_infer_out(c, x->type, rank, dim);
    bt_graph_infer_drop(c, 1);
}

void bt_graph_rule_reshape(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_int_list shape;
    bt_graph_infer_list(c, 1, "shape", &shape); /* Reshape-1 has it as an attribute */
    bool zero_is_zero = bt_graph_infer_int(c, "allowzero", 0, 0, 1);
    if (!shape.present) bt_graph_infer_fail(c, BT_E_FORMAT, "no shape");
    if (shape.count > BT_RANK_MAX) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "result of rank %zu", shape.count);
    if (c->status) return;
    int64_t dim[BT_RANK_MAX], known = 1;
    size_t open = SIZE_MAX;
    for (size_t i = 0; i < shape.count; i++) {
        dim[i] = shape.at[i];
        if (dim[i] == 0 && !zero_is_zero) {
            if (i >= x->shape.rank) bt_graph_infer_fail(c, BT_E_FORMAT, "size 0 of axis %zu copies nothing", i);
            dim[i] = i < x->shape.rank ? x->shape.dim[i] : 1;
        }
        if (dim[i] == -1) {
            if (open != SIZE_MAX) bt_graph_infer_fail(c, BT_E_FORMAT, "more than one size is -1");
            open = i;
            continue;
        }
        if (dim[i] < 0 || dim[i] > BT_GRAPH_ELEMENTS_MAX) bt_graph_infer_fail(c, BT_E_FORMAT, "size %lld", (long long)dim[i]);
        if (c->status) return;
        known *= dim[i];
        if (known > BT_GRAPH_ELEMENTS_MAX) bt_graph_infer_fail(c, BT_E_FORMAT, "too many elements");
    }
    if (!c->status && open != SIZE_MAX) dim[open] = known ? (int64_t)bt_shape_elements(&x->shape) / known : 0;
    out_view(c, x, (uint32_t)shape.count, dim);
}

void bt_graph_rule_flatten(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    int64_t axis = bt_graph_infer_int(c, "axis", 1, -BT_RANK_MAX, BT_RANK_MAX), dim[2] = {1, 1};
    if (axis < 0) axis += x->shape.rank;
    if (axis < 0 || axis > x->shape.rank) bt_graph_infer_fail(c, BT_E_FORMAT, "axis out of range for rank %u", x->shape.rank);
    for (uint32_t i = 0; i < x->shape.rank; i++) dim[i >= axis] *= x->shape.dim[i];
    out_view(c, x, 2, dim);
}

void bt_graph_rule_squeeze(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_int_list axes;
    bool gone[BT_RANK_MAX] = {false};
    bt_graph_infer_list(c, 1, "axes", &axes);
    for (size_t i = 0; i < axes.count && !c->status; i++) gone[bt_graph_infer_axis(c, axes.at[i], x->shape.rank)] = true;
    int64_t dim[BT_RANK_MAX];
    uint32_t rank = 0;
    for (uint32_t i = 0; i < x->shape.rank; i++) {
        if (gone[i] && x->shape.dim[i] != 1) bt_graph_infer_fail(c, BT_E_FORMAT, "axis %u is %u, not 1", i, x->shape.dim[i]);
        if (!gone[i] && (axes.count || x->shape.dim[i] != 1)) dim[rank++] = x->shape.dim[i];
    }
    out_view(c, x, rank, dim);
}

void bt_graph_rule_unsqueeze(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_int_list axes;
    bool fresh[BT_RANK_MAX] = {false};
    bt_graph_infer_list(c, 1, "axes", &axes);
    uint32_t rank = x->shape.rank + (uint32_t)axes.count;
    if (rank > BT_RANK_MAX) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "result of rank %u", rank);
    if (c->status) return;
    for (size_t i = 0; i < axes.count; i++) {
        uint32_t axis = bt_graph_infer_axis(c, axes.at[i], rank);
        if (fresh[axis]) bt_graph_infer_fail(c, BT_E_FORMAT, "axis %u twice", axis);
        fresh[axis] = true;
    }
    if (c->status) return;
    int64_t dim[BT_RANK_MAX];
    for (uint32_t i = 0, from = 0; i < rank; i++) dim[i] = fresh[i] ? 1 : x->shape.dim[from++];
    out_view(c, x, rank, dim);
}

void bt_graph_rule_pad(struct bt_infer *c) {
    static const char *const modes[] = {"constant", "reflect", "edge"};
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_int_list pads;
    a->pad_mode = (enum bt_pad_mode)bt_graph_infer_choice(c, "mode", BT_PAD_CONSTANT, modes, 3);
    bt_graph_infer_list(c, 1, "pads", &pads);
    if (c->node->in_count > 3) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "axes are given");
    a->value = bt_graph_infer_scalar(c, 2, bt_graph_infer_float(c, "value", 0));
    if (!pads.present || pads.count != 2 * (size_t)x->shape.rank) bt_graph_infer_fail(c, BT_E_FORMAT, "%zu pads", pads.count);
    int64_t dim[BT_RANK_MAX] = {0};
    for (uint32_t i = 0; i < x->shape.rank && !c->status; i++) {
        int64_t before = pads.at[i], after = pads.at[i + x->shape.rank];
        if (before < -BT_GRAPH_ELEMENTS_MAX || before > BT_GRAPH_ELEMENTS_MAX || after < -BT_GRAPH_ELEMENTS_MAX ||
            after > BT_GRAPH_ELEMENTS_MAX) {
            bt_graph_infer_fail(c, BT_E_FORMAT, "pads of axis %u", i);
            return;
        }
        if (a->pad_mode != BT_PAD_CONSTANT && (before < 0 || after < 0))
            bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "crops axis %u, and pads with what is there", i);
        if (a->pad_mode == BT_PAD_REFLECT && (before >= x->shape.dim[i] || after >= x->shape.dim[i]))
            bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "reflects axis %u more than once", i);
        a->before[i] = (int32_t)before;
        a->after[i] = (int32_t)after;
        dim[i] = (int64_t)x->shape.dim[i] + before + after;
    }
    bt_graph_infer_out(c, x->type, x->shape.rank, dim);
    bt_graph_infer_drop(c, 1);
}

void bt_graph_rule_transpose(struct bt_infer *c) {
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    const int64_t *perm = NULL;
    size_t count = 0;
    uint32_t rank = x->shape.rank;
    bool given = bt_graph_infer_ints(c, "perm", &perm, &count), taken[BT_RANK_MAX] = {false};
    if (given && count != rank) bt_graph_infer_fail(c, BT_E_FORMAT, "perm has %zu numbers, the input %u axes", count, rank);
    if (c->status) return;
    int64_t dim[BT_RANK_MAX];
    for (uint32_t i = 0; i < rank; i++) {
        a->perm[i] = given ? bt_graph_infer_axis(c, perm[i], rank) : rank - 1 - i;
        if (taken[a->perm[i]]) bt_graph_infer_fail(c, BT_E_FORMAT, "perm has an axis twice");
        taken[a->perm[i]] = true;
        dim[i] = x->shape.dim[a->perm[i]];
    }
    bt_graph_infer_out(c, x->type, rank, dim);
}

void bt_graph_rule_concat(struct bt_infer *c) {
    const struct bt_value *first = bt_graph_infer_need(c, 0, 0);
    uint32_t rank = first->shape.rank;
    int64_t axis = bt_graph_infer_int(c, "axis", 1, -BT_RANK_MAX, BT_RANK_MAX - 1), dim[BT_RANK_MAX];
    uint32_t at = c->node->attr.axis = bt_graph_infer_axis(c, axis, rank);
    load_dims(&first->shape, dim);
    for (uint16_t k = 1; k < c->node->in_count && !c->status; k++) {
        const struct bt_value *v = bt_graph_infer_need(c, k, 0);
        if (v->type != first->type || v->shape.rank != rank) {
            bt_graph_infer_fail(c, BT_E_FORMAT, "input %u has another type or rank", k);
            return;
        }
        for (uint32_t i = 0; i < rank; i++) {
            if (i != at && v->shape.dim[i] != first->shape.dim[i])
                bt_graph_infer_fail(c, BT_E_FORMAT, "input %u does not fit", k);
        }
        dim[at] += v->shape.dim[at];
    }
    bt_graph_infer_out(c, first->type, rank, dim);
}

void bt_graph_rule_slice(struct bt_infer *c) {
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_int_list starts, ends, axes, steps;
    bt_graph_infer_list(c, 1, "starts", &starts);
    bt_graph_infer_list(c, 2, "ends", &ends);
    bt_graph_infer_list(c, 3, "axes", &axes);
    bt_graph_infer_list(c, 4, NULL, &steps);
    if (!starts.present || starts.count != ends.count || (axes.present && axes.count != starts.count) ||
        (steps.present && steps.count != starts.count) || starts.count > x->shape.rank) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "starts, ends, axes and steps do not go together");
    }
    int64_t dim[BT_RANK_MAX];
    load_dims(&x->shape, dim);
    for (uint32_t i = 0; i < BT_RANK_MAX; i++) a->step[i] = 1;
    for (size_t k = 0; k < starts.count && !c->status; k++) {
        uint32_t i = bt_graph_infer_axis(c, axes.present ? axes.at[k] : (int64_t)k, x->shape.rank);
        int64_t size = x->shape.dim[i], step = steps.present ? steps.at[k] : 1, begin = starts.at[k], end = ends.at[k];
        if (step == 0) bt_graph_infer_fail(c, BT_E_FORMAT, "a step of 0");
        if (c->status) return;
        /* Beyond the axis' size a larger step takes the one element that any such step takes. */
        if (step > size) step = size;
        if (step < -size) step = -size;
        if (begin < 0) begin = begin < -size ? -1 : begin + size;
        if (end < 0) end = end < -size ? -1 : end + size;
        if (step > 0) { /* begin in [0, size], end in [0, size] */
            begin = begin < 0 ? 0 : begin > size ? size : begin;
            end = end < 0 ? 0 : end > size ? size : end;
            dim[i] = end > begin ? (end - begin + step - 1) / step : 0;
        } else { /* begin in [0, size - 1], end in [-1, size - 1] */
            begin = begin < 0 ? 0 : begin > size - 1 ? size - 1 : begin;
            end = end > size - 1 ? size - 1 : end;
            dim[i] = begin > end ? (begin - end - step - 1) / -step : 0;
        }
        a->begin[i] = (int32_t)begin;
        a->step[i] = (int32_t)step;
    }
    bt_graph_infer_out(c, x->type, x->shape.rank, dim);
    bt_graph_infer_drop(c, 1);
}

/* Import has made one node of each output (attr.part of attr.parts); here it becomes a Slice. */
void bt_graph_rule_split(struct bt_infer *c) {
    struct bt_attr *a = &c->node->attr;
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    struct bt_int_list sizes;
    uint32_t axis = bt_graph_infer_axis(c, bt_graph_infer_int(c, "axis", 0, -BT_RANK_MAX, BT_RANK_MAX - 1), x->shape.rank);
    bt_graph_infer_list(c, 1, "split", &sizes);
    if (c->status) return;
    int64_t dim[BT_RANK_MAX], size = x->shape.dim[axis], sum = 0;
    load_dims(&x->shape, dim);
    if (sizes.present ? sizes.count != a->parts : size % a->parts != 0) {
        bt_graph_infer_fail(c, BT_E_FORMAT, "axis of %lld does not split into %u parts", (long long)size, a->parts);
        return;
    }
    for (uint32_t i = 0; i < BT_RANK_MAX; i++) a->step[i] = 1;
    for (uint32_t i = 0; i < a->parts; i++) {
        int64_t one = sizes.present ? sizes.at[i] : size / a->parts;
        if (one < 0 || one > size - sum) {
            bt_graph_infer_fail(c, BT_E_FORMAT, "part %u is %lld of %lld", i, (long long)one, (long long)size);
            return;
        }
        if (i == a->part) {
            a->begin[axis] = (int32_t)sum;
            dim[axis] = one;
        }
        sum += one;
    }
    if (sum != size) bt_graph_infer_fail(c, BT_E_FORMAT, "parts make %lld of %lld", (long long)sum, (long long)size);
    bt_graph_infer_out(c, x->type, x->shape.rank, dim);
    bt_graph_infer_drop(c, 1);
    c->node->op = BT_OP_SLICE;
}

void bt_graph_rule_gather(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0), *at = bt_graph_infer_need(c, 1, 0);
    int64_t axis = bt_graph_infer_int(c, "axis", 0, -BT_RANK_MAX, BT_RANK_MAX - 1);
    uint32_t a = c->node->attr.axis = bt_graph_infer_axis(c, axis, x->shape.rank), rank = 0;
    if (at->type != BT_TYPE_I64 && at->type != BT_TYPE_I32) bt_graph_infer_fail(c, BT_E_FORMAT, "indices are not integers");
    if (c->status) return;
    int64_t dim[2 * BT_RANK_MAX];
    for (uint32_t i = 0; i < a; i++) dim[rank++] = x->shape.dim[i];
    for (uint32_t i = 0; i < at->shape.rank; i++) dim[rank++] = at->shape.dim[i];
    for (uint32_t i = a + 1; i < x->shape.rank; i++) dim[rank++] = x->shape.dim[i];
    bt_graph_infer_out(c, x->type, rank, dim);
}

void bt_graph_rule_shape(struct bt_infer *c) {
    const struct bt_value *x = bt_graph_infer_need(c, 0, 0);
    int64_t rank = x->shape.rank, begin = bt_graph_infer_int(c, "start", 0, INT64_MIN, INT64_MAX);
    int64_t end = bt_graph_infer_int(c, "end", rank, INT64_MIN, INT64_MAX);
    begin = begin < -rank ? 0 : begin < 0 ? begin + rank : begin > rank ? rank : begin;
    end = end < -rank ? 0 : end < 0 ? end + rank : end > rank ? rank : end;
    if (end <= begin) bt_graph_infer_fail(c, BT_E_UNSUPPORTED, "an empty shape");
    if (c->status) return;
    bt_graph_infer_out(c, BT_TYPE_I64, 1, &(int64_t){end - begin});
    int64_t *data = bt_graph_alloc(c->graph, (size_t)(end - begin) * sizeof *data);
    if (!data) {
        bt_graph_infer_fail(c, BT_E_MEMORY, "no memory");
        return;
    }
    for (int64_t i = begin; i < end; i++) data[i - begin] = x->shape.dim[i];
    c->graph->value[c->node->out[0]].data = data;
}

/* Import makes Constant nodes into constants: none is left. */
void bt_graph_rule_constant(struct bt_infer *c) {
    bt_graph_infer_fail(c, BT_E_FORMAT, "has no value");
}
