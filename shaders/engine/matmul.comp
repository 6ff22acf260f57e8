/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/matmul.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_matmul_push push;
};
BT_INPUT1(BT_MATMUL_A, block_a, tensor_a);
BT_INPUT1(BT_MATMUL_B, block_b, tensor_b);
BT_INPUT1(BT_MATMUL_C, block_c, tensor_c);
BT_OUTPUT1(BT_MATMUL_OUT);

void main() {
    int i = min(invocation(), push.count - 1);
    int tiles = (push.columns + BT_MATMUL_COLUMNS - 1) / BT_MATMUL_COLUMNS;
    int rest = quotient(i, tiles);
    int column = (i - rest * tiles) * BT_MATMUL_COLUMNS;
    int batch = quotient(rest, push.rows);
    int row = rest - batch * push.rows;
    int to = (batch * push.rows + row) * push.columns;
    int a = row * push.a_row, b = 0;
    for (int d = 0; d < 4; d++) {
        int outer = quotient(batch, push.batch[d]);
        int k = batch - outer * push.batch[d];
        a += k * push.a_batch[d];
        b += k * push.b_batch[d];
        batch = outer;
    }
    int inner = push.inner, a_inner = push.a_inner, b_inner = push.b_inner;
    int from[BT_MATMUL_COLUMNS];
    float sum[BT_MATMUL_COLUMNS];
    [[unroll]] for (int c = 0; c < BT_MATMUL_COLUMNS; c++) {
        from[c] = b + min(column + c, push.columns - 1) * push.b_column;
        sum[c] = 0.0;
    }
    for (int k = 0; k < inner; k++) {
        float v = BT_FETCH1(tensor_a, a + k * a_inner);
        [[unroll]] for (int c = 0; c < BT_MATMUL_COLUMNS; c++) sum[c] += v * BT_FETCH1(tensor_b, from[c] + k * b_inner);
    }
    [[unroll]] for (int c = 0; c < BT_MATMUL_COLUMNS; c++) {
        if (column + c < push.columns) {
            float v = push.alpha * sum[c];
            if (push.beta != 0.0) v += push.beta * BT_FETCH1(tensor_c, row * push.c_row + (column + c) * push.c_column);
            tensor_out[to + column + c] = v;
        }
    }
}
