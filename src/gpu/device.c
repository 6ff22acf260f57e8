/* SPDX-License-Identifier: MIT */
#include "gpu/internal.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { MAX_DEVICES = 16 };

static const char *result_text(VkResult result) {
    static const struct {
        VkResult result;
        const char *text;
    } texts[] = {
        {VK_NOT_READY, "not ready"},
        {VK_TIMEOUT, "time-out"},
        {VK_INCOMPLETE, "incomplete"},
        {VK_ERROR_OUT_OF_HOST_MEMORY, "out of host memory"},
        {VK_ERROR_OUT_OF_DEVICE_MEMORY, "out of device memory"},
        {VK_ERROR_INITIALIZATION_FAILED, "initialisation failed"},
        {VK_ERROR_DEVICE_LOST, "device lost"},
        {VK_ERROR_MEMORY_MAP_FAILED, "mapping failed"},
        {VK_ERROR_LAYER_NOT_PRESENT, "layer not present"},
        {VK_ERROR_EXTENSION_NOT_PRESENT, "extension not present"},
        {VK_ERROR_FEATURE_NOT_PRESENT, "feature not present"},
        {VK_ERROR_INCOMPATIBLE_DRIVER, "no driver"},
        {VK_ERROR_TOO_MANY_OBJECTS, "too many objects"},
        {VK_ERROR_FRAGMENTED_POOL, "fragmented pool"},
        {VK_ERROR_OUT_OF_POOL_MEMORY, "out of pool memory"},
    };
    for (size_t i = 0; i < BT_COUNT(texts); i++)
        if (texts[i].result == result) return texts[i].text;
    return "error";
}

bt_status bt_gpu_result(struct bt_gpu *gpu, VkResult result, const char *what) {
    if (result == VK_SUCCESS) return BT_OK;
    if (result == VK_TIMEOUT) return BT_E_TIMEOUT;
    if (result == VK_ERROR_DEVICE_LOST) {
        if (!gpu->lost) bt_log_error(gpu->log, "%s: the GPU was lost", what);
        gpu->lost = true;
        return BT_E_DEVICE_LOST;
    }
    bt_log_error(gpu->log, "%s: %s (VkResult %d)", what, result_text(result), (int)result);
    if (result == VK_ERROR_OUT_OF_HOST_MEMORY || result == VK_ERROR_OUT_OF_DEVICE_MEMORY || result == VK_ERROR_TOO_MANY_OBJECTS)
        return BT_E_MEMORY;
    return BT_E_DEVICE;
}

/* Validation messages reach the log when a layer is loaded (VK_INSTANCE_LAYERS); otherwise this is never called. */
static VkBool32 VKAPI_PTR on_message(VkDebugUtilsMessageSeverityFlagBitsEXT severity, VkDebugUtilsMessageTypeFlagsEXT types,
                                     const VkDebugUtilsMessengerCallbackDataEXT *data, void *user) {
    (void)types;
    bt_log_line(user, severity & VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT ? BT_LOG_ERROR : BT_LOG_WARNING,
                "vulkan validation: %s", data->pMessage ? data->pMessage : "?");
    return VK_FALSE;
}

static VkDebugUtilsMessengerCreateInfoEXT messenger_info(struct bt_log *log) {
    return (VkDebugUtilsMessengerCreateInfoEXT){
        .sType = VK_STRUCTURE_TYPE_DEBUG_UTILS_MESSENGER_CREATE_INFO_EXT,
        .messageSeverity = VK_DEBUG_UTILS_MESSAGE_SEVERITY_WARNING_BIT_EXT | VK_DEBUG_UTILS_MESSAGE_SEVERITY_ERROR_BIT_EXT,
        .messageType = VK_DEBUG_UTILS_MESSAGE_TYPE_VALIDATION_BIT_EXT,
        .pfnUserCallback = on_message,
        .pUserData = log,
    };
}

static bool instance_has(const char *extension) {
    VkExtensionProperties props[64];
    uint32_t count = BT_COUNT(props);
    const VkResult result = vkEnumerateInstanceExtensionProperties(NULL, &count, props);
    if (result != VK_SUCCESS && result != VK_INCOMPLETE) return false;
    for (uint32_t i = 0; i < count; i++)
        if (!strcmp(props[i].extensionName, extension)) return true;
    return false;
}

/* Fills gpu->instance and gpu->messenger. */
static bt_status open_instance(struct bt_gpu *gpu) {
    const char *const extensions[] = {VK_EXT_DEBUG_UTILS_EXTENSION_NAME};
    const bool messages = instance_has(extensions[0]);
    const VkDebugUtilsMessengerCreateInfoEXT messenger = messenger_info(gpu->log);
    const VkApplicationInfo app = {
        .sType = VK_STRUCTURE_TYPE_APPLICATION_INFO,
        .pApplicationName = "bauta",
        .pEngineName = "bauta",
        .apiVersion = VK_API_VERSION_1_3,
    };
    const VkInstanceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO,
        .pNext = messages ? &messenger : NULL,
        .pApplicationInfo = &app,
        .enabledExtensionCount = messages,
        .ppEnabledExtensionNames = extensions,
    };
    const VkResult result = vkCreateInstance(&info, NULL, &gpu->instance);
    if (result == VK_ERROR_INCOMPATIBLE_DRIVER) {
        gpu->instance = VK_NULL_HANDLE;
        bt_log_error(gpu->log, "no Vulkan driver is installed (Debian: mesa-vulkan-drivers)");
        return BT_E_NOT_FOUND;
    }
    if (result != VK_SUCCESS) gpu->instance = VK_NULL_HANDLE;
    bt_status st = bt_gpu_result(gpu, result, "vkCreateInstance");
    if (st || !messages) return st;
    const PFN_vkCreateDebugUtilsMessengerEXT create = (PFN_vkCreateDebugUtilsMessengerEXT)(void (*)(void))vkGetInstanceProcAddr(
        gpu->instance, "vkCreateDebugUtilsMessengerEXT");
    if (create && create(gpu->instance, &messenger, NULL, &gpu->messenger) != VK_SUCCESS) gpu->messenger = VK_NULL_HANDLE;
    return BT_OK;
}

static void close_instance(struct bt_gpu *gpu) {
    if (!gpu->instance) return;
    const PFN_vkDestroyDebugUtilsMessengerEXT destroy =
        (PFN_vkDestroyDebugUtilsMessengerEXT)(void (*)(void))vkGetInstanceProcAddr(gpu->instance,
                                                                                   "vkDestroyDebugUtilsMessengerEXT");
    if (gpu->messenger && destroy) destroy(gpu->instance, gpu->messenger, NULL);
    vkDestroyInstance(gpu->instance, NULL);
    gpu->instance = VK_NULL_HANDLE;
}

static bool formats_usable(VkPhysicalDevice physical) {
    for (int i = 0; i < BT_GPU_IMAGE_FORMATS; i++) {
        const VkFormatFeatureFlags needs = VK_FORMAT_FEATURE_STORAGE_IMAGE_BIT | VK_FORMAT_FEATURE_SAMPLED_IMAGE_BIT |
                                           VK_FORMAT_FEATURE_TRANSFER_SRC_BIT | VK_FORMAT_FEATURE_TRANSFER_DST_BIT;
        VkFormatProperties props;
        vkGetPhysicalDeviceFormatProperties(physical, bt_image_vk_format((enum bt_image_format)i), &props);
        if ((props.optimalTilingFeatures & needs) != needs) return false;
    }
    return true;
}

/* The queue family that computes; one without graphics if there is one, since it competes with fewer. */
static bool find_family(VkPhysicalDevice physical, uint32_t *out_family, uint32_t *out_timestamp_bits) {
    VkQueueFamilyProperties families[32];
    uint32_t count = BT_COUNT(families);
    vkGetPhysicalDeviceQueueFamilyProperties(physical, &count, families);
    bool found = false;
    for (uint32_t i = 0; i < count; i++) {
        const VkQueueFlags flags = families[i].queueFlags;
        if (!(flags & VK_QUEUE_COMPUTE_BIT) || !families[i].queueCount) continue;
        if (found && (flags & VK_QUEUE_GRAPHICS_BIT)) continue;
        *out_family = i;
        *out_timestamp_bits = families[i].timestampValidBits;
        found = true;
        if (!(flags & VK_QUEUE_GRAPHICS_BIT)) break;
    }
    return found;
}

static enum bt_gpu_kind kind_of(VkPhysicalDeviceType type) {
    switch (type) {
    case VK_PHYSICAL_DEVICE_TYPE_DISCRETE_GPU:
        return BT_GPU_DISCRETE;
    case VK_PHYSICAL_DEVICE_TYPE_INTEGRATED_GPU:
        return BT_GPU_INTEGRATED;
    case VK_PHYSICAL_DEVICE_TYPE_CPU:
        return BT_GPU_CPU;
    default:
        return BT_GPU_VIRTUAL;
    }
}

static size_t larger(VkDeviceSize a, VkDeviceSize b) {
    return (size_t)(a > b ? a : b);
}

static struct bt_gpu_caps caps_of(VkPhysicalDevice physical) {
    VkPhysicalDeviceVulkan13Properties p13 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_PROPERTIES};
    VkPhysicalDeviceVulkan12Properties p12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_PROPERTIES, .pNext = &p13};
    VkPhysicalDeviceVulkan11Properties p11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_PROPERTIES, .pNext = &p12};
    VkPhysicalDeviceProperties2 props = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_PROPERTIES_2};
    VkPhysicalDeviceVulkan13Features f13 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES};
    VkPhysicalDeviceVulkan12Features f12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, .pNext = &f13};
    VkPhysicalDeviceVulkan11Features f11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &f12};
    VkPhysicalDeviceFeatures2 features = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2};
    VkPhysicalDeviceProperties core;
    vkGetPhysicalDeviceProperties(physical, &core);
    const bool new_enough = core.apiVersion >= VK_API_VERSION_1_3;
    if (new_enough) { /* older drivers do not know these structures */
        props.pNext = &p11;
        features.pNext = &f11;
        vkGetPhysicalDeviceFeatures2(physical, &features);
        vkGetPhysicalDeviceProperties2(physical, &props);
    } else {
        props.properties = core;
    }
    const VkPhysicalDeviceLimits *limits = &props.properties.limits;
    struct bt_gpu_caps caps = {
        .kind = kind_of(props.properties.deviceType),
        .vendor_id = props.properties.vendorID,
        .device_id = props.properties.deviceID,
        .driver_version = props.properties.driverVersion,
        .subgroup_lanes = p11.subgroupSize,
        .max_invocations = limits->maxComputeWorkGroupInvocations,
        .max_shared_bytes = limits->maxComputeSharedMemorySize,
        .max_texels = limits->maxTexelBufferElements,
        .max_storage_bytes = limits->maxStorageBufferRange,
        .texel_align_bytes = (size_t)limits->minTexelBufferOffsetAlignment,
        .storage_align_bytes = larger(limits->minStorageBufferOffsetAlignment, limits->minUniformBufferOffsetAlignment),
        .half_storage = f11.storageBuffer16BitAccess && f11.uniformAndStorageBuffer16BitAccess,
        .half_arithmetic = f12.shaderFloat16,
        .wide_integers = features.features.shaderInt64,
        .subgroup_shuffle = p13.minSubgroupSize == p13.maxSubgroupSize &&
                            (p11.subgroupSupportedStages & VK_SHADER_STAGE_COMPUTE_BIT) &&
                            (p11.subgroupSupportedOperations & VK_SUBGROUP_FEATURE_SHUFFLE_BIT),
    };
    snprintf(caps.name, sizeof caps.name, "%s", props.properties.deviceName);
    snprintf(caps.driver, sizeof caps.driver, "%.80s%s%.160s", p12.driverName, p12.driverInfo[0] ? " " : "", p12.driverInfo);
    memcpy(caps.cache_uuid, props.properties.pipelineCacheUUID, sizeof caps.cache_uuid);
    uint32_t family = 0, timestamp_bits = 0;
    const bool computes = find_family(physical, &family, &timestamp_bits);
    if (timestamp_bits) caps.timestamp_period_ns = limits->timestampPeriod;
    caps.usable = new_enough && computes && f12.timelineSemaphore && f12.hostQueryReset && f13.synchronization2 &&
                  f13.maintenance4 && caps.max_invocations >= 256 && caps.max_shared_bytes >= 16384 && formats_usable(physical);
    return caps;
}

/* The loader's devices; *out_picked: the best of those that are usable and carry `wanted` in their name, or -1. */
static bt_status survey(struct bt_gpu *gpu, const char *wanted, VkPhysicalDevice *devices, struct bt_gpu_caps *caps,
                        uint32_t *out_count, int *out_picked) {
    uint32_t count = MAX_DEVICES;
    const VkResult result = vkEnumeratePhysicalDevices(gpu->instance, &count, devices);
    if (result == VK_ERROR_INITIALIZATION_FAILED)
        count = 0; /* what loaders say when no driver comes up */
    else if (result != VK_INCOMPLETE) {
        bt_status st = bt_gpu_result(gpu, result, "vkEnumeratePhysicalDevices");
        if (st) return st;
    }
    int picked = -1;
    for (uint32_t i = 0; i < count; i++) {
        caps[i] = caps_of(devices[i]);
        if (!caps[i].usable || (wanted && !strcasestr(caps[i].name, wanted))) continue;
        if (picked < 0 || caps[i].kind > caps[picked].kind) picked = (int)i;
    }
    *out_count = count;
    *out_picked = picked;
    return BT_OK;
}

static bt_status open_device(struct bt_gpu *gpu) {
    if (!find_family(gpu->physical, &gpu->family, &gpu->timestamp_bits)) return BT_E_UNSUPPORTED;
    VkPhysicalDeviceProperties props;
    vkGetPhysicalDeviceProperties(gpu->physical, &props);
    gpu->limits = props.limits;
    vkGetPhysicalDeviceMemoryProperties(gpu->physical, &gpu->memory);
    for (int i = 0; i < BT_GPU_IMAGE_FORMATS; i++) {
        VkFormatProperties format;
        vkGetPhysicalDeviceFormatProperties(gpu->physical, bt_image_vk_format((enum bt_image_format)i), &format);
        gpu->filterable[i] = format.optimalTilingFeatures & VK_FORMAT_FEATURE_SAMPLED_IMAGE_FILTER_LINEAR_BIT;
    }
    const float priority = 1;
    const VkDeviceQueueCreateInfo queue = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO,
        .queueFamilyIndex = gpu->family,
        .queueCount = 1,
        .pQueuePriorities = &priority,
    };
    VkPhysicalDeviceVulkan13Features f13 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_3_FEATURES, .synchronization2 = VK_TRUE, .maintenance4 = VK_TRUE};
    VkPhysicalDeviceVulkan12Features f12 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES,
        .pNext = &f13,
        .timelineSemaphore = VK_TRUE,
        .hostQueryReset = VK_TRUE,
        .shaderFloat16 = gpu->caps.half_arithmetic,
    };
    VkPhysicalDeviceVulkan11Features f11 = {
        .sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES,
        .pNext = &f12,
        .storageBuffer16BitAccess = gpu->caps.half_storage,
        .uniformAndStorageBuffer16BitAccess = gpu->caps.half_storage,
    };
    const VkPhysicalDeviceFeatures core = {.shaderInt64 = gpu->caps.wide_integers};
    const VkDeviceCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO,
        .pNext = &f11,
        .pEnabledFeatures = &core,
        .queueCreateInfoCount = 1,
        .pQueueCreateInfos = &queue,
    };
    const VkResult result = vkCreateDevice(gpu->physical, &info, NULL, &gpu->device);
    if (result != VK_SUCCESS) gpu->device = VK_NULL_HANDLE;
    bt_status st = bt_gpu_result(gpu, result, "vkCreateDevice");
    if (!st) vkGetDeviceQueue(gpu->device, gpu->family, 0, &gpu->queue);
    return st;
}

static bt_status make_samplers(struct bt_gpu *gpu) {
    static const struct {
        VkFilter filter;
        VkSamplerAddressMode mode;
    } kinds[BT_GPU_SAMPLERS] = {
        [BT_SAMPLER_LINEAR_EDGE] = {VK_FILTER_LINEAR, VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE},
        [BT_SAMPLER_LINEAR_ZERO] = {VK_FILTER_LINEAR, VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_BORDER},
        [BT_SAMPLER_NEAREST_EDGE] = {VK_FILTER_NEAREST, VK_SAMPLER_ADDRESS_MODE_CLAMP_TO_EDGE},
    };
    for (int i = 0; i < BT_GPU_SAMPLERS; i++) {
        const VkSamplerCreateInfo info = {
            .sType = VK_STRUCTURE_TYPE_SAMPLER_CREATE_INFO,
            .magFilter = kinds[i].filter,
            .minFilter = kinds[i].filter,
            .mipmapMode = VK_SAMPLER_MIPMAP_MODE_NEAREST,
            .addressModeU = kinds[i].mode,
            .addressModeV = kinds[i].mode,
            .addressModeW = kinds[i].mode,
            .borderColor = VK_BORDER_COLOR_FLOAT_TRANSPARENT_BLACK,
        };
        const VkResult result = vkCreateSampler(gpu->device, &info, NULL, &gpu->samplers[i]);
        if (result != VK_SUCCESS) gpu->samplers[i] = VK_NULL_HANDLE;
        bt_status st = bt_gpu_result(gpu, result, "vkCreateSampler");
        if (st) return st;
    }
    return BT_OK;
}

/* Only bytes with this very device's header are shown to the driver. Layout: VkPipelineCacheHeaderVersionOne. */
static bool cache_fits(const struct bt_gpu *gpu, const void *bytes, size_t size) {
    VkPipelineCacheHeaderVersionOne header;
    if (!bytes || size < sizeof header) return false;
    memcpy(&header, bytes, sizeof header);
    return header.headerSize == sizeof header && header.headerVersion == VK_PIPELINE_CACHE_HEADER_VERSION_ONE &&
           header.vendorID == gpu->caps.vendor_id && header.deviceID == gpu->caps.device_id &&
           !memcmp(header.pipelineCacheUUID, gpu->caps.cache_uuid, VK_UUID_SIZE);
}

static bt_status make_cache(struct bt_gpu *gpu, const void *bytes, size_t size) {
    const bool fits = cache_fits(gpu, bytes, size);
    if (bytes && !fits) bt_log_info(gpu->log, "the pipeline cache is from another device or driver: ignored");
    VkPipelineCacheCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_PIPELINE_CACHE_CREATE_INFO,
        .initialDataSize = fits ? size : 0,
        .pInitialData = fits ? bytes : NULL,
    };
    VkResult result = vkCreatePipelineCache(gpu->device, &info, NULL, &gpu->cache);
    if (result != VK_SUCCESS && fits) { /* a damaged cache costs time, not the program */
        info.initialDataSize = 0;
        info.pInitialData = NULL;
        result = vkCreatePipelineCache(gpu->device, &info, NULL, &gpu->cache);
    }
    if (result != VK_SUCCESS) gpu->cache = VK_NULL_HANDLE;
    return bt_gpu_result(gpu, result, "vkCreatePipelineCache");
}

static bt_status make_timeline(struct bt_gpu *gpu) {
    const VkSemaphoreTypeCreateInfo type = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_TYPE_CREATE_INFO, .semaphoreType = VK_SEMAPHORE_TYPE_TIMELINE, .initialValue = 0};
    const VkSemaphoreCreateInfo info = {.sType = VK_STRUCTURE_TYPE_SEMAPHORE_CREATE_INFO, .pNext = &type};
    const VkResult result = vkCreateSemaphore(gpu->device, &info, NULL, &gpu->timeline);
    if (result != VK_SUCCESS) gpu->timeline = VK_NULL_HANDLE;
    return bt_gpu_result(gpu, result, "vkCreateSemaphore");
}

static uint32_t threads_of(uint32_t asked) {
    const long cores = sysconf(_SC_NPROCESSORS_ONLN);
    const uint32_t threads = asked ? asked : cores > 0 ? (uint32_t)cores : 1;
    return threads < BT_GPU_MAX_THREADS ? threads : BT_GPU_MAX_THREADS;
}

bt_status bt_gpu_create(const struct bt_gpu_params *params, struct bt_gpu **out_gpu) {
    struct bt_gpu *gpu = calloc(1, sizeof *gpu);
    if (!gpu) return BT_E_MEMORY;
    gpu->log = params->log;
    gpu->threads = threads_of(params->threads);
    VkPhysicalDevice devices[MAX_DEVICES];
    struct bt_gpu_caps *caps = calloc(MAX_DEVICES, sizeof *caps);
    uint32_t count = 0;
    int picked = -1;
    bt_status st = caps ? BT_OK : BT_E_MEMORY;
    if (!st) st = open_instance(gpu);
    if (!st) st = survey(gpu, params->device, devices, caps, &count, &picked);
    if (st) goto fail;
    if (picked < 0) {
        bt_log_error(gpu->log, "no Vulkan 1.3 device%s%s fits; %u seen", params->device ? " named like " : "",
                     params->device ? params->device : "", count);
        for (uint32_t i = 0; i < count; i++)
            bt_log_error(gpu->log, "  %s (%s)%s", caps[i].name, caps[i].driver,
                         caps[i].usable ? "" : ": lacks what bauta needs");
        st = BT_E_NOT_FOUND;
        goto fail;
    }
    gpu->physical = devices[picked];
    gpu->caps = caps[picked];
    bt_log_info(gpu->log, "GPU: %s (%s)", gpu->caps.name, gpu->caps.driver);
    st = open_device(gpu);
    if (!st) st = make_samplers(gpu);
    if (!st) st = make_cache(gpu, params->cache, params->cache_bytes);
    if (!st) st = make_timeline(gpu);
    if (!st) st = bt_commands_create(gpu, &gpu->setup);
    if (st) goto fail;
    free(caps);
    *out_gpu = gpu;
    return BT_OK;
fail:
    free(caps);
    bt_gpu_destroy(&gpu);
    return st;
}

void bt_gpu_destroy(struct bt_gpu **gpu_at) {
    if (!gpu_at || !*gpu_at) return;
    struct bt_gpu *gpu = *gpu_at;
    if (gpu->device) {
        /* After a loss this returns at once, and destroying objects stays legal (Vulkan 1.3, "Lost Device"). */
        if (vkDeviceWaitIdle(gpu->device) != VK_SUCCESS) gpu->lost = true;
        bt_commands_destroy(&gpu->setup);
        if (gpu->blocks) bt_log_error(gpu->log, "GPU memory is still in use while the device is destroyed");
        for (int i = 0; i < BT_GPU_SAMPLERS; i++) vkDestroySampler(gpu->device, gpu->samplers[i], NULL);
        vkDestroyPipelineCache(gpu->device, gpu->cache, NULL);
        vkDestroySemaphore(gpu->device, gpu->timeline, NULL);
        vkDestroyDevice(gpu->device, NULL);
    }
    close_instance(gpu);
    free(gpu);
    *gpu_at = NULL;
}

const struct bt_gpu_caps *bt_gpu_caps(const struct bt_gpu *gpu) {
    return &gpu->caps;
}

struct bt_log *bt_gpu_log(const struct bt_gpu *gpu) {
    return gpu->log;
}

uint32_t bt_gpu_threads(const struct bt_gpu *gpu) {
    return gpu->threads;
}

bool bt_gpu_lost(const struct bt_gpu *gpu) {
    return gpu->lost;
}

bt_status bt_gpu_list(struct bt_log *log, struct bt_gpu_caps *out_caps, uint32_t capacity, uint32_t *out_count) {
    struct bt_gpu gpu = {.log = log};
    VkPhysicalDevice devices[MAX_DEVICES];
    struct bt_gpu_caps *caps = calloc(MAX_DEVICES, sizeof *caps);
    uint32_t count = 0;
    int picked = -1;
    bt_status st = caps ? BT_OK : BT_E_MEMORY;
    if (!st) st = open_instance(&gpu);
    if (!st) st = survey(&gpu, NULL, devices, caps, &count, &picked);
    if (!st) {
        if (picked >= 0) caps[picked].picked = true;
        if (count > capacity) count = capacity;
        if (count) memcpy(out_caps, caps, count * sizeof *caps);
        *out_count = count;
    }
    close_instance(&gpu);
    free(caps);
    return st;
}

bt_status bt_gpu_cache_save(struct bt_gpu *gpu, void **out_bytes, size_t *out_size) {
    size_t size = 0;
    bt_status st = bt_gpu_result(gpu, vkGetPipelineCacheData(gpu->device, gpu->cache, &size, NULL), "vkGetPipelineCacheData");
    if (st) return st;
    void *bytes = malloc(size ? size : 1);
    if (!bytes) return BT_E_MEMORY;
    st = bt_gpu_result(gpu, vkGetPipelineCacheData(gpu->device, gpu->cache, &size, bytes), "vkGetPipelineCacheData");
    if (st) {
        free(bytes);
        return st;
    }
    *out_bytes = bytes;
    *out_size = size;
    return BT_OK;
}

bt_status bt_gpu_submit(struct bt_gpu *gpu, struct bt_commands *const *commands, uint32_t count, uint64_t *out_value) {
    if (gpu->lost) return BT_E_DEVICE_LOST;
    if (count == 0 || count > BT_GPU_MAX_SUBMIT) return BT_E_ARGUMENT;
    VkCommandBufferSubmitInfo buffers[BT_GPU_MAX_SUBMIT];
    for (uint32_t i = 0; i < count; i++) {
        if (!commands[i]->recorded) {
            bt_log_error(gpu->log, "commands were submitted that were never recorded");
            return BT_E_ARGUMENT;
        }
        buffers[i] = (VkCommandBufferSubmitInfo){.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_SUBMIT_INFO,
                                                 .commandBuffer = commands[i]->handle};
    }
    const uint64_t value = gpu->submitted + 1;
    const VkSemaphoreSubmitInfo signal = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_SUBMIT_INFO,
        .semaphore = gpu->timeline,
        .value = value,
        .stageMask = VK_PIPELINE_STAGE_2_ALL_COMMANDS_BIT,
    };
    const VkSubmitInfo2 submit = {
        .sType = VK_STRUCTURE_TYPE_SUBMIT_INFO_2,
        .commandBufferInfoCount = count,
        .pCommandBufferInfos = buffers,
        .signalSemaphoreInfoCount = 1,
        .pSignalSemaphoreInfos = &signal,
    };
    bt_status st = bt_gpu_result(gpu, vkQueueSubmit2(gpu->queue, 1, &submit, VK_NULL_HANDLE), "vkQueueSubmit2");
    if (st) return st;
    gpu->submitted = value;
    for (uint32_t i = 0; i < count; i++) commands[i]->pending = value;
    *out_value = value;
    return BT_OK;
}

bt_status bt_gpu_wait(struct bt_gpu *gpu, uint64_t value, int64_t timeout_ns) {
    if (gpu->lost) return BT_E_DEVICE_LOST;
    if (value > gpu->submitted) return BT_E_ARGUMENT; /* nothing will ever reach it */
    const VkSemaphoreWaitInfo wait = {
        .sType = VK_STRUCTURE_TYPE_SEMAPHORE_WAIT_INFO, .semaphoreCount = 1, .pSemaphores = &gpu->timeline, .pValues = &value};
    return bt_gpu_result(gpu, vkWaitSemaphores(gpu->device, &wait, timeout_ns < 0 ? 0 : (uint64_t)timeout_ns),
                         "vkWaitSemaphores");
}

bt_status bt_gpu_setup_run(struct bt_gpu *gpu) {
    uint64_t value = 0;
    struct bt_commands *const list[] = {gpu->setup};
    bt_status st = bt_gpu_submit(gpu, list, 1, &value);
    return st ? st : bt_gpu_wait(gpu, value, BT_GPU_SETUP_TIMEOUT_NS);
}
