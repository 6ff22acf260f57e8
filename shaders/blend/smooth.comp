// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "blend/smooth.h"

layout(local_size_x = BT_SMOOTH_LOCAL, local_size_y = BT_SMOOTH_LOCAL) in;
layout(binding = BT_SMOOTH_FROM) uniform sampler2D from;
layout(binding = BT_SMOOTH_TO, rgba16f) writeonly uniform image2D to;
layout(push_constant) uniform push_block { bt_smooth_push push; };

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    if (at.x >= push.w || at.y >= push.h)
        return;
    at += ivec2(push.x, push.y);
    vec2 inverse = vec2(push.inverse_from_w, push.inverse_from_h);
    vec2 centre = (vec2(at) + 0.5) * push.scale * inverse, tap = vec2(push.step_x, push.step_y) * inverse;
    // Two neighbours are one bilinear tap between them, nearer to the heavier.
    vec4 sum = textureLod(from, centre, 0.0);
    float weights = 1.0;
    for (int i = 1; i <= push.radius; i += 2) {
        float a = exp(-float(i * i) * push.falloff), b = exp(-float((i + 1) * (i + 1)) * push.falloff);
        vec2 off = (float(i) + b / (a + b)) * tap;
        sum += (a + b) * (textureLod(from, centre - off, 0.0) + textureLod(from, centre + off, 0.0));
        weights += 2.0 * (a + b);
    }
    imageStore(to, at, sum / weights);
}
