/* SPDX-License-Identifier: MIT */
/* MatMul and Gemm on PLAIN tensors: out = alpha * A x B + beta * C, each with its own strides, batches broadcast. */
#ifndef BT_SHADER_ENGINE_MATMUL_H
#define BT_SHADER_ENGINE_MATMUL_H

#define BT_MATMUL_A     0
#define BT_MATMUL_B     1
#define BT_MATMUL_C     2 /* any valid binding when beta is 0 */
#define BT_MATMUL_OUT   3
#define BT_MATMUL_SLOTS 4

#define BT_MATMUL_LANES     0
#define BT_MATMUL_CONSTANTS 1
#define BT_MATMUL_COLUMNS   4 /* that an invocation makes */

struct bt_matmul_push {
    int count; /* invocations */
    int rows, columns, inner;
    int a_row, a_inner, b_inner, b_column, c_row, c_column;
    float alpha, beta;
    int batch[4], a_batch[4], b_batch[4]; /* the innermost first */
};

#endif
