/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/plain.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_PLAIN_DO) const int DO = 0;
#define VEC float

layout(push_constant) uniform push_block {
    bt_plain_push push;
};
BT_INPUT1(BT_PLAIN_A, block_a, tensor_a);
BT_INPUT1(BT_PLAIN_B, block_b, tensor_b);
BT_OUTPUT1(BT_PLAIN_OUT);

#include "engine/operate.glsl"

/* By selection, not by branches: a CPU driver runs all branches anyway. */
float simple(int what, float a, float b) {
    float v = a;
    v = what == BT_DO_ADD ? a + b : v;
    v = what == BT_DO_SUB ? a - b : v;
    v = what == BT_DO_MUL || what == BT_DO_AND ? a * b : v;
    v = what == BT_DO_DIV ? a / b : v;
    v = what == BT_DO_MAX ? max(a, b) : v;
    v = what == BT_DO_MIN ? min(a, b) : v;
    v = what == BT_DO_GREATER_EQUAL ? float(a >= b) : v;
    v = what == BT_DO_LESS_EQUAL ? float(a <= b) : v;
    v = what == BT_DO_PRELU ? max(a, 0.0) + b * min(a, 0.0) : v;
    v = what == BT_DO_LEAKY ? max(a, 0.0) + push.alpha * min(a, 0.0) : v;
    v = what == BT_DO_CLIP ? min(max(a, push.alpha), push.beta) : v;
    v = what == BT_DO_SQRT ? sqrt(a) : v;
    v = what == BT_DO_NEG ? -a : v;
    v = what == BT_DO_ABS ? abs(a) : v;
    v = what == BT_DO_RECIPROCAL ? 1.0 / a : v;
    v = what == BT_DO_TRUNC ? trunc(a) : v;
    v = what == BT_DO_BOOL ? float(a != 0.0) : v;
    return v;
}

void main() {
    int i = min(invocation(), push.count - 1);
    int to = push.out_start, from_a = push.a_start, from_b = push.b_start;
    [[unroll]] for (int d = 0; d < 6; d++) {
        int rest = quotient(i, push.dim[d]);
        int k = i - rest * push.dim[d];
        to += k * push.out_step[d];
        from_a += k * push.a_step[d];
        from_b += k * push.b_step[d];
        i = rest;
    }
    float a = BT_FETCH1(tensor_a, from_a);
    float b = a;
    if (DO != BT_DO_COPY && DO <= BT_DO_PRELU) b = BT_FETCH1(tensor_b, from_b);
    tensor_out[to] = DO == BT_PLAIN_SIMPLE ? simple(push.what, a, b) : operate(a, b, push.alpha, push.beta);
}
