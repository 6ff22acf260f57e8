/* SPDX-License-Identifier: MIT */
#include "rig/exact.h"
#include <math.h>
#include <stdint.h>

double bt_exact_exp(double x) {
    if (!(x > -700.0)) return 0.0;
    if (x > 700.0) x = 700.0;
    /* x = k ln 2 + r, |r| <= ln 2 / 2; ln 2 in two parts (fdlibm's split) keeps r exact. */
    const double k = floor(x * 1.4426950408889634 + 0.5);
    const double r = (x - k * 6.93147180369123816490e-01) - k * 1.90821492927058770002e-10;
    double sum = 1.0;
    for (int n = 14; n >= 1; n--) sum = 1.0 + r * sum / n;
    return ldexp(sum, (int)k);
}

double bt_exact_log(double x) {
    if (!(x > 0.0)) return -700.0;
    int exponent;
    double m = frexp(x, &exponent);
    if (m < 0.70710678118654752) {
        m *= 2.0;
        exponent--;
    }
    /* ln m = 2 artanh((m - 1) / (m + 1)) */
    const double t = (m - 1.0) / (m + 1.0), t2 = t * t;
    double sum = 0.0;
    for (int n = 21; n >= 1; n -= 2) sum = sum * t2 + 1.0 / n;
    return 2.0 * t * sum + exponent * 6.93147180369123816490e-01 + exponent * 1.90821492927058770002e-10;
}

/* Quarter turns taken off by fdlibm's two-part pi / 2, then Taylor. */
static double quarter(double x, int shift) {
    const double k = floor(x * 0.63661977236758134 + 0.5);
    const double r = (x - k * 1.57079632673412561417e+00) - k * 6.07710050650619224932e-11;
    const double r2 = r * r;
    const int q = (int)((int64_t)k & 3) + shift;
    double sum = 1.0;
    if (q & 1) {
        for (int n = 18; n >= 2; n -= 2) sum = 1.0 - r2 * sum / (double)(n * (n - 1));
    } else {
        for (int n = 19; n >= 3; n -= 2) sum = 1.0 - r2 * sum / (double)(n * (n - 1));
        sum *= r;
    }
    return (q & 2) ? -sum : sum;
}

double bt_exact_sin(double x) {
    return quarter(x, 0);
}

double bt_exact_cos(double x) {
    return quarter(x, 1);
}

double bt_exact_pow(double x, double y) {
    return x > 0.0 ? bt_exact_exp(y * bt_exact_log(x)) : 0.0;
}
