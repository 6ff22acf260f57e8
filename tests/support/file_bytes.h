/* SPDX-License-Identifier: MIT */
/* Whole files, for tests. */
#ifndef BT_TEST_FILE_BYTES_H
#define BT_TEST_FILE_BYTES_H

#include "base/bytes.h"
#include <stdio.h>
#include <stdlib.h>

/* data is NULL if there is no such file. */
static inline struct bt_bytes bt_test_read(const char *path) {
    struct bt_bytes bytes = {0};
    FILE *file = fopen(path, "rb");
    if (!file) return bytes;
    uint8_t *data = NULL;
    size_t size = 0, room = 0;
    for (;;) {
        if (size == room) {
            room = room ? room * 2 : 65536;
            uint8_t *more = realloc(data, room);
            if (!more) break;
            data = more;
        }
        size_t got = fread(data + size, 1, room - size, file);
        if (!got) {
            bytes = (struct bt_bytes){.data = data, .size = size};
            break;
        }
        size += got;
    }
    if (!bytes.data) free(data);
    fclose(file);
    return bytes;
}

static inline void bt_test_free(struct bt_bytes *bytes) {
    free((void *)(uintptr_t)bytes->data);
    *bytes = (struct bt_bytes){0};
}

/* A model that packaging/models converted; data is NULL if it is not there. */
static inline struct bt_bytes bt_test_model(const char *name) {
    const char *folder = getenv("BAUTA_TEST_MODELS");
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.onnx", folder ? folder : "models", name);
    return bt_test_read(path);
}

#endif
