/* SPDX-License-Identifier: MIT */
/* Buffers. Each may be bound as storage, uniform or texels, and copied. */
#ifndef BT_GPU_MEMORY_H
#define BT_GPU_MEMORY_H

#include "base/status.h"
#include <stddef.h>

struct bt_gpu;
struct bt_buffer;
struct bt_texels;

enum bt_memory {
    BT_MEMORY_DEVICE,   /* fastest for the GPU; not mapped unless the device has one kind of memory only */
    BT_MEMORY_UPLOAD,   /* mapped for writing */
    BT_MEMORY_READBACK, /* mapped for reading, cached where the device can */
};

enum bt_texel_format { BT_TEXELS_RGBA32F, BT_TEXELS_RGBA16F, BT_TEXELS_R32F, BT_TEXELS_R32UI, BT_TEXELS_RGBA8 };

/* Made zeroed, and zeroed before its memory is given back, as it may have held a face (not after a loss of the GPU, where the
   host does not see that memory). Destroy only when the GPU is done with it. BT_E_MEMORY when none is left. */
BT_CHECKED bt_status bt_buffer_create(struct bt_gpu *gpu, size_t size_bytes, enum bt_memory memory,
                                      struct bt_buffer **out_buffer);
void bt_buffer_destroy(struct bt_buffer **buffer);
size_t bt_buffer_size(const struct bt_buffer *buffer);
/* Persistently mapped; NULL for device memory that the host cannot see. Coherent. */
void *bt_buffer_map(struct bt_buffer *buffer);
/* Copies into any kind of buffer, through a staging buffer where needed, and waits. For set-up, not for a tick. */
BT_CHECKED bt_status bt_buffer_write(struct bt_buffer *buffer, size_t offset_bytes, const void *data, size_t size_bytes);
BT_CHECKED bt_status bt_buffer_read(struct bt_buffer *buffer, size_t offset_bytes, void *out_data, size_t size_bytes);

/* All that is taken from the device now, what is free in its blocks included. */
size_t bt_gpu_memory_bytes(const struct bt_gpu *gpu);

/* A uniform texel view of part of a buffer (texelFetch on a samplerBuffer): what a CPU driver reads fastest.
   offset_bytes is a multiple of texel_align_bytes. Destroyed before its buffer. */
BT_CHECKED bt_status bt_texels_create(struct bt_buffer *buffer, size_t offset_bytes, size_t size_bytes,
                                      enum bt_texel_format format, struct bt_texels **out_texels);
void bt_texels_destroy(struct bt_texels **texels);

#endif
