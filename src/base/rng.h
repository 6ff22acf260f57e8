/* SPDX-License-Identifier: MIT */
/* A small reproducible generator (PCG32, O'Neill 2014): the same seed gives the same numbers on every machine.
   Not for secrets: those come from the vault. */
#ifndef BT_BASE_RNG_H
#define BT_BASE_RNG_H

#include <stdint.h>

struct bt_rng {
    uint64_t state, increment;
};

void bt_rng_init(struct bt_rng *rng, uint64_t seed, uint64_t stream);
uint32_t bt_rng_u32(struct bt_rng *rng);
float bt_rng_uniform(struct bt_rng *rng, float low, float high); /* [low, high) */
float bt_rng_normal(struct bt_rng *rng);                         /* mean 0, deviation 1 (Box-Muller) */

#endif
