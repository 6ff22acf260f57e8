/* SPDX-License-Identifier: MIT */
/* numpy's .npy files: format 1.0 and 2.0 (numpy.lib.format), C order, little endian. Bytes in, bytes out. */
#ifndef BT_APP_NPY_H
#define BT_APP_NPY_H

#include "base/bytes.h"
#include "base/status.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;

enum { BT_NPY_RANK_MAX = 6 }; /* as the engine's tensors */

enum bt_npy_type {
    BT_NPY_FLOAT16,
    BT_NPY_FLOAT32,
    BT_NPY_FLOAT64,
    BT_NPY_INT32,
    BT_NPY_INT64,
    BT_NPY_BOOL,
    BT_NPY_UINT8,
    BT_NPY_TYPE_COUNT
};

struct bt_npy {
    enum bt_npy_type type;
    uint32_t rank, dim[BT_NPY_RANK_MAX];
    size_t count;         /* elements: 1 for rank 0 */
    struct bt_bytes data; /* borrowed from the file's bytes; exactly count elements */
};

/* `name` is for messages. BT_E_FORMAT: not such a file, cut off, or something stands behind the data. BT_E_UNSUPPORTED: Fortran
   order, big endian, another type, too many axes. */
BT_CHECKED bt_status bt_npy_read(struct bt_log *log, const char *name, struct bt_bytes file, struct bt_npy *out_npy);
/* `npy->count` floats; what a float cannot hold is rounded to the nearest, true is 1. */
void bt_npy_floats(const struct bt_npy *npy, float *out_floats);
const char *bt_npy_type_name(enum bt_npy_type type);

/* A file of format 1.0 with values that are given as floats; FLOAT32 or BOOL (what is not 0 is true). malloc'ed, for the caller
   to free. BT_E_MEMORY. */
BT_CHECKED bt_status bt_npy_write(enum bt_npy_type type, uint32_t rank, const uint32_t *dim, const float *values,
                                  uint8_t **out_file, size_t *out_size);

#endif
