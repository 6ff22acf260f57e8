/* SPDX-License-Identifier: MIT */
/* ONNX's own backend tests through the engine's front door, on the GPU, in both variants. unit/engine_backend says why a test
   is not applicable; here are counted those that the planner takes. */
#include "base/log.h"
#include "engine/fuse/fuse.h"
#include "engine/net.h"
#include "gpu/command.h"
#include "gpu/memory.h"
#include "support/cmocka.h"
#include "support/onnx_cases.h"
#include "support/test_gpu.h"
#include <stdlib.h>

struct tally {
    struct test_gpu gpu;
    struct bt_log *why;
    char reason[CASE_REASON_BYTES]; /* the log's first line since a test began */
    unsigned passed, failed, refused, others;
};

static void keep_reason(void *user, enum bt_log_level level, const char *line) {
    struct tally *tally = user;
    (void)level;
    if (!tally->reason[0]) snprintf(tally->reason, sizeof tally->reason, "%s", line);
}

static bool fill_inputs(const struct onnx_case *c, const struct bt_net *net) {
    for (uint32_t i = 0; i < c->graph->input_count; i++) {
        const struct bt_ref_tensor *t = onnx_case_input(c, c->graph, i);
        if (!t || bt_net_fill(bt_net_input_at(net, i), t->data)) return false;
    }
    return true;
}

/* Outputs are floats, truth values too. */
static bool outputs_right(const struct onnx_case *c, const struct bt_net *net) {
    if (bt_net_output_count(net) != c->want.count) return false;
    for (uint32_t i = 0; i < c->want.count; i++) {
        const struct bt_ref_tensor *want = &c->want.at[i];
        const struct bt_tensor *t = bt_net_output_at(net, i);
        const uint8_t *map = bt_buffer_map(t->buffer);
        const float *at = (const float *)(const void *)(map + t->offset_bytes);
        size_t count = bt_shape_elements(&want->shape);
        struct bt_ref_tensor got = {.type = want->type, .shape = {.rank = t->rank}};
        memcpy(got.shape.dim, t->dim, sizeof t->dim);
        uint8_t *truth = calloc(count + 1, 1);
        assert_non_null(truth);
        for (size_t k = 0; k < count; k++) truth[k] = at[k] != 0;
        got.data = want->type == BT_TYPE_BOOL ? (void *)truth : (void *)(uintptr_t)at;
        bool right = t->truth == (want->type == BT_TYPE_BOOL) && onnx_case_close(&got, want, 1e-5);
        free(truth);
        if (!right) return false;
    }
    return true;
}

static bool runs_right(const struct onnx_case *c, struct bt_net *net, struct bt_gpu *gpu) {
    uint64_t value = 0;
    struct bt_commands *commands = bt_net_commands(net);
    return fill_inputs(c, net) && !bt_gpu_submit(gpu, &commands, 1, &value) && !bt_gpu_wait(gpu, value, 60000000000) &&
           outputs_right(c, net);
}

static void try_case(void *user, struct onnx_case *c) {
    struct tally *tally = user;
    if (!c->graph) {
        tally->others++;
        return;
    }
    tally->reason[0] = 0;
    static const enum bt_variant variants[] = {BT_VARIANT_TEXELS, BT_VARIANT_STORAGE};
    for (size_t v = 0; v < BT_COUNT(variants); v++) {
        struct bt_net *net = NULL;
        struct bt_net_params params = {
            .gpu = tally->gpu.gpu, .log = tally->why, .name = c->name, .onnx = c->model, .variant = variants[v]};
        bt_status st = bt_net_create(&params, &net);
        if (st == BT_E_UNSUPPORTED) {
            print_message("not for the GPU %s: %s\n", c->name, tally->reason);
            tally->refused++;
            return;
        }
        bool right = !st && runs_right(c, net, tally->gpu.gpu);
        bt_net_destroy(&net);
        if (right) continue;
        print_message("FAILED %s, %s: %s\n", c->name, v ? "storage" : "texels", st ? bauta_status_text(st) : "wrong numbers");
        tally->failed++;
        return;
    }
    tally->passed++;
}

static void backend_tests(void **state) {
    (void)state;
    struct tally tally = {0};
    assert_int_equal(test_gpu_open(&tally.gpu), BT_OK);
    tally.why = bt_log_create(keep_reason, &tally, BT_LOG_ERROR);
    unsigned count = onnx_cases_each(true, try_case, &tally);
    bt_log_destroy(&tally.why);
    test_gpu_close(&tally.gpu);
    if (!count) skip(); /* libonnx-testdata is not installed */
    print_message(
        "ONNX backend tests on the GPU: %u passed, %u failed; %u not for the GPU (types or shapes), %u not applicable\n",
        tally.passed, tally.failed, tally.refused, tally.others);
    assert_int_equal(tally.failed, 0);
    assert_true(tally.passed >= 325);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(backend_tests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
