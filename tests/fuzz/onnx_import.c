/* SPDX-License-Identifier: MIT */
/* libFuzzer target for the door of the engine: import, fuse, plan and print whatever comes. Build with clang,
   -DBAUTA_FUZZ=ON -DBAUTA_SANITIZE=address,undefined,fuzzer-no-link. */
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void print_and_plan(const struct bt_graph *graph) {
    struct bt_plan *plan = NULL;
    char *text = NULL;
    if (!bt_graph_print(graph, &text)) free(text);
    text = NULL;
    if (bt_plan_create(graph, NULL, NULL, &plan)) return;
    if (!bt_plan_print(plan, &text)) free(text);
    bt_plan_destroy(&plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_graph *graph = NULL;
    if (bt_onnx_import((struct bt_bytes){.data = data, .size = size}, NULL, &graph)) return 0;
    print_and_plan(graph);
    /* An imported graph is sound: fusing may only fail for want of memory, and must leave a sound graph. */
    if (!bt_fuse(graph, NULL)) {
        if (bt_graph_verify(graph, NULL)) abort();
        print_and_plan(graph);
    }
    bt_graph_destroy(&graph);
    return 0;
}
