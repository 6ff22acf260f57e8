/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "engine/graph/graph.h"
#include <stdlib.h>
#include <string.h>

struct check {
    const struct bt_graph *graph;
    struct bt_log *log;
    bool broken;
};

static void broken(struct check *c, const char *what, const char *name) {
    if (!c->broken) bt_log_error(c->log, "engine: graph '%.60s' is broken: %s: '%.100s'", c->graph->name, what, name);
    c->broken = true;
}

static void check_value(struct check *c, const struct bt_value *v) {
    if (!v->name || v->type >= BT_TYPE_COUNT || v->shape.rank > BT_RANK_MAX) {
        broken(c, "value has no name, type or shape", v->name ? v->name : "");
        return;
    }
    size_t elements = 1;
    for (uint32_t i = 0; i < BT_RANK_MAX; i++) {
        size_t d = v->shape.dim[i];
        if (i >= v->shape.rank && d != 1) broken(c, "unused axis is not 1", v->name);
        if (d > BT_GRAPH_ELEMENTS_MAX) broken(c, "axis too large", v->name);
        elements *= d;
        if (elements > BT_GRAPH_ELEMENTS_MAX) {
            broken(c, "too many elements", v->name);
            return;
        }
    }
    if (v->data && v->producer != BT_NONE) broken(c, "constant has a producer", v->name);
    if (v->producer != BT_NONE && v->producer >= c->graph->node_count) broken(c, "producer is no node", v->name);
}

static void check_node(struct check *c, uint32_t index, bool *made) {
    const struct bt_graph *g = c->graph;
    const struct bt_node *n = &g->node[index];
    if (!n->name || n->op >= BT_OP_COUNT || n->raw || !n->out_count) {
        broken(c, "node is not inferred", n->name ? n->name : "");
        return;
    }
    for (uint16_t k = 0; k < n->in_count; k++) {
        if (n->in[k] == BT_NONE) continue;
        if (n->in[k] >= g->value_count) {
            broken(c, "node reads no value", n->name);
        } else if (!made[n->in[k]] && !g->value[n->in[k]].data) {
            broken(c, "node reads what is not made yet", n->name);
        }
    }
    for (uint16_t k = 0; k < n->out_count; k++) {
        if (n->out[k] >= g->value_count) {
            broken(c, "node makes no value", n->name);
            continue;
        }
        const struct bt_value *v = &g->value[n->out[k]];
        if (made[n->out[k]] || v->data) broken(c, "value is made twice", v->name);
        if (v->producer != index) broken(c, "value names another producer", v->name);
        if (!bt_shape_elements(&v->shape)) broken(c, "value is empty", v->name);
        made[n->out[k]] = true;
    }
}

bt_status bt_graph_verify(const struct bt_graph *graph, struct bt_log *log) {
    struct check c = {.graph = graph, .log = log};
    bool *made = calloc(graph->value_count + 1, sizeof *made);
    if (!made) return BT_E_MEMORY;
    for (uint32_t i = 0; i < graph->value_count; i++) check_value(&c, &graph->value[i]);
    for (uint32_t i = 0; i < graph->input_count; i++) {
        if (graph->input[i] >= graph->value_count || made[graph->input[i]]) {
            broken(&c, "graph input", graph->name);
            continue;
        }
        const struct bt_value *v = &graph->value[graph->input[i]];
        if (v->data || v->producer != BT_NONE || !bt_shape_elements(&v->shape))
            broken(&c, "graph input is made inside", v->name);
        made[graph->input[i]] = true;
    }
    for (uint32_t i = 0; i < graph->node_count; i++) check_node(&c, i, made);
    for (uint32_t i = 0; i < graph->output_count; i++) {
        uint16_t v = graph->output[i];
        if (v >= graph->value_count || (!made[v] && !graph->value[v].data)) {
            broken(&c, "graph output is never made", v < graph->value_count ? graph->value[v].name : "");
        } else if (!graph->value[v].is_output) {
            broken(&c, "graph output is not marked", graph->value[v].name);
        }
    }
    free(made);
    return c.broken ? BT_E_FORMAT : BT_OK;
}
