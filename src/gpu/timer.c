/* SPDX-License-Identifier: MIT */
#include "gpu/internal.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_TIMERS = 4096, CHUNK = 64 };

bt_status bt_timers_create(struct bt_gpu *gpu, uint32_t count, struct bt_timers **out_timers) {
    if (count == 0 || count > MAX_TIMERS) return BT_E_ARGUMENT;
    struct bt_timers *timers = calloc(1, sizeof *timers);
    if (!timers) return BT_E_MEMORY;
    timers->gpu = gpu;
    timers->count = count;
    if (gpu->timestamp_bits) {
        const VkQueryPoolCreateInfo info = {
            .sType = VK_STRUCTURE_TYPE_QUERY_POOL_CREATE_INFO, .queryType = VK_QUERY_TYPE_TIMESTAMP, .queryCount = count};
        bt_status st = bt_gpu_result(gpu, vkCreateQueryPool(gpu->device, &info, NULL, &timers->pool), "vkCreateQueryPool");
        if (st) {
            free(timers);
            return st;
        }
        vkResetQueryPool(gpu->device, timers->pool, 0, count); /* what is never stamped reads as zero, not as garbage */
    }
    *out_timers = timers;
    return BT_OK;
}

void bt_timers_destroy(struct bt_timers **timers) {
    if (!timers || !*timers) return;
    vkDestroyQueryPool((*timers)->gpu->device, (*timers)->pool, NULL);
    free(*timers);
    *timers = NULL;
}

bt_status bt_timers_read(struct bt_timers *timers, uint64_t *out_ns) {
    struct bt_gpu *gpu = timers->gpu;
    if (!timers->pool) {
        memset(out_ns, 0, timers->count * sizeof *out_ns);
        return BT_OK;
    }
    const uint64_t mask = gpu->timestamp_bits >= 64 ? UINT64_MAX : (UINT64_C(1) << gpu->timestamp_bits) - 1;
    for (uint32_t first = 0; first < timers->count; first += CHUNK) {
        const uint32_t count = timers->count - first < CHUNK ? timers->count - first : CHUNK;
        uint64_t pairs[CHUNK][2]; /* ticks, and whether they are there */
        const VkResult result =
            vkGetQueryPoolResults(gpu->device, timers->pool, first, count, sizeof pairs, pairs, sizeof pairs[0],
                                  VK_QUERY_RESULT_64_BIT | VK_QUERY_RESULT_WITH_AVAILABILITY_BIT);
        if (result != VK_NOT_READY) {
            bt_status st = bt_gpu_result(gpu, result, "vkGetQueryPoolResults");
            if (st) return st;
        }
        for (uint32_t i = 0; i < count; i++)
            out_ns[first + i] =
                pairs[i][1] ? (uint64_t)((double)(pairs[i][0] & mask) * (double)gpu->caps.timestamp_period_ns) : 0;
    }
    return BT_OK;
}
