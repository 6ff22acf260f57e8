/* SPDX-License-Identifier: MIT */
/* Contract of compose.comp: paint over the driver's moved pixels, into the frame, in linear light. */
#ifndef BT_SHADER_BLEND_COMPOSE_H
#define BT_SHADER_BLEND_COMPOSE_H

#include "include/color.h"

#ifdef BT_GLSL
#define BT_COMPOSE_INT  int
#define BT_COMPOSE_UINT uint
#else
#include <stdint.h>
#define BT_COMPOSE_INT  int32_t
#define BT_COMPOSE_UINT uint32_t
#endif

#define BT_COMPOSE_SOURCE 0 /* sampler2D: copy of the frame before anything was painted */
#define BT_COMPOSE_NEAR   1 /* sampler2D, quarter size: coded rgb, smoothed a little: what grain stands out from */
#define BT_COMPOSE_FAR    2 /* sampler2D, quarter size: smoothed more: what dark lines stand out from */
#define BT_COMPOSE_PAINT  3 /* sampler2D, grid: linear rgb, above 0 wherever there is a triangle; grain weight */
#define BT_COMPOSE_MOVE   4 /* sampler2D, grid: dx, dy frame px, alpha, pass-through weight */
#define BT_COMPOSE_LIGHT  5 /* uniform vec4[10]: element 9 is (noise, ...) */
#define BT_COMPOSE_FRAME  6 /* image2D RGBA16F: the frame */
#define BT_COMPOSE_MATTE  7 /* texels R32F: the selfie matte, 0 background ... 1 person */
#define BT_COMPOSE_SLOTS  8

#define BT_COMPOSE_LOCAL   8
#define BT_COMPOSE_NOISE   9    /* element of the light */
#define BT_COMPOSE_GRAIN   0.25 /* clip, coded */
#define BT_COMPOSE_DARKEST 4.4e-4
/* Of the matte: below the first there is background, above the second a person. */
#define BT_COMPOSE_NOBODY   0.25
#define BT_COMPOSE_SOMEBODY 0.6
#define BT_COMPOSE_BAND     4.0 /* width of the outline's band, in units of `soften` */

struct bt_compose_push {
    BT_COMPOSE_INT x, y, w, h; /* frame px to write */
    BT_COMPOSE_INT frame_w, frame_h;
    float grid_scale;                           /* grid px = (frame px - x, y) x scale */
    float inverse_grid_w, inverse_grid_h;       /* 1 / size of the grid's images */
    float inverse_quarter_w, inverse_quarter_h; /* 1 / (4 x size of the quarter-size images): uv from frame px */
    float soften;                               /* grid px: how far apart flow and alpha are averaged */
    float grain;                                /* how much of the driver's grain is kept, 0 ... 1 */
    float pass;                                 /* how much of the driver's dark lines */
    float noise;                                /* how much noise is added to make up for lost grain: 1 all of it */
    float iris[2][3];                           /* x, y, radius, frame px, where the driver's are; radius 0: leave them */
    float tint[3];                              /* what an iris's linear light becomes, a unit of it */
    BT_COMPOSE_UINT seed;                       /* another every frame */
    float matte[2][3];                          /* matte px from frame px, by rows */
    BT_COMPOSE_UINT matte_size;                 /* width + 65536 x height; 0: no matte */
};

#endif
