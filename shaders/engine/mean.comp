/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/mean.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_MEAN_ALONE) const int ALONE = 0;

layout(push_constant) uniform push_block {
    bt_mean_push push;
};
BT_INPUT4(BT_MEAN_IN, block_in, tensor_in);
BT_OUTPUT4(BT_MEAN_OUT);

shared vec4 part[BT_MEAN_THREADS];

void alone(int group) {
    int pixels = push.pixels, from = group * pixels;
    vec4 sum = vec4(0.0);
    for (int k = 0; k < pixels; k++) sum += BT_FETCH4(tensor_in, from + k);
    BT_STORE4(group, sum * push.scale);
}

void together(int group, int lane) {
    vec4 sum = vec4(0.0);
    for (int k = lane; k < push.pixels; k += BT_MEAN_THREADS) sum += BT_FETCH4(tensor_in, group * push.pixels + k);
    part[lane] = sum;
    barrier();
    if (lane == 0) {
        for (int k = 1; k < BT_MEAN_THREADS; k++) sum += part[k];
        BT_STORE4(group, sum * push.scale);
    }
}

void main() {
    if (ALONE != 0) alone(min(invocation(), push.groups - 1));
    else together(int(gl_WorkGroupID.x), int(gl_LocalInvocationID.x));
}
