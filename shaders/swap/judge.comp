// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/judge.h"

layout(local_size_x = BT_SWAP_LOCAL, local_size_y = BT_SWAP_LOCAL) in;
layout(binding = BT_JUDGE_SKIN) uniform sampler2D skin;
layout(binding = BT_JUDGE_ZONE) uniform sampler2D zone;
layout(binding = BT_JUDGE_MEAN) uniform sampler2D mean;
layout(binding = BT_JUDGE_VERDICT, rgba16f) uniform image2D verdict;
layout(push_constant) uniform push_block { bt_judge_push push; };

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    vec4 s = texelFetch(skin, at, 0), z = texelFetch(zone, at, 0);
    vec4 m = textureLod(mean, (vec2(at) + 0.5) / float(BT_SWAP_SKIN_PX), 0.0);
    vec3 d = s.rgb - m.rgb / max(m.a, 1e-3);
    float light = (d.r + d.g + d.b) / 3.0;
    float color = abs(d.r - light) + abs(d.g - light) + abs(d.b - light);
    float bad = clamp((-light - BT_JUDGE_DARK) / BT_JUDGE_DARK_RAMP, 0.0, 1.0) +
                clamp((color - BT_JUDGE_COLOR) / BT_JUDGE_COLOR_RAMP, 0.0, 1.0);
    bad = min(bad, 1.0) * (1.0 - z.b);
    float hair = at.y < BT_JUDGE_HAIR_ROWS ? bad : 0.0;
    float old = imageLoad(verdict, at).g;
    imageStore(verdict, at, vec4(bad, mix(old, hair, push.rate), 0.0, 0.0));
}
