/* SPDX-License-Identifier: MIT */
/* The element-wise operators on VEC (vec4 or float); DO is the kernel's specialisation constant. */
VEC truth(bvec4 b) {
    return VEC(vec4(b));
}

VEC operate(VEC a, VEC b, float alpha, float beta) {
    const VEC one = VEC(1.0), zero = VEC(0.0);
    if (DO == BT_DO_ADD) return a + b;
    if (DO == BT_DO_SUB) return a - b;
    if (DO == BT_DO_MUL) return a * b;
    if (DO == BT_DO_DIV) return a / b;
    if (DO == BT_DO_MAX) return max(a, b);
    if (DO == BT_DO_MIN) return min(a, b);
    if (DO == BT_DO_AND) return a * b;
    if (DO == BT_DO_GREATER_EQUAL) return truth(greaterThanEqual(vec4(a), vec4(b)));
    if (DO == BT_DO_LESS_EQUAL) return truth(lessThanEqual(vec4(a), vec4(b)));
    if (DO == BT_DO_PRELU) return max(a, zero) + b * min(a, zero);
    if (DO == BT_DO_LEAKY) return max(a, zero) + alpha * min(a, zero);
    if (DO == BT_DO_CLIP) return min(max(a, VEC(alpha)), VEC(beta));
    if (DO == BT_DO_SQRT) return sqrt(a);
    if (DO == BT_DO_NEG) return -a;
    if (DO == BT_DO_ABS) return abs(a);
    if (DO == BT_DO_RECIPROCAL) return one / a;
    if (DO == BT_DO_EXP) return exp(a);
    if (DO == BT_DO_HARDSWISH) return a * clamp(a * (1.0 / 6.0) + 0.5, zero, one);
    if (DO == BT_DO_SIGMOID) return one / (one + exp(-a));
    if (DO == BT_DO_TANH) return one - 2.0 / (exp(2.0 * a) + 1.0);
    if (DO == BT_DO_TRUNC) return trunc(a);
    if (DO == BT_DO_BOOL) return truth(notEqual(vec4(a), vec4(0.0)));
    return a;
}
