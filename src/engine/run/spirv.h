/* SPDX-License-Identifier: MIT */
/* The kernels' code, by kernel and variant. */
#ifndef BT_RUN_SPIRV_H
#define BT_RUN_SPIRV_H

#include "engine/emit/program.h"

struct bt_run_spirv {
    const uint32_t *words;
    size_t size_bytes;
};
struct bt_run_spirv bt_run_spirv(enum bt_kernel_id id, enum bt_code code);
/* The variants for float16, of kernels that have one (emit/half.def); no words of others. */
struct bt_run_spirv bt_run_spirv_half(enum bt_kernel_id id, bool texels, enum bt_half half);
/* Compiled with these very constants (frozen.txt): the driver gets none, and has less to do. False: there is no such code. */
bool bt_run_frozen(enum bt_kernel_id id, enum bt_code code, const uint32_t *constants, struct bt_run_spirv *out_spirv);

#endif
