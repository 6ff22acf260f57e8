/* SPDX-License-Identifier: MIT */
/* The calls that the linker swaps: faults.wrap names them, tests/wall/faults_complete.py holds the two to src/gpu. */
#include "support/faults_held.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <vulkan/vulkan.h>

/* A handle of what was not made: the standard leaves such results undefined, so they are made as bad as can be. */
#define POISON UINT64_C(0x5eadbeef5eadbeef)

static bool lost;
static int file_error = EIO;
static bool short_write;

void fault_vulkan_says(bool device_lost) {
    lost = device_lost;
}

void fault_file_says(int error, bool takes_half) {
    file_error = error;
    short_write = takes_half;
}

/* ---- memory ---- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *block);

static void *held(void *block) {
    fault_hold(FAULT_IS_MEMORY, (uintptr_t)block);
    return block;
}

void *__wrap_malloc(size_t size) {
    return fault_here(FAULT_MEMORY, "malloc") ? NULL : held(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
    return fault_here(FAULT_MEMORY, "calloc") ? NULL : held(__real_calloc(count, size));
}

void *__wrap_realloc(void *block, size_t size) {
    if (fault_here(FAULT_MEMORY, "realloc")) return NULL;
    fault_release(FAULT_IS_MEMORY, (uintptr_t)block, true, "realloc");
    return held(__real_realloc(block, size));
}

char *__wrap_strdup(const char *text) {
    return fault_here(FAULT_MEMORY, "strdup") ? NULL : held(__real_strdup(text));
}

/* What libraries allocated is freed here too, so an address that is not held says nothing. */
void __wrap_free(void *block) {
    fault_release(FAULT_IS_MEMORY, (uintptr_t)block, false, "free");
    __real_free(block);
}

/* ---- Vulkan ---- */

static VkResult refused(const char *name) {
    if (!fault_here(FAULT_VULKAN, name)) return VK_SUCCESS;
    return lost ? VK_ERROR_DEVICE_LOST : VK_ERROR_OUT_OF_DEVICE_MEMORY;
}

/* Key of a handle: every one that lavapipe and 64-bit drivers give is told apart by its bits. */
#define KEY(handle) ((uint64_t)(uintptr_t)(handle))

#define CALL(name, params, args)                                                                                               \
    VkResult __real_##name params;                                                                                             \
    VkResult __wrap_##name params;                                                                                             \
    VkResult __wrap_##name params {                                                                                            \
        VkResult result = refused(#name);                                                                                      \
        return result ? result : __real_##name args;                                                                           \
    }

#define MAKE(name, object, info)                                                                                               \
    VkResult __real_##name(VkDevice device, const info *wish, const VkAllocationCallbacks *memory, object *out);               \
    VkResult __wrap_##name(VkDevice device, const info *wish, const VkAllocationCallbacks *memory, object *out);               \
    VkResult __wrap_##name(VkDevice device, const info *wish, const VkAllocationCallbacks *memory, object *out) {              \
        VkResult result = refused(#name);                                                                                      \
        if (result)                                                                                                            \
            *out = (object)POISON;                                                                                             \
        else                                                                                                                   \
            result = __real_##name(device, wish, memory, out);                                                                 \
        if (!result) fault_hold(FAULT_IS_VULKAN, KEY(*out));                                                                   \
        return result;                                                                                                         \
    }

#define DROP(name, object)                                                                                                     \
    void __real_##name(VkDevice device, object handle, const VkAllocationCallbacks *memory);                                   \
    void __wrap_##name(VkDevice device, object handle, const VkAllocationCallbacks *memory);                                   \
    void __wrap_##name(VkDevice device, object handle, const VkAllocationCallbacks *memory) {                                  \
        if (fault_release(FAULT_IS_VULKAN, KEY(handle), true, #name)) __real_##name(device, handle, memory);                   \
    }

MAKE(vkAllocateMemory, VkDeviceMemory, VkMemoryAllocateInfo)
MAKE(vkCreateBuffer, VkBuffer, VkBufferCreateInfo)
MAKE(vkCreateBufferView, VkBufferView, VkBufferViewCreateInfo)
MAKE(vkCreateCommandPool, VkCommandPool, VkCommandPoolCreateInfo)
MAKE(vkCreateDescriptorPool, VkDescriptorPool, VkDescriptorPoolCreateInfo)
MAKE(vkCreateDescriptorSetLayout, VkDescriptorSetLayout, VkDescriptorSetLayoutCreateInfo)
MAKE(vkCreateImage, VkImage, VkImageCreateInfo)
MAKE(vkCreateImageView, VkImageView, VkImageViewCreateInfo)
MAKE(vkCreatePipelineCache, VkPipelineCache, VkPipelineCacheCreateInfo)
MAKE(vkCreatePipelineLayout, VkPipelineLayout, VkPipelineLayoutCreateInfo)
MAKE(vkCreateQueryPool, VkQueryPool, VkQueryPoolCreateInfo)
MAKE(vkCreateSampler, VkSampler, VkSamplerCreateInfo)
MAKE(vkCreateSemaphore, VkSemaphore, VkSemaphoreCreateInfo)
MAKE(vkCreateShaderModule, VkShaderModule, VkShaderModuleCreateInfo)

DROP(vkFreeMemory, VkDeviceMemory)
DROP(vkDestroyBuffer, VkBuffer)
DROP(vkDestroyBufferView, VkBufferView)
DROP(vkDestroyCommandPool, VkCommandPool)
DROP(vkDestroyDescriptorPool, VkDescriptorPool)
DROP(vkDestroyDescriptorSetLayout, VkDescriptorSetLayout)
DROP(vkDestroyImage, VkImage)
DROP(vkDestroyImageView, VkImageView)
DROP(vkDestroyPipeline, VkPipeline)
DROP(vkDestroyPipelineCache, VkPipelineCache)
DROP(vkDestroyPipelineLayout, VkPipelineLayout)
DROP(vkDestroyQueryPool, VkQueryPool)
DROP(vkDestroySampler, VkSampler)
DROP(vkDestroySemaphore, VkSemaphore)
DROP(vkDestroyShaderModule, VkShaderModule)

CALL(vkAllocateCommandBuffers, (VkDevice device, const VkCommandBufferAllocateInfo *info, VkCommandBuffer *out),
     (device, info, out))
CALL(vkAllocateDescriptorSets, (VkDevice device, const VkDescriptorSetAllocateInfo *info, VkDescriptorSet *out),
     (device, info, out))
CALL(vkBeginCommandBuffer, (VkCommandBuffer commands, const VkCommandBufferBeginInfo *info), (commands, info))
CALL(vkBindBufferMemory, (VkDevice device, VkBuffer buffer, VkDeviceMemory memory, VkDeviceSize offset),
     (device, buffer, memory, offset))
CALL(vkBindImageMemory, (VkDevice device, VkImage image, VkDeviceMemory memory, VkDeviceSize offset),
     (device, image, memory, offset))
CALL(vkDeviceWaitIdle, (VkDevice device), (device))
CALL(vkEndCommandBuffer, (VkCommandBuffer commands), (commands))
CALL(vkEnumerateInstanceExtensionProperties, (const char *layer, uint32_t *count, VkExtensionProperties *out),
     (layer, count, out))
CALL(vkEnumeratePhysicalDevices, (VkInstance instance, uint32_t *count, VkPhysicalDevice *out), (instance, count, out))
CALL(vkGetPipelineCacheData, (VkDevice device, VkPipelineCache cache, size_t *size, void *out), (device, cache, size, out))
CALL(vkGetQueryPoolResults,
     (VkDevice device, VkQueryPool pool, uint32_t first, uint32_t count, size_t size, void *out, VkDeviceSize stride,
      VkQueryResultFlags flags),
     (device, pool, first, count, size, out, stride, flags))
CALL(vkMapMemory,
     (VkDevice device, VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize size, VkMemoryMapFlags flags, void **out),
     (device, memory, offset, size, flags, out))
CALL(vkQueueSubmit2, (VkQueue queue, uint32_t count, const VkSubmitInfo2 *submits, VkFence fence),
     (queue, count, submits, fence))
CALL(vkResetCommandPool, (VkDevice device, VkCommandPool pool, VkCommandPoolResetFlags flags), (device, pool, flags))

VkResult __real_vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout);
VkResult __wrap_vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout);
VkResult __wrap_vkWaitSemaphores(VkDevice device, const VkSemaphoreWaitInfo *info, uint64_t timeout) {
    /* A copy made while the driver's threads are at work may find their locks taken for ever. */
    if (fault_splits()) (void)__real_vkWaitSemaphores(device, info, timeout);
    VkResult result = refused("vkWaitSemaphores");
    if (result) return result;
    /* In a copy of the process nobody runs what was still under way: it counts as done, so that it can be cleaned up. */
    if (fault_is_copy()) return VK_SUCCESS;
    return __real_vkWaitSemaphores(device, info, timeout);
}

VkResult __real_vkCreateInstance(const VkInstanceCreateInfo *wish, const VkAllocationCallbacks *memory, VkInstance *out);
VkResult __wrap_vkCreateInstance(const VkInstanceCreateInfo *wish, const VkAllocationCallbacks *memory, VkInstance *out);
VkResult __wrap_vkCreateInstance(const VkInstanceCreateInfo *wish, const VkAllocationCallbacks *memory, VkInstance *out) {
    VkResult result = refused("vkCreateInstance");
    if (result)
        *out = (VkInstance)POISON;
    else
        result = __real_vkCreateInstance(wish, memory, out);
    if (!result) fault_hold(FAULT_IS_VULKAN, KEY(*out));
    return result;
}

void __real_vkDestroyInstance(VkInstance instance, const VkAllocationCallbacks *memory);
void __wrap_vkDestroyInstance(VkInstance instance, const VkAllocationCallbacks *memory);
void __wrap_vkDestroyInstance(VkInstance instance, const VkAllocationCallbacks *memory) {
    if (fault_release(FAULT_IS_VULKAN, KEY(instance), true, "vkDestroyInstance")) __real_vkDestroyInstance(instance, memory);
}

VkResult __real_vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *wish, const VkAllocationCallbacks *memory,
                               VkDevice *out);
VkResult __wrap_vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *wish, const VkAllocationCallbacks *memory,
                               VkDevice *out);
VkResult __wrap_vkCreateDevice(VkPhysicalDevice physical, const VkDeviceCreateInfo *wish, const VkAllocationCallbacks *memory,
                               VkDevice *out) {
    VkResult result = refused("vkCreateDevice");
    if (result)
        *out = (VkDevice)POISON;
    else
        result = __real_vkCreateDevice(physical, wish, memory, out);
    if (!result) fault_hold(FAULT_IS_VULKAN, KEY(*out));
    return result;
}

void __real_vkDestroyDevice(VkDevice device, const VkAllocationCallbacks *memory);
void __wrap_vkDestroyDevice(VkDevice device, const VkAllocationCallbacks *memory);
void __wrap_vkDestroyDevice(VkDevice device, const VkAllocationCallbacks *memory) {
    if (fault_release(FAULT_IS_VULKAN, KEY(device), true, "vkDestroyDevice")) __real_vkDestroyDevice(device, memory);
}

/* Vulkan 1.3: on failure every pipeline that was not made is null. */
VkResult __real_vkCreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                         const VkComputePipelineCreateInfo *wish, const VkAllocationCallbacks *memory,
                                         VkPipeline *out);
VkResult __wrap_vkCreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                         const VkComputePipelineCreateInfo *wish, const VkAllocationCallbacks *memory,
                                         VkPipeline *out);
VkResult __wrap_vkCreateComputePipelines(VkDevice device, VkPipelineCache cache, uint32_t count,
                                         const VkComputePipelineCreateInfo *wish, const VkAllocationCallbacks *memory,
                                         VkPipeline *out) {
    VkResult result = refused("vkCreateComputePipelines");
    if (result)
        memset(out, 0, count * sizeof *out);
    else
        result = __real_vkCreateComputePipelines(device, cache, count, wish, memory, out);
    for (uint32_t i = 0; !result && i < count; i++) fault_hold(FAULT_IS_VULKAN, KEY(out[i]));
    return result;
}

/* ---- files ---- */

static bool no_file(const char *name) {
    if (!fault_here(FAULT_FILE, name)) return false;
    errno = file_error;
    return true;
}

#define FILE_CALL(type, name, params, args, failed)                                                                            \
    type __real_##name params;                                                                                                 \
    type __wrap_##name params;                                                                                                 \
    type __wrap_##name params {                                                                                                \
        return no_file(#name) ? (failed) : __real_##name args;                                                                 \
    }

FILE_CALL(ssize_t, read, (int fd, void *to, size_t size), (fd, to, size), -1)
FILE_CALL(ssize_t, getline, (char **line, size_t *room, FILE *file), (line, room, file), -1)
FILE_CALL(int, fstat, (int fd, struct stat *out), (fd, out), -1)
FILE_CALL(int, mkdir, (const char *path, mode_t mode), (path, mode), -1)
FILE_CALL(int, flock, (int fd, int how), (fd, how), -1)
FILE_CALL(int, ftruncate, (int fd, off_t size), (fd, size), -1)
FILE_CALL(int, fsync, (int fd), (fd), -1)
FILE_CALL(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
FILE_CALL(int, rename, (const char *from, const char *to), (from, to), -1)
FILE_CALL(off_t, lseek, (int fd, off_t at, int from), (fd, at, from), -1)

ssize_t __real_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size);
ssize_t __wrap_write(int fd, const void *data, size_t size) {
    if (!no_file("write")) return __real_write(fd, data, size);
    if (short_write && size > 1) (void)!__real_write(fd, data, size / 2); /* the disk is full half way */
    errno = file_error;
    return -1;
}

/* Descriptors and streams are counted by number and by address, which never meet. */
static int opened(int fd) {
    if (fd >= 0) fault_hold(FAULT_IS_FILE, (uint64_t)fd + 1);
    return fd;
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? (mode_t)va_arg(rest, unsigned) : 0;
    va_end(rest);
    return no_file("open") ? -1 : opened(__real_open(path, flags, mode));
}

int __real_mkostemp(char *path, int flags);
int __wrap_mkostemp(char *path, int flags);
int __wrap_mkostemp(char *path, int flags) {
    return no_file("mkostemp") ? -1 : opened(__real_mkostemp(path, flags));
}

int __real_dup(int fd);
int __wrap_dup(int fd);
int __wrap_dup(int fd) {
    return no_file("dup") ? -1 : opened(__real_dup(fd));
}

int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd) {
    fault_release(FAULT_IS_FILE, (uint64_t)fd + 1, false, "close");
    return __real_close(fd);
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode) {
    if (no_file("fopen")) return NULL;
    FILE *file = __real_fopen(path, mode);
    fault_hold(FAULT_IS_FILE, (uintptr_t)file);
    return file;
}

/* The stream takes the descriptor over. */
FILE *__real_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode);
FILE *__wrap_fdopen(int fd, const char *mode) {
    if (no_file("fdopen")) return NULL;
    FILE *file = __real_fdopen(fd, mode);
    if (file && fault_release(FAULT_IS_FILE, (uint64_t)fd + 1, false, "fdopen")) fault_hold(FAULT_IS_FILE, (uintptr_t)file);
    return file;
}

/* What fails is the writing of what was kept back; the stream is closed all the same. */
int __real_fclose(FILE *file);
int __wrap_fclose(FILE *file);
int __wrap_fclose(FILE *file) {
    const bool failed = no_file("fclose");
    fault_release(FAULT_IS_FILE, (uintptr_t)file, false, "fclose");
    const int result = __real_fclose(file);
    if (failed) errno = file_error;
    return failed ? EOF : result;
}
