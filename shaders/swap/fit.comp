// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/fit.h"
#define BT_LIGHT_BINDING BT_FIT_LIGHT
#include "swap/harmonics.glsl"

layout(local_size_x = BT_FIT_LOCAL) in;
layout(binding = BT_FIT_SKIN) uniform sampler2D skin;
layout(binding = BT_FIT_SHAPE) uniform sampler2D shape;
layout(binding = BT_FIT_ZONE) uniform sampler2D zone;
layout(binding = BT_FIT_VERDICT) uniform sampler2D verdict;
layout(binding = BT_FIT_SUMS, std430) writeonly buffer sums_block { float sums[]; };
layout(push_constant) uniform push_block { bt_fit_push push; };

void main()
{
    int row = int(gl_GlobalInvocationID.x);
    float matrix[BT_SWAP_FIT_MATRIX];
    vec3 right[9];
    for (int i = 0; i < BT_SWAP_FIT_MATRIX; ++i)
        matrix[i] = 0.0;
    for (int i = 0; i < 9; ++i)
        right[i] = vec3(0.0);
    vec4 tail = vec4(0.0);
    vec3 known[9];
    for (int i = 0; i < 9; ++i)
        known[i] = light[i].rgb;
    for (int column = 0; column < BT_SWAP_SKIN_PX / 2; ++column) {
        ivec2 p = ivec2(column * 2, row * 2);
        vec4 s = texelFetch(skin, p, 0), g = texelFetch(shape, p, 0), z = texelFetch(zone, p, 0);
        float k = z.r * (1.0 - z.b) * s.a * (1.0 - min(1.0, texelFetch(verdict, p, 0).r * 1.5));
        vec3 c = exp(BT_GAMMA * s.rgb);
        float h[9];
        harmonics(normal_of(g.xy), h);
        vec3 e = vec3(0.0);
        for (int i = 0; i < 9; ++i) {
            h[i] *= g.z;
            e += h[i] * known[i];
        }
        vec3 miss = abs(e - c);
        float r = (miss.r + miss.g + miss.b) * (1.0 / 3.0 / 0.06); // .06: the recipe's scale of doubt, linear light
        float sample_weight = k > 0.25 ? k : 0.0;
        float w = push.robust == 0u ? sample_weight : sample_weight / (1.0 + r * r);
        int m = 0;
        for (int i = 0; i < 9; ++i) {
            float wh = w * h[i];
            right[i] += wh * c;
            for (int j = i; j < 9; ++j)
                matrix[m++] += wh * h[j];
        }
        tail += vec4(k > 0.25 ? 1.0 : 0.0, sample_weight, sample_weight * g.w, sample_weight * dot(c, vec3(0.2126, 0.7152, 0.0722)));
    }
    int at = row * BT_SWAP_FIT_SUMS;
    for (int i = 0; i < BT_SWAP_FIT_MATRIX; ++i)
        sums[at + i] = matrix[i];
    for (int i = 0; i < 9; ++i)
        for (int c = 0; c < 3; ++c)
            sums[at + BT_SWAP_FIT_MATRIX + i * 3 + c] = right[i][c];
    for (int i = 0; i < 4; ++i)
        sums[at + BT_SWAP_FIT_MATRIX + BT_SWAP_FIT_RIGHT + i] = tail[i];
}
