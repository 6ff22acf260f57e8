/* SPDX-License-Identifier: MIT */
/* The plain-C operators against ONNX's own backend tests (Debian: libonnx-testdata). Each test folder has a model and its
   inputs and outputs as TensorProto files. A model that the engine refuses as unsupported is not applicable; a wrong number,
   or a model refused as malformed, is a failure. Every accepted model is also fused and, where it can be, planned. */
#include "base/log.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/ref/ref.h"
#include "support/cmocka.h"
#include "support/engine_walk.h"
#include "support/file_bytes.h"
#include "support/onnx_writer.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char root[] = "/usr/share/libonnx-testdata/data";
enum { TENSORS_MAX = 16 };
enum verdict { PASSED, FAILED, NOT_APPLICABLE };

struct tally {
    unsigned passed, failed, not_applicable, planned;
    bool verbose;
};

struct tensors {
    size_t count;
    struct bt_ref_tensor at[TENSORS_MAX];
    struct bt_bytes file[TENSORS_MAX];
};

static void free_tensors(struct tensors *t) {
    for (size_t i = 0; i < TENSORS_MAX; i++) {
        free(t->at[i].data);
        bt_test_free(&t->file[i]);
    }
}

/* false: a type the engine does not know (then the model is not for it either). */
static bool load_tensors(const char *folder, const char *what, struct tensors *out) {
    for (; out->count < TENSORS_MAX; out->count++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/test_data_set_0/%s_%zu.pb", folder, what, out->count);
        struct bt_bytes bytes = bt_test_read(path);
        if (!bytes.data) return true;
        out->file[out->count] = bytes;
        struct bt_ref_tensor *t = &out->at[out->count];
        if (bt_onnx_read_tensor(bytes, NULL, &t->type, &t->shape, &t->data)) return false;
    }
    return true;
}

static double number(const struct bt_ref_tensor *t, size_t i) {
    switch (t->type) {
    case BT_TYPE_F32:
        return (double)((const float *)t->data)[i];
    case BT_TYPE_I64:
        return (double)((const int64_t *)t->data)[i];
    case BT_TYPE_I32:
        return ((const int32_t *)t->data)[i];
    default:
        return ((const uint8_t *)t->data)[i];
    }
}

/* The tolerances of onnx/backend/test/runner: rtol 1e-3, atol 1e-7; float16 models are exact only to their own precision. */
static bool close_to(const struct bt_ref_tensor *got, const struct bt_ref_tensor *want) {
    if (got->type != want->type || !bt_shape_equal(&got->shape, &want->shape)) return false;
    for (size_t i = 0; i < bt_shape_elements(&want->shape); i++) {
        double g = number(got, i), w = number(want, i);
        if (g == w || (isnan(g) && isnan(w))) continue;
        if (!(fabs(g - w) <= 1e-6 + 1e-3 * fabs(w))) return false;
    }
    return true;
}

typedef bt_status (*runner)(const struct bt_graph *graph, const struct bt_ref_tensor *inputs, struct bt_ref_tensor *outputs);

static bool runs_right(const struct bt_graph *graph, const struct tensors *in, const struct tensors *want, size_t bound,
                       runner run) {
    struct bt_ref_tensor inputs[TENSORS_MAX] = {0}, got[TENSORS_MAX] = {0};
    bool right = graph->output_count == want->count;
    for (uint32_t i = 0; right && i < graph->input_count; i++) {
        /* Bound inputs are constants; the others keep their order. */
        inputs[i] = in->at[bound ? 0 : i];
        const struct bt_value *v = &graph->value[graph->input[i]];
        right = inputs[i].type == v->type && bt_shape_equal(&inputs[i].shape, &v->shape);
    }
    for (uint32_t i = 0; right && i < graph->output_count; i++) {
        const struct bt_value *v = &graph->value[graph->output[i]];
        got[i] = (struct bt_ref_tensor){.type = v->type, .shape = v->shape};
        got[i].data = calloc(bt_shape_elements(&v->shape) + 1, 8);
        right = got[i].data;
    }
    right = right && !run(graph, inputs, got);
    for (uint32_t i = 0; right && i < graph->output_count; i++) right = close_to(&got[i], &want->at[i]);
    for (uint32_t i = 0; i < TENSORS_MAX; i++) free(got[i].data);
    return right;
}

static enum verdict try_model(struct bt_bytes model, const struct tensors *in, const struct tensors *want, size_t bound,
                              struct tally *tally) {
    struct bt_graph *graph = NULL;
    bt_status st = bt_onnx_import(model, NULL, &graph);
    if (st) return st == BT_E_UNSUPPORTED ? NOT_APPLICABLE : FAILED;
    size_t expected = in->count - bound;
    enum verdict verdict = NOT_APPLICABLE;
    if (graph->input_count <= expected) {
        verdict = runs_right(graph, in, want, bound, bt_ref_run) ? PASSED : FAILED;
        if (verdict == PASSED) {
            bool fused = !bt_fuse(graph, NULL) && runs_right(graph, in, want, bound, bt_ref_run);
            st = fused ? bt_walk_can_plan(graph) : BT_OK;
            bool planned = fused && !st && runs_right(graph, in, want, bound, bt_walk_run);
            if (!fused || (!planned && st != BT_E_UNSUPPORTED)) verdict = FAILED;
            tally->planned += planned;
        }
    }
    bt_graph_destroy(&graph);
    return verdict;
}

static enum verdict run_folder(const char *folder, struct tally *tally) {
    struct tensors in = {0}, want = {0};
    enum verdict verdict = NOT_APPLICABLE;
    char path[1024];
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    struct bt_bytes model = bt_test_read(path);
    if (model.data && load_tensors(folder, "input", &in) && load_tensors(folder, "output", &want) && want.count) {
        verdict = try_model(model, &in, &want, 0, tally);
        if (verdict == NOT_APPLICABLE && in.count > 1) {
            /* Parameters (axes, pads, scales ...) come as inputs in these tests: bind all but the first as constants. */
            struct bt_writer bound = {0};
            bt_writer_bytes(&bound, model.data, model.size);
            bool named = true;
            for (size_t i = 1; i < in.count; i++) named &= bt_writer_bind_input(&bound, model, i, in.file[i]);
            if (named) verdict = try_model(bt_writer_view(&bound), &in, &want, in.count - 1, tally);
            bt_writer_free(&bound);
        }
    }
    bt_test_free(&model);
    free_tensors(&in);
    free_tensors(&want);
    return verdict;
}

static void run_group(const char *group, struct tally *tally) {
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, group);
    DIR *dir = opendir(path);
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));) {
        if (strncmp(e->d_name, "test_", 5) != 0) continue;
        char folder[512];
        snprintf(folder, sizeof folder, "%s/%.200s", path, e->d_name);
        enum verdict v = run_folder(folder, tally);
        tally->passed += v == PASSED;
        tally->failed += v == FAILED;
        tally->not_applicable += v == NOT_APPLICABLE;
        if (v == FAILED || tally->verbose)
            print_message("%s %s\n", v == FAILED ? "FAILED" : v == PASSED ? "passed" : "n.a.  ", e->d_name);
    }
    closedir(dir);
}

static void backend_tests(void **state) {
    (void)state;
    struct tally tally = {.verbose = getenv("BAUTA_TEST_VERBOSE")};
    static const char *const groups[] = {"node", "simple", "pytorch-operator", "pytorch-converted"};
    for (size_t i = 0; i < BT_COUNT(groups); i++) run_group(groups[i], &tally);
    print_message("ONNX backend tests: %u passed (%u of them also through the planner), %u failed, %u not applicable\n",
                  tally.passed, tally.planned, tally.failed, tally.not_applicable);
    if (tally.passed + tally.failed + tally.not_applicable == 0) skip(); /* libonnx-testdata is not installed */
    assert_int_equal(tally.failed, 0);
    assert_true(tally.passed >= 150);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(backend_tests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
