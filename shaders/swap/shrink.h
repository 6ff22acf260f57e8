/* SPDX-License-Identifier: MIT */
/* Contract of shrink.comp: keeps a copy of the face's part of the frame, and makes its half-size coded picture. */
#ifndef BT_SHADER_SWAP_SHRINK_H
#define BT_SHADER_SWAP_SHRINK_H

#include "swap/swap.h"

#define BT_SHRINK_FRAME 0 /* sampler2D, linear */
#define BT_SHRINK_COPY  1 /* image2D RGBA16F, the frame's size */
#define BT_SHRINK_HALF  2 /* image2D RGBA16F, half of it, rounded up: coded rgb, |diagonal detail| of coded green */
#define BT_SHRINK_SLOTS 3

struct bt_shrink_push {
    BT_SWAP_INT x, y, w, h; /* half px */
    BT_SWAP_INT frame_w, frame_h;
};

#endif
