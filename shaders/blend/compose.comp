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
layout(binding = BT_COMPOSE_MATTE) uniform samplerBuffer matte;
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

// Bilinear, edges repeated.
float person(vec2 at)
{
    ivec2 size = ivec2(push.matte_size & 65535u, push.matte_size >> 16);
    vec3 h = vec3(at, 1.0);
    vec2 m = vec2(dot(vec3(push.matte[0][0], push.matte[0][1], push.matte[0][2]), h),
                  dot(vec3(push.matte[1][0], push.matte[1][1], push.matte[1][2]), h));
    m = clamp(m - 0.5, vec2(0.0), vec2(size - 1));
    ivec2 a = ivec2(m), b = min(a + 1, size - 1);
    vec2 f = m - vec2(a);
    vec2 upper = vec2(texelFetch(matte, a.y * size.x + a.x).r, texelFetch(matte, a.y * size.x + b.x).r);
    vec2 lower = vec2(texelFetch(matte, b.y * size.x + a.x).r, texelFetch(matte, b.y * size.x + b.x).r);
    vec2 column = mix(upper, lower, f.y);
    return mix(column.x, column.y, f.x);
}

// How much of the paint over the driver's pixel `q` stays. The mesh reaches a pixel or two beyond a turned head, and what lies
// there is the background's. Only at the outline, where no triangle is left a little further out, is the matte asked: an
// error of it inside the face would bare skin. Eyes and mouth are no outline: triangles fill them.
float share(vec2 p, vec2 grid, vec2 q)
{
    vec2 away = p - vec2(push.x, push.y) - 0.5 * vec2(push.w, push.h);
    away *= BT_COMPOSE_BAND * push.soften / max(length(away), 1e-3) * vec2(push.inverse_grid_w, push.inverse_grid_h);
    float half_way = textureLod(paint, grid + 0.5 * away, 0.0).g > 0.0 ? 0.5 : 0.0;
    float band = 1.0 - half_way - (textureLod(paint, grid + away, 0.0).g > 0.0 ? 0.5 : 0.0);
    return mix(1.0, smoothstep(BT_COMPOSE_NOBODY, BT_COMPOSE_SOMEBODY, person(q)), band);
}

void main()
{
    ivec2 at = ivec2(gl_GlobalInvocationID.xy);
    bool inside = at.x < push.w && at.y < push.h;
    at += ivec2(push.x, push.y);
    vec2 p = vec2(at) + 0.5;
    vec2 grid = (p - vec2(push.x, push.y)) * push.grid_scale * vec2(push.inverse_grid_w, push.inverse_grid_h);
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
        float alpha = clamp(m.z, 0.0, 1.0);
        if (push.matte_size != 0u) alpha *= share(p, grid, q);
        imageStore(frame, at, vec4(mix(tinted(driver, q), face, alpha), 1.0));
    }
}
