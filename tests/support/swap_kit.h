/* SPDX-License-Identifier: MIT */
/* For tests of swap's and blend's kernels: pictures of floats that go through binary16, as the GPU's do, and one dispatch. */
#ifndef BT_TESTS_SUPPORT_SWAP_KIT_H
#define BT_TESTS_SUPPORT_SWAP_KIT_H

#include "base/rng.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "support/test_gpu.h"
#include <stdint.h>

struct kit_picture {
    uint32_t w, h;
    float *texel; /* RGBA, what the image holds, rounded to binary16 */
    struct bt_image *image;
};

struct kit {
    struct test_gpu gpu;
    struct bt_rng rng;
};

int kit_open(void **state);
int kit_close(void **state); /* not 0: the validation layer had something to say */

struct kit_picture kit_picture(struct kit *kit, uint32_t w, uint32_t h, float low, float high); /* random */
void kit_upload(struct kit_picture *picture);   /* after texels were changed; rounds them */
void kit_download(struct kit_picture *picture); /* texels from the image */
void kit_free(struct kit_picture *picture);

struct bt_buffer *kit_buffer(struct kit *kit, const void *data, size_t bytes);

/* Creates bindings, dispatches, waits, destroys them. */
void kit_run(struct kit *kit, struct bt_kernel *kernel, const struct bt_binding *bindings, uint32_t count, const void *push,
             uint32_t groups_x, uint32_t groups_y);

static inline struct bt_binding kit_sampled(const struct kit_picture *p) {
    return (struct bt_binding){.image = p->image, .sampler = BT_SAMPLER_LINEAR_EDGE};
}

/* References of a sampler: uv in 0 ... 1, edge repeated. */
void kit_sample(const struct kit_picture *picture, float u, float v, float out[4]);
const float *kit_fetch(const struct kit_picture *picture, int x, int y);

float kit_clamp(float v, float low, float high);
float kit_mix(float a, float b, float t);
float kit_step(float low, float high, float v); /* GLSL's smoothstep */

#endif
