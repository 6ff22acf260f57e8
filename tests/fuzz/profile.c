/* SPDX-License-Identifier: MIT */
/* libFuzzer target for labelling profiles: whatever the file says, merging it never asks for less than the default. Build as
   tests/fuzz/onnx_import.c says. */
#include "app/profiles.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bt_profile usual, said, merged; /* large */
    struct bt_profile_finding found[BT_PROFILE_MOST_FINDINGS];
    struct bt_profile_said why, less[4];
    struct bt_profiles_label label;
    if (!usual.instruments && bt_profiles_default(NULL, &usual)) abort();
    if (bt_profiles_parse(NULL, "input", "input", (struct bt_bytes){data, size}, &said)) return 0;
    (void)bt_profile_less(&said, &usual, less, BT_COUNT(less));
    merged = usual;
    if (bt_profile_merge(&merged, &said, &why)) return 0;
    if (bt_profile_less(&merged, &usual, less, BT_COUNT(less))) abort();
    if (merged.label.all_of.count < usual.label.all_of.count || !merged.label.anchor.count) abort();
    const struct bt_profile_program program = bt_profiles_program(&merged, &label);
    for (uint32_t i = 0, n = bt_profile_judge(&merged, &program, found); i < n; i++)
        if (!*found[i].asks.text || !*found[i].answer.text) abort();
    return 0;
}
