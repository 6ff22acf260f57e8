/* SPDX-License-Identifier: MIT */
/* Convolution as a matrix product whose inner dimension runs over the input groups and, within each, the kernel's taps. Each
   value that is brought to shared memory is used by a whole row or column of the tile, so an input is read from memory once for
   BT_TILE_ROWS * GROUPS output groups and a weight once for COLUMNS * PIXELS pixels. */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/tile.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_TILE_KW) const int KW = 3;
layout(constant_id = BT_TILE_KH) const int KH = 3;
layout(constant_id = BT_TILE_SX) const int SX = 1;
layout(constant_id = BT_TILE_SY) const int SY = 1;
layout(constant_id = BT_TILE_DILATION) const int DILATION = 1;
layout(constant_id = BT_TILE_COLUMNS) const int COLUMNS = 8;
layout(constant_id = BT_TILE_PIXELS) const int PIXELS = 4;
layout(constant_id = BT_TILE_GROUPS) const int GROUPS = 2;
layout(constant_id = BT_TILE_ACT) const int ACT = 0;
layout(constant_id = BT_TILE_RESIDUAL) const int RESIDUAL = 0;
const int ROWS = BT_TILE_ROWS, DEPTH = BT_TILE_DEPTH;
const int LANES = COLUMNS * ROWS, WIDTH = COLUMNS * PIXELS, HEIGHT = ROWS * GROUPS, TAPS = KW * KH;

layout(push_constant) uniform push_block {
    bt_tile_push push;
};
BT_INPUT4(BT_TILE_IN, block_in, tensor_in);
BT_INPUT4(BT_TILE_WEIGHTS, block_weights, weights);
BT_INPUT4(BT_TILE_SHORTCUT, block_shortcut, shortcut);
BT_OUTPUT4(BT_TILE_OUT);

shared BT_VEC near_in[DEPTH * WIDTH];            /* [depth][pixel] */
shared BT_VEC near_weights[HEIGHT * DEPTH * 4]; /* [output group][depth][input lane] */

#include "engine/activate.glsl"

void main() {
    int lane = int(gl_LocalInvocationID.x), row = lane / COLUMNS, column = lane - row * COLUMNS;
    int tile = int(gl_WorkGroupID.x + gl_WorkGroupID.y * gl_NumWorkGroups.x);
    if (tile >= push.tiles) return; /* the whole workgroup */
    int tile_y = tile / push.tiles_x;
    int first_pixel = (tile - tile_y * push.tiles_x) * WIDTH, first_group = tile_y * HEIGHT;
    int pixels = push.out_w * push.out_h, depth = push.in_groups * TAPS;

    /* The pixel that this invocation brings inputs for, always the same one. */
    int brought_depth = lane / WIDTH, brought = lane - brought_depth * WIDTH;
    int out_y = (first_pixel + brought) / push.out_w;
    int in_x = (first_pixel + brought - out_y * push.out_w) * SX - push.pad_x, in_y = out_y * SY - push.pad_y;

    vec4 sum[GROUPS][PIXELS];
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        int co = min(first_group + row * GROUPS + g, push.out_groups - 1);
        vec4 bias = BT_FETCH4(weights, push.params + co * 2);
        [[unroll]] for (int p = 0; p < PIXELS; p++) sum[g][p] = bias;
    }
    for (int k = 0; k < depth; k += DEPTH) {
        for (int d = brought_depth; d < DEPTH; d += ROWS / PIXELS) {
            int ci = (k + d) / TAPS, tap = k + d - ci * TAPS, ky = tap / KW;
            int x = in_x + (tap - ky * KW) * DILATION, y = in_y + ky * DILATION;
            vec4 v = vec4(0.0);
            if (k + d < depth && x >= 0 && x < push.in_w && y >= 0 && y < push.in_h)
                v = BT_FETCH4(tensor_in, (ci * push.in_h + y) * push.in_w + x);
            near_in[d * WIDTH + brought] = BT_TO_VEC(v);
        }
        for (int i = lane; i < HEIGHT * DEPTH * 4; i += LANES) {
            int g = i / (DEPTH * 4), at = k * 4 + i - g * (DEPTH * 4);
            vec4 w = vec4(0.0);
            if (at < depth * 4) w = BT_FETCH4(weights, min(first_group + g, push.out_groups - 1) * depth * 4 + at);
            near_weights[i] = BT_TO_VEC(w);
        }
        barrier();
        for (int d = 0; d < DEPTH; d++) {
            BT_VEC v[PIXELS];
            [[unroll]] for (int p = 0; p < PIXELS; p++) v[p] = near_in[d * WIDTH + column + p * COLUMNS];
            [[unroll]] for (int g = 0; g < GROUPS; g++) {
                int at = ((row * GROUPS + g) * DEPTH + d) * 4;
                BT_VEC w0 = near_weights[at], w1 = near_weights[at + 1], w2 = near_weights[at + 2], w3 = near_weights[at + 3];
                [[unroll]] for (int p = 0; p < PIXELS; p++)
                    sum[g][p] += BT_FROM_VEC(v[p].x * w0 + v[p].y * w1 + v[p].z * w2 + v[p].w * w3);
            }
        }
        barrier();
    }
    [[unroll]] for (int g = 0; g < GROUPS; g++) {
        int co = first_group + row * GROUPS + g;
        if (co < push.out_groups) {
            vec4 slope = BT_FETCH4(weights, push.params + co * 2 + 1);
            [[unroll]] for (int p = 0; p < PIXELS; p++) {
                int at = first_pixel + column + p * COLUMNS;
                if (at < pixels) {
                    vec4 u = sum[g][p], other = vec4(0.0);
                    if (RESIDUAL != 0 && co < push.shortcut_groups) other = BT_FETCH4(shortcut, co * pixels + at);
                    if (RESIDUAL == 1) u += other;
                    BT_CHECK_SUM(u);
                    u = activate(u, slope, push.low, push.high);
                    if (RESIDUAL == 2) u += other;
                    BT_STORE4(co * pixels + at, u);
                }
            }
        }
    }
}
