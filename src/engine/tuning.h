/* SPDX-License-Identifier: MIT */
/* Tuning by whole nets: the door to tune/ for who has ONNX bytes and a device. */
#ifndef BT_ENGINE_TUNING_H
#define BT_ENGINE_TUNING_H

#include "engine/tune/tune.h"

enum { BT_NET_TUNING_NETS_MAX = 16 };

/* An empty table for the device, or what `kept` (from bt_tune_save) still says about it. */
BT_CHECKED bt_status bt_net_tuning_create(struct bt_gpu *gpu, struct bt_log *log, struct bt_bytes kept,
                                          struct bt_tuning **out_tuning);

struct bt_net_tune_params {
    struct bt_gpu *gpu;
    struct bt_log *log;
    const struct bt_bytes *onnx; /* borrowed; `count` of them, at most BT_NET_TUNING_NETS_MAX */
    uint32_t count;
    bool again; /* as in bt_tune_params, these three */
    int64_t budget_ns;
    void (*news)(void *user, const struct bt_tune_news *news);
    void *user;
};
/* Measures what the nets' convolutions lack in the table. Fails as bt_net_create does; *out_left as in bt_tune_layers. */
BT_CHECKED bt_status bt_net_tune(struct bt_tuning *tuning, const struct bt_net_tune_params *params, uint32_t *out_left);

#endif
