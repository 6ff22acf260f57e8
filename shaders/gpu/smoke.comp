// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#define BT_GLSL 1
#include "gpu/smoke.h"

layout(local_size_x_id = SMOKE_LOCAL_X) in;
layout(constant_id = SMOKE_SCALE) const float scale = 0.0;
layout(constant_id = SMOKE_OFFSET) const int offset = 0;

layout(set = 0, binding = SMOKE_OUT) writeonly buffer Out { float values[]; } result;
layout(set = 0, binding = SMOKE_FACTORS) uniform Factors { vec4 factors; };
layout(set = 0, binding = SMOKE_TEXELS) uniform samplerBuffer texels;
layout(set = 0, binding = SMOKE_PICTURE) uniform sampler2D picture;
layout(set = 0, binding = SMOKE_TRACE, rgba32f) uniform writeonly image2D trace;

layout(push_constant) uniform Push { uint count, width_px; float u, v; } push;

void main() {
    const uint i = gl_GlobalInvocationID.x;
    if (i >= push.count) return;
    const float value = texelFetch(texels, int(i)).x * scale + float(offset) + dot(factors, vec4(1.0));
    result.values[i] = value;
    const ivec2 at = ivec2(int(i % push.width_px), int(i / push.width_px));
    imageStore(trace, at, vec4(value, textureLod(picture, vec2(push.u, push.v), 0.0).xyz));
}
