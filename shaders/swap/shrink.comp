// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/shrink.h"

layout(local_size_x = BT_SWAP_LOCAL, local_size_y = BT_SWAP_LOCAL) in;
layout(binding = BT_SHRINK_FRAME) uniform sampler2D frame;
layout(binding = BT_SHRINK_HALF, rgba16f) writeonly uniform image2D half_size;
layout(push_constant) uniform push_block { bt_shrink_push push; };

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (at.x >= push.w || at.y >= push.h)
        return;
    at += ivec2(push.x, push.y);
    ivec2 last = ivec2(push.frame_w, push.frame_h) - 1;
    ivec2 p = at * 2, q = min(p + 1, last); // an odd last column or row is repeated
    vec3 a = texelFetch(frame, p, 0).rgb, b = texelFetch(frame, ivec2(q.x, p.y), 0).rgb;
    vec3 c = texelFetch(frame, ivec2(p.x, q.y), 0).rgb, d = texelFetch(frame, q, 0).rgb;
    vec3 mean = log(max(0.25 * (a + b + c + d), vec3(BT_SWAP_DARKEST))) / BT_GAMMA;
    // The diagonal Haar coefficient holds nearly nothing but noise (Donoho and Johnstone 1994 measure it there).
    vec4 g = log(max(vec4(a.g, b.g, c.g, d.g), vec4(BT_SWAP_DARKEST))) / BT_GAMMA;
    imageStore(half_size, at, vec4(mean, 0.5 * abs(g.x - g.y - g.z + g.w)));
}
