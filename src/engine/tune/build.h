/* SPDX-License-Identifier: MIT */
/* Inside tune/: the growing table, and the clock. */
#ifndef BT_TUNE_BUILD_H
#define BT_TUNE_BUILD_H

#include "engine/tune/tune.h"

struct bt_tuning {
    uint64_t key; /* device, driver, shaders and this format */
    struct bt_tuned *tuned;
    uint32_t count, capacity;
};

/* In the place of what was known of the layer. */
BT_CHECKED bt_status bt_tune_keep(struct bt_tuning *tuning, const struct bt_layer *layer, const struct bt_choice *choice);

/* Times a step of a plan in each of `count` ways, in turns, so that a disturbance hits all: the median of a few rounds. 0: the
   device cannot run it so. BT_E_TIMEOUT: the deadline came before all of them had run once. */
BT_CHECKED bt_status bt_tune_measure(const struct bt_tune_params *params, const struct bt_plan *plan, uint32_t step,
                                     const struct bt_layer *layer, const struct bt_choice *choice, uint32_t count,
                                     int64_t deadline_ns, uint64_t *out_ns);

#endif
