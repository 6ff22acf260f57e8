/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/pack.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_pack_push push;
};
BT_INPUT1(BT_PACK_IN, block_in, tensor_in);
BT_OUTPUT4(BT_PACK_OUT);

void main() {
    int i = min(invocation(), push.pixels * push.groups - 1);
    int group = quotient(i, push.pixels);
    int pixel = i - group * push.pixels;
    vec4 v = vec4(0.0);
    [[unroll]] for (int lane = 0; lane < 4; lane++) {
        int c = group * 4 + lane;
        if (c < push.channels) v[lane] = BT_FETCH1(tensor_in, c * push.pixels + pixel);
    }
    BT_STORE4(i, v);
}
