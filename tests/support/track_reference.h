/* SPDX-License-Identifier: MIT */
/* shaders/track/{crop,light}.comp in plain C, in doubles. */
#ifndef BT_TESTS_TRACK_REFERENCE_H
#define BT_TESTS_TRACK_REFERENCE_H

#include "base/geom.h"
#include <stdbool.h>
#include <stdint.h>

/* `frame`: w x h x 4 linear floats. `out`: crop_w x crop_h x 4. taps 1: bilinear between gamma-coded texels; else the mean of
   taps x taps linear texels, gamma-coded. `out_margin`: for each pixel, how near to the edge of a texel its nearest tap lies,
   where rounding may pick the neighbour. */
void track_reference_crop(const float *frame, int32_t w, int32_t h, const struct bt_affine *frame_from_crop, uint32_t crop_w,
                          uint32_t crop_h, uint32_t taps, float scale, float offset, float *out, float *out_margin);
/* Of gamma-coded luma over 32 x 32 points of the parallelogram that the unit square maps to; all 0 if none lies inside. */
struct track_reference_light {
    double light, contrast, noise, burnt, sharpness;
    double cell[64]; /* means of 4 x 4 points, by rows; `light` where none lies inside */
};
struct track_reference_light track_reference_light(const float *frame, int32_t w, int32_t h,
                                                   const struct bt_affine *frame_from_unit);

#endif
