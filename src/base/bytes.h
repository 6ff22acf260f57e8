/* SPDX-License-Identifier: MIT */
/* A borrowed run of bytes, and little-endian reading of it that cannot run past its end. */
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
float bt_read_f32(struct bt_reader *r);
void bt_read_copy(struct bt_reader *r, void *out, size_t size);

#endif
