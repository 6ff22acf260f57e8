/* SPDX-License-Identifier: MIT */
/* Contract of pack.comp, read by C and GLSL: label and banner over a linear frame, gamma, limited-range YUV, the invisible
   mark, packing. */
#ifndef BT_SHADER_DISCLOSE_PACK_H
#define BT_SHADER_DISCLOSE_PACK_H

#include "disclose/mark.h"
#include "include/color.h"

#ifdef GL_core_profile
#define BT_PACK_U32 uint
#else
#include <stdint.h>
#define BT_PACK_U32 uint32_t
#endif

/* Bindings of set 0. */
#define BT_PACK_FRAME   0 /* sampler2D, RGBA16F, linear light */
#define BT_PACK_OVERLAY 1 /* sampler2D, RGBA8, premultiplied, gamma-coded: the label's shapes, and below them the banner's */
#define BT_PACK_EGRESS  2 /* uint[]: the bytes that leave, little endian */
#define BT_PACK_TILE    3 /* uint[]: the invisible mark, a byte a px, BT_MARK_TILE px a side, 127 is 1 */

/* Specialisation constants. */
#define BT_PACK_FORMAT    0 /* BT_PACK_YUYV ... */
#define BT_PACK_WIDTH     1 /* px, even */
#define BT_PACK_HEIGHT    2 /* px, even */
#define BT_PACK_BT709     3 /* 1: BT.709, 0: BT.601 */
#define BT_PACK_FADES     4 /* 1: push.fade counts; 0: it is taken for 0, which saves a thirtieth of the kernel */
#define BT_PACK_CONSTANTS 5

/* Formats: the values of enum bt_egress. */
#define BT_PACK_YUYV 0
#define BT_PACK_NV12 1
#define BT_PACK_I420 2

/* One invocation makes: YUYV, a word (2 x 1 px). Planar with a width that 8 divides, 8 x 2 px. Planar otherwise, one word of
   the output, whatever it holds; words are numbered along rows of BT_PACK_WORD_ROW. */
#define BT_PACK_LOCAL    64
#define BT_PACK_WORD_ROW 4096

/* From label to banner, at least, px. */
#define BT_PACK_APART_X 8
#define BT_PACK_APART_Y 2

/* Luma weights of red and blue: ITU-R BT.601-7 section 2.5.1, BT.709-6 section 3. */
#define BT_PACK_KR_601 0.299
#define BT_PACK_KB_601 0.114
#define BT_PACK_KR_709 0.2126
#define BT_PACK_KB_709 0.0722

/* The placards' ground, gamma-coded, 0 … 255: a picture that fades ends in it. */
#define BT_PACK_GROUND_R 24
#define BT_PACK_GROUND_G 28
#define BT_PACK_GROUND_B 36

struct bt_pack_push {
    BT_PACK_U32 label_x, label_y;            /* where the plates lie in the frame, px, even */
    BT_PACK_U32 label_w, label_h, label_row; /* the shape: its size, and where it begins in the overlay, px */
    BT_PACK_U32 banner_x, banner_y;
    BT_PACK_U32 banner_w, banner_h, banner_row; /* 0 wide: none is drawn */
    float fade;                                 /* 0: the picture, 1: the ground; label and banner lie over both */
    float sign, least, slope, most;             /* the invisible mark's: struct bt_watermark_dose */
};

#endif
