/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/unpack.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_UNPACK_ONE) const int ONE = 0;

layout(push_constant) uniform push_block {
    bt_unpack_push push;
};
BT_INPUT4(BT_UNPACK_IN, block_in, tensor_in);
BT_OUTPUT1(BT_UNPACK_OUT);

void main() {
    int i = min(invocation(), push.w * push.h * push.groups - 1);
    int rest = quotient(i, push.w);
    int x = i - rest * push.w;
    int group = quotient(rest, push.h);
    int y = rest - group * push.h;

    vec4 v = BT_FETCH4(tensor_in, i);
    int to = group * 4 * push.step_c + y * push.step_y + x * push.step_x;
    int lanes = push.channels - group * 4, step_c = push.step_c;
    tensor_out[to] = v.x;
    if (ONE != 0) return;
    if (lanes > 1) tensor_out[to + step_c] = v.y;
    if (lanes > 2) tensor_out[to + step_c * 2] = v.z;
    if (lanes > 3) tensor_out[to + step_c * 3] = v.w;
}
