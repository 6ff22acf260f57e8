/* SPDX-License-Identifier: MIT */
/* What earlier starts found out about this device, in $XDG_CACHE_HOME/bauta: how each convolution is best run, and the kernels
   that the driver compiled. It only ever saves time: what cannot be read or written is done without. */
#ifndef BT_APP_CACHE_H
#define BT_APP_CACHE_H

#include "base/bytes.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_gpu;
struct bt_log;
struct bt_tuning;

struct bt_cache {
    struct bt_log *log;
    struct bt_bytes kernels, measured; /* as they were read */
    struct bt_tuning *tuning;          /* NULL: not loaded */
};

/* Opens the device (a part of its name, or NULL) with the kernels that are kept. Fails as bt_gpu_create does. */
BT_CHECKED bt_status bt_cache_open_device(struct bt_cache *cache, struct bt_log *log, const char *device,
                                          struct bt_gpu **out_gpu);
/* Fills cache->tuning with what is kept. */
void bt_cache_load_tuning(struct bt_cache *cache, struct bt_gpu *gpu);

/* --tune SECONDS: how long a start may measure what is not known yet. `text` NULL: 10 s on a GPU; 0 on a CPU driver, which
   would compile for minutes to gain a few percent. BT_E_ARGUMENT: not a number of seconds. */
BT_CHECKED bt_status bt_cache_budget(struct bt_log *log, const char *text, const struct bt_gpu *gpu, int64_t *out_ns);
/* Measures the nets' layers that the tuning lacks, with a line on the terminal. A failure is logged, no more. */
void bt_cache_measure(struct bt_cache *cache, struct bt_gpu *gpu, const struct bt_bytes *onnx, uint32_t count,
                      int64_t budget_ns);

/* Keeps what is new. */
void bt_cache_save(struct bt_cache *cache, struct bt_gpu *gpu);
void bt_cache_close(struct bt_cache *cache);

#endif
