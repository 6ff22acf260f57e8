/* SPDX-License-Identifier: MIT */
/* Contract of smooth.comp: one direction of a separable Gaussian, over all four channels, from one image into another that may
   be coarser. */
#ifndef BT_SHADER_BLEND_SMOOTH_H
#define BT_SHADER_BLEND_SMOOTH_H

#include "include/color.h"

#ifdef BT_GLSL
#define BT_SMOOTH_INT int
#else
#include <stdint.h>
#define BT_SMOOTH_INT int32_t
#endif

#define BT_SMOOTH_FROM  0 /* sampler2D, linear filter, edge repeated */
#define BT_SMOOTH_TO    1 /* image2D RGBA16F */
#define BT_SMOOTH_SLOTS 2
#define BT_SMOOTH_LOCAL 8

struct bt_smooth_push {
    BT_SMOOTH_INT x, y, w, h;             /* where to write, px of `to` */
    float scale;                          /* `from` px a px of `to` */
    float inverse_from_w, inverse_from_h; /* 1 / size of `from` */
    float step_x, step_y;                 /* one px of `from` further along the direction */
    BT_SMOOTH_INT radius;                 /* taps each side; an odd one takes one more */
    float falloff;                        /* 1 / (2 sigma^2), sigma in px of `from` */
};

#endif
