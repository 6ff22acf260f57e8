/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/pool.h"
#include "engine/fetch.glsl"

layout(constant_id = BT_POOL_AVERAGE) const int AVERAGE = 0;

layout(push_constant) uniform push_block {
    bt_pool_push push;
};
BT_INPUT4(BT_POOL_IN, block_in, tensor_in);
BT_OUTPUT4(BT_POOL_OUT);

void main() {
    int i = invocation();
    int rest = quotient(i, push.out_w);
    int x = i - rest * push.out_w;
    int group = quotient(rest, push.out_h);
    int y = rest - group * push.out_h;
    if (group >= push.groups) return;

    int x0 = x * push.stride_x - push.pad_x, y0 = y * push.stride_y - push.pad_y;
    vec4 best = vec4(0.0); /* not by ?: of two constants: Mesa 22.3 folds that select in the first lane only */
    if (AVERAGE == 0) best = vec4(-3.4e38);
    float count = 0.0;
    for (int ky = 0; ky < push.kernel_y; ky++) {
        int yy = y0 + ky * push.dilation_y;
        int cy = clamp(yy, 0, push.in_h - 1);
        int row = (group * push.in_h + cy) * push.in_w;
        bool counts_y = push.count_pad != 0 ? yy < push.in_h + push.pad_bottom : yy == cy;
        for (int kx = 0; kx < push.kernel_x; kx++) {
            int xx = x0 + kx * push.dilation_x;
            int cx = clamp(xx, 0, push.in_w - 1);
            vec4 v = BT_FETCH4(tensor_in, row + cx);
            bool inside = xx == cx && yy == cy;
            if (AVERAGE != 0) {
                best += inside ? v : vec4(0.0);
                bool counts_x = push.count_pad != 0 ? xx < push.in_w + push.pad_right : xx == cx;
                count += counts_x && counts_y ? 1.0 : 0.0;
            } else {
                best = inside ? max(best, v) : best;
            }
        }
    }
    tensor_out[i] = AVERAGE != 0 ? best / max(count, 1.0) : best;
}
