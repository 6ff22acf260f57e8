/* SPDX-License-Identifier: MIT */
/* Contract of solve.comp: the light's nine coefficients from fit's sums, by ridge regression and Cholesky; one workgroup. */
#ifndef BT_SHADER_SWAP_SOLVE_H
#define BT_SHADER_SWAP_SOLVE_H

#include "swap/swap.h"

#define BT_SOLVE_SUMS   0 /* texels R32F */
#define BT_SOLVE_LIGHT  1 /* storage: vec4[BT_SWAP_LIGHT_STATE]: read and written */
#define BT_SOLVE_REPORT 2 /* storage: vec4[BT_SWAP_LIGHT_STATE]: a copy for the host */
#define BT_SOLVE_SLOTS  3

#define BT_SOLVE_LOCAL  128
#define BT_SOLVE_FEWEST 60.0 /* samples; with fewer the light is left as it was */

struct bt_solve_push {
    float rate; /* how far the light moves to the solution; 1 forgets */
};

#endif
