/* SPDX-License-Identifier: MIT */
#include "engine/run/spirv.h"

#include "engine/run/run.h"
#include "gpu/device.h"
#include <assert.h>
#include <string.h>

#define BT_KERNEL(id, shader, prefix, slots)                                                                                   \
    extern const uint32_t bt_spv_engine_##shader[], bt_spv_engine_##shader##_texels[], bt_spv_engine_##shader##_lanes[];       \
    extern const size_t bt_spv_engine_##shader##_bytes, bt_spv_engine_##shader##_texels_bytes,                                 \
        bt_spv_engine_##shader##_lanes_bytes;
#include "engine/emit/kernels.def"
#undef BT_KERNEL

#define BT_DECLARE(name)                                                                                                       \
    extern const uint32_t name[];                                                                                              \
    extern const size_t name##_bytes;
#define BT_HALF_KERNEL(id, shader, products)                                                                                   \
    BT_DECLARE(bt_spv_engine_##shader##_half) BT_DECLARE(bt_spv_engine_##shader##_half_texels)
#include "engine/emit/half.def"
#undef BT_HALF_KERNEL
#define BT_PRODUCTS_KERNEL(shader)                                                                                             \
    BT_DECLARE(bt_spv_engine_##shader##_products) BT_DECLARE(bt_spv_engine_##shader##_products_texels)
BT_PRODUCTS_KERNEL(conv)
BT_PRODUCTS_KERNEL(tile)
BT_PRODUCTS_KERNEL(dw)
#undef BT_PRODUCTS_KERNEL
#undef BT_DECLARE

#define BT_FROZEN(id, name, ...)                                                                                               \
    extern const uint32_t bt_spv_##name[];                                                                                     \
    extern const size_t bt_spv_##name##_bytes;
#include "engine_frozen.def"
#undef BT_FROZEN

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

struct bt_run_spirv bt_run_spirv_half(enum bt_kernel_id id, bool texels, enum bt_half half) {
    const struct bt_run_spirv all[BT_KERNEL_COUNT][2][2] = {
#define BT_SPIRV(name)                                                                                                         \
    { name, name##_bytes }
#define BT_HALF_KERNEL(id, shader, products)                                                                                   \
    [BT_KERNEL_##id] = {{BT_SPIRV(bt_spv_engine_##shader##_half), BT_SPIRV(bt_spv_engine_##shader##_half_texels)},             \
                        {BT_SPIRV(bt_spv_engine_##shader##products), BT_SPIRV(bt_spv_engine_##shader##products##_texels)}},
#include "engine/emit/half.def"
#undef BT_HALF_KERNEL
#undef BT_SPIRV
    };
    assert(id < BT_KERNEL_COUNT && half != BT_HALF_OFF);
    return all[id][half == BT_HALF_ARITHMETIC][texels];
}

bool bt_run_frozen(enum bt_kernel_id id, enum bt_code code, const uint32_t *constants, struct bt_run_spirv *out_spirv) {
    static const struct {
        enum bt_kernel_id id;
        uint32_t constants[BT_DISPATCH_CONSTANTS];
        const uint32_t *words;
        const size_t *size_bytes;
    } all[] = {
#define BT_FROZEN(id, name, ...) {BT_KERNEL_##id, {__VA_ARGS__}, bt_spv_##name, &bt_spv_##name##_bytes},
#include "engine_frozen.def"
#undef BT_FROZEN
    };
    if (code != BT_CODE_LANES) return false;
    const size_t size = bt_emit_kernel_info(id)->constant_count * sizeof *constants;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (all[i].id != id || memcmp(all[i].constants, constants, size) != 0) continue;
        *out_spirv = (struct bt_run_spirv){all[i].words, *all[i].size_bytes};
        return true;
    }
    return false;
}

uint32_t bt_run_share(const struct bt_gpu_caps *caps) {
    uint32_t lanes = caps->subgroup_lanes;
    bool fits = lanes == 4 || lanes == 8 || lanes == 16;
    return fits && caps->subgroup_shuffle && caps->wide_integers ? lanes : 0;
}
