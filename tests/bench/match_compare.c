/* SPDX-License-Identifier: MIT */
/* A million comparisons of templates, as `bauta evaluate match` makes them: CPU seconds. */
#include "base/rng.h"
#include "match/match.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TEMPLATES = 6000, PAIRS = 1000000 };

static double cpu_s(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

int main(void) {
    struct bt_template *t = calloc(TEMPLATES, sizeof *t);
    struct bt_rng rng;
    if (!t) return 1;
    bt_rng_init(&rng, 1, 1);
    for (uint32_t i = 0; i < TEMPLATES; i++) {
        for (uint32_t k = 0; k < BT_MATCH_COSINE; k++) t[i].cosine[k] = .07f * bt_rng_normal(&rng);
        for (uint32_t k = 0; k < BT_MATCH_EUCLID; k++) t[i].euclid[k] = .09f * bt_rng_normal(&rng);
    }
    uint32_t same = 0;
    const double began = cpu_s();
    for (uint32_t i = 0; i < PAIRS; i++)
        same += bt_match_compare(&t[bt_rng_u32(&rng) % TEMPLATES], &t[bt_rng_u32(&rng) % TEMPLATES]).same;
    printf("%d comparisons of %d templates: %.2f s of CPU, %u the same\n", PAIRS, TEMPLATES, cpu_s() - began, same);
    free(t);
    return 0;
}
