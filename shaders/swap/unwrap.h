/* SPDX-License-Identifier: MIT */
/* Contract of unwrap.comp: the driver's skin, carried from the picture into canonical UV space. */
#ifndef BT_SHADER_SWAP_UNWRAP_H
#define BT_SHADER_SWAP_UNWRAP_H

#include "swap/swap.h"

#define BT_UNWRAP_HALF 0 /* sampler2D: shrink's half-size picture, linear filter */
#define BT_UNWRAP_PLACE                                                                                                        \
    1                      /* texels RGBA32F, one a skin texel: (i0 + 2048 i1, i2, weight of i0, of i1); x < 0: no face there  \
                            */
#define BT_UNWRAP_VERTEX 2 /* texels RGBA32F: the driver's fine vertices */
#define BT_UNWRAP_SKIN   3 /* image2D RGBA16F, skin size: coded rgb, how well it is seen 0 ... 1 */
#define BT_UNWRAP_SHAPE  4 /* image2D RGBA16F, skin size: normal x, y, ambient occlusion, |diagonal detail| */
#define BT_UNWRAP_SLOTS  5

struct bt_unwrap_push {
    float frame_w, frame_h;
    float inverse_w, inverse_h; /* 1 / (2 x size of the half-size picture): uv from frame px */
};

#endif
