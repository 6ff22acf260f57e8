/* SPDX-License-Identifier: MIT */
/* What a poor camera, a poor room and a hand make of a picture, in steps: for counting where tracking fails. Pure C. */
#ifndef BT_FOOTAGE_DEGRADE_H
#define BT_FOOTAGE_DEGRADE_H

#include "base/geom.h"
#include "base/status.h"
#include <stdint.h>

enum bt_footage_fault {
    BT_FOOTAGE_DARK,   /* light: linear, 1 … 0; the sensor's noise of 1 % stays */
    BT_FOOTAGE_BRIGHT, /* exposure: linear, 1 … */
    BT_FOOTAGE_HAZE,   /* contrast that is left under a veil of light grey: 1 … 0 */
    BT_FOOTAGE_NOISE,  /* standard deviation, of the coded range: 0 … */
    BT_FOOTAGE_BLUR,   /* standard deviation of a Gaussian over the face's width: 0 … */
    BT_FOOTAGE_FAR,    /* the picture shrunk about the face, on grey: 1 … 0 */
    BT_FOOTAGE_COVER,  /* a plain board before the face, from the chin up: share of the face's height, 0 … 1 */
    BT_FOOTAGE_FAULTS
};

/* Limited-range I420, tightly packed, even sides; changed in place. `face_px`: where the face is. `scratch`: as many bytes as
   the picture has. The same numbers on every machine but for rounding. */
void bt_footage_degrade(enum bt_footage_fault fault, float level, struct bt_rect face_px, uint64_t seed, uint32_t width_px,
                        uint32_t height_px, uint8_t *i420, uint8_t *scratch);
/* Where a point of the picture went. */
struct bt_vec2 bt_footage_degrade_point(enum bt_footage_fault fault, float level, struct bt_rect face_px, struct bt_vec2 point);

#endif
