/* SPDX-License-Identifier: MIT */
#include "support/onnx_cases.h"
#include "base/log.h"
#include "engine/onnx/onnx.h"
#include "support/file_bytes.h"
#include "support/onnx_writer.h"
#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char root[] = "/usr/share/libonnx-testdata/data";
static const char *const groups[] = {"node", "simple", "pytorch-operator", "pytorch-converted"}; /* "real" has no models */

/* The first line of the log is why. */
static void keep_reason(void *user, enum bt_log_level level, const char *line) {
    struct onnx_case *c = user;
    (void)level;
    if (!c->reason[0]) snprintf(c->reason, sizeof c->reason, "%s", strncmp(line, "engine: ", 8) ? line : line + 8);
}

static void free_tensors(struct case_tensors *t) {
    for (size_t i = 0; i < CASE_TENSORS_MAX; i++) {
        free(t->at[i].data);
        bt_test_free(&t->file[i]);
    }
}

/* false: a type that the engine does not know. */
static bool load_tensors(const char *folder, const char *what, struct bt_log *log, struct case_tensors *out) {
    for (; out->count < CASE_TENSORS_MAX; out->count++) {
        char path[1024];
        snprintf(path, sizeof path, "%s/test_data_set_0/%s_%zu.pb", folder, what, out->count);
        struct bt_bytes bytes = bt_test_read(path);
        if (!bytes.data) return true;
        out->file[out->count] = bytes;
        struct bt_ref_tensor *t = &out->at[out->count];
        if (bt_onnx_read_tensor(bytes, log, &t->type, &t->shape, &t->data)) return false;
    }
    return true;
}

static void note_op(void *user, const char *op_type) {
    struct onnx_case *c = user;
    for (int op = 0; op < BT_OP_COUNT; op++) {
        if (strcmp(bt_op_info((enum bt_op)op)->name, op_type) != 0) continue;
        c->ops |= UINT64_C(1) << op;
        return;
    }
    c->unknown_op = true;
}

static void import(struct onnx_case *c, struct bt_bytes model, size_t bound, struct bt_log *log) {
    c->reason[0] = 0;
    c->bound = bound;
    c->model = model;
    c->status = BT_E_UNSUPPORTED;
    if (!c->want.count) {
        snprintf(c->reason, sizeof c->reason, "the test has no outputs as tensors");
        return;
    }
    c->status = bt_onnx_import(model, log, &c->graph);
    if (c->status || c->graph->input_count <= c->in.count - bound) return;
    c->status = BT_E_UNSUPPORTED;
    snprintf(c->reason, sizeof c->reason, "an input has no data");
    bt_graph_destroy(&c->graph);
}

/* The same model with all inputs but the first as constants: parameters (axes, pads, weights ...) come as inputs in these
 * tests. */
static bool bind_inputs(const struct onnx_case *c, struct bt_bytes model, struct bt_writer *out) {
    bool named = c->in.count > 1;
    bt_writer_bytes(out, model.data, model.size);
    for (size_t i = 1; i < c->in.count; i++) named &= bt_writer_bind_input(out, model, i, c->in.file[i]);
    return named;
}

static void run_folder(const char *folder, bool bind, struct bt_log *log, struct onnx_case *c, onnx_case_fn fn, void *user) {
    char path[1024];
    snprintf(path, sizeof path, "%s/model.onnx", folder);
    struct bt_bytes model = bt_test_read(path);
    struct bt_writer bound = {0};
    *c = (struct onnx_case){.name = strrchr(folder, '/') + 1, .model = model, .status = BT_E_UNSUPPORTED};
    if (model.data) bt_writer_each_op(model, note_op, c);
    if (model.data && load_tensors(folder, "input", log, &c->in) && load_tensors(folder, "output", log, &c->want)) {
        bool can_bind = bind_inputs(c, model, &bound);
        for (int way = 0; way < 2 && !c->graph && c->status == BT_E_UNSUPPORTED; way++) {
            bool now = bind == !way;
            if (now && can_bind) import(c, bt_writer_view(&bound), c->in.count - 1, log);
            if (!now) import(c, model, 0, log);
        }
    }
    fn(user, c);
    bt_graph_destroy(&c->graph);
    bt_writer_free(&bound);
    bt_test_free(&model);
    free_tensors(&c->in);
    free_tensors(&c->want);
}

static int is_test(const struct dirent *e) {
    return !strncmp(e->d_name, "test_", 5);
}

unsigned onnx_cases_each(bool bind, onnx_case_fn fn, void *user) {
    static struct onnx_case c;
    unsigned count = 0;
    struct bt_log *log = bt_log_create(keep_reason, &c, BT_LOG_ERROR);
    for (size_t g = 0; g < BT_COUNT(groups); g++) {
        char path[256], folder[512];
        struct dirent **entry = NULL;
        snprintf(path, sizeof path, "%s/%s", root, groups[g]);
        int entries = scandir(path, &entry, is_test, alphasort);
        for (int i = 0; i < entries; i++) {
            snprintf(folder, sizeof folder, "%s/%.200s", path, entry[i]->d_name);
            run_folder(folder, bind, log, &c, fn, user);
            free(entry[i]);
            count++;
        }
        if (entries >= 0) free(entry);
    }
    bt_log_destroy(&log);
    return count;
}

const struct bt_ref_tensor *onnx_case_input(const struct onnx_case *c, const struct bt_graph *graph, uint32_t i) {
    /* Bound inputs are constants; the others keep their order. */
    const struct bt_ref_tensor *t = &c->in.at[c->bound ? 0 : i];
    const struct bt_value *v = &graph->value[graph->input[i]];
    return t->type == v->type && bt_shape_equal(&t->shape, &v->shape) ? t : NULL;
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

bool onnx_case_close(const struct bt_ref_tensor *got, const struct bt_ref_tensor *want, double slack) {
    if (got->type != want->type || !bt_shape_equal(&got->shape, &want->shape)) return false;
    for (size_t i = 0; i < bt_shape_elements(&want->shape); i++) {
        double g = number(got, i), w = number(want, i);
        if (g == w || (isnan(g) && isnan(w))) continue;
        if (!(fabs(g - w) <= slack + 1e-7 + 1e-3 * fabs(w))) return false;
    }
    return true;
}
