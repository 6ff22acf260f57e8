/* SPDX-License-Identifier: MIT */
/* Kernels on PLAIN tensors, on odd sizes: plain, pad, gather, matmul, reduce, softmax. Tolerances: 1e-5 for sums and exp, 0 for
   what only moves or is compared. */
#include "support/engine_step.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct step_case plain_case(const char *what, enum bt_op op, struct bt_shape in, struct bt_shape out, float tolerance) {
    struct step_case c = {.what = what, .op = op, .in_count = 1, .out = out, .tolerance = tolerance};
    c.in[0] = (struct step_tensor){.shape = in};
    return c;
}

static void two(struct step_case *c, struct bt_shape b) {
    c->in_count = 2;
    c->in[1] = (struct step_tensor){.shape = b};
}

static void elements(void **state) {
    (void)state;
    struct bt_shape x = shape3(3, 5, 7), scalar = {.rank = 0, .dim = {1, 1, 1, 1, 1, 1}};
    struct step_case c = plain_case("add", BT_OP_ADD, x, x, 0.0f);
    two(&c, x);
    step_check(&c);
    c = plain_case("mul, outer", BT_OP_MUL, shape3(3, 1, 7), x, 0.0f);
    two(&c, shape2(5, 1));
    step_check(&c);
    c = plain_case("sub a scalar constant", BT_OP_SUB, x, x, 0.0f);
    two(&c, scalar);
    c.in[1].constant = true;
    step_check(&c);
    struct bt_shape six = {.rank = 6, .dim = {2, 3, 2, 3, 2, 3}}, half = {.rank = 6, .dim = {2, 1, 2, 1, 2, 1}};
    c = plain_case("six dimensions", BT_OP_ADD, six, six, 0.0f);
    two(&c, half);
    step_check(&c);
    c = plain_case("greater or equal", BT_OP_GREATER_OR_EQUAL, x, x, 0.0f);
    two(&c, x);
    c.out_type = BT_TYPE_BOOL;
    step_check(&c);
    c.what = "less or equal";
    c.op = BT_OP_LESS_OR_EQUAL;
    step_check(&c);
    c = plain_case("and", BT_OP_AND, x, x, 0.0f);
    two(&c, x);
    c.in[0].type = c.in[1].type = c.out_type = BT_TYPE_BOOL;
    step_check(&c);
    c = plain_case("cast to float", BT_OP_CAST, x, x, 0.0f);
    c.in[0].type = BT_TYPE_BOOL;
    step_check(&c);
    c = plain_case("sigmoid", BT_OP_SIGMOID, x, x, 1e-6f);
    step_check(&c);
}

static void moves(void **state) {
    (void)state;
    struct step_case c = plain_case("transpose", BT_OP_TRANSPOSE, shape3(3, 5, 7), shape3(7, 3, 5), 0.0f);
    c.attr = (struct bt_attr){.perm = {2, 0, 1}};
    step_check(&c);
    c = plain_case("slice", BT_OP_SLICE, shape3(6, 5, 9), shape3(3, 2, 5), 0.0f);
    c.attr = (struct bt_attr){.begin = {0, 3, 8}, .step = {2, 1, -2}};
    step_check(&c);
    c = plain_case("pad", BT_OP_PAD, shape3(2, 3, 5), shape3(3, 3, 8), 0.0f);
    c.attr = (struct bt_attr){.before = {1, -1, 2}, .after = {0, 1, 1}, .value = 9.0f};
    step_check(&c);
    c = plain_case("concat", BT_OP_CONCAT, shape3(2, 3, 5), shape3(2, 8, 5), 0.0f);
    two(&c, shape3(2, 1, 5));
    c.in_count = 3;
    c.in[2] = (struct step_tensor){.shape = shape3(2, 4, 5)};
    c.attr = (struct bt_attr){.axis = 1};
    step_check(&c);
    static const int64_t indices[] = {4, 0, -1, 2, 2, 3};
    c = plain_case("gather", BT_OP_GATHER, shape3(3, 5, 7), (struct bt_shape){.rank = 4, .dim = {3, 2, 3, 7, 1, 1}}, 0.0f);
    two(&c, shape2(2, 3));
    c.in[1].type = BT_TYPE_I64;
    c.in[1].constant = true;
    c.in[1].data = indices;
    c.attr = (struct bt_attr){.axis = 1};
    step_check(&c);
}

static void products(void **state) {
    (void)state;
    struct step_case c = plain_case("matmul", BT_OP_MATMUL, shape2(7, 33), shape2(7, 5), 1e-5f);
    two(&c, shape2(33, 5));
    step_check(&c);
    c = plain_case("matmul of a batch", BT_OP_MATMUL, shape4(2, 1, 3, 9), shape4(2, 5, 3, 6), 1e-5f);
    two(&c, shape3(5, 9, 6));
    step_check(&c);
    c = plain_case("vector", BT_OP_MATMUL, shape1(9), shape1(6), 1e-5f);
    two(&c, shape2(9, 6));
    step_check(&c);
    for (int i = 0; i < 4; i++) {
        c = plain_case("gemm", BT_OP_GEMM, i & 1 ? shape2(21, 3) : shape2(3, 21), shape2(3, 10), 1e-4f);
        two(&c, i & 2 ? shape2(10, 21) : shape2(21, 10));
        c.in_count = 3;
        c.in[2] = (struct step_tensor){.shape = i & 1 ? shape1(10) : shape2(3, 1), .constant = true};
        c.attr = (struct bt_attr){.trans_a = i & 1, .trans_b = i & 2, .alpha = 0.5f, .beta = 2.0f};
        step_check(&c);
    }
}

static void reductions(void **state) {
    (void)state;
    static const enum bt_op ops[] = {BT_OP_REDUCE_MIN, BT_OP_REDUCE_MAX, BT_OP_REDUCE_SUM, BT_OP_REDUCE_MEAN};
    for (int i = 0; i < 4; i++) {
        struct step_case c = plain_case(bt_op_info(ops[i])->name, ops[i], shape4(3, 5, 2, 7), shape2(5, 7), 1e-5f);
        c.attr = (struct bt_attr){.axes = {true, false, true, false}};
        step_check(&c);
        c = plain_case("all of it", ops[i], shape3(5, 2, 7), (struct bt_shape){.rank = 0, .dim = {1, 1, 1, 1, 1, 1}}, 1e-5f);
        c.attr = (struct bt_attr){.axes = {true, true, true}};
        step_check(&c);
    }
    struct step_case c = plain_case("softmax", BT_OP_SOFTMAX, shape3(3, 11, 5), shape3(3, 11, 5), 1e-6f);
    c.attr = (struct bt_attr){.axis = 1};
    c.in[0].low = -30.0f;
    c.in[0].high = 30.0f;
    step_check(&c);
}

static int close_gpu(void **state) {
    (void)state;
    step_gpu_close();
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(elements), cmocka_unit_test(moves), cmocka_unit_test(products),
                                       cmocka_unit_test(reductions)};
    return cmocka_run_group_tests_name("engine plain", tests, NULL, close_gpu);
}
