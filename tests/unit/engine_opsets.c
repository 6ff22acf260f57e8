/* SPDX-License-Identifier: MIT */
/* Operators whose form changed between opsets 9 and 17: what was an attribute became an input. Each is written in every form
   that an opset has, and gives the same numbers in all of them. */
#include "base/rng.h"
#include "engine/onnx/onnx.h"
#include "engine/ref/ref.h"
#include "support/cmocka.h"
#include "support/onnx_writer.h"
#include <stdlib.h>
#include <string.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define INTS(...) ((const int64_t[]){__VA_ARGS__})
enum { FIRST = 9, LAST = 17, ELEMENTS = 4 * 4 * 6 };

/* Writes node "y" of input "x" [1,4,4,6], by attributes (old) or by inputs. */
typedef void (*form)(struct bt_writer *g, bool old);

static void number(struct bt_writer *g, const char *name, float x) {
    bt_onnx_write_floats(g, name, 0, NULL, &x);
}

static void clip(struct bt_writer *g, bool old) {
    struct bt_writer a = {0};
    number(g, "low", -0.25f), number(g, "high", 0.5f);
    if (old) bt_onnx_write_attr_float(&a, "min", -0.25f), bt_onnx_write_attr_float(&a, "max", 0.5f);
    bt_onnx_write_node(g, "Clip", old ? LIST("x") : LIST("x", "low", "high"), "y", &a);
}

static void pad(struct bt_writer *g, bool old) {
    struct bt_writer a = {0};
    const int64_t *pads = INTS(0, 0, 1, 2, 0, 1, 0, 3);
    number(g, "value", 2);
    bt_onnx_write_ints(g, "pads", 8, pads);
    if (old) bt_onnx_write_attr_ints(&a, "pads", 8, pads), bt_onnx_write_attr_float(&a, "value", 2);
    bt_onnx_write_node(g, "Pad", old ? LIST("x") : LIST("x", "pads", "value"), "y", &a);
}

static void slice(struct bt_writer *g, bool old) {
    struct bt_writer a = {0};
    const int64_t *starts = INTS(1, -5), *ends = INTS(3, 100), *axes = INTS(1, -1);
    bt_onnx_write_ints(g, "starts", 2, starts), bt_onnx_write_ints(g, "ends", 2, ends), bt_onnx_write_ints(g, "axes", 2, axes);
    if (old) {
        bt_onnx_write_attr_ints(&a, "starts", 2, starts);
        bt_onnx_write_attr_ints(&a, "ends", 2, ends);
        bt_onnx_write_attr_ints(&a, "axes", 2, INTS(1, 3)); /* negative ones came with Slice-10 */
    }
    bt_onnx_write_node(g, "Slice", old ? LIST("x") : LIST("x", "starts", "ends", "axes"), "y", &a);
}

static void squeeze(struct bt_writer *g, bool old) {
    struct bt_writer a = {0};
    bt_onnx_write_ints(g, "axes", 1, INTS(0));
    if (old) bt_onnx_write_attr_ints(&a, "axes", 1, INTS(0));
    bt_onnx_write_node(g, "Squeeze", old ? LIST("x") : LIST("x", "axes"), "y", &a);
}

static void unsqueeze(struct bt_writer *g, bool old) {
    struct bt_writer a = {0};
    bt_onnx_write_ints(g, "axes", 2, INTS(0, 3));
    if (old) bt_onnx_write_attr_ints(&a, "axes", 2, INTS(0, 3));
    bt_onnx_write_node(g, "Unsqueeze", old ? LIST("x") : LIST("x", "axes"), "y", &a);
}

static void reduce_sum(struct bt_writer *g, bool old) {
    struct bt_writer a = {0};
    bt_onnx_write_ints(g, "axes", 2, INTS(1, 3));
    if (old) bt_onnx_write_attr_ints(&a, "axes", 2, INTS(1, 3));
    bt_onnx_write_attr_int(&a, "keepdims", 0);
    bt_onnx_write_node(g, "ReduceSum", old ? LIST("x") : LIST("x", "axes"), "y", &a);
}

static void split(struct bt_writer *g, bool old) { /* into one: the writer knows one output */
    struct bt_writer a = {0};
    bt_onnx_write_ints(g, "parts", 1, INTS(4));
    if (old) bt_onnx_write_attr_ints(&a, "split", 1, INTS(4));
    bt_onnx_write_attr_int(&a, "axis", 1);
    bt_onnx_write_node(g, "Split", old ? LIST("x") : LIST("x", "parts"), "y", &a);
}

/* Resize-10 has scales second; Resize-11 has a region first, and says how it counts. */
static void resize(struct bt_writer *g, bool old) {
    struct bt_writer a = {0};
    static const float scales[4] = {1, 1, 2, 3};
    bt_onnx_write_floats(g, "scales", 1, INTS(4), scales);
    bt_onnx_write_attr_text(&a, "mode", "nearest");
    if (!old) bt_onnx_write_attr_text(&a, "coordinate_transformation_mode", "asymmetric");
    if (!old) bt_onnx_write_attr_text(&a, "nearest_mode", "floor");
    bt_onnx_write_node(g, "Resize", old ? LIST("x", "scales") : LIST("x", "", "scales"), "y", &a);
}

static const struct {
    const char *name;
    form write;
    int first_old, first_new; /* opsets */
} table[] = {
    {"Clip", clip, FIRST, 11},           {"Pad", pad, FIRST, 11},
    {"Slice", slice, FIRST, 10},         {"Squeeze", squeeze, FIRST, 13},
    {"Unsqueeze", unsqueeze, FIRST, 13}, {"ReduceSum", reduce_sum, FIRST, 13},
    {"Split", split, FIRST, 13},         {"Resize", resize, 10, 11},
};

/* The result, which the caller frees; NULL if the model is refused. */
static float *run(form write, bool old, int opset, struct bt_shape *out_shape) {
    struct bt_writer g = {0}, model = {0};
    struct bt_graph *graph = NULL;
    float x[ELEMENTS];
    struct bt_rng rng;
    bt_onnx_write_input(&g, "x", 4, INTS(1, 4, 4, 6));
    write(&g, old);
    bt_onnx_write_output(&g, "y");
    bt_onnx_write_model_of(&model, &g, opset);
    bt_status st = bt_onnx_import(bt_writer_view(&model), NULL, &graph);
    bt_writer_free(&model);
    if (st) return NULL;
    bt_rng_init(&rng, 1, 2);
    for (size_t i = 0; i < ELEMENTS; i++) x[i] = bt_rng_uniform(&rng, -1, 1);
    const struct bt_value *y = &graph->value[graph->output[0]];
    struct bt_ref_tensor in = {.type = BT_TYPE_F32, .shape = graph->value[graph->input[0]].shape, .data = x};
    struct bt_ref_tensor out = {.type = BT_TYPE_F32, .shape = y->shape, .data = calloc(bt_shape_elements(&y->shape), 4)};
    assert_non_null(out.data);
    assert_int_equal(bt_ref_run(graph, &in, &out), BT_OK);
    *out_shape = out.shape;
    bt_graph_destroy(&graph);
    return out.data;
}

static void forms_agree(void **state) {
    (void)state;
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        struct bt_shape want_shape, shape;
        float *want = run(table[i].write, false, LAST, &want_shape);
        assert_non_null(want);
        for (int opset = table[i].first_old; opset <= LAST; opset++) {
            bool old = opset < table[i].first_new;
            float *got = run(table[i].write, old, opset, &shape);
            if (!got) fail_msg("%s of opset %d is refused", table[i].name, opset);
            bool same = bt_shape_equal(&shape, &want_shape) && !memcmp(got, want, bt_shape_elements(&shape) * sizeof *got);
            if (!same) fail_msg("%s of opset %d is another", table[i].name, opset);
            free(got);
        }
        free(want);
    }
}

static void opsets_are_bounded(void **state) {
    (void)state;
    struct bt_shape shape;
    assert_null(run(clip, false, 18, &shape));
    assert_null(run(clip, false, 0, &shape));
    assert_null(run(clip, false, -1, &shape));
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forms_agree), cmocka_unit_test(opsets_are_bounded)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
