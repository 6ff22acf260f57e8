/* SPDX-License-Identifier: MIT */
/* Contract of core.comp: 4 x 4 skin texels into one, weighted by how surely each is plain skin. */
#ifndef BT_SHADER_SWAP_CORE_H
#define BT_SHADER_SWAP_CORE_H

#include "swap/swap.h"

#define BT_CORE_SKIN  0 /* sampler2D */
#define BT_CORE_ZONE  1 /* sampler2D RGBA16F, skin size: paint, wide paint, feature, no eye and no mouth */
#define BT_CORE_MEAN  2 /* image2D RGBA16F, core size: weight x coded rgb, weight */
#define BT_CORE_SLOTS 3

/* Above this row hair is likelier than skin (82 of 256): it counts little in the mean that hair is judged against. */
#define BT_CORE_HAIR_ROWS   41
#define BT_CORE_HAIR_WEIGHT 0.15

#endif
