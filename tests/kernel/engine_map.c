/* SPDX-License-Identifier: MIT */
/* Kernels on C4 maps, on odd sizes: pool, mean, resize, sample, shuffle, eltwise, move, pack, unpack. Tolerances: 1e-5 where
   numbers are averaged, interpolated or go through exp, 0 where they only move or are compared. */
#include "support/engine_step.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct step_case map_case(const char *what, enum bt_op op, struct bt_shape in, struct bt_shape out, float tolerance) {
    struct step_case c = {
        .what = what, .op = op, .in_count = 1, .out = out, .out_layout = BT_LAYOUT_C4, .tolerance = tolerance};
    c.in[0] = (struct step_tensor){.shape = in, .layout = BT_LAYOUT_C4};
    return c;
}

static void pool(const char *what, enum bt_op op, uint32_t h, uint32_t w, uint32_t kernel, uint32_t stride, uint32_t before,
                 uint32_t after, bool count_pad) {
    uint32_t oh = (h + before + after - kernel) / stride + 1, ow = (w + before + after - kernel) / stride + 1;
    struct step_case c = map_case(what, op, shape4(1, 6, h, w), shape4(1, 6, oh, ow), op == BT_OP_MAX_POOL ? 0.0f : 1e-5f);
    c.attr = (struct bt_attr){.kernel = {kernel, kernel},
                              .stride = {stride, stride},
                              .dilation = {1, 1},
                              .pad_before = {before, before},
                              .pad_after = {after, after},
                              .count_pad = count_pad};
    step_check(&c);
}

static void pools(void **state) {
    (void)state;
    pool("max 2x2", BT_OP_MAX_POOL, 8, 10, 2, 2, 0, 0, false);
    pool("max 3x3 stride 2", BT_OP_MAX_POOL, 9, 7, 3, 2, 1, 1, false);
    pool("max 2x2 stride 1, end pad", BT_OP_MAX_POOL, 5, 5, 2, 1, 0, 1, false);
    pool("average 2x2", BT_OP_AVERAGE_POOL, 10, 6, 2, 2, 0, 0, false);
    pool("average 3x3 without pads", BT_OP_AVERAGE_POOL, 7, 11, 3, 1, 1, 1, false);
    pool("average 3x3 with pads", BT_OP_AVERAGE_POOL, 7, 11, 3, 2, 1, 1, true);
    struct step_case c = map_case("global", BT_OP_GLOBAL_AVERAGE_POOL, shape4(1, 10, 9, 13), shape4(1, 10, 1, 1), 1e-5f);
    step_check(&c);
    c = map_case("global of few", BT_OP_GLOBAL_AVERAGE_POOL, shape4(1, 3, 2, 3), shape4(1, 3, 1, 1), 1e-5f);
    step_check(&c);
}

static void resize(const char *what, uint32_t h, uint32_t w, uint32_t oh, uint32_t ow, enum bt_resize_mode mode,
                   enum bt_resize_coord coord, enum bt_resize_nearest nearest) {
    struct step_case c = map_case(what, BT_OP_RESIZE, shape4(1, 5, h, w), shape4(1, 5, oh, ow), 1e-5f);
    c.attr = (struct bt_attr){.resize = mode, .coord = coord, .nearest = nearest};
    c.attr.scale[0] = c.attr.scale[1] = 1.0f;
    c.attr.scale[2] = (float)oh / (float)h;
    c.attr.scale[3] = (float)ow / (float)w;
    step_check(&c);
}

static void resizes(void **state) {
    (void)state;
    resize("linear x2", 7, 9, 14, 18, BT_RESIZE_LINEAR, BT_COORD_HALF_PIXEL, 0);
    resize("linear down", 9, 8, 4, 6, BT_RESIZE_LINEAR, BT_COORD_HALF_PIXEL, 0);
    resize("linear aligned", 5, 6, 11, 13, BT_RESIZE_LINEAR, BT_COORD_ALIGN_CORNERS, 0);
    resize("linear asymmetric", 5, 6, 10, 18, BT_RESIZE_LINEAR, BT_COORD_ASYMMETRIC, 0);
    resize("linear to one", 5, 6, 1, 1, BT_RESIZE_LINEAR, BT_COORD_PYTORCH_HALF_PIXEL, 0);
    resize("nearest floor", 5, 6, 10, 12, BT_RESIZE_NEAREST, BT_COORD_ASYMMETRIC, BT_NEAREST_FLOOR);
    resize("nearest prefer floor", 4, 8, 8, 16, BT_RESIZE_NEAREST, BT_COORD_HALF_PIXEL, BT_NEAREST_PREFER_FLOOR);
    resize("nearest prefer ceil", 4, 8, 8, 4, BT_RESIZE_NEAREST, BT_COORD_HALF_PIXEL, BT_NEAREST_PREFER_CEIL);
    resize("nearest ceil", 4, 8, 8, 16, BT_RESIZE_NEAREST, BT_COORD_ASYMMETRIC, BT_NEAREST_CEIL);
}

static void shuffles(void **state) {
    (void)state;
    struct step_case c = map_case("depth to space DCR", BT_OP_DEPTH_TO_SPACE, shape4(1, 12, 5, 7), shape4(1, 3, 10, 14), 0.0f);
    c.attr = (struct bt_attr){.block = 2, .crd = false};
    step_check(&c);
    c.what = "depth to space CRD";
    c.attr.crd = true;
    step_check(&c);
    c = map_case("depth to space 3", BT_OP_DEPTH_TO_SPACE, shape4(1, 45, 2, 3), shape4(1, 5, 6, 9), 0.0f);
    c.attr = (struct bt_attr){.block = 3};
    step_check(&c);
}

static void samples(void **state) {
    (void)state;
    for (int i = 0; i < 12; i++) {
        struct step_case c = map_case("grid sample", BT_OP_GRID_SAMPLE, shape4(1, 6, 9, 7), shape4(1, 6, 5, 11), 2e-5f);
        c.in_count = 2;
        /* Beyond -1 … 1: some of it lies outside. */
        c.in[1] = (struct step_tensor){
            .shape = {.rank = 4, .dim = {1, 5, 11, 2, 1, 1}}, .layout = BT_LAYOUT_PLAIN, .low = -2.4f, .high = 2.4f};
        c.attr = (struct bt_attr){.resize = i & 2 ? BT_RESIZE_NEAREST : BT_RESIZE_LINEAR,
                                  .align_corners = i & 1,
                                  .grid_padding = (enum bt_grid_padding)(i / 4)};
        step_check(&c);
    }
}

static void binary(const char *what, enum bt_op op, struct bt_shape a, struct bt_shape b, struct bt_shape out) {
    struct step_case c = map_case(what, op, a, out, 0.0f);
    c.in_count = 2;
    c.in[1] = (struct step_tensor){.shape = b, .layout = BT_LAYOUT_C4};
    if (op == BT_OP_DIV) {
        c.in[1].low = 0.5f;
        c.in[1].high = 2.0f;
        c.tolerance = 1e-6f;
    }
    if (op == BT_OP_PRELU) c.tolerance = 1e-6f;
    step_check(&c);
}

static void binaries(void **state) {
    (void)state;
    struct bt_shape x = shape4(1, 6, 7, 9);
    binary("add", BT_OP_ADD, x, x, x);
    binary("mul by channel", BT_OP_MUL, x, shape4(1, 6, 1, 1), x);
    binary("mul by pixel", BT_OP_MUL, x, shape4(1, 1, 7, 9), x);
    binary("sub from scalar", BT_OP_SUB, shape4(1, 1, 1, 1), x, x);
    binary("add row and column", BT_OP_ADD, shape4(1, 6, 1, 9), shape4(1, 6, 7, 1), x);
    binary("div", BT_OP_DIV, x, x, x);
    binary("max", BT_OP_MAX, x, shape4(1, 6, 1, 1), x);
    binary("min", BT_OP_MIN, x, x, x);
    binary("prelu", BT_OP_PRELU, x, shape4(1, 6, 1, 1), x);
    binary("one channel", BT_OP_MUL, shape4(1, 1, 7, 9), shape4(1, 1, 7, 9), shape4(1, 1, 7, 9));
}

static void unaries(void **state) {
    (void)state;
    static const enum bt_op ops[] = {BT_OP_RELU, BT_OP_LEAKY_RELU, BT_OP_HARD_SWISH, BT_OP_SIGMOID, BT_OP_TANH,      BT_OP_CLIP,
                                     BT_OP_NEG,  BT_OP_ABS,        BT_OP_SQRT,       BT_OP_EXP,     BT_OP_RECIPROCAL};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        struct step_case c = map_case(bt_op_info(ops[i])->name, ops[i], shape4(1, 7, 5, 9), shape4(1, 7, 5, 9), 1e-5f);
        c.attr = (struct bt_attr){.low = 0.1f, .high = 0.7f};
        c.in[0].low = ops[i] == BT_OP_SQRT || ops[i] == BT_OP_RECIPROCAL ? 0.25f : -4.0f;
        c.in[0].high = 4.0f;
        c.tolerance = ops[i] == BT_OP_EXP ? 1e-4f : 1e-5f; /* exp(4) is 55 */
        step_check(&c);
    }
}

static void boxes(void **state) {
    (void)state;
    struct step_case c = map_case("pad", BT_OP_PAD, shape4(1, 6, 5, 7), shape4(1, 6, 8, 10), 0.0f);
    c.attr = (struct bt_attr){.before = {0, 0, 1, 0}, .after = {0, 0, 2, 3}, .value = 0.5f};
    step_check(&c);
    c = map_case("crop and pad", BT_OP_PAD, shape4(1, 6, 5, 7), shape4(1, 6, 4, 8), 0.0f);
    c.attr = (struct bt_attr){.before = {0, 0, -1, 2}, .after = {0, 0, 0, -1}};
    step_check(&c);
    c = map_case("channels appended", BT_OP_PAD, shape4(1, 6, 5, 7), shape4(1, 17, 5, 7), 0.0f);
    c.attr = (struct bt_attr){.after = {0, 11, 0, 0}, .value = -1.0f};
    step_check(&c);
    c = map_case("slice", BT_OP_SLICE, shape4(1, 14, 9, 8), shape4(1, 7, 4, 3), 0.0f);
    c.attr = (struct bt_attr){.begin = {0, 4, 1, 7}, .step = {1, 1, 2, -2}};
    step_check(&c);
    for (uint32_t axis = 1; axis <= 3; axis++) {
        struct bt_shape a = shape4(1, 8, 5, 6), out = a;
        c = map_case("concat", BT_OP_CONCAT, a, a, 0.0f);
        c.in_count = 3;
        for (int i = 1; i < 3; i++) {
            struct bt_shape b = a;
            b.dim[axis] = i == 1 ? 4 : 3;
            c.in[i] = (struct step_tensor){.shape = b, .layout = BT_LAYOUT_C4};
            out.dim[axis] += b.dim[axis];
        }
        c.out = out;
        c.attr = (struct bt_attr){.axis = axis};
        step_check(&c);
    }
}

static void layouts(void **state) {
    (void)state;
    struct bt_shape x = shape4(1, 7, 5, 6);
    for (int i = 0; i < 4; i++) {
        struct step_case c = map_case("convert", BT_OP_CONVERT, x, x, 0.0f);
        c.in[0].layout = i & 1 ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN;
        c.out_layout = i & 2 ? BT_LAYOUT_C4 : BT_LAYOUT_PLAIN;
        step_check(&c);
    }
    struct step_case c = map_case("transpose to NHWC", BT_OP_TRANSPOSE, x, shape4(1, 5, 6, 7), 0.0f);
    c.out_layout = BT_LAYOUT_PLAIN;
    c.attr = (struct bt_attr){.perm = {0, 2, 3, 1}};
    step_check(&c);
}

static int close_gpu(void **state) {
    (void)state;
    step_gpu_close();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(pools),   cmocka_unit_test(resizes),  cmocka_unit_test(shuffles),
                                       cmocka_unit_test(samples), cmocka_unit_test(binaries), cmocka_unit_test(unaries),
                                       cmocka_unit_test(boxes),   cmocka_unit_test(layouts)};
    return cmocka_run_group_tests_name("engine maps", tests, NULL, close_gpu);
}
