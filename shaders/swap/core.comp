// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/core.h"

layout(local_size_x = BT_SWAP_LOCAL, local_size_y = BT_SWAP_LOCAL) in;
layout(binding = BT_CORE_SKIN) uniform sampler2D skin;
layout(binding = BT_CORE_ZONE) uniform sampler2D zone;
layout(binding = BT_CORE_MEAN, rgba16f) writeonly uniform image2D mean;

void main()
{
    const int side = BT_SWAP_SKIN_PX / BT_SWAP_CORE_PX;
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    vec4 sum = vec4(0.0);
    for (int y = 0; y < side; ++y)
        for (int x = 0; x < side; ++x) {
            ivec2 p = at * side + ivec2(x, y);
            vec4 s = texelFetch(skin, p, 0);
            vec4 z = texelFetch(zone, p, 0);
            float k = s.a * z.r * (1.0 - z.b) * (p.y < BT_CORE_HAIR_ROWS ? BT_CORE_HAIR_WEIGHT : 1.0);
            sum += k * vec4(s.rgb, 1.0);
        }
    imageStore(mean, at, sum / float(side * side));
}
