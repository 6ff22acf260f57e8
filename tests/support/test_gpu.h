/* SPDX-License-Identifier: MIT */
/* A device for tests. The log counts errors, validation messages among them, so that a test can ask for none:
   VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation loads the layer where it is installed. */
#ifndef BT_TESTS_SUPPORT_TEST_GPU_H
#define BT_TESTS_SUPPORT_TEST_GPU_H

#include "base/log.h"
#include "gpu/device.h"
#include <stdio.h>
#include <string.h>

struct test_gpu {
    struct bt_log *log;
    struct bt_gpu *gpu;
    int errors, validation;
    char last[512];
};

static inline void test_gpu_sink(void *user, enum bt_log_level level, const char *line) {
    struct test_gpu *t = user;
    if (level >= BT_LOG_ERROR) t->errors++;
    if (strstr(line, "vulkan validation")) t->validation++;
    snprintf(t->last, sizeof t->last, "%.500s", line);
    if (level >= BT_LOG_WARNING) fprintf(stderr, "log: %s\n", line);
}

static inline bt_status test_gpu_open(struct test_gpu *t) {
    memset(t, 0, sizeof *t);
    t->log = bt_log_create(test_gpu_sink, t, BT_LOG_DEBUG);
    const struct bt_gpu_params params = {.log = t->log};
    return bt_gpu_create(&params, &t->gpu);
}

static inline void test_gpu_close(struct test_gpu *t) {
    bt_gpu_destroy(&t->gpu);
    bt_log_destroy(&t->log);
}

#endif
