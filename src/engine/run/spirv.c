/* SPDX-License-Identifier: MIT */
#include "engine/run/spirv.h"

#include "engine/run/run.h"
#include "gpu/device.h"
#include <assert.h>

#define BT_KERNEL(id, shader, prefix, slots)                                                                                   \
    extern const uint32_t bt_spv_engine_##shader[], bt_spv_engine_##shader##_texels[], bt_spv_engine_##shader##_lanes[];       \
    extern const size_t bt_spv_engine_##shader##_bytes, bt_spv_engine_##shader##_texels_bytes,                                 \
        bt_spv_engine_##shader##_lanes_bytes;
#include "engine/emit/kernels.def"
#undef BT_KERNEL

struct bt_run_spirv bt_run_spirv(enum bt_kernel_id id, enum bt_code code) {
    const struct bt_run_spirv all[BT_KERNEL_COUNT][3] = {
#define BT_KERNEL(id, shader, prefix, slots)                                                                                   \
    {{bt_spv_engine_##shader, bt_spv_engine_##shader##_bytes},                                                                 \
     {bt_spv_engine_##shader##_texels, bt_spv_engine_##shader##_texels_bytes},                                                 \
     {bt_spv_engine_##shader##_lanes, bt_spv_engine_##shader##_lanes_bytes}},
#include "engine/emit/kernels.def"
#undef BT_KERNEL
    };
    assert(id < BT_KERNEL_COUNT && code <= BT_CODE_LANES);
    return all[id][code];
}

uint32_t bt_run_share(const struct bt_gpu_caps *caps) {
    uint32_t lanes = caps->subgroup_lanes;
    bool fits = lanes == 4 || lanes == 8 || lanes == 16;
    return fits && caps->subgroup_shuffle && caps->wide_integers ? lanes : 0;
}
