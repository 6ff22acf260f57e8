/* SPDX-License-Identifier: MIT */
/* libFuzzer target for the face geometry's door. Start it with face_geometry.bin as corpus: other sizes are refused at once.
   Build as tests/fuzz/onnx_import.c says. */
#include "rig/rig.h"
#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_rig *rig = NULL;
    if (!bt_rig_create(NULL, (struct bt_bytes){data, size}, &rig)) bt_rig_destroy(&rig);
    return 0;
}
