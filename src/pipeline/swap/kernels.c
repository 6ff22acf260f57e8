/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/kernels.h"
#include "gpu/kernel.h"
#include "spv/swap_core.h"
#include "spv/swap_draw.h"
#include "spv/swap_fit.h"
#include "spv/swap_guard.h"
#include "spv/swap_judge.h"
#include "spv/swap_residual.h"
#include "spv/swap_settle.h"
#include "spv/swap_shrink.h"
#include "spv/swap_solve.h"
#include "spv/swap_unwrap.h"
#include "swap/core.h"
#include "swap/draw.h"
#include "swap/fit.h"
#include "swap/guard.h"
#include "swap/judge.h"
#include "swap/residual.h"
#include "swap/settle.h"
#include "swap/shrink.h"
#include "swap/solve.h"
#include "swap/unwrap.h"

#define SAMPLED BT_SLOT_SAMPLED
#define TEXELS  BT_SLOT_TEXELS
#define STORAGE BT_SLOT_STORAGE
#define UNIFORM BT_SLOT_UNIFORM
#define IMAGE   BT_SLOT_IMAGE

static const struct {
    const char *name;
    const uint32_t *spirv;
    const size_t *spirv_bytes;
    uint32_t slot_count, push_bytes;
    enum bt_slot slots[BT_DRAW_SLOTS]; /* the most any has */
} kernels[BT_SWAP_KERNELS] = {
    [BT_KERNEL_SHRINK] = {"swap.shrink",
                          bt_spv_swap_shrink,
                          &bt_spv_swap_shrink_bytes,
                          BT_SHRINK_SLOTS,
                          sizeof(struct bt_shrink_push),
                          {SAMPLED, IMAGE}},
    [BT_KERNEL_UNWRAP] = {"swap.unwrap",
                          bt_spv_swap_unwrap,
                          &bt_spv_swap_unwrap_bytes,
                          BT_UNWRAP_SLOTS,
                          sizeof(struct bt_unwrap_push),
                          {SAMPLED, TEXELS, TEXELS, IMAGE, IMAGE}},
    [BT_KERNEL_CORE] = {"swap.core", bt_spv_swap_core, &bt_spv_swap_core_bytes, BT_CORE_SLOTS, 0, {SAMPLED, SAMPLED, IMAGE}},
    [BT_KERNEL_JUDGE] = {"swap.judge",
                         bt_spv_swap_judge,
                         &bt_spv_swap_judge_bytes,
                         BT_JUDGE_SLOTS,
                         sizeof(struct bt_judge_push),
                         {SAMPLED, SAMPLED, SAMPLED, IMAGE}},
    [BT_KERNEL_FIT] = {"swap.fit",
                       bt_spv_swap_fit,
                       &bt_spv_swap_fit_bytes,
                       BT_FIT_SLOTS,
                       sizeof(struct bt_fit_push),
                       {SAMPLED, SAMPLED, SAMPLED, SAMPLED, UNIFORM, STORAGE}},
    [BT_KERNEL_SOLVE] = {"swap.solve",
                         bt_spv_swap_solve,
                         &bt_spv_swap_solve_bytes,
                         BT_SOLVE_SLOTS,
                         sizeof(struct bt_solve_push),
                         {TEXELS, STORAGE, STORAGE}},
    [BT_KERNEL_RESIDUAL] = {"swap.residual",
                            bt_spv_swap_residual,
                            &bt_spv_swap_residual_bytes,
                            BT_RESIDUAL_SLOTS,
                            0,
                            {SAMPLED, SAMPLED, SAMPLED, SAMPLED, UNIFORM, IMAGE, IMAGE}},
    [BT_KERNEL_SETTLE] = {"swap.settle",
                          bt_spv_swap_settle,
                          &bt_spv_swap_settle_bytes,
                          BT_SETTLE_SLOTS,
                          sizeof(struct bt_settle_push),
                          {SAMPLED, SAMPLED, SAMPLED, IMAGE}},
    [BT_KERNEL_GUARD] = {"swap.guard",
                         bt_spv_swap_guard,
                         &bt_spv_swap_guard_bytes,
                         BT_GUARD_SLOTS,
                         sizeof(struct bt_guard_push),
                         {SAMPLED, IMAGE, IMAGE, STORAGE}},
    [BT_KERNEL_DRAW] = {"swap.draw",
                        bt_spv_swap_draw,
                        &bt_spv_swap_draw_bytes,
                        BT_DRAW_SLOTS,
                        sizeof(struct bt_draw_push),
                        {TEXELS, TEXELS, TEXELS, TEXELS, TEXELS, UNIFORM, SAMPLED, SAMPLED, SAMPLED, SAMPLED, SAMPLED, IMAGE,
                         IMAGE}},
};

bt_status bt_swap_kernel_create(struct bt_gpu *gpu, enum bt_swap_kernel kernel, struct bt_kernel **out_kernel) {
    struct bt_kernel_params params = {
        .name = kernels[kernel].name,
        .spirv = kernels[kernel].spirv,
        .spirv_bytes = *kernels[kernel].spirv_bytes,
        .slots = kernels[kernel].slots,
        .slot_count = kernels[kernel].slot_count,
        .push_bytes = kernels[kernel].push_bytes,
    };
    return bt_kernel_create(gpu, &params, out_kernel);
}
