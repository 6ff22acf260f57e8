/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/move.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_move_push push;
};
BT_INPUT4(BT_MOVE_IN, block_in, tensor_in);
BT_OUTPUT4(BT_MOVE_OUT);

void main() {
    int i = min(invocation(), push.box_w * push.box_h * push.box_groups - 1);
    int rest = quotient(i, push.box_w);
    int x = i - rest * push.box_w;
    int group = quotient(rest, push.box_h);
    int y = rest - group * push.box_h;

    int xx = push.from_x + x * push.step_x, yy = push.from_y + y * push.step_y, gg = push.from_group + group;
    int cx = clamp(xx, 0, push.in_w - 1), cy = clamp(yy, 0, push.in_h - 1), cg = clamp(gg, 0, (push.in_channels - 1) >> 2);
    vec4 v = BT_FETCH4(tensor_in, (cg * push.in_h + cy) * push.in_w + cx);
    bool inside = xx == cx && yy == cy;
    bvec4 has = lessThan(gg * 4 + ivec4(0, 1, 2, 3), ivec4(inside ? push.in_channels : 0));
    bvec4 there = lessThan(group * 4 + ivec4(0, 1, 2, 3), ivec4(push.box_channels));
    v = mix(vec4(0.0), mix(vec4(push.value), v, has), there);
    BT_STORE4(((push.to_group + group) * push.out_h + push.to_y + y) * push.out_w + push.to_x + x, v);
}
