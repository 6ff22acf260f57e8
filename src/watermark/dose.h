/* SPDX-License-Identifier: MIT */
/* How strong the mark is while frames are made: its sign by the clock and by what moves, its amplitude by texture.

   Where the picture stands still the sign turns each second, so that the picture cancels out of a sum and the mark does not.
   There the amplitude grows with texture, which hides it, and which an encoder keeps: least and slope and most are in a fixed
   relation, times a level such that the mark has the same power, and so the same PSNR, in every picture.

   Where the picture moves all over (a camera that pans) it cancels out by itself, each turn is one more thing that an encoder
   must send, and at low rates does not: there the sign is held, and the amplitude is the same everywhere, for what moves is
   predicted from the picture before, texture and all; so it is in the first second, of which that is not known yet. A detector
   need not be told: it adds pictures up with and without turns.
 */
#ifndef BT_WATERMARK_DOSE_H
#define BT_WATERMARK_DOSE_H

#include "watermark/aligned.h"
#include <stdbool.h>
#include <stdint.h>

/* The sign's size while it is held. A sign that turns is smaller than 1 a quarter of the time; this has the same power, so that
   either way the picture differs by as much from the one without the mark. */
#define BT_WATERMARK_HELD 0.92f
/* No amplitude is above it, codes. */
#define BT_WATERMARK_MOST 5.0f

enum {
    BT_WATERMARK_GRID_W = 64,
    BT_WATERMARK_GRID_H = 36,
    BT_WATERMARK_GRID = BT_WATERMARK_GRID_W * BT_WATERMARK_GRID_H,
    BT_WATERMARK_STEPS = 64, /* differences of neighbours that are told apart: 0 … 62 codes, and more */
};

/* All zero to begin with. Plain memory, one thread. */
struct bt_watermark_doser {
    bool started;
    int64_t second;                    /* that the sign was last asked for */
    float from, to;                    /* the sign as this second begins, and once it has turned */
    bool held, follows;                /* in this second the sign does not turn; the amplitude follows texture */
    uint8_t sample[BT_WATERMARK_GRID]; /* of the picture that was last looked at: luma at some places */
    bool sampled;
    int64_t sampled_ns;
    float moved; /* since this second began: the sum of the shares of places that changed, of so many pairs of pictures */
    uint32_t pairs;
    float differ[BT_WATERMARK_STEPS]; /* how often neighbours differ by so many codes; newer pictures weigh more */
};

/* The dose of the frame about to be made at this time. Its sign is bt_watermark_sign's while the picture stands still. */
struct bt_watermark_dose bt_watermark_dose_next(struct bt_watermark_doser *doser, int64_t time_ns);
/* What the frame of this time looks like, with or without its mark. */
void bt_watermark_dose_saw(struct bt_watermark_doser *doser, const struct bt_watermark_plane *plane, int64_t time_ns);
/* For this picture alone, at a sign of 1; NULL: for a flat one. */
struct bt_watermark_dose bt_watermark_dose_of(const struct bt_watermark_plane *plane);

#endif
