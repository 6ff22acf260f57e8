/* SPDX-License-Identifier: MIT */
/* conv.comp, tile.comp, dw.comp and separable.comp against the reference, on odd sizes. Tolerance: float32 sums of n products
   of numbers in -1 … 1 in another order differ by about sqrt(n) * 2^-24 * sqrt(n); 1e-4 holds for all sizes here with room to
   spare. */
#include "support/brief.h"
#include "support/engine_step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct shape_case {
    const char *what;
    uint32_t in, out, h, w, group;
    uint32_t kh, kw, stride, dilation;
    uint32_t pads[4]; /* top, left, bottom, right */
    enum bt_activation act;
    uint32_t residual; /* its channels; 0: none */
    bool no_bias, late;
};

static const struct shape_case cases[] = {
    {"1x1", 16, 24, 7, 9, 1, 1, 1, 1, 1, {0}, BT_ACT_NONE, 0, false, false},
    {"1x1 odd channels", 5, 3, 5, 7, 1, 1, 1, 1, 1, {0}, BT_ACT_RELU, 0, false, false},
    {"1x1 residual prelu", 8, 8, 13, 11, 1, 1, 1, 1, 1, {0}, BT_ACT_PRELU, 8, false, false},
    {"1x1 short residual", 8, 14, 6, 6, 1, 1, 1, 1, 1, {0}, BT_ACT_PRELU, 8, false, false},
    {"1x1 stride 2", 12, 12, 9, 9, 1, 1, 1, 2, 1, {0}, BT_ACT_NONE, 0, false, false},
    {"1x1 of 1x1 map", 64, 16, 1, 1, 1, 1, 1, 1, 1, {0}, BT_ACT_SIGMOID, 0, false, false},
    {"1x1 hard swish", 4, 6, 3, 21, 1, 1, 1, 1, 1, {0}, BT_ACT_HARD_SWISH, 0, false, false},
    {"1x1 sigmoid one channel", 8, 1, 10, 10, 1, 1, 1, 1, 1, {0}, BT_ACT_SIGMOID, 0, false, false},
    {"3x3 same", 8, 12, 11, 13, 1, 3, 3, 1, 1, {1, 1, 1, 1}, BT_ACT_RELU, 0, false, false},
    {"3x3 stride 2 TF same", 3, 16, 24, 30, 1, 3, 3, 2, 1, {0, 0, 1, 1}, BT_ACT_CLIP, 0, false, false},
    {"3x3 stride 2 odd", 3, 8, 17, 19, 1, 3, 3, 2, 1, {1, 1, 1, 1}, BT_ACT_PRELU, 0, true, false},
    {"3x3 valid to 1x1", 16, 30, 3, 3, 1, 3, 3, 1, 1, {0}, BT_ACT_NONE, 0, false, false},
    {"3x3 dilation 2", 4, 4, 12, 12, 1, 3, 3, 1, 2, {2, 2, 2, 2}, BT_ACT_NONE, 0, false, false},
    {"2x2 stride 2", 8, 8, 12, 10, 1, 2, 2, 2, 1, {0}, BT_ACT_PRELU, 0, false, false},
    {"5x5 stride 2 one-sided", 3, 24, 33, 31, 1, 5, 5, 2, 1, {1, 1, 2, 2}, BT_ACT_RELU, 0, false, false},
    {"7x7", 4, 5, 9, 9, 1, 7, 7, 1, 1, {3, 3, 3, 3}, BT_ACT_LEAKY_RELU, 0, false, false},
    {"1x3", 4, 4, 6, 6, 1, 1, 3, 1, 1, {0, 1, 0, 1}, BT_ACT_NONE, 0, false, false},
    {"1x1 wide", 36, 70, 9, 15, 1, 1, 1, 1, 1, {0}, BT_ACT_PRELU, 70, false, false},
    {"3x3 wide stride 2", 20, 67, 13, 19, 1, 3, 3, 2, 1, {1, 1, 1, 1}, BT_ACT_HARD_SWISH, 50, false, true},
    {"5x5 dilation 2", 6, 21, 11, 9, 1, 5, 5, 1, 2, {4, 4, 4, 4}, BT_ACT_SIGMOID, 0, true, false},
    {"1x1 late residual", 8, 7, 6, 6, 1, 1, 1, 1, 1, {0}, BT_ACT_RELU, 7, false, true},
    {"depthwise late residual", 7, 7, 6, 9, 7, 3, 3, 1, 1, {1, 1, 1, 1}, BT_ACT_SIGMOID, 7, false, true},
    {"grouped 3x3", 12, 8, 8, 8, 4, 3, 3, 1, 1, {1, 1, 1, 1}, BT_ACT_NONE, 0, false, false},
    {"depthwise 3x3", 16, 16, 9, 14, 16, 3, 3, 1, 1, {1, 1, 1, 1}, BT_ACT_RELU, 0, false, false},
    {"depthwise 3x3 residual", 6, 6, 7, 5, 6, 3, 3, 1, 1, {1, 1, 1, 1}, BT_ACT_PRELU, 6, false, false},
    {"depthwise 3x3 stride 2 TF same", 10, 10, 12, 16, 10, 3, 3, 2, 1, {0, 0, 1, 1}, BT_ACT_CLIP, 0, false, false},
    {"depthwise 5x5", 8, 8, 6, 6, 8, 5, 5, 1, 1, {2, 2, 2, 2}, BT_ACT_HARD_SWISH, 0, false, false},
    {"depthwise 5x5 stride 2", 7, 7, 12, 18, 7, 5, 5, 2, 1, {1, 1, 2, 2}, BT_ACT_NONE, 0, true, false},
    {"depthwise 3x3 dilation 2", 4, 4, 11, 11, 4, 3, 3, 1, 2, {2, 2, 2, 2}, BT_ACT_NONE, 0, false, false},
    {"depthwise valid", 4, 4, 7, 7, 4, 7, 7, 1, 1, {0}, BT_ACT_NONE, 0, false, false},
};

static struct step_case conv_case(const struct shape_case *s) {
    struct step_case c = {.what = s->what, .op = BT_OP_CONV, .in_count = BT_CONV_INPUTS, .out_layout = BT_LAYOUT_C4};
    uint32_t reach_h = (s->kh - 1) * s->dilation + 1, reach_w = (s->kw - 1) * s->dilation + 1;
    uint32_t h = (s->h + s->pads[0] + s->pads[2] - reach_h) / s->stride + 1;
    uint32_t w = (s->w + s->pads[1] + s->pads[3] - reach_w) / s->stride + 1;
    c.attr = (struct bt_attr){.group = s->group,
                              .kernel = {s->kh, s->kw},
                              .stride = {s->stride, s->stride},
                              .dilation = {s->dilation, s->dilation},
                              .pad_before = {s->pads[0], s->pads[1]},
                              .pad_after = {s->pads[2], s->pads[3]},
                              .act = s->act,
                              .late = s->late};
    if (s->act == BT_ACT_CLIP) c.attr.low = 0.0f, c.attr.high = 1.5f;
    if (s->act == BT_ACT_LEAKY_RELU) c.attr.low = 0.1f;
    c.in[BT_CONV_X] = (struct step_tensor){.shape = shape4(1, s->in, s->h, s->w), .layout = BT_LAYOUT_C4};
    c.in[BT_CONV_WEIGHT] =
        (struct step_tensor){.shape = shape4(s->out, s->in / s->group, s->kh, s->kw), .constant = true, .raw = true};
    c.in[BT_CONV_BIAS] = (struct step_tensor){.shape = shape1(s->out), .constant = true, .raw = true, .absent = s->no_bias};
    c.in[BT_CONV_RESIDUAL] =
        (struct step_tensor){.shape = shape4(1, s->residual, h, w), .layout = BT_LAYOUT_C4, .absent = !s->residual};
    c.in[BT_CONV_SLOPE] =
        (struct step_tensor){.shape = shape1(s->out), .constant = true, .raw = true, .absent = s->act != BT_ACT_PRELU};
    c.out = shape4(1, s->out, h, w);
    c.tolerance = 1e-4f;
    return c;
}

static void convolutions(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i += test_brief(1, 5)) {
        struct step_case c = conv_case(&cases[i]);
        step_check(&c);
    }
}

static struct step_case transpose_case(const char *what, uint32_t in, uint32_t out, uint32_t h, uint32_t w) {
    struct step_case c = {.what = what, .op = BT_OP_CONV_TRANSPOSE, .in_count = BT_CONV_INPUTS, .out_layout = BT_LAYOUT_C4};
    c.attr = (struct bt_attr){.group = 1, .kernel = {2, 2}, .stride = {2, 2}, .dilation = {1, 1}};
    for (int i = 0; i < BT_CONV_INPUTS; i++) c.in[i].absent = true;
    c.in[BT_CONV_X] = (struct step_tensor){.shape = shape4(1, in, h, w), .layout = BT_LAYOUT_C4};
    c.in[BT_CONV_WEIGHT] = (struct step_tensor){.shape = shape4(in, out, 2, 2), .constant = true, .raw = true};
    c.in[BT_CONV_BIAS] = (struct step_tensor){.shape = shape1(out), .constant = true, .raw = true};
    c.out = shape4(1, out, h * 2, w * 2);
    c.tolerance = 1e-4f;
    return c;
}

static void transposed(void **state) {
    (void)state;
    struct step_case c = transpose_case("transposed 2x2", 8, 6, 5, 9);
    step_check(&c);
    c = transpose_case("transposed 2x2 to one channel, sigmoid", 16, 1, 9, 11);
    c.attr.act = BT_ACT_SIGMOID;
    step_check(&c);
    c = transpose_case("transposed 2x2 with residual", 4, 8, 4, 4);
    c.in[BT_CONV_RESIDUAL] = (struct step_tensor){.shape = shape4(1, 8, 8, 8), .layout = BT_LAYOUT_C4};
    c.attr.act = BT_ACT_RELU;
    step_check(&c);
}

struct separable_case {
    const char *what;
    uint32_t in, out, h, w, k, stride;
    uint32_t pads[4]; /* top, left, bottom, right */
    enum bt_activation act_inside, act;
    uint32_t residual; /* its channels; 0: none */
    bool no_bias, late;
};

static const struct separable_case pairs[] = {
    {"pair to 1 group", 6, 3, 9, 10, 3, 1, {1, 1, 1, 1}, BT_ACT_RELU, BT_ACT_NONE, 0, false, false},
    {"pair to 2 groups", 16, 8, 13, 16, 3, 1, {1, 1, 1, 1}, BT_ACT_NONE, BT_ACT_RELU, 8, false, false},
    {"pair to 2 groups stride 2 TF same", 10, 7, 14, 18, 3, 2, {0, 0, 1, 1}, BT_ACT_PRELU, BT_ACT_NONE, 0, false, false},
    {"pair to 3 groups late residual", 5, 12, 7, 13, 3, 1, {1, 1, 1, 1}, BT_ACT_CLIP, BT_ACT_CLIP, 12, false, true},
    {"pair to 3 groups short residual", 8, 11, 9, 12, 3, 1, {1, 1, 1, 1}, BT_ACT_NONE, BT_ACT_PRELU, 8, false, false},
    {"pair to 4 groups", 21, 16, 11, 9, 3, 1, {1, 1, 1, 1}, BT_ACT_SIGMOID, BT_ACT_NONE, 0, false, false},
    {"pair to 4 groups stride 2 odd", 9, 14, 17, 19, 3, 2, {1, 1, 1, 1}, BT_ACT_HARD_SWISH, BT_ACT_SIGMOID, 0, true, false},
    {"pair to 5 groups", 4, 18, 8, 6, 3, 1, {1, 1, 1, 1}, BT_ACT_NONE, BT_ACT_HARD_SWISH, 0, false, false},
    {"pair of 5x5, valid", 7, 8, 10, 9, 5, 1, {0}, BT_ACT_LEAKY_RELU, BT_ACT_NONE, 0, false, false},
    {"pair of one pixel", 8, 16, 3, 3, 3, 1, {0}, BT_ACT_RELU, BT_ACT_RELU, 16, false, false},
};

static struct step_case separable_case(const struct separable_case *s) {
    struct step_case c = {.what = s->what, .op = BT_OP_SEPARABLE_CONV, .in_count = BT_SEPARABLE_INPUTS, .tolerance = 1e-4f};
    uint32_t h = (s->h + s->pads[0] + s->pads[2] - s->k) / s->stride + 1;
    uint32_t w = (s->w + s->pads[1] + s->pads[3] - s->k) / s->stride + 1;
    c.out = shape4(1, s->out, h, w);
    c.out_layout = BT_LAYOUT_C4;
    c.attr = (struct bt_attr){.group = s->in,
                              .kernel = {s->k, s->k},
                              .stride = {s->stride, s->stride},
                              .dilation = {1, 1},
                              .pad_before = {s->pads[0], s->pads[1]},
                              .pad_after = {s->pads[2], s->pads[3]},
                              .act = s->act,
                              .act_inside = s->act_inside,
                              .late = s->late};
    c.attr.high = 1.5f;
    c.attr.low_inside = s->act_inside == BT_ACT_LEAKY_RELU ? 0.1f : -0.5f;
    c.attr.high_inside = 1.0f;
    for (int i = 0; i < BT_SEPARABLE_INPUTS; i++) c.in[i] = (struct step_tensor){.constant = true, .raw = true};
    c.in[BT_CONV_X] = (struct step_tensor){.shape = shape4(1, s->in, s->h, s->w), .layout = BT_LAYOUT_C4};
    c.in[BT_CONV_RESIDUAL] =
        (struct step_tensor){.shape = shape4(1, s->residual, h, w), .layout = BT_LAYOUT_C4, .absent = !s->residual};
    c.in[BT_CONV_WEIGHT].shape = shape4(s->out, s->in, 1, 1);
    c.in[BT_CONV_BIAS].shape = shape1(s->out);
    c.in[BT_CONV_BIAS].absent = s->no_bias;
    c.in[BT_CONV_SLOPE].shape = shape1(s->out);
    c.in[BT_CONV_SLOPE].absent = s->act != BT_ACT_PRELU;
    c.in[BT_SEPARABLE_WEIGHT].shape = shape4(s->in, 1, s->k, s->k);
    c.in[BT_SEPARABLE_BIAS].shape = shape1(s->in);
    c.in[BT_SEPARABLE_BIAS].absent = s->no_bias;
    c.in[BT_SEPARABLE_SLOPE].shape = shape1(s->in);
    c.in[BT_SEPARABLE_SLOPE].absent = s->act_inside != BT_ACT_PRELU;
    return c;
}

static void separable(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i += test_brief(1, 3)) {
        struct step_case c = separable_case(&pairs[i]);
        step_check(&c);
    }
}

/* Every tile that the autotuner may choose. */
static void separable_tiles(void **state) {
    (void)state;
    for (size_t i = 1; i < 7; i += test_brief(1, 3)) {
        struct step_case c = separable_case(&pairs[i]);
        step_check_ways(&c);
    }
}

static void separable_of_few_texels(void **state) {
    (void)state;
    struct step_case c = separable_case(&pairs[1]);
    c.max_texels = 64;
    step_check(&c);
}

/* A tensor with more elements than a texel view may have is read from storage. */
static void few_texels(void **state) {
    (void)state;
    struct step_case c = conv_case(&cases[0]);
    c.max_texels = 64;
    step_check(&c);
}

static int close_gpu(void **state) {
    (void)state;
    step_gpu_close();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(convolutions),    cmocka_unit_test(transposed),
                                       cmocka_unit_test(few_texels),      cmocka_unit_test(separable),
                                       cmocka_unit_test(separable_tiles), cmocka_unit_test(separable_of_few_texels)};
    return cmocka_run_group_tests_name("engine convolutions", tests, NULL, close_gpu);
}
