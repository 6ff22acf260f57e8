// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "include/color.glsl"
#include "track/light.h"

layout(local_size_x = BT_LIGHT_LANES) in;
layout(binding = BT_LIGHT_FRAME) uniform sampler2D frame;
layout(binding = BT_LIGHT_SUMS, std430) writeonly buffer sums_block { vec4 sums[]; };
layout(push_constant) uniform push_block { bt_light_push push; };

// Luma of gamma-coded RGB, ITU-R BT.709-6, item 3.2.
float luma_at(ivec2 at)
{
    vec3 c = texelFetch(frame, clamp(at, ivec2(0), ivec2(push.frame_w - 1, push.frame_h - 1)), 0).rgb;
    return dot(bt_coded_from_linear(c), vec3(0.2126, 0.7152, 0.0722));
}

void main()
{
    uint lane = gl_LocalInvocationID.x;
    float reach = max(1.0, BT_LIGHT_REACH * length(vec2(push.frame_from_grid[0], push.frame_from_grid[3])));
    vec4 light = vec4(0.0), detail = vec4(0.0);
    const uint side = BT_LIGHT_GRID / BT_LIGHT_CELLS;
    uvec2 first = side * uvec2(lane % BT_LIGHT_CELLS, lane / BT_LIGHT_CELLS);
    for (uint i = 0u; i < side * side; i++) {
        vec2 p = vec2(first + uvec2(i % side, i / side)) + 0.5;
        vec2 q = vec2(push.frame_from_grid[0] * p.x + push.frame_from_grid[1] * p.y + push.frame_from_grid[2],
                      push.frame_from_grid[3] * p.x + push.frame_from_grid[4] * p.y + push.frame_from_grid[5]);
        q = clamp(q, vec2(-1.0), vec2(push.frame_w, push.frame_h) + 1.0);
        ivec2 at = ivec2(floor(q));
        if (at.x < 0 || at.y < 0 || at.x >= push.frame_w || at.y >= push.frame_h) continue;
        float here = luma_at(at);
        float beside = luma_at(at + ivec2(-1, 0)) + luma_at(at + ivec2(1, 0)) + luma_at(at + ivec2(0, -1)) + luma_at(at + ivec2(0, 1));
        float across = luma_at(at + ivec2(-1, -1)) + luma_at(at + ivec2(1, -1)) + luma_at(at + ivec2(-1, 1)) + luma_at(at + ivec2(1, 1));
        float around = luma_at(ivec2(floor(q + vec2(reach, 0.0)))) + luma_at(ivec2(floor(q - vec2(reach, 0.0)))) +
                       luma_at(ivec2(floor(q + vec2(0.0, reach)))) + luma_at(ivec2(floor(q - vec2(0.0, reach))));
        float edge = around - 4.0 * here;
        light += vec4(here, here * here, here >= BT_LIGHT_BURNT ? 1.0 : 0.0, 1.0);
        detail += vec4(abs(4.0 * here - 2.0 * beside + across), edge * edge, 0.0, 0.0);
    }
    sums[2 * lane] = light;
    sums[2 * lane + 1] = detail;
}
