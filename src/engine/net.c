/* SPDX-License-Identifier: MIT */
#include "engine/net.h"

#include "base/clock.h"
#include "base/log.h"
#include "engine/emit/program.h"
#include "engine/fuse/fuse.h"
#include "engine/graph/graph.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include "engine/run/run.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include <stdlib.h>
#include <string.h>

struct bt_net {
    char *name;
    struct bt_graph *graph; /* owns the tensors' names */
    struct bt_run *run;
    struct bt_tensor *input, *output;
    uint32_t input_count, output_count;
};

static struct bt_emit_params emit_params(const struct bt_gpu_caps *caps, enum bt_variant variant) {
    bool cpu = caps->kind == BT_GPU_CPU;
    return (struct bt_emit_params){
        .texels = variant == BT_VARIANT_TEXELS || (variant == BT_VARIANT_AUTO && cpu),
        .max_texels = caps->max_texels,
        .cpu = cpu,
    };
}

static struct bt_tensor tensor_of(const struct bt_net *net, const struct bt_place *place, const char *name) {
    struct bt_tensor t = {
        .name = name,
        .buffer = bt_run_buffer(net->run, place->region),
        .offset_bytes = place->offset_bytes,
        .size_bytes = place->size_bytes,
        .layout = place->layout,
        .rank = place->shape.rank,
    };
    memcpy(t.dim, place->shape.dim, sizeof t.dim);
    return t;
}

static bt_status describe(struct bt_net *net, const struct bt_plan *plan) {
    net->input = calloc(plan->input_count + 1, sizeof *net->input);
    net->output = calloc(plan->output_count + 1, sizeof *net->output);
    if (!net->input || !net->output) return BT_E_MEMORY;
    net->input_count = plan->input_count;
    net->output_count = plan->output_count;
    const struct bt_graph *g = net->graph;
    for (uint32_t i = 0; i < plan->input_count; i++)
        net->input[i] = tensor_of(net, &plan->input[i], g->value[g->input[i]].name);
    for (uint32_t i = 0; i < plan->output_count; i++)
        net->output[i] = tensor_of(net, &plan->output[i], g->value[g->output[i]].name);
    return BT_OK;
}

bt_status bt_net_create(const struct bt_net_params *params, struct bt_net **out_net) {
    const struct bt_gpu_caps *caps = bt_gpu_caps(params->gpu);
    size_t align = caps->texel_align_bytes > caps->storage_align_bytes ? caps->texel_align_bytes : caps->storage_align_bytes;
    struct bt_plan_params plan_params = {.alignment_bytes = align > 256 ? align : 256, .guard_bytes = BT_RUN_GUARD_BYTES};
    struct bt_emit_params emit = emit_params(caps, params->variant);
    emit.alignment_bytes = plan_params.alignment_bytes;
    emit.guard_bytes = plan_params.guard_bytes;
    struct bt_plan *plan = NULL;
    struct bt_program *program = NULL;
    int64_t start_ns = bt_clock_now_ns();
    struct bt_net *net = calloc(1, sizeof *net);
    if (!net) return BT_E_MEMORY;
    bt_status st = BT_OK;
    net->name = strdup(params->name ? params->name : "net");
    if (!net->name) st = BT_E_MEMORY;
    if (!st) st = bt_onnx_import(params->onnx, params->log, &net->graph);
    if (!st) st = bt_fuse(net->graph, params->log);
    if (!st) st = bt_plan_create(net->graph, &plan_params, params->log, &plan);
    if (!st) st = bt_emit_create(plan, &emit, params->log, &program);
    if (!st) st = bt_run_create(&(struct bt_run_params){.gpu = params->gpu, .log = params->log, .program = program}, &net->run);
    if (!st) st = describe(net, plan);
    if (st) goto fail;
    bt_log_debug(params->log, "engine: %s: %u dispatches, %u kernels, %zu KiB of constants, %zu KiB of scratch, %.0f ms",
                 net->name, program->dispatch_count, bt_run_kernel_count(net->run),
                 program->region_bytes[BT_REGION_CONSTANT] >> 10, program->region_bytes[BT_REGION_ARENA] >> 10,
                 (double)(bt_clock_now_ns() - start_ns) * 1e-6);
    bt_emit_destroy(&program);
    bt_plan_destroy(&plan);
    *out_net = net;
    return BT_OK;
fail:
    bt_emit_destroy(&program);
    bt_plan_destroy(&plan);
    bt_net_destroy(&net);
    return st;
}

void bt_net_destroy(struct bt_net **out_net) {
    struct bt_net *net = *out_net;
    if (!net) return;
    bt_run_destroy(&net->run);
    bt_graph_destroy(&net->graph);
    free(net->input);
    free(net->output);
    free(net->name);
    free(net);
    *out_net = NULL;
}

static const struct bt_tensor *find(const struct bt_tensor *tensor, uint32_t count, const char *name) {
    if (!name) return count ? &tensor[0] : NULL;
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(tensor[i].name, name)) return &tensor[i];
    }
    return NULL;
}

const struct bt_tensor *bt_net_input(const struct bt_net *net, const char *name) {
    return find(net->input, net->input_count, name);
}

const struct bt_tensor *bt_net_output(const struct bt_net *net, const char *name) {
    return find(net->output, net->output_count, name);
}

uint32_t bt_net_output_count(const struct bt_net *net) {
    return net->output_count;
}

const struct bt_tensor *bt_net_output_at(const struct bt_net *net, uint32_t index) {
    return index < net->output_count ? &net->output[index] : NULL;
}

struct bt_commands *bt_net_commands(struct bt_net *net) {
    return bt_run_commands(net->run);
}
