/* SPDX-License-Identifier: MIT */
#include "support/engine_walk.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct walk {
    const struct bt_plan *plan;
    float *region[BT_REGION_COUNT];
};

bt_status bt_walk_can_plan(const struct bt_graph *graph) {
    struct bt_plan *plan = NULL;
    bt_status st = bt_plan_create(graph, NULL, NULL, &plan);
    if (!st) bt_plan_destroy(&plan);
    return st;
}

/* Where element i of a PLAIN tensor lies in its place. */
static size_t at(const struct bt_place *p, size_t i) {
    if (p->layout == BT_LAYOUT_PLAIN) return i;
    size_t area = (size_t)p->shape.dim[2] * p->shape.dim[3], c = i / area;
    return (c / 4 * area + i % area) * 4 + c % 4;
}

static bt_status load(const struct walk *w, const struct bt_place *p, struct bt_ref_tensor *out) {
    const struct bt_value *v = &w->plan->graph->value[p->value];
    size_t count = bt_shape_elements(&p->shape);
    *out = (struct bt_ref_tensor){.type = v->type, .shape = p->shape, .data = calloc(count + 1, 8)};
    if (!out->data) return BT_E_MEMORY;
    if (p->region == BT_REGION_CONSTANT) {
        const struct bt_plan_constant *c = &w->plan->constant[p->index];
        if (c->raw) {
            memcpy(out->data, c->data, count * sizeof(float));
            return BT_OK;
        }
        if (c->type == BT_TYPE_I64 || c->type == BT_TYPE_I32) out->type = BT_TYPE_I32;
    }
    const float *from = w->region[p->region] + p->offset_bytes / sizeof(float);
    for (size_t i = 0; i < count; i++) {
        if (out->type == BT_TYPE_BOOL) {
            ((uint8_t *)out->data)[i] = from[at(p, i)] != 0;
        } else {
            memcpy((float *)out->data + i, from + at(p, i), sizeof(float));
        }
    }
    return BT_OK;
}

static void store(const struct walk *w, const struct bt_place *p, const struct bt_ref_tensor *t) {
    float *to = w->region[p->region] + p->offset_bytes / sizeof(float);
    memset(to, 0, p->size_bytes);
    for (size_t i = 0; i < bt_shape_elements(&p->shape); i++) {
        to[at(p, i)] = t->type == BT_TYPE_BOOL ? (float)((const uint8_t *)t->data)[i] : ((const float *)t->data)[i];
    }
}

static bt_status run_step(const struct walk *w, const struct bt_step *s) {
    struct bt_ref_tensor in[BT_GRAPH_INPUTS_MAX] = {0}, out = {0};
    struct bt_node node = {.name = s->name, .op = s->op, .attr = *s->attr, .in_count = s->in_count};
    bt_status st = BT_OK;
    for (uint16_t k = 0; k < s->in_count && !st; k++) {
        if (s->in[k].region != BT_REGION_NONE) st = load(w, &s->in[k], &in[k]);
    }
    out = (struct bt_ref_tensor){.type = w->plan->graph->value[s->out->value].type, .shape = s->out->shape};
    out.data = calloc(bt_shape_elements(&out.shape) + 1, 8);
    if (!st && !out.data) st = BT_E_MEMORY;
    if (!st) st = bt_ref_run_node(&node, s->in_count, in, 1, &out);
    if (!st) store(w, s->out, &out);
    for (uint16_t k = 0; k < s->in_count; k++) free(in[k].data);
    free(out.data);
    return st;
}

bt_status bt_walk_run(const struct bt_graph *graph, const struct bt_ref_tensor *inputs, struct bt_ref_tensor *outputs) {
    struct bt_plan *plan = NULL;
    bt_status st = bt_plan_create(graph, NULL, NULL, &plan);
    if (st) return st;
    struct walk w = {.plan = plan};
    for (int r = 0; r < BT_REGION_COUNT; r++) {
        size_t count = plan->region_bytes[r] / sizeof(float);
        w.region[r] = malloc((count + 1) * sizeof(float));
        if (!w.region[r]) {
            st = BT_E_MEMORY;
            goto done;
        }
        for (size_t i = 0; i < count; i++) w.region[r][i] = NAN; /* what nobody wrote must not be read */
    }
    for (uint32_t i = 0; i < plan->constant_count; i++) {
        const struct bt_plan_constant *c = &plan->constant[i];
        if (!c->raw) bt_plan_pack(c, w.region[BT_REGION_CONSTANT] + c->offset_bytes / sizeof(float));
    }
    for (uint32_t i = 0; i < plan->input_count; i++) store(&w, &plan->input[i], &inputs[i]);
    for (uint32_t from = 0; from < plan->step_count && !st;) {
        uint32_t to = from + 1;
        while (to < plan->step_count && !plan->step[to].wait) to++;
        for (uint32_t i = to; i-- > from && !st;) st = run_step(&w, &plan->step[i]);
        from = to;
    }
    for (uint32_t i = 0; i < plan->output_count && !st; i++) {
        struct bt_ref_tensor t = {0};
        st = load(&w, &plan->output[i], &t);
        if (!st) memcpy(outputs[i].data, t.data, bt_shape_elements(&t.shape) * bt_type_bytes(t.type));
        free(t.data);
    }
done:
    for (int r = 0; r < BT_REGION_COUNT; r++) free(w.region[r]);
    bt_plan_destroy(&plan);
    return st;
}
