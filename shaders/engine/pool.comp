/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/pool.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_POOL_AVERAGE) const int AVERAGE = 0;
layout(constant_id = BT_POOL_KW) const int KW = 2;
layout(constant_id = BT_POOL_KH) const int KH = 2;
layout(constant_id = BT_POOL_PADDED) const int PADDED = 1;

layout(push_constant) uniform push_block {
    bt_pool_push push;
};
BT_INPUT4(BT_POOL_IN, block_in, tensor_in);
BT_OUTPUT4(BT_POOL_OUT);

void main() {
    int i = invocation();
    int rest = quotient(i, push.tiles_x);
    int x0 = (i - rest * push.tiles_x) * BT_POOL_PIXELS;
    int group = quotient(rest, push.out_h);
    int y = rest - group * push.out_h;
    if (group >= push.groups) return;

    int from_y = y * push.stride_y - push.pad_y;
    vec4 best[BT_POOL_PIXELS];
    float count[BT_POOL_PIXELS];
    [[unroll]] for (int p = 0; p < BT_POOL_PIXELS; p++) {
        best[p] = vec4(0.0); /* not by ?: of two constants: Mesa 22.3 folds that select in the first lane only */
        if (AVERAGE == 0) best[p] = vec4(-3.4e38);
        count[p] = 0.0;
    }
    for (int ky = 0; ky < KH; ky++) {
        int yy = from_y + ky * push.dilation_y;
        int cy = clamp(yy, 0, push.in_h - 1);
        int row = (group * push.in_h + cy) * push.in_w;
        bool counts_y = push.count_pad != 0 ? yy < push.in_h + push.pad_bottom : yy == cy;
        [[unroll]] for (int p = 0; p < BT_POOL_PIXELS; p++) {
            int from_x = (x0 + p) * push.stride_x - push.pad_x;
            [[unroll]] for (int kx = 0; kx < KW; kx++) {
                int xx = from_x + kx * push.dilation_x;
                int cx = clamp(xx, 0, push.in_w - 1);
                vec4 v = BT_FETCH4(tensor_in, row + cx);
                bool inside = PADDED == 0 || (xx == cx && yy == cy);
                if (AVERAGE != 0) {
                    best[p] += inside ? v : vec4(0.0);
                    bool counts_x = push.count_pad != 0 ? xx < push.in_w + push.pad_right : xx == cx;
                    count[p] += PADDED == 0 || (counts_x && counts_y) ? 1.0 : 0.0;
                } else {
                    best[p] = inside ? max(best[p], v) : best[p];
                }
            }
        }
    }
    int to = (group * push.out_h + y) * push.out_w;
    [[unroll]] for (int p = 0; p < BT_POOL_PIXELS; p++) {
        if (AVERAGE != 0) best[p] /= max(count[p], 1.0);
        if (x0 + p < push.out_w) tensor_out[to + x0 + p] = best[p];
    }
}
