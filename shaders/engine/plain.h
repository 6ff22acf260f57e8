/* SPDX-License-Identifier: MIT */
/* Element-wise operators and copies on PLAIN tensors of any rank, each operand with its own strides and start: broadcast
   (stride 0), Transpose, Slice, Expand, and one piece of a Concat. */
#ifndef BT_SHADER_ENGINE_PLAIN_H
#define BT_SHADER_ENGINE_PLAIN_H

#define BT_PLAIN_A     0
#define BT_PLAIN_B     1
#define BT_PLAIN_OUT   2
#define BT_PLAIN_SLOTS 3

#define BT_PLAIN_LANES 0
#define BT_PLAIN_DO                                                                                                            \
    1 /* of BT_DO_*, or BT_PLAIN_SIMPLE: any but EXP … TANH, told by push.what, so that they share one pipeline */
#define BT_PLAIN_SIMPLE    (-1)
#define BT_PLAIN_CONSTANTS 2

struct bt_plain_push {
    int count; /* elements */
    int what;        /* with BT_PLAIN_SIMPLE: of BT_DO_* */
    int out_start, a_start, b_start;
    float alpha, beta;
    int dim[6], out_step[6], a_step[6], b_step[6]; /* the innermost first; unused ones are 1 */
};

#endif
