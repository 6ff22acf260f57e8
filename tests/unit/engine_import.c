/* SPDX-License-Identifier: MIT */
/* The door of the engine: what is malformed is refused with its name in the log, whatever it is, in bounded time. */
#include "base/clock.h"
#include "base/log.h"
#include "base/rng.h"
#include "engine/onnx/onnx.h"
#include "engine/ref/ref.h"
#include "support/cmocka.h"
#include "support/file_bytes.h"
#include "support/onnx_writer.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

struct heard {
    char text[4096];
};

static void hear(void *user, enum bt_log_level level, const char *line) {
    struct heard *heard = user;
    (void)level;
    size_t used = strlen(heard->text);
    snprintf(heard->text + used, sizeof heard->text - used, "%s\n", line);
}

/* Imports; on refusal checks that the log says `says`. Returns the graph or NULL. */
static struct bt_graph *import_bytes(struct bt_bytes bytes, bt_status expected, const char *says) {
    struct heard heard = {{0}};
    struct bt_log *log = bt_log_create(hear, &heard, BT_LOG_DEBUG);
    struct bt_graph *graph = NULL;
    bt_status st = bt_onnx_import(bytes, log, &graph);
    bt_log_destroy(&log);
    if (st != expected || (says && !strstr(heard.text, says))) print_error("said: %s", heard.text);
    assert_int_equal(st, expected);
    if (says) assert_non_null(strstr(heard.text, says));
    assert_true(st ? !graph : !!graph);
    return graph;
}

static void refuse(struct bt_writer *graph, bt_status expected, const char *says) {
    struct bt_writer model = {0};
    bt_onnx_write_model(&model, graph);
    struct bt_graph *g = import_bytes(bt_writer_view(&model), expected, says);
    assert_null(g);
    bt_writer_free(&model);
}

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define INTS(...) ((const int64_t[]){__VA_ARGS__})

/* x -> Conv(w, b) -> Relu -> y: a good model, to be spoilt. */
static void good_graph(struct bt_writer *graph) {
    static const float weight[2 * 3 * 3 * 3] = {1, 2, 3}, bias[2] = {0.5f, -0.5f};
    struct bt_writer attributes = {0};
    bt_onnx_write_input(graph, "x", 4, INTS(0, 3, 8, 8));
    bt_onnx_write_floats(graph, "w", 4, INTS(2, 3, 3, 3), weight);
    bt_onnx_write_floats(graph, "b", 1, INTS(2), bias);
    bt_onnx_write_attr_ints(&attributes, "pads", 4, INTS(1, 1, 1, 1));
    bt_onnx_write_attr_ints(&attributes, "strides", 2, INTS(2, 2));
    bt_onnx_write_node(graph, "Conv", LIST("x", "w", "b"), "c", &attributes);
    bt_onnx_write_node(graph, "Relu", LIST("c"), "y", NULL);
    bt_onnx_write_output(graph, "y");
}

static void good_model(struct bt_writer *model) {
    struct bt_writer graph = {0};
    good_graph(&graph);
    bt_onnx_write_model(model, &graph);
}

static void a_good_model_is_read(void **state) {
    (void)state;
    struct bt_writer model = {0};
    good_model(&model);
    struct bt_graph *g = import_bytes(bt_writer_view(&model), BT_OK, NULL);
    bt_writer_free(&model);
    assert_int_equal(g->node_count, 2);
    assert_int_equal(g->value[g->input[0]].shape.dim[0], 1); /* the open batch */
    assert_int_equal(g->value[g->output[0]].shape.dim[2], 4);
    char *text = NULL;
    assert_int_equal(bt_graph_print(g, &text), BT_OK);
    assert_string_equal(text, "graph test: 2 nodes, 2 constants of 224 bytes\n"
                              "input  %x f32[1,3,8,8]\n"
                              "%c f32[1,2,4,4] = Conv(%x, f32[2,3,3,3], f32[2]) k3x3 s2x2 p1,1,1,1\n"
                              "%y f32[1,2,4,4] = Relu(%c)\n"
                              "output %y f32[1,2,4,4]\n");
    free(text);
    bt_graph_destroy(&g);
}

static void every_cut_is_refused_or_whole(void **state) {
    (void)state;
    struct bt_writer model = {0};
    good_model(&model);
    for (size_t size = 0; size < model.size; size++) {
        /* A copy of exactly this size, so that a read past its end is seen. */
        uint8_t *copy = malloc(size ? size : 1);
        memcpy(copy, model.data, size);
        struct bt_graph *g = NULL;
        bt_status st = bt_onnx_import((struct bt_bytes){.data = copy, .size = size}, NULL, &g);
        assert_int_not_equal(st, BT_OK);
        free(copy);
    }
    bt_writer_free(&model);
}

static void every_bit_may_flip(void **state) {
    (void)state;
    struct bt_writer model = {0};
    good_model(&model);
    for (size_t bit = 0; bit < model.size * 8; bit++) {
        model.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        struct bt_graph *g = NULL;
        if (!bt_onnx_import(bt_writer_view(&model), NULL, &g)) bt_graph_destroy(&g);
        model.data[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    bt_writer_free(&model);
}

/* The real models with random bytes changed, mostly in their structure, which lies between the weights. */
static void real_models_may_be_spoilt(void **state) {
    (void)state;
    static const char *const names[] = {"selfie_matte", "face_mesh"};
    struct bt_rng rng;
    bt_rng_init(&rng, 7, 1);
    unsigned tried = 0;
    for (size_t m = 0; m < BT_COUNT(names); m++) {
        struct bt_bytes file = bt_test_model(names[m]);
        for (int round = 0; file.data && round < 40; round++) {
            uint8_t *copy = malloc(file.size);
            memcpy(copy, file.data, file.size);
            for (int k = 0; k < 20; k++) copy[bt_rng_u32(&rng) % (round % 2 ? file.size : 8192)] = (uint8_t)bt_rng_u32(&rng);
            struct bt_graph *g = NULL;
            if (!bt_onnx_import((struct bt_bytes){.data = copy, .size = file.size}, NULL, &g)) bt_graph_destroy(&g);
            free(copy);
            tried++;
        }
        bt_test_free(&file);
    }
    if (!tried) skip();
}

static void cycles_are_refused(void **state) {
    (void)state;
    struct bt_writer g = {0};
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_node(&g, "Add", LIST("x", "b"), "a", NULL);
    bt_onnx_write_node(&g, "Relu", LIST("a"), "b", NULL);
    bt_onnx_write_output(&g, "b");
    refuse(&g, BT_E_FORMAT, "node 'a' (Add): waits for its own result");
}

static void order_does_not_matter(void **state) {
    (void)state;
    struct bt_writer g = {0}, model = {0};
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_node(&g, "Neg", LIST("b"), "c", NULL);
    bt_onnx_write_node(&g, "Abs", LIST("a"), "b", NULL);
    bt_onnx_write_node(&g, "Relu", LIST("x"), "a", NULL);
    bt_onnx_write_output(&g, "c");
    bt_onnx_write_model(&model, &g);
    struct bt_graph *graph = import_bytes(bt_writer_view(&model), BT_OK, NULL);
    bt_writer_free(&model);
    assert_int_equal(graph->node[0].op, BT_OP_RELU);
    assert_int_equal(graph->node[2].op, BT_OP_NEG);
    bt_graph_destroy(&graph);
}

static void names_are_checked(void **state) {
    (void)state;
    struct bt_writer g = {0};
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_node(&g, "Relu", LIST("nobody"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    refuse(&g, BT_E_FORMAT, "node 'y' (Relu): nobody makes input 'nobody'");
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_node(&g, "Relu", LIST("x"), "y", NULL);
    bt_onnx_write_node(&g, "Neg", LIST("x"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    refuse(&g, BT_E_FORMAT, "made twice: value 'y'");
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_node(&g, "Relu", LIST("x"), "y", NULL);
    bt_onnx_write_output(&g, "z");
    refuse(&g, BT_E_FORMAT, "nobody makes output 'z'");
    bt_onnx_write_input(&g, "x\n[root] all is well", 1, INTS(4));
    refuse(&g, BT_E_FORMAT, "control characters");
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    refuse(&g, BT_E_FORMAT, "no output");
}

static void unknown_things_are_named(void **state) {
    (void)state;
    struct bt_writer g = {0}, attributes = {0};
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_node(&g, "Frobnicate", LIST("x"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    refuse(&g, BT_E_UNSUPPORTED, "node 'y' (Frobnicate): operator is not known");
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_attr_int(&attributes, "secret", 1);
    bt_onnx_write_node(&g, "Relu", LIST("x"), "y", &attributes);
    bt_onnx_write_output(&g, "y");
    refuse(&g, BT_E_UNSUPPORTED, "node 'y' (Relu): attribute 'secret' is not known");
    bt_onnx_write_input(&g, "x", 2, INTS(1, 0));
    refuse(&g, BT_E_UNSUPPORTED, "a size other than the batch's is open: input 'x'");
}

static void huge_things_are_refused(void **state) {
    (void)state;
    struct bt_writer g = {0}, attributes = {0};
    bt_onnx_write_input(&g, "x", 4, INTS(1, 65536, 65536, 65536));
    refuse(&g, BT_E_UNSUPPORTED, "too large: input 'x'");
    bt_onnx_write_input(&g, "x", 1, INTS(INT64_MAX));
    refuse(&g, BT_E_UNSUPPORTED, "too large: input 'x'");
    /* A pad of a small tensor to a huge one; begin and end that overflow when added. */
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    bt_onnx_write_ints(&g, "p", 2, INTS(INT64_MAX, INT64_MAX));
    bt_onnx_write_node(&g, "Pad", LIST("x", "p"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    refuse(&g, BT_E_FORMAT, "node 'y' (Pad)");
    bt_onnx_write_input(&g, "x", 4, INTS(1, 1, 8, 8));
    bt_onnx_write_attr_ints(&attributes, "kernel_shape", 2, INTS(INT64_MAX, 1));
    bt_onnx_write_node(&g, "MaxPool", LIST("x"), "y", &attributes);
    bt_onnx_write_output(&g, "y");
    refuse(&g, BT_E_UNSUPPORTED, "kernel_shape");
    /* Doubling forty times. */
    bt_onnx_write_input(&g, "x", 1, INTS(4));
    char last[16] = "x";
    for (int i = 0; i < 40; i++) {
        char next[16];
        snprintf(next, sizeof next, "v%d", i);
        bt_onnx_write_attr_int(&attributes, "axis", 0);
        bt_onnx_write_node(&g, "Concat", LIST(last, last), next, &attributes);
        memcpy(last, next, sizeof last);
    }
    bt_onnx_write_output(&g, last);
    refuse(&g, BT_E_UNSUPPORTED, "(Concat)");
}

static void slices_at_the_edge_of_integers(void **state) {
    (void)state;
    static const int64_t edge[] = {INT64_MIN, INT64_MIN + 1, -5, -1, 0, 1, 5, INT64_MAX - 1, INT64_MAX};
    for (size_t i = 0; i < BT_COUNT(edge) * BT_COUNT(edge) * BT_COUNT(edge); i++) {
        struct bt_writer g = {0}, model = {0};
        static const float data[4] = {1, 2, 3, 4};
        bt_onnx_write_floats(&g, "x", 1, INTS(4), data);
        bt_onnx_write_ints(&g, "b", 1, &edge[i % 9]);
        bt_onnx_write_ints(&g, "e", 1, &edge[i / 9 % 9]);
        bt_onnx_write_ints(&g, "a", 1, INTS(0));
        bt_onnx_write_ints(&g, "s", 1, &edge[i / 81]);
        bt_onnx_write_node(&g, "Slice", LIST("x", "b", "e", "a", "s"), "y", NULL);
        bt_onnx_write_output(&g, "y");
        bt_onnx_write_model(&model, &g);
        struct bt_graph *graph = NULL;
        if (!bt_onnx_import(bt_writer_view(&model), NULL, &graph)) bt_graph_destroy(&graph);
        bt_writer_free(&model);
    }
}

/* A subgraph in an attribute in a node in a subgraph ...: protobuf-c follows as deep as the bytes go, on the stack. */
static void nesting_is_bounded(void **state) {
    (void)state;
    enum { DEPTH = 3000, LEVELS = 3 };
    static const uint32_t field[LEVELS] = {7, 1, 5}; /* model or attribute -> graph -> node -> attribute */
    struct bt_writer inner = {0};
    for (int i = 0; i < DEPTH; i++) {
        struct bt_writer outer = {0};
        uint32_t f = field[(DEPTH - 1 - i) % LEVELS];
        bt_writer_message(&outer, f == 7 && i + 1 < DEPTH ? 6 : f, &inner);
        inner = outer;
    }
    assert_null(import_bytes(bt_writer_view(&inner), BT_E_FORMAT, "not an ONNX model"));
    bt_writer_free(&inner);
}

/* Two bytes a node, a hundred bytes of memory each: a million of them must not be unpacked. */
static void expansion_is_bounded(void **state) {
    (void)state;
    struct bt_writer graph = {0}, model = {0};
    static const uint8_t empty_node[2] = {0x0a, 0};
    for (int i = 0; i < 1000000; i++) bt_writer_bytes(&graph, empty_node, sizeof empty_node);
    bt_onnx_write_model(&model, &graph);
    int64_t start = bt_clock_now_ns();
    struct bt_graph *g = NULL;
    assert_int_not_equal(bt_onnx_import(bt_writer_view(&model), NULL, &g), BT_OK);
    assert_true(bt_clock_now_ns() - start < INT64_C(5000000000));
    bt_writer_free(&model);
}

static void write_tensor(struct bt_writer *graph, int64_t type, int64_t dim, size_t raw_bytes, bool elsewhere) {
    struct bt_writer tensor = {0};
    uint8_t raw[64] = {0};
    bt_writer_int(&tensor, 1, dim);
    bt_writer_int(&tensor, 2, type);
    bt_writer_text(&tensor, 8, "w");
    bt_writer_data(&tensor, 9, raw, raw_bytes);
    if (elsewhere) bt_writer_int(&tensor, 14, 1);
    bt_writer_message(graph, 5, &tensor);
    bt_onnx_write_node(graph, "Relu", LIST("w"), "y", NULL);
    bt_onnx_write_output(graph, "y");
}

static void tensors_are_checked(void **state) {
    (void)state;
    struct bt_writer g = {0};
    write_tensor(&g, 1, 4, 15, false);
    refuse(&g, BT_E_FORMAT, "w: tensor's data is not as long as its shape says");
    write_tensor(&g, 1, -4, 16, false);
    refuse(&g, BT_E_FORMAT, "w: tensor size");
    write_tensor(&g, 1, 4, 16, true);
    refuse(&g, BT_E_UNSUPPORTED, "w: data in another file");
    write_tensor(&g, 8, 4, 16, false);
    refuse(&g, BT_E_UNSUPPORTED, "w: tensor of an unknown type");
    write_tensor(&g, 0, 4, 16, false);
    refuse(&g, BT_E_FORMAT, "w: tensor has no type");
}

/* float16 is widened exactly: 1, -2, the smallest subnormal, infinity. */
static void half_is_widened(void **state) {
    (void)state;
    static const uint16_t half[4] = {0x3c00, 0xc000, 0x0001, 0x7c00};
    struct bt_writer tensor = {0};
    bt_writer_int(&tensor, 1, 4);
    bt_writer_int(&tensor, 2, 10);
    bt_writer_data(&tensor, 9, half, sizeof half);
    enum bt_type type;
    struct bt_shape shape;
    void *data = NULL;
    assert_int_equal(bt_onnx_read_tensor(bt_writer_view(&tensor), NULL, &type, &shape, &data), BT_OK);
    assert_int_equal(type, BT_TYPE_F32);
    const float *f = data;
    assert_true(f[0] == 1 && f[1] == -2 && f[2] == 0x1p-24f && isinf(f[3]));
    free(data);
    bt_writer_free(&tensor);
}

/* A model all in float16: weights are widened, inputs and outputs are float32. */
static void half_models_are_widened(void **state) {
    (void)state;
    static const uint16_t half[2] = {0x4200, 0xc000}; /* 3, -2 */
    struct bt_writer g = {0}, model = {0}, tensor = {0}, dim = {0}, shape = {0}, type = {0}, kind = {0}, input = {0};
    bt_writer_int(&dim, 1, 2);
    bt_writer_message(&shape, 1, &dim);
    bt_writer_int(&type, 1, 10);
    bt_writer_message(&type, 2, &shape);
    bt_writer_message(&kind, 1, &type);
    bt_writer_text(&input, 1, "x");
    bt_writer_message(&input, 2, &kind);
    bt_writer_message(&g, 11, &input);
    bt_writer_int(&tensor, 1, 2);
    bt_writer_int(&tensor, 2, 10);
    bt_writer_text(&tensor, 8, "w");
    bt_writer_data(&tensor, 9, half, sizeof half);
    bt_writer_message(&g, 5, &tensor);
    bt_onnx_write_node(&g, "Mul", LIST("x", "w"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    bt_onnx_write_model(&model, &g);
    struct bt_graph *graph = import_bytes(bt_writer_view(&model), BT_OK, NULL);
    bt_writer_free(&model);
    float x[2] = {2, 5}, y[2];
    struct bt_ref_tensor in = {.type = BT_TYPE_F32, .shape = graph->value[graph->input[0]].shape, .data = x};
    struct bt_ref_tensor out = {.type = BT_TYPE_F32, .shape = in.shape, .data = y};
    assert_int_equal(graph->value[graph->input[0]].type, BT_TYPE_F32);
    assert_int_equal(bt_ref_run(graph, &in, &out), BT_OK);
    assert_true(y[0] == 6 && y[1] == -10);
    bt_graph_destroy(&graph);
}

/* Shape -> Gather -> Concat -> Reshape, as exporters write it, folds away. */
static void shapes_fold(void **state) {
    (void)state;
    struct bt_writer g = {0}, model = {0}, attributes = {0};
    bt_onnx_write_input(&g, "x", 3, INTS(2, 3, 4));
    bt_onnx_write_node(&g, "Shape", LIST("x"), "s", NULL);
    bt_onnx_write_ints(&g, "zero", 1, INTS(0));
    bt_onnx_write_node(&g, "Gather", LIST("s", "zero"), "n", NULL);
    bt_onnx_write_ints(&g, "rest", 1, INTS(-1));
    bt_onnx_write_attr_int(&attributes, "axis", 0);
    bt_onnx_write_node(&g, "Concat", LIST("n", "rest"), "to", &attributes);
    bt_onnx_write_node(&g, "Reshape", LIST("x", "to"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    bt_onnx_write_model(&model, &g);
    struct bt_graph *graph = import_bytes(bt_writer_view(&model), BT_OK, NULL);
    bt_writer_free(&model);
    assert_int_equal(graph->node_count, 1);
    const struct bt_shape *s = &graph->value[graph->output[0]].shape;
    assert_true(s->rank == 2 && s->dim[0] == 2 && s->dim[1] == 12);
    bt_graph_destroy(&graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_model_is_read),    cmocka_unit_test(every_cut_is_refused_or_whole),
        cmocka_unit_test(every_bit_may_flip),      cmocka_unit_test(real_models_may_be_spoilt),
        cmocka_unit_test(cycles_are_refused),      cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(names_are_checked),       cmocka_unit_test(unknown_things_are_named),
        cmocka_unit_test(huge_things_are_refused), cmocka_unit_test(slices_at_the_edge_of_integers),
        cmocka_unit_test(nesting_is_bounded),      cmocka_unit_test(expansion_is_bounded),
        cmocka_unit_test(half_models_are_widened), cmocka_unit_test(tensors_are_checked),
        cmocka_unit_test(half_is_widened),         cmocka_unit_test(shapes_fold),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
