/* SPDX-License-Identifier: MIT */
/* The epilogue's activation; ACT is the kernel's specialisation constant. */
vec4 activate(vec4 v, vec4 slope, float low, float high) {
    if (ACT == BT_FN_HARDSWISH) return v * clamp(v * (1.0 / 6.0) + 0.5, 0.0, 1.0);
    if (ACT == BT_FN_SIGMOID) return 1.0 / (1.0 + exp(-v));
    if (ACT == BT_FN_TANH) return 1.0 - 2.0 / (exp(2.0 * v) + 1.0); /* tanh() itself may overflow to NaN on large values */
    if (ACT == BT_FN_CLIP) return clamp(v, low, high);
    return max(v, 0.0) + slope * min(v, 0.0);
}
