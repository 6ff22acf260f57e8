/* SPDX-License-Identifier: MIT */
/* Contract of fit.comp: sums for the light fit, one row of samples an invocation. */
#ifndef BT_SHADER_SWAP_FIT_H
#define BT_SHADER_SWAP_FIT_H

#include "swap/swap.h"

#define BT_FIT_SKIN    0 /* sampler2D */
#define BT_FIT_SHAPE   1 /* sampler2D */
#define BT_FIT_ZONE    2 /* sampler2D, as core.h */
#define BT_FIT_VERDICT 3 /* sampler2D, judge's */
#define BT_FIT_LIGHT   4 /* uniform vec4[BT_SWAP_LIGHT_STATE]: the light as known so far */
#define BT_FIT_SUMS    5 /* storage: float[64][BT_SWAP_FIT_SUMS] */
#define BT_FIT_SLOTS   6

#define BT_FIT_ROWS  64 /* every other row and column of the skin */
#define BT_FIT_LOCAL 64

struct bt_fit_push {
    BT_SWAP_UINT robust; /* 1: doubt samples that the known light does not explain; 0: the light is not known yet */
};

#endif
