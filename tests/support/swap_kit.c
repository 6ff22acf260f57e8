/* SPDX-License-Identifier: MIT */
#include "support/swap_kit.h"
#include "gpu/command.h"
#include "support/half.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

int kit_open(void **state) {
    struct kit *kit = calloc(1, sizeof *kit);
    *state = kit;
    if (!kit || test_gpu_open(&kit->gpu)) return -1;
    bt_rng_init(&kit->rng, 20, 4);
    return 0;
}

int kit_close(void **state) {
    struct kit *kit = *state;
    int said = kit->gpu.validation;
    test_gpu_close(&kit->gpu);
    free(kit);
    return said;
}

void kit_upload(struct kit_picture *p) {
    size_t count = (size_t)p->w * p->h * 4;
    uint16_t *half = malloc(count * sizeof *half);
    assert_non_null(half);
    for (size_t i = 0; i < count; i++) {
        half[i] = test_half_of(p->texel[i]);
        p->texel[i] = test_half_to_float(half[i]);
    }
    assert_int_equal(bt_image_write(p->image, half, count * sizeof *half), BT_OK);
    free(half);
}

void kit_download(struct kit_picture *p) {
    size_t count = (size_t)p->w * p->h * 4;
    uint16_t *half = malloc(count * sizeof *half);
    assert_non_null(half);
    assert_int_equal(bt_image_read(p->image, half, count * sizeof *half), BT_OK);
    for (size_t i = 0; i < count; i++) p->texel[i] = test_half_to_float(half[i]);
    free(half);
}

struct kit_picture kit_picture(struct kit *kit, uint32_t w, uint32_t h, float low, float high) {
    struct kit_picture p = {w, h, malloc((size_t)w * h * 4 * sizeof(float)), NULL};
    assert_non_null(p.texel);
    assert_int_equal(bt_image_create(kit->gpu.gpu, w, h, BT_IMAGE_RGBA16F, &p.image), BT_OK);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) p.texel[i] = bt_rng_uniform(&kit->rng, low, high);
    kit_upload(&p);
    return p;
}

void kit_free(struct kit_picture *p) {
    bt_image_destroy(&p->image);
    free(p->texel);
}

struct bt_buffer *kit_buffer(struct kit *kit, const void *data, size_t bytes) {
    struct bt_buffer *buffer = NULL;
    assert_int_equal(bt_buffer_create(kit->gpu.gpu, bytes, BT_MEMORY_DEVICE, &buffer), BT_OK);
    if (data) assert_int_equal(bt_buffer_write(buffer, 0, data, bytes), BT_OK);
    return buffer;
}

void kit_run(struct kit *kit, struct bt_kernel *kernel, const struct bt_binding *bindings, uint32_t count, const void *push,
             uint32_t groups_x, uint32_t groups_y) {
    struct bt_bindings *set = NULL;
    struct bt_commands *commands = NULL;
    uint64_t value = 0;
    assert_int_equal(bt_bindings_create(kernel, bindings, count, &set), BT_OK);
    assert_int_equal(bt_commands_create(kit->gpu.gpu, &commands), BT_OK);
    assert_int_equal(bt_commands_begin(commands), BT_OK);
    bt_commands_dispatch(commands, kernel, set, push, groups_x, groups_y, 1);
    assert_int_equal(bt_commands_end(commands), BT_OK);
    assert_int_equal(bt_gpu_submit(kit->gpu.gpu, &commands, 1, &value), BT_OK);
    assert_int_equal(bt_gpu_wait(kit->gpu.gpu, value, 60000000000), BT_OK);
    bt_commands_destroy(&commands);
    bt_bindings_destroy(&set);
}

const float *kit_fetch(const struct kit_picture *p, int x, int y) {
    x = x < 0 ? 0 : x >= (int)p->w ? (int)p->w - 1 : x;
    y = y < 0 ? 0 : y >= (int)p->h ? (int)p->h - 1 : y;
    return p->texel + 4 * ((size_t)y * p->w + (size_t)x);
}

void kit_sample(const struct kit_picture *p, float u, float v, float out[4]) {
    float x = u * (float)p->w - .5f, y = v * (float)p->h - .5f, fx = x - floorf(x), fy = y - floorf(y);
    int ix = (int)floorf(x), iy = (int)floorf(y);
    const float *a = kit_fetch(p, ix, iy), *b = kit_fetch(p, ix + 1, iy);
    const float *c = kit_fetch(p, ix, iy + 1), *d = kit_fetch(p, ix + 1, iy + 1);
    for (int i = 0; i < 4; i++) out[i] = kit_mix(kit_mix(a[i], b[i], fx), kit_mix(c[i], d[i], fx), fy);
}

float kit_clamp(float v, float low, float high) {
    return fminf(high, fmaxf(low, v));
}

float kit_mix(float a, float b, float t) {
    return a + (b - a) * t;
}

float kit_step(float low, float high, float v) {
    float t = kit_clamp((v - low) / (high - low), 0, 1);
    return t * t * (3 - 2 * t);
}
