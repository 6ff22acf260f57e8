/* SPDX-License-Identifier: MIT */
/* ONNX's own backend tests (Debian: libonnx-testdata): each is a folder with a model, inputs, and the outputs they should give.
 */
#ifndef BT_TEST_ONNX_CASES_H
#define BT_TEST_ONNX_CASES_H

#include "base/bytes.h"
#include "engine/graph/graph.h"
#include "engine/ref/ref.h"

enum { CASE_TENSORS_MAX = 16, CASE_REASON_BYTES = 200 };

struct case_tensors {
    size_t count;
    struct bt_ref_tensor at[CASE_TENSORS_MAX];
    struct bt_bytes file[CASE_TENSORS_MAX];
};

struct onnx_case {
    const char *name;
    struct bt_bytes model;  /* as imported: maybe with inputs bound as constants */
    struct bt_graph *graph; /* NULL: not imported. The callee may change it. */
    bt_status status;       /* of the import, or BT_E_UNSUPPORTED: the data are of a type that the engine does not know */
    char reason[CASE_REASON_BYTES]; /* if not BT_OK */
    uint64_t ops;                   /* bit i: a node of operator i of ops.def */
    bool unknown_op;                /* a node of an operator that ops.def does not have */
    size_t bound;                   /* inputs 1 … bound are constants of `model` */
    struct case_tensors in, want;
};

typedef void (*onnx_case_fn)(void *user, struct onnx_case *c);
/* Calls `fn` for every test; how many there were: 0 if libonnx-testdata is not installed. `bind`: all inputs but the first
   become constants wherever the model takes that (a convolution's weights are inputs in these tests); else only where it must
   be. */
unsigned onnx_cases_each(bool bind, onnx_case_fn fn, void *user);

/* What to give the graph's input i, or NULL: the test's data do not fit it. */
const struct bt_ref_tensor *onnx_case_input(const struct onnx_case *c, const struct bt_graph *graph, uint32_t i);
/* By the tolerances of ONNX's runner (onnx/backend/test/runner), and `slack`, absolute, beside. */
bool onnx_case_close(const struct bt_ref_tensor *got, const struct bt_ref_tensor *want, double slack);

#endif
