/* SPDX-License-Identifier: MIT */
/* The embedded JPEGs. */
#ifndef BT_FOOTAGE_DECODE_H
#define BT_FOOTAGE_DECODE_H

#include "base/bytes.h"
#include "base/status.h"

struct bt_log;

/* Rows without gaps, `channels` bytes a pixel: 4 is R, G, B, 255; 1 is grey. */
struct bt_footage_picture {
    uint32_t width_px, height_px, channels;
    uint8_t *data; /* free() it */
};

BT_CHECKED bt_status bt_footage_decode(struct bt_log *log, struct bt_bytes jpeg, uint32_t channels,
                                       struct bt_footage_picture *out_picture);

#endif
