/* SPDX-License-Identifier: MIT */
#include "gpu/internal.h"
#include <stdlib.h>
#include <string.h>

bt_status bt_commands_create(struct bt_gpu *gpu, struct bt_commands **out_commands) {
    struct bt_commands *commands = calloc(1, sizeof *commands);
    if (!commands) return BT_E_MEMORY;
    commands->gpu = gpu;
    const VkCommandPoolCreateInfo pool = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = gpu->family};
    VkResult result = vkCreateCommandPool(gpu->device, &pool, NULL, &commands->pool);
    if (result != VK_SUCCESS) commands->pool = VK_NULL_HANDLE;
    bt_status st = bt_gpu_result(gpu, result, "vkCreateCommandPool");
    if (st) goto fail;
    const VkCommandBufferAllocateInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO,
                                              .commandPool = commands->pool,
                                              .level = VK_COMMAND_BUFFER_LEVEL_PRIMARY,
                                              .commandBufferCount = 1};
    st = bt_gpu_result(gpu, vkAllocateCommandBuffers(gpu->device, &info, &commands->handle), "vkAllocateCommandBuffers");
    if (st) goto fail;
    *out_commands = commands;
    return BT_OK;
fail:
    bt_commands_destroy(&commands);
    return st;
}

void bt_commands_destroy(struct bt_commands **commands_at) {
    if (!commands_at || !*commands_at) return;
    struct bt_commands *commands = *commands_at;
    /* Not before the GPU is done with it; a lost device is done with everything. */
    if (commands->pending && bt_gpu_wait(commands->gpu, commands->pending, BT_GPU_SETUP_TIMEOUT_NS) == BT_E_TIMEOUT)
        bt_log_error(commands->gpu->log, "commands are destroyed while the GPU still runs them");
    vkDestroyCommandPool(commands->gpu->device, commands->pool, NULL);
    free(commands);
    *commands_at = NULL;
}

/* Keeps the first fault; returns whether recording may go on. */
static bool keep(struct bt_commands *commands, bool good, const char *what) {
    if (commands->fault) return false;
    if (good && commands->recording) return true;
    bt_log_error(commands->gpu->log, "recording: %s", commands->recording ? what : "outside of begin and end");
    commands->fault = BT_E_ARGUMENT;
    return false;
}

void bt_commands_barrier_to(struct bt_commands *commands, VkPipelineStageFlags2 to, VkAccessFlags2 access) {
    const VkMemoryBarrier2 barrier = {
        .sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER_2,
        .srcStageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
        .srcAccessMask = VK_ACCESS_2_MEMORY_WRITE_BIT,
        .dstStageMask = to,
        .dstAccessMask = access,
    };
    const VkDependencyInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEPENDENCY_INFO, .memoryBarrierCount = 1, .pMemoryBarriers = &barrier};
    vkCmdPipelineBarrier2(commands->handle, &info);
}

bt_status bt_commands_begin(struct bt_commands *commands) {
    struct bt_gpu *gpu = commands->gpu;
    commands->fault = BT_OK;
    commands->recording = commands->recorded = false;
    bt_status st = bt_gpu_wait(gpu, commands->pending, BT_GPU_SETUP_TIMEOUT_NS);
    if (st) return st;
    st = bt_gpu_result(gpu, vkResetCommandPool(gpu->device, commands->pool, 0), "vkResetCommandPool");
    if (st) return st;
    const VkCommandBufferBeginInfo info = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO,
                                           .flags = VK_COMMAND_BUFFER_USAGE_SIMULTANEOUS_USE_BIT};
    st = bt_gpu_result(gpu, vkBeginCommandBuffer(commands->handle, &info), "vkBeginCommandBuffer");
    if (st) return st;
    commands->recording = true;
    bt_commands_barrier(commands);
    return BT_OK;
}

bt_status bt_commands_end(struct bt_commands *commands) {
    if (!commands->recording) return commands->fault ? commands->fault : BT_E_ARGUMENT;
    bt_commands_barrier_to(commands, VK_PIPELINE_STAGE_2_HOST_BIT, VK_ACCESS_2_HOST_READ_BIT);
    commands->recording = false;
    bt_status st = bt_gpu_result(commands->gpu, vkEndCommandBuffer(commands->handle), "vkEndCommandBuffer");
    if (commands->fault) return commands->fault;
    commands->recorded = !st;
    return st;
}

void bt_commands_barrier(struct bt_commands *commands) {
    if (!keep(commands, true, "")) return;
    bt_commands_barrier_to(commands, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
                           VK_ACCESS_2_MEMORY_READ_BIT | VK_ACCESS_2_MEMORY_WRITE_BIT);
}

void bt_commands_dispatch(struct bt_commands *commands, struct bt_kernel *kernel, struct bt_bindings *bindings,
                          const void *push, uint32_t groups_x, uint32_t groups_y, uint32_t groups_z) {
    const uint32_t *limit = commands->gpu->limits.maxComputeWorkGroupCount;
    if (!keep(commands, !kernel->slot_count == !bindings, "a dispatch without the kernel's bindings")) return;
    if (bindings && !keep(commands,
                          bindings->slot_count == kernel->slot_count &&
                              !memcmp(bindings->slots, kernel->slots, kernel->slot_count * sizeof *kernel->slots),
                          "a dispatch with another kernel's bindings"))
        return;
    if (!keep(commands, !kernel->push_bytes == !push, "a dispatch without the kernel's push block")) return;
    if (!keep(commands, groups_x <= limit[0] && groups_y <= limit[1] && groups_z <= limit[2],
              "a dispatch with too many groups"))
        return;
    if (!groups_x || !groups_y || !groups_z) return;
    vkCmdBindPipeline(commands->handle, VK_PIPELINE_BIND_POINT_COMPUTE, kernel->pipeline);
    if (bindings)
        vkCmdBindDescriptorSets(commands->handle, VK_PIPELINE_BIND_POINT_COMPUTE, kernel->layout, 0, 1, &bindings->set, 0,
                                NULL);
    if (push) vkCmdPushConstants(commands->handle, kernel->layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, kernel->push_bytes, push);
    vkCmdDispatch(commands->handle, groups_x, groups_y, groups_z);
}

static bool inside(const struct bt_buffer *buffer, size_t offset, size_t size) {
    return offset <= buffer->padded_bytes && size <= buffer->padded_bytes - offset;
}

void bt_commands_copy(struct bt_commands *commands, struct bt_buffer *to, size_t to_offset, struct bt_buffer *from,
                      size_t from_offset, size_t size_bytes) {
    if (!keep(commands, inside(to, to_offset, size_bytes) && inside(from, from_offset, size_bytes),
              "a copy past a buffer's end"))
        return;
    if (!size_bytes) return;
    const VkBufferCopy region = {.srcOffset = from_offset, .dstOffset = to_offset, .size = size_bytes};
    vkCmdCopyBuffer(commands->handle, from->handle, to->handle, 1, &region);
}

static const VkImageSubresourceLayers layer = {VK_IMAGE_ASPECT_COLOR_BIT, 0, 0, 1};

void bt_commands_copy_image(struct bt_commands *commands, struct bt_image *to, struct bt_image *from) {
    if (!keep(commands, to->width_px == from->width_px && to->height_px == from->height_px && to->format == from->format,
              "a copy between unlike images"))
        return;
    const VkImageCopy region = {.srcSubresource = layer, .dstSubresource = layer, .extent = {to->width_px, to->height_px, 1}};
    vkCmdCopyImage(commands->handle, from->handle, VK_IMAGE_LAYOUT_GENERAL, to->handle, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
}

static bool image_fits(const struct bt_image *image, const struct bt_buffer *buffer, size_t offset) {
    const size_t texel = bt_image_texel_bytes(image);
    return offset % texel == 0 && inside(buffer, offset, texel * image->width_px * image->height_px);
}

void bt_commands_upload_image(struct bt_commands *commands, struct bt_image *to, struct bt_buffer *from, size_t from_offset) {
    if (!keep(commands, image_fits(to, from, from_offset), "an upload past a buffer's end")) return;
    const VkBufferImageCopy region = {
        .bufferOffset = from_offset, .imageSubresource = layer, .imageExtent = {to->width_px, to->height_px, 1}};
    vkCmdCopyBufferToImage(commands->handle, from->handle, to->handle, VK_IMAGE_LAYOUT_GENERAL, 1, &region);
}

void bt_commands_download_image(struct bt_commands *commands, struct bt_buffer *to, size_t to_offset, struct bt_image *from) {
    if (!keep(commands, image_fits(from, to, to_offset), "a download past a buffer's end")) return;
    const VkBufferImageCopy region = {
        .bufferOffset = to_offset, .imageSubresource = layer, .imageExtent = {from->width_px, from->height_px, 1}};
    vkCmdCopyImageToBuffer(commands->handle, from->handle, VK_IMAGE_LAYOUT_GENERAL, to->handle, 1, &region);
}

void bt_commands_fill(struct bt_commands *commands, struct bt_buffer *buffer, size_t offset, size_t size_bytes, uint32_t word) {
    if (!keep(commands, offset % 4 == 0 && size_bytes % 4 == 0 && inside(buffer, offset, size_bytes),
              "a fill past a buffer's end"))
        return;
    if (size_bytes) vkCmdFillBuffer(commands->handle, buffer->handle, offset, size_bytes, word);
}

void bt_commands_stamp(struct bt_commands *commands, struct bt_timers *timers, uint32_t index) {
    if (!keep(commands, index < timers->count, "a stamp past the timers' end") || !timers->pool) return;
    vkCmdResetQueryPool(commands->handle, timers->pool, index, 1);
    vkCmdWriteTimestamp2(commands->handle, VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT, timers->pool, index);
}
