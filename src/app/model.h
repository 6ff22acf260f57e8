/* SPDX-License-Identifier: MIT */
/* What the words after `bauta model` share: a file, a device, a net with its inputs filled. */
#ifndef BT_APP_MODEL_H
#define BT_APP_MODEL_H

#include "app/app.h"
#include "app/cache.h"
#include "base/bytes.h"
#include "engine/net.h"

struct bt_gpu;

struct bt_model {
    struct bt_log *log;
    const struct bt_app_options *options;
    int64_t start_ns;
    const char *path;
    enum bt_variant variant;
    enum bt_half half;
    uint64_t seed;
    struct bt_bytes onnx;
    struct bt_gpu *gpu;
    struct bt_cache cache;
};

/* As float32[1,3,192,192]. */
struct bt_model_shape {
    char text[96];
};
struct bt_model_shape bt_model_shape(const char *type, uint32_t rank, const uint32_t *dim);
struct bt_model_shape bt_model_shape_of(const struct bt_tensor *tensor);
size_t bt_model_elements(const struct bt_tensor *tensor);
const char *bt_model_variant_name(enum bt_variant variant);
const char *bt_model_half_name(enum bt_half half);

/* With the caches of earlier starts. */
BT_CHECKED bt_status bt_model_open_device(struct bt_model *model);
BT_CHECKED bt_status bt_model_load(struct bt_model *model, bool timed, struct bt_net **out_net);
/* From --input, the others random. BT_E_ARGUMENT: a name that no input has, a wrong shape; the log says which there are. */
BT_CHECKED bt_status bt_model_fill(const struct bt_model *model, const struct bt_net *net);
/* Submits, waits; again, where float16 did not hold a layer's results, with that layer in float32. */
BT_CHECKED bt_status bt_model_submit(const struct bt_model *model, struct bt_net *net);

/* The words. */
bt_status bt_model_run(struct bt_model *model);
bt_status bt_model_bench(struct bt_model *model);
bt_status bt_model_first(struct bt_model *model);
bt_status bt_model_tune(struct bt_model *model);

/* model_first.c: this program's own `model first` in a new process, whose caches lie in `folder`. Milliseconds. */
struct bt_model_start {
    double device_ms, net_ms, run_ms; /* opening it, loading it, the first run */
    double total_ms;                  /* since main was entered */
    double cpu_ms;                    /* of the whole process, every thread of the driver included */
};
BT_CHECKED bt_status bt_model_start_again(const struct bt_model *model, const char *folder, struct bt_model_start *out_start);
struct json_t;
struct json_t *bt_model_start_json(const struct bt_model_start *start);
void bt_model_start_print(const char *what, const struct bt_model_start *start);

#endif
