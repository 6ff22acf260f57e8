/* SPDX-License-Identifier: MIT */
/* The face geometry that packaging/models made, for tests of the rig and what stands on it. */
#ifndef BT_TEST_GEOMETRY_FILE_H
#define BT_TEST_GEOMETRY_FILE_H

#include "base/bytes.h"
#include <stdio.h>
#include <stdlib.h>

enum { GEOMETRY_FILE_MAX = 1 << 16 };

/* Bytes of face_geometry.bin under BAUTA_TEST_MODELS; size 0 when it is not there. `storage`: GEOMETRY_FILE_MAX bytes. */
static inline struct bt_bytes geometry_file(uint8_t *storage) {
    const char *folder = getenv("BAUTA_TEST_MODELS");
    char path[1024];
    snprintf(path, sizeof(path), "%s/face_geometry.bin", folder ? folder : "models");
    FILE *file = fopen(path, "rb");
    if (!file) return (struct bt_bytes){storage, 0};
    const size_t size = fread(storage, 1, GEOMETRY_FILE_MAX, file);
    fclose(file);
    return (struct bt_bytes){storage, size};
}

#endif
