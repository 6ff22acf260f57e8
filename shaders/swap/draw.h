/* SPDX-License-Identifier: MIT */
/* Contract of draw.comp: the hybrid face, drawn from triangles sorted into tiles, lit and painted. */
#ifndef BT_SHADER_SWAP_DRAW_H
#define BT_SHADER_SWAP_DRAW_H

#include "swap/swap.h"

#define BT_DRAW_TILE    0 /* texels R32UI, two a tile: first entry of its list, number of entries */
#define BT_DRAW_LIST    1 /* texels RGBA32F, BT_SWAP_LISTS of them: each holds a texel of every entry */
#define BT_DRAW_CORNER  3 /* texels RGBA32F, one a triangle: its corners' vertex numbers, tag */
#define BT_DRAW_VERTEX  4 /* texels RGBA32F: the hybrid's fine vertices */
#define BT_DRAW_LIGHT   5 /* uniform vec4[BT_SWAP_LIGHT_STATE] */
#define BT_DRAW_RELIT   6 /* sampler2D: settle's, linear filter */
#define BT_DRAW_VERDICT 7 /* sampler2D: judge's, linear filter */
#define BT_DRAW_PLAN    8 /* sampler2D RGBA16F, 256 x 256: paint weight, pass-through weight, feature, 0 */
/* sampler2D RGBA16F: the mask's albedo ratio: 512 x 512, right of it 256 x 256, below that 128 x 128 */
#define BT_DRAW_RATIO 9
#define BT_DRAW_COVER 10 /* sampler2D: guard's, linear filter */
#define BT_DRAW_PAINT 11 /* image2D RGBA16F, grid size: linear rgb, how much of the driver's grain belongs there */
#define BT_DRAW_MOVE  12 /* image2D RGBA16F, grid size: where the driver's pixel lies (dx, dy frame px), alpha, pass-through */
#define BT_DRAW_SLOTS 13

#define BT_DRAW_LOCAL   8
#define BT_DRAW_DARKEST 1e-4 /* of rgb: what is 0 was not drawn. Above the smallest normal binary16 */

#define BT_DRAW_RATIO_W 768
#define BT_DRAW_RATIO_H 512

struct bt_draw_push {
    BT_SWAP_INT tiles_w; /* tiles in a row */
    float level;         /* of the ratio: 0 512, 1 256, 2 128 */
    float gloss;         /* how much of the driver's shine stays */
};

#endif
