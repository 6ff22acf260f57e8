/* SPDX-License-Identifier: MIT */
/* Contract of track/crop.comp: cuts a turned square or a letterbox out of the frame, for a net's input in the C4 layout. */
#ifndef BT_SHADER_TRACK_CROP_H
#define BT_SHADER_TRACK_CROP_H

#include "include/color.h"

#define BT_CROP_FRAME 0 /* sampler2D, linear light; texelFetch only */
#define BT_CROP_NET   1 /* storage: vec4[], one a pixel, rows from the top, channel 3 is 0 */
#define BT_CROP_SLOTS 2

#define BT_CROP_TAPS_ID 0 /* specialisation: 1 bilinear between gamma-coded texels; n mean of n x n texels */

#define BT_CROP_LOCAL_X 8
#define BT_CROP_LOCAL_Y 8

#define BT_CROP_PUSH_BYTES 52

#ifdef BT_GLSL
#define BT_CROP_UINT uint
#define BT_CROP_INT  int
#else
#include <stdint.h>
#define BT_CROP_UINT uint32_t
#define BT_CROP_INT  int32_t
#endif

struct bt_crop_push {
    float frame_from_crop[6]; /* rows, as struct bt_affine; pixel centres at .5 */
    BT_CROP_INT frame_w, frame_h;
    BT_CROP_UINT crop_w, crop_h;
    float scale, offset; /* what the net reads is gamma-coded [0, 1] x scale + offset */
    BT_CROP_UINT first;  /* index of the first vec4 */
};

#ifndef BT_GLSL
_Static_assert(sizeof(struct bt_crop_push) == BT_CROP_PUSH_BYTES, "push block");
#endif
#endif
