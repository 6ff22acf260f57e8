/* SPDX-License-Identifier: MIT */
#include "engine/onnx/model.h"
#include <stdio.h>
#include <string.h>

static bool is_default_domain(const char *domain) {
    return !domain || !*domain || !strcmp(domain, "ai.onnx");
}

static const char *label(const Onnx__NodeProto *n) {
    if (n->name && *n->name) return n->name;
    return n->n_output && n->output[0] ? n->output[0] : "?";
}

bool bt_onnx_is_constant_node(const Onnx__NodeProto *n) {
    return n->op_type && !strcmp(n->op_type, "Constant") && is_default_domain(n->domain);
}

static enum bt_op find_op(const Onnx__NodeProto *n) {
    for (int op = 0; n->op_type && is_default_domain(n->domain) && op < BT_OP_COUNT; op++) {
        if (!strcmp(bt_op_info((enum bt_op)op)->name, n->op_type)) return (enum bt_op)op;
    }
    return BT_OP_COUNT;
}

static bt_status refuse(struct bt_log *log, bt_status status, const Onnx__NodeProto *n, const char *what, const char *name) {
    bt_log_error(log, "engine: node '%.100s' (%.40s): %s '%.60s'", label(n), n->op_type ? n->op_type : "?", what, name);
    return status;
}

/* Copies one attribute into the graph's memory. */
static bt_status load_attr(const Onnx__NodeProto *n, const Onnx__AttributeProto *a, struct bt_log *log, struct bt_graph *graph,
                           struct bt_raw_attr *out) {
    struct bt_raw_attr raw = {.name = bt_graph_copy_text(graph, a->name ? a->name : "")};
    if (!raw.name) return BT_E_MEMORY;
    bt_status st = bt_onnx_check_name(a->name, log);
    if (st) return st;
    if (!a->has_type) return refuse(log, BT_E_FORMAT, n, "no type of attribute", raw.name);
    switch (a->type) {
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOAT:
        raw.kind = BT_RAW_FLOAT;
        raw.f = a->f;
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INT:
        raw.kind = BT_RAW_INT;
        raw.i = a->i;
        break;
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__STRING: {
        raw.kind = BT_RAW_STRING;
        size_t len = a->has_s ? a->s.len : 0;
        if (len > 64) return refuse(log, BT_E_UNSUPPORTED, n, "a long text as attribute", raw.name);
        char *text = bt_graph_alloc(graph, len + 1);
        if (!text) return BT_E_MEMORY;
        for (size_t i = 0; i < len; i++) text[i] = a->s.data[i] < 32 || a->s.data[i] > 126 ? '?' : (char)a->s.data[i];
        raw.s = text;
        break;
    }
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__INTS: {
        raw.kind = BT_RAW_INTS;
        raw.count = a->n_ints;
        int64_t *ints = bt_graph_alloc(graph, a->n_ints * sizeof *ints);
        if (!ints) return BT_E_MEMORY;
        if (a->n_ints) memcpy(ints, a->ints, a->n_ints * sizeof *ints);
        raw.ints = ints;
        break;
    }
    case ONNX__ATTRIBUTE_PROTO__ATTRIBUTE_TYPE__FLOATS: {
        raw.kind = BT_RAW_FLOATS;
        raw.count = a->n_floats;
        float *floats = bt_graph_alloc(graph, a->n_floats * sizeof *floats);
        if (!floats) return BT_E_MEMORY;
        if (a->n_floats) memcpy(floats, a->floats, a->n_floats * sizeof *floats);
        raw.floats = floats;
        break;
    }
    default:
        return refuse(log, BT_E_UNSUPPORTED, n, "unknown type of attribute", raw.name);
    }
    *out = raw;
    return BT_OK;
}

enum { ATTRIBUTES_MAX = 64 };

static bt_status load_attrs(const Onnx__NodeProto *n, struct bt_log *log, struct bt_graph *graph,
                            struct bt_raw_attrs **out_raw) {
    struct bt_raw_attrs *raw = bt_graph_alloc(graph, sizeof *raw + n->n_attribute * sizeof raw->attr[0]);
    if (!raw) return BT_E_MEMORY;
    raw->count = n->n_attribute;
    for (size_t i = 0; i < n->n_attribute; i++) {
        bt_status st = load_attr(n, n->attribute[i], log, graph, &raw->attr[i]);
        if (st) return st;
        for (size_t j = 0; j < i; j++) {
            if (!strcmp(raw->attr[j].name, raw->attr[i].name))
                return refuse(log, BT_E_FORMAT, n, "twice, attribute", raw->attr[i].name);
        }
    }
    *out_raw = raw;
    return BT_OK;
}

/* The graph's nodes have one output: a Split becomes one node a part, all with the same attributes. */
static bt_status add_part(const Onnx__NodeProto *n, enum bt_op op, uint32_t part, uint32_t parts, struct bt_raw_attrs *raw,
                          const struct bt_onnx_names *names, struct bt_log *log, struct bt_graph *graph) {
    uint16_t index;
    bt_status st = bt_graph_add_node(graph, op, label(n), (uint16_t)n->n_input, 1, &index);
    if (st) return refuse(log, st, n, "no room for the node", "");
    struct bt_node *node = &graph->node[index];
    for (size_t k = 0; k < n->n_input; k++) {
        if (!*n->input[k]) continue;
        node->in[k] = bt_onnx_find(names, n->input[k]);
        if (node->in[k] == BT_NONE) return refuse(log, BT_E_FORMAT, n, "nobody makes input", n->input[k]);
    }
    node->out[0] = bt_onnx_find(names, n->output[part]);
    node->attr.part = part;
    node->attr.parts = parts;
    node->raw = raw;
    return BT_OK;
}

static bt_status add_node(const Onnx__NodeProto *n, const struct bt_onnx_names *names, struct bt_log *log,
                          struct bt_graph *graph) {
    bt_status st = bt_onnx_check_name(n->name, log);
    if (!st) st = bt_onnx_check_name(n->op_type, log);
    if (!st) st = bt_onnx_check_name(n->domain, log);
    if (st) return st;
    enum bt_op op = find_op(n);
    if (op == BT_OP_COUNT)
        return refuse(log, BT_E_UNSUPPORTED, n, "operator is not known, of domain", n->domain ? n->domain : "");
    if (n->n_input > BT_GRAPH_INPUTS_MAX) return refuse(log, BT_E_UNSUPPORTED, n, "too many inputs", "");
    if (n->n_attribute > ATTRIBUTES_MAX) return refuse(log, BT_E_UNSUPPORTED, n, "too many attributes", "");
    /* Optional outputs at the end may be named "" : absent. */
    size_t outputs = n->n_output;
    while (outputs && !*n->output[outputs - 1]) outputs--;
    if (!outputs) return refuse(log, BT_E_FORMAT, n, "needs an output", "");
    if (outputs > 1 && op != BT_OP_SPLIT) return refuse(log, BT_E_UNSUPPORTED, n, "more than one output:", n->output[1]);
    struct bt_raw_attrs *raw = NULL;
    st = load_attrs(n, log, graph, &raw);
    for (size_t part = 0; part < outputs && !st; part++) {
        if (*n->output[part]) st = add_part(n, op, (uint32_t)part, (uint32_t)outputs, raw, names, log, graph);
    }
    return st;
}

bt_status bt_onnx_add_nodes(const Onnx__GraphProto *model, const struct bt_onnx_names *names, struct bt_log *log,
                            struct bt_graph *graph) {
    for (size_t i = 0; i < model->n_node; i++) {
        if (bt_onnx_is_constant_node(model->node[i])) continue;
        bt_status st = add_node(model->node[i], names, log, graph);
        if (st) return st;
    }
    return BT_OK;
}

bt_status bt_onnx_add_constant_node(const Onnx__NodeProto *n, struct bt_log *log, struct bt_graph *graph, uint16_t *out_value) {
    bt_status st = bt_onnx_check_name(n->name, log);
    for (size_t i = 0; i < n->n_output && !st; i++) st = bt_onnx_check_name(n->output[i], log);
    if (st) return st;
    if (n->n_attribute != 1 || n->n_output != 1) return refuse(log, BT_E_FORMAT, n, "needs one value and one output", "");
    const Onnx__AttributeProto *a = n->attribute[0];
    const char *name = a->name ? a->name : "";
    enum bt_type type;
    struct bt_shape shape = {.rank = 0, .dim = {1, 1, 1, 1, 1, 1}};
    const void *from = NULL;
    if (!strcmp(name, "value") && a->t) {
        st = bt_onnx_check_tensor(a->t, log, label(n), &type, &shape);
        if (st) return st;
    } else if (!strcmp(name, "value_float") && a->has_f) {
        type = BT_TYPE_F32;
        from = &a->f;
    } else if (!strcmp(name, "value_int") && a->has_i) {
        type = BT_TYPE_I64;
        from = &a->i;
    } else if (!strcmp(name, "value_floats") && a->n_floats <= BT_GRAPH_ELEMENTS_MAX) {
        type = BT_TYPE_F32;
        shape.rank = 1;
        shape.dim[0] = (uint32_t)a->n_floats;
        from = a->floats;
    } else if (!strcmp(name, "value_ints") && a->n_ints <= BT_GRAPH_ELEMENTS_MAX) {
        type = BT_TYPE_I64;
        shape.rank = 1;
        shape.dim[0] = (uint32_t)a->n_ints;
        from = a->ints;
    } else {
        return refuse(log, BT_E_UNSUPPORTED, n, "unknown kind of value", "");
    }
    void *data;
    st = bt_graph_add_constant(graph, n->output[0], type, &shape, out_value, &data);
    if (st) return refuse(log, st, n, "no room for the constant", "");
    size_t size = bt_shape_elements(&shape) * bt_type_bytes(type);
    if (from && size) memcpy(data, from, size);
    if (!strcmp(name, "value")) bt_onnx_load_tensor(a->t, data);
    return BT_OK;
}
