/* SPDX-License-Identifier: MIT */
/* What the swap kernels share, read by C and GLSL: sizes of the maps, and what their channels hold. Each kernel's own header
   holds its bindings and push block.
   "Coded" is (ln of linear light) / gamma: a logarithm of the gamma-coded value, the unit the recipe's thresholds are in. */
#ifndef BT_SHADER_SWAP_H
#define BT_SHADER_SWAP_H

#include "include/color.h"

#ifdef BT_GLSL
#define BT_SWAP_INT  int
#define BT_SWAP_UINT uint
#else
#include <stdint.h>
#define BT_SWAP_INT  int32_t
#define BT_SWAP_UINT uint32_t
#endif

#define BT_SWAP_SKIN_PX  128 /* the driver's skin, unwrapped */
#define BT_SWAP_LIGHT_PX 64  /* residual light: sigma 10 px of 256 needs no more */
#define BT_SWAP_CORE_PX  32  /* the wide mean that outliers are judged against: sigma 20 px of 256 */
#define BT_SWAP_GRID_PX  512 /* the largest grid that the hybrid face is drawn on */
/* Tiles are one row of eight lanes wide, so that a row of invocations reads one list, and low, so that lists are short. */
#define BT_SWAP_TILE_W   8
#define BT_SWAP_TILE_H   2
#define BT_SWAP_LIST_MAX 65536 /* entries in all tiles' lists: as many texels as every device can view */

/* Specialisation constant 0 of kernels that run over a rectangle is nothing: sizes come by push, as a face moves. */
#define BT_SWAP_LOCAL 8 /* a workgroup is 8 x 8 */

/* .03 gamma-coded: below it there is noise only. */
#define BT_SWAP_DARKEST       4.4e-4
#define BT_SWAP_RESIDUAL_CLIP 1.2

/* Fine vertices of the driver: two texels each: (x, y in frame px, visible 0 ... 1, ambient occlusion), (normal towards the
   camera, 0). Of the hybrid: two texels each: (u, v, the place that it shows less its own, x and y in frame px), (normal x, y,
   ambient occlusion, how far into the nearest eye or mouth opening: 0 where the driver's own pixels begin to show, 1 where they
   are alone). */
#define BT_SWAP_VERTEX_TEXELS 2
/* An entry of a tile's list: a triangle as planes over grid px, nearest triangles first: a texel in each of two buffers, (a, b,
   c, triangle's number) and (d, e, f, 0): its barycentrics are a x + b y + c and d x + e y + f. */
#define BT_SWAP_LISTS 2

/* Light: 9 spherical harmonic coefficients (rgb, 0), then (noise, light of the face, samples, 0). */
#define BT_SWAP_HARMONICS   9
#define BT_SWAP_LIGHT_STATE 10

/* Sums of the fit: upper triangle of 9 x 9, 9 x 3 right-hand sides, then samples, weight, weight x noise, weight x light. */
#define BT_SWAP_FIT_MATRIX 45
#define BT_SWAP_FIT_RIGHT  27
#define BT_SWAP_FIT_SUMS   76

#endif
