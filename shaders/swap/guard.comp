// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/guard.h"

layout(local_size_x = BT_GUARD_LOCAL) in;
layout(binding = BT_GUARD_SEEN) uniform sampler2D seen;
layout(binding = BT_GUARD_MEMORY, rgba32f) uniform image2D memory;
layout(binding = BT_GUARD_COVER, rgba16f) uniform image2D cover;
layout(binding = BT_GUARD_REPORT, std430) writeonly buffer report_block { vec4 report[]; };
layout(push_constant) uniform push_block { bt_guard_push push; };

shared vec4 part[BT_GUARD_LOCAL];
shared vec4 whole;

vec4 total(int lane, vec4 mine)
{
    part[lane] = mine;
    barrier();
    if (lane == 0) {
        vec4 sum = vec4(0.0);
        for (int i = 0; i < BT_GUARD_LOCAL; ++i)
            sum += part[i];
        whole = sum;
    }
    barrier();
    return whole;
}

void main()
{
    int row = int(gl_LocalInvocationID.x);
    vec4 sum = vec4(0.0);
    for (int x = 0; x < BT_SWAP_LIGHT_PX; ++x) {
        ivec2 at = ivec2(x, row);
        vec4 s = texelFetch(seen, at, 0), m = push.forget == 1u ? vec4(0.0) : imageLoad(memory, at);
        float w = s.a * m.a;
        vec3 d = s.rgb / max(s.a, 1e-4) - m.rgb;
        sum += w * vec4(clamp(d, vec3(-0.6), vec3(0.6)), 1.0);
    }
    sum = total(row, sum);
    vec3 mean = sum.rgb / max(sum.a, 1e-3);
    vec4 found = vec4(0.0);
    for (int x = 0; x < BT_SWAP_LIGHT_PX; ++x) {
        ivec2 at = ivec2(x, row);
        vec4 s = texelFetch(seen, at, 0), m = push.forget == 1u ? vec4(0.0) : imageLoad(memory, at);
        vec3 now = s.rgb / max(s.a, 1e-4), d = now - m.rgb - mean;
        float light = (d.r + d.g + d.b) * (1.0 / 3.0);
        float color = abs(d.r - light) + abs(d.g - light) + abs(d.b - light);
        float known = smoothstep(0.25, 0.6, m.a) * smoothstep(0.02, 0.15, s.a);
        float strange = known * max(smoothstep(BT_GUARD_LIGHT_FROM, BT_GUARD_LIGHT_TO, abs(light)),
                                    smoothstep(BT_GUARD_COLOR_FROM, BT_GUARD_COLOR_TO, color));
        found += known * s.a * vec4(1.0, strange, 0.0, 0.0);
        // Twice strange in a row is something; once is a flicker.
        vec4 before = push.forget == 1u ? vec4(0.0) : imageLoad(cover, at);
        float shown = mix(before.g, min(strange, before.r), 0.5);
        imageStore(cover, at, vec4(strange, shown, 0.0, 0.0));
        // The first looks count most; later ones as the learning rate says, and strange ones not at all.
        float rate = s.a * (1.0 - strange) * max(push.learn, 0.5 * (1.0 - m.a));
        imageStore(memory, at, vec4(mix(m.rgb, now, m.a > 0.0 ? rate : 1.0), min(1.0, m.a + 0.1 * s.a * (1.0 - strange))));
    }
    found = total(row, found);
    if (row == 0)
        report[0] = vec4(found.rg, dot(mean, vec3(1.0 / 3.0)), 0.0);
}
