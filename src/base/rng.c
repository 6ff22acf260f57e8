/* SPDX-License-Identifier: MIT */
#include "base/rng.h"
#include <math.h>

/* PCG-XSH-RR 64/32: M. O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for Random
   Number Generation", HMC-CS-2014-0905; the seeding is that of its reference code. */
uint32_t bt_rng_u32(struct bt_rng *rng) {
    const uint64_t old = rng->state;
    rng->state = old * 6364136223846793005u + rng->increment;
    const uint32_t shifted = (uint32_t)(((old >> 18) ^ old) >> 27);
    const uint32_t turn = (uint32_t)(old >> 59);
    return (shifted >> turn) | (shifted << ((32 - turn) & 31));
}

void bt_rng_init(struct bt_rng *rng, uint64_t seed, uint64_t stream) {
    rng->state = 0;
    rng->increment = (stream << 1) | 1;
    bt_rng_u32(rng);
    rng->state += seed;
    bt_rng_u32(rng);
}

/* 24 bits: every value is exact in a float, so 1 cannot be reached by rounding. */
static float unit(struct bt_rng *rng) {
    return (float)(bt_rng_u32(rng) >> 8) * 0x1p-24f;
}

float bt_rng_uniform(struct bt_rng *rng, float low, float high) {
    const float value = low + (high - low) * unit(rng);
    return value < high ? value : low;
}

float bt_rng_normal(struct bt_rng *rng) {
    const float radius = sqrtf(-2.0f * logf(1.0f - unit(rng))); /* 1 - unit is in (0, 1] */
    return radius * cosf(6.28318530718f * unit(rng));
}
