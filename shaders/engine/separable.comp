/* SPDX-License-Identifier: MIT */
/* Depthwise and pointwise convolution in one: an invocation makes PIXELS x ROWS pixels of all output groups, whose sums stay in
   registers while it goes through the input's groups. All invocations want the same weights at the same time, also the
   depthwise ones. As in conv.comp, tiles overlap at the ends and nothing branches. */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/separable.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_SEP_KW) const int KW = 3;
layout(constant_id = BT_SEP_KH) const int KH = 3;
layout(constant_id = BT_SEP_SX) const int SX = 1;
layout(constant_id = BT_SEP_SY) const int SY = 1;
layout(constant_id = BT_SEP_DILATION) const int DILATION = 1;
layout(constant_id = BT_SEP_PIXELS) const int PIXELS = 4;
layout(constant_id = BT_SEP_ROWS) const int ROWS = 2;
layout(constant_id = BT_SEP_GROUPS) const int GROUPS = 2;
layout(constant_id = BT_SEP_ACT) const int ACT = 0;
layout(constant_id = BT_SEP_ACT_INSIDE) const int ACT_INSIDE = 0;
layout(constant_id = BT_SEP_RESIDUAL) const int RESIDUAL = 0;
layout(constant_id = BT_SEP_PADDED) const int PADDED = 1;
layout(constant_id = BT_SEP_PAIRS) const int PAIRS = 0;
layout(constant_id = BT_SEP_SHARE) const int SHARE = 1;
const int REACH_X = (PIXELS - 1) * SX + (KW - 1) * DILATION + 1;
const int REACH_Y = (ROWS - 1) * SY + (KH - 1) * DILATION + 1;
const int TAPS = KH * KW;
const int VECTORS = TAPS + 2 + GROUPS * 4; /* of an input group: depthwise weights, bias and slope, pointwise weights */

layout(push_constant) uniform push_block {
    bt_separable_push push;
};
BT_INPUT4(BT_SEP_IN, block_in, tensor_in);
BT_INPUT4(BT_SEP_WEIGHTS, block_weights, weights);
BT_INPUT4(BT_SEP_SHORTCUT, block_shortcut, shortcut);
BT_OUTPUT4(BT_SEP_OUT);

#include "engine/activate.glsl"
#define ACT      ACT_INSIDE
#define activate activate_inside
#include "engine/activate.glsl"
#undef ACT
#undef activate
#include "engine/share.glsl"

void main() {
    int in_w = push.in_w, in_h = push.in_h, in_groups = push.in_groups, out_w = push.out_w, out_h = push.out_h;
    int shortcut_groups = push.shortcut_groups, pad_y = push.pad_y;
    float low = push.low, high = push.high, low_inside = push.low_inside, high_inside = push.high_inside;

    int i = invocation();
    int tile_y = quotient(i, push.tiles_x);
    int x0 = min((i - tile_y * push.tiles_x) * PIXELS, out_w - PIXELS);
    int y0 = min(tile_y * ROWS, out_h - ROWS);

    /* Where each vector of the first input group lies, and how far on that of the next. */
    int from[SHARED_FETCHES(VECTORS)], stride[SHARED_FETCHES(VECTORS)];
    [[unroll]] for (int f = 0; f < SHARED_FETCHES(VECTORS); f++) {
        int k = shared_number(f, VECTORS), inside_k = k - TAPS, out_k = k - TAPS - 2;
        from[f] = k < TAPS ? k
                  : inside_k < 2 ? push.params_inside + inside_k
                                 : push.pointwise + (out_k >> 2) * in_groups * 4 + (out_k & 3);
        stride[f] = k < TAPS ? TAPS : inside_k < 2 ? 2 : 4;
    }
    vec4 params[SHARED_FETCHES(GROUPS * 2)];
    [[unroll]] for (int f = 0; f < SHARED_FETCHES(GROUPS * 2); f++)
        params[f] = BT_FETCH4(weights, push.params + shared_number(f, GROUPS * 2));
    int column[REACH_X];
    float inside[REACH_X];
    [[unroll]] for (int k = 0; k < REACH_X; k++) {
        int x = x0 * SX - push.pad_x + k;
        column[k] = clamp(x, 0, in_w - 1);
        inside[k] = x == column[k] ? 1.0 : 0.0;
    }
    float total[GROUPS][4][ROWS][PIXELS];
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        [[unroll]] for (int c = 0; c < 4; c++) {
            [[unroll]] for (int r = 0; r < ROWS; r++) {
                [[unroll]] for (int p = 0; p < PIXELS; p++) total[g][c][r][p] = SHARED(params, g * 2, c);
            }
        }
    }
    for (int group = 0; group < in_groups; group++) {
        vec4 m[SHARED_FETCHES(VECTORS)];
        [[unroll]] for (int f = 0; f < SHARED_FETCHES(VECTORS); f++) m[f] = BT_FETCH4(weights, from[f] + group * stride[f]);
        BT_VEC w[TAPS];
        [[unroll]] for (int k = 0; k < TAPS; k++) w[k] = BT_TO_VEC(SHARED4(m, k));
        vec4 bias = SHARED4(m, TAPS), slope = SHARED4(m, TAPS + 1);
        vec4 sum[ROWS][PIXELS];
        [[unroll]] for (int r = 0; r < ROWS; r++) {
            [[unroll]] for (int p = 0; p < PIXELS; p++) sum[r][p] = bias;
        }
#include "engine/depthwise.glsl"
        [[unroll]] for (int r = 0; r < ROWS; r++) {
            [[unroll]] for (int p = 0; p < PIXELS; p++)
                sum[r][p] = activate_inside(sum[r][p], slope, low_inside, high_inside);
        }
        [[unroll]] for (int g = 0; g < GROUPS; g++) {
            [[unroll]] for (int c = 0; c < 4; c++) {
                const int first = TAPS + 2 + g * 4;
                float w0 = SHARED(m, first, c), w1 = SHARED(m, first + 1, c), w2 = SHARED(m, first + 2, c),
                      w3 = SHARED(m, first + 3, c);
                [[unroll]] for (int r = 0; r < ROWS; r++) {
                    [[unroll]] for (int p = 0; p < PIXELS; p++) {
                        vec4 u = sum[r][p];
                        total[g][c][r][p] += u.x * w0 + u.y * w1 + u.z * w2 + u.w * w3;
                    }
                }
            }
        }
    }
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        vec4 slope = SHARED4(params, g * 2 + 1);
        int shortcut_plane = min(g, shortcut_groups - 1) * out_h;
        float has_shortcut = g < shortcut_groups ? 1.0 : 0.0;
        [[unroll]] for (int r = 0; r < ROWS; r++) {
            int to = (g * out_h + y0 + r) * out_w + x0, from_shortcut = (shortcut_plane + y0 + r) * out_w + x0;
            vec4 u[PIXELS];
            [[unroll]] for (int p = 0; p < PIXELS; p++) {
                vec4 other = vec4(0.0);
                if (RESIDUAL != 0) other = has_shortcut * BT_FETCH4(shortcut, from_shortcut + p);
                u[p] = vec4(total[g][0][r][p], total[g][1][r][p], total[g][2][r][p], total[g][3][r][p]);
                if (RESIDUAL == 1) u[p] += other;
                u[p] = activate(u[p], slope, low, high);
                if (RESIDUAL == 2) u[p] += other;
            }
            if (PAIRS != 0) {
                [[unroll]] for (int p = 0; p < PIXELS / 2; p++) BT_STORE_PAIR(to + p * 2, u[p * 2], u[p * 2 + 1]);
            } else {
                [[unroll]] for (int p = 0; p < PIXELS; p++) BT_STORE4(to + p, u[p]);
            }
        }
    }
}
