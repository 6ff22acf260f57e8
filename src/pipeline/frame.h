/* SPDX-License-Identifier: MIT */
/* An unmarked frame. Made only by capture; track, swap and blend look inside; disclose consumes it.
   No sink and no public function takes one: what leaves is a bt_disclosed (pipeline/disclose/disclosed.h). */
#ifndef BT_PIPELINE_FRAME_H
#define BT_PIPELINE_FRAME_H

#include "base/geom.h"
#include <stdint.h>

struct bt_image;

struct bt_frame {
    struct bt_image *linear; /* RGBA16F, linear light (shaders/include/color.h), width_px x height_px; owned by capture's pool.
                                swap paints into it in place; alpha is unused and 1 */
    uint32_t width_px, height_px;
    int64_t capture_ns; /* CLOCK_MONOTONIC of the exposure, or of its best estimate; never decreases */
    uint64_t sequence;  /* counts from 0, one a frame that was taken */
    float fade; /* 0 … 1: how far disclose mixes the picture into the card's ground, under the label; 0 until swap sets it */
    struct bt_rect face_px; /* around the masked face: label and banner stand elsewhere; no width: not known. Set by swap */
};

#endif
