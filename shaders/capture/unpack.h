/* SPDX-License-Identifier: MIT */
/* Contract of unpack.comp, read by C and GLSL: 8-bit YUV bytes to a linear RGBA16F image. */
#ifndef BT_SHADER_CAPTURE_UNPACK_H
#define BT_SHADER_CAPTURE_UNPACK_H

/* Bindings of set 0. */
#define BT_UNPACK_BYTES 0 /* the picture, tightly packed, as little-endian words: usamplerBuffer, or uint[] with BT_UNPACK_STORAGE */
#define BT_UNPACK_FRAME 1 /* image2D, rgba16f */

/* Specialisation constants. */
#define BT_UNPACK_FORMAT     0 /* BT_UNPACK_YUYV ... */
#define BT_UNPACK_WIDTH      1 /* px, even */
#define BT_UNPACK_HEIGHT     2 /* px, even */
#define BT_UNPACK_FULL_RANGE 3
#define BT_UNPACK_BT709      4
#define BT_UNPACK_MIRROR     5 /* left and right change places */
#define BT_UNPACK_CONSTANTS  6

/* Formats: the values of enum bt_pixels. */
#define BT_UNPACK_YUYV 0
#define BT_UNPACK_NV12 1
#define BT_UNPACK_I420 2

/* One invocation makes 2 x 2 px. */
#define BT_UNPACK_LOCAL 64

#endif
