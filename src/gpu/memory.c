/* SPDX-License-Identifier: MIT */
#include "gpu/internal.h"
#include <stdlib.h>
#include <string.h>

/* 16 MiB holds a net's buffers or a few frames; what is larger than a quarter of it gets a block of its own. */
static const VkDeviceSize block_bytes = 16u << 20, own_bytes = 4u << 20;

struct bt_block {
    struct bt_block *next;
    VkDeviceMemory memory;
    VkDeviceSize size;
    uint32_t type;
    bool images;
    void *map;
    struct bt_span *spans; /* in use, by rising offset: the gaps between them are what is free */
};

static const struct {
    VkMemoryPropertyFlags must, good, bad;
} wishes[] = {
    [BT_MEMORY_DEVICE] = {0, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT},
    [BT_MEMORY_UPLOAD] = {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, 0,
                          VK_MEMORY_PROPERTY_HOST_CACHED_BIT | VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT},
    [BT_MEMORY_READBACK] = {VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT,
                            VK_MEMORY_PROPERTY_HOST_CACHED_BIT, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT},
};

/* The first type with what it must have and the most of what is good; what is bad only breaks ties. */
static bool find_type(const struct bt_gpu *gpu, uint32_t allowed, enum bt_memory memory, uint32_t *out_type) {
    /* Never protected, lazily allocated, or AMD's uncached kinds (VK_AMD_device_coherent_memory must be enabled for them). */
    const VkMemoryPropertyFlags never = VK_MEMORY_PROPERTY_PROTECTED_BIT | VK_MEMORY_PROPERTY_LAZILY_ALLOCATED_BIT |
                                        VK_MEMORY_PROPERTY_DEVICE_COHERENT_BIT_AMD | VK_MEMORY_PROPERTY_DEVICE_UNCACHED_BIT_AMD;
    int best = -1;
    for (uint32_t i = 0; i < gpu->memory.memoryTypeCount; i++) {
        const VkMemoryPropertyFlags flags = gpu->memory.memoryTypes[i].propertyFlags;
        if (!(allowed & (1u << i)) || (flags & never) || (flags & wishes[memory].must) != wishes[memory].must) continue;
        const int score =
            4 * __builtin_popcount(flags & wishes[memory].good) + 2 - __builtin_popcount(flags & wishes[memory].bad);
        if (score > best) {
            best = score;
            *out_type = i;
        }
    }
    return best >= 0;
}

static VkDeviceSize round_up(VkDeviceSize value, VkDeviceSize step) {
    return (value + step - 1) / step * step;
}

/* First fit. The span is linked into the block on success. */
static bool place(struct bt_block *block, VkDeviceSize size, VkDeviceSize align, struct bt_span *span) {
    VkDeviceSize free_from = 0;
    struct bt_span **at = &block->spans;
    for (;; at = &(*at)->next) {
        const VkDeviceSize start = round_up(free_from, align), end = *at ? (*at)->offset : block->size;
        if (start <= end && size <= end - start) {
            *span = (struct bt_span){.block = block, .offset = start, .size = size, .next = *at};
            *at = span;
            return true;
        }
        if (!*at) return false;
        free_from = (*at)->offset + (*at)->size;
    }
}

static bt_status make_block(struct bt_gpu *gpu, VkDeviceSize size, uint32_t type, bool images, struct bt_block **out_block) {
    struct bt_block *block = calloc(1, sizeof *block);
    if (!block) return BT_E_MEMORY;
    block->size = size;
    block->type = type;
    block->images = images;
    const VkMemoryAllocateInfo info = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = size, .memoryTypeIndex = type};
    bt_status st = bt_gpu_result(gpu, vkAllocateMemory(gpu->device, &info, NULL, &block->memory), "vkAllocateMemory");
    if (st) {
        free(block);
        return st;
    }
    if (gpu->memory.memoryTypes[type].propertyFlags & VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT)
        st = bt_gpu_result(gpu, vkMapMemory(gpu->device, block->memory, 0, VK_WHOLE_SIZE, 0, &block->map), "vkMapMemory");
    if (st) {
        vkFreeMemory(gpu->device, block->memory, NULL);
        free(block);
        return st;
    }
    block->next = gpu->blocks;
    gpu->blocks = block;
    *out_block = block;
    return BT_OK;
}

static void drop_block(struct bt_gpu *gpu, struct bt_block *block) {
    struct bt_block **at = &gpu->blocks;
    while (*at != block) at = &(*at)->next;
    *at = block->next;
    vkFreeMemory(gpu->device, block->memory, NULL); /* unmaps */
    free(block);
}

bt_status bt_span_allocate(struct bt_gpu *gpu, const VkMemoryRequirements *needs, enum bt_memory memory, bool images,
                           struct bt_span *out_span) {
    uint32_t type = 0;
    if (!find_type(gpu, needs->memoryTypeBits, memory, &type)) {
        bt_log_error(gpu->log, "the device has no memory of the kind needed");
        return BT_E_UNSUPPORTED;
    }
    const bool own = needs->size > own_bytes;
    for (struct bt_block *block = gpu->blocks; block && !own; block = block->next)
        if (block->type == type && block->images == images && block->size == block_bytes &&
            place(block, needs->size, needs->alignment, out_span))
            return BT_OK;
    struct bt_block *block = NULL;
    bt_status st = make_block(gpu, own ? needs->size : block_bytes, type, images, &block);
    if (st) return st;
    if (place(block, needs->size, needs->alignment, out_span)) return BT_OK;
    drop_block(gpu, block);
    return BT_E_MEMORY;
}

void bt_span_free(struct bt_gpu *gpu, struct bt_span *span) {
    struct bt_block *block = span->block;
    if (!block) return;
    if (block->map) memset(bt_span_map(span), 0, span->size);
    struct bt_span **at = &block->spans;
    while (*at != span) at = &(*at)->next;
    *at = span->next;
    *span = (struct bt_span){0};
    if (!block->spans) drop_block(gpu, block);
}

VkDeviceMemory bt_span_memory(const struct bt_span *span) {
    return span->block->memory;
}

void *bt_span_map(const struct bt_span *span) {
    return span->block->map ? (uint8_t *)span->block->map + span->offset : NULL;
}

bool bt_span_wants_wipe(const struct bt_gpu *gpu, const struct bt_span *span) {
    return span->block && !span->block->map && !gpu->lost && !gpu->wipe_failed;
}

void bt_gpu_wiped(struct bt_gpu *gpu, bt_status status) {
    if (!status) return;
    gpu->wipe_failed = true;
    if (!gpu->lost) bt_log_error(gpu->log, "GPU memory is given back without being cleared: %s", bauta_status_text(status));
}

uint32_t bt_gpu_block_count(const struct bt_gpu *gpu) {
    uint32_t count = 0;
    for (const struct bt_block *block = gpu->blocks; block; block = block->next) count++;
    return count;
}

/* Memory may hold what another program left in it. */
static bt_status clear(struct bt_buffer *buffer) {
    if (buffer->map) {
        memset(buffer->map, 0, buffer->padded_bytes);
        return BT_OK;
    }
    struct bt_gpu *gpu = buffer->gpu;
    bt_status st = bt_commands_begin(gpu->setup);
    if (st) return st;
    bt_commands_fill(gpu->setup, buffer, 0, buffer->padded_bytes, 0);
    st = bt_commands_end(gpu->setup);
    return st ? st : bt_gpu_setup_run(gpu);
}

bt_status bt_buffer_create(struct bt_gpu *gpu, size_t size_bytes, enum bt_memory memory, struct bt_buffer **out_buffer) {
    if (size_bytes == 0 || (unsigned)memory >= BT_COUNT(wishes)) return BT_E_ARGUMENT;
    if (size_bytes > SIZE_MAX - 16) return BT_E_MEMORY;
    struct bt_buffer *buffer = calloc(1, sizeof *buffer);
    if (!buffer) return BT_E_MEMORY;
    buffer->gpu = gpu;
    buffer->size_bytes = size_bytes;
    buffer->padded_bytes = (size_t)round_up(size_bytes, 16);
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
        .size = buffer->padded_bytes,
        .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_UNIFORM_BUFFER_BIT |
                 VK_BUFFER_USAGE_UNIFORM_TEXEL_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
    };
    VkMemoryRequirements needs;
    VkResult result = vkCreateBuffer(gpu->device, &info, NULL, &buffer->handle);
    if (result != VK_SUCCESS) buffer->handle = VK_NULL_HANDLE;
    bt_status st = bt_gpu_result(gpu, result, "vkCreateBuffer");
    if (st) goto fail;
    vkGetBufferMemoryRequirements(gpu->device, buffer->handle, &needs);
    st = bt_span_allocate(gpu, &needs, memory, false, &buffer->span);
    if (st) goto fail;
    result = vkBindBufferMemory(gpu->device, buffer->handle, bt_span_memory(&buffer->span), buffer->span.offset);
    st = bt_gpu_result(gpu, result, "vkBindBufferMemory");
    if (st) goto fail;
    buffer->map = bt_span_map(&buffer->span);
    st = clear(buffer);
    if (st) goto fail;
    buffer->made = true;
    *out_buffer = buffer;
    return BT_OK;
fail:
    bt_buffer_destroy(&buffer);
    return st;
}

void bt_buffer_destroy(struct bt_buffer **buffer_at) {
    if (!buffer_at || !*buffer_at) return;
    struct bt_buffer *buffer = *buffer_at;
    if (buffer->made && bt_span_wants_wipe(buffer->gpu, &buffer->span)) bt_gpu_wiped(buffer->gpu, clear(buffer));
    vkDestroyBuffer(buffer->gpu->device, buffer->handle, NULL);
    bt_span_free(buffer->gpu, &buffer->span);
    free(buffer);
    *buffer_at = NULL;
}

size_t bt_buffer_size(const struct bt_buffer *buffer) {
    return buffer->size_bytes;
}

void *bt_buffer_map(struct bt_buffer *buffer) {
    return buffer->map;
}

static bool inside(const struct bt_buffer *buffer, size_t offset, size_t size) {
    return offset <= buffer->size_bytes && size <= buffer->size_bytes - offset;
}

/* One copy by the GPU between `buffer` and a staging buffer that lives as long as the call. */
static bt_status stage(struct bt_buffer *buffer, size_t offset, const void *data, void *out_data, size_t size) {
    struct bt_gpu *gpu = buffer->gpu;
    struct bt_buffer *staging = NULL;
    bt_status st = bt_buffer_create(gpu, size, data ? BT_MEMORY_UPLOAD : BT_MEMORY_READBACK, &staging);
    if (st) return st;
    if (data) memcpy(staging->map, data, size);
    st = bt_commands_begin(gpu->setup);
    if (!st) {
        if (data)
            bt_commands_copy(gpu->setup, buffer, offset, staging, 0, size);
        else
            bt_commands_copy(gpu->setup, staging, 0, buffer, offset, size);
        st = bt_commands_end(gpu->setup);
    }
    if (!st) st = bt_gpu_setup_run(gpu);
    if (!st && out_data) memcpy(out_data, staging->map, size);
    bt_buffer_destroy(&staging);
    return st;
}

bt_status bt_buffer_write(struct bt_buffer *buffer, size_t offset_bytes, const void *data, size_t size_bytes) {
    if (!inside(buffer, offset_bytes, size_bytes)) return BT_E_ARGUMENT;
    if (size_bytes == 0) return BT_OK;
    if (!buffer->map) return stage(buffer, offset_bytes, data, NULL, size_bytes);
    bt_status st = bt_gpu_wait(buffer->gpu, buffer->gpu->submitted, BT_GPU_SETUP_TIMEOUT_NS);
    if (!st) memcpy((uint8_t *)buffer->map + offset_bytes, data, size_bytes);
    return st;
}

bt_status bt_buffer_read(struct bt_buffer *buffer, size_t offset_bytes, void *out_data, size_t size_bytes) {
    if (!inside(buffer, offset_bytes, size_bytes)) return BT_E_ARGUMENT;
    if (size_bytes == 0) return BT_OK;
    if (!buffer->map) return stage(buffer, offset_bytes, NULL, out_data, size_bytes);
    bt_status st = bt_gpu_wait(buffer->gpu, buffer->gpu->submitted, BT_GPU_SETUP_TIMEOUT_NS);
    if (!st) memcpy(out_data, (const uint8_t *)buffer->map + offset_bytes, size_bytes);
    return st;
}

bt_status bt_texels_create(struct bt_buffer *buffer, size_t offset_bytes, size_t size_bytes, enum bt_texel_format format,
                           struct bt_texels **out_texels) {
    static const struct {
        VkFormat format;
        uint32_t bytes;
    } formats[] = {
        [BT_TEXELS_RGBA32F] = {VK_FORMAT_R32G32B32A32_SFLOAT, 16},
        [BT_TEXELS_RGBA16F] = {VK_FORMAT_R16G16B16A16_SFLOAT, 8},
        [BT_TEXELS_R32F] = {VK_FORMAT_R32_SFLOAT, 4},
        [BT_TEXELS_R32UI] = {VK_FORMAT_R32_UINT, 4},
        [BT_TEXELS_RGBA8] = {VK_FORMAT_R8G8B8A8_UNORM, 4},
    };
    struct bt_gpu *gpu = buffer->gpu;
    if ((unsigned)format >= BT_COUNT(formats)) return BT_E_ARGUMENT;
    /* The last texel may reach into the padding. */
    const size_t range = (size_t)round_up(size_bytes, formats[format].bytes);
    if (size_bytes == 0 || offset_bytes % gpu->caps.texel_align_bytes || offset_bytes > buffer->padded_bytes ||
        range > buffer->padded_bytes - offset_bytes) {
        bt_log_error(gpu->log, "texel view of %zu bytes at %zu does not fit a buffer of %zu (alignment %zu)", size_bytes,
                     offset_bytes, buffer->size_bytes, gpu->caps.texel_align_bytes);
        return BT_E_ARGUMENT;
    }
    if (range / formats[format].bytes > gpu->caps.max_texels) {
        bt_log_error(gpu->log, "texel view of %zu elements: the device allows %u", range / formats[format].bytes,
                     gpu->caps.max_texels);
        return BT_E_UNSUPPORTED;
    }
    struct bt_texels *texels = calloc(1, sizeof *texels);
    if (!texels) return BT_E_MEMORY;
    texels->gpu = gpu;
    const VkBufferViewCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_VIEW_CREATE_INFO,
        .buffer = buffer->handle,
        .format = formats[format].format,
        .offset = offset_bytes,
        .range = range,
    };
    bt_status st = bt_gpu_result(gpu, vkCreateBufferView(gpu->device, &info, NULL, &texels->handle), "vkCreateBufferView");
    if (st) {
        free(texels);
        return st;
    }
    *out_texels = texels;
    return BT_OK;
}

void bt_texels_destroy(struct bt_texels **texels) {
    if (!texels || !*texels) return;
    vkDestroyBufferView((*texels)->gpu->device, (*texels)->handle, NULL);
    free(*texels);
    *texels = NULL;
}

size_t bt_gpu_memory_bytes(const struct bt_gpu *gpu) {
    size_t bytes = 0;
    for (const struct bt_block *block = gpu->blocks; block; block = block->next) bytes += (size_t)block->size;
    return bytes;
}
