/* SPDX-License-Identifier: MIT */
#include "base/bytes.h"
#include <string.h>

struct bt_reader bt_reader_of(struct bt_bytes bytes) {
    return (struct bt_reader){.left = bytes};
}

void bt_read_copy(struct bt_reader *r, void *out, size_t size) {
    if (size == 0) return;
    if (r->failed || size > r->left.size) {
        r->failed = true;
        memset(out, 0, size);
        return;
    }
    memcpy(out, r->left.data, size);
    r->left.data += size;
    r->left.size -= size;
}

uint8_t bt_read_u8(struct bt_reader *r) {
    uint8_t b = 0;
    bt_read_copy(r, &b, 1);
    return b;
}

uint16_t bt_read_u16(struct bt_reader *r) {
    uint8_t b[2];
    bt_read_copy(r, b, sizeof b);
    return (uint16_t)(b[0] | b[1] << 8);
}

uint32_t bt_read_u32(struct bt_reader *r) {
    uint8_t b[4];
    bt_read_copy(r, b, sizeof b);
    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

float bt_read_f32(struct bt_reader *r) {
    const uint32_t bits = bt_read_u32(r);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
