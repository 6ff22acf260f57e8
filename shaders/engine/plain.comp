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

void main() {
    int i = invocation();
    if (i >= push.count) return;
    int to = push.out_start, from_a = push.a_start, from_b = push.b_start;
    for (int d = 0; d < push.rank; d++) {
        int rest = 0;
        if (d + 1 < push.rank) rest = quotient(i, push.dim[d]);
        int k = i - rest * push.dim[d];
        to += k * push.out_step[d];
        from_a += k * push.a_step[d];
        from_b += k * push.b_step[d];
        i = rest;
    }
    float a = BT_FETCH1(tensor_a, from_a);
    float b = a;
    if (DO != BT_DO_COPY && DO <= BT_DO_PRELU) b = BT_FETCH1(tensor_b, from_b);
    tensor_out[to] = operate(a, b, push.alpha, push.beta);
}
