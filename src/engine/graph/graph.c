/* SPDX-License-Identifier: MIT */
#include "engine/graph/graph.h"
#include "base/log.h"
#include "engine/graph/build.h"
#include "engine/graph/pool.h"
#include <stdlib.h>
#include <string.h>

struct bt_graph_memory {
    struct bt_pool pool;
    uint32_t value_room, node_room;
};

static const struct bt_op_info op_table[BT_OP_COUNT + 1] = {
#define BT_OP(id, onnx_name, least, most, last, rule, class)                                                                   \
    [BT_OP_##id] = {.name = onnx_name, .inputs_least = least, .inputs_most = most, .since = last, .kind = BT_CLASS_##class},
#include "engine/ops.def"
#undef BT_OP
    [BT_OP_CONVERT] = {.name = "Convert", .inputs_least = 1, .inputs_most = 1, .since = 1, .kind = BT_CLASS_MOVE},
};

const struct bt_op_info *bt_op_info(enum bt_op op) {
    return &op_table[op <= BT_OP_CONVERT ? op : BT_OP_CONVERT];
}

struct bt_graph *bt_graph_create(const char *name) {
    struct bt_graph *graph = calloc(1, sizeof *graph);
    if (!graph) return NULL;
    graph->memory = calloc(1, sizeof *graph->memory);
    if (graph->memory) graph->memory->pool.limit_bytes = BT_GRAPH_CONST_BYTES_MAX;
    if (!graph->memory || !(graph->name = bt_graph_copy_text(graph, name))) bt_graph_destroy(&graph);
    return graph;
}

void bt_graph_destroy(struct bt_graph **graph) {
    if (!*graph) return;
    struct bt_graph *g = *graph;
    if (g->memory) bt_graph_pool_free(&g->memory->pool);
    free(g->memory);
    free(g->value);
    free(g->node);
    free(g);
    *graph = NULL;
}

void *bt_graph_alloc(struct bt_graph *graph, size_t bytes) {
    return bt_graph_pool_take(&graph->memory->pool, bytes);
}

const char *bt_graph_copy_text(struct bt_graph *graph, const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = bt_graph_alloc(graph, size);
    if (copy) memcpy(copy, text, size);
    return copy;
}

bt_status bt_graph_add_value(struct bt_graph *graph, const char *name, uint16_t *out_value) {
    struct bt_graph_memory *m = graph->memory;
    if (graph->value_count >= BT_GRAPH_VALUES_MAX) return BT_E_UNSUPPORTED;
    if (graph->value_count == m->value_room) {
        uint32_t room = m->value_room ? m->value_room * 2 : 64;
        struct bt_value *more = realloc(graph->value, room * sizeof *more);
        if (!more) return BT_E_MEMORY;
        graph->value = more;
        m->value_room = room;
    }
    const char *copy = bt_graph_copy_text(graph, name);
    if (!copy) return BT_E_MEMORY;
    graph->value[graph->value_count] = (struct bt_value){.name = copy, .producer = BT_NONE};
    for (uint32_t i = 0; i < BT_RANK_MAX; i++) graph->value[graph->value_count].shape.dim[i] = 1;
    *out_value = (uint16_t)graph->value_count++;
    return BT_OK;
}

bt_status bt_graph_add_constant(struct bt_graph *graph, const char *name, enum bt_type type, const struct bt_shape *shape,
                                uint16_t *out_value, void **out_data) {
    void *data = bt_graph_alloc(graph, bt_shape_elements(shape) * bt_type_bytes(type));
    if (!data) return BT_E_MEMORY;
    uint16_t v;
    bt_status st = bt_graph_add_value(graph, name, &v);
    if (st) return st;
    graph->value[v].type = type;
    graph->value[v].shape = *shape;
    graph->value[v].data = data;
    *out_value = v;
    *out_data = data;
    return BT_OK;
}

bt_status bt_graph_add_node(struct bt_graph *graph, enum bt_op op, const char *name, uint16_t in_count, uint16_t out_count,
                            uint16_t *out_node) {
    struct bt_graph_memory *m = graph->memory;
    if (graph->node_count >= BT_GRAPH_NODES_MAX || in_count > BT_GRAPH_INPUTS_MAX) return BT_E_UNSUPPORTED;
    if (graph->node_count == m->node_room) {
        uint32_t room = m->node_room ? m->node_room * 2 : 64;
        struct bt_node *more = realloc(graph->node, room * sizeof *more);
        if (!more) return BT_E_MEMORY;
        graph->node = more;
        m->node_room = room;
    }
    struct bt_node n = {.op = op, .in_count = in_count, .out_count = out_count};
    n.name = bt_graph_copy_text(graph, name);
    n.in = bt_graph_alloc(graph, in_count * sizeof *n.in);
    n.out = bt_graph_alloc(graph, out_count * sizeof *n.out);
    if (!n.name || !n.in || !n.out) return BT_E_MEMORY;
    for (uint16_t i = 0; i < in_count; i++) n.in[i] = BT_NONE;
    for (uint16_t i = 0; i < out_count; i++) n.out[i] = BT_NONE;
    graph->node[graph->node_count] = n;
    *out_node = (uint16_t)graph->node_count++;
    return BT_OK;
}

uint16_t bt_graph_find(const struct bt_graph *graph, const char *value_name) {
    for (uint32_t i = 0; i < graph->value_count; i++) {
        if (!strcmp(graph->value[i].name, value_name)) return (uint16_t)i;
    }
    return BT_NONE;
}

void bt_graph_count_uses(const struct bt_graph *graph, uint16_t *out_uses) {
    memset(out_uses, 0, graph->value_count * sizeof *out_uses);
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct bt_node *n = &graph->node[i];
        for (uint16_t k = 0; k < n->in_count; k++) {
            if (n->in[k] != BT_NONE && out_uses[n->in[k]] < UINT16_MAX) out_uses[n->in[k]]++;
        }
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        if (out_uses[graph->output[i]] < UINT16_MAX) out_uses[graph->output[i]]++;
    }
}

void bt_graph_replace(struct bt_graph *graph, uint16_t old, uint16_t fresh) {
    for (uint32_t i = 0; i < graph->node_count; i++) {
        struct bt_node *n = &graph->node[i];
        for (uint16_t k = 0; k < n->in_count; k++) {
            if (n->in[k] == old) n->in[k] = fresh;
        }
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        if (graph->output[i] == old) graph->output[i] = fresh;
    }
    if (graph->value[old].is_output) graph->value[fresh].is_output = true;
    graph->value[old].is_output = false;
}

bt_status bt_graph_sweep(struct bt_graph *graph) {
    bt_status st = BT_OK;
    bool *needed = calloc(graph->value_count + 1, sizeof *needed);
    bool *keep = calloc(graph->node_count + 1, sizeof *keep);
    if (!needed || !keep) {
        st = BT_E_MEMORY;
        goto done;
    }
    for (uint32_t i = 0; i < graph->output_count; i++) needed[graph->output[i]] = true;
    for (uint32_t i = graph->node_count; i-- > 0;) { /* backwards: readers come after makers */
        const struct bt_node *n = &graph->node[i];
        for (uint16_t k = 0; k < n->out_count; k++) keep[i] |= n->out[k] != BT_NONE && needed[n->out[k]];
        for (uint16_t k = 0; keep[i] && k < n->in_count; k++) {
            if (n->in[k] != BT_NONE) needed[n->in[k]] = true;
        }
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) {
        if (!keep[i]) continue;
        graph->node[kept] = graph->node[i];
        for (uint16_t k = 0; k < graph->node[kept].out_count; k++) {
            if (graph->node[kept].out[k] != BT_NONE) graph->value[graph->node[kept].out[k]].producer = (uint16_t)kept;
        }
        kept++;
    }
    /* Producers of dropped nodes' values point nowhere now. */
    for (uint32_t v = 0; v < graph->value_count; v++) {
        if (!needed[v]) graph->value[v].producer = BT_NONE;
    }
    graph->node_count = kept;
done:
    free(needed);
    free(keep);
    return st;
}

static bool is_sorted(const struct bt_graph *graph) {
    for (uint32_t i = 0; i < graph->node_count; i++) {
        const struct bt_node *n = &graph->node[i];
        for (uint16_t k = 0; k < n->in_count; k++) {
            uint16_t p = n->in[k] == BT_NONE ? BT_NONE : graph->value[n->in[k]].producer;
            if (p != BT_NONE && p >= i) return false;
        }
    }
    return true;
}

/* Kahn 1962: take nodes whose inputs are ready. A graph that is in order already is left alone: exporters write branch after
   branch, which keeps lifetimes short, where Kahn's queue would go through all branches at once. */
bt_status bt_graph_sort(struct bt_graph *graph, struct bt_log *log) {
    bt_status st = BT_OK;
    uint32_t count = graph->node_count, edges = 0, taken = 0;
    uint32_t *first = NULL, *reader = NULL, *waits = NULL, *queue = NULL;
    struct bt_node *sorted = NULL;
    for (uint32_t v = 0; v < graph->value_count; v++) graph->value[v].producer = BT_NONE;
    for (uint32_t i = 0; i < count; i++) {
        edges += graph->node[i].in_count;
        for (uint16_t k = 0; k < graph->node[i].out_count; k++) {
            if (graph->node[i].out[k] != BT_NONE) graph->value[graph->node[i].out[k]].producer = (uint16_t)i;
        }
    }
    if (is_sorted(graph)) return BT_OK;
    first = calloc(count + 2, sizeof *first);
    reader = calloc(edges + 1, sizeof *reader);
    waits = calloc(count + 1, sizeof *waits);
    queue = calloc(count + 1, sizeof *queue);
    sorted = malloc((count + 1) * sizeof *sorted);
    if (!first || !reader || !waits || !queue || !sorted) {
        st = BT_E_MEMORY;
        goto done;
    }
    /* Readers of each node, in one array: count, sum, fill. */
    for (int fill = 0; fill < 2; fill++) {
        for (uint32_t i = 0; i < count; i++) {
            const struct bt_node *n = &graph->node[i];
            for (uint16_t k = 0; k < n->in_count; k++) {
                uint16_t p = n->in[k] == BT_NONE ? BT_NONE : graph->value[n->in[k]].producer;
                if (p == BT_NONE) continue;
                if (fill) {
                    reader[first[p + 1]++] = i;
                    waits[i]++;
                } else {
                    first[p + 2]++;
                }
            }
        }
        for (uint32_t i = 2; !fill && i < count + 2; i++) first[i] += first[i - 1];
    }
    uint32_t head = 0, tail = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!waits[i]) queue[tail++] = i;
    }
    while (head < tail) {
        uint32_t i = queue[head++];
        sorted[taken++] = graph->node[i];
        for (uint32_t e = first[i]; e < first[i + 1]; e++) {
            if (!--waits[reader[e]]) queue[tail++] = reader[e];
        }
    }
    if (taken < count) {
        for (uint32_t i = 0; i < count; i++) {
            if (!waits[i]) continue;
            bt_log_error(log, "engine: node '%s' (%s): waits for its own result", graph->node[i].name,
                         bt_op_info(graph->node[i].op)->name);
            break;
        }
        st = BT_E_FORMAT;
        goto done;
    }
    memcpy(graph->node, sorted, count * sizeof *sorted);
    for (uint32_t i = 0; i < count; i++) {
        for (uint16_t k = 0; k < graph->node[i].out_count; k++) {
            if (graph->node[i].out[k] != BT_NONE) graph->value[graph->node[i].out[k]].producer = (uint16_t)i;
        }
    }
done:
    free(first);
    free(reader);
    free(waits);
    free(queue);
    free(sorted);
    return st;
}
