/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/eltwise.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_ELTWISE_DO) const int DO = 0;
layout(constant_id = BT_ELTWISE_PIXELS) const int PIXELS = 4;
layout(constant_id = BT_ELTWISE_PAIRS) const int PAIRS = 0;
layout(constant_id = BT_ELTWISE_ONE_B) const int ONE_B = 0;
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
    int x0 = min((i - rest * push.tiles_x) * PIXELS, push.out_w - PIXELS);
    int group = quotient(rest, push.out_h);
    int y = rest - group * push.out_h;
    group = min(group, push.groups - 1);

    bvec4 there = lessThan(group * 4 + ivec4(0, 1, 2, 3), ivec4(push.channels));
    bvec4 splat_a = bvec4(push.a_splat != 0), splat_b = bvec4(push.b_splat != 0);
    int from_a = group * push.a_group + y * push.a_y + x0 * push.a_x;
    int from_b = group * push.b_group + y * push.b_y + x0 * push.b_x;
    int to = (group * push.out_h + y) * push.out_w + x0;
    vec4 v[PIXELS];
    vec4 b = vec4(0.0);
    [[unroll]] for (int p = 0; p < PIXELS; p++) {
        vec4 a = BT_FETCH4(tensor_a, from_a + p * push.a_x);
        a = mix(a, a.xxxx, splat_a);
        if (DO != BT_DO_COPY && DO <= BT_DO_PRELU && (ONE_B == 0 || p == 0)) {
            b = BT_FETCH4(tensor_b, from_b + p * push.b_x);
            b = mix(b, b.xxxx, splat_b);
        }
        v[p] = mix(vec4(0.0), operate(a, b, push.alpha, push.beta), there);
    }
    if (PAIRS != 0) {
        [[unroll]] for (int p = 0; p < PIXELS / 2; p++) BT_STORE_PAIR(to + p * 2, v[p * 2], v[p * 2 + 1]);
    } else {
        [[unroll]] for (int p = 0; p < PIXELS; p++) BT_STORE4(to + p, v[p]);
    }
}
