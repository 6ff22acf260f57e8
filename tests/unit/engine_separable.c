/* SPDX-License-Identifier: MIT */
/* A depthwise and a pointwise convolution become one where the rule says so, and nowhere else; to the last bit the numbers
   stay, also through the plan, and the program has one dispatch for both. */
#include "base/rng.h"
#include "engine/emit/program.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include "engine/ref/ref.h"
#include "support/cmocka.h"
#include "support/engine_walk.h"
#include "support/onnx_writer.h"
#include <stdlib.h>
#include <string.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define INTS(...) ((const int64_t[]){__VA_ARGS__})
enum { WEIGHTS_MAX = 32 * 32 * 9 };

struct pair {
    int64_t in, out, side, kernel, stride, group, point; /* point: the second one's kernel */
    bool act, residual, seen, read_twice, pads;
    bool fuses;
};

static const struct pair table[] = {
    {6, 8, 9, 3, 1, 6, 1, .fuses = true},
    {6, 5, 9, 3, 2, 6, 1, .act = true, .pads = true, .fuses = true},
    {8, 12, 8, 3, 1, 8, 1, .act = true, .residual = true, .fuses = true},
    {7, 16, 7, 3, 1, 7, 1, .residual = true, .pads = true, .fuses = true},
    {6, 4, 9, 3, 1, 6, 1, .fuses = false},                     /* one group */
    {6, 17, 9, 3, 1, 6, 1, .fuses = false},                    /* five */
    {6, 8, 9, 5, 1, 6, 1, .fuses = false},                     /* a larger window */
    {6, 8, 12, 3, 3, 6, 1, .fuses = false},                    /* stride 3 */
    {6, 8, 9, 3, 1, 1, 1, .fuses = false},                     /* not depthwise */
    {6, 8, 9, 3, 1, 6, 3, .fuses = false},                     /* not pointwise */
    {6, 8, 9, 3, 1, 6, 1, .seen = true, .fuses = false},       /* the map between is an output */
    {6, 8, 9, 3, 1, 6, 1, .read_twice = true, .fuses = false}, /* or somebody else's input */
};

static void random_floats(struct bt_writer *g, const char *name, uint32_t rank, const int64_t *dim, uint64_t seed) {
    static float data[WEIGHTS_MAX];
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 3);
    for (size_t i = 0; i < WEIGHTS_MAX; i++) data[i] = bt_rng_uniform(&rng, -1, 1);
    bt_onnx_write_floats(g, name, rank, dim, data);
}

static struct bt_graph *import(const struct pair *p) {
    struct bt_writer g = {0}, a = {0}, model = {0};
    struct bt_graph *graph = NULL;
    bt_onnx_write_input(&g, "x", 4, INTS(1, p->in, p->side, p->side));
    random_floats(&g, "w", 4, INTS(p->in, p->in / p->group, p->kernel, p->kernel), 1);
    random_floats(&g, "b", 1, INTS(p->in), 2);
    random_floats(&g, "v", 4, INTS(p->out, p->in, p->point, p->point), 3);
    random_floats(&g, "u", 4, INTS(p->out, p->in, p->kernel, p->kernel), 4);
    random_floats(&g, "slope", 3, INTS(p->in, 1, 1), 5);
    bt_onnx_write_attr_int(&a, "group", p->group);
    bt_onnx_write_attr_ints(&a, "strides", 2, INTS(p->stride, p->stride));
    if (p->pads) bt_onnx_write_attr_ints(&a, "pads", 4, INTS(1, 0, 1, 2));
    bt_onnx_write_node(&g, "Conv", LIST("x", "w", "b"), "d", &a);
    if (p->act) bt_onnx_write_node(&g, "PRelu", LIST("d", "slope"), "e", NULL);
    const char *between = p->act ? "e" : "d";
    bt_onnx_write_node(&g, "Conv", LIST(between, "v"), p->residual ? "s" : "y", NULL);
    if (p->residual) { /* of another convolution, which comes first and is no pair: its window is not depthwise */
        if (p->pads) bt_onnx_write_attr_ints(&a, "pads", 4, INTS(1, 0, 1, 2));
        bt_onnx_write_node(&g, "Conv", LIST("x", "u"), "r", &a);
        bt_onnx_write_node(&g, "Add", LIST("r", "s"), "t", NULL);
        bt_onnx_write_node(&g, "Relu", LIST("t"), "y", NULL);
        bt_onnx_write_output(&g, "r");
    }
    bt_onnx_write_output(&g, "y");
    if (p->seen) bt_onnx_write_output(&g, between);
    if (p->read_twice) {
        bt_onnx_write_node(&g, "Abs", LIST(between), "z", NULL);
        bt_onnx_write_output(&g, "z");
    }
    bt_onnx_write_model(&model, &g);
    assert_int_equal(bt_onnx_import(bt_writer_view(&model), NULL, &graph), BT_OK);
    bt_writer_free(&model);
    assert_int_equal(bt_fuse(graph, NULL), BT_OK);
    return graph;
}

static uint32_t count(const struct bt_graph *graph, enum bt_op op) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < graph->node_count; i++) n += graph->node[i].op == op;
    return n;
}

static struct bt_ref_tensor tensor_like(const struct bt_graph *graph, uint16_t value) {
    const struct bt_value *v = &graph->value[value];
    struct bt_ref_tensor t = {.type = v->type, .shape = v->shape, .data = calloc(bt_shape_elements(&v->shape), sizeof(float))};
    assert_non_null(t.data);
    return t;
}

static uint64_t macs(const struct bt_graph *graph, uint32_t *out_dispatches) {
    struct bt_plan *plan = NULL;
    struct bt_program *program = NULL;
    uint64_t sum = 0;
    assert_int_equal(bt_plan_create(graph, NULL, NULL, &plan), BT_OK);
    assert_int_equal(bt_emit_create(plan, &(struct bt_emit_params){.max_texels = 1 << 16}, NULL, &program), BT_OK);
    for (uint32_t i = 0; i < program->dispatch_count; i++) sum += program->dispatch[i].macs;
    *out_dispatches = program->dispatch_count;
    bt_emit_destroy(&program);
    bt_plan_destroy(&plan);
    return sum;
}

static void by_the_rule(void **state) {
    (void)state;
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        const struct pair *p = &table[i];
        struct bt_graph *graph = import(p);
        struct bt_ref_tensor in = tensor_like(graph, graph->input[0]), before[2], after[2];
        struct bt_rng rng;
        bt_rng_init(&rng, i, 5);
        for (size_t k = 0; k < bt_shape_elements(&in.shape); k++) ((float *)in.data)[k] = bt_rng_uniform(&rng, -2, 2);
        const uint32_t nodes = graph->node_count;
        uint32_t dispatches = 0, fewer = 0;
        const uint64_t work = macs(graph, &dispatches);
        for (uint32_t o = 0; o < graph->output_count; o++) before[o] = tensor_like(graph, graph->output[o]);
        assert_int_equal(bt_ref_run(graph, &in, before), BT_OK);
        assert_int_equal(bt_fuse_separable(graph, NULL), BT_OK);
        if (count(graph, BT_OP_SEPARABLE_CONV) != p->fuses) fail_msg("pair %zu", i);
        assert_int_equal(graph->node_count, nodes - p->fuses);
        assert_true(macs(graph, &fewer) == work);
        assert_int_equal(fewer, dispatches - p->fuses);
        for (int way = 0; way < 2; way++) {
            for (uint32_t o = 0; o < graph->output_count; o++) after[o] = tensor_like(graph, graph->output[o]);
            assert_int_equal(way ? bt_walk_run(graph, &in, after) : bt_ref_run(graph, &in, after), BT_OK);
            for (uint32_t o = 0; o < graph->output_count; o++) {
                assert_memory_equal(before[o].data, after[o].data, bt_shape_elements(&after[o].shape) * sizeof(float));
                free(after[o].data);
            }
        }
        for (uint32_t o = 0; o < graph->output_count; o++) free(before[o].data);
        free(in.data);
        bt_graph_destroy(&graph);
    }
}

/* The prints say what both convolutions are. */
static void dumps(void **state) {
    (void)state;
    struct bt_graph *graph = import(&table[1]);
    struct bt_plan *plan = NULL;
    char *text = NULL;
    assert_int_equal(bt_fuse_separable(graph, NULL), BT_OK);
    assert_int_equal(bt_graph_print(graph, &text), BT_OK);
    assert_non_null(strstr(text, "bauta.SeparableConv(%x, f32[5,6,1,1], -, -, -, f32[6,1,3,3], f32[6], f32[6,1,1]) k3x3 s2x2 "
                                 "p1,0,1,2 g6 inside=prelu"));
    free(text);
    assert_int_equal(bt_plan_create(graph, NULL, NULL, &plan), BT_OK);
    assert_int_equal(bt_plan_print(plan, &text), BT_OK);
    assert_non_null(strstr(text, "bauta.SeparableConv"));
    free(text);
    bt_plan_destroy(&plan);
    bt_graph_destroy(&graph);
}

/* In a model the name is as unknown as any. */
static void no_operator_of_onnx(void **state) {
    (void)state;
    struct bt_writer g = {0}, model = {0};
    struct bt_graph *graph = NULL;
    bt_onnx_write_input(&g, "x", 4, INTS(1, 4, 5, 5));
    random_floats(&g, "w", 4, INTS(8, 4, 1, 1), 1);
    bt_onnx_write_node(&g, "bauta.SeparableConv", LIST("x", "w", "w", "w", "w", "w", "w", "w"), "y", NULL);
    bt_onnx_write_output(&g, "y");
    bt_onnx_write_model(&model, &g);
    assert_int_equal(bt_onnx_import(bt_writer_view(&model), NULL, &graph), BT_E_UNSUPPORTED);
    bt_writer_free(&model);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(by_the_rule), cmocka_unit_test(dumps),
                                       cmocka_unit_test(no_operator_of_onnx)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
