/* SPDX-License-Identifier: MIT */
/* One Vulkan device with one compute queue. src/gpu is the only folder that includes vulkan.h. */
#ifndef BT_GPU_DEVICE_H
#define BT_GPU_DEVICE_H

#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct bt_gpu;
struct bt_commands;

enum bt_gpu_kind { BT_GPU_CPU, BT_GPU_VIRTUAL, BT_GPU_INTEGRATED, BT_GPU_DISCRETE };

struct bt_gpu_caps {
    char name[256], driver[256];
    enum bt_gpu_kind kind;
    uint32_t vendor_id, device_id, driver_version;
    uint8_t cache_uuid[16];
    uint32_t subgroup_lanes, max_invocations, max_shared_bytes;
    uint32_t max_texels;      /* elements in one texel buffer view */
    size_t max_storage_bytes; /* one storage binding */
    size_t texel_align_bytes, storage_align_bytes;
    float timestamp_period_ns; /* 0: the queue has no timestamps */
    bool half_storage, half_arithmetic;
    bool wide_integers;    /* of 64 bits */
    bool subgroup_shuffle; /* in compute; and every subgroup has subgroup_lanes */
    bool usable;           /* has everything bauta needs; false only in bt_gpu_list */
    bool picked;           /* what bt_gpu_create would take when nothing is asked for; only in bt_gpu_list */
};

struct bt_gpu_params {
    struct bt_log *log; /* borrowed; may be NULL */
    const char *device; /* part of the device's name, case ignored; NULL takes the best (discrete, integrated, virtual, CPU) */
    const void *cache;  /* pipeline cache from bt_gpu_cache_save, or NULL; wrong or stale bytes are ignored */
    size_t cache_bytes;
    uint32_t threads; /* for making kernels and nets; 0: as many as the machine has cores, up to 8 */
};

/* Opens a device. Owner: the caller, who destroys it after everything made from it. One thread at a time: bt_kernels_create
   starts threads of its own, which are gone when it returns. BT_E_NOT_FOUND: no Vulkan loader, or no device that fits (the log
   says which were seen). BT_E_DEVICE: a call failed. */
BT_CHECKED bt_status bt_gpu_create(const struct bt_gpu_params *params, struct bt_gpu **out_gpu);
void bt_gpu_destroy(struct bt_gpu **gpu);

const struct bt_gpu_caps *bt_gpu_caps(const struct bt_gpu *gpu);
struct bt_log *bt_gpu_log(const struct bt_gpu *gpu);

/* Fills up to `capacity` entries with every device the loader shows, usable or not. */
BT_CHECKED bt_status bt_gpu_list(struct bt_log *log, struct bt_gpu_caps *out_caps, uint32_t capacity, uint32_t *out_count);

/* The pipeline cache's bytes, malloc'ed, for the caller to keep and free. */
BT_CHECKED bt_status bt_gpu_cache_save(struct bt_gpu *gpu, void **out_bytes, size_t *out_size);

/* Submits recorded commands in order on the one queue; `out_value` is reached on the device's timeline when all are done.
   Each recording starts with a barrier after everything submitted before it, so submissions never race. */
BT_CHECKED bt_status bt_gpu_submit(struct bt_gpu *gpu, struct bt_commands *const *commands, uint32_t count,
                                   uint64_t *out_value);
/* BT_E_TIMEOUT when it takes longer; BT_E_DEVICE_LOST when the device is gone. */
BT_CHECKED bt_status bt_gpu_wait(struct bt_gpu *gpu, uint64_t value, int64_t timeout_ns);
uint32_t bt_gpu_threads(const struct bt_gpu *gpu); /* as the parameters say: how many set-up work may use */
bool bt_gpu_lost(const struct bt_gpu *gpu);

#endif
