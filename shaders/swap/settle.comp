// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/settle.h"

layout(local_size_x = BT_SWAP_LOCAL, local_size_y = BT_SWAP_LOCAL) in;
layout(binding = BT_SETTLE_RAW) uniform sampler2D raw;
layout(binding = BT_SETTLE_FINE) uniform sampler2D fine;
layout(binding = BT_SETTLE_WIDE) uniform sampler2D wide;
layout(binding = BT_SETTLE_RELIT, rgba16f) uniform image2D relit;
layout(push_constant) uniform push_block { bt_settle_push push; };

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    vec4 f = texelFetch(fine, at, 0), w = texelFetch(wide, at, 0);
    vec3 residual = w.rgb / max(w.a, 1e-5), near = f.rgb / max(f.a, 1e-5);
    // Only what shines: where the driver is brighter than around it (the recipe's gloss).
    float gloss = dot(near - residual, vec3(1.0 / 3.0)) * clamp(texelFetch(raw, at, 0).a, 0.0, 1.0);
    vec4 now = vec4(residual, clamp(gloss, 0.0, BT_SETTLE_GLOSS_MOST));
    imageStore(relit, at, mix(imageLoad(relit, at), now, push.rate));
}
