/* SPDX-License-Identifier: MIT */
/* Contract of settle.comp: residual light and gloss from the smoothed residual, settled over time. */
#ifndef BT_SHADER_SWAP_SETTLE_H
#define BT_SHADER_SWAP_SETTLE_H

#include "swap/swap.h"

#define BT_SETTLE_RAW   0 /* sampler2D: residual's, light size */
#define BT_SETTLE_FINE  1 /* sampler2D: smoothed a little */
#define BT_SETTLE_WIDE  2 /* sampler2D: smoothed a lot */
#define BT_SETTLE_RELIT 3 /* image2D RGBA16F, light size, read and written: ln residual light rgb, gloss */
#define BT_SETTLE_SLOTS 4

#define BT_SETTLE_GLOSS_MOST 0.6

struct bt_settle_push {
    float rate; /* 1 forgets */
};

#endif
