/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/shuffle.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_shuffle_push push;
};
BT_INPUT4(BT_SHUFFLE_IN, block_in, tensor_in);
BT_OUTPUT4(BT_SHUFFLE_OUT);

void main() {
    int i = min(invocation(), push.out_w * push.out_h * push.groups - 1);
    int rest = quotient(i, push.out_w);
    int x = i - rest * push.out_w;
    int group = quotient(rest, push.out_h);
    int y = rest - group * push.out_h;

    int xx = quotient(x, push.block), yy = quotient(y, push.block);
    int part = (y - yy * push.block) * push.block + x - xx * push.block;
    vec4 v = vec4(0.0);
    [[unroll]] for (int lane = 0; lane < 4; lane++) {
        int c = group * 4 + lane;
        if (c < push.channels) {
            int from = c * push.channel_step + part * push.part_step;
            v[lane] = BT_FETCH4(tensor_in, ((from >> 2) * push.in_h + yy) * push.in_w + xx)[from & 3];
        }
    }
    BT_STORE4(i, v);
}
