/* SPDX-License-Identifier: MIT */
/* The invisible mark's tile, read by C (src/watermark) and GLSL (pack.comp). How strong it is in a picture is pushed:
   struct bt_watermark_dose. */
#ifndef BT_SHADER_DISCLOSE_MARK_H
#define BT_SHADER_DISCLOSE_MARK_H

#define BT_MARK_TILE 128 /* px a side of the repeating tile */

#endif
