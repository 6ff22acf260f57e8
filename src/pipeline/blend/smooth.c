/* SPDX-License-Identifier: MIT */
#include "pipeline/blend/smooth.h"
#include "blend/smooth.h"
#include "gpu/command.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "spv/blend_smooth.h"
#include <math.h>
#include <stdlib.h>

struct bt_smooth {
    struct bt_kernel *kernel;
};

bt_status bt_blend_smooth_create(struct bt_gpu *gpu, struct bt_smooth **out_smooth) {
    static const enum bt_slot slots[BT_SMOOTH_SLOTS] = {BT_SLOT_SAMPLED, BT_SLOT_IMAGE};
    struct bt_kernel_params params = {
        .name = "blend.smooth",
        .spirv = bt_spv_blend_smooth,
        .spirv_bytes = bt_spv_blend_smooth_bytes,
        .slots = slots,
        .slot_count = BT_SMOOTH_SLOTS,
        .push_bytes = sizeof(struct bt_smooth_push),
    };
    struct bt_smooth *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    bt_status st = bt_kernel_create(gpu, &params, &s->kernel);
    if (st) goto fail;
    *out_smooth = s;
    return BT_OK;
fail:
    bt_blend_smooth_destroy(&s);
    return st;
}

void bt_blend_smooth_destroy(struct bt_smooth **smooth) {
    if (!*smooth) return;
    bt_kernel_destroy(&(*smooth)->kernel);
    free(*smooth);
    *smooth = NULL;
}

bt_status bt_blend_smooth_bind(struct bt_smooth *smooth, struct bt_image *from, struct bt_image *to,
                               struct bt_bindings **out_bindings) {
    struct bt_binding b[BT_SMOOTH_SLOTS] = {
        [BT_SMOOTH_FROM] = {.image = from, .sampler = BT_SAMPLER_LINEAR_EDGE},
        [BT_SMOOTH_TO] = {.image = to},
    };
    return bt_bindings_create(smooth->kernel, b, BT_SMOOTH_SLOTS, out_bindings);
}

void bt_blend_smooth_record(struct bt_smooth *smooth, struct bt_commands *commands, const struct bt_smooth_pass *pass) {
    float sigma = fminf(16, fmaxf(.2f, pass->sigma_px * pass->scale));
    struct bt_smooth_push push = {
        .x = pass->x,
        .y = pass->y,
        .w = pass->w,
        .h = pass->h,
        .scale = pass->scale,
        .inverse_from_w = 1 / (float)bt_image_width(pass->from),
        .inverse_from_h = 1 / (float)bt_image_height(pass->from),
        .step_x = pass->vertical ? 0 : 1,
        .step_y = pass->vertical ? 1 : 0,
        .radius = (int32_t)(2 * sigma + .5f), /* 95 % of a Gaussian's weight */
        .falloff = 1 / (2 * sigma * sigma),
    };
    uint32_t w = ((uint32_t)pass->w + BT_SMOOTH_LOCAL - 1) / BT_SMOOTH_LOCAL;
    uint32_t h = ((uint32_t)pass->h + BT_SMOOTH_LOCAL - 1) / BT_SMOOTH_LOCAL;
    bt_commands_dispatch(commands, smooth->kernel, pass->bindings, &push, w, h, 1);
}
