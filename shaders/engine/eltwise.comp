/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/eltwise.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_ELTWISE_DO) const int DO = 0;
#define VEC vec4

layout(push_constant) uniform push_block {
    bt_eltwise_push push;
};
BT_INPUT4(BT_ELTWISE_A, block_a, tensor_a);
BT_INPUT4(BT_ELTWISE_B, block_b, tensor_b);
BT_OUTPUT4(BT_ELTWISE_OUT);

#include "engine/operate.glsl"

void main() {
    int i = invocation();
    int rest = quotient(i, push.tiles_x);
    int x0 = (i - rest * push.tiles_x) * BT_ELTWISE_PIXELS;
    int group = quotient(rest, push.out_h);
    int y = rest - group * push.out_h;
    if (group >= push.groups) return;

    bvec4 there = lessThan(group * 4 + ivec4(0, 1, 2, 3), ivec4(push.channels));
    bvec4 splat_a = bvec4(push.a_splat != 0), splat_b = bvec4(push.b_splat != 0);
    int from_a = group * push.a_group + y * push.a_y, from_b = group * push.b_group + y * push.b_y;
    int to = (group * push.out_h + y) * push.out_w;
    [[unroll]] for (int p = 0; p < BT_ELTWISE_PIXELS; p++) {
        int x = min(x0 + p, push.out_w - 1);
        vec4 a = BT_FETCH4(tensor_a, from_a + x * push.a_x);
        a = mix(a, a.xxxx, splat_a);
        vec4 b = a;
        if (DO != BT_DO_COPY && DO <= BT_DO_PRELU) {
            b = BT_FETCH4(tensor_b, from_b + x * push.b_x);
            b = mix(b, b.xxxx, splat_b);
        }
        vec4 v = mix(vec4(0.0), operate(a, b, push.alpha, push.beta), there);
        if (x0 + p < push.out_w) tensor_out[to + x] = v;
    }
}
