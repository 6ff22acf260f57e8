/* SPDX-License-Identifier: MIT */
/* libFuzzer target for .npy files: what is read is written and must read back as the same floats. Build as
   tests/fuzz/onnx_import.c says. */
#include "app/npy.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_npy npy, back;
    if (bt_npy_read(NULL, "input", (struct bt_bytes){data, size}, &npy)) return 0;
    float *values = calloc(npy.count + 1, sizeof *values), *again = calloc(npy.count + 1, sizeof *again);
    uint8_t *file = NULL;
    size_t file_bytes = 0;
    if (values && again) {
        bt_npy_floats(&npy, values);
        enum bt_npy_type type = npy.type == BT_NPY_BOOL ? BT_NPY_BOOL : BT_NPY_FLOAT32;
        if (!bt_npy_write(type, npy.rank, npy.dim, values, &file, &file_bytes)) {
            if (bt_npy_read(NULL, "again", (struct bt_bytes){file, file_bytes}, &back)) abort();
            if (back.rank != npy.rank || memcmp(back.dim, npy.dim, sizeof npy.dim) != 0) abort();
            bt_npy_floats(&back, again);
            if (npy.count && memcmp(values, again, npy.count * sizeof *values) != 0) abort();
        }
    }
    free(file);
    free(values);
    free(again);
    return 0;
}
