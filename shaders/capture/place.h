/* SPDX-License-Identifier: MIT */
/* Contract of place.comp, read by C and GLSL: 8-bit YUV bytes to a linear RGBA16F image of another size, turned, mirrored,
   cropped or with borders. Bindings, formats and the constants 0 to 5 are those of unpack.h; width and height are the
   picture's. */
#ifndef BT_SHADER_CAPTURE_PLACE_H
#define BT_SHADER_CAPTURE_PLACE_H

#include "capture/unpack.h"

/* Further specialisation constants. */
#define BT_PLACE_QUARTERS     6 /* turned clockwise so often, before it is mirrored */
#define BT_PLACE_FRAME_WIDTH  7 /* px, of the frame */
#define BT_PLACE_FRAME_HEIGHT 8
#define BT_PLACE_LETTERBOX    9 /* the whole picture with black borders; else cropped so that there are none */
#define BT_PLACE_CONSTANTS    10

/* One invocation makes a pixel: a tent filter in linear light over the picture, as wide as the pixel is there, and at least
   over its nearest neighbours (then it is bilinear). Wider than BT_PLACE_REACH px a side it is cut off. */
#define BT_PLACE_LOCAL 8
#define BT_PLACE_REACH 8

#endif
