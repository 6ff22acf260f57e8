// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "include/color.glsl"
#include "track/light.h"

layout(local_size_x = BT_LIGHT_LANES) in;
layout(binding = BT_LIGHT_FRAME) uniform sampler2D frame;
layout(binding = BT_LIGHT_SUMS, std430) writeonly buffer sums_block { vec2 sums[]; };
layout(push_constant) uniform push_block { bt_light_push push; };

void main()
{
    uint lane = gl_LocalInvocationID.x;
    vec2 sum = vec2(0.0);
    for (uint i = lane; i < BT_LIGHT_GRID * BT_LIGHT_GRID; i += BT_LIGHT_LANES) {
        vec2 p = vec2(i % BT_LIGHT_GRID, i / BT_LIGHT_GRID) + 0.5;
        vec2 q = vec2(push.frame_from_grid[0] * p.x + push.frame_from_grid[1] * p.y + push.frame_from_grid[2],
                      push.frame_from_grid[3] * p.x + push.frame_from_grid[4] * p.y + push.frame_from_grid[5]);
        q = clamp(q, vec2(-1.0), vec2(push.frame_w, push.frame_h) + 1.0);
        ivec2 at = ivec2(floor(q));
        bool inside = at.x >= 0 && at.y >= 0 && at.x < push.frame_w && at.y < push.frame_h;
        vec3 c = texelFetch(frame, clamp(at, ivec2(0), ivec2(push.frame_w - 1, push.frame_h - 1)), 0).rgb;
        // Luma of gamma-coded RGB, ITU-R BT.709-6, item 3.2.
        float luma = dot(bt_coded_from_linear(c), vec3(0.2126, 0.7152, 0.0722));
        sum += inside ? vec2(luma, 1.0) : vec2(0.0);
    }
    sums[lane] = sum;
}
