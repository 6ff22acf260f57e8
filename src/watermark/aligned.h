/* SPDX-License-Identifier: MIT */
/* The mark in a picture that nobody has touched since it was made: size, place and session are known, so that one look at a
   part of the pixels is enough. For checking one's own output; what went through the world is the detector's (watermark.h). */
#ifndef BT_WATERMARK_ALIGNED_H
#define BT_WATERMARK_ALIGNED_H

#include "watermark/watermark.h"

struct bt_watermark_plane {
    const uint8_t *luma; /* 8-bit codes, limited range */
    size_t stride;       /* bytes from row to row */
    uint32_t step;       /* bytes from pixel to pixel: 1, or 2 in YUYV */
    uint32_t w, h;
};

/* How strong the tile's pattern stands in the picture: 1 as it was embedded at full sign and this dose's amplitude, 0 not at
   all, below 0 turned. Least squares over second differences between cells, those over edges weighing less, where the picture's
   own edges are clipped; `rows`: one row in so many is looked at. `sigma`: one standard deviation of it, from how much parts of
   the picture differ. No allocation; any thread. A plane smaller than BT_WATERMARK_LEAST_PX, or with too little that is quiet
   enough to look at: 0, and a sigma of 1.
 */
struct bt_watermark_strength {
    float strength, sigma;
};
struct bt_watermark_strength bt_watermark_strength_of(const struct bt_watermark_tile *tile,
                                                      const struct bt_watermark_dose *dose,
                                                      const struct bt_watermark_plane *plane, uint32_t rows);

enum bt_watermark_verdict { BT_WATERMARK_UNSURE, BT_WATERMARK_THERE, BT_WATERMARK_ABSENT };
/* Whether that is the mark at this sign. Unsure while the sign turns, and where the picture hides it too well to say. */
enum bt_watermark_verdict bt_watermark_judge(struct bt_watermark_strength found, float sign);

#endif
