/* SPDX-License-Identifier: MIT */
/* The plain-C operators against ONNX's own backend tests. A model that the engine refuses as unsupported is not applicable, and
   the reason is printed; a wrong number, or a model refused as malformed, is a failure. Every accepted model is also fused and,
   where it can be, planned. kernel/engine_backend runs the same on the GPU. */
#include "engine/fuse/fuse.h"
#include "support/cmocka.h"
#include "support/engine_walk.h"
#include "support/onnx_cases.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(BT_OP_COUNT <= 64, "onnx_case.ops");

enum verdict { PASSED, FAILED, NOT_APPLICABLE, VERDICTS };

struct result {
    char name[80], reason[CASE_REASON_BYTES];
    enum verdict verdict;
    uint64_t ops;
};

struct tally {
    struct result *result;
    size_t count, room;
    unsigned all[VERDICTS], planned;
};

typedef bt_status (*runner)(const struct bt_graph *graph, const struct bt_ref_tensor *inputs, struct bt_ref_tensor *outputs);

static bool runs_right(const struct onnx_case *c, runner run) {
    struct bt_ref_tensor inputs[CASE_TENSORS_MAX] = {0}, got[CASE_TENSORS_MAX] = {0};
    const struct bt_graph *graph = c->graph;
    bool right = graph->output_count == c->want.count;
    for (uint32_t i = 0; right && i < graph->input_count; i++) {
        const struct bt_ref_tensor *t = onnx_case_input(c, graph, i);
        right = t;
        if (t) inputs[i] = *t;
    }
    for (uint32_t i = 0; right && i < graph->output_count; i++) {
        const struct bt_value *v = &graph->value[graph->output[i]];
        got[i] = (struct bt_ref_tensor){.type = v->type, .shape = v->shape};
        got[i].data = calloc(bt_shape_elements(&v->shape) + 1, 8);
        right = got[i].data;
    }
    right = right && !run(graph, inputs, got);
    for (uint32_t i = 0; right && i < graph->output_count; i++) right = onnx_case_close(&got[i], &c->want.at[i], 1e-6);
    for (uint32_t i = 0; i < CASE_TENSORS_MAX; i++) free(got[i].data);
    return right;
}

/* What went wrong, or NULL. */
static const char *try_graph(struct onnx_case *c, struct tally *tally) {
    if (!runs_right(c, bt_ref_run)) return "wrong by the reference";
    if (bt_fuse(c->graph, NULL)) return "cannot be fused";
    if (!runs_right(c, bt_ref_run)) return "wrong after fusion";
    bt_status st = bt_walk_can_plan(c->graph);
    if (st) return st == BT_E_UNSUPPORTED ? NULL : "cannot be planned";
    if (!runs_right(c, bt_walk_run)) return "wrong by its plan";
    tally->planned++;
    return NULL;
}

static void try_case(void *user, struct onnx_case *c) {
    struct tally *tally = user;
    const char *wrong = c->graph ? try_graph(c, tally) : c->status == BT_E_UNSUPPORTED ? NULL : c->reason;
    if (tally->count == tally->room) {
        tally->room = tally->room * 2 + 256;
        tally->result = realloc(tally->result, tally->room * sizeof *tally->result);
        assert_non_null(tally->result);
    }
    struct result *r = &tally->result[tally->count++];
    r->verdict = wrong ? FAILED : c->graph ? PASSED : NOT_APPLICABLE;
    r->ops = c->ops;
    tally->all[r->verdict]++;
    snprintf(r->name, sizeof r->name, "%.79s", c->name);
    snprintf(r->reason, sizeof r->reason, "%s", wrong ? wrong : c->reason);
}

/* False: no test of this operator has passed. */
static bool print_op(const struct tally *tally, enum bt_op op) {
    unsigned count[VERDICTS] = {0};
    for (size_t i = 0; i < tally->count; i++) {
        if (tally->result[i].ops >> op & 1) count[tally->result[i].verdict]++;
    }
    print_message("%-22s %3u passed, %u failed, %u not applicable\n", bt_op_info(op)->name, count[PASSED], count[FAILED],
                  count[NOT_APPLICABLE]);
    for (size_t i = 0; i < tally->count; i++) {
        const struct result *r = &tally->result[i];
        if (!(r->ops >> op & 1) || r->verdict == PASSED) continue;
        print_message("    %s %s: %s\n", r->verdict == FAILED ? "FAILED" : "n.a.", r->name, r->reason);
    }
    return count[PASSED] > 0;
}

static void backend_tests(void **state) {
    (void)state;
    struct tally tally = {0};
    if (!onnx_cases_each(false, try_case, &tally)) skip(); /* libonnx-testdata is not installed */
    unsigned others = 0, untested = 0;
    for (int op = 0; op < BT_OP_COUNT; op++) {
        if (op != BT_OP_SEPARABLE_CONV) untested += !print_op(&tally, (enum bt_op)op); /* unit/engine_separable has that one */
    }
    for (size_t i = 0; i < tally.count; i++) others += !tally.result[i].ops;
    print_message(
        "ONNX backend tests: %u passed (%u of them also through the planner), %u failed, %u not applicable, %u of these "
        "with none of our operators\n",
        tally.all[PASSED], tally.planned, tally.all[FAILED], tally.all[NOT_APPLICABLE], others);
    for (size_t i = 0; i < tally.count; i++) {
        /* Nobody refuses without saying why. */
        if (tally.result[i].verdict != PASSED && !tally.result[i].reason[0]) fail_msg("%s: no reason", tally.result[i].name);
    }
    assert_int_equal(tally.all[FAILED], 0);
    assert_int_equal(untested, 0);
    assert_true(tally.all[PASSED] >= 350);
    free(tally.result);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(backend_tests)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
