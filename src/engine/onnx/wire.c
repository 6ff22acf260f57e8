/* SPDX-License-Identifier: MIT */
#include "engine/onnx/wire.h"
#include <stdlib.h>

enum {
    DEPTH_MAX = 16, /* a model's tensor shape is 7 deep; a subgraph adds 3 */
    FILE_BYTES_MAX = 1 << 28,
};

/* Unpacked, a byte becomes at most 8 (a packed int64), but an empty message takes 2 bytes and becomes 100 or more: honest
   models have few of those, which the constant covers. */
static size_t allowance(size_t file_bytes) {
    return file_bytes * 8 + ((size_t)1 << 24);
}

static bool read_varint(struct bt_bytes *b, uint64_t *out) {
    uint64_t v = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        if (!b->size) return false;
        uint8_t byte = *b->data;
        b->data++;
        b->size--;
        v |= (uint64_t)(byte & 0x7f) << shift;
        if (!(byte & 0x80)) {
            *out = v;
            return true;
        }
    }
    return false;
}

static bool skip(struct bt_bytes *b, uint64_t count) {
    if (count > b->size) return false;
    b->data += count;
    b->size -= (size_t)count;
    return true;
}

/* Wire types: protobuf.dev/programming-guides/encoding. Groups (3, 4) do not occur in ONNX. */
static bool shallow(const ProtobufCMessageDescriptor *type, struct bt_bytes b, unsigned depth) {
    if (depth > DEPTH_MAX) return false;
    while (b.size) {
        uint64_t key = 0, value = 0;
        if (!read_varint(&b, &key)) return false;
        switch (key & 7) {
        case 0:
            if (!read_varint(&b, &value)) return false;
            break;
        case 1:
            if (!skip(&b, 8)) return false;
            break;
        case 5:
            if (!skip(&b, 4)) return false;
            break;
        case 2: {
            if (!read_varint(&b, &value)) return false;
            struct bt_bytes inner = {.data = b.data, .size = (size_t)value};
            if (!skip(&b, value)) return false;
            const ProtobufCFieldDescriptor *field =
                key >> 3 <= UINT32_MAX ? protobuf_c_message_descriptor_get_field(type, (unsigned)(key >> 3)) : NULL;
            if (field && field->type == PROTOBUF_C_TYPE_MESSAGE && !shallow(field->descriptor, inner, depth + 1)) return false;
            break;
        }
        default:
            return false;
        }
    }
    return true;
}

/* Each block remembers nothing: what is freed is not given back to the allowance, so the bound is on the sum. */
static void *take(void *user, size_t size) {
    struct bt_wire *wire = user;
    if (size > wire->left_bytes) return NULL;
    void *block = malloc(size ? size : 1);
    if (block) wire->left_bytes -= size;
    return block;
}

static void give(void *user, void *block) {
    (void)user;
    free(block);
}

bt_status bt_onnx_wire_unpack(struct bt_wire *wire, const ProtobufCMessageDescriptor *type, struct bt_bytes bytes,
                              ProtobufCMessage **out_message) {
    if (bytes.size > FILE_BYTES_MAX || !shallow(type, bytes, 0)) return BT_E_FORMAT;
    *wire = (struct bt_wire){.left_bytes = allowance(bytes.size)};
    wire->allocator = (ProtobufCAllocator){.alloc = take, .free = give, .allocator_data = wire};
    ProtobufCMessage *message = protobuf_c_message_unpack(type, &wire->allocator, bytes.size, bytes.data);
    if (!message) return BT_E_FORMAT;
    *out_message = message;
    return BT_OK;
}

void bt_onnx_wire_free(struct bt_wire *wire, ProtobufCMessage *message) {
    if (message) protobuf_c_message_free_unpacked(message, &wire->allocator);
}
