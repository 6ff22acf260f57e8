/* SPDX-License-Identifier: MIT */
/* Functions whose last bit must be the same on every machine. libm's may differ (they pick FMA versions at run time); these are
   made of + - * / and sqrt alone, which IEEE 754 rounds in one way. A mask's bytes hang on it. */
#ifndef BT_RIG_EXACT_H
#define BT_RIG_EXACT_H

#include "base/geom.h"

double bt_exact_exp(double x); /* relative error below 1e-14; 0 below -700, exp(700) above 700 */
double bt_exact_log(double x); /* x > 0; -700 otherwise */
double bt_exact_sin(double x); /* |x| up to some thousands: absolute error below 1e-12 */
double bt_exact_cos(double x);
double bt_exact_pow(double x, double y); /* x >= 0 */

static inline float bt_clamp(float x, float low, float high) {
    return x < low ? low : x > high ? high : x;
}
static inline float bt_smoothstep(float x, float a, float b) {
    const float t = bt_clamp((x - a) / (b - a), 0.0f, 1.0f);
    return t * t * (3.0f - 2.0f * t);
}
static inline float bt_lerp(float a, float b, float t) {
    return a + (b - a) * t;
}
/* exp(-(d / s)^2) */
static inline float bt_bump(float d, float s) {
    return (float)bt_exact_exp(-(double)(d / s) * (double)(d / s));
}
static inline struct bt_vec3 bt_vec3_sub(struct bt_vec3 a, struct bt_vec3 b) {
    return (struct bt_vec3){a.x - b.x, a.y - b.y, a.z - b.z};
}
static inline struct bt_vec3 bt_vec3_add_scaled(struct bt_vec3 a, struct bt_vec3 b, float s) {
    return (struct bt_vec3){a.x + s * b.x, a.y + s * b.y, a.z + s * b.z};
}
static inline float bt_vec3_dot(struct bt_vec3 a, struct bt_vec3 b) {
    return a.x * b.x + a.y * b.y + a.z * b.z;
}
static inline struct bt_vec3 bt_vec3_cross(struct bt_vec3 a, struct bt_vec3 b) {
    return (struct bt_vec3){a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}

#endif
