/* SPDX-License-Identifier: MIT */
/* The invisible mark's amplitude, read by C (src/watermark) and GLSL (pack.comp): codes of 8-bit luma at a pattern of 1, for a
   pair of horizontal neighbours. Texture hides it: it grows with their difference. */
#ifndef BT_SHADER_DISCLOSE_MARK_H
#define BT_SHADER_DISCLOSE_MARK_H

#define BT_MARK_TILE  128  /* px a side of the repeating tile */
#define BT_MARK_LEAST 1.75 /* where both are alike */
#define BT_MARK_SLOPE 0.05
#define BT_MARK_MOST  2.0

#endif
