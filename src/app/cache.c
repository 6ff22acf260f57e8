/* SPDX-License-Identifier: MIT */
#include "app/cache.h"

#include "app/app.h"
#include "app/files.h"
#include "base/log.h"
#include "engine/tuning.h"
#include "gpu/device.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char kernels_name[] = "kernels.bin", measured_name[] = "tuning.bin";
static const size_t most_bytes = 64u << 20; /* of either; drivers keep a few MiB */
enum { BARE_KERNELS_BYTES = 32 };           /* VkPipelineCacheHeaderVersionOne: there is nothing in it */
enum { GPU_BUDGET_S = 10, MOST_BUDGET_S = 86400 };

static struct bt_bytes read_kept(struct bt_log *log, const char *name) {
    char path[PATH_MAX];
    struct bt_bytes bytes = {0};
    if (bt_files_cache(name, path, sizeof path) || access(path, R_OK)) return bytes;
    if (bt_files_read(log, path, most_bytes, &bytes)) return (struct bt_bytes){0};
    return bytes;
}

/* The folder is nobody else's: a driver believes what it is given. */
static bool make_folder(struct bt_log *log) {
    char folder[PATH_MAX], parent[PATH_MAX];
    if (bt_files_cache("", folder, sizeof folder)) return false;
    snprintf(parent, sizeof parent, "%s", folder);
    for (int up = 0; up < 2; up++) { /* …/bauta/ to … */
        char *slash = strrchr(parent, '/');
        if (slash) *slash = 0;
    }
    if (parent[0] && access(parent, F_OK) && bt_files_make_folder(log, parent)) return false;
    if (mkdir(folder, 0700) && access(folder, W_OK)) {
        bt_log_debug(log, "%s cannot be written: nothing is kept for the next start", folder);
        return false;
    }
    return true;
}

/* `was` becomes the copy of what is kept now; takes `bytes` over. */
static void keep(struct bt_log *log, const char *name, void *bytes, size_t size, struct bt_bytes *was) {
    char path[PATH_MAX];
    bool same = was->size == size && !memcmp(was->data, bytes, size);
    if (!same && make_folder(log) && !bt_files_cache(name, path, sizeof path) && bt_files_write(log, path, bytes, size))
        bt_log_debug(log, "nothing was kept in %s", path);
    free((void *)(uintptr_t)was->data);
    *was = (struct bt_bytes){bytes, size};
}

bt_status bt_cache_open_device(struct bt_cache *cache, struct bt_log *log, const char *device, struct bt_gpu **out_gpu) {
    cache->log = log;
    cache->kernels = read_kept(log, kernels_name);
    const struct bt_gpu_params params = {
        .log = log, .device = device, .cache = cache->kernels.data, .cache_bytes = cache->kernels.size};
    return bt_gpu_create(&params, out_gpu);
}

void bt_cache_load_tuning(struct bt_cache *cache, struct bt_gpu *gpu) {
    if (cache->tuning) return;
    cache->measured = read_kept(cache->log, measured_name);
    if (bt_net_tuning_create(gpu, cache->log, cache->measured, &cache->tuning))
        bt_log_debug(cache->log, "no memory for what was measured before");
}

bt_status bt_cache_budget(struct bt_log *log, const char *text, const struct bt_gpu *gpu, int64_t *out_ns) {
    uint64_t seconds = bt_gpu_caps(gpu)->kind == BT_GPU_CPU ? 0 : GPU_BUDGET_S;
    if (text && (!bt_app_number(text, &seconds) || seconds > MOST_BUDGET_S)) {
        bt_log_error(log, "--tune %s: expected a number of seconds, at most %d", text, MOST_BUDGET_S);
        return BT_E_ARGUMENT;
    }
    *out_ns = (int64_t)seconds * 1000000000;
    return BT_OK;
}

static void show(void *user, const struct bt_tune_news *news) {
    (void)user;
    fprintf(stderr, "\r  measured %u of %u kinds of layer", news->done, news->total);
    fflush(stderr);
}

void bt_cache_measure(struct bt_cache *cache, struct bt_gpu *gpu, const struct bt_bytes *onnx, uint32_t count,
                      int64_t budget_ns) {
    uint32_t left = 0;
    struct bt_net_tune_params params = {.gpu = gpu, .log = cache->log, .onnx = onnx, .count = count};
    if (!cache->tuning || budget_ns <= 0) return;
    bt_status status = bt_net_tune(cache->tuning, &params, &left); /* no time: only counts them */
    if (!status && left) {
        bt_log_info(cache->log, "measuring once how this device runs the nets best, for at most %d s (--tune 0 skips it)",
                    (int)(budget_ns / 1000000000));
        params.budget_ns = budget_ns;
        if (isatty(STDERR_FILENO)) params.news = show;
        status = bt_net_tune(cache->tuning, &params, &left);
        if (params.news) fputc('\n', stderr);
    }
    if (status)
        bt_log_warning(cache->log, "measuring stopped: %s", bauta_status_text(status));
    else if (left)
        bt_log_info(cache->log, "%u kinds of layer are left for the next start", left);
}

void bt_cache_save(struct bt_cache *cache, struct bt_gpu *gpu) {
    void *bytes = NULL;
    size_t size = 0;
    if (!bt_gpu_cache_save(gpu, &bytes, &size)) {
        if (size > BARE_KERNELS_BYTES)
            keep(cache->log, kernels_name, bytes, size, &cache->kernels);
        else
            free(bytes);
    }
    uint32_t count = 0;
    if (cache->tuning) bt_tune_table(cache->tuning, &count);
    if (count && !bt_tune_save(cache->tuning, &bytes, &size)) keep(cache->log, measured_name, bytes, size, &cache->measured);
}

void bt_cache_close(struct bt_cache *cache) {
    bt_tune_destroy(&cache->tuning);
    free((void *)(uintptr_t)cache->kernels.data);
    free((void *)(uintptr_t)cache->measured.data);
    *cache = (struct bt_cache){0};
}
