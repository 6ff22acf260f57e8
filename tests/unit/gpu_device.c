/* SPDX-License-Identifier: MIT */
#include "gpu/command.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "support/test_gpu.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_open_and_caps(void **state) {
    (void)state;
    struct test_gpu t;
    assert_int_equal(test_gpu_open(&t), BT_OK);
    const struct bt_gpu_caps *caps = bt_gpu_caps(t.gpu);
    assert_true(caps->usable);
    assert_true(strlen(caps->name) > 0 && strlen(caps->driver) > 1);
    assert_true(caps->max_invocations >= 256 && caps->max_shared_bytes >= 16384);
    assert_true(caps->max_texels >= 65536 && caps->subgroup_lanes >= 1);
    assert_true(caps->texel_align_bytes > 0 && caps->storage_align_bytes > 0);
    assert_ptr_equal(bt_gpu_log(t.gpu), t.log);
    assert_false(bt_gpu_lost(t.gpu));
    assert_int_equal(bt_gpu_wait(t.gpu, 0, 0), BT_OK);
    assert_int_equal(bt_gpu_wait(t.gpu, 1, 0), BT_E_ARGUMENT); /* nothing was submitted */
    assert_int_equal(t.errors, 0);
    test_gpu_close(&t);
    assert_null(t.gpu);
}

static void test_list_agrees_with_create(void **state) {
    (void)state;
    struct bt_gpu_caps *caps = calloc(16, sizeof *caps);
    uint32_t count = 0;
    assert_int_equal(bt_gpu_list(NULL, caps, 16, &count), BT_OK);
    assert_true(count >= 1);
    uint32_t picked = 0, which = 0;
    for (uint32_t i = 0; i < count; i++)
        if (caps[i].picked) {
            picked++;
            which = i;
        }
    assert_int_equal(picked, 1);
    struct test_gpu t;
    assert_int_equal(test_gpu_open(&t), BT_OK);
    assert_string_equal(bt_gpu_caps(t.gpu)->name, caps[which].name);
    test_gpu_close(&t);
    assert_int_equal(bt_gpu_list(NULL, caps, 0, &count), BT_OK);
    assert_int_equal(count, 0);
    free(caps);
}

static void test_pick_by_name(void **state) {
    (void)state;
    struct test_gpu t;
    assert_int_equal(test_gpu_open(&t), BT_OK);
    char part[8] = {0};
    memcpy(part, bt_gpu_caps(t.gpu)->name, 5);
    struct bt_gpu *gpu = NULL;
    struct bt_gpu_params params = {.log = t.log, .device = part};
    assert_int_equal(bt_gpu_create(&params, &gpu), BT_OK);
    bt_gpu_destroy(&gpu);
    params.device = "no such device, ever";
    assert_int_equal(bt_gpu_create(&params, &gpu), BT_E_NOT_FOUND);
    assert_null(gpu);
    assert_true(t.errors >= 1);
    test_gpu_close(&t);
}

static void test_stale_caches_are_ignored(void **state) {
    (void)state;
    struct test_gpu t;
    assert_int_equal(test_gpu_open(&t), BT_OK);
    void *bytes = NULL;
    size_t size = 0;
    assert_int_equal(bt_gpu_cache_save(t.gpu, &bytes, &size), BT_OK);
    assert_true(size >= 32);
    for (size_t cut = 0; cut <= size;
         cut += cut < 40 ? 1 : 1 + size / 8) { /* cut short, whole, and with each header byte wrong */
        for (int flip = 0; flip < 2; flip++) {
            uint8_t *copy = malloc(size);
            memcpy(copy, bytes, size);
            if (flip) copy[cut < 32 ? cut : 31] ^= 0xff;
            struct bt_gpu *gpu = NULL;
            const struct bt_gpu_params params = {.log = t.log, .cache = copy, .cache_bytes = flip ? size : cut};
            if (cut % 9 == 0 || cut >= 31) {
                assert_int_equal(bt_gpu_create(&params, &gpu), BT_OK);
                bt_gpu_destroy(&gpu);
            }
            free(copy);
        }
    }
    free(bytes);
    assert_int_equal(t.errors, 0);
    test_gpu_close(&t);
}

static void test_destroy_takes_null(void **state) {
    (void)state;
    struct bt_gpu *gpu = NULL;
    struct bt_buffer *buffer = NULL;
    struct bt_texels *texels = NULL;
    struct bt_image *image = NULL;
    struct bt_kernel *kernel = NULL;
    struct bt_bindings *bindings = NULL;
    struct bt_commands *commands = NULL;
    struct bt_timers *timers = NULL;
    bt_gpu_destroy(&gpu);
    bt_gpu_destroy(NULL);
    bt_buffer_destroy(&buffer);
    bt_buffer_destroy(NULL);
    bt_texels_destroy(&texels);
    bt_texels_destroy(NULL);
    bt_image_destroy(&image);
    bt_image_destroy(NULL);
    bt_kernel_destroy(&kernel);
    bt_kernel_destroy(NULL);
    bt_bindings_destroy(&bindings);
    bt_bindings_destroy(NULL);
    bt_commands_destroy(&commands);
    bt_commands_destroy(NULL);
    bt_timers_destroy(&timers);
    bt_timers_destroy(NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open_and_caps),      cmocka_unit_test(test_list_agrees_with_create),
        cmocka_unit_test(test_pick_by_name),       cmocka_unit_test(test_stale_caches_are_ignored),
        cmocka_unit_test(test_destroy_takes_null),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
