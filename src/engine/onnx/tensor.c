/* SPDX-License-Identifier: MIT */
#include "base/half.h"
#include "engine/onnx/model.h"
#include "engine/onnx/onnx.h"
#include "engine/onnx/wire.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw_data is little endian (onnx.proto) and copied as it is");

static float bfloat_to_float(uint16_t h) {
    uint32_t bits = (uint32_t)h << 16;
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static void from_float(const void *in, void *out) {
    memcpy(out, in, 4);
}
static void from_half(const void *in, void *out) {
    uint16_t h;
    memcpy(&h, in, 2);
    *(float *)out = bt_half_to_float(h);
}
static void from_bfloat(const void *in, void *out) {
    uint16_t h;
    memcpy(&h, in, 2);
    *(float *)out = bfloat_to_float(h);
}
static void from_double(const void *in, void *out) {
    double d;
    memcpy(&d, in, 8);
    *(float *)out = (float)d;
}
static void from_int64(const void *in, void *out) {
    memcpy(out, in, 8);
}
static void from_bool(const void *in, void *out) {
    *(uint8_t *)out = *(const uint8_t *)in != 0;
}

/* Where a type's elements lie when they are not in raw_data (onnx.proto, TensorProto). */
enum field { FIELD_FLOAT, FIELD_INT32, FIELD_INT64, FIELD_DOUBLE };
static const struct tensor_type {
    int32_t onnx;
    enum bt_type type;
    uint8_t raw_bytes;
    enum field field;
    void (*load)(const void *in, void *out);
} tensor_types[] = {
    {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT, BT_TYPE_F32, 4, FIELD_FLOAT, from_float},
    {ONNX__TENSOR_PROTO__DATA_TYPE__FLOAT16, BT_TYPE_F32, 2, FIELD_INT32, from_half},
    {ONNX__TENSOR_PROTO__DATA_TYPE__BFLOAT16, BT_TYPE_F32, 2, FIELD_INT32, from_bfloat},
    {ONNX__TENSOR_PROTO__DATA_TYPE__DOUBLE, BT_TYPE_F32, 8, FIELD_DOUBLE, from_double},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT64, BT_TYPE_I64, 8, FIELD_INT64, from_int64},
    {ONNX__TENSOR_PROTO__DATA_TYPE__INT32, BT_TYPE_I32, 4, FIELD_INT32, from_float},
    {ONNX__TENSOR_PROTO__DATA_TYPE__BOOL, BT_TYPE_BOOL, 1, FIELD_INT32, from_bool},
};

static const struct tensor_type *find_type(int32_t onnx_type) {
    for (size_t i = 0; i < BT_COUNT(tensor_types); i++) {
        if (tensor_types[i].onnx == onnx_type) return &tensor_types[i];
    }
    return NULL;
}

bool bt_onnx_type(int32_t onnx_type, enum bt_type *out_type) {
    const struct tensor_type *t = find_type(onnx_type);
    if (t) *out_type = t->type;
    return t;
}

/* The typed array: its count, first element and the distance between elements. */
static const void *typed_data(const Onnx__TensorProto *t, enum field field, size_t *count, size_t *stride) {
    switch (field) {
    case FIELD_FLOAT:
        *count = t->n_float_data, *stride = 4;
        return t->float_data;
    case FIELD_INT32:
        *count = t->n_int32_data, *stride = 4;
        return t->int32_data;
    case FIELD_INT64:
        *count = t->n_int64_data, *stride = 8;
        return t->int64_data;
    default:
        *count = t->n_double_data, *stride = 8;
        return t->double_data;
    }
}

static bt_status refuse(struct bt_log *log, bt_status status, const char *what, const char *why) {
    bt_log_error(log, "engine: %.120s: %s", what, why);
    return status;
}

bt_status bt_onnx_check_tensor(const Onnx__TensorProto *t, struct bt_log *log, const char *what, enum bt_type *out_type,
                               struct bt_shape *out_shape) {
    const struct tensor_type *type = find_type(t->data_type);
    if (!t->has_data_type || t->data_type == 0) return refuse(log, BT_E_FORMAT, what, "tensor has no type");
    if (!type) return refuse(log, BT_E_UNSUPPORTED, what, "tensor of an unknown type");
    if (t->n_external_data || (t->has_data_location && t->data_location != ONNX__TENSOR_PROTO__DATA_LOCATION__DEFAULT)) {
        return refuse(log, BT_E_UNSUPPORTED, what, "data in another file");
    }
    if (t->segment) return refuse(log, BT_E_UNSUPPORTED, what, "data in segments");
    if (t->n_dims > BT_RANK_MAX) return refuse(log, BT_E_UNSUPPORTED, what, "tensor of too many axes");
    struct bt_shape shape = {.rank = (uint32_t)t->n_dims};
    uint64_t elements = 1;
    for (uint32_t i = 0; i < BT_RANK_MAX; i++) {
        shape.dim[i] = 1;
        if (i >= t->n_dims) continue;
        if (t->dims[i] < 0 || t->dims[i] > BT_GRAPH_ELEMENTS_MAX) return refuse(log, BT_E_FORMAT, what, "tensor size");
        shape.dim[i] = (uint32_t)t->dims[i];
        elements *= shape.dim[i];
        if (elements > BT_GRAPH_ELEMENTS_MAX) return refuse(log, BT_E_FORMAT, what, "tensor too large");
    }
    size_t count, stride;
    typed_data(t, type->field, &count, &stride);
    if (t->has_raw_data ? t->raw_data.len != elements * type->raw_bytes : count != elements) {
        return refuse(log, BT_E_FORMAT, what, "tensor's data is not as long as its shape says");
    }
    *out_type = type->type;
    *out_shape = shape;
    return BT_OK;
}

void bt_onnx_load_tensor(const Onnx__TensorProto *t, void *out) {
    const struct tensor_type *type = find_type(t->data_type);
    size_t count, stride, size = bt_type_bytes(type->type);
    const char *in = typed_data(t, type->field, &count, &stride);
    if (t->has_raw_data) {
        in = (const char *)t->raw_data.data;
        count = t->raw_data.len / type->raw_bytes;
        stride = type->raw_bytes;
    }
    for (size_t i = 0; i < count; i++) type->load(in + i * stride, (char *)out + i * size);
}

bt_status bt_onnx_read_tensor(struct bt_bytes bytes, struct bt_log *log, enum bt_type *out_type, struct bt_shape *out_shape,
                              void **out_data) {
    struct bt_wire wire;
    ProtobufCMessage *message = NULL;
    enum bt_type type;
    struct bt_shape shape;
    bt_status st = bt_onnx_wire_unpack(&wire, &onnx__tensor_proto__descriptor, bytes, &message);
    if (st) return refuse(log, st, "tensor", "not a TensorProto");
    const Onnx__TensorProto *t = (const Onnx__TensorProto *)message;
    st = bt_onnx_check_tensor(t, log, "tensor", &type, &shape);
    if (st) goto done;
    size_t size = bt_shape_elements(&shape) * bt_type_bytes(type);
    void *data = malloc(size ? size : 1);
    if (!data) {
        st = BT_E_MEMORY;
        goto done;
    }
    bt_onnx_load_tensor(t, data);
    *out_type = type;
    *out_shape = shape;
    *out_data = data;
done:
    bt_onnx_wire_free(&wire, message);
    return st;
}
