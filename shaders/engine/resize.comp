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
    vec2 nudge = vec2(push.nudge_x, push.nudge_y);
    if (MODE == BT_RESIZE_BY_PREFER_FLOOR) return ceil(at - 0.5 - nudge);
    if (MODE == BT_RESIZE_BY_PREFER_CEIL) return floor(at + 0.5 + nudge);
    if (MODE == BT_RESIZE_BY_FLOOR) return floor(at + nudge);
    return ceil(at - nudge);
}

/* Beyond an edge the pixel at it is written: there the two results are the same. */
void put(int group, int y, int x, vec4 v) {
    BT_STORE4((group * push.out_h + clamp(y, 0, push.out_h - 1)) * push.out_w + clamp(x, 0, push.out_w - 1), v);
}

void twice(int i) {
    int columns = push.in_w + 1, rows = push.in_h + 1;
    int rest = quotient(i, columns);
    int x = i - rest * columns - 1;
    int group = quotient(rest, rows);
    int y = rest - group * rows - 1;
    group = min(group, push.groups - 1);
    int left = max(x, 0), right = min(x + 1, push.in_w - 1);
    int above = (group * push.in_h + max(y, 0)) * push.in_w, below = (group * push.in_h + min(y + 1, push.in_h - 1)) * push.in_w;
    vec4 a = BT_FETCH4(tensor_in, above + left), b = BT_FETCH4(tensor_in, above + right);
    vec4 c = BT_FETCH4(tensor_in, below + left), d = BT_FETCH4(tensor_in, below + right);
    vec4 ab = 0.75 * a + 0.25 * b, ba = 0.25 * a + 0.75 * b, cd = 0.75 * c + 0.25 * d, dc = 0.25 * c + 0.75 * d;
    put(group, y * 2 + 1, x * 2 + 1, 0.75 * ab + 0.25 * cd);
    put(group, y * 2 + 1, x * 2 + 2, 0.75 * ba + 0.25 * dc);
    put(group, y * 2 + 2, x * 2 + 1, 0.25 * ab + 0.75 * cd);
    put(group, y * 2 + 2, x * 2 + 2, 0.25 * ba + 0.75 * dc);
}

void main() {
    if (MODE == BT_RESIZE_DOUBLE) {
        twice(invocation());
        return;
    }
    int i = min(invocation(), push.out_w * push.out_h * push.groups - 1);
    int rest = quotient(i, push.out_w);
    int x = i - rest * push.out_w;
    int group = quotient(rest, push.out_h);
    int y = rest - group * push.out_h;

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
        BT_STORE4(i, mix(top, bottom, t.y));
    } else {
        ivec2 from = ivec2(clamp(whole(at), vec2(0.0), last));
        BT_STORE4(i, BT_FETCH4(tensor_in, (plane + from.y) * push.in_w + from.x));
    }
}
