/* SPDX-License-Identifier: MIT */
/* Small files that ask for much: gigabytes of constants, or work without end. Each is refused by name, in bounded time, with
   the memory that graph.h allows. Apart from unit/engine_import, since some compute for seconds before the bound is reached. */
#include "base/clock.h"
#include "base/log.h"
#include "engine/fuse/fuse.h"
#include "engine/onnx/onnx.h"
#include "engine/plan/plan.h"
#include "support/cmocka.h"
#include "support/onnx_writer.h"
#include <stdio.h>
#include <string.h>

#define LIST(...) ((const char *const[]){__VA_ARGS__, NULL})
#define INTS(...) ((const int64_t[]){__VA_ARGS__})
enum { BOMBS = 8, SIDE = 8192, SECONDS_MAX = 20 /* a sanitizer's, on a busy machine */ };

static void hear(void *user, enum bt_log_level level, const char *line) {
    (void)level;
    snprintf(user, 512, "%s", line);
}

/* Imports and fuses; some step must fail, and the log say `says`. */
static void refuse(struct bt_writer *g, const char *says) {
    struct bt_writer model = {0};
    struct bt_graph *graph = NULL;
    char heard[512] = "";
    struct bt_log *log = bt_log_create(hear, heard, BT_LOG_ERROR);
    bt_onnx_write_model(&model, g);
    int64_t start = bt_clock_now_ns();
    bt_status st = bt_onnx_import(bt_writer_view(&model), log, &graph);
    if (!st) st = bt_fuse(graph, log);
    double seconds = (double)(bt_clock_now_ns() - start) * 1e-9;
    print_message("%zu bytes, %.1f s: %s\n", model.size, seconds, heard);
    bt_graph_destroy(&graph);
    bt_log_destroy(&log);
    bt_writer_free(&model);
    assert_int_not_equal(st, BT_OK);
    assert_non_null(strstr(heard, says));
    assert_true(seconds < SECONDS_MAX);
}

/* 2^26 elements out of next to none. */
static void grow(struct bt_writer *g, const char *op, const char *name) {
    struct bt_writer a = {0};
    static const char *const pad[] = {"one", "pads", NULL}, *const resize[] = {"one", "", "scales", NULL};
    static const char *const product[] = {"column", "row", NULL}, *const gather[] = {"row", "zeros", NULL};
    static const char *const conv[] = {"one", "one", NULL};
    const char *const *inputs = !strcmp(op, "Resize")   ? resize
                                : !strcmp(op, "MatMul") ? product
                                : !strcmp(op, "Gather") ? gather
                                : !strcmp(op, "Conv")   ? conv
                                                        : pad;
    if (!strcmp(op, "Conv")) {
        bt_onnx_write_attr_ints(&a, "pads", 4, INTS(SIDE / 2 - 1, SIDE / 2 - 1, SIDE / 2, SIDE / 2));
    }
    bt_onnx_write_node(g, op, inputs, name, &a);
}

static void constants_are_bounded(void **state) {
    (void)state;
    static const struct {
        const char *op, *says;
    } table[] = {{"Pad", "the model's values need more than"},    {"Resize", "the model's values need more than"},
                 {"MatMul", "the model's values need more than"}, {"Conv", "the model's values need more than"},
                 {"Gather", "the model's values need more than"}, {"Expand", "operator is not known"},
                 {"ConstantOfShape", "operator is not known"},    {"Tile", "operator is not known"}};
    static const float one = 1, scales[4] = {1, 1, SIDE, SIDE};
    static const float line[SIDE];
    static const int64_t zeros[SIDE];
    for (size_t k = 0; k < BT_COUNT(table); k++) {
        struct bt_writer g = {0};
        bt_onnx_write_floats(&g, "one", 4, INTS(1, 1, 1, 1), &one);
        bt_onnx_write_floats(&g, "scales", 1, INTS(4), scales);
        bt_onnx_write_ints(&g, "pads", 8, INTS(0, 0, 0, 0, 0, 0, SIDE - 1, SIDE - 1));
        bt_onnx_write_floats(&g, "column", 2, INTS(SIDE, 1), line);
        bt_onnx_write_floats(&g, "row", 2, INTS(1, SIDE), line);
        bt_onnx_write_ints(&g, "zeros", SIDE, zeros);
        char made[16], name[16];
        for (int i = 0; i < BOMBS; i++) {
            snprintf(made, sizeof made, "m%d", i);
            snprintf(name, sizeof name, "y%d", i);
            grow(&g, table[k].op, made);
            bt_onnx_write_node(&g, "Neg", LIST(made), name, NULL);
            bt_onnx_write_output(&g, name);
        }
        refuse(&g, table[k].says);
    }
}

/* Nothing folds: each value is small enough, all together are not. */
static void values_are_bounded(void **state) {
    (void)state;
    struct bt_writer g = {0};
    char from[16] = "x";
    bt_onnx_write_input(&g, "x", 1, INTS(1 << 26));
    for (int i = 0; i < BOMBS; i++) {
        char to[16];
        snprintf(to, sizeof to, "v%d", i);
        bt_onnx_write_node(&g, "Neg", LIST(from), to, NULL);
        memcpy(from, to, sizeof from);
    }
    bt_onnx_write_output(&g, from);
    refuse(&g, "the model's values need more than");
}

/* A kernel as wide as the picture, in both directions. */
static void work_is_bounded(void **state) {
    (void)state;
    struct bt_writer g = {0}, a = {0};
    static float weight[1024 * 1024];
    bt_onnx_write_input(&g, "x", 4, INTS(1, 1, 1024, 1024));
    bt_onnx_write_floats(&g, "w", 4, INTS(1, 1, 1024, 1024), weight);
    bt_onnx_write_attr_ints(&a, "pads", 4, INTS(512, 512, 512, 512));
    bt_onnx_write_node(&g, "Conv", LIST("x", "w"), "y", &a);
    bt_onnx_write_output(&g, "y");
    refuse(&g, "the model takes more than");
}

/* Factors behind a convolution, each of which copies its weights. */
static void rewrites_are_bounded(void **state) {
    (void)state;
    enum { WEIGHTS = 1 << 20, FACTORS = 200 };
    struct bt_writer g = {0};
    static float weight[WEIGHTS];
    static const float two = 2;
    char from[16] = "c";
    bt_onnx_write_input(&g, "x", 4, INTS(1, 1024, 1, 1));
    bt_onnx_write_floats(&g, "w", 4, INTS(1024, 1024, 1, 1), weight);
    bt_onnx_write_floats(&g, "two", 0, NULL, &two);
    bt_onnx_write_node(&g, "Conv", LIST("x", "w"), "c", NULL);
    for (int i = 0; i < FACTORS; i++) {
        char to[16];
        snprintf(to, sizeof to, "v%d", i);
        bt_onnx_write_node(&g, "Mul", LIST(from, "two"), to, NULL);
        memcpy(from, to, sizeof from);
    }
    bt_onnx_write_output(&g, from);
    refuse(&g, "no room");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(constants_are_bounded),
        cmocka_unit_test(values_are_bounded),
        cmocka_unit_test(work_is_bounded),
        cmocka_unit_test(rewrites_are_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
