/* SPDX-License-Identifier: MIT */
/* One kernel through every kind of slot; recording, order of submissions, timers, and misuse that must be told. */
#include "spv/gpu_smoke.h"
#include "base/rng.h"
#include "gpu/command.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "gpu/smoke.h"
#include "support/test_gpu.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#define WAIT_NS INT64_C(120000000000)
enum { COUNT = 1003, WIDTH = 51, HEIGHT = 20, LOCAL = 32 };

struct rig {
    struct test_gpu t;
    struct bt_buffer *out, *factors, *values;
    struct bt_texels *texels;
    struct bt_image *picture, *trace;
    struct bt_kernel *kernel;
    struct bt_bindings *bindings;
    struct bt_commands *commands, *more;
    float numbers[COUNT], factor[4];
};
static struct rig r;
static const struct smoke_push push = {COUNT, WIDTH, 0.5f, 0.5f};

static const enum bt_slot slots[] = {
    [SMOKE_OUT] = BT_SLOT_STORAGE,     [SMOKE_FACTORS] = BT_SLOT_UNIFORM, [SMOKE_TEXELS] = BT_SLOT_TEXELS,
    [SMOKE_PICTURE] = BT_SLOT_SAMPLED, [SMOKE_TRACE] = BT_SLOT_IMAGE,
};

static uint32_t bits(float value) {
    uint32_t word;
    memcpy(&word, &value, 4);
    return word;
}

static bt_status make_kernel(float scale, int offset, struct bt_kernel **out_kernel) {
    const uint32_t constants[] = {LOCAL, bits(scale), (uint32_t)offset};
    const struct bt_kernel_params params = {
        .name = "smoke",
        .spirv = bt_spv_gpu_smoke,
        .spirv_bytes = bt_spv_gpu_smoke_bytes,
        .slots = slots,
        .slot_count = BT_COUNT(slots),
        .constants = constants,
        .constant_count = BT_COUNT(constants),
        .push_bytes = sizeof push,
    };
    return bt_kernel_create(r.t.gpu, &params, out_kernel);
}

static void binding_list(struct bt_binding *list) {
    memset(list, 0, BT_COUNT(slots) * sizeof *list);
    list[SMOKE_OUT].buffer = r.out;
    list[SMOKE_FACTORS].buffer = r.factors;
    list[SMOKE_TEXELS].texels = r.texels;
    list[SMOKE_PICTURE].image = r.picture;
    list[SMOKE_TRACE].image = r.trace;
}

static int open_rig(void **state) {
    (void)state;
    struct bt_rng rng;
    bt_rng_init(&rng, 5, 5);
    for (int i = 0; i < COUNT; i++) r.numbers[i] = bt_rng_uniform(&rng, -9, 9);
    for (int i = 0; i < 4; i++) r.factor[i] = bt_rng_uniform(&rng, -9, 9);
    const float corners[16] = {0, 1, 2, 1, 4, 1, 6, 1, 8, 1, 10, 1, 12, 1, 14, 1};
    struct bt_binding list[BT_COUNT(slots)];
    bt_status st = test_gpu_open(&r.t);
    if (!st) st = bt_buffer_create(r.t.gpu, sizeof r.numbers, BT_MEMORY_DEVICE, &r.out);
    if (!st) st = bt_buffer_create(r.t.gpu, sizeof r.numbers, BT_MEMORY_DEVICE, &r.values);
    if (!st) st = bt_buffer_create(r.t.gpu, sizeof r.factor, BT_MEMORY_UPLOAD, &r.factors);
    if (!st) st = bt_image_create(r.t.gpu, 2, 2, BT_IMAGE_RGBA32F, &r.picture);
    if (!st) st = bt_image_create(r.t.gpu, WIDTH, HEIGHT, BT_IMAGE_RGBA32F, &r.trace);
    if (!st) st = bt_image_write(r.picture, corners, sizeof corners);
    if (!st) st = bt_buffer_write(r.values, 0, r.numbers, sizeof r.numbers);
    if (!st) st = bt_buffer_write(r.factors, 0, r.factor, sizeof r.factor);
    if (!st) st = bt_texels_create(r.values, 0, sizeof r.numbers, BT_TEXELS_R32F, &r.texels);
    if (!st) st = make_kernel(2.5f, -7, &r.kernel);
    if (st) return 1;
    binding_list(list);
    st = bt_bindings_create(r.kernel, list, BT_COUNT(list), &r.bindings);
    if (!st) st = bt_commands_create(r.t.gpu, &r.commands);
    if (!st) st = bt_commands_create(r.t.gpu, &r.more);
    return st != BT_OK;
}

static int close_rig(void **state) {
    (void)state;
    bt_commands_destroy(&r.more);
    bt_commands_destroy(&r.commands);
    bt_bindings_destroy(&r.bindings);
    bt_kernel_destroy(&r.kernel);
    bt_texels_destroy(&r.texels);
    bt_image_destroy(&r.picture);
    bt_image_destroy(&r.trace);
    bt_buffer_destroy(&r.factors);
    bt_buffer_destroy(&r.values);
    bt_buffer_destroy(&r.out);
    test_gpu_close(&r.t);
    return r.t.validation != 0;
}

static void submit_and_wait(struct bt_commands *const *list, uint32_t count) {
    uint64_t value = 0;
    assert_int_equal(bt_gpu_submit(r.t.gpu, list, count, &value), BT_OK);
    assert_true(value > 0);
    assert_int_equal(bt_gpu_wait(r.t.gpu, value, WAIT_NS), BT_OK);
}

static void test_every_slot_constant_and_push(void **state) {
    (void)state;
    static float out[COUNT], trace[WIDTH * HEIGHT * 4];
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_dispatch(r.commands, r.kernel, r.bindings, &push, (COUNT + LOCAL - 1) / LOCAL, 1, 1);
    assert_int_equal(bt_commands_end(r.commands), BT_OK);
    submit_and_wait(&r.commands, 1);
    assert_int_equal(bt_buffer_read(r.out, 0, out, sizeof out), BT_OK);
    assert_int_equal(bt_image_read(r.trace, trace, sizeof trace), BT_OK);
    const float sum = r.factor[0] + r.factor[1] + r.factor[2] + r.factor[3];
    for (int i = 0; i < COUNT; i++) {
        const float want = r.numbers[i] * 2.5f - 7 + sum;
        assert_true(fabsf(out[i] - want) < 1e-4f);
        assert_true(trace[4 * i] == out[i]);
        assert_true(fabsf(trace[4 * i + 1] - 6) < 0.05f); /* the middle of 0, 4, 8, 12 */
    }
    for (int i = COUNT; i < WIDTH * HEIGHT; i++) assert_true(trace[4 * i] == 0); /* past the count: still as made */
}

static void test_submissions_keep_their_order(void **state) {
    (void)state;
    /* fill, then copy, in separate submissions without a wait: the copy must see the last fill */
    for (uint32_t round = 1; round <= 20; round++) {
        uint64_t first = 0, second = 0;
        assert_int_equal(bt_commands_begin(r.commands), BT_OK);
        bt_commands_fill(r.commands, r.out, 0, 4000, round);
        assert_int_equal(bt_commands_end(r.commands), BT_OK);
        assert_int_equal(bt_commands_begin(r.more), BT_OK);
        bt_commands_copy(r.more, r.out, 2000, r.out, 0, 400);
        bt_commands_barrier(r.more);
        bt_commands_fill(r.more, r.out, 0, 400, 0);
        assert_int_equal(bt_commands_end(r.more), BT_OK);
        assert_int_equal(bt_gpu_submit(r.t.gpu, &r.commands, 1, &first), BT_OK);
        assert_int_equal(bt_gpu_submit(r.t.gpu, &r.more, 1, &second), BT_OK);
        assert_true(second > first);
        assert_int_equal(bt_gpu_wait(r.t.gpu, second, WAIT_NS), BT_OK);
        uint32_t words[1000];
        assert_int_equal(bt_buffer_read(r.out, 0, words, sizeof words), BT_OK);
        for (int i = 0; i < 1000; i++) assert_int_equal(words[i], i < 100 ? 0 : round);
    }
    /* the same recording many times, and several in one submission */
    struct bt_commands *const both[] = {r.commands, r.more, r.commands};
    submit_and_wait(both, 3);
    submit_and_wait(both, 3);
}

static void test_images_copy(void **state) {
    (void)state;
    struct bt_image *a = NULL, *b = NULL, *other = NULL;
    uint32_t in[35], out[35] = {0};
    for (uint32_t i = 0; i < 35; i++) in[i] = i * 77777;
    assert_int_equal(bt_image_create(r.t.gpu, 7, 5, BT_IMAGE_R32UI, &a), BT_OK);
    assert_int_equal(bt_image_create(r.t.gpu, 7, 5, BT_IMAGE_R32UI, &b), BT_OK);
    assert_int_equal(bt_image_create(r.t.gpu, 5, 7, BT_IMAGE_R32UI, &other), BT_OK);
    assert_int_equal(bt_image_write(a, in, sizeof in), BT_OK);
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_copy_image(r.commands, b, a);
    assert_int_equal(bt_commands_end(r.commands), BT_OK);
    submit_and_wait(&r.commands, 1);
    assert_int_equal(bt_image_read(b, out, sizeof out), BT_OK);
    assert_memory_equal(in, out, sizeof in);
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_copy_image(r.commands, other, a);
    assert_int_equal(bt_commands_end(r.commands), BT_E_ARGUMENT);
    bt_image_destroy(&a);
    bt_image_destroy(&b);
    bt_image_destroy(&other);
}

static void test_timers_rise(void **state) {
    (void)state;
    struct bt_timers *timers = NULL;
    uint64_t ns[70];
    memset(ns, 0xee, sizeof ns);
    assert_int_equal(bt_timers_create(r.t.gpu, 70, &timers), BT_OK);
    assert_int_equal(bt_timers_read(timers, ns), BT_OK);
    for (int i = 0; i < 70; i++) assert_int_equal(ns[i], 0);
    for (int round = 0; round < 2; round++) {
        assert_int_equal(bt_commands_begin(r.commands), BT_OK);
        bt_commands_stamp(r.commands, timers, 0);
        bt_commands_dispatch(r.commands, r.kernel, r.bindings, &push, (COUNT + LOCAL - 1) / LOCAL, 1, 1);
        bt_commands_stamp(r.commands, timers, 69);
        assert_int_equal(bt_commands_end(r.commands), BT_OK);
        submit_and_wait(&r.commands, 1);
        assert_int_equal(bt_timers_read(timers, ns), BT_OK);
        if (bt_gpu_caps(r.t.gpu)->timestamp_period_ns > 0) {
            assert_true(ns[69] > ns[0] && ns[0] > 0);
            assert_true(ns[69] - ns[0] < 60u * 1000000000u);
        }
        assert_int_equal(ns[30], 0);
    }
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_stamp(r.commands, timers, 70);
    assert_int_equal(bt_commands_end(r.commands), BT_E_ARGUMENT);
    bt_timers_destroy(&timers);
    assert_int_equal(bt_timers_create(r.t.gpu, 0, &timers), BT_E_ARGUMENT);
}

static void test_misuse_is_told(void **state) {
    (void)state;
    uint64_t value = 77;
    struct bt_binding list[BT_COUNT(slots)];
    struct bt_bindings *bindings = NULL;
    for (uint32_t i = 0; i < BT_COUNT(slots); i++) { /* each member missing in turn */
        binding_list(list);
        list[i] = (struct bt_binding){0};
        assert_int_equal(bt_bindings_create(r.kernel, list, BT_COUNT(list), &bindings), BT_E_ARGUMENT);
    }
    binding_list(list);
    assert_int_equal(bt_bindings_create(r.kernel, list, 4, &bindings), BT_E_ARGUMENT);
    list[0].offset_bytes = 1;
    assert_int_equal(bt_bindings_create(r.kernel, list, BT_COUNT(list), &bindings), BT_E_ARGUMENT);
    list[0].offset_bytes = 0;
    list[0].size_bytes = SIZE_MAX;
    assert_int_equal(bt_bindings_create(r.kernel, list, BT_COUNT(list), &bindings), BT_E_ARGUMENT);
    assert_null(bindings);
    struct bt_kernel *kernel = NULL;
    struct bt_kernel_params params = {.name = "bad", .spirv = (const uint32_t[8]){1, 2, 3}, .spirv_bytes = 32};
    assert_int_equal(bt_kernel_create(r.t.gpu, &params, &kernel), BT_E_ARGUMENT);
    assert_null(kernel);

    assert_int_equal(bt_commands_end(r.commands), BT_E_ARGUMENT); /* never begun */
    assert_int_equal(bt_gpu_submit(r.t.gpu, &r.commands, 1, &value), BT_E_ARGUMENT);
    assert_int_equal(bt_gpu_submit(r.t.gpu, NULL, 0, &value), BT_E_ARGUMENT);
    assert_int_equal(value, 77);
    const struct {
        bool bindings, push;
        uint32_t groups;
    } bad[] = {{false, true, 1}, {true, false, 1}, {true, true, UINT32_MAX}};
    for (size_t i = 0; i < BT_COUNT(bad); i++) {
        assert_int_equal(bt_commands_begin(r.commands), BT_OK);
        bt_commands_dispatch(r.commands, r.kernel, bad[i].bindings ? r.bindings : NULL, bad[i].push ? &push : NULL,
                             bad[i].groups, 1, 1);
        bt_commands_fill(r.commands, r.out, 0, 4, 0);
        assert_int_equal(bt_commands_end(r.commands), BT_E_ARGUMENT);
        assert_int_equal(bt_gpu_submit(r.t.gpu, &r.commands, 1, &value), BT_E_ARGUMENT);
    }
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_copy(r.commands, r.out, 0, r.factors, 0, 4000);
    assert_int_equal(bt_commands_end(r.commands), BT_E_ARGUMENT);
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_fill(r.commands, r.out, 0, 3, 0);
    assert_int_equal(bt_commands_end(r.commands), BT_E_ARGUMENT);
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_upload_image(r.commands, r.trace, r.factors, 0);
    assert_int_equal(bt_commands_end(r.commands), BT_E_ARGUMENT);
    /* and it still works afterwards */
    assert_int_equal(bt_commands_begin(r.commands), BT_OK);
    bt_commands_dispatch(r.commands, r.kernel, r.bindings, &push, 0, 1, 1);
    assert_int_equal(bt_commands_end(r.commands), BT_OK);
    submit_and_wait(&r.commands, 1);
    assert_int_equal(bt_gpu_wait(r.t.gpu, 1000000, 0), BT_E_ARGUMENT);
}

static void test_zero_outside_the_edge(void **state) {
    (void)state;
    struct bt_binding list[BT_COUNT(slots)];
    struct bt_bindings *bindings = NULL;
    static float trace[WIDTH * HEIGHT * 4];
    const struct {
        enum bt_sampler sampler;
        float u, want;
    } cases[] = {{BT_SAMPLER_LINEAR_ZERO, -2, 0},
                 {BT_SAMPLER_LINEAR_EDGE, -2, 4}, /* between rows 0 and 8 */
                 {BT_SAMPLER_LINEAR_EDGE, 3, 8},  /* between rows 4 and 12 */
                 {BT_SAMPLER_LINEAR_ZERO, 0.5f, 6},
                 {BT_SAMPLER_NEAREST_EDGE, 3, 12}}; /* v = .5 belongs to the lower row */
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        binding_list(list);
        list[SMOKE_PICTURE].sampler = cases[i].sampler;
        assert_int_equal(bt_bindings_create(r.kernel, list, BT_COUNT(list), &bindings), BT_OK);
        struct smoke_push where = push;
        where.u = cases[i].u;
        assert_int_equal(bt_commands_begin(r.commands), BT_OK);
        bt_commands_dispatch(r.commands, r.kernel, bindings, &where, 1, 1, 1);
        assert_int_equal(bt_commands_end(r.commands), BT_OK);
        submit_and_wait(&r.commands, 1);
        assert_int_equal(bt_image_read(r.trace, trace, sizeof trace), BT_OK);
        if (fabsf(trace[1] - cases[i].want) > 0.05f) fail_msg("case %zu: %f", i, (double)trace[1]);
        bt_bindings_destroy(&bindings);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_slot_constant_and_push),
        cmocka_unit_test(test_submissions_keep_their_order),
        cmocka_unit_test(test_images_copy),
        cmocka_unit_test(test_timers_rise),
        cmocka_unit_test(test_misuse_is_told),
        cmocka_unit_test(test_zero_outside_the_edge),
    };
    return cmocka_run_group_tests(tests, open_rig, close_rig);
}
