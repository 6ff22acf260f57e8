/* SPDX-License-Identifier: MIT */
#include "gpu/internal.h"
#include <stdlib.h>
#include <string.h>

static const struct {
    VkFormat format;
    uint32_t bytes;
} formats[] = {
    [BT_IMAGE_RGBA16F] = {VK_FORMAT_R16G16B16A16_SFLOAT, 8},
    [BT_IMAGE_RGBA32F] = {VK_FORMAT_R32G32B32A32_SFLOAT, 16},
    [BT_IMAGE_R32F] = {VK_FORMAT_R32_SFLOAT, 4},
    [BT_IMAGE_RGBA8] = {VK_FORMAT_R8G8B8A8_UNORM, 4},
    [BT_IMAGE_R32UI] = {VK_FORMAT_R32_UINT, 4},
};
_Static_assert(BT_COUNT(formats) == BT_GPU_IMAGE_FORMATS, "one row a format");

VkFormat bt_image_vk_format(enum bt_image_format format) {
    return formats[format].format;
}

static const VkImageSubresourceRange whole = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 1, 0, 1};

/* From undefined to the general layout, where it stays, and to zero. */
static bt_status clear(struct bt_image *image) {
    struct bt_gpu *gpu = image->gpu;
    bt_status st = bt_commands_begin(gpu->setup);
    if (st) return st;
    const VkImageMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
        .srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT,
        .dstStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
        .dstAccessMask = VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT,
        .oldLayout = VK_IMAGE_LAYOUT_UNDEFINED,
        .newLayout = VK_IMAGE_LAYOUT_GENERAL,
        .srcQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .dstQueueFamilyIndex = VK_QUEUE_FAMILY_IGNORED,
        .image = image->handle,
        .subresourceRange = whole,
    };
    const VkDependencyInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .imageMemoryBarrierCount = 1, .pImageMemoryBarriers = &barrier};
    vkCmdPipelineBarrier2(gpu->setup->handle, &info);
    const VkClearColorValue zero = {.uint32 = {0, 0, 0, 0}}; /* the same bits as 0.0 */
    vkCmdClearColorImage(gpu->setup->handle, image->handle, VK_IMAGE_LAYOUT_GENERAL, &zero, 1, &whole);
    st = bt_commands_end(gpu->setup);
    return st ? st : bt_gpu_setup_run(gpu);
}

bt_status bt_image_create(struct bt_gpu *gpu, uint32_t width_px, uint32_t height_px, enum bt_image_format format,
                          struct bt_image **out_image) {
    if (width_px == 0 || height_px == 0 || (unsigned)format >= BT_COUNT(formats)) return BT_E_ARGUMENT;
    if (width_px > gpu->limits.maxImageDimension2D || height_px > gpu->limits.maxImageDimension2D) {
        bt_log_error(gpu->log, "an image of %u x %u px: the device allows %u a side", width_px, height_px,
                     gpu->limits.maxImageDimension2D);
        return BT_E_UNSUPPORTED;
    }
    struct bt_image *image = calloc(1, sizeof *image);
    if (!image) return BT_E_MEMORY;
    image->gpu = gpu;
    image->width_px = width_px;
    image->height_px = height_px;
    image->format = format;
    const VkImageCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_CREATE_INFO,
        .imageType = VK_IMAGE_TYPE_2D,
        .format = formats[format].format,
        .extent = {width_px, height_px, 1},
        .mipLevels = 1,
        .arrayLayers = 1,
        .samples = VK_SAMPLE_COUNT_1_BIT,
        .tiling = VK_IMAGE_TILING_OPTIMAL,
        .usage = VK_IMAGE_USAGE_SAMPLED_BIT | VK_IMAGE_USAGE_STORAGE_BIT | VK_IMAGE_USAGE_TRANSFER_SRC_BIT |
                 VK_IMAGE_USAGE_TRANSFER_DST_BIT,
        .initialLayout = VK_IMAGE_LAYOUT_UNDEFINED,
    };
    VkMemoryRequirements needs;
    VkResult result = vkCreateImage(gpu->device, &info, NULL, &image->handle);
    if (result != VK_SUCCESS) image->handle = VK_NULL_HANDLE;
    bt_status st = bt_gpu_result(gpu, result, "vkCreateImage");
    if (st) goto fail;
    vkGetImageMemoryRequirements(gpu->device, image->handle, &needs);
    st = bt_span_allocate(gpu, &needs, BT_MEMORY_DEVICE, true, &image->span);
    if (st) goto fail;
    result = vkBindImageMemory(gpu->device, image->handle, bt_span_memory(&image->span), image->span.offset);
    st = bt_gpu_result(gpu, result, "vkBindImageMemory");
    if (st) goto fail;
    const VkImageViewCreateInfo view = {
        .sType = VK_STRUCTURE_TYPE_IMAGE_VIEW_CREATE_INFO,
        .image = image->handle,
        .viewType = VK_IMAGE_VIEW_TYPE_2D,
        .format = formats[format].format,
        .subresourceRange = whole,
    };
    result = vkCreateImageView(gpu->device, &view, NULL, &image->view);
    if (result != VK_SUCCESS) image->view = VK_NULL_HANDLE;
    st = bt_gpu_result(gpu, result, "vkCreateImageView");
    if (!st) st = clear(image);
    if (st) goto fail;
    image->made = true;
    *out_image = image;
    return BT_OK;
fail:
    bt_image_destroy(&image);
    return st;
}

void bt_image_destroy(struct bt_image **image_at) {
    if (!image_at || !*image_at) return;
    struct bt_image *image = *image_at;
    if (image->made && bt_span_wants_wipe(image->gpu, &image->span)) bt_gpu_wiped(image->gpu, clear(image));
    vkDestroyImageView(image->gpu->device, image->view, NULL);
    vkDestroyImage(image->gpu->device, image->handle, NULL);
    bt_span_free(image->gpu, &image->span);
    free(image);
    *image_at = NULL;
}

uint32_t bt_image_width(const struct bt_image *image) {
    return image->width_px;
}

uint32_t bt_image_height(const struct bt_image *image) {
    return image->height_px;
}

size_t bt_image_texel_bytes(const struct bt_image *image) {
    return formats[image->format].bytes;
}

static bt_status transfer(struct bt_image *image, const void *texels, void *out_texels, size_t size_bytes) {
    if (size_bytes != (size_t)image->width_px * image->height_px * formats[image->format].bytes) return BT_E_ARGUMENT;
    struct bt_gpu *gpu = image->gpu;
    struct bt_buffer *staging = NULL;
    bt_status st = bt_buffer_create(gpu, size_bytes, texels ? BT_MEMORY_UPLOAD : BT_MEMORY_READBACK, &staging);
    if (st) return st;
    if (texels) memcpy(staging->map, texels, size_bytes);
    st = bt_commands_begin(gpu->setup);
    if (!st) {
        if (texels)
            bt_commands_upload_image(gpu->setup, image, staging, 0);
        else
            bt_commands_download_image(gpu->setup, staging, 0, image);
        st = bt_commands_end(gpu->setup);
    }
    if (!st) st = bt_gpu_setup_run(gpu);
    if (!st && out_texels) memcpy(out_texels, staging->map, size_bytes);
    bt_buffer_destroy(&staging);
    return st;
}

bt_status bt_image_write(struct bt_image *image, const void *texels, size_t size_bytes) {
    return texels ? transfer(image, texels, NULL, size_bytes) : BT_E_ARGUMENT;
}

bt_status bt_image_read(struct bt_image *image, void *out_texels, size_t size_bytes) {
    return out_texels ? transfer(image, NULL, out_texels, size_bytes) : BT_E_ARGUMENT;
}
