/* SPDX-License-Identifier: MIT */
#include "engine/tuning.h"

#include "engine/onnx/onnx.h"
#include "engine/stage.h"
#include "gpu/device.h"

bt_status bt_net_tuning_create(struct bt_gpu *gpu, struct bt_log *log, struct bt_bytes kept, struct bt_tuning **out_tuning) {
    struct bt_plan_params plan;
    struct bt_emit_params emit;
    bt_net_target(bt_gpu_caps(gpu), BT_VARIANT_AUTO, BT_HALF_OFF, &plan, &emit);
    return bt_tune_create(bt_gpu_caps(gpu), &emit, kept, log, out_tuning);
}

bt_status bt_net_tune(struct bt_tuning *tuning, const struct bt_net_tune_params *params, uint32_t *out_left) {
    struct bt_graph *graph[BT_NET_TUNING_NETS_MAX] = {NULL};
    struct bt_plan *plan[BT_NET_TUNING_NETS_MAX] = {NULL};
    struct bt_plan_params plan_params;
    struct bt_emit_params emit;
    bt_status st = params->count <= BT_NET_TUNING_NETS_MAX ? BT_OK : BT_E_ARGUMENT;
    bt_net_target(bt_gpu_caps(params->gpu), BT_VARIANT_AUTO, BT_HALF_OFF, &plan_params, &emit);
    for (uint32_t i = 0; i < params->count && !st; i++) {
        st = bt_onnx_import(params->onnx[i], params->log, &graph[i]);
        if (!st) st = bt_net_fuse(graph[i], bt_gpu_caps(params->gpu), BT_VARIANT_AUTO, BT_HALF_OFF, params->log);
        if (!st) st = bt_plan_create(graph[i], &plan_params, params->log, &plan[i]);
    }
    if (!st) {
        const struct bt_plan *plans[BT_NET_TUNING_NETS_MAX];
        for (uint32_t i = 0; i < params->count; i++) plans[i] = plan[i];
        const struct bt_tune_params tune = {.gpu = params->gpu,
                                            .log = params->log,
                                            .plan = plans,
                                            .plan_count = params->count,
                                            .emit = &emit,
                                            .again = params->again,
                                            .budget_ns = params->budget_ns,
                                            .news = params->news,
                                            .user = params->user};
        st = bt_tune_layers(tuning, &tune, out_left);
    }
    for (uint32_t i = 0; i < BT_NET_TUNING_NETS_MAX; i++) {
        bt_plan_destroy(&plan[i]);
        if (graph[i]) bt_graph_destroy(&graph[i]);
    }
    return st;
}
