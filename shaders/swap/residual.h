/* SPDX-License-Identifier: MIT */
/* Contract of residual.comp: what the fitted light leaves unexplained of the driver's skin, in logarithms of linear light. */
#ifndef BT_SHADER_SWAP_RESIDUAL_H
#define BT_SHADER_SWAP_RESIDUAL_H

#include "swap/swap.h"

#define BT_RESIDUAL_SKIN    0 /* sampler2D */
#define BT_RESIDUAL_SHAPE   1 /* sampler2D */
#define BT_RESIDUAL_ZONE    2 /* sampler2D, as core.h */
#define BT_RESIDUAL_VERDICT 3 /* sampler2D */
#define BT_RESIDUAL_LIGHT   4 /* uniform vec4[BT_SWAP_LIGHT_STATE] */
#define BT_RESIDUAL_OUT     5 /* image2D RGBA16F, light size: weight x ln(skin / light) rgb, weight */
#define BT_RESIDUAL_SEEN    6 /* image2D RGBA16F, light size: the same over features too, by how well each is seen: guard's */
#define BT_RESIDUAL_SLOTS   7

#endif
