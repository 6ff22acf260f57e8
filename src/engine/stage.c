/* SPDX-License-Identifier: MIT */
/* The road without a device: from bytes to any stage's text. */
#include "engine/stage.h"

#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/run/run.h"
#include "gpu/device.h"
#include <stdlib.h>

void bt_net_target(const struct bt_gpu_caps *caps, enum bt_variant variant, enum bt_half half, struct bt_plan_params *out_plan,
                   struct bt_emit_params *out_emit) {
    bool cpu = caps->kind == BT_GPU_CPU;
    size_t align = caps->texel_align_bytes > caps->storage_align_bytes ? caps->texel_align_bytes : caps->storage_align_bytes;
    if (align < 256) align = 256;
    *out_plan =
        (struct bt_plan_params){.alignment_bytes = align, .guard_bytes = BT_RUN_GUARD_BYTES, .half = half != BT_HALF_OFF};
    bool texels = variant == BT_VARIANT_TEXELS || (variant == BT_VARIANT_AUTO && cpu);
    *out_emit = (struct bt_emit_params){
        .texels = texels,
        .share = texels && cpu && !half ? bt_run_share(caps) : 0, /* there is no such code for float16 */
        .half = half == BT_HALF_ARITHMETIC && !caps->half_arithmetic ? BT_HALF_STORAGE : half,
        /* On a CPU driver texels always win: a storage read is a loop over the lanes there. */
        .either = variant == BT_VARIANT_AUTO && !cpu,
        .max_texels = caps->max_texels,
        .cpu = cpu,
        .alignment_bytes = align,
        .guard_bytes = BT_RUN_GUARD_BYTES,
    };
}

bt_status bt_net_fuse(struct bt_graph *graph, const struct bt_gpu_caps *caps, enum bt_variant variant, enum bt_half half,
                      struct bt_log *log) {
    struct bt_plan_params plan;
    struct bt_emit_params emit;
    bt_net_target(caps, variant, half, &plan, &emit);
    bt_status st = bt_fuse(graph, log);
    return st || !emit.share ? st : bt_fuse_separable(graph, log);
}

/* The device that is asked for, or one like it. */
static struct bt_gpu_caps caps_of(const struct bt_net_print_params *params) {
    if (params->caps) return *params->caps;
    /* lavapipe's number of texels for the CPU; for the GPU, what most drivers have. */
    return (struct bt_gpu_caps){.kind = params->variant == BT_VARIANT_TEXELS ? BT_GPU_CPU : BT_GPU_DISCRETE,
                                .max_texels = 1u << 27,
                                .subgroup_lanes = 8,
                                .subgroup_shuffle = true,
                                .wide_integers = true,
                                .half_arithmetic = true};
}

static bt_status print_program(const struct bt_net_print_params *params, const struct bt_gpu_caps *caps,
                               const struct bt_graph *graph, char **out_text) {
    struct bt_plan_params to_plan;
    struct bt_emit_params to_emit;
    struct bt_plan *plan = NULL;
    struct bt_program *program = NULL;
    bt_net_target(caps, params->variant, params->half, &to_plan, &to_emit);
    bt_status st = bt_plan_create(graph, &to_plan, params->log, &plan);
    if (!st && params->stage == BT_STAGE_PLAN) {
        st = bt_plan_print(plan, out_text);
    } else if (!st) {
        st = bt_emit_create(plan, &to_emit, params->log, &program);
        if (!st) st = bt_emit_print(program, out_text);
    }
    bt_emit_destroy(&program);
    bt_plan_destroy(&plan);
    return st;
}

bt_status bt_net_print(const struct bt_net_print_params *params, char **out_text) {
    const struct bt_gpu_caps caps = caps_of(params);
    struct bt_graph *graph = NULL;
    bt_status st = bt_onnx_read(params->onnx, params->log, &graph);
    if (!st && params->stage == BT_STAGE_IMPORT) {
        st = bt_graph_print_raw(graph, out_text);
        goto done;
    }
    if (!st) st = bt_graph_infer(graph, params->log);
    if (!st && params->stage >= BT_STAGE_FUSE) st = bt_net_fuse(graph, &caps, params->variant, params->half, params->log);
    if (!st)
        st = params->stage >= BT_STAGE_PLAN ? print_program(params, &caps, graph, out_text) : bt_graph_print(graph, out_text);
done:
    if (graph) bt_graph_destroy(&graph);
    return st;
}
