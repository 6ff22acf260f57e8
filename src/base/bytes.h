/* SPDX-License-Identifier: MIT */
/* A borrowed run of bytes, little-endian reading of it that cannot run past its end, writing, and a checksum. */
#ifndef BT_BASE_BYTES_H
#define BT_BASE_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_bytes {
    const uint8_t *data;
    size_t size;
};

struct bt_reader {
    struct bt_bytes left;
    bool failed; /* sticky: set by the first read past the end; every later read gives 0 */
};

struct bt_reader bt_reader_of(struct bt_bytes bytes);
uint8_t bt_read_u8(struct bt_reader *r);
uint16_t bt_read_u16(struct bt_reader *r);
uint32_t bt_read_u32(struct bt_reader *r);
uint64_t bt_read_u64(struct bt_reader *r);
float bt_read_f32(struct bt_reader *r);
void bt_read_copy(struct bt_reader *r, void *out, size_t size);

/* Each writes at `out`, which must have room, and returns the place behind. */
uint8_t *bt_write_u16(uint8_t *out, uint16_t value);
uint8_t *bt_write_u32(uint8_t *out, uint32_t value);
uint8_t *bt_write_u64(uint8_t *out, uint64_t value);
uint8_t *bt_write_f32(uint8_t *out, float value);
uint8_t *bt_write_copy(uint8_t *out, const void *data, size_t size);

uint32_t bt_crc32(struct bt_bytes bytes); /* IEEE 802.3, reflected */

#endif
