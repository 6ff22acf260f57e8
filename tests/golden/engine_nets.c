/* SPDX-License-Identifier: MIT */
/* The shipped nets after fuse/ and plan/, as text (tests/golden/engine/<net>.txt): a change of the compiler shows as a diff.
   Fusing must not change a bit of the numbers where it only moves them about, and the plan, walked on the CPU, must give the
   same. On a difference the new text is left in the build folder. */
#include "base/log.h"
#include "base/rng.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include "engine/ref/ref.h"
#include "support/cmocka.h"
#include "support/engine_walk.h"
#include "support/file_bytes.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

enum { OUTPUTS_MAX = 8 };

static struct bt_graph *import_net(const char *name) {
    struct bt_bytes file = bt_test_model(name);
    if (!file.data) skip(); /* packaging/models has not been run */
    struct bt_graph *graph = NULL;
    bt_status st = bt_onnx_import(file, NULL, &graph);
    bt_test_free(&file);
    assert_int_equal(st, BT_OK);
    return graph;
}

/* The graph, then the plan without its steps: their offsets say no more than the sum does. */
static char *describe(const struct bt_graph *graph) {
    struct bt_plan *plan = NULL;
    char *text = NULL, *steps = NULL, *both = NULL;
    assert_int_equal(bt_graph_print(graph, &text), BT_OK);
    assert_int_equal(bt_plan_create(graph, NULL, NULL, &plan), BT_OK);
    assert_int_equal(bt_plan_print(plan, &steps), BT_OK);
    char *memory = strstr(steps, "memory:");
    assert_non_null(memory);
    int head = (int)strcspn(steps, "\n");
    size_t size = strlen(text) + strlen(steps) + 2;
    both = malloc(size);
    assert_non_null(both);
    snprintf(both, size, "%s%.*s\n%s", text, head, steps, memory);
    bt_plan_destroy(&plan);
    free(text);
    free(steps);
    return both;
}

static void leave_text(const char *name, const char *text) {
    char path[1024];
    const char *build = getenv("BAUTA_TEST_BUILD");
    snprintf(path, sizeof path, "%s/%s.golden.txt", build ? build : ".", name);
    FILE *file = fopen(path, "w");
    if (!file) return;
    fputs(text, file);
    fclose(file);
    print_error("differs from tests/golden/engine/%s.txt; the new text is %s\n", name, path);
}

static void check_golden(const char *name, const struct bt_graph *graph) {
    char path[1024];
    const char *source = getenv("BAUTA_TEST_SOURCE");
    snprintf(path, sizeof path, "%s/tests/golden/engine/%s.txt", source ? source : ".", name);
    char *text = describe(graph);
    struct bt_bytes golden = bt_test_read(path);
    bool same = golden.data && golden.size == strlen(text) && !memcmp(golden.data, text, golden.size);
    if (!same) leave_text(name, text);
    bt_test_free(&golden);
    free(text);
    assert_true(same);
}

static struct bt_ref_tensor tensor_like(const struct bt_graph *graph, uint16_t value) {
    const struct bt_value *v = &graph->value[value];
    struct bt_ref_tensor t = {.type = v->type, .shape = v->shape};
    t.data = calloc(bt_shape_elements(&v->shape), sizeof(float));
    assert_non_null(t.data);
    return t;
}

/* `rounding`: by how much fusing may change a number. */
static void check_numbers(struct bt_graph *graph, const char *name, float rounding) {
    struct bt_ref_tensor in = tensor_like(graph, graph->input[0]), plain[OUTPUTS_MAX], fused[OUTPUTS_MAX], walked[OUTPUTS_MAX];
    struct bt_rng rng;
    bt_rng_init(&rng, 1, 2);
    /* A smooth picture: noise alone leads the mesh's eye crops out of the picture. */
    for (size_t i = 0; i < bt_shape_elements(&in.shape); i++) {
        ((float *)in.data)[i] = 0.5f + 0.3f * sinf((float)i * 0.01f) + bt_rng_uniform(&rng, -0.1f, 0.1f);
    }
    for (uint32_t i = 0; i < graph->output_count; i++) {
        plain[i] = tensor_like(graph, graph->output[i]);
        fused[i] = tensor_like(graph, graph->output[i]);
        walked[i] = tensor_like(graph, graph->output[i]);
    }
    assert_int_equal(bt_ref_run(graph, &in, plain), BT_OK);
    assert_int_equal(bt_fuse(graph, NULL), BT_OK);
    check_golden(name, graph);
    assert_int_equal(bt_ref_run(graph, &in, fused), BT_OK);
    assert_int_equal(bt_walk_run(graph, &in, walked), BT_OK);
    for (uint32_t i = 0; i < graph->output_count; i++) {
        const size_t count = bt_shape_elements(&plain[i].shape), bytes = count * sizeof(float);
        const float *before = plain[i].data, *after = fused[i].data;
        for (size_t k = 0; k < count; k++) assert_true(fabsf(before[k] - after[k]) <= rounding);
        assert_memory_equal(fused[i].data, walked[i].data, bytes);
        free(plain[i].data);
        free(fused[i].data);
        free(walked[i].data);
    }
    free(in.data);
}

static void check_net(const char *name, uint32_t outputs, float rounding) {
    struct bt_graph *graph = import_net(name);
    assert_int_equal(graph->input_count, 1);
    assert_int_equal(graph->output_count, outputs);
    check_numbers(graph, name, rounding);
    bt_graph_destroy(&graph);
}

static void face_detector(void **state) {
    (void)state;
    check_net("face_detector", 2, 0);
}

static void face_mesh(void **state) {
    (void)state;
    check_net("face_mesh", 7, 0);
}

static void selfie_matte(void **state) {
    (void)state;
    check_net("selfie_matte", 1, 1e-6f); /* convolutions before Resize: sums in another order */
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(face_detector), cmocka_unit_test(face_mesh),
                                       cmocka_unit_test(selfie_matte)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
