// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "track/crop.h"

layout(local_size_x = BT_CROP_LOCAL_X, local_size_y = BT_CROP_LOCAL_Y) in;
layout(constant_id = BT_CROP_BOX_ID) const uint BOX = 0;
layout(binding = BT_CROP_FRAME) uniform sampler2D frame;
layout(binding = BT_CROP_NET, std430) writeonly buffer net_block { vec4 net[]; };
layout(push_constant) uniform push_block { bt_crop_push push; };

vec3 coded(vec3 linear)
{
    return pow(clamp(linear, 0.0, 1.0), vec3(1.0 / BT_GAMMA));
}

vec2 frame_from_crop(vec2 p)
{
    return vec2(push.frame_from_crop[0] * p.x + push.frame_from_crop[1] * p.y + push.frame_from_crop[2],
                push.frame_from_crop[3] * p.x + push.frame_from_crop[4] * p.y + push.frame_from_crop[5]);
}

// The clamp keeps the address legal; the mask makes what lies outside black.
vec3 texel(ivec2 at)
{
    bool inside = at.x >= 0 && at.y >= 0 && at.x < push.frame_w && at.y < push.frame_h;
    vec3 c = coded(texelFetch(frame, clamp(at, ivec2(0), ivec2(push.frame_w - 1, push.frame_h - 1)), 0).rgb);
    return inside ? c : vec3(0.0);
}

void main()
{
    uvec2 at = gl_GlobalInvocationID.xy;
    if (at.x >= push.crop_w || at.y >= push.crop_h)
        return;
    vec3 c;
    if (BOX == 0) {
        // The nets were trained on gamma-coded pixels, so the mean of two texels is taken between their coded values.
        vec2 p = frame_from_crop(vec2(at) + 0.5) - 0.5;
        p = clamp(p, vec2(-2.0), vec2(push.frame_w, push.frame_h) + 2.0); // beyond is black; keeps the integers small
        vec2 corner = floor(p);
        ivec2 i = ivec2(corner);
        vec2 f = p - corner;
        c = mix(mix(texel(i), texel(i + ivec2(1, 0)), f.x), mix(texel(i + ivec2(0, 1)), texel(i + ivec2(1, 1)), f.x), f.y);
    } else {
        // Strong minification: each sample is a bilinear mean already, so taps two texels apart cover every texel.
        vec2 texel_size = 1.0 / vec2(push.frame_w, push.frame_h);
        float step = 1.0 / float(push.taps);
        vec3 sum = vec3(0.0);
        for (uint y = 0; y < push.taps; y++)
            for (uint x = 0; x < push.taps; x++)
                sum += textureLod(frame, frame_from_crop(vec2(at) + (vec2(x, y) + 0.5) * step) * texel_size, 0.0).rgb;
        c = coded(sum * (step * step));
    }
    net[push.first + at.y * push.crop_w + at.x] = vec4(c * push.scale + push.offset, 0.0);
}
