/* SPDX-License-Identifier: MIT */
/* Depthwise convolution in C4: an invocation makes PIXELS x ROWS outputs of one group; each input row is read once for all
   the output rows that need it. */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/dw.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_DW_KW) const int KW = 3;
layout(constant_id = BT_DW_KH) const int KH = 3;
layout(constant_id = BT_DW_SX) const int SX = 1;
layout(constant_id = BT_DW_SY) const int SY = 1;
layout(constant_id = BT_DW_DILATION) const int DILATION = 1;
layout(constant_id = BT_DW_PIXELS) const int PIXELS = 4;
layout(constant_id = BT_DW_ROWS) const int ROWS = 2;
layout(constant_id = BT_DW_ACT) const int ACT = 0;
layout(constant_id = BT_DW_RESIDUAL) const int RESIDUAL = 0;
const int REACH_X = (PIXELS - 1) * SX + (KW - 1) * DILATION + 1;
const int REACH_Y = (ROWS - 1) * SY + (KH - 1) * DILATION + 1;

layout(push_constant) uniform push_block {
    bt_dw_push push;
};
BT_INPUT4(BT_DW_IN, block_in, tensor_in);
BT_INPUT4(BT_DW_WEIGHTS, block_weights, weights);
BT_INPUT4(BT_DW_SHORTCUT, block_shortcut, shortcut);
BT_OUTPUT4(BT_DW_OUT);

#include "engine/activate.glsl"

void main() {
    int i = invocation();
    int rest = quotient(i, push.tiles_x);
    int x0 = (i - rest * push.tiles_x) * PIXELS;
    int group = quotient(rest, push.tiles_y);
    int y0 = (rest - group * push.tiles_y) * ROWS;
    if (group >= push.groups) return;

    vec4 bias = BT_FETCH4(weights, push.params + group * 2);
    vec4 slope = BT_FETCH4(weights, push.params + group * 2 + 1);
    vec4 w[KH * KW];
    [[unroll]] for (int k = 0; k < KH * KW; k++) w[k] = BT_FETCH4(weights, group * (KH * KW) + k);
    int column[REACH_X];
    float inside[REACH_X];
    [[unroll]] for (int k = 0; k < REACH_X; k++) {
        int x = x0 * SX - push.pad_x + k;
        column[k] = clamp(x, 0, push.in_w - 1);
        inside[k] = x == column[k] ? 1.0 : 0.0;
    }
    vec4 sum[ROWS][PIXELS];
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        [[unroll]] for (int p = 0; p < PIXELS; p++) sum[r][p] = bias;
    }
    [[unroll]] for (int iy = 0; iy < REACH_Y; iy++) {
        int yy = y0 * SY - push.pad_y + iy;
        int row = clamp(yy, 0, push.in_h - 1);
        float inside_y = yy == row ? 1.0 : 0.0;
        row = (group * push.in_h + row) * push.in_w;
        vec4 v[REACH_X];
        [[unroll]] for (int k = 0; k < REACH_X; k++) v[k] = BT_FETCH4(tensor_in, row + column[k]) * (inside[k] * inside_y);
        [[unroll]] for (int r = 0; r < ROWS; r++) {
            const int tap = iy - r * SY;
            if (tap >= 0 && tap < KH * DILATION && tap % DILATION == 0) {
                [[unroll]] for (int kx = 0; kx < KW; kx++) {
                    [[unroll]] for (int p = 0; p < PIXELS; p++)
                        sum[r][p] += w[tap / DILATION * KW + kx] * v[p * SX + kx * DILATION];
                }
            }
        }
    }
    int shortcut_plane = min(group, push.shortcut_groups - 1) * push.out_h;
    float has_shortcut = group < push.shortcut_groups ? 1.0 : 0.0;
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            int x = x0 + p, y = y0 + r;
            if (x < push.out_w && y < push.out_h) {
                vec4 u = sum[r][p];
                vec4 other = vec4(0.0);
                if (RESIDUAL != 0) other = has_shortcut * BT_FETCH4(shortcut, (shortcut_plane + y) * push.out_w + x);
                if (RESIDUAL == 1) u += other;
                u = activate(u, slope, push.low, push.high);
                if (RESIDUAL == 2) u += other;
                tensor_out[(group * push.out_h + y) * push.out_w + x] = u;
            }
        }
    }
}
