/* SPDX-License-Identifier: MIT */
/* The door: bytes that claim to be an ONNX model become a graph, or an error that names the node. */
#ifndef BT_ONNX_ONNX_H
#define BT_ONNX_ONNX_H

#include "base/bytes.h"
#include "engine/graph/graph.h"

/* The model as its file says it: nodes in the file's order, with the attributes they came with; only fit for
   bt_graph_print_raw and bt_graph_infer. */
BT_CHECKED bt_status bt_onnx_read(struct bt_bytes bytes, struct bt_log *log, struct bt_graph **out_graph);

/* Reads a model and infers it (bt_graph_infer). Copies what it keeps: `bytes` may go afterwards.
   BT_E_FORMAT: not a valid model. BT_E_UNSUPPORTED: valid, but beyond the engine. Time and memory are bounded. */
BT_CHECKED bt_status bt_onnx_import(struct bt_bytes bytes, struct bt_log *log, struct bt_graph **out_graph);

/* One TensorProto (a .pb file of the ONNX test data). `*out_data` is malloc'd, the caller's to free. */
BT_CHECKED bt_status bt_onnx_read_tensor(struct bt_bytes bytes, struct bt_log *log, enum bt_type *out_type,
                                         struct bt_shape *out_shape, void **out_data);

#endif
