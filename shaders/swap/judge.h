/* SPDX-License-Identifier: MIT */
/* Contract of judge.comp: which texels of the unwrapped skin are something else (hair, shadow's core, glasses, a highlight). */
#ifndef BT_SHADER_SWAP_JUDGE_H
#define BT_SHADER_SWAP_JUDGE_H

#include "swap/swap.h"

#define BT_JUDGE_SKIN 0 /* sampler2D */
#define BT_JUDGE_ZONE 1 /* sampler2D, as core.h */
#define BT_JUDGE_MEAN 2 /* sampler2D, core size, smoothed, linear filter */
#define BT_JUDGE_VERDICT                                                                                                       \
    3 /* image2D RGBA16F, skin size, read and written: not skin now; hair on the forehead, over time; 0; 0 */
#define BT_JUDGE_SLOTS 4

/* The recipe's: this much darker than the mean, or this far off its colour, is no skin; both in coded units. */
#define BT_JUDGE_DARK       0.28
#define BT_JUDGE_DARK_RAMP  0.25
#define BT_JUDGE_COLOR      0.22
#define BT_JUDGE_COLOR_RAMP 0.20
/* Hair hangs from above: texel rows below this are never given back to the driver for their colour. 105 of 256. */
#define BT_JUDGE_HAIR_ROWS 52

struct bt_judge_push {
    float rate; /* of the running verdict; 1 forgets */
};

#endif
