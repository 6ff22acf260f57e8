/* SPDX-License-Identifier: MIT */
/* The mark's code: 32 bits and their checksum, spread over 192 cells, and back from what each cell seems to hold. */
#ifndef BT_WATERMARK_CODE_H
#define BT_WATERMARK_CODE_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BT_WATERMARK_BITS = 48, /* session and checksum */
    BT_WATERMARK_RATE = 4,  /* coded bits a bit */
    BT_WATERMARK_CODED = BT_WATERMARK_BITS * BT_WATERMARK_RATE,
};

/* -1 or 1 a coded bit. The key is part of the checksum. */
void bt_watermark_code(uint32_t session, uint16_t key, int8_t *out_coded);
/* soft: any scale; above 0 speaks for 1. Always finds a session, the likeliest; true if its checksum holds. */
bool bt_watermark_decode(const float *soft, uint16_t key, uint32_t *out_session);

#endif
