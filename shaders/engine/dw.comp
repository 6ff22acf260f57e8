/* SPDX-License-Identifier: MIT */
/* Depthwise convolution in C4: an invocation makes PIXELS x ROWS outputs of one group; each input row is read once for all
   the output rows that need it. As in conv.comp, tiles overlap at the ends and nothing branches. */
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
layout(constant_id = BT_DW_PADDED) const int PADDED = 1;
layout(constant_id = BT_DW_PAIRS) const int PAIRS = 0;
const int REACH_X = (PIXELS - 1) * SX + (KW - 1) * DILATION + 1;
const int REACH_Y = (ROWS - 1) * SY + (KH - 1) * DILATION + 1;
const int TAPS = KH * KW;

layout(push_constant) uniform push_block {
    bt_dw_push push;
};
BT_INPUT4(BT_DW_IN, block_in, tensor_in);
BT_INPUT4(BT_DW_WEIGHTS, block_weights, weights);
BT_INPUT4(BT_DW_SHORTCUT, block_shortcut, shortcut);
BT_OUTPUT4(BT_DW_OUT);

#include "engine/activate.glsl"

void main() {
    int in_w = push.in_w, in_h = push.in_h, out_w = push.out_w, out_h = push.out_h;
    int shortcut_groups = push.shortcut_groups, pad_y = push.pad_y;
    float low = push.low, high = push.high;

    int i = invocation();
    int rest = quotient(i, push.tiles_x);
    int x0 = min((i - rest * push.tiles_x) * PIXELS, out_w - PIXELS);
    int group = quotient(rest, push.tiles_y);
    int tile_y = rest - group * push.tiles_y;
    group = min(group, push.groups - 1);
    int y0 = min(tile_y * ROWS, out_h - ROWS);

    vec4 bias = BT_FETCH4(weights, push.params + group * 2);
    vec4 slope = BT_FETCH4(weights, push.params + group * 2 + 1);
    BT_VEC w[TAPS];
    [[unroll]] for (int k = 0; k < TAPS; k++) w[k] = BT_TO_VEC(BT_FETCH4(weights, group * TAPS + k));
    int column[REACH_X];
    float inside[REACH_X];
    [[unroll]] for (int k = 0; k < REACH_X; k++) {
        int x = x0 * SX - push.pad_x + k;
        column[k] = clamp(x, 0, in_w - 1);
        inside[k] = x == column[k] ? 1.0 : 0.0;
    }
    vec4 sum[ROWS][PIXELS];
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        [[unroll]] for (int p = 0; p < PIXELS; p++) sum[r][p] = bias;
    }
#include "engine/depthwise.glsl"
    int shortcut_plane = min(group, shortcut_groups - 1) * out_h;
    float has_shortcut = group < shortcut_groups ? 1.0 : 0.0;
    [[unroll]] for (int r = 0; r < ROWS; r++) {
        int to = (group * out_h + y0 + r) * out_w + x0, from_shortcut = (shortcut_plane + y0 + r) * out_w + x0;
        vec4 u[PIXELS];
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            vec4 other = vec4(0.0);
            if (RESIDUAL != 0) other = has_shortcut * BT_FETCH4(shortcut, from_shortcut + p);
            u[p] = sum[r][p];
            if (RESIDUAL == 1) u[p] += other;
            BT_CHECK_SUM(u[p]);
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
