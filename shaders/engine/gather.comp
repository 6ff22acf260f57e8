/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/gather.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_gather_push push;
};
BT_INPUT1(BT_GATHER_IN, block_in, tensor_in);
layout(std430, binding = BT_GATHER_INDICES) readonly buffer block_indices {
    int indices[];
};
BT_OUTPUT1(BT_GATHER_OUT);

void main() {
    int i = min(invocation(), push.count - 1);
    int rest = quotient(i, push.inner);
    int k = i - rest * push.inner;
    int outer = quotient(rest, push.indices);
    int at = indices[rest - outer * push.indices];
    at += at < 0 ? push.axis : 0;
    tensor_out[i] = BT_FETCH1(tensor_in, (outer * push.axis + at) * push.inner + k);
}
