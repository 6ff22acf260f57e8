/* SPDX-License-Identifier: MIT */
#version 450
#extension GL_GOOGLE_include_directive : enable
#include "engine/engine.h"
#include "engine/reduce.h"
#include "engine/fetch.glsl"

layout(push_constant) uniform push_block {
    bt_reduce_push push;
};
BT_INPUT1(BT_REDUCE_IN, block_in, tensor_in);
BT_OUTPUT1(BT_REDUCE_OUT);

void main() {
    int i = min(invocation(), push.count - 1);
    int to = i, start = 0;
    for (int d = 0; d < 4; d++) {
        int rest = quotient(i, push.keep_dim[d]);
        start += (i - rest * push.keep_dim[d]) * push.keep_step[d];
        i = rest;
    }
    int what = push.what, folded = push.folded, dim[4] = push.fold_dim, step[4] = push.fold_step;
    float sum = 0.0;
    for (int k = 0; k < folded; k++) {
        int from = start, left = k;
        for (int d = 0; d < 4; d++) {
            int rest = quotient(left, dim[d]);
            from += (left - rest * dim[d]) * step[d];
            left = rest;
        }
        float v = BT_FETCH1(tensor_in, from);
        float most = what == BT_DO_MIN ? min(sum, v) : max(sum, v);
        sum = what == BT_DO_ADD ? sum + v : k == 0 ? v : most;
    }
    tensor_out[to] = sum * push.scale;
}
