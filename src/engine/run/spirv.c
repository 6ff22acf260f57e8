/* SPDX-License-Identifier: MIT */
#include "engine/run/spirv.h"

#include <assert.h>

#define BT_KERNEL(id, shader, prefix, slots)                                                                                   \
    extern const uint32_t bt_spv_engine_##shader[], bt_spv_engine_##shader##_texels[];                                         \
    extern const size_t bt_spv_engine_##shader##_bytes, bt_spv_engine_##shader##_texels_bytes;
#include "engine/emit/kernels.def"
#undef BT_KERNEL

struct bt_run_spirv bt_run_spirv(enum bt_kernel_id id, bool texels) {
    const struct {
        const uint32_t *storage, *texels;
        size_t storage_bytes, texels_bytes;
    } code[BT_KERNEL_COUNT] = {
#define BT_KERNEL(id, shader, prefix, slots)                                                                                   \
    {bt_spv_engine_##shader, bt_spv_engine_##shader##_texels, bt_spv_engine_##shader##_bytes,                                  \
     bt_spv_engine_##shader##_texels_bytes},
#include "engine/emit/kernels.def"
#undef BT_KERNEL
    };
    assert(id < BT_KERNEL_COUNT);
    return texels ? (struct bt_run_spirv){code[id].texels, code[id].texels_bytes}
                  : (struct bt_run_spirv){code[id].storage, code[id].storage_bytes};
}
