/* SPDX-License-Identifier: MIT */
/* One operator on the GPU against its plain-C reference: builds a plan of one step, emits and runs it in all variants.
   With float16, operands are rounded to it beforehand, so that the result is the reference's but for its own rounding (2^-11 of
   it; a slope of an activation is rounded too) and, where products are of float16 too, theirs. */
#ifndef BT_TEST_ENGINE_STEP_H
#define BT_TEST_ENGINE_STEP_H

#include "engine/plan/plan.h"

struct bt_gpu;

enum { STEP_INPUTS = 8 };

struct step_tensor {
    struct bt_shape shape; /* rank 0 and no data with absent set */
    enum bt_layout layout;
    bool absent, constant; /* constant: in the plan's constants */
    bool raw;              /* a constant that emit/ packs */
    enum bt_type type;
    const void *data; /* NULL: random, in low … high */
    float low, high;  /* 0, 0: -1 … 1 */
};

struct step_case {
    const char *what;
    enum bt_op op;
    struct bt_attr attr;
    uint32_t in_count;
    struct step_tensor in[STEP_INPUTS];
    struct bt_shape out;
    enum bt_layout out_layout;
    enum bt_type out_type;
    uint32_t max_texels; /* 0: the device's */
    float tolerance;     /* absolute, of the result; 0: exact */
};

struct bt_gpu *step_gpu(void);
void step_gpu_close(void);
/* Fails the running test with a message when any element is off, or a lane without a channel is not zero. */
void step_check(const struct step_case *c);
/* The same for each way that the autotuner may choose on a CPU driver, in float32, without the rest. */
void step_check_ways(const struct step_case *c);
/* CPU time of one run in nanoseconds, the driver's threads included: the median of `runs`. `out_first_ns`: of making the kernel
   and the first run. */
int64_t step_cpu_ns(const struct step_case *c, bool texels, uint32_t runs, int64_t *out_first_ns);

static inline struct bt_shape shape4(uint32_t n, uint32_t c, uint32_t h, uint32_t w) {
    return (struct bt_shape){.rank = 4, .dim = {n, c, h, w, 1, 1}};
}
static inline struct bt_shape shape3(uint32_t a, uint32_t b, uint32_t c) {
    return (struct bt_shape){.rank = 3, .dim = {a, b, c, 1, 1, 1}};
}
static inline struct bt_shape shape2(uint32_t a, uint32_t b) {
    return (struct bt_shape){.rank = 2, .dim = {a, b, 1, 1, 1, 1}};
}
static inline struct bt_shape shape1(uint32_t a) {
    return (struct bt_shape){.rank = 1, .dim = {a, 1, 1, 1, 1, 1}};
}

#endif
