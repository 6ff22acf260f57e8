/* SPDX-License-Identifier: MIT */
/* What the files of src/gpu share. Vulkan functions are called by symbol, so that a test can interpose them at link time. */
#ifndef BT_GPU_INTERNAL_H
#define BT_GPU_INTERNAL_H

#include "base/log.h"
#include "base/status.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include <stdbool.h>
#include <vulkan/vulkan.h>

enum {
    BT_GPU_MAX_SLOTS = 32,
    BT_GPU_MAX_CONSTANTS = 32,
    BT_GPU_MAX_THREADS = 8,
    BT_GPU_MAX_SUBMIT = 64,
    BT_GPU_MAX_PUSH_BYTES = 128, /* what Vulkan promises everywhere */
    BT_GPU_SAMPLERS = 3,
    BT_GPU_IMAGE_FORMATS = 5,
};
/* Set-up work may meet a cold shader compiler on a busy CPU driver; a hung device is still told apart from a slow one. */
#define BT_GPU_SETUP_TIMEOUT_NS INT64_C(120000000000)

/* Memory is handed out in spans of blocks: drivers may allow as few as 4,096 allocations (maxMemoryAllocationCount). */
struct bt_block;
struct bt_span {
    struct bt_block *block;
    VkDeviceSize offset, size;
    struct bt_span *next; /* in the block, by rising offset */
};

struct bt_gpu {
    struct bt_log *log;
    struct bt_gpu_caps caps;
    VkInstance instance;
    VkDebugUtilsMessengerEXT messenger;
    VkPhysicalDevice physical;
    VkPhysicalDeviceMemoryProperties memory;
    VkPhysicalDeviceLimits limits;
    VkDevice device;
    uint32_t family, timestamp_bits;
    VkQueue queue;
    VkPipelineCache cache;
    VkSampler samplers[BT_GPU_SAMPLERS];
    bool filterable[BT_GPU_IMAGE_FORMATS];
    VkSemaphore timeline;
    uint64_t submitted; /* last value that a submission will reach */
    bool lost, wipe_failed;
    uint32_t threads;
    struct bt_kernel *kernels; /* all there are */
    struct bt_block *blocks;
    struct bt_commands *setup; /* for writes, reads and clears outside of ticks */
};

struct bt_buffer {
    struct bt_gpu *gpu;
    VkBuffer handle;
    struct bt_span span;
    size_t size_bytes, padded_bytes; /* padded: to whole vec4s, so that a shader may read the last one */
    void *map;
    bool made; /* zeroed, and in use since */
};

struct bt_texels {
    struct bt_gpu *gpu;
    VkBufferView handle;
};

struct bt_image {
    struct bt_gpu *gpu;
    VkImage handle;
    VkImageView view;
    struct bt_span span;
    uint32_t width_px, height_px;
    enum bt_image_format format;
    bool made;
};

struct bt_kernel {
    struct bt_gpu *gpu;
    struct bt_kernel *next; /* of the device's */
    uint32_t users;
    const uint32_t *spirv; /* with the constants: what tells kernels apart */
    uint32_t constants[BT_GPU_MAX_CONSTANTS];
    uint32_t constant_count;
    char name[64];
    enum bt_slot slots[BT_GPU_MAX_SLOTS];
    uint32_t slot_count, push_bytes;
    VkDescriptorSetLayout set_layout;
    VkPipelineLayout layout;
    VkPipeline pipeline;
};

struct bt_bindings {
    struct bt_gpu *gpu;
    enum bt_slot slots[BT_GPU_MAX_SLOTS];
    uint32_t slot_count;
    VkDescriptorPool pool;
    VkDescriptorSet set;
};

struct bt_commands {
    struct bt_gpu *gpu;
    VkCommandPool pool;
    VkCommandBuffer handle;
    uint64_t pending; /* the last submission that holds it */
    bt_status fault;  /* the first, while recording */
    bool recording, recorded;
};

struct bt_timers {
    struct bt_gpu *gpu;
    VkQueryPool pool; /* null where the queue has no timestamps */
    uint32_t count;
};

/* The one translation of VkResult; logs what failed, and remembers a lost device. */
BT_CHECKED bt_status bt_gpu_result(struct bt_gpu *gpu, VkResult result, const char *what);
/* Submits the set-up commands and waits. */
BT_CHECKED bt_status bt_gpu_setup_run(struct bt_gpu *gpu);

/* `images`: optimally tiled images never share a block with buffers (bufferImageGranularity). */
BT_CHECKED bt_status bt_span_allocate(struct bt_gpu *gpu, const VkMemoryRequirements *needs, enum bt_memory memory, bool images,
                                      struct bt_span *out_span);
/* Zeroes it first where the host sees it; elsewhere its owner does (bt_span_wants_wipe). */
void bt_span_free(struct bt_gpu *gpu, struct bt_span *span);
VkDeviceMemory bt_span_memory(const struct bt_span *span);
void *bt_span_map(const struct bt_span *span);
/* Memory that the host does not see is cleared by commands before it is given back: not once the GPU is lost, nor again when
   that failed. True: to be tried; what came of it goes to bt_gpu_wiped. */
bool bt_span_wants_wipe(const struct bt_gpu *gpu, const struct bt_span *span);
void bt_gpu_wiped(struct bt_gpu *gpu, bt_status status);
uint32_t bt_gpu_block_count(const struct bt_gpu *gpu);

VkFormat bt_image_vk_format(enum bt_image_format format);
/* A full memory barrier from everything to `to`. */
void bt_commands_barrier_to(struct bt_commands *commands, VkPipelineStageFlags2 to, VkAccessFlags2 access);

#endif
