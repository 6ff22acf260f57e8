// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/draw.h"
#define BT_LIGHT_BINDING BT_DRAW_LIGHT
#include "swap/harmonics.glsl"

layout(local_size_x = BT_DRAW_LOCAL, local_size_y = BT_DRAW_LOCAL) in;
layout(binding = BT_DRAW_TILE) uniform usamplerBuffer tile;
layout(binding = BT_DRAW_LIST) uniform samplerBuffer list;
layout(binding = BT_DRAW_LIST + 1) uniform samplerBuffer list_more;
layout(binding = BT_DRAW_CORNER) uniform samplerBuffer corner;
layout(binding = BT_DRAW_VERTEX) uniform samplerBuffer vertex;
layout(binding = BT_DRAW_RELIT) uniform sampler2D relit;
layout(binding = BT_DRAW_VERDICT) uniform sampler2D verdict;
layout(binding = BT_DRAW_PLAN) uniform sampler2D plan;
layout(binding = BT_DRAW_RATIO) uniform sampler2D ratio;
layout(binding = BT_DRAW_COVER) uniform sampler2D cover;
layout(binding = BT_DRAW_PAINT, rgba16f) writeonly uniform image2D paint;
layout(binding = BT_DRAW_MOVE, rgba16f) writeonly uniform image2D move;
layout(push_constant) uniform push_block { bt_draw_push push; };

vec3 ratio_at(vec2 uv, float level)
{
    float size = level < 0.5 ? 512.0 : level < 1.5 ? 256.0 : 128.0;
    vec2 origin = vec2(level < 0.5 ? 0.0 : 512.0, level < 1.5 ? 0.0 : 256.0);
    vec2 p = origin + clamp(uv * size, vec2(0.5), vec2(size - 0.5));
    return textureLod(ratio, p / vec2(BT_DRAW_RATIO_W, BT_DRAW_RATIO_H), 0.0).rgb;
}

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    vec2 p = vec2(at) + 0.5;
    int which = (at.y / BT_SWAP_TILE_H * push.tiles_w + at.x / BT_SWAP_TILE_W) * 2;
    int first = int(texelFetch(tile, which).r), entries = int(texelFetch(tile, which + 1).r);
    int best = -1;
    vec2 bary = vec2(0.0);
    for (int i = first; i < first + entries; ++i) {
        vec4 a = texelFetch(list, i), b = texelFetch(list_more, i);
        bary = vec2(a.x * p.x + a.y * p.y + a.z, b.x * p.x + b.y * p.y + b.z);
        if (min(min(bary.x, bary.y), 1.0 - bary.x - bary.y) >= -1e-4) {
            best = int(a.w);
            break; // lists begin with the nearest
        }
    }
    vec4 painted = vec4(0.0), moved = vec4(0.0);
    if (best >= 0) {
        vec4 c = texelFetch(corner, best);
        ivec3 v = ivec3(c.xyz) * BT_SWAP_VERTEX_TEXELS;
        vec3 l = vec3(bary, 1.0 - bary.x - bary.y);
        vec4 f = l.x * texelFetch(vertex, v.x) + l.y * texelFetch(vertex, v.y) + l.z * texelFetch(vertex, v.z);
        vec4 g = l.x * texelFetch(vertex, v.x + 1) + l.y * texelFetch(vertex, v.y + 1) + l.z * texelFetch(vertex, v.z + 1);
        vec3 n = normal_of(g.xy);
        vec4 zone = textureLod(plan, f.xy, 0.0), soft = textureLod(relit, f.xy, 0.0);
        vec2 bad = clamp(textureLod(verdict, f.xy, 0.0).rg * 1.5, 0.0, 1.0);
        float low = floor(push.level);
        vec3 albedo = mix(ratio_at(f.xy, low), ratio_at(f.xy, low + 1.0), push.level - low);
        // At a fold's outline the fit knows nothing of normals that face away: they are lifted to 70 degrees.
        vec3 e = irradiance(normalize(vec3(n.xy, max(n.z, 0.36)))) * clamp(g.z, 0.05, 1.0) * exp(soft.rgb + push.gloss * soft.a);
        float keep = smoothstep(0.0, 1.0, g.w);
        // Alpha falls where the face turns away, but not at a fold inside it: there the driver's own skin would show.
        float rim = mix(smoothstep(0.05, 0.3, n.z), 1.0, smoothstep(0.6, 1.0, zone.r));
        float shown = smoothstep(0.35, 0.8, textureLod(cover, f.xy, 0.0).g);
        float alpha = zone.r * (1.0 - bad.g) * rim * (1.0 - keep) * (1.0 - shown);
        painted = vec4(clamp(e * albedo, vec3(BT_DRAW_DARKEST), vec3(2.5)), (1.0 - zone.b) * (1.0 - bad.r));
        moved = vec4(f.zw * (1.0 - shown), alpha, zone.g);
    }
    // Whole tiles are written, so that nothing of a larger face of an earlier frame is left beside this one.
    imageStore(paint, at, painted);
    imageStore(move, at, moved);
}
