// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/unwrap.h"

layout(local_size_x = BT_SWAP_LOCAL, local_size_y = BT_SWAP_LOCAL) in;
layout(binding = BT_UNWRAP_HALF) uniform sampler2D half_size;
layout(binding = BT_UNWRAP_PLACE) uniform samplerBuffer place;
layout(binding = BT_UNWRAP_VERTEX) uniform samplerBuffer vertex;
layout(binding = BT_UNWRAP_SKIN, rgba16f) writeonly uniform image2D skin;
layout(binding = BT_UNWRAP_SHAPE, rgba16f) writeonly uniform image2D shape;
layout(push_constant) uniform push_block { bt_unwrap_push push; };

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    vec4 where = texelFetch(place, at.y * BT_SWAP_SKIN_PX + at.x);
    bool covered = where.x >= 0.0;
    int pair = covered ? int(where.x) : 0;
    int i0 = (pair & 2047) * BT_SWAP_VERTEX_TEXELS, i1 = (pair >> 11) * BT_SWAP_VERTEX_TEXELS;
    int i2 = int(where.y) * BT_SWAP_VERTEX_TEXELS;
    vec3 b = vec3(where.zw, 1.0 - where.z - where.w);
    vec4 p = b.x * texelFetch(vertex, i0) + b.y * texelFetch(vertex, i1) + b.z * texelFetch(vertex, i2);
    vec3 n = b.x * texelFetch(vertex, i0 + 1).xyz + b.y * texelFetch(vertex, i1 + 1).xyz + b.z * texelFetch(vertex, i2 + 1).xyz;
    n = n * inversesqrt(max(dot(n, n), 1e-12));
    bool inside = p.x > 1.0 && p.y > 1.0 && p.x < push.frame_w - 1.0 && p.y < push.frame_h - 1.0;
    float seen = clamp((n.z - 0.12) / 0.5, 0.0, 1.0) * clamp(p.z, 0.0, 1.0);
    vec4 c = textureLod(half_size, p.xy * vec2(push.inverse_w, push.inverse_h), 0.0);
    imageStore(skin, at, vec4(c.rgb, covered && inside ? seen : 0.0));
    imageStore(shape, at, vec4(n.xy, p.w, c.a));
}
