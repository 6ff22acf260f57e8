// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#extension GL_EXT_control_flow_attributes : enable
#include "include/color.glsl"
#include "track/crop.h"

layout(local_size_x = BT_CROP_LOCAL_X, local_size_y = BT_CROP_LOCAL_Y) in;
layout(constant_id = BT_CROP_TAPS_ID) const uint TAPS = 1;
layout(binding = BT_CROP_FRAME) uniform sampler2D frame;
layout(binding = BT_CROP_NET, std430) writeonly buffer net_block { vec4 net[]; };
layout(push_constant) uniform push_block { bt_crop_push push; };

vec2 frame_from_crop(vec2 p)
{
    return vec2(push.frame_from_crop[0] * p.x + push.frame_from_crop[1] * p.y + push.frame_from_crop[2],
                push.frame_from_crop[3] * p.x + push.frame_from_crop[4] * p.y + push.frame_from_crop[5]);
}

// The clamp keeps the address legal; the mask makes what lies outside black.
vec3 texel(ivec2 at)
{
    bool inside = at.x >= 0 && at.y >= 0 && at.x < push.frame_w && at.y < push.frame_h;
    vec3 c = texelFetch(frame, clamp(at, ivec2(0), ivec2(push.frame_w - 1, push.frame_h - 1)), 0).rgb;
    return inside ? c : vec3(0.0);
}

vec3 coded_texel(ivec2 at)
{
    return bt_coded_from_linear(texel(at));
}

void main()
{
    uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= push.crop_w || at.y >= push.crop_h)
        return;
    vec3 c;
    if (TAPS == 1) {
        // The nets were trained on gamma-coded pixels, so the mean of two texels is taken between their coded values.
        vec2 p = frame_from_crop(vec2(at) + 0.5) - 0.5;
        p = clamp(p, vec2(-2.0), vec2(push.frame_w, push.frame_h) + 2.0); // beyond is black; keeps the integers small
        vec2 corner = floor(p);
        ivec2 i = ivec2(corner);
        vec2 f = p - corner;
        c = mix(mix(coded_texel(i), coded_texel(i + ivec2(1, 0)), f.x),
                mix(coded_texel(i + ivec2(0, 1)), coded_texel(i + ivec2(1, 1)), f.x), f.y);
    } else {
        // Strong minification: the mean of texels spread over the pixel's footprint, in linear light, coded once. Point
        // samples, for a CPU driver pays five times as much for a filtered one.
        float step = 1.0 / float(TAPS);
        vec3 sum = vec3(0.0);
        [[unroll]] for (uint y = 0; y < TAPS; y++)
            [[unroll]] for (uint x = 0; x < TAPS; x++) {
                vec2 p = frame_from_crop(vec2(at) + (vec2(x, y) + 0.5) * step);
                sum += texel(ivec2(floor(clamp(p, vec2(-1.0), vec2(push.frame_w, push.frame_h) + 1.0))));
            }
        c = bt_coded_from_linear(sum * (step * step));
    }
    net[push.first + at.y * push.crop_w + at.x] = vec4(c * push.scale + push.offset, 0.0);
}
