/* SPDX-License-Identifier: MIT */
/* When the mark's sign turns while frames are made. Where the picture stands still it turns each second, so that the picture
   cancels out of a sum and the mark does not. Where it moves all over (a camera that pans) it cancels out by itself, each turn
   is one more thing that an encoder must send, and at low rates does not: there the sign is held. A detector need not be told:
   it adds pictures up with and without turns. */
#ifndef BT_WATERMARK_TURN_H
#define BT_WATERMARK_TURN_H

#include "watermark/aligned.h"
#include <stdbool.h>
#include <stdint.h>

/* The sign's size while it is held. A sign that turns is smaller than 1 a quarter of the time; this has the same power, so that
   either way the picture differs by as much from the one without the mark. */
#define BT_WATERMARK_HELD 0.92f

enum { BT_WATERMARK_GRID_W = 64, BT_WATERMARK_GRID_H = 36, BT_WATERMARK_GRID = BT_WATERMARK_GRID_W * BT_WATERMARK_GRID_H };

/* All zero to begin with. Plain memory, one thread. */
struct bt_watermark_turn {
    bool started;
    int64_t second;                    /* that the sign was last asked for */
    float from, to;                    /* the sign as this second begins, and once it has turned */
    uint8_t sample[BT_WATERMARK_GRID]; /* of the picture that was last looked at: luma at some places */
    bool sampled;
    int64_t sampled_ns;
    float moved; /* since this second began: the sum of the shares of places that changed, of so many pairs of pictures */
    uint32_t pairs;
};

/* The sign of the frame about to be made at this time, -1 … 1: bt_watermark_sign while the picture stands still. */
float bt_watermark_turn_next(struct bt_watermark_turn *turn, int64_t time_ns);
/* What the frame of this time looks like, with or without its mark. */
void bt_watermark_turn_saw(struct bt_watermark_turn *turn, const struct bt_watermark_plane *plane, int64_t time_ns);

#endif
