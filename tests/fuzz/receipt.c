/* SPDX-License-Identifier: MIT */
/* A receipt's door: what is read is written again, and that is read the same. */
#include "trust/receipt/receipt.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_receipt first, second;
    char *json = NULL, *again = NULL;
    if (bt_receipt_parse(NULL, (const char *)data, size, &first)) return 0;
    if (bt_receipt_json(&first, &json)) return 0;
    if (bt_receipt_parse(NULL, json, strlen(json), &second) || bt_receipt_json(&second, &again) || strcmp(json, again)) abort();
    free(json);
    free(again);
    return 0;
}
