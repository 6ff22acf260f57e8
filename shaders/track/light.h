/* SPDX-License-Identifier: MIT */
/* Contract of track/light.comp: how bright a part of the frame is. One work group; the host adds the partial sums. */
#ifndef BT_SHADER_TRACK_LIGHT_H
#define BT_SHADER_TRACK_LIGHT_H

#include "include/color.h"

#define BT_LIGHT_FRAME 0 /* sampler2D, linear light */
#define BT_LIGHT_SUMS  1 /* storage: vec2[BT_LIGHT_LANES]: sum of gamma-coded luma, number of points inside the frame */
#define BT_LIGHT_SLOTS 2

#define BT_LIGHT_LANES 64
#define BT_LIGHT_GRID  32 /* points a side */

#define BT_LIGHT_PUSH_BYTES 32

#ifdef BT_GLSL
#define BT_LIGHT_INT int
#else
#include <stdint.h>
#define BT_LIGHT_INT int32_t
#endif

struct bt_light_push {
    float frame_from_grid[6]; /* rows, as struct bt_affine */
    BT_LIGHT_INT frame_w, frame_h;
};

#ifndef BT_GLSL
_Static_assert(sizeof(struct bt_light_push) == BT_LIGHT_PUSH_BYTES, "push block");
#endif
#endif
