/* SPDX-License-Identifier: MIT */
/* IEEE 754 binary16, for pictures of tests. */
#ifndef BT_TESTS_SUPPORT_HALF_H
#define BT_TESTS_SUPPORT_HALF_H

#include <math.h>
#include <stdint.h>

static inline float test_half_to_float(uint16_t h) {
    uint32_t exponent = h >> 10 & 31u, mantissa = h & 1023u;
    float v = exponent == 31  ? (mantissa ? NAN : INFINITY)
              : exponent == 0 ? ldexpf((float)mantissa, -24)
                              : ldexpf((float)(mantissa | 1024u), (int)exponent - 25);
    return h & 0x8000u ? -v : v;
}

/* Nearest; for finite values of at most 65504. */
static inline uint16_t test_half_of(float v) {
    uint16_t sign = signbit(v) ? 0x8000u : 0;
    int exponent;
    float m = frexpf(fabsf(v), &exponent); /* v = m 2^exponent, m from .5 to 1 */
    if (m == 0.0f) return sign;
    if (exponent < -13) return (uint16_t)(sign + (uint16_t)lrintf(ldexpf(fabsf(v), 24)));
    /* A mantissa that rounds up to 2048 carries into the exponent by itself. */
    return (uint16_t)(sign + (uint16_t)((uint32_t)(exponent + 14) * 1024u + (uint32_t)lrintf(ldexpf(m, 11)) - 1024u));
}

#endif
