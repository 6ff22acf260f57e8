/* SPDX-License-Identifier: MIT */
/* Direct convolution in C4: an invocation makes PIXELS neighbours of GROUPS output groups in registers. Only kx is unrolled:
   the pixels of a row are then reused from registers; unrolled rows or channels cost compile time and gain nothing.
   No branch and no early return: the last tiles lie over their neighbours instead and write the same once more, and the push
   block is read at the top. A CPU driver reads what is uniform at once there, but lane by lane inside of a branch or loop. */
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
layout(constant_id = BT_CONV2D_PAIRS) const int PAIRS = 0;
layout(constant_id = BT_CONV2D_SHARE) const int SHARE = 1;
const int REACH = (PIXELS - 1) * SX + (KW - 1) * DILATION + 1;
const int TAP = GROUPS * 4; /* vectors of weights for four input channels */

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
#include "engine/share.glsl"

void main() {
    int in_w = push.in_w, in_h = push.in_h, in_groups = push.in_groups;
    int out_w = push.out_w, out_h = push.out_h, out_groups = push.out_groups;
    int shortcut_groups = push.shortcut_groups;
    float low = push.low, high = push.high;

    int i = invocation();
    int tile = quotient(i, push.positions);
    int position = min(i - tile * push.positions, push.tiles_x * out_h - 1);
    int group = min(tile * GROUPS, out_groups - GROUPS);
    int y = quotient(position, push.tiles_x);
    int x0 = min((position - y * push.tiles_x) * PIXELS, out_w - PIXELS);

    int column[REACH];
    float inside[REACH];
    [[unroll]] for (int k = 0; k < REACH; k++) {
        int x = x0 * SX - push.pad_x + k;
        column[k] = clamp(x, 0, in_w - 1);
        inside[k] = x == column[k] ? 1.0 : 0.0;
    }
    int top = y * SY - push.pad_y;
    int from[SHARED_FETCHES(TAP)];
    [[unroll]] for (int f = 0; f < SHARED_FETCHES(TAP); f++) {
        int k = shared_number(f, TAP);
        from[f] = (group + (k >> 2)) * in_groups * (KH * KW * 4) + (k & 3);
    }
    vec4 params[SHARED_FETCHES(GROUPS * 2)];
    [[unroll]] for (int f = 0; f < SHARED_FETCHES(GROUPS * 2); f++)
        params[f] = BT_FETCH4(weights, push.params + group * 2 + shared_number(f, GROUPS * 2));
    float sum[GROUPS][4][PIXELS];
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        [[unroll]] for (int c = 0; c < 4; c++) {
            [[unroll]] for (int p = 0; p < PIXELS; p++) sum[g][c][p] = SHARED(params, g * 2, c);
        }
    }
    for (int ci = 0; ci < in_groups; ci++) {
        for (int ky = 0; ky < KH; ky++) {
            int yy = top + ky * DILATION;
            int line = clamp(yy, 0, in_h - 1);
            float inside_y = yy == line ? 1.0 : 0.0;
            int row = (ci * in_h + line) * in_w;
            BT_VEC v[REACH];
            [[unroll]] for (int k = 0; k < REACH; k++) {
                v[k] = BT_TO_VEC(BT_FETCH4(tensor_in, row + column[k]));
                if (PADDED != 0) v[k] *= BT_TO_REAL(inside[k] * inside_y);
            }
            int at = (ci * KH + ky) * (KW * 4);
            [[unroll]] for (int kx = 0; kx < KW; kx++) {
                BT_VEC w[SHARED_FETCHES(TAP)];
                [[unroll]] for (int f = 0; f < SHARED_FETCHES(TAP); f++) w[f] = BT_TO_VEC(BT_FETCH4(weights, from[f] + at + kx * 4));
                [[unroll]] for (int g = 0; g < GROUPS; g++) {
                    [[unroll]] for (int c = 0; c < 4; c++) {
                        BT_REAL w0 = SHARED(w, g * 4, c), w1 = SHARED(w, g * 4 + 1, c), w2 = SHARED(w, g * 4 + 2, c);
                        BT_REAL w3 = BT_TO_REAL(0.0);
                        if (IN_LANES == 4) w3 = SHARED(w, g * 4 + 3, c);
                        [[unroll]] for (int p = 0; p < PIXELS; p++) {
                            BT_VEC u = v[p * SX + kx * DILATION];
                            if (IN_LANES == 4)
                                sum[g][c][p] += BT_FROM_REAL(u.x * w0 + u.y * w1 + u.z * w2 + u.w * w3);
                            else
                                sum[g][c][p] += BT_FROM_REAL(u.x * w0 + u.y * w1 + u.z * w2);
                        }
                    }
                }
            }
        }
    }
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        vec4 slope = SHARED4(params, g * 2 + 1);
        int part = 0, plane = group + g;
        if (SHUFFLE == 2) {
            part = quotient(plane, out_groups / 4);
            plane -= part * (out_groups / 4); /* the group that the shuffle leaves */
        }
        int row = y * SHUFFLE + (part >> 1), stride = out_w * SHUFFLE, column_out = x0 * SHUFFLE + (part & 1);
        int to = (plane * out_h * SHUFFLE + row) * stride + column_out;
        int from_shortcut = (min(plane, shortcut_groups - 1) * out_h * SHUFFLE + row) * stride + column_out;
        float has_shortcut = plane < shortcut_groups ? 1.0 : 0.0;
        vec4 u[PIXELS];
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            u[p] = vec4(sum[g][0][p], sum[g][1][p], sum[g][2][p], sum[g][3][p]);
            vec4 other = vec4(0.0);
            if (RESIDUAL != 0) other = has_shortcut * BT_FETCH4(shortcut, from_shortcut + p * SHUFFLE);
            if (RESIDUAL == 1) u[p] += other;
            BT_CHECK_SUM(u[p]);
            u[p] = activate(u[p], slope, low, high);
            if (RESIDUAL == 2) u[p] += other;
        }
        if (PLAIN != 0) {
            [[unroll]] for (int p = 0; p < PIXELS; p++) plain_out[to + p * SHUFFLE] = u[p].x;
        } else if (PAIRS != 0) {
            [[unroll]] for (int p = 0; p < PIXELS / 2; p++) BT_STORE_PAIR(to + p * 2, u[p * 2], u[p * 2 + 1]);
        } else {
            [[unroll]] for (int p = 0; p < PIXELS; p++) BT_STORE4(to + p * SHUFFLE, u[p]);
        }
    }
}
