/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/pad.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_pad_push push;
};
BT_INPUT1(BT_PAD_IN, block_in, tensor_in);
BT_OUTPUT1(BT_PAD_OUT);

void main() {
    int i = min(invocation(), push.count - 1);
    int to = i, from = 0, step = 1;
    bool inside = true;
    for (int d = 0; d < push.rank; d++) {
        int rest = quotient(i, push.out_dim[d]);
        int k = i - rest * push.out_dim[d] - push.before[d];
        int kept = clamp(k, 0, push.in_dim[d] - 1);
        inside = inside && k == kept;
        from += kept * step;
        step *= push.in_dim[d];
        i = rest;
    }
    float v = BT_FETCH1(tensor_in, from);
    tensor_out[to] = inside ? v : push.value;
}
