/* SPDX-License-Identifier: MIT */
#include "support/late_gpu.h"

#include <vulkan/vulkan.h>

bool late_gpu;
uint32_t late_gpu_destroyed;

static const uint64_t short_ns = UINT64_C(60000000000); /* a frame's patience; that of set-up and of taking down is longer */
static VkSemaphore timeline;
static uint64_t submitted;

VkResult __real_vkQueueSubmit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits, VkFence fence);
VkResult __wrap_vkQueueSubmit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits, VkFence fence);
VkResult __wrap_vkQueueSubmit2(VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits, VkFence fence) {
    timeline = submits->pSignalSemaphoreInfos->semaphore;
    submitted = submits->pSignalSemaphoreInfos->value;
    return __real_vkQueueSubmit2(queue, count, submits, fence);
}

VkResult __real_vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout);
VkResult __wrap_vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout);
VkResult __wrap_vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout) {
    return late_gpu && timeout < short_ns ? VK_TIMEOUT : __real_vkWaitSemaphores(device, info, timeout);
}

static void look(VkDevice device) {
    uint64_t done = 0;
    if (!late_gpu) return;
    if (vkGetSemaphoreCounterValue(device, timeline, &done) || done < submitted) late_gpu_destroyed++;
}

#define DESTROY(name, type)                                                                                                    \
    void __real_##name(VkDevice device, type object, const VkAllocationCallbacks *memory);                                     \
    void __wrap_##name(VkDevice device, type object, const VkAllocationCallbacks *memory);                                     \
    void __wrap_##name(VkDevice device, type object, const VkAllocationCallbacks *memory) {                                    \
        look(device);                                                                                                          \
        __real_##name(device, object, memory);                                                                                 \
    }

DESTROY(vkDestroyBuffer, VkBuffer)
DESTROY(vkDestroyBufferView, VkBufferView)
DESTROY(vkDestroyDescriptorPool, VkDescriptorPool)
DESTROY(vkDestroyImage, VkImage)
DESTROY(vkDestroyPipeline, VkPipeline)
DESTROY(vkDestroyQueryPool, VkQueryPool)
