/* SPDX-License-Identifier: MIT */
/* protobuf-c reads what it is told to: without a bound on nesting it can run out of stack, and two bytes of input can make it
   allocate a hundred. Both are bounded here. */
#ifndef BT_ONNX_WIRE_H
#define BT_ONNX_WIRE_H

#include "base/bytes.h"
#include "base/status.h"
#include <protobuf-c/protobuf-c.h>

/* Memory for one unpacked message. Must outlive it. */
struct bt_wire {
    ProtobufCAllocator allocator;
    size_t left_bytes;
};

/* BT_E_FORMAT: not this message, nested too deep, or it needs more memory than an honest one of that size. */
BT_CHECKED bt_status bt_onnx_wire_unpack(struct bt_wire *wire, const ProtobufCMessageDescriptor *type, struct bt_bytes bytes,
                                         ProtobufCMessage **out_message);
void bt_onnx_wire_free(struct bt_wire *wire, ProtobufCMessage *message);

#endif
