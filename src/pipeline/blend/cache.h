/* SPDX-License-Identifier: MIT */
/* Descriptor sets by frame image. Capture hands out the few images of its pool again and again; a set is made when an image is
   first seen, and kept. */
#ifndef BT_BLEND_CACHE_H
#define BT_BLEND_CACHE_H

#include "base/status.h"
#include "gpu/kernel.h"

enum { BT_FRAME_CACHE = 8, BT_FRAME_CACHE_SLOTS = 8 };

struct bt_frame_cache {
    struct bt_kernel *kernel;
    struct bt_binding bindings[BT_FRAME_CACHE_SLOTS]; /* all but the frame's */
    uint32_t slots, frame_slot;
    struct bt_image *image[BT_FRAME_CACHE];
    struct bt_bindings *set[BT_FRAME_CACHE];
    uint32_t used;
};

/* The set for `image`, which outlives the cache. BT_E_UNSUPPORTED: more than BT_FRAME_CACHE images. */
BT_CHECKED bt_status bt_blend_cache_get(struct bt_frame_cache *cache, struct bt_image *image, struct bt_bindings **out_set);
void bt_blend_cache_finish(struct bt_frame_cache *cache);

#endif
