/* SPDX-License-Identifier: MIT */
#include "engine/onnx/model.h"
#include "engine/onnx/onnx.h"
#include "engine/onnx/wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPSET_LEAST = 1, OPSET_MOST = 17 };

struct import {
    struct bt_log *log;
    const Onnx__GraphProto *model;
    struct bt_graph *graph;
    struct bt_onnx_names names;
    size_t name_room;
};

static bt_status refuse(struct import *im, bt_status status, const char *what, const char *name) {
    bt_log_error(im->log, "engine: %s '%.100s'", what, name);
    return status;
}

bt_status bt_onnx_check_name(const char *name, struct bt_log *log) {
    for (const unsigned char *p = (const unsigned char *)name; p && *p; p++) {
        if (*p >= 32 && *p != 127) continue;
        bt_log_error(log, "engine: a name has control characters");
        return BT_E_FORMAT;
    }
    return BT_OK;
}

static int compare(const void *a, const void *b) {
    return strcmp(((const struct bt_onnx_name *)a)->name, ((const struct bt_onnx_name *)b)->name);
}

uint16_t bt_onnx_find(const struct bt_onnx_names *names, const char *name) {
    struct bt_onnx_name key = {.name = name};
    const struct bt_onnx_name *hit = names->count ? bsearch(&key, names->at, names->count, sizeof key, compare) : NULL;
    return hit ? hit->value : BT_NONE;
}

/* Sorts the names so far; a value may be made once only. */
static bt_status sort_names(struct import *im) {
    struct bt_onnx_names *n = &im->names;
    if (n->count) qsort(n->at, n->count, sizeof *n->at, compare);
    for (size_t i = 1; i < n->count; i++) {
        if (!strcmp(n->at[i - 1].name, n->at[i].name)) return refuse(im, BT_E_FORMAT, "made twice: value", n->at[i].name);
    }
    return BT_OK;
}

/* `name` must live as long as the import: it is the protobuf's. */
static bt_status add_name(struct import *im, const char *name, uint16_t value) {
    bt_status st = bt_onnx_check_name(name, im->log);
    if (st) return st;
    if (!*name) return refuse(im, BT_E_FORMAT, "a value has no name", "");
    if (im->names.count == im->name_room) {
        size_t room = im->name_room ? im->name_room * 2 : 256;
        struct bt_onnx_name *more = realloc(im->names.at, room * sizeof *more);
        if (!more) return BT_E_MEMORY;
        im->names.at = more;
        im->name_room = room;
    }
    im->names.at[im->names.count++] = (struct bt_onnx_name){.name = name, .value = value};
    return BT_OK;
}

static bt_status add_initializers(struct import *im) {
    for (size_t i = 0; i < im->model->n_initializer; i++) {
        const Onnx__TensorProto *t = im->model->initializer[i];
        const char *name = t->name ? t->name : "";
        enum bt_type type;
        struct bt_shape shape;
        bt_status st = bt_onnx_check_name(name, im->log);
        if (!st) st = bt_onnx_check_tensor(t, im->log, name, &type, &shape);
        if (st) return st;
        uint16_t v;
        void *data;
        st = bt_graph_add_constant(im->graph, name, type, &shape, &v, &data);
        if (st) return refuse(im, st, "no room for initializer", name);
        bt_onnx_load_tensor(t, data);
        st = add_name(im, name, v);
        if (st) return st;
    }
    return BT_OK;
}

static bt_status add_input(struct import *im, const Onnx__ValueInfoProto *info) {
    const char *name = info->name ? info->name : "";
    bt_status st = bt_onnx_check_name(name, im->log);
    if (st) return st;
    const Onnx__TypeProto *type = info->type;
    if (!type || type->value_case != ONNX__TYPE_PROTO__VALUE_TENSOR_TYPE || !type->tensor_type) {
        return refuse(im, BT_E_UNSUPPORTED, "not a tensor: input", name);
    }
    const Onnx__TypeProto__Tensor *t = type->tensor_type;
    enum bt_type elements;
    if (!bt_onnx_type(t->elem_type, &elements)) return refuse(im, BT_E_UNSUPPORTED, "unknown type of input", name);
    if (!t->shape) return refuse(im, BT_E_UNSUPPORTED, "no shape of input", name);
    if (t->shape->n_dim > BT_RANK_MAX) return refuse(im, BT_E_UNSUPPORTED, "too many axes of input", name);
    struct bt_shape shape = {.rank = (uint32_t)t->shape->n_dim, .dim = {1, 1, 1, 1, 1, 1}};
    int64_t total = 1;
    for (uint32_t i = 0; i < shape.rank; i++) {
        const Onnx__TensorShapeProto__Dimension *d = t->shape->dim[i];
        bool said = d->value_case == ONNX__TENSOR_SHAPE_PROTO__DIMENSION__VALUE_DIM_VALUE, known = said && d->dim_value > 0;
        if (said && d->dim_value == 0) return refuse(im, BT_E_UNSUPPORTED, "empty input", name);
        if (!known && i > 0) return refuse(im, BT_E_UNSUPPORTED, "a size other than the batch's is open: input", name);
        int64_t size = known ? d->dim_value : 1; /* an open batch is fixed to one */
        if (size > BT_GRAPH_ELEMENTS_MAX / total) return refuse(im, BT_E_UNSUPPORTED, "too large: input", name);
        total *= size;
        shape.dim[i] = (uint32_t)size;
    }
    uint16_t v;
    st = bt_graph_add_value(im->graph, name, &v);
    if (st) return refuse(im, st, "no room for input", name);
    im->graph->value[v].type = elements;
    im->graph->value[v].shape = shape;
    im->graph->input[im->graph->input_count++] = v;
    return add_name(im, name, v);
}

static bt_status add_inputs(struct import *im) {
    size_t initializers = im->names.count;
    im->graph->input = bt_graph_alloc(im->graph, im->model->n_input * sizeof *im->graph->input);
    if (!im->graph->input) return BT_E_MEMORY;
    for (size_t i = 0; i < im->model->n_input; i++) {
        const Onnx__ValueInfoProto *info = im->model->input[i];
        /* Before IR 4, initializers were inputs with a default; the default is what we run. */
        struct bt_onnx_names known = {.at = im->names.at, .count = initializers};
        if (info->name && bt_onnx_find(&known, info->name) != BT_NONE) continue;
        bt_status st = add_input(im, info);
        if (st) return st;
    }
    return BT_OK;
}

static bt_status add_results(struct import *im) {
    for (size_t i = 0; i < im->model->n_node; i++) {
        const Onnx__NodeProto *n = im->model->node[i];
        if (bt_onnx_is_constant_node(n)) {
            uint16_t v;
            bt_status st = bt_onnx_add_constant_node(n, im->log, im->graph, &v);
            if (!st) st = add_name(im, n->output[0], v);
            if (st) return st;
            continue;
        }
        for (size_t k = 0; k < n->n_output; k++) {
            if (!*n->output[k]) continue;
            uint16_t v;
            bt_status st = bt_graph_add_value(im->graph, n->output[k], &v);
            if (st) return refuse(im, st, "no room for value", n->output[k]);
            st = add_name(im, n->output[k], v);
            if (st) return st;
        }
    }
    return BT_OK;
}

static bt_status add_outputs(struct import *im) {
    im->graph->output = bt_graph_alloc(im->graph, im->model->n_output * sizeof *im->graph->output);
    if (!im->graph->output) return BT_E_MEMORY;
    for (size_t i = 0; i < im->model->n_output; i++) {
        const char *name = im->model->output[i]->name ? im->model->output[i]->name : "";
        uint16_t v = bt_onnx_find(&im->names, name);
        if (v == BT_NONE) return refuse(im, BT_E_FORMAT, "nobody makes output", name);
        if (im->graph->value[v].is_output) return refuse(im, BT_E_FORMAT, "twice an output", name);
        im->graph->value[v].is_output = true;
        im->graph->output[im->graph->output_count++] = v;
    }
    if (!im->graph->output_count) return refuse(im, BT_E_FORMAT, "no output of graph", im->graph->name);
    return BT_OK;
}

static bt_status check_model(struct import *im, const Onnx__ModelProto *m) {
    int64_t opset = 0;
    for (size_t i = 0; i < m->n_opset_import; i++) {
        const char *domain = m->opset_import[i]->domain;
        if (!domain || !*domain || !strcmp(domain, "ai.onnx")) opset = m->opset_import[i]->version;
    }
    if (!m->graph) return refuse(im, BT_E_FORMAT, "no graph in model of", m->producer_name ? "a known producer" : "nobody");
    if (!m->n_opset_import || opset < 0) return refuse(im, BT_E_FORMAT, "no opset of", "the graph");
    if (opset < OPSET_LEAST || opset > OPSET_MOST) {
        bt_log_error(im->log, "engine: opset %lld; %d to %d are known", (long long)opset, OPSET_LEAST, OPSET_MOST);
        return BT_E_UNSUPPORTED;
    }
    if (m->graph->n_sparse_initializer) return refuse(im, BT_E_UNSUPPORTED, "sparse initializers of", "the graph");
    if (m->graph->n_node > BT_GRAPH_NODES_MAX) return refuse(im, BT_E_UNSUPPORTED, "too many nodes in", "the graph");
    im->model = m->graph;
    bt_status st = bt_onnx_check_name(m->graph->name, im->log);
    if (st) return st;
    im->graph = bt_graph_create(m->graph->name ? m->graph->name : "");
    if (!im->graph) return BT_E_MEMORY;
    im->graph->opset = (uint32_t)opset;
    return BT_OK;
}

bt_status bt_onnx_read(struct bt_bytes bytes, struct bt_log *log, struct bt_graph **out_graph) {
    struct import im = {.log = log};
    struct bt_wire wire;
    ProtobufCMessage *message = NULL;
    bt_status st = bt_onnx_wire_unpack(&wire, &onnx__model_proto__descriptor, bytes, &message);
    if (st) {
        bt_log_error(log, "engine: not an ONNX model");
        return st;
    }
    st = check_model(&im, (const Onnx__ModelProto *)message);
    if (!st) st = add_initializers(&im);
    if (!st) st = sort_names(&im);
    if (!st) st = add_inputs(&im);
    if (!st) st = add_results(&im);
    if (!st) st = sort_names(&im);
    if (!st) st = bt_onnx_add_nodes(im.model, &im.names, log, im.graph);
    if (!st) st = add_outputs(&im);
    if (st) {
        if (im.graph) bt_graph_destroy(&im.graph);
    } else {
        *out_graph = im.graph;
    }
    free(im.names.at);
    bt_onnx_wire_free(&wire, message);
    return st;
}

bt_status bt_onnx_import(struct bt_bytes bytes, struct bt_log *log, struct bt_graph **out_graph) {
    struct bt_graph *graph = NULL;
    bt_status st = bt_onnx_read(bytes, log, &graph);
    if (!st) st = bt_graph_infer(graph, log);
    if (!st)
        *out_graph = graph;
    else if (graph)
        bt_graph_destroy(&graph);
    return st;
}
