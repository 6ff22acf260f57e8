/* SPDX-License-Identifier: MIT */
#include "pipeline/capture/internal.h"

size_t bt_picture_bytes(enum bt_pixels pixels, uint32_t width_px, uint32_t height_px) {
    const size_t area = (size_t)width_px * height_px;
    return pixels == BT_PIXELS_YUYV ? 2 * area : area + area / 2;
}

void bt_source_destroy(struct bt_source **source) {
    if (!source || !*source) return;
    (*source)->ops->destroy(*source);
    *source = NULL;
}
