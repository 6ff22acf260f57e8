/* SPDX-License-Identifier: MIT */
#include "engine/plan/plan.h"
#include <string.h>

static float as_float(const struct bt_plan_constant *c, size_t i) {
    return c->type == BT_TYPE_BOOL ? (float)((const uint8_t *)c->data)[i] : ((const float *)c->data)[i];
}

void bt_plan_pack(const struct bt_plan_constant *constant, void *out) {
    size_t count = bt_shape_elements(&constant->shape);
    float *to = out;
    if (constant->type == BT_TYPE_I64 || constant->type == BT_TYPE_I32) {
        int32_t *ints = out;
        for (size_t i = 0; i < count; i++) {
            ints[i] = constant->type == BT_TYPE_I32 ? ((const int32_t *)constant->data)[i]
                                                    : (int32_t)((const int64_t *)constant->data)[i];
        }
        return;
    }
    if (constant->layout == BT_LAYOUT_PLAIN) {
        for (size_t i = 0; i < count; i++) to[i] = as_float(constant, i);
        return;
    }
    memset(out, 0, constant->size_bytes);
    size_t area = (size_t)constant->shape.dim[2] * constant->shape.dim[3];
    for (size_t c = 0; c < constant->shape.dim[1]; c++) {
        for (size_t i = 0; i < area; i++) to[(c / 4 * area + i) * 4 + c % 4] = as_float(constant, c * area + i);
    }
}
