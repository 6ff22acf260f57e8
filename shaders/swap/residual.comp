// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/residual.h"
#define BT_LIGHT_BINDING BT_RESIDUAL_LIGHT
#include "swap/harmonics.glsl"

layout(local_size_x = BT_SWAP_LOCAL, local_size_y = BT_SWAP_LOCAL) in;
layout(binding = BT_RESIDUAL_SKIN) uniform sampler2D skin;
layout(binding = BT_RESIDUAL_SHAPE) uniform sampler2D shape;
layout(binding = BT_RESIDUAL_ZONE) uniform sampler2D zone;
layout(binding = BT_RESIDUAL_VERDICT) uniform sampler2D verdict;
layout(binding = BT_RESIDUAL_OUT, rgba16f) writeonly uniform image2D residual;
layout(binding = BT_RESIDUAL_SEEN, rgba16f) writeonly uniform image2D seen;

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    vec4 sum = vec4(0.0), all = vec4(0.0);
    for (int i = 0; i < 4; ++i) {
        ivec2 p = at * 2 + ivec2(i & 1, i >> 1);
        vec4 s = texelFetch(skin, p, 0), g = texelFetch(shape, p, 0), z = texelFetch(zone, p, 0);
        float k = (1.0 - z.b) * z.g * s.a * (1.0 - min(1.0, texelFetch(verdict, p, 0).r * 1.5)) + 1e-4;
        vec3 r = BT_GAMMA * s.rgb - log(irradiance(normal_of(g.xy)) * max(g.z, 0.05));
        r = clamp(r, vec3(-BT_SWAP_RESIDUAL_CLIP), vec3(BT_SWAP_RESIDUAL_CLIP));
        float w = z.r * z.a * s.a;
        sum += k * vec4(r, 1.0);
        all += w * vec4(r, 1.0);
    }
    imageStore(residual, at, sum * 0.25);
    imageStore(seen, at, all * 0.25);
}
