/* SPDX-License-Identifier: MIT */
#include "pipeline/blend/cache.h"

bt_status bt_blend_cache_get(struct bt_frame_cache *cache, struct bt_image *image, struct bt_bindings **out_set) {
    for (uint32_t i = 0; i < cache->used; i++)
        if (cache->image[i] == image) {
            *out_set = cache->set[i];
            return BT_OK;
        }
    if (cache->used == BT_FRAME_CACHE) return BT_E_UNSUPPORTED;
    struct bt_bindings *set = NULL;
    cache->bindings[cache->frame_slot].image = image;
    bt_status st = bt_bindings_create(cache->kernel, cache->bindings, cache->slots, &set);
    if (st) return st;
    cache->image[cache->used] = image;
    cache->set[cache->used++] = set;
    *out_set = set;
    return BT_OK;
}

void bt_blend_cache_finish(struct bt_frame_cache *cache) {
    for (uint32_t i = 0; i < cache->used; i++) bt_bindings_destroy(&cache->set[i]);
    cache->used = 0;
}
