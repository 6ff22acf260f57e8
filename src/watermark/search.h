/* SPDX-License-Identifier: MIT */
/* Looks for the tile in a residual, at one size: folds it, compares it with the known cells, and reads the others. */
#ifndef BT_WATERMARK_SEARCH_H
#define BT_WATERMARK_SEARCH_H

#include "watermark/fft.h"
#include "watermark/pattern.h"
#include "watermark/planes.h"
#include <stdbool.h>
#include <stdint.h>

/* Residuals of one level. */
struct bt_watermark_view {
    const float *residual[BT_WATERMARK_PLANES];
    uint32_t w, h;
    bool turned; /* the turned planes hold something */
};

struct bt_watermark_search {
    uint16_t key;
    struct bt_watermark_layout layout;
    struct bt_watermark_square sync, shape;        /* spectra of the known cells, and of one cell */
    struct bt_watermark_square plain, turned, map; /* scratch */
    float *rows;                                   /* scratch: BT_WATERMARK_BINS rows */
    uint8_t *bin;                                  /* scratch: a row */
};

/* Where a tile may lie. */
struct bt_watermark_place {
    float scale; /* px of the level a px of the marked picture */
    int x, y;    /* bins from the picture's middle to a tile's corner */
    float z;     /* how far the known cells stand out */
};
enum { BT_WATERMARK_PEAKS = 4 };

/* What a place turned out to hold. */
struct bt_watermark_reading {
    bool checked; /* the checksum holds */
    uint32_t session;
    float score;      /* correlation with the whole pattern, -1 … 1 */
    float log_chance; /* natural logarithm: that a given pattern of random signs correlates with these cells as well */
};

void bt_watermark_search_init(struct bt_watermark_search *search, uint16_t key, float *rows, uint8_t *bin);
/* The likeliest places at a scale: BT_WATERMARK_PEAKS of them, z 0 for none. */
void bt_watermark_search_places(struct bt_watermark_search *search, const struct bt_watermark_view *view, float scale,
                                struct bt_watermark_place *out_places);
/* Reads at a place; x and y may move by a bin. */
struct bt_watermark_reading bt_watermark_search_read(struct bt_watermark_search *search, const struct bt_watermark_view *view,
                                                     struct bt_watermark_place *place);

#endif
