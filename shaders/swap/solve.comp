// SPDX-License-Identifier: MIT
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "swap/solve.h"
#include "swap/fit.h"

layout(local_size_x = BT_SOLVE_LOCAL) in;
layout(binding = BT_SOLVE_SUMS) uniform samplerBuffer sums;
layout(binding = BT_SOLVE_LIGHT, std430) buffer light_block { vec4 light[]; };
layout(binding = BT_SOLVE_REPORT, std430) writeonly buffer report_block { vec4 report[]; };
layout(push_constant) uniform push_block { bt_solve_push push; };

shared float total[BT_SWAP_FIT_SUMS];

void main()
{
    int lane = int(gl_LocalInvocationID.x);
    if (lane < BT_SWAP_FIT_SUMS) {
        float sum = 0.0;
        for (int i = 0; i < BT_FIT_ROWS; ++i)
            sum += texelFetch(sums, i * BT_SWAP_FIT_SUMS + lane).r;
        total[lane] = sum;
    }
    barrier();
    if (lane != 0)
        return;

    float samples = total[BT_SWAP_FIT_MATRIX + BT_SWAP_FIT_RIGHT], weight = total[BT_SWAP_FIT_MATRIX + BT_SWAP_FIT_RIGHT + 1];
    float low[9][9];
    vec3 x[9];
    int m = 0;
    for (int i = 0; i < 9; ++i)
        for (int j = i; j < 9; ++j)
            low[j][i] = total[m++];
    for (int i = 0; i < 9; ++i) {
        // The recipe's ridge: .01 n (.001, .5 x 3, 4 x 5).
        low[i][i] += 0.01 * max(samples, 1.0) * (i == 0 ? 0.001 : i < 4 ? 0.5 : 4.0);
        int at = BT_SWAP_FIT_MATRIX + i * 3;
        x[i] = vec3(total[at], total[at + 1], total[at + 2]);
    }
    float least = 1e30;
    for (int j = 0; j < 9; ++j) {
        float d = low[j][j];
        for (int k = 0; k < j; ++k)
            d -= low[j][k] * low[j][k];
        least = min(least, d);
        d = sqrt(max(d, 1e-9));
        low[j][j] = d;
        for (int i = j + 1; i < 9; ++i) {
            float v = low[i][j];
            for (int k = 0; k < j; ++k)
                v -= low[i][k] * low[j][k];
            low[i][j] = v / d;
        }
    }
    for (int i = 0; i < 9; ++i) {
        for (int k = 0; k < i; ++k)
            x[i] -= low[i][k] * x[k];
        x[i] /= low[i][i];
    }
    for (int i = 8; i >= 0; --i) {
        for (int k = i + 1; k < 9; ++k)
            x[i] -= low[k][i] * x[k];
        x[i] /= low[i][i];
    }
    bool good = least > 1e-6 && samples >= BT_SOLVE_FEWEST;
    float rate = good ? push.rate : 0.0;
    for (int i = 0; i < 9; ++i) {
        vec4 c = vec4(mix(light[i].rgb, x[i], rate), 0.0);
        light[i] = c;
        report[i] = c;
    }
    float per = 1.0 / max(weight, 1e-6);
    // sqrt(pi / 2): from a normal variable's mean magnitude to its deviation.
    vec2 now = vec2(total[BT_SWAP_FIT_SUMS - 2] * per * 1.2533, total[BT_SWAP_FIT_SUMS - 1] * per);
    vec4 tail = vec4(mix(light[9].xy, now, rate), samples, weight);
    light[9] = tail;
    report[9] = tail;
}
