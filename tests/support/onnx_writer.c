/* SPDX-License-Identifier: MIT */
#include "support/onnx_writer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Field numbers of onnx.proto. */
enum { MODEL_IR = 1, MODEL_GRAPH = 7, MODEL_OPSET = 8 };
enum { GRAPH_NODE = 1, GRAPH_NAME = 2, GRAPH_INITIALIZER = 5, GRAPH_INPUT = 11, GRAPH_OUTPUT = 12 };
enum { NODE_INPUT = 1, NODE_OUTPUT = 2, NODE_NAME = 3, NODE_OP = 4, NODE_ATTRIBUTE = 5 };
enum { ATTR_NAME = 1, ATTR_F = 2, ATTR_I = 3, ATTR_S = 4, ATTR_INTS = 8, ATTR_TYPE = 20 };
enum { TENSOR_DIMS = 1, TENSOR_TYPE = 2, TENSOR_NAME = 8, TENSOR_RAW = 9 };
enum { TYPE_FLOAT = 1, TYPE_INT64 = 7 };

void bt_writer_free(struct bt_writer *w) {
    free(w->data);
    *w = (struct bt_writer){0};
}

struct bt_bytes bt_writer_view(const struct bt_writer *w) {
    return (struct bt_bytes){.data = w->data, .size = w->size};
}

void bt_writer_bytes(struct bt_writer *w, const void *data, size_t size) {
    if (w->size + size > w->room) {
        w->room = (w->size + size) * 2;
        w->data = realloc(w->data, w->room);
        if (!w->data) abort();
    }
    if (size) memcpy(w->data + w->size, data, size);
    w->size += size;
}

static void varint(struct bt_writer *w, uint64_t v) {
    do {
        uint8_t byte = (uint8_t)((v & 0x7f) | (v > 0x7f ? 0x80 : 0));
        bt_writer_bytes(w, &byte, 1);
        v >>= 7;
    } while (v);
}

void bt_writer_int(struct bt_writer *w, uint32_t field, int64_t value) {
    varint(w, field << 3);
    varint(w, (uint64_t)value);
}

void bt_writer_float(struct bt_writer *w, uint32_t field, float value) {
    varint(w, field << 3 | 5);
    bt_writer_bytes(w, &value, sizeof value);
}

void bt_writer_data(struct bt_writer *w, uint32_t field, const void *data, size_t size) {
    varint(w, field << 3 | 2);
    varint(w, size);
    bt_writer_bytes(w, data, size);
}

void bt_writer_text(struct bt_writer *w, uint32_t field, const char *text) {
    bt_writer_data(w, field, text, strlen(text));
}

void bt_writer_message(struct bt_writer *w, uint32_t field, struct bt_writer *message) {
    bt_writer_data(w, field, message->data, message->size);
    bt_writer_free(message);
}

void bt_onnx_write_input(struct bt_writer *graph, const char *name, uint32_t rank, const int64_t *dim) {
    struct bt_writer shape = {0}, tensor = {0}, type = {0}, info = {0};
    for (uint32_t i = 0; i < rank; i++) {
        struct bt_writer d = {0};
        if (dim[i] > 0) {
            bt_writer_int(&d, 1, dim[i]);
        } else {
            bt_writer_text(&d, 2, "open");
        }
        bt_writer_message(&shape, 1, &d);
    }
    bt_writer_int(&tensor, 1, TYPE_FLOAT);
    bt_writer_message(&tensor, 2, &shape);
    bt_writer_message(&type, 1, &tensor);
    bt_writer_text(&info, 1, name);
    bt_writer_message(&info, 2, &type);
    bt_writer_message(graph, GRAPH_INPUT, &info);
}

void bt_onnx_write_output(struct bt_writer *graph, const char *name) {
    struct bt_writer info = {0};
    bt_writer_text(&info, 1, name);
    bt_writer_message(graph, GRAPH_OUTPUT, &info);
}

void bt_onnx_write_floats(struct bt_writer *graph, const char *name, uint32_t rank, const int64_t *dim, const float *data) {
    struct bt_writer tensor = {0};
    size_t count = 1;
    for (uint32_t i = 0; i < rank; i++) {
        bt_writer_int(&tensor, TENSOR_DIMS, dim[i]);
        count *= (size_t)dim[i];
    }
    bt_writer_int(&tensor, TENSOR_TYPE, TYPE_FLOAT);
    bt_writer_text(&tensor, TENSOR_NAME, name);
    bt_writer_data(&tensor, TENSOR_RAW, data, count * sizeof *data);
    bt_writer_message(graph, GRAPH_INITIALIZER, &tensor);
}

void bt_onnx_write_ints(struct bt_writer *graph, const char *name, uint32_t count, const int64_t *data) {
    struct bt_writer tensor = {0};
    bt_writer_int(&tensor, TENSOR_DIMS, count);
    bt_writer_int(&tensor, TENSOR_TYPE, TYPE_INT64);
    bt_writer_text(&tensor, TENSOR_NAME, name);
    bt_writer_data(&tensor, TENSOR_RAW, data, count * sizeof *data);
    bt_writer_message(graph, GRAPH_INITIALIZER, &tensor);
}

void bt_onnx_write_node(struct bt_writer *graph, const char *op, const char *const *inputs, const char *output,
                        struct bt_writer *attributes) {
    struct bt_writer node = {0};
    for (; *inputs; inputs++) bt_writer_text(&node, NODE_INPUT, *inputs);
    bt_writer_text(&node, NODE_OUTPUT, output);
    bt_writer_text(&node, NODE_NAME, output);
    bt_writer_text(&node, NODE_OP, op);
    if (attributes) {
        bt_writer_bytes(&node, attributes->data, attributes->size);
        bt_writer_free(attributes);
    }
    bt_writer_message(graph, GRAPH_NODE, &node);
}

void bt_onnx_write_attr_int(struct bt_writer *attributes, const char *name, int64_t value) {
    struct bt_writer a = {0};
    bt_writer_text(&a, ATTR_NAME, name);
    bt_writer_int(&a, ATTR_I, value);
    bt_writer_int(&a, ATTR_TYPE, 2);
    bt_writer_message(attributes, NODE_ATTRIBUTE, &a);
}

void bt_onnx_write_attr_float(struct bt_writer *attributes, const char *name, float value) {
    struct bt_writer a = {0};
    bt_writer_text(&a, ATTR_NAME, name);
    bt_writer_float(&a, ATTR_F, value);
    bt_writer_int(&a, ATTR_TYPE, 1);
    bt_writer_message(attributes, NODE_ATTRIBUTE, &a);
}

void bt_onnx_write_attr_text(struct bt_writer *attributes, const char *name, const char *value) {
    struct bt_writer a = {0};
    bt_writer_text(&a, ATTR_NAME, name);
    bt_writer_text(&a, ATTR_S, value);
    bt_writer_int(&a, ATTR_TYPE, 3);
    bt_writer_message(attributes, NODE_ATTRIBUTE, &a);
}

void bt_onnx_write_attr_ints(struct bt_writer *attributes, const char *name, uint32_t count, const int64_t *value) {
    struct bt_writer a = {0};
    bt_writer_text(&a, ATTR_NAME, name);
    for (uint32_t i = 0; i < count; i++) bt_writer_int(&a, ATTR_INTS, value[i]);
    bt_writer_int(&a, ATTR_TYPE, 7);
    bt_writer_message(attributes, NODE_ATTRIBUTE, &a);
}

void bt_onnx_write_model(struct bt_writer *model, struct bt_writer *graph) {
    bt_onnx_write_model_of(model, graph, 17);
}

void bt_onnx_write_model_of(struct bt_writer *model, struct bt_writer *graph, int64_t opset_version) {
    struct bt_writer opset = {0};
    bt_writer_int(model, MODEL_IR, 8);
    bt_writer_text(graph, GRAPH_NAME, "test");
    bt_writer_message(model, MODEL_GRAPH, graph);
    bt_writer_int(&opset, 2, opset_version);
    bt_writer_message(model, MODEL_OPSET, &opset);
}

/* The next field of a message; false at its end. Only varint and length-delimited fields are told apart. */
static bool next_field(struct bt_bytes *b, uint32_t *field, struct bt_bytes *content) {
    uint64_t v[2] = {0};
    for (int part = 0; part < 2; part++) {
        unsigned shift = 0;
        uint8_t byte = 0x80;
        if (part && (v[0] & 7) != 2 && (v[0] & 7) != 0) {
            v[1] = (v[0] & 7) == 5 ? 4 : 8;
            break;
        }
        for (; byte & 0x80; shift += 7) {
            if (!b->size || shift > 63) return false;
            byte = *b->data++;
            b->size--;
            v[part] |= (uint64_t)(byte & 0x7f) << shift;
        }
    }
    *field = (uint32_t)(v[0] >> 3);
    *content = (struct bt_bytes){.data = b->data};
    if ((v[0] & 7) == 0) return true;
    if (v[1] > b->size) return false;
    content->size = (size_t)v[1];
    b->data += v[1];
    b->size -= (size_t)v[1];
    return true;
}

static bool find_field(struct bt_bytes message, uint32_t wanted, size_t index, struct bt_bytes *out) {
    uint32_t field;
    struct bt_bytes content;
    while (next_field(&message, &field, &content)) {
        if (field != wanted || index--) continue;
        *out = content;
        return true;
    }
    return false;
}

bool bt_writer_bind_input(struct bt_writer *out, struct bt_bytes model, size_t index, struct bt_bytes tensor) {
    struct bt_bytes graph, input, name;
    if (!find_field(model, MODEL_GRAPH, 0, &graph) || !find_field(graph, GRAPH_INPUT, index, &input)) return false;
    if (!find_field(input, 1, 0, &name)) return false;
    struct bt_writer t = {0}, g = {0};
    bt_writer_bytes(&t, tensor.data, tensor.size);
    bt_writer_data(&t, TENSOR_NAME, name.data, name.size); /* the last of a field counts */
    bt_writer_message(&g, GRAPH_INITIALIZER, &t);
    bt_writer_message(out, MODEL_GRAPH, &g);
    return true;
}

void bt_writer_each_op(struct bt_bytes model, void (*fn)(void *user, const char *op_type), void *user) {
    struct bt_bytes graph, node, op;
    if (!find_field(model, MODEL_GRAPH, 0, &graph)) return;
    for (size_t i = 0; find_field(graph, GRAPH_NODE, i, &node); i++) {
        char text[64];
        if (!find_field(node, NODE_OP, 0, &op)) continue;
        snprintf(text, sizeof text, "%.*s", (int)op.size, (const char *)op.data);
        fn(user, text);
    }
}
