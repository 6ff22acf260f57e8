/* SPDX-License-Identifier: MIT */
/* Writes ONNX files byte by byte, good ones and bad ones: just enough of the protobuf wire format. */
#ifndef BT_TEST_ONNX_WRITER_H
#define BT_TEST_ONNX_WRITER_H

#include "base/bytes.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_writer {
    uint8_t *data;
    size_t size, room;
};

void bt_writer_free(struct bt_writer *w);
struct bt_bytes bt_writer_view(const struct bt_writer *w);

void bt_writer_bytes(struct bt_writer *w, const void *data, size_t size);
void bt_writer_int(struct bt_writer *w, uint32_t field, int64_t value);
void bt_writer_float(struct bt_writer *w, uint32_t field, float value);
void bt_writer_text(struct bt_writer *w, uint32_t field, const char *text);
void bt_writer_data(struct bt_writer *w, uint32_t field, const void *data, size_t size);
void bt_writer_message(struct bt_writer *w, uint32_t field, struct bt_writer *message); /* frees `message` */

/* Pieces of a GraphProto. Lists of names and sizes end with NULL; dims: `rank` of them. */
void bt_onnx_write_input(struct bt_writer *graph, const char *name, uint32_t rank, const int64_t *dim);
void bt_onnx_write_output(struct bt_writer *graph, const char *name);
void bt_onnx_write_floats(struct bt_writer *graph, const char *name, uint32_t rank, const int64_t *dim, const float *data);
void bt_onnx_write_ints(struct bt_writer *graph, const char *name, uint32_t count, const int64_t *data);
/* `attributes` (may be NULL) holds AttributeProtos written by the functions below; it is freed. */
void bt_onnx_write_node(struct bt_writer *graph, const char *op, const char *const *inputs, const char *output,
                        struct bt_writer *attributes);
void bt_onnx_write_attr_int(struct bt_writer *attributes, const char *name, int64_t value);
void bt_onnx_write_attr_float(struct bt_writer *attributes, const char *name, float value);
void bt_onnx_write_attr_text(struct bt_writer *attributes, const char *name, const char *value);
void bt_onnx_write_attr_ints(struct bt_writer *attributes, const char *name, uint32_t count, const int64_t *value);
/* A ModelProto of opset 17 around a GraphProto, which is freed. */
void bt_onnx_write_model(struct bt_writer *model, struct bt_writer *graph);
void bt_onnx_write_model_of(struct bt_writer *model, struct bt_writer *graph, int64_t opset);

/* Appends graph input `index` of `model` to `out`, a copy of it, as an initializer with the given TensorProto: protobuf merges
   the two. false: no such input. */
bool bt_writer_bind_input(struct bt_writer *out, struct bt_bytes model, size_t index, struct bt_bytes tensor);
/* The operator of every node of `model`. */
void bt_writer_each_op(struct bt_bytes model, void (*fn)(void *user, const char *op_type), void *user);

#endif
