/* SPDX-License-Identifier: MIT */
/* Which cell of the tile holds what, and a cell's shape. */
#ifndef BT_WATERMARK_PATTERN_H
#define BT_WATERMARK_PATTERN_H

#include "watermark/code.h"
#include "watermark/watermark.h"

enum {
    BT_WATERMARK_SIDE = 16, /* cells */
    BT_WATERMARK_CELLS = BT_WATERMARK_SIDE * BT_WATERMARK_SIDE,
    BT_WATERMARK_SYNC = BT_WATERMARK_CELLS - BT_WATERMARK_CODED,
    BT_WATERMARK_CELL_PX = BT_WATERMARK_TILE_PX / BT_WATERMARK_SIDE,
};

struct bt_watermark_layout {
    uint8_t
        cell[BT_WATERMARK_CELLS]; /* row by row; the first BT_WATERMARK_SYNC are known, the others carry coded bits in order */
    int8_t sign[BT_WATERMARK_CELLS]; /* of each, in the same order: -1 or 1 */
};
void bt_watermark_layout_init(uint16_t key, struct bt_watermark_layout *out_layout);

/* A cell's weight at a distance from its middle, in cells, along one axis. */
float bt_watermark_shape(float distance);

#endif
