/* SPDX-License-Identifier: MIT */
/* Each rewrite where it applies, and left alone where its predicate fails; the numbers stay, also through the plan. */
#include "base/rng.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include "engine/ref/ref.h"
#include "support/cmocka.h"
#include "support/engine_walk.h"
#include "support/onnx_writer.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define INTS(...) ((const int64_t[]){__VA_ARGS__})
enum { SIDE = 7, CHANNELS = 6, WEIGHTS_MAX = 16 * 16 * 9, OUTPUTS_MAX = 4 };

static void random_floats(struct bt_writer *g, const char *name, uint32_t rank, const int64_t *dim, uint64_t seed) {
    float data[WEIGHTS_MAX];
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 3);
    for (size_t i = 0; i < WEIGHTS_MAX; i++) data[i] = bt_rng_uniform(&rng, -1, 1);
    bt_onnx_write_floats(g, name, rank, dim, data);
}

/* x [1,6,7,7] and a convolution of it to 6 channels of the same size, called `name`. */
static void start(struct bt_writer *g) {
    bt_onnx_write_input(g, "x", 4, INTS(1, CHANNELS, SIDE, SIDE));
    random_floats(g, "w", 4, INTS(CHANNELS, CHANNELS, 3, 3), 1);
    random_floats(g, "b", 1, INTS(CHANNELS), 2);
    random_floats(g, "slope", 3, INTS(CHANNELS, 1, 1), 3);
}

static void conv(struct bt_writer *g, const char *from, const char *name) {
    struct bt_writer a = {0};
    bt_onnx_write_attr_ints(&a, "pads", 4, INTS(1, 1, 1, 1));
    bt_onnx_write_node(g, "Conv", LIST(from, "w", "b"), name, &a);
}

static struct bt_ref_tensor tensor_like(const struct bt_graph *graph, uint16_t value) {
    const struct bt_value *v = &graph->value[value];
    struct bt_ref_tensor t = {.type = v->type, .shape = v->shape, .data = calloc(bt_shape_elements(&v->shape), sizeof(float))};
    assert_non_null(t.data);
    return t;
}

/* Imports, runs, fuses, runs and walks; the graph that is left must have `nodes` nodes. The caller destroys it. */
static struct bt_graph *check(struct bt_writer *g, uint32_t nodes) {
    struct bt_writer model = {0};
    struct bt_graph *graph = NULL;
    struct bt_ref_tensor before[OUTPUTS_MAX], after[OUTPUTS_MAX], in;
    struct bt_rng rng;
    bt_onnx_write_model(&model, g);
    assert_int_equal(bt_onnx_import(bt_writer_view(&model), NULL, &graph), BT_OK);
    bt_writer_free(&model);
    in = tensor_like(graph, graph->input[0]);
    bt_rng_init(&rng, 5, 5);
    for (size_t i = 0; i < bt_shape_elements(&in.shape); i++) ((float *)in.data)[i] = bt_rng_uniform(&rng, -2, 2);
    for (uint32_t i = 0; i < graph->output_count; i++) before[i] = tensor_like(graph, graph->output[i]);
    assert_int_equal(bt_ref_run(graph, &in, before), BT_OK);
    assert_int_equal(bt_fuse(graph, NULL), BT_OK);
    if (graph->node_count != nodes) {
        char *text = NULL;
        if (!bt_graph_print(graph, &text)) print_error("%s", text);
        free(text);
    }
    assert_int_equal(graph->node_count, nodes);
    for (int way = 0; way < 2; way++) {
        for (uint32_t i = 0; i < graph->output_count; i++) after[i] = tensor_like(graph, graph->output[i]);
        assert_int_equal(way ? bt_walk_run(graph, &in, after) : bt_ref_run(graph, &in, after), BT_OK);
        for (uint32_t i = 0; i < graph->output_count; i++) {
            size_t count = bt_shape_elements(&after[i].shape);
            for (size_t k = 0; k < count; k++) {
                float a = ((float *)before[i].data)[k], b = ((float *)after[i].data)[k];
                if (!(fabsf(a - b) <= 1e-5f * (1 + fabsf(a)))) fail_msg("%g is not %g", (double)b, (double)a);
            }
            free(after[i].data);
        }
    }
    for (uint32_t i = 0; i < graph->output_count; i++) free(before[i].data);
    free(in.data);
    return graph;
}

static void finish(struct bt_graph *graph) {
    bt_graph_destroy(&graph);
}

static void activations(void **state) {
    (void)state;
    static const struct {
        const char *op;
        enum bt_activation act;
    } table[] = {{"Relu", BT_ACT_RELU},
                 {"PRelu", BT_ACT_PRELU},
                 {"LeakyRelu", BT_ACT_LEAKY_RELU},
                 {"HardSwish", BT_ACT_HARD_SWISH},
                 {"Sigmoid", BT_ACT_SIGMOID},
                 {"Clip", BT_ACT_CLIP}};
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        struct bt_writer g = {0}, a = {0};
        static const float low = -0.5f, high = 0.75f;
        start(&g);
        conv(&g, "x", "c");
        bt_onnx_write_floats(&g, "low", 0, NULL, &low);
        bt_onnx_write_floats(&g, "high", 0, NULL, &high);
        if (table[i].act == BT_ACT_LEAKY_RELU) bt_onnx_write_attr_float(&a, "alpha", 0.2f);
        const char *const *inputs = table[i].act == BT_ACT_PRELU  ? LIST("c", "slope")
                                    : table[i].act == BT_ACT_CLIP ? LIST("c", "low", "high")
                                                                  : LIST("c");
        bt_onnx_write_node(&g, table[i].op, inputs, "y", &a);
        bt_onnx_write_output(&g, "y");
        struct bt_graph *graph = check(&g, 1);
        assert_int_equal(graph->node[0].attr.act, table[i].act);
        assert_string_equal(graph->value[graph->output[0]].name, "y");
        finish(graph);
    }
}

static void no_activation_twice_or_of_what_others_read(void **state) {
    (void)state;
    struct bt_writer g = {0};
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(&g, "Sigmoid", LIST("r"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    finish(check(&g, 2));
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Relu", LIST("c"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    bt_onnx_write_output(&g, "c");
    finish(check(&g, 2));
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(&g, "Mul", LIST("c", "r"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    finish(check(&g, 3));
}

static void residuals(void **state) {
    (void)state;
    struct bt_writer g = {0};
    for (int swapped = 0; swapped < 2; swapped++) {
        start(&g);
        conv(&g, "x", "c");
        bt_onnx_write_node(&g, "Add", swapped ? LIST("x", "c") : LIST("c", "x"), "s", NULL);
        bt_onnx_write_node(&g, "PRelu", LIST("s", "slope"), "y", NULL);
        bt_onnx_write_output(&g, "y");
        struct bt_graph *graph = check(&g, 1);
        assert_int_equal(graph->node[0].attr.act, BT_ACT_PRELU);
        assert_int_equal(graph->node[0].in[BT_CONV_RESIDUAL], graph->input[0]);
        finish(graph);
    }
    /* Two convolutions: the later one takes the other. */
    start(&g);
    conv(&g, "x", "a");
    conv(&g, "a", "b2");
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Add", LIST("c", "b2"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    finish(check(&g, 3));
    /* The residual is made after the convolution in the model's order. */
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Abs", LIST("x"), "late", NULL);
    bt_onnx_write_node(&g, "Add", LIST("c", "late"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    finish(check(&g, 2));
    /* An activation in between: the residual comes late, and no second activation follows. */
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(&g, "Add", LIST("r", "x"), "s", NULL);
    bt_onnx_write_node(&g, "Relu", LIST("s"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    struct bt_graph *late = check(&g, 2);
    assert_true(late->node[0].attr.late);
    finish(late);
    /* A value added to itself, and a broadcast: neither fits. */
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Add", LIST("c", "c"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    finish(check(&g, 2));
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "GlobalAveragePool", LIST("x"), "m", NULL);
    bt_onnx_write_node(&g, "Add", LIST("c", "m"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    finish(check(&g, 3));
}

/* MaxPool and a Pad on the channel axis beside a strided convolution: the shortcut of BlazeFace (Bazarevsky et al. 2019). */
static void narrow_residual(void **state) {
    (void)state;
    for (int value = 0; value < 2; value++) {
        struct bt_writer g = {0}, a = {0};
        const float fill = (float)value;
        bt_onnx_write_input(&g, "x", 4, INTS(1, CHANNELS, 8, 8));
        random_floats(&g, "w", 4, INTS(11, CHANNELS, 3, 3), 1);
        bt_onnx_write_attr_ints(&a, "strides", 2, INTS(2, 2));
        bt_onnx_write_attr_ints(&a, "pads", 4, INTS(0, 0, 1, 1));
        bt_onnx_write_node(&g, "Conv", LIST("x", "w"), "c", &a);
        bt_onnx_write_attr_ints(&a, "kernel_shape", 2, INTS(2, 2));
        bt_onnx_write_attr_ints(&a, "strides", 2, INTS(2, 2));
        bt_onnx_write_node(&g, "MaxPool", LIST("x"), "m", &a);
        bt_onnx_write_ints(&g, "p", 8, INTS(0, 0, 0, 0, 0, 5, 0, 0));
        bt_onnx_write_floats(&g, "fill", 0, NULL, &fill);
        bt_onnx_write_node(&g, "Pad", LIST("m", "p", "fill"), "n", NULL);
        bt_onnx_write_node(&g, "Add", LIST("n", "c"), "y", NULL);
        bt_onnx_write_output(&g, "y");
        finish(check(&g, value ? 3 : 2));
    }
}

static void pads(void **state) {
    (void)state;
    for (int value = 0; value < 2; value++) {
        struct bt_writer g = {0};
        const float fill = (float)value;
        start(&g);
        bt_onnx_write_ints(&g, "p", 8, INTS(0, 0, 1, 0, 0, 0, 2, 1));
        bt_onnx_write_floats(&g, "fill", 0, NULL, &fill);
        bt_onnx_write_node(&g, "Pad", LIST("x", "p", "fill"), "n", NULL);
        conv(&g, "n", "y");
        bt_onnx_write_output(&g, "y");
        finish(check(&g, value ? 2 : 1));
    }
}

/* A bare 1 x 1 convolution of an enlarged map, to no more channels, goes before the Resize. */
static void resizes(void **state) {
    (void)state;
    static const struct {
        int64_t halves, channels, kernel, moves, others; /* halves: twice the scale */
    } table[] = {{4, 3, 1, 1, 0}, {6, 6, 1, 1, 0}, {4, 7, 1, 0, 0}, {1, 3, 1, 0, 0}, {4, 3, 3, 0, 0}, {4, 3, 1, 0, 1}};
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        struct bt_writer g = {0}, a = {0};
        start(&g);
        const float scale = (float)table[i].halves / 2;
        bt_onnx_write_floats(&g, "scales", 1, INTS(4), (const float[]){1, 1, scale, scale});
        random_floats(&g, "v", 4, INTS(table[i].channels, CHANNELS, table[i].kernel, table[i].kernel), 7);
        bt_onnx_write_attr_text(&a, "mode", i == 1 ? "nearest" : "linear");
        bt_onnx_write_node(&g, "Resize", LIST("x", "", "scales"), "n", &a);
        bt_onnx_write_node(&g, "Conv", LIST("n", "v"), "y", NULL);
        bt_onnx_write_output(&g, "y");
        if (table[i].others) bt_onnx_write_output(&g, "n");
        struct bt_graph *graph = check(&g, 2);
        assert_int_equal(graph->node[0].op, table[i].moves ? BT_OP_CONV : BT_OP_RESIZE);
        finish(graph);
    }
}

/* What reflects or repeats the edge is gathered, an axis at a time, and never becomes a convolution's zeros. */
static void pads_of_what_is_there(void **state) {
    (void)state;
    static const char *const modes[] = {"reflect", "edge"};
    for (size_t i = 0; i < BT_COUNT(modes); i++) {
        struct bt_writer g = {0}, a = {0};
        start(&g);
        bt_onnx_write_ints(&g, "p", 8, INTS(0, 0, 1, 6, 0, 0, 2, 0));
        bt_onnx_write_attr_text(&a, "mode", modes[i]);
        bt_onnx_write_node(&g, "Pad", LIST("x", "p"), "n", &a);
        conv(&g, "n", "y");
        bt_onnx_write_output(&g, "y");
        bt_onnx_write_output(&g, "n");
        finish(check(&g, 3));
    }
}

static void views(void **state) {
    (void)state;
    struct bt_writer g = {0}, a = {0};
    bt_onnx_write_input(&g, "x", 4, INTS(1, CHANNELS, 1, 4));
    bt_onnx_write_node(&g, "Identity", LIST("x"), "i", NULL);
    bt_onnx_write_ints(&g, "axes", 1, INTS(2));
    bt_onnx_write_node(&g, "Squeeze", LIST("i", "axes"), "q", NULL); /* 1,6,4 */
    bt_onnx_write_attr_ints(&a, "perm", 3, INTS(1, 0, 2));
    bt_onnx_write_node(&g, "Transpose", LIST("q"), "t", &a); /* 6,1,4: nothing moves */
    bt_onnx_write_attr_int(&a, "axis", 1);
    bt_onnx_write_node(&g, "Flatten", LIST("t"), "f", &a);
    bt_onnx_write_node(&g, "Relu", LIST("f"), "r", NULL);
    bt_onnx_write_node(&g, "Identity", LIST("r"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    struct bt_graph *graph = check(&g, 2); /* one Reshape, one Relu that writes y */
    assert_string_equal(graph->value[graph->output[0]].name, "y");
    finish(graph);
    /* Nothing but a name between input and output: a copy has to stay. */
    bt_onnx_write_input(&g, "x", 2, INTS(2, 3));
    bt_onnx_write_node(&g, "Identity", LIST("x"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    finish(check(&g, 1));
}

static void number(struct bt_writer *g, const char *name, float x) {
    bt_onnx_write_floats(g, name, 0, NULL, &x);
}

/* A convolution, then a graph body that `write` adds between "c" and "y". `nodes` must be left. */
static struct bt_graph *after_conv(void (*write)(struct bt_writer *g), uint32_t nodes) {
    struct bt_writer g = {0};
    start(&g);
    conv(&g, "x", "c");
    write(&g);
    bt_onnx_write_output(&g, "y");
    return check(&g, nodes);
}

/* As TensorFlow spells it: relu(x) + slope (x - |x|) / 2, the half apart or in the slope. */
static void prelu_by_abs(struct bt_writer *g) {
    bt_onnx_write_node(g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(g, "Abs", LIST("c"), "a", NULL);
    bt_onnx_write_node(g, "Sub", LIST("c", "a"), "s", NULL);
    bt_onnx_write_node(g, "Mul", LIST("slope", "s"), "m", NULL);
    number(g, "half", 0.5f);
    bt_onnx_write_node(g, "Mul", LIST("m", "half"), "n", NULL);
    bt_onnx_write_node(g, "Add", LIST("r", "n"), "y", NULL);
}
static void prelu_by_abs_half_inside(struct bt_writer *g) {
    bt_onnx_write_node(g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(g, "Abs", LIST("c"), "a", NULL);
    bt_onnx_write_node(g, "Sub", LIST("c", "a"), "s", NULL);
    bt_onnx_write_node(g, "Mul", LIST("s", "slope"), "m", NULL);
    bt_onnx_write_node(g, "Add", LIST("m", "r"), "y", NULL);
}
/* As Keras does: relu(x) - slope relu(-x). */
static void prelu_by_neg(struct bt_writer *g) {
    bt_onnx_write_node(g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(g, "Neg", LIST("c"), "a", NULL);
    bt_onnx_write_node(g, "Relu", LIST("a"), "s", NULL);
    bt_onnx_write_node(g, "Mul", LIST("s", "slope"), "m", NULL);
    bt_onnx_write_node(g, "Sub", LIST("r", "m"), "y", NULL);
}
/* |x| of another value: not PRelu. */
static void prelu_of_two(struct bt_writer *g) {
    bt_onnx_write_node(g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(g, "Abs", LIST("x"), "a", NULL);
    bt_onnx_write_node(g, "Sub", LIST("c", "a"), "s", NULL);
    bt_onnx_write_node(g, "Mul", LIST("s", "slope"), "m", NULL);
    bt_onnx_write_node(g, "Add", LIST("m", "r"), "y", NULL);
}

static void prelu_spelt_out(void **state) {
    (void)state;
    void (*const forms[])(struct bt_writer *) = {prelu_by_abs, prelu_by_abs_half_inside, prelu_by_neg};
    for (size_t i = 0; i < BT_COUNT(forms); i++) {
        struct bt_graph *graph = after_conv(forms[i], 1);
        assert_int_equal(graph->node[0].attr.act, BT_ACT_PRELU);
        finish(graph);
    }
    finish(after_conv(prelu_of_two, 6));
}

static void clip(struct bt_writer *g, const char *from, const char *name, const char *high) {
    number(g, "zero", 0);
    bt_onnx_write_node(g, "Clip", LIST(from, "zero", high), name, NULL);
}
static void swish_by_div(struct bt_writer *g) {
    number(g, "three", 3), number(g, "six", 6);
    bt_onnx_write_node(g, "Add", LIST("three", "c"), "a", NULL);
    clip(g, "a", "l", "six");
    bt_onnx_write_node(g, "Mul", LIST("c", "l"), "m", NULL);
    bt_onnx_write_node(g, "Div", LIST("m", "six"), "y", NULL);
}
static void swish_by_factor(struct bt_writer *g) {
    number(g, "three", 3), number(g, "six", 6), number(g, "sixth", 1.0f / 6);
    bt_onnx_write_node(g, "Add", LIST("c", "three"), "a", NULL);
    clip(g, "a", "l", "six");
    bt_onnx_write_node(g, "Mul", LIST("l", "sixth"), "m", NULL);
    bt_onnx_write_node(g, "Mul", LIST("m", "c"), "y", NULL);
}
static void swish_by_hard_sigmoid(struct bt_writer *g) {
    struct bt_writer a = {0};
    bt_onnx_write_attr_float(&a, "alpha", 1.0f / 6);
    bt_onnx_write_node(g, "HardSigmoid", LIST("c"), "h", &a);
    bt_onnx_write_node(g, "Mul", LIST("h", "c"), "y", NULL);
}
/* x clip(x + shift, 0, high) / divisor: HardSwish only for 3, 6, 6. */
static void swish_like(struct bt_writer *g, float shift, float high, float divisor) {
    number(g, "shift", shift), number(g, "high", high), number(g, "divisor", divisor);
    bt_onnx_write_node(g, "Add", LIST("c", "shift"), "a", NULL);
    clip(g, "a", "l", "high");
    bt_onnx_write_node(g, "Mul", LIST("c", "l"), "m", NULL);
    bt_onnx_write_node(g, "Div", LIST("m", "divisor"), "y", NULL);
}
static void swish_shifted(struct bt_writer *g) {
    swish_like(g, 2, 6, 6);
}
static void swish_cut(struct bt_writer *g) {
    swish_like(g, 3, 5, 6);
}
static void swish_scaled(struct bt_writer *g) {
    swish_like(g, 3, 5, 5);
}

static void hard_swish_spelt_out(void **state) {
    (void)state;
    void (*const forms[])(struct bt_writer *) = {swish_by_div, swish_by_factor, swish_by_hard_sigmoid};
    for (size_t i = 0; i < BT_COUNT(forms); i++) {
        struct bt_graph *graph = after_conv(forms[i], 1);
        assert_int_equal(graph->node[0].attr.act, BT_ACT_HARD_SWISH);
        finish(graph);
    }
    finish(after_conv(swish_shifted, 5));
    finish(after_conv(swish_cut, 5));
    finish(after_conv(swish_scaled, 5));
}

static void batch_norm_of(struct bt_writer *g, const char *from) {
    float variance[CHANNELS];
    for (int i = 0; i < CHANNELS; i++) variance[i] = 0.25f * (float)(i + 1);
    random_floats(g, "scale", 1, INTS(CHANNELS), 7);
    random_floats(g, "shift", 1, INTS(CHANNELS), 8);
    random_floats(g, "mean", 1, INTS(CHANNELS), 9);
    bt_onnx_write_floats(g, "variance", 1, INTS(CHANNELS), variance);
    struct bt_writer a = {0};
    bt_onnx_write_attr_float(&a, "epsilon", 1e-3f);
    bt_onnx_write_node(g, "BatchNormalization", LIST(from, "scale", "shift", "mean", "variance"), "y", &a);
}
static void batch_norm(struct bt_writer *g) {
    batch_norm_of(g, "c");
}
static void batch_norm_of_relu(struct bt_writer *g) {
    bt_onnx_write_node(g, "Relu", LIST("c"), "r", NULL);
    batch_norm_of(g, "r");
}
static void terms_and_factors(struct bt_writer *g) {
    number(g, "two", 2);
    bt_onnx_write_node(g, "Mul", LIST("slope", "c"), "m", NULL);
    bt_onnx_write_node(g, "Sub", LIST("m", "slope"), "s", NULL);
    bt_onnx_write_node(g, "Div", LIST("s", "two"), "d", NULL);
    bt_onnx_write_node(g, "Add", LIST("two", "d"), "y", NULL);
}
/* A constant less the result: its sign turns, which is not done; nor a factor for each pixel. */
static void other_terms(struct bt_writer *g) {
    random_floats(g, "picture", 4, INTS(1, 1, SIDE, SIDE), 4);
    bt_onnx_write_node(g, "Mul", LIST("c", "picture"), "m", NULL);
    bt_onnx_write_node(g, "Sub", LIST("slope", "m"), "y", NULL);
}

static void constants_go_into_weights(void **state) {
    (void)state;
    finish(after_conv(batch_norm, 1));
    finish(after_conv(batch_norm_of_relu, 3)); /* the activation lies between: Mul and Add stay */
    finish(after_conv(terms_and_factors, 1));
    finish(after_conv(other_terms, 3));
    struct bt_writer g = {0}; /* weights that two convolutions share are not spoilt for the other */
    start(&g);
    conv(&g, "x", "c");
    conv(&g, "x", "e");
    bt_onnx_write_node(&g, "Mul", LIST("c", "slope"), "m", NULL);
    bt_onnx_write_output(&g, "m");
    bt_onnx_write_output(&g, "e");
    finish(check(&g, 2));
}

static void hard_sigmoid(struct bt_writer *g) {
    bt_onnx_write_node(g, "Abs", LIST("c"), "a", NULL);
    bt_onnx_write_node(g, "HardSigmoid", LIST("a"), "y", NULL);
}
static void instance_norm(struct bt_writer *g) {
    random_floats(g, "scale", 1, INTS(CHANNELS), 7);
    random_floats(g, "shift", 1, INTS(CHANNELS), 8);
    bt_onnx_write_node(g, "InstanceNormalization", LIST("c", "scale", "shift"), "y", NULL);
}

static void lowered(void **state) {
    (void)state;
    finish(after_conv(hard_sigmoid, 5)); /* Conv, Abs, Mul, Add, Clip */
    struct bt_graph *graph = after_conv(instance_norm, 11);
    for (uint32_t i = 0; i < graph->node_count; i++) assert_int_not_equal(graph->node[i].op, BT_OP_INSTANCE_NORMALIZATION);
    finish(graph);
}

/* Windows that overlap, leave gaps, come in groups, differ by axis, with a bias and without: no ConvTranspose is left. */
static void transposed_windows(void **state) {
    (void)state;
    static const struct {
        int64_t kernel[2], stride[2], dilation[2], pad[4], extra[2], group;
        bool bias;
        uint32_t nodes;
    } table[] = {
        {{3, 3}, {1, 1}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 1, true, 1}, {{3, 3}, {1, 1}, {1, 1}, {1, 1, 1, 1}, {0, 0}, 1, true, 2},
        {{3, 3}, {2, 2}, {1, 1}, {1, 1, 1, 1}, {1, 1}, 1, true, 3}, {{4, 4}, {2, 2}, {1, 1}, {1, 1, 1, 1}, {0, 0}, 2, false, 3},
        {{2, 5}, {3, 3}, {1, 2}, {0, 2, 1, 0}, {0, 1}, 3, true, 3}, {{3, 2}, {3, 2}, {2, 1}, {1, 0, 2, 0}, {0, 0}, 1, true, 5},
        {{2, 2}, {2, 2}, {1, 1}, {0, 0, 0, 0}, {0, 0}, 1, true, 1}, /* has a kernel */
    };
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        struct bt_writer g = {0}, a = {0};
        bt_onnx_write_input(&g, "x", 4, INTS(1, CHANNELS, SIDE, SIDE + 1));
        random_floats(&g, "w", 4, INTS(CHANNELS, 2, table[i].kernel[0], table[i].kernel[1]), 1);
        random_floats(&g, "b", 1, INTS(2 * table[i].group), 2);
        bt_onnx_write_attr_ints(&a, "strides", 2, table[i].stride);
        bt_onnx_write_attr_ints(&a, "dilations", 2, table[i].dilation);
        bt_onnx_write_attr_ints(&a, "pads", 4, table[i].pad);
        bt_onnx_write_attr_ints(&a, "output_padding", 2, table[i].extra);
        bt_onnx_write_attr_int(&a, "group", table[i].group);
        bt_onnx_write_node(&g, "ConvTranspose", table[i].bias ? LIST("x", "w", "b") : LIST("x", "w"), "y", &a);
        bt_onnx_write_output(&g, "y");
        struct bt_graph *graph = check(&g, table[i].nodes);
        for (uint32_t k = 0; k < graph->node_count && i + 1 < BT_COUNT(table); k++)
            assert_int_not_equal(graph->node[k].op, BT_OP_CONV_TRANSPOSE);
        finish(graph);
    }
}

/* Three items: each map operator works on one at a time, everything else on all. */
static void batches(void **state) {
    (void)state;
    struct bt_writer g = {0}, a = {0};
    bt_onnx_write_input(&g, "x", 4, INTS(3, CHANNELS, SIDE, SIDE));
    random_floats(&g, "w", 4, INTS(CHANNELS, CHANNELS, 3, 3), 1);
    random_floats(&g, "b", 1, INTS(CHANNELS), 2);
    random_floats(&g, "scale", 1, INTS(CHANNELS), 7);
    conv(&g, "x", "c");
    bt_onnx_write_node(&g, "Relu", LIST("c"), "r", NULL);
    bt_onnx_write_node(&g, "InstanceNormalization", LIST("r", "scale", "b"), "i", NULL);
    bt_onnx_write_attr_ints(&a, "kernel_shape", 2, INTS(2, 2));
    bt_onnx_write_node(&g, "MaxPool", LIST("i"), "m", &a);
    bt_onnx_write_node(&g, "GlobalAveragePool", LIST("m"), "p", NULL);
    bt_onnx_write_output(&g, "p");
    bt_onnx_write_output(&g, "m");
    finish(check(&g, 3 * 7 + 1 + 10)); /* Slice, operator, Slice ... Concat; Relu; what InstanceNormalization is */
}

/* Heads that are views of one another, of an input, and of a constant: each output has memory of its own. */
static void outputs_of_all_kinds(void **state) {
    (void)state;
    struct bt_writer g = {0}, a = {0};
    start(&g);
    conv(&g, "x", "c");
    bt_onnx_write_ints(&g, "to", 2, INTS(CHANNELS, -1));
    bt_onnx_write_node(&g, "Reshape", LIST("c", "to"), "rows", NULL);
    bt_onnx_write_attr_ints(&a, "perm", 4, INTS(0, 2, 3, 1));
    bt_onnx_write_node(&g, "Transpose", LIST("c"), "last", &a);
    bt_onnx_write_node(&g, "Identity", LIST("x"), "same", NULL);
    bt_onnx_write_node(&g, "Relu", LIST("slope"), "fixed", NULL);
    bt_onnx_write_output(&g, "rows");
    bt_onnx_write_output(&g, "last");
    bt_onnx_write_output(&g, "same");
    bt_onnx_write_output(&g, "fixed");
    finish(check(&g, 4));
}

static void sharing_saves_memory(void **state) {
    (void)state;
    struct bt_writer g = {0}, model = {0};
    struct bt_graph *graph = NULL;
    struct bt_plan *plan = NULL;
    char name[2][8] = {"x", ""};
    start(&g);
    for (int i = 0; i < 20; i++) {
        snprintf(name[(i + 1) % 2], sizeof name[0], "c%d", i);
        conv(&g, name[i % 2], name[(i + 1) % 2]);
    }
    bt_onnx_write_output(&g, name[0]);
    bt_onnx_write_model(&model, &g);
    assert_int_equal(bt_onnx_import(bt_writer_view(&model), NULL, &graph), BT_OK);
    assert_int_equal(bt_fuse(graph, NULL), BT_OK);
    assert_int_equal(bt_plan_create(graph, &(struct bt_plan_params){.alignment_bytes = 64}, NULL, &plan), BT_OK);
    size_t one = (bt_plan_bytes(&graph->value[graph->input[0]].shape, BT_LAYOUT_C4) + 63) / 64 * 64;
    assert_int_equal(plan->unshared_bytes, 20 * one);
    assert_int_equal(plan->region_bytes[BT_REGION_ARENA], 2 * one); /* a chain needs two */
    for (uint32_t i = 0; i < plan->step_count; i++) {
        assert_int_equal(plan->step[i].wait, i > 0);
        assert_int_equal(plan->step[i].out->offset_bytes % 64, 0);
    }
    bt_plan_destroy(&plan);
    bt_graph_destroy(&graph);
    bt_writer_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(activations),
        cmocka_unit_test(no_activation_twice_or_of_what_others_read),
        cmocka_unit_test(residuals),
        cmocka_unit_test(narrow_residual),
        cmocka_unit_test(pads),
        cmocka_unit_test(pads_of_what_is_there),
        cmocka_unit_test(resizes),
        cmocka_unit_test(views),
        cmocka_unit_test(prelu_spelt_out),
        cmocka_unit_test(hard_swish_spelt_out),
        cmocka_unit_test(constants_go_into_weights),
        cmocka_unit_test(lowered),
        cmocka_unit_test(transposed_windows),
        cmocka_unit_test(batches),
        cmocka_unit_test(outputs_of_all_kinds),
        cmocka_unit_test(sharing_saves_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
