/* SPDX-License-Identifier: MIT */
/* Contract of shrink.comp: the face's part of the frame, half its size and coded. */
#ifndef BT_SHADER_SWAP_SHRINK_H
#define BT_SHADER_SWAP_SHRINK_H

#include "swap/swap.h"

#define BT_SHRINK_FRAME 0 /* sampler2D, linear */
#define BT_SHRINK_HALF  1 /* image2D RGBA16F, half of it, rounded up: coded rgb, |diagonal detail| of coded green */
#define BT_SHRINK_SLOTS 2

struct bt_shrink_push {
    BT_SWAP_INT x, y, w, h; /* half px */
    BT_SWAP_INT frame_w, frame_h;
};

#endif
