/* SPDX-License-Identifier: MIT */
#include "engine/ref/kernels.h"
#include <math.h>
#include <string.h>

static float relu(float x) {
    return x > 0 ? x : 0;
}
static float hard_swish(float x) { /* Operators.md HardSwish-14: alpha 1/6, beta 1/2 */
    float gate = x * (1.0f / 6.0f) + 0.5f;
    return x * (gate < 0 ? 0 : gate > 1 ? 1 : gate);
}
static float sigmoid(float x) { /* the form whose exp cannot overflow */
    if (x >= 0) return 1.0f / (1.0f + expf(-x));
    float e = expf(x);
    return e / (1.0f + e);
}
static float negate(float x) {
    return -x;
}
static float reciprocal(float x) {
    return 1.0f / x;
}

static float (*const unary_fn[BT_OP_COUNT])(float) = {
    [BT_OP_RELU] = relu,
    [BT_OP_HARD_SWISH] = hard_swish,
    [BT_OP_SIGMOID] = sigmoid,
    [BT_OP_TANH] = tanhf,
    [BT_OP_NEG] = negate,
    [BT_OP_ABS] = fabsf,
    [BT_OP_SQRT] = sqrtf,
    [BT_OP_EXP] = expf,
    [BT_OP_RECIPROCAL] = reciprocal,
};

static int64_t load_int(const struct bt_ref_tensor *t, size_t i) {
    switch (t->type) {
    case BT_TYPE_I64:
        return ((const int64_t *)t->data)[i];
    case BT_TYPE_I32:
        return ((const int32_t *)t->data)[i];
    default:
        return ((const uint8_t *)t->data)[i];
    }
}

static void store_int(struct bt_ref_tensor *t, size_t i, int64_t x) {
    switch (t->type) {
    case BT_TYPE_I64:
        ((int64_t *)t->data)[i] = x;
        break;
    case BT_TYPE_I32:
        ((int32_t *)t->data)[i] = (int32_t)x;
        break;
    default:
        ((uint8_t *)t->data)[i] = (uint8_t)x;
        break;
    }
}

static float clip(float x, float low, float high) {
    return fminf(fmaxf(x, low), high);
}

bt_status bt_ref_unary(const struct bt_ref_call *call) {
    const struct bt_ref_tensor *x = &call->in[0];
    const struct bt_attr *a = call->attr;
    size_t count = bt_shape_elements(&call->out->shape);
    if (x->type != BT_TYPE_F32) { /* integers: Neg and Abs, in wrapping arithmetic */
        if (call->op != BT_OP_NEG && call->op != BT_OP_ABS) return BT_E_UNSUPPORTED;
        for (size_t i = 0; i < count; i++) {
            int64_t v = load_int(x, i);
            store_int(call->out, i, call->op == BT_OP_NEG || v < 0 ? (int64_t)(0 - (uint64_t)v) : v);
        }
        return BT_OK;
    }
    const float *in = x->data;
    float *out = call->out->data;
    switch (call->op) {
    case BT_OP_CLIP:
        for (size_t i = 0; i < count; i++) out[i] = clip(in[i], a->low, a->high);
        return BT_OK;
    case BT_OP_HARD_SIGMOID:
        for (size_t i = 0; i < count; i++) out[i] = clip(a->low * in[i] + a->high, 0, 1);
        return BT_OK;
    case BT_OP_LEAKY_RELU:
        for (size_t i = 0; i < count; i++) out[i] = in[i] < 0 ? a->low * in[i] : in[i];
        return BT_OK;
    default:
        if (!unary_fn[call->op]) return BT_E_UNSUPPORTED;
        for (size_t i = 0; i < count; i++) out[i] = unary_fn[call->op](in[i]);
        return BT_OK;
    }
}

static float add(float a, float b) {
    return a + b;
}
static float sub(float a, float b) {
    return a - b;
}
static float mul(float a, float b) {
    return a * b;
}
static float divide(float a, float b) {
    return a / b;
}
static float prelu(float a, float b) {
    return a < 0 ? a * b : a;
}
static float greater_or_equal(float a, float b) {
    return a >= b;
}
static float less_or_equal(float a, float b) {
    return a <= b;
}

static float (*const binary_fn[BT_OP_COUNT])(float, float) = {
    [BT_OP_ADD] = add,
    [BT_OP_SUM] = add,
    [BT_OP_SUB] = sub,
    [BT_OP_MUL] = mul,
    [BT_OP_DIV] = divide,
    [BT_OP_MIN] = fminf,
    [BT_OP_MAX] = fmaxf,
    [BT_OP_PRELU] = prelu,
    [BT_OP_GREATER_OR_EQUAL] = greater_or_equal,
    [BT_OP_LESS_OR_EQUAL] = less_or_equal,
};

/* Integers wrap, as in every runtime; division by 0 and INT64_MIN / -1 are refused. */
static bool int_binary(enum bt_op op, int64_t a, int64_t b, int64_t *out) {
    switch (op) {
    case BT_OP_ADD:
    case BT_OP_SUM:
        *out = (int64_t)((uint64_t)a + (uint64_t)b);
        return true;
    case BT_OP_SUB:
        *out = (int64_t)((uint64_t)a - (uint64_t)b);
        return true;
    case BT_OP_MUL:
        *out = (int64_t)((uint64_t)a * (uint64_t)b);
        return true;
    case BT_OP_DIV:
        if (b == 0 || (b == -1 && a == INT64_MIN)) return false;
        *out = a / b;
        return true;
    case BT_OP_MIN:
        *out = a < b ? a : b;
        return true;
    case BT_OP_MAX:
        *out = a > b ? a : b;
        return true;
    case BT_OP_AND:
        *out = a && b;
        return true;
    case BT_OP_GREATER_OR_EQUAL:
        *out = a >= b;
        return true;
    case BT_OP_LESS_OR_EQUAL:
        *out = a <= b;
        return true;
    default:
        return false;
    }
}

static bt_status binary_pair(const struct bt_ref_call *call, const struct bt_ref_tensor *x, const struct bt_ref_tensor *y) {
    struct bt_ref_tensor *out = call->out;
    size_t sx[BT_RANK_MAX], sy[BT_RANK_MAX], i = 0;
    uint32_t at[BT_RANK_MAX] = {0};
    bt_ref_broadcast_strides(&x->shape, &out->shape, sx);
    bt_ref_broadcast_strides(&y->shape, &out->shape, sy);
    float (*fn)(float, float) = binary_fn[call->op];
    do {
        size_t ix = 0, iy = 0;
        for (uint32_t d = 0; d < out->shape.rank; d++) {
            ix += sx[d] * at[d];
            iy += sy[d] * at[d];
        }
        if (x->type == BT_TYPE_F32) {
            if (!fn) return BT_E_UNSUPPORTED;
            float r = fn(((const float *)x->data)[ix], ((const float *)y->data)[iy]);
            if (out->type == BT_TYPE_F32) {
                ((float *)out->data)[i] = r;
            } else {
                ((uint8_t *)out->data)[i] = r != 0;
            }
        } else {
            int64_t r;
            if (!int_binary(call->op, load_int(x, ix), load_int(y, iy), &r)) return BT_E_FORMAT;
            store_int(out, i, r);
        }
        i++;
    } while (bt_ref_next(&out->shape, at));
    return BT_OK;
}

bt_status bt_ref_binary(const struct bt_ref_call *call) {
    if (call->in_count >= 2) {
        bt_status st = binary_pair(call, &call->in[0], &call->in[1]);
        /* Min, Max and Sum of more: the result so far has the result's shape, and each element is read before it is written. */
        for (uint32_t k = 2; k < call->in_count && !st; k++) st = binary_pair(call, call->out, &call->in[k]);
        return st;
    }
    return bt_ref_copy(call); /* Min, Max or Sum of one */
}

bt_status bt_ref_copy(const struct bt_ref_call *call) {
    memcpy(call->out->data, call->in[0].data, bt_shape_elements(&call->out->shape) * bt_type_bytes(call->out->type));
    return BT_OK;
}

bt_status bt_ref_cast(const struct bt_ref_call *call) {
    const struct bt_ref_tensor *x = &call->in[0];
    struct bt_ref_tensor *out = call->out;
    size_t count = bt_shape_elements(&out->shape);
    for (size_t i = 0; i < count; i++) {
        if (x->type == BT_TYPE_F32) {
            float v = ((const float *)x->data)[i];
            if (out->type == BT_TYPE_F32) {
                ((float *)out->data)[i] = v;
            } else if (out->type == BT_TYPE_BOOL) {
                ((uint8_t *)out->data)[i] = v != 0;
            } else { /* out of range is undefined in C: clamp */
                double limit = out->type == BT_TYPE_I32 ? 2147483647.0 : 9223372036854774784.0;
                double d = isnan(v) ? 0 : v > limit ? limit : v < -limit ? -limit : (double)v;
                store_int(out, i, (int64_t)d);
            }
        } else if (out->type == BT_TYPE_F32) {
            ((float *)out->data)[i] = (float)load_int(x, i);
        } else {
            int64_t v = load_int(x, i);
            store_int(out, i, out->type == BT_TYPE_BOOL ? v != 0 : v);
        }
    }
    return BT_OK;
}
