/* SPDX-License-Identifier: MIT */
/* What every engine kernel shares, read by C and GLSL. Each kernel's own header holds its slots, specialisation ids and push
   block; constant 0 is always the workgroup's size. */
#ifndef BT_SHADER_ENGINE_H
#define BT_SHADER_ENGINE_H

/* Of the kernels' variants for float16 (fetch.glsl): the specialisation constant that says which slots hold it, a bit each, and
   the number above which a value cannot be kept so, by its bits (65504, the largest float16). */
#define BT_ENGINE_HALVES    16
#define BT_ENGINE_HALF_MOST 0x477fe000

/* Activations. The linear family is y = max(v, 0) + slope * min(v, 0) with one slope a channel: none (slope 1), ReLU (0),
   LeakyReLU and PReLU are one pipeline, which keeps a cold start short. */
#define BT_FN_LINEAR    0
#define BT_FN_HARDSWISH 1 /* v * clamp(v / 6 + 1/2, 0, 1), ONNX HardSwish */
#define BT_FN_SIGMOID   2
#define BT_FN_TANH      3
#define BT_FN_CLIP      4 /* to low ... high */

/* Element-wise operators of eltwise.comp and plain.comp. Logic works on floats: 0 is false, 1 is true. */
#define BT_DO_COPY          0
#define BT_DO_ADD           1
#define BT_DO_SUB           2
#define BT_DO_MUL           3
#define BT_DO_DIV           4
#define BT_DO_MAX           5
#define BT_DO_MIN           6
#define BT_DO_AND           7
#define BT_DO_GREATER_EQUAL 8
#define BT_DO_LESS_EQUAL    9
#define BT_DO_PRELU         10 /* b is the slope; the last with two operands */
#define BT_DO_LEAKY         11 /* alpha is the slope */
#define BT_DO_CLIP          12 /* to alpha … beta */
#define BT_DO_SQRT          13
#define BT_DO_NEG           14
#define BT_DO_ABS           15
#define BT_DO_RECIPROCAL    16
#define BT_DO_TRUNC         17 /* Cast to an integer type */
#define BT_DO_BOOL          18 /* Cast to bool: 1 unless 0; the last simple one */
#define BT_DO_EXP           19
#define BT_DO_HARDSWISH     20
#define BT_DO_SIGMOID       21
#define BT_DO_TANH          22

#endif
