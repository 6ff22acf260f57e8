// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "blend/compose.h"

layout(local_size_x = BT_COMPOSE_LOCAL, local_size_y = BT_COMPOSE_LOCAL) in;
layout(binding = BT_COMPOSE_SOURCE) uniform sampler2D source;
layout(binding = BT_COMPOSE_NEAR) uniform sampler2D near;
layout(binding = BT_COMPOSE_FAR) uniform sampler2D far;
layout(binding = BT_COMPOSE_PAINT) uniform sampler2D paint;
layout(binding = BT_COMPOSE_MOVE) uniform sampler2D move;
layout(binding = BT_COMPOSE_LIGHT) uniform light_block { vec4 light[BT_COMPOSE_NOISE + 1]; };
layout(binding = BT_COMPOSE_FRAME, rgba16f) writeonly uniform image2D frame;
layout(push_constant) uniform push_block { bt_compose_push push; };

// Catmull-Rom by five bilinear taps: corners left out, their small weight shared (Jimenez, "Filmic SMAA", 2016).
vec3 sharp(vec2 at)
{
    vec2 inverse = 1.0 / vec2(push.frame_w, push.frame_h);
    vec2 middle = floor(at - 0.5) + 0.5, f = at - middle, g = f * f, h = g * f;
    vec2 w0 = g - 0.5 * (h + f), w1 = 1.5 * h - 2.5 * g + 1.0, w3 = 0.5 * (h - g), w2 = 1.0 - w0 - w1 - w3;
    vec2 w12 = w1 + w2, p0 = (middle - 1.0) * inverse, p3 = (middle + 2.0) * inverse, p12 = (middle + w2 / w12) * inverse;
    float top = w12.x * w0.y, left = w0.x * w12.y, centre = w12.x * w12.y, right = w3.x * w12.y, bottom = w12.x * w3.y;
    vec3 c = top * textureLod(source, vec2(p12.x, p0.y), 0.0).rgb + left * textureLod(source, vec2(p0.x, p12.y), 0.0).rgb +
             centre * textureLod(source, p12, 0.0).rgb + right * textureLod(source, vec2(p3.x, p12.y), 0.0).rgb +
             bottom * textureLod(source, vec2(p12.x, p3.y), 0.0).rgb;
    return max(c / (top + left + centre + right + bottom), vec3(0.0));
}

// The driver's iris in the mask's colour: its light, pupil and highlights stay.
vec3 tinted(vec3 driver, vec2 q)
{
    float m = 0.0;
    for (int i = 0; i < 2; ++i) {
        float d = distance(q, vec2(push.iris[i][0], push.iris[i][1])) / max(push.iris[i][2], 1e-3);
        float ring = clamp((1.02 - d) / 0.15, 0.0, 1.0) * clamp((d - 0.32) / 0.12, 0.0, 1.0);
        m = max(m, push.iris[i][2] > 0.0 ? ring : 0.0);
    }
    float light = dot(driver, vec3(1.0 / 3.0));
    m *= 0.85 * (1.0 - smoothstep(0.18, 0.4, light));
    return mix(driver, light * vec3(push.tint[0], push.tint[1], push.tint[2]), m);
}

// PCG as a hash (Jarzynski and Olano 2020).
uint hash(uint v)
{
    uint s = v * 747796405u + 2891336453u;
    uint w = ((s >> ((s >> 28u) + 4u)) ^ s) * 277803737u;
    return (w >> 22u) ^ w;
}

// Four bytes' sum: near enough to normal; a uniform byte's variance is (256^2 - 1) / 12.
float normal_noise(uint v)
{
    uint h = hash(v);
    float sum = float(h & 255u) + float((h >> 8) & 255u) + float((h >> 16) & 255u) + float(h >> 24);
    return (sum - 510.0) * (1.0 / 147.8);
}

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    bool inside = at.x < push.w && at.y < push.h;
    at += ivec2(push.x, push.y);
    vec2 p = vec2(at) + 0.5;
    vec2 grid = (p - vec2(push.grid_x, push.grid_y)) * push.grid_scale * vec2(push.inverse_grid_w, push.inverse_grid_h);
    vec2 apart = push.soften * vec2(push.inverse_grid_w, push.inverse_grid_h);
    vec4 m = textureLod(move, grid, 0.0);
    bool touched = inside && (m.z > 0.002 || dot(m.xy, m.xy) > 0.0009);
    if (touched) {
        // Two taps, across both edges' directions, take the triangles' edges out of flow and alpha.
        m = 0.5 * (textureLod(move, grid + apart, 0.0) + textureLod(move, grid - apart, 0.0));
        vec2 q = clamp(p + m.xy, vec2(0.5), vec2(push.frame_w, push.frame_h) - 0.5);
        vec3 driver = sharp(q);
        vec4 base = textureLod(paint, grid, 0.0);
        vec3 coded = log(max(driver, vec3(BT_COMPOSE_DARKEST))) / BT_GAMMA;
        vec3 smoothed = textureLod(near, q * vec2(push.inverse_quarter_w, push.inverse_quarter_h), 0.0).rgb;
        vec3 wide = textureLod(far, q * vec2(push.inverse_quarter_w, push.inverse_quarter_h), 0.0).rgb;
        float kept = push.grain * clamp(base.a, 0.0, 1.0);
        vec3 grain = clamp(coded - smoothed, vec3(-BT_COMPOSE_GRAIN), vec3(BT_COMPOSE_GRAIN)) * kept;
        float dark = clamp(dot(coded - wide, vec3(1.0 / 3.0)) + 0.03, -1.0, 0.0) * push.pass * m.w;
        float noise = light[BT_COMPOSE_NOISE].x * sqrt(max(0.0, 1.0 - kept * kept)) * push.noise;
        float n = noise * normal_noise(uint(at.x) + 8192u * uint(at.y) + push.seed * 2654435769u);
        vec3 face = base.rgb * exp(BT_GAMMA * (grain + dark + n));
        imageStore(frame, at, vec4(mix(tinted(driver, q), face, clamp(m.z, 0.0, 1.0)), 1.0));
    }
}
