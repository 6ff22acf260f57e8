/* SPDX-License-Identifier: MIT */
/* Contract of track/light.comp: how bright a part of the frame is, how much stands out, how noisy and how sharp it is. One
   work group; the host adds the partial sums. */
#ifndef BT_SHADER_TRACK_LIGHT_H
#define BT_SHADER_TRACK_LIGHT_H

#include "include/color.h"

#define BT_LIGHT_FRAME 0 /* sampler2D, linear light */
/* storage: vec4[BT_LIGHT_LANES][2], sums over the points inside the frame: gamma-coded luma, its square, 1 where burnt, 1; then
   |Immerkaer's mask| over the texel and its eight neighbours, the squared Laplacian at BT_LIGHT_REACH, 0, 0. A lane's points
   are those of its cell, BT_LIGHT_CELLS a side: the lanes make a small picture. */
#define BT_LIGHT_SUMS  1
#define BT_LIGHT_SLOTS 2

#define BT_LIGHT_LANES  64
#define BT_LIGHT_CELLS  8         /* a side, a lane each */
#define BT_LIGHT_GRID   32        /* points a side */
#define BT_LIGHT_REACH  0.3333333 /* the Laplacian's neighbours, in spacings of the points; one texel at least */
#define BT_LIGHT_BURNT  0.98
#define BT_LIGHT_FLOATS 8 /* a lane */

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
_Static_assert(BT_LIGHT_CELLS *BT_LIGHT_CELLS == BT_LIGHT_LANES && BT_LIGHT_GRID % BT_LIGHT_CELLS == 0, "a lane a cell");
_Static_assert(sizeof(struct bt_light_push) == BT_LIGHT_PUSH_BYTES, "push block");
#endif
#endif
