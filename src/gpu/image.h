/* SPDX-License-Identifier: MIT */
/* Two-dimensional images, each sampled, written as storage image, and copied; always in the general layout. */
#ifndef BT_GPU_IMAGE_H
#define BT_GPU_IMAGE_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

struct bt_gpu;
struct bt_image;

enum bt_image_format { BT_IMAGE_RGBA16F, BT_IMAGE_RGBA32F, BT_IMAGE_R32F, BT_IMAGE_RGBA8, BT_IMAGE_R32UI };

/* Made cleared to zero, and cleared before its memory is given back. */
BT_CHECKED bt_status bt_image_create(struct bt_gpu *gpu, uint32_t width_px, uint32_t height_px, enum bt_image_format format,
                                     struct bt_image **out_image);
void bt_image_destroy(struct bt_image **image);
uint32_t bt_image_width(const struct bt_image *image);
uint32_t bt_image_height(const struct bt_image *image);
size_t bt_image_texel_bytes(const struct bt_image *image);
/* Whole image, tightly packed rows, through a staging buffer, and waits. For set-up and tests, not for a tick. */
BT_CHECKED bt_status bt_image_write(struct bt_image *image, const void *texels, size_t size_bytes);
BT_CHECKED bt_status bt_image_read(struct bt_image *image, void *out_texels, size_t size_bytes);

#endif
