/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/resize.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_RESIZE_MODE) const int MODE = 0;

layout(push_constant) uniform push_block {
    bt_resize_push push;
};
BT_INPUT4(BT_RESIZE_IN, block_in, tensor_in);
BT_OUTPUT4(BT_RESIZE_OUT);

vec2 whole(vec2 at) {
    if (MODE == BT_RESIZE_BY_PREFER_FLOOR) return ceil(at - 0.5);
    if (MODE == BT_RESIZE_BY_PREFER_CEIL) return floor(at + 0.5);
    if (MODE == BT_RESIZE_BY_FLOOR) return floor(at);
    return ceil(at);
}

void main() {
    int i = invocation();
    int rest = quotient(i, push.out_w);
    int x = i - rest * push.out_w;
    int group = quotient(rest, push.out_h);
    int y = rest - group * push.out_h;
    if (group >= push.groups) return;

    vec2 last = vec2(push.in_w - 1, push.in_h - 1);
    vec2 at = vec2(x, y) * vec2(push.scale_x, push.scale_y) + vec2(push.shift_x, push.shift_y);
    int plane = group * push.in_h;
    if (MODE == BT_RESIZE_BY_LINES) {
        at = clamp(at, vec2(0.0), last);
        ivec2 low = ivec2(at);
        ivec2 high = min(low + 1, ivec2(last));
        vec2 t = at - vec2(low);
        int above = (plane + low.y) * push.in_w, below = (plane + high.y) * push.in_w;
        vec4 top = mix(BT_FETCH4(tensor_in, above + low.x), BT_FETCH4(tensor_in, above + high.x), t.x);
        vec4 bottom = mix(BT_FETCH4(tensor_in, below + low.x), BT_FETCH4(tensor_in, below + high.x), t.x);
        tensor_out[i] = mix(top, bottom, t.y);
    } else {
        ivec2 from = ivec2(clamp(whole(at), vec2(0.0), last));
        tensor_out[i] = BT_FETCH4(tensor_in, (plane + from.y) * push.in_w + from.x);
    }
}
