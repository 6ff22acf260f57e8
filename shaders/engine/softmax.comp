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
    int i = invocation();
    if (i >= push.count) return;
    int outer = quotient(i, push.inner);
    int at = outer * push.size * push.inner + i - outer * push.inner;
    float most = -3.4e38, sum = 0.0;
    for (int k = 0; k < push.size; k++) most = max(most, BT_FETCH1(tensor_in, at + k * push.inner));
    for (int k = 0; k < push.size; k++) sum += exp(BT_FETCH1(tensor_in, at + k * push.inner) - most);
    for (int k = 0; k < push.size; k++)
        tensor_out[at + k * push.inner] = exp(BT_FETCH1(tensor_in, at + k * push.inner) - most) / sum;
}
