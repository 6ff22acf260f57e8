/* SPDX-License-Identifier: MIT */
/* Contract of core.comp: 4 x 4 skin texels into one, weighted by how surely each is plain skin. */
#ifndef BT_SHADER_SWAP_CORE_H
#define BT_SHADER_SWAP_CORE_H

#include "swap/swap.h"

#define BT_CORE_SKIN  0 /* sampler2D */
#define BT_CORE_ZONE  1 /* sampler2D RGBA16F, skin size: paint, wide paint, feature, weight in the core mean */
#define BT_CORE_MEAN  2 /* image2D RGBA16F, core size: weight x coded rgb, weight */
#define BT_CORE_SLOTS 3

#endif
