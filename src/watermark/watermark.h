/* SPDX-License-Identifier: MIT */
/* The invisible mark: a keyed pattern in a picture's luma that carries the session's number, and the detector that finds it
   blind in whatever became of the picture: encoded, scaled, cropped, photographed off a screen at another size.

   A tile of 16 x 16 cells repeats over the picture. A quarter of its cells are known to whoever knows the key, and show where
   the tile lies; the others carry 32 bits of session and a 16-bit checksum, spread by a convolutional code. The pattern's sign
   turns every second, so that a picture that stands still cancels out, and is held while it moves. The key is public: anybody
   may verify. */
#ifndef BT_WATERMARK_H
#define BT_WATERMARK_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    BT_WATERMARK_KEY = 1, /* the published key that the program marks with: key and version of the pattern in one number */
    BT_WATERMARK_TILE_PX = 128,
    BT_WATERMARK_LEAST_PX = 64, /* shortest side of a picture that a detector looks at */
    BT_WATERMARK_MOST_PX = 8192,
};

/* The tile: row by row, 127 is the full amplitude. Repeats from the picture's top left corner. */
struct bt_watermark_tile {
    int8_t at[BT_WATERMARK_TILE_PX * BT_WATERMARK_TILE_PX];
};
void bt_watermark_tile_init(uint32_t session, uint16_t key, struct bt_watermark_tile *out_tile);

/* What the pattern is multiplied by at a time: -1 … 1. Turns every second, within a quarter of one. So where the picture stands
   still; dose.h holds it where it moves. */
float bt_watermark_sign(int64_t time_ns);

/* How strong a picture's mark is: dose.h says which is right for it. */
struct bt_watermark_dose {
    float sign;               /* what the pattern is multiplied by: -1 … 1 */
    float least, slope, most; /* the amplitude: codes of 8-bit luma, and how much it grows with a code between neighbours */
};
/* What is added at a pattern and sign of 1, in codes of 8-bit luma, to the two neighbours that have these codes. */
float bt_watermark_gain(const struct bt_watermark_dose *dose, float left, float right);
/* Marks 8-bit luma in place; an even width. The reference of shaders/disclose/pack.comp, which does the same before rounding.
 */
void bt_watermark_embed(const struct bt_watermark_tile *tile, const struct bt_watermark_dose *dose, uint8_t *luma,
                        size_t stride, uint32_t w, uint32_t h);

struct bt_watermark_detector;
struct bt_watermark_detector_params {
    uint32_t width_px, height_px; /* of the pictures to come, each side from BT_WATERMARK_LEAST_PX to BT_WATERMARK_MOST_PX */
    uint16_t key;                 /* 0: BT_WATERMARK_KEY */
    float scale;                  /* 0: find it; else the only one tried: this picture's size by the marked one's */
};

struct bt_watermark_result {
    bool present;     /* the checksum holds, and log10_false_alarm is at most BT_WATERMARK_LOG10_FALSE_ALARM */
    uint32_t session; /* the rest means something only where present */
    uint16_t key;
    float score;             /* correlation of what was found with the whole pattern: 0 … 1 */
    float log10_false_alarm; /* of a picture without this mark, over everything that was tried; 0 where nothing was found */
    float scale;             /* this picture's size by the marked one's */
    float x_px, y_px;        /* where a tile begins in this picture, px of it */
    uint32_t pictures;       /* fed since the last reset */
    int64_t from_ns, to_ns;  /* of the first and the last of them */
};
#define BT_WATERMARK_LOG10_FALSE_ALARM (-6.0f)

/* A detector has one thread, and allocates only here. BT_E_ARGUMENT: a side is out of range. */
BT_CHECKED bt_status bt_watermark_detector_create(const struct bt_watermark_detector_params *params,
                                                  struct bt_watermark_detector **out_detector);
void bt_watermark_detector_destroy(struct bt_watermark_detector **detector); /* wipes */
/* Adds a picture's 8-bit luma (a gray picture will do) to what is known. time_ns counts from anywhere. About 1 ms for 720p. */
void bt_watermark_detector_feed(struct bt_watermark_detector *detector, const uint8_t *luma, size_t stride, int64_t time_ns);
/* Looks for the mark in all that was fed since the last reset: one picture, or about 1 to 10 s of them. Slow: a second or so
   where the scale is not known; where the last read found the mark, its scale is tried first. Never fails. */
void bt_watermark_detector_read(struct bt_watermark_detector *detector, struct bt_watermark_result *out_result);
void bt_watermark_detector_reset(struct bt_watermark_detector *detector);

#endif
