/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/softmax.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_softmax_push push;
};
BT_INPUT1(BT_SOFTMAX_IN, block_in, tensor_in);
BT_OUTPUT1(BT_SOFTMAX_OUT);

void main() {
    int i = min(invocation(), push.count - 1);
    int size = push.size, inner = push.inner;
    int outer = quotient(i, inner);
    int at = outer * size * inner + i - outer * inner;
    float most = -3.4e38, sum = 0.0;
    for (int k = 0; k < size; k++) most = max(most, BT_FETCH1(tensor_in, at + k * inner));
    for (int k = 0; k < size; k++) sum += exp(BT_FETCH1(tensor_in, at + k * inner) - most);
    for (int k = 0; k < size; k++)
        tensor_out[at + k * inner] = exp(BT_FETCH1(tensor_in, at + k * inner) - most) / sum;
}
