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

uint64_t bt_read_u64(struct bt_reader *r) {
    const uint64_t low = bt_read_u32(r);
    return low | (uint64_t)bt_read_u32(r) << 32;
}

float bt_read_f32(struct bt_reader *r) {
    const uint32_t bits = bt_read_u32(r);
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static uint8_t *put(uint8_t *out, uint32_t value, uint32_t bytes) {
    for (uint32_t i = 0; i < bytes; i++) *out++ = (uint8_t)(value >> 8 * i);
    return out;
}

uint8_t *bt_write_u16(uint8_t *out, uint16_t value) {
    return put(out, value, 2);
}

uint8_t *bt_write_u32(uint8_t *out, uint32_t value) {
    return put(out, value, 4);
}

uint8_t *bt_write_u64(uint8_t *out, uint64_t value) {
    return bt_write_u32(bt_write_u32(out, (uint32_t)value), (uint32_t)(value >> 32));
}

uint8_t *bt_write_f32(uint8_t *out, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return put(out, bits, 4);
}

uint8_t *bt_write_copy(uint8_t *out, const void *data, size_t size) {
    if (size) memcpy(out, data, size);
    return out + size;
}

/* Four bits a step. */
uint32_t bt_crc32(struct bt_bytes bytes) {
    uint32_t table[16], crc = 0xffffffffu;
    for (uint32_t i = 0; i < 16; i++) {
        table[i] = i;
        for (uint32_t k = 0; k < 4; k++) table[i] = table[i] & 1 ? 0xedb88320u ^ (table[i] >> 1) : table[i] >> 1;
    }
    for (size_t i = 0; i < bytes.size; i++) {
        crc = table[(crc ^ bytes.data[i]) & 15] ^ (crc >> 4);
        crc = table[(crc ^ (bytes.data[i] >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}
