/* SPDX-License-Identifier: MIT */
/* Direct convolution in C4: an invocation makes PIXELS neighbours of GROUPS output groups in registers. Only kx is unrolled:
   the pixels of a row are then reused from registers; unrolled rows or channels cost compile time and gain nothing. */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/conv.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_CONV2D_KW) const int KW = 3;
layout(constant_id = BT_CONV2D_KH) const int KH = 3;
layout(constant_id = BT_CONV2D_SX) const int SX = 1;
layout(constant_id = BT_CONV2D_SY) const int SY = 1;
layout(constant_id = BT_CONV2D_DILATION) const int DILATION = 1;
layout(constant_id = BT_CONV2D_PIXELS) const int PIXELS = 8;
layout(constant_id = BT_CONV2D_GROUPS) const int GROUPS = 1;
layout(constant_id = BT_CONV2D_ACT) const int ACT = 0;
layout(constant_id = BT_CONV2D_RESIDUAL) const int RESIDUAL = 0;
layout(constant_id = BT_CONV2D_PADDED) const int PADDED = 1;
layout(constant_id = BT_CONV2D_SHUFFLE) const int SHUFFLE = 1;
layout(constant_id = BT_CONV2D_IN_LANES) const int IN_LANES = 4;
layout(constant_id = BT_CONV2D_PLAIN) const int PLAIN = 0;
const int REACH = (PIXELS - 1) * SX + (KW - 1) * DILATION + 1;

layout(push_constant) uniform push_block {
    bt_conv_push push;
};
BT_INPUT4(BT_CONV2D_IN, block_in, tensor_in);
BT_INPUT4(BT_CONV2D_WEIGHTS, block_weights, weights);
BT_INPUT4(BT_CONV2D_SHORTCUT, block_shortcut, shortcut);
BT_OUTPUT4(BT_CONV2D_OUT);
layout(std430, binding = BT_CONV2D_OUT) writeonly buffer block_plain {
    float plain_out[];
};

#include "engine/activate.glsl"

void main() {
    int i = invocation();
    int rest = quotient(i, push.tiles_x);
    int x0 = (i - rest * push.tiles_x) * PIXELS;
    int tile = quotient(rest, push.out_h);
    int y = rest - tile * push.out_h;
    int group = tile * GROUPS;
    if (group >= push.out_groups) return;

    int column[REACH];
    float inside[REACH];
    [[unroll]] for (int k = 0; k < REACH; k++) {
        int x = x0 * SX - push.pad_x + k;
        column[k] = clamp(x, 0, push.in_w - 1);
        inside[k] = x == column[k] ? 1.0 : 0.0;
    }
    vec4 sum[GROUPS][PIXELS];
    int from[GROUPS];
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        int co = min(group + g, push.out_groups - 1);
        vec4 bias = BT_FETCH4(weights, push.params + co * 2);
        [[unroll]] for (int p = 0; p < PIXELS; p++) sum[g][p] = bias;
        from[g] = co * push.in_groups * (KH * KW * 4);
    }
    for (int ci = 0; ci < push.in_groups; ci++) {
        for (int ky = 0; ky < KH; ky++) {
            int yy = y * SY - push.pad_y + ky * DILATION;
            int row = clamp(yy, 0, push.in_h - 1);
            float inside_y = yy == row ? 1.0 : 0.0;
            row = (ci * push.in_h + row) * push.in_w;
            vec4 v[REACH];
            [[unroll]] for (int k = 0; k < REACH; k++) {
                v[k] = BT_FETCH4(tensor_in, row + column[k]);
                if (PADDED != 0) v[k] *= inside[k] * inside_y;
            }
            int at = (ci * KH + ky) * (KW * 4);
            [[unroll]] for (int kx = 0; kx < KW; kx++) {
                [[unroll]] for (int g = 0; g < GROUPS; g++) {
                    int w = from[g] + at + kx * 4;
                    vec4 w0 = BT_FETCH4(weights, w);
                    vec4 w1 = BT_FETCH4(weights, w + 1);
                    vec4 w2 = BT_FETCH4(weights, w + 2);
                    vec4 w3 = vec4(0.0);
                    if (IN_LANES == 4) w3 = BT_FETCH4(weights, w + 3);
                    [[unroll]] for (int p = 0; p < PIXELS; p++) {
                        vec4 u = v[p * SX + kx * DILATION];
                        sum[g][p] += u.x * w0 + u.y * w1 + u.z * w2;
                        if (IN_LANES == 4) sum[g][p] += u.w * w3;
                    }
                }
            }
        }
    }
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        int co = group + g;
        if (co < push.out_groups) {
            vec4 slope = BT_FETCH4(weights, push.params + co * 2 + 1);
            int quarter = push.out_groups / (SHUFFLE * SHUFFLE);
            int part = quotient(co, quarter);
            int plane = co - part * quarter; /* the group that the shuffle leaves */
            int row = y * SHUFFLE + (part >> 1), stride = push.out_w * SHUFFLE;
            int to = (plane * push.out_h * SHUFFLE + row) * stride + (part & 1);
            int from_shortcut = (min(plane, push.shortcut_groups - 1) * push.out_h * SHUFFLE + row) * stride + (part & 1);
            float has_shortcut = plane < push.shortcut_groups ? 1.0 : 0.0;
            [[unroll]] for (int p = 0; p < PIXELS; p++) {
                int x = x0 + p;
                if (x < push.out_w) {
                    vec4 u = sum[g][p];
                    vec4 other = vec4(0.0);
                    if (RESIDUAL != 0) other = has_shortcut * BT_FETCH4(shortcut, from_shortcut + x * SHUFFLE);
                    if (RESIDUAL == 1) u += other;
                    u = activate(u, slope, push.low, push.high);
                    if (RESIDUAL == 2) u += other;
                    if (PLAIN != 0) plain_out[to + x * SHUFFLE] = u.x;
                    else tensor_out[to + x * SHUFFLE] = u;
                }
            }
        }
    }
}
