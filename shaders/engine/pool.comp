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
layout(constant_id = BT_POOL_PIXELS) const int PIXELS = 2;
layout(constant_id = BT_POOL_PAIRS) const int PAIRS = 0;

layout(push_constant) uniform push_block {
    bt_pool_push push;
};
BT_INPUT4(BT_POOL_IN, block_in, tensor_in);
BT_OUTPUT4(BT_POOL_OUT);

void main() {
    int in_w = push.in_w, in_h = push.in_h, out_w = push.out_w, out_h = push.out_h;
    int stride_x = push.stride_x, dilation_x = push.dilation_x, dilation_y = push.dilation_y, pad_x = push.pad_x;
    int right = in_w + push.pad_right, bottom = in_h + push.pad_bottom;
    bool count_pad = push.count_pad != 0;
    int i = invocation();
    int rest = quotient(i, push.tiles_x);
    int x0 = min((i - rest * push.tiles_x) * PIXELS, out_w - PIXELS);
    int group = quotient(rest, out_h);
    int y = rest - group * out_h;
    group = min(group, push.groups - 1);

    int from_y = y * push.stride_y - push.pad_y;
    vec4 best[PIXELS];
    float count[PIXELS];
    [[unroll]] for (int p = 0; p < PIXELS; p++) {
        best[p] = vec4(0.0); /* not by ?: of two constants: Mesa 22.3 folds that select in the first lane only */
        if (AVERAGE == 0) best[p] = vec4(-3.4e38);
        count[p] = 0.0;
    }
    for (int ky = 0; ky < KH; ky++) {
        int yy = from_y + ky * dilation_y;
        int cy = clamp(yy, 0, in_h - 1);
        int row = (group * in_h + cy) * in_w;
        bool counts_y = count_pad ? yy < bottom : yy == cy;
        [[unroll]] for (int p = 0; p < PIXELS; p++) {
            int from_x = (x0 + p) * stride_x - pad_x;
            [[unroll]] for (int kx = 0; kx < KW; kx++) {
                int xx = from_x + kx * dilation_x;
                int cx = clamp(xx, 0, in_w - 1);
                vec4 v = BT_FETCH4(tensor_in, row + cx);
                bool inside = PADDED == 0 || (xx == cx && yy == cy);
                if (AVERAGE != 0) {
                    best[p] += inside ? v : vec4(0.0);
                    bool counts_x = count_pad ? xx < right : xx == cx;
                    count[p] += PADDED == 0 || (counts_x && counts_y) ? 1.0 : 0.0;
                } else {
                    best[p] = inside ? max(best[p], v) : best[p];
                }
            }
        }
    }
    int to = (group * out_h + y) * out_w + x0;
    [[unroll]] for (int p = 0; p < PIXELS; p++) {
        if (AVERAGE != 0) best[p] /= max(count[p], 1.0);
    }
    if (PAIRS != 0) {
        [[unroll]] for (int p = 0; p < PIXELS / 2; p++) BT_STORE_PAIR(to + p * 2, best[p * 2], best[p * 2 + 1]);
    } else {
        [[unroll]] for (int p = 0; p < PIXELS; p++) BT_STORE4(to + p, best[p]);
    }
}
