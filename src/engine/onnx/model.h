/* SPDX-License-Identifier: MIT */
/* Shared by the files of the import. */
#ifndef BT_ONNX_MODEL_H
#define BT_ONNX_MODEL_H

#include "base/log.h"
#include "engine/graph/build.h"
#include "onnx.pb-c.h"

/* TensorProto.DataType to ours; false: not known. */
bool bt_onnx_type(int32_t onnx_type, enum bt_type *out_type);

/* Checks a tensor's type, shape and that its data is all there. `what` is for messages: "initializer 'x'". */
BT_CHECKED bt_status bt_onnx_check_tensor(const Onnx__TensorProto *t, struct bt_log *log, const char *what,
                                          enum bt_type *out_type, struct bt_shape *out_shape);
/* Writes the elements of a checked tensor, widened. */
void bt_onnx_load_tensor(const Onnx__TensorProto *t, void *out);

/* Names of values, sorted: look-ups cannot be made slow. */
struct bt_onnx_name {
    const char *name;
    uint16_t value;
};
struct bt_onnx_names {
    struct bt_onnx_name *at;
    size_t count;
};
uint16_t bt_onnx_find(const struct bt_onnx_names *names, const char *name); /* BT_NONE: none such */

/* A name that is safe to print, or an error. NULL counts as "". */
BT_CHECKED bt_status bt_onnx_check_name(const char *name, struct bt_log *log);

/* Nodes whose values exist become the graph's; Constant nodes have been made constants already and are skipped. */
BT_CHECKED bt_status bt_onnx_add_nodes(const Onnx__GraphProto *model, const struct bt_onnx_names *names, struct bt_log *log,
                                       struct bt_graph *graph);
bool bt_onnx_is_constant_node(const Onnx__NodeProto *n);
/* A Constant node as a constant of the graph. */
BT_CHECKED bt_status bt_onnx_add_constant_node(const Onnx__NodeProto *n, struct bt_log *log, struct bt_graph *graph,
                                               uint16_t *out_value);

#endif
