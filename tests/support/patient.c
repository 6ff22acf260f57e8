/* SPDX-License-Identifier: MIT */
/* Loaded before all else (LD_PRELOAD): waits for the GPU last a hundred times as long. Under valgrind a tick takes seconds, and
   its time limit is not what is looked for there. */
#include <dlfcn.h>
#include <vulkan/vulkan.h>

__attribute__((visibility("default"))) VkResult vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info,
                                                                 uint64_t timeout) {
    void *next = dlsym(RTLD_NEXT, "vkWaitSemaphores");
    PFN_vkWaitSemaphores wait = *(PFN_vkWaitSemaphores *)&next; /* as dlsym's manual page has it */
    return wait(device, info, timeout < UINT64_MAX / 100 ? timeout * 100 : timeout);
}
