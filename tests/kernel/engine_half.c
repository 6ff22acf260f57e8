/* SPDX-License-Identifier: MIT */
/* Nets with float16 of which something does not fit: made so that float16 alone gives infinity or NaN, which an activation may
   hide. What comes out must be right all the same, and the layer named. */
#include "base/half.h"
#include "base/log.h"
#include "base/rng.h"
#include "engine/net.h"
#include "engine/onnx/onnx.h"
#include "engine/ref/ref.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include "support/onnx_writer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { CHANNELS = 8, SIDE = 12, PIXELS = SIDE * SIDE, COUNT = CHANNELS * PIXELS };

static const float tolerance = 5e-3f; /* of the output's range: four layers, each rounded to 2^-11 */

static struct bt_gpu *gpu;
static struct bt_log *console;

static void print_line(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    (void)level;
    print_message("%s\n", line);
}

/* A convolution of CHANNELS to CHANNELS; `weight` of the diagonal and of the channel beside it. */
static void add_conv(struct bt_writer *graph, const char *from, const char *name, int64_t side, float weight, float beside,
                     float bias) {
    float w[CHANNELS * CHANNELS * 9] = {0}, b[CHANNELS];
    char weights[32], biases[32];
    struct bt_writer attributes = {0};
    for (int64_t c = 0; c < CHANNELS; c++) {
        for (int64_t tap = 0; tap < side * side; tap++) {
            w[(c * CHANNELS + c) * side * side + tap] = weight;
            w[(c * CHANNELS + (c ^ 1)) * side * side + tap] = beside;
        }
        b[c] = bias;
    }
    snprintf(weights, sizeof weights, "%s_w", name);
    snprintf(biases, sizeof biases, "%s_b", name);
    bt_onnx_write_floats(graph, weights, 4, (const int64_t[]){CHANNELS, CHANNELS, side, side}, w);
    bt_onnx_write_floats(graph, biases, 1, (const int64_t[]){CHANNELS}, b);
    bt_onnx_write_attr_ints(&attributes, "pads", 4, (const int64_t[]){side / 2, side / 2, side / 2, side / 2});
    bt_onnx_write_node(graph, "Conv", (const char *const[]){from, weights, biases, NULL}, name, &attributes);
}

static void begin(struct bt_writer *graph) {
    bt_onnx_write_input(graph, "x", 4, (const int64_t[]){1, CHANNELS, SIDE, SIDE});
}

/* x to 100 x to 100000 x and back: the second does not fit, the third reads it. */
static void write_steep(struct bt_writer *model) {
    struct bt_writer graph = {0};
    begin(&graph);
    add_conv(&graph, "x", "one", 1, 100.0f, 0.0f, 0.0f);
    add_conv(&graph, "one", "two", 3, 150.0f, 0.0f, 1.0f);
    add_conv(&graph, "two", "three", 1, 1e-3f, 0.0f, 0.5f);
    add_conv(&graph, "three", "four", 3, 0.1f, 0.2f, 0.0f);
    bt_onnx_write_output(&graph, "four");
    bt_onnx_write_model(model, &graph);
}

/* 100 x times 1000 and less another channel's the same: the products do not fit, their sum does, and after a Sigmoid nothing
   looks wrong. */
static void write_hidden(struct bt_writer *model) {
    struct bt_writer graph = {0};
    begin(&graph);
    add_conv(&graph, "x", "one", 1, 100.0f, 100.0f, 0.0f);
    add_conv(&graph, "one", "two", 1, 1000.0f, -1000.0f, 0.25f);
    bt_onnx_write_node(&graph, "Sigmoid", (const char *const[]){"two", NULL}, "two_act", NULL);
    add_conv(&graph, "two_act", "three", 3, 1.0f, 0.5f, 0.0f);
    bt_onnx_write_output(&graph, "three");
    bt_onnx_write_model(model, &graph);
}

static void reference(struct bt_bytes model, float *x, float *out) {
    struct bt_graph *graph = NULL;
    const struct bt_shape shape = {.rank = 4, .dim = {1, CHANNELS, SIDE, SIDE}};
    assert_int_equal(bt_onnx_import(model, console, &graph), BT_OK);
    struct bt_ref_tensor in = {.type = BT_TYPE_F32, .shape = shape, .data = x};
    struct bt_ref_tensor result = {.type = BT_TYPE_F32, .shape = shape, .data = out};
    assert_int_equal(bt_ref_run(graph, &in, &result), BT_OK);
    bt_graph_destroy(&graph);
}

static uint32_t run(struct bt_net *net) {
    uint32_t runs = 0;
    bool again = true;
    while (again) {
        struct bt_commands *commands = bt_net_commands(net);
        uint64_t value = 0;
        assert_int_equal(bt_gpu_submit(gpu, &commands, 1, &value), BT_OK);
        assert_int_equal(bt_gpu_wait(gpu, value, INT64_C(60000000000)), BT_OK);
        assert_int_equal(bt_net_mend(net, &again), BT_OK);
        assert_true(++runs < 10);
    }
    return runs;
}

static void compare(const struct bt_net *net, const float *want) {
    const struct bt_tensor *t = bt_net_output_at(net, 0);
    const float *got = (const float *)(const void *)((const uint8_t *)bt_buffer_map(t->buffer) + t->offset_bytes);
    float most = 0.0f;
    for (int i = 0; i < COUNT; i++) most = fmaxf(most, fabsf(want[i]));
    for (int i = 0; i < COUNT; i++) {
        if (!(fabsf(got[i] - want[i]) <= tolerance * most))
            fail_msg("element %d is %g, should be %g", i, (double)got[i], (double)want[i]);
    }
}

/* Dark first: all fits. Then bright: `layer` does not, once (NULL: all does). Then bright again: nothing is to be mended. */
static void check(void (*write)(struct bt_writer *), enum bt_half half, enum bt_variant variant, const char *layer) {
    struct bt_writer model = {0};
    struct bt_rng rng;
    float *x = malloc(COUNT * sizeof *x), *want = malloc(COUNT * sizeof *want);
    assert_non_null(x);
    assert_non_null(want);
    write(&model);
    struct bt_net *net = NULL;
    const struct bt_net_params params = {
        .gpu = gpu, .log = console, .name = "made", .onnx = bt_writer_view(&model), .variant = variant, .half = half};
    assert_int_equal(bt_net_create(&params, &net), BT_OK);
    assert_true(bt_net_stats(net)->half_count > 0);
    const struct bt_tensor *input = bt_net_input(net, NULL);
    for (int bright = 0; bright < 3; bright++) {
        bt_rng_init(&rng, 5, (uint64_t)bright);
        for (int i = 0; i < COUNT; i++) x[i] = bt_rng_uniform(&rng, 0.5f, 1.0f) * (bright ? 1.0f : 1e-3f);
        reference(bt_writer_view(&model), x, want);
        assert_int_equal(bt_net_fill(input, x), BT_OK);
        uint32_t runs = run(net);
        assert_int_equal(runs, layer && bright == 1 ? 2 : 1);
        assert_int_equal(bt_net_stats(net)->single_count, layer && bright ? 1 : 0);
        compare(net, want);
    }
    assert_ptr_equal(bt_net_input(net, NULL), input);
    if (layer) assert_string_equal(bt_net_single_at(net, 0), layer);
    assert_null(bt_net_single_at(net, layer ? 1 : 0));
    bt_net_destroy(&net);
    bt_writer_free(&model);
    free(x);
    free(want);
}

static void steep(void **state) {
    (void)state;
    check(write_steep, BT_HALF_STORAGE, BT_VARIANT_STORAGE, "two");
    check(write_steep, BT_HALF_STORAGE, BT_VARIANT_TEXELS, "two");
}

static void steep_products(void **state) {
    (void)state;
    if (!bt_gpu_caps(gpu)->half_arithmetic) skip();
    check(write_steep, BT_HALF_ARITHMETIC, BT_VARIANT_STORAGE, "two");
    check(write_steep, BT_HALF_ARITHMETIC, BT_VARIANT_TEXELS, "two");
}

static void hidden(void **state) {
    (void)state;
    check(write_hidden, BT_HALF_STORAGE, BT_VARIANT_STORAGE, NULL);
    if (!bt_gpu_caps(gpu)->half_arithmetic) skip();
    check(write_hidden, BT_HALF_ARITHMETIC, BT_VARIANT_STORAGE, "two_act");
    check(write_hidden, BT_HALF_ARITHMETIC, BT_VARIANT_TEXELS, "two_act");
}

static void numbers(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x7c00; h++) {
        float f = bt_half_to_float((uint16_t)h), next = h + 1 == 0x7c00 ? 65536.0f : bt_half_to_float((uint16_t)(h + 1));
        assert_true(next > f);
        assert_int_equal(bt_half_from_float(f), h);
        assert_int_equal(bt_half_from_float(-f), h | 0x8000);
        float middle = (f + next) / 2; /* exact in float32 */
        assert_int_equal(bt_half_from_float(middle), h + (h & 1));
        assert_int_equal(bt_half_from_float(nextafterf(middle, 0.0f)), h);
        assert_int_equal(bt_half_from_float(nextafterf(middle, INFINITY)), h + 1);
    }
    assert_int_equal(bt_half_from_float(INFINITY), 0x7c00);
    assert_int_equal(bt_half_from_float(NAN) & 0x7fff, 0x7e00);
    assert_true(isnan(bt_half_to_float(0x7e00)));
    assert_true(bt_half_to_float(0x7bff) == BT_HALF_MOST);
}

static int open_gpu(void **state) {
    (void)state;
    console = bt_log_create(print_line, NULL, BT_LOG_INFO);
    return bt_gpu_create(&(struct bt_gpu_params){.log = console}, &gpu) != BT_OK;
}

static int close_gpu(void **state) {
    (void)state;
    bt_gpu_destroy(&gpu);
    bt_log_destroy(&console);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(steep),
        cmocka_unit_test(steep_products),
        cmocka_unit_test(hidden),
    };
    return cmocka_run_group_tests_name("engine half", tests, open_gpu, close_gpu);
}
