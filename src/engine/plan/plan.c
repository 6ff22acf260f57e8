/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "engine/graph/build.h"
#include "engine/plan/build.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void bt_plan_fail(struct bt_planner *p, bt_status status, const struct bt_node *node, const char *format, ...) {
    if (p->status) return;
    p->status = status;
    char text[160];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (node) {
        bt_log_error(p->log, "engine: node '%.100s' (%s): %s", node->name, bt_op_info(node->op)->name, text);
    } else {
        bt_log_error(p->log, "engine: graph '%.100s': %s", p->graph->name, text);
    }
}

void *bt_plan_take(struct bt_planner *p, size_t bytes) {
    void *block = bt_graph_pool_take(&p->plan->memory->pool, bytes);
    if (!block) bt_plan_fail(p, BT_E_MEMORY, NULL, "no memory");
    return block;
}

/* Room for one more in a growing array; NULL on failure, which is noted. */
static void *grow(struct bt_planner *p, void *array, uint32_t count, uint32_t *room, size_t size) {
    if (count < *room) return array;
    uint32_t more = *room ? *room * 2 : 64;
    void *fresh = realloc(array, more * size);
    if (!fresh) {
        bt_plan_fail(p, BT_E_MEMORY, NULL, "no memory");
        return NULL;
    }
    *room = more;
    return fresh;
}

size_t bt_plan_bytes(const struct bt_shape *shape, enum bt_layout layout) {
    if (layout == BT_LAYOUT_PLAIN) return bt_shape_elements(shape) * sizeof(float);
    return (size_t)(shape->dim[1] + 3) / 4 * 4 * shape->dim[2] * shape->dim[3] * sizeof(float);
}

bool bt_plan_is_map(const struct bt_shape *s) {
    return s->rank == 4 && s->dim[0] == 1;
}

/* A 1 x C x 1 x 1 map in C4 starts with the same bytes as in PLAIN, and is the same if no lane is missing. */
static bool same_bytes(const struct bt_shape *s, enum bt_layout have, enum bt_layout want) {
    if (have == want) return true;
    if (!bt_plan_is_map(s) || s->dim[2] != 1 || s->dim[3] != 1) return false;
    return want == BT_LAYOUT_PLAIN || s->dim[1] % 4 == 0;
}

static enum bt_layout other(enum bt_layout layout) {
    return layout == BT_LAYOUT_PLAIN ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN;
}

bool bt_plan_has(const struct bt_planner *p, uint16_t value, enum bt_layout layout) {
    if (p->graph->value[value].data || p->home[value][layout] != BT_NO_BUFFER) return true;
    return p->home[value][other(layout)] != BT_NO_BUFFER && same_bytes(&p->graph->value[value].shape, other(layout), layout);
}

uint32_t bt_plan_add_buffer(struct bt_planner *p, enum bt_region region, uint32_t index, size_t size_bytes) {
    struct bt_plan_buffer *more = grow(p, p->buffer, p->buffer_count, &p->buffer_room, sizeof *more);
    if (!more) return 0;
    p->buffer = more;
    uint32_t now = p->plan->step_count;
    p->buffer[p->buffer_count] =
        (struct bt_plan_buffer){.region = region, .index = index, .first = now, .last = now, .size_bytes = size_bytes};
    return p->buffer_count++;
}

struct bt_place bt_plan_constant(struct bt_planner *p, uint16_t value, enum bt_layout layout, const struct bt_shape *seen_as,
                                 bool raw) {
    const struct bt_value *v = &p->graph->value[value];
    struct bt_plan *plan = p->plan;
    uint32_t i = 0;
    for (; i < plan->constant_count; i++) {
        const struct bt_plan_constant *c = &plan->constant[i];
        if (c->value == value && c->layout == layout && c->raw == raw && bt_shape_equal(&c->shape, seen_as)) break;
    }
    if (i == plan->constant_count) {
        struct bt_plan_constant *more = grow(p, plan->constant, i, &p->constant_room, sizeof *more);
        if (!more) return (struct bt_place){.region = BT_REGION_NONE};
        plan->constant = more;
        plan->constant[plan->constant_count++] = (struct bt_plan_constant){.value = value,
                                                                           .type = v->type,
                                                                           .shape = *seen_as,
                                                                           .layout = layout,
                                                                           .data = v->data,
                                                                           .size_bytes = bt_plan_bytes(seen_as, layout),
                                                                           .raw = raw};
    }
    return (struct bt_place){.region = BT_REGION_CONSTANT,
                             .value = value,
                             .layout = layout,
                             .shape = *seen_as,
                             .index = i,
                             .size_bytes = plan->constant[i].size_bytes};
}

static struct bt_place place_of(const struct bt_planner *p, uint16_t value, enum bt_layout layout, uint32_t buffer,
                                const struct bt_shape *seen_as) {
    return (struct bt_place){.region = p->buffer_count ? p->buffer[buffer].region : BT_REGION_NONE,
                             .value = value,
                             .layout = layout,
                             .shape = *seen_as,
                             .index = buffer,
                             .size_bytes = bt_plan_bytes(seen_as, layout)};
}

static const struct bt_attr no_attr;

struct bt_place bt_plan_read(struct bt_planner *p, uint16_t value, enum bt_layout layout, const struct bt_shape *seen_as) {
    const struct bt_value *v = &p->graph->value[value];
    if (v->data) return bt_plan_constant(p, value, layout, seen_as, false);
    uint32_t *home = p->home[value];
    if (home[layout] == BT_NO_BUFFER) {
        if (same_bytes(&v->shape, other(layout), layout)) {
            home[layout] = home[other(layout)];
        } else {
            struct bt_place in = place_of(p, value, other(layout), home[other(layout)], &v->shape);
            struct bt_place out = bt_plan_write(p, value, layout);
            bt_plan_step(p, v->name, BT_OP_CONVERT, BT_NONE, &no_attr, 1, &in, &out);
        }
    }
    return place_of(p, value, layout, home[layout], seen_as);
}

/* If all that becomes of a value is a graph output, maybe by way of views: which one. */
static uint32_t only_output(const struct bt_planner *p, uint16_t value) {
    const struct bt_graph *g = p->graph;
    for (uint32_t hops = 0; hops <= g->node_count && p->uses[value] == 1; hops++) {
        if (g->value[value].is_output) {
            for (uint32_t i = 0; i < g->output_count; i++) {
                if (g->output[i] == value) return i;
            }
            break;
        }
        const struct bt_node *reader = &g->node[p->sole_reader[value]];
        if (bt_op_info(reader->op)->kind != BT_CLASS_VIEW) break;
        value = reader->out[0];
    }
    return UINT32_MAX;
}

struct bt_place bt_plan_write(struct bt_planner *p, uint16_t value, enum bt_layout layout) {
    const struct bt_shape *shape = &p->graph->value[value].shape;
    /* An output's bytes are PLAIN: written in place if that is what the step makes. */
    uint32_t output = same_bytes(shape, layout, BT_LAYOUT_PLAIN) ? only_output(p, value) : UINT32_MAX;
    enum bt_region region = output == UINT32_MAX ? BT_REGION_ARENA : BT_REGION_OUTPUT;
    uint32_t buffer = bt_plan_add_buffer(p, region, output == UINT32_MAX ? 0 : output, bt_plan_bytes(shape, layout));
    p->home[value][layout] = buffer;
    return place_of(p, value, layout, buffer, shape);
}

void bt_plan_step(struct bt_planner *p, const char *name, enum bt_op op, uint16_t node, const struct bt_attr *attr,
                  uint16_t in_count, const struct bt_place *in, const struct bt_place *out) {
    struct bt_step *more = grow(p, p->plan->step, p->plan->step_count, &p->step_room, sizeof *more);
    if (!more) return;
    p->plan->step = more;
    struct bt_place *operands = bt_plan_take(p, (in_count + 1u) * sizeof *operands);
    if (!operands) return;
    memcpy(operands, in, in_count * sizeof *in);
    operands[in_count] = *out;
    uint32_t now = p->plan->step_count++;
    more[now] = (struct bt_step){.name = name,
                                 .op = op,
                                 .node = node,
                                 .in_count = in_count,
                                 .out_count = 1,
                                 .in = operands,
                                 .out = operands + in_count,
                                 .attr = attr};
    for (uint16_t k = 0; k < in_count; k++) {
        if (in[k].region != BT_REGION_CONSTANT && in[k].region != BT_REGION_NONE) p->buffer[in[k].index].last = now;
    }
    if (p->buffer_count) { /* conversions may have come between the making of `out` and this step */
        p->buffer[out->index].first = now;
        if (p->buffer[out->index].last < now) p->buffer[out->index].last = now;
    }
}

static void add_inputs(struct bt_planner *p) {
    const struct bt_graph *g = p->graph;
    for (uint32_t i = 0; i < g->input_count && !p->status; i++) {
        const struct bt_value *v = &g->value[g->input[i]];
        if (v->type != BT_TYPE_F32) bt_plan_fail(p, BT_E_UNSUPPORTED, NULL, "input '%.60s' is not of floats", v->name);
        enum bt_layout layout = bt_plan_is_map(&v->shape) ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN;
        uint32_t buffer = bt_plan_add_buffer(p, BT_REGION_INPUT, i, bt_plan_bytes(&v->shape, layout));
        if (p->status) return;
        p->home[g->input[i]][layout] = buffer;
        p->plan->input[i] = place_of(p, g->input[i], layout, buffer, &v->shape);
    }
}

static void add_outputs(struct bt_planner *p) {
    const struct bt_graph *g = p->graph;
    for (uint32_t i = 0; i < g->output_count && !p->status; i++) {
        uint16_t value = g->output[i];
        const struct bt_value *v = &g->value[value];
        if (v->type != BT_TYPE_F32 && v->type != BT_TYPE_BOOL) {
            bt_plan_fail(p, BT_E_UNSUPPORTED, NULL, "output '%.60s' is not of floats", v->name);
        }
        /* A constant or another's memory is copied; else the maker has written here already, or a conversion does now. */
        uint32_t *home = p->home[value], buffer = home[BT_LAYOUT_PLAIN];
        for (int layout = 0; layout < 2 && buffer == BT_NO_BUFFER; layout++) {
            if (home[layout] != BT_NO_BUFFER && same_bytes(&v->shape, (enum bt_layout)layout, BT_LAYOUT_PLAIN))
                buffer = home[layout];
        }
        if (v->data || buffer == BT_NO_BUFFER || p->buffer[buffer].region != BT_REGION_OUTPUT) {
            enum bt_layout from = v->data || buffer != BT_NO_BUFFER ? BT_LAYOUT_PLAIN : BT_LAYOUT_C4;
            struct bt_place in = bt_plan_read(p, value, from, &v->shape);
            buffer = bt_plan_add_buffer(p, BT_REGION_OUTPUT, i, bt_plan_bytes(&v->shape, BT_LAYOUT_PLAIN));
            if (p->status) return;
            struct bt_place out = place_of(p, value, BT_LAYOUT_PLAIN, buffer, &v->shape);
            bt_plan_step(p, v->name, BT_OP_CONVERT, BT_NONE, &no_attr, 1, &in, &out);
        }
        p->plan->output[i] = place_of(p, value, BT_LAYOUT_PLAIN, buffer, &v->shape);
    }
}

bt_status bt_plan_create(const struct bt_graph *graph, const struct bt_plan_params *params, struct bt_log *log,
                         struct bt_plan **out_plan) {
    struct bt_planner p = {.graph = graph, .log = log};
    p.guard_bytes = params ? params->guard_bytes : 0;
    p.half = params && params->half;
    p.single = params ? params->single : NULL;
    p.alignment_bytes = params && params->alignment_bytes ? params->alignment_bytes : 256;
    if (p.alignment_bytes & (p.alignment_bytes - 1)) return BT_E_ARGUMENT;
    bt_status st = bt_graph_verify(graph, log);
    if (st) return st;
    p.plan = calloc(1, sizeof *p.plan);
    if (!p.plan) return BT_E_MEMORY;
    p.plan->memory = calloc(1, sizeof *p.plan->memory);
    p.home = malloc((graph->value_count + 1) * sizeof *p.home);
    p.uses = calloc(graph->value_count + 1, sizeof *p.uses);
    p.sole_reader = calloc(graph->value_count + 1, sizeof *p.sole_reader);
    if (!p.plan->memory || !p.home || !p.uses || !p.sole_reader) {
        p.status = BT_E_MEMORY;
        goto done;
    }
    for (uint32_t v = 0; v < graph->value_count; v++) p.home[v][0] = p.home[v][1] = BT_NO_BUFFER;
    bt_graph_count_uses(graph, p.uses);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        for (uint16_t k = 0; k < graph->node[i].in_count; k++) {
            if (graph->node[i].in[k] != BT_NONE) p.sole_reader[graph->node[i].in[k]] = (uint16_t)i;
        }
    }
    p.plan->graph = graph;
    p.plan->input_count = graph->input_count;
    p.plan->output_count = graph->output_count;
    p.plan->input = bt_plan_take(&p, graph->input_count * sizeof *p.plan->input);
    p.plan->output = bt_plan_take(&p, graph->output_count * sizeof *p.plan->output);
    if (!p.status) add_inputs(&p);
    for (uint32_t i = 0; i < graph->node_count && !p.status; i++) bt_plan_node(&p, (uint16_t)i);
    if (!p.status) add_outputs(&p);
    if (!p.status) bt_plan_place_memory(&p);
done:
    st = p.status;
    free(p.buffer);
    free(p.home);
    free(p.uses);
    free(p.sole_reader);
    if (st) {
        bt_plan_destroy(&p.plan);
    } else {
        *out_plan = p.plan;
    }
    return st;
}

void bt_plan_destroy(struct bt_plan **plan) {
    if (!*plan) return;
    if ((*plan)->memory) bt_graph_pool_free(&(*plan)->memory->pool);
    free((*plan)->memory);
    free((*plan)->step);
    free((*plan)->constant);
    free(*plan);
    *plan = NULL;
}
