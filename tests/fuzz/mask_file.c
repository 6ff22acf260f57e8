/* SPDX-License-Identifier: MIT */
/* libFuzzer target for the mask file's door. Raw bytes seldom get past the checksum, so the input also becomes a mask's
   numbers, which encode then sums: what is refused or taken is judged by the checks behind the sum. Build as
   tests/fuzz/onnx_import.c says. */
#include "mask/mask.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_mask *back = NULL;
    if (!bt_mask_decode(NULL, (struct bt_bytes){data, size}, &back)) bt_mask_destroy(&back);
    struct bt_mask *mask = calloc(1, sizeof(*mask));
    uint8_t *bytes = malloc(bt_mask_encoded_bytes()), *again = malloc(bt_mask_encoded_bytes());
    if (mask && bytes && again) {
        memcpy(mask, data, size < sizeof(*mask) ? size : sizeof(*mask));
        mask->name[BT_MASK_NAME_BYTES - 1] = 0;
        bt_mask_encode(mask, bytes);
        if (!bt_mask_decode(NULL, (struct bt_bytes){bytes, bt_mask_encoded_bytes()}, &back)) {
            bt_mask_encode(back, again);
            if (memcmp(bytes, again, bt_mask_encoded_bytes()) != 0) abort();
            bt_mask_destroy(&back);
        }
    }
    free(mask);
    free(bytes);
    free(again);
    return 0;
}
