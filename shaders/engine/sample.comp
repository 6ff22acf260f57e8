/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/sample.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_SAMPLE_NEAREST) const int NEAREST = 0;
layout(constant_id = BT_SAMPLE_PADDING) const int PADDING = BT_SAMPLE_ZEROS;

layout(push_constant) uniform push_block {
    bt_sample_push push;
};
BT_INPUT4(BT_SAMPLE_IN, block_in, tensor_in);
BT_INPUT1(BT_SAMPLE_GRID, block_grid, grid);
BT_OUTPUT4(BT_SAMPLE_OUT);

vec4 texel(int plane, ivec2 at) {
    ivec2 kept = clamp(at, ivec2(0), ivec2(push.in_w - 1, push.in_h - 1));
    float inside = PADDING != BT_SAMPLE_ZEROS || kept == at ? 1.0 : 0.0;
    return inside * BT_FETCH4(tensor_in, (plane + kept.y) * push.in_w + kept.x);
}

/* Back and forth between the outermost pixels' centres (align_corners), or their outer edges: 2 scale apart. */
vec2 reflected(vec2 at, vec2 size) {
    vec2 span = 2.0 * vec2(push.scale_x, push.scale_y), low = (size - 1.0 - span) * 0.5;
    vec2 d = mod(abs(at - low), max(2.0 * span, 1e-3));
    return mix(min(d, 2.0 * span - d) + low, vec2(0.0), lessThanEqual(span, vec2(0.0)));
}

void main() {
    int pixels = push.out_w * push.out_h;
    int i = min(invocation(), pixels * push.groups - 1);
    int group = quotient(i, pixels);
    int pixel = i - group * pixels;

    vec2 size = vec2(push.in_w, push.in_h);
    vec2 at = vec2(BT_FETCH1(grid, pixel * 2), BT_FETCH1(grid, pixel * 2 + 1));
    at = at * vec2(push.scale_x, push.scale_y) + vec2(push.shift_x, push.shift_y);
    if (PADDING == BT_SAMPLE_REFLECTION) at = reflected(at, size);
    if (PADDING != BT_SAMPLE_ZEROS) at = clamp(at, vec2(0.0), size - 1.0);
    at = clamp(at, vec2(-2.0), size + 1.0); /* far outside: keeps the conversion to int defined */
    int plane = group * push.in_h;
    if (NEAREST != 0) {
        BT_STORE4(i, texel(plane, ivec2(roundEven(at))));
    } else {
        vec2 low = floor(at);
        vec2 t = at - low;
        ivec2 a = ivec2(low);
        vec4 top = mix(texel(plane, a), texel(plane, a + ivec2(1, 0)), t.x);
        vec4 bottom = mix(texel(plane, a + ivec2(0, 1)), texel(plane, a + ivec2(1, 1)), t.x);
        BT_STORE4(i, mix(top, bottom, t.y));
    }
}
