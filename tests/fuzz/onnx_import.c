/* SPDX-License-Identifier: MIT */
/* libFuzzer target for the door of the engine: import, print, fuse, plan and emit whatever comes, for a CPU driver's texels and
   for a GPU's storage buffers: all that happens to a model before the device sees it. Build with clang, -DBAUTA_FUZZ=ON
   -DBAUTA_SANITIZE=address,undefined,fuzzer-no-link. */
#include "engine/emit/program.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void emit(const struct bt_plan *plan, bool cpu) {
    /* Vulkan's least limits, as run/ would pass a device's. */
    const struct bt_emit_params params = {
        .texels = cpu, .max_texels = 65536, .cpu = cpu, .alignment_bytes = 256, .guard_bytes = 64};
    struct bt_program *program = NULL;
    char *text = NULL;
    if (bt_emit_create(plan, &params, NULL, &program)) return;
    if (!bt_emit_print(program, &text)) free(text);
    bt_emit_destroy(&program);
}

static void print_plan_and_emit(const struct bt_graph *graph) {
    const struct bt_plan_params params = {.alignment_bytes = 256, .guard_bytes = 256};
    struct bt_plan *plan = NULL;
    char *text = NULL;
    if (!bt_graph_print(graph, &text)) free(text);
    text = NULL;
    if (bt_plan_create(graph, &params, NULL, &plan)) return;
    if (!bt_plan_print(plan, &text)) free(text);
    emit(plan, true);
    emit(plan, false);
    bt_plan_destroy(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_graph *graph = NULL;
    if (bt_onnx_import((struct bt_bytes){.data = data, .size = size}, NULL, &graph)) return 0;
    print_plan_and_emit(graph);
    /* An imported graph is sound: fusing may only fail for want of memory, and must leave a sound graph. */
    if (!bt_fuse(graph, NULL) && !bt_fuse_separable(graph, NULL)) {
        if (bt_graph_verify(graph, NULL)) abort();
        print_plan_and_emit(graph);
    }
    bt_graph_destroy(&graph);
    return 0;
}
