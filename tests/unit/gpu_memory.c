/* SPDX-License-Identifier: MIT */
/* Buffers, texel views, images, and the sub-allocator beneath them. */
#include "base/rng.h"
#include "gpu/image.h"
#include "gpu/internal.h"
#include "gpu/memory.h"
#include "support/test_gpu.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct test_gpu t;

static int open_gpu(void **state) {
    (void)state;
    return test_gpu_open(&t) != BT_OK;
}

static int close_gpu(void **state) {
    (void)state;
    const int blocks = (int)bt_gpu_block_count(t.gpu);
    test_gpu_close(&t);
    return blocks || t.validation;
}

static void test_buffers_start_at_zero_and_keep_what_is_written(void **state) {
    (void)state;
    const size_t sizes[] = {1, 3, 16, 17, 4096, 100001, 5u << 20};
    struct bt_rng rng;
    bt_rng_init(&rng, 7, 1);
    for (size_t s = 0; s < BT_COUNT(sizes); s++)
        for (int memory = BT_MEMORY_DEVICE; memory <= BT_MEMORY_READBACK; memory++) {
            const size_t size = sizes[s];
            struct bt_buffer *buffer = NULL;
            uint8_t *in = malloc(size), *out = malloc(size);
            for (int round = 0; round < 2; round++) { /* the second time in memory that was used before */
                assert_int_equal(bt_buffer_create(t.gpu, size, (enum bt_memory)memory, &buffer), BT_OK);
                assert_int_equal(bt_buffer_size(buffer), size);
                if (memory != BT_MEMORY_DEVICE) assert_non_null(bt_buffer_map(buffer));
                assert_int_equal(bt_buffer_read(buffer, 0, out, size), BT_OK);
                for (size_t i = 0; i < size; i++)
                    if (out[i]) fail_msg("byte %zu of a new buffer is %u", i, out[i]);
                for (size_t i = 0; i < size; i++) in[i] = (uint8_t)bt_rng_u32(&rng);
                assert_int_equal(bt_buffer_write(buffer, 0, in, size), BT_OK);
                const size_t half = size / 2;
                assert_int_equal(bt_buffer_write(buffer, half, in, size - half), BT_OK);
                memmove(in + half, in, size - half);
                assert_int_equal(bt_buffer_read(buffer, 0, out, size), BT_OK);
                if (half * 2 == size) assert_memory_equal(in, out, size);
                bt_buffer_destroy(&buffer);
                assert_null(buffer);
            }
            free(in);
            free(out);
        }
}

static void test_bad_ranges_are_refused(void **state) {
    (void)state;
    struct bt_buffer *buffer = NULL;
    uint8_t data[64] = {0};
    assert_int_equal(bt_buffer_create(t.gpu, 0, BT_MEMORY_DEVICE, &buffer), BT_E_ARGUMENT);
    assert_int_equal(bt_buffer_create(t.gpu, SIZE_MAX, BT_MEMORY_DEVICE, &buffer), BT_E_MEMORY);
    assert_null(buffer);
    assert_int_equal(bt_buffer_create(t.gpu, 40, BT_MEMORY_DEVICE, &buffer), BT_OK);
    assert_int_equal(bt_buffer_write(buffer, 0, data, 41), BT_E_ARGUMENT);
    assert_int_equal(bt_buffer_write(buffer, 41, data, 0), BT_E_ARGUMENT);
    assert_int_equal(bt_buffer_write(buffer, SIZE_MAX, data, 2), BT_E_ARGUMENT);
    assert_int_equal(bt_buffer_read(buffer, 8, data, SIZE_MAX - 4), BT_E_ARGUMENT);
    assert_int_equal(bt_buffer_write(buffer, 40, data, 0), BT_OK);
    struct bt_texels *texels = NULL;
    assert_int_equal(bt_texels_create(buffer, 0, 64, BT_TEXELS_R32F, &texels), BT_E_ARGUMENT);
    assert_int_equal(bt_texels_create(buffer, 0, 0, BT_TEXELS_R32F, &texels), BT_E_ARGUMENT);
    assert_int_equal(bt_texels_create(buffer, 1, 4, BT_TEXELS_R32F, &texels), BT_E_ARGUMENT);
    assert_int_equal(bt_texels_create(buffer, 0, 36, BT_TEXELS_RGBA32F, &texels), BT_OK); /* the last may be padding */
    bt_texels_destroy(&texels);
    bt_buffer_destroy(&buffer);
}

static void test_too_large_a_buffer_is_no_memory_not_a_crash(void **state) {
    (void)state;
    struct bt_buffer *buffer = NULL;
    const bt_status st = bt_buffer_create(t.gpu, (size_t)1 << 46, BT_MEMORY_UPLOAD, &buffer);
    assert_int_not_equal(st, BT_OK);
    assert_null(buffer);
    t.validation = 0; /* the layer rightly says that this is too much */
}

static void test_many_small_objects_share_blocks(void **state) {
    (void)state;
    enum { COUNT = 600 };
    static struct bt_buffer *buffers[COUNT];
    struct bt_rng rng;
    bt_rng_init(&rng, 9, 9);
    for (int i = 0; i < COUNT; i++) {
        assert_int_equal(bt_buffer_create(t.gpu, 1 + bt_rng_u32(&rng) % 30000, BT_MEMORY_UPLOAD, &buffers[i]), BT_OK);
        memset(bt_buffer_map(buffers[i]), i & 255, bt_buffer_size(buffers[i]));
    }
    assert_true(bt_gpu_block_count(t.gpu) <= 2);
    for (int turn = 0; turn < 3000; turn++) { /* frees and makes at random; nobody's bytes may change */
        const int i = (int)(bt_rng_u32(&rng) % COUNT);
        const uint8_t *map = bt_buffer_map(buffers[i]);
        for (size_t k = 0; k < bt_buffer_size(buffers[i]); k++)
            if (map[k] != (i & 255)) fail_msg("buffer %d was overwritten at %zu", i, k);
        bt_buffer_destroy(&buffers[i]);
        assert_int_equal(bt_buffer_create(t.gpu, 1 + bt_rng_u32(&rng) % 30000, BT_MEMORY_UPLOAD, &buffers[i]), BT_OK);
        memset(bt_buffer_map(buffers[i]), i & 255, bt_buffer_size(buffers[i]));
    }
    assert_true(bt_gpu_block_count(t.gpu) <= 3);
    for (int i = 0; i < COUNT; i++) bt_buffer_destroy(&buffers[i]);
    assert_int_equal(bt_gpu_block_count(t.gpu), 0);
}

static void test_images_start_at_zero_and_keep_what_is_written(void **state) {
    (void)state;
    const uint32_t sizes[][2] = {{1, 1}, {2, 2}, {34, 18}, {33, 17}, {642, 362}};
    struct bt_rng rng;
    bt_rng_init(&rng, 8, 1);
    for (size_t s = 0; s < BT_COUNT(sizes); s++)
        for (int format = BT_IMAGE_RGBA16F; format <= BT_IMAGE_R32UI; format++) {
            struct bt_image *image = NULL;
            const uint32_t w = sizes[s][0], h = sizes[s][1];
            assert_int_equal(bt_image_create(t.gpu, w, h, (enum bt_image_format)format, &image), BT_OK);
            assert_int_equal(bt_image_width(image), w);
            assert_int_equal(bt_image_height(image), h);
            const size_t size = bt_image_texel_bytes(image) * w * h;
            uint8_t *in = malloc(size), *out = malloc(size);
            assert_int_equal(bt_image_read(image, out, size), BT_OK);
            for (size_t i = 0; i < size; i++)
                if (out[i]) fail_msg("byte %zu of a new image is %u", i, out[i]);
            /* bytes below 0x3c: no float of any of the formats is a NaN, which a copy might change */
            for (size_t i = 0; i < size; i++) in[i] = (uint8_t)(bt_rng_u32(&rng) % 0x3c);
            assert_int_equal(bt_image_write(image, in, size), BT_OK);
            assert_int_equal(bt_image_read(image, out, size), BT_OK);
            assert_memory_equal(in, out, size);
            assert_int_equal(bt_image_write(image, in, size - 1), BT_E_ARGUMENT);
            assert_int_equal(bt_image_read(image, NULL, size), BT_E_ARGUMENT);
            bt_image_destroy(&image);
            assert_null(image);
            free(in);
            free(out);
        }
    struct bt_image *image = NULL;
    assert_int_equal(bt_image_create(t.gpu, 0, 4, BT_IMAGE_RGBA8, &image), BT_E_ARGUMENT);
    assert_int_equal(bt_image_create(t.gpu, 1u << 30, 4, BT_IMAGE_RGBA8, &image), BT_E_UNSUPPORTED);
    assert_null(image);
}

/* How many bytes are not zero in memory that was given back, seen through a buffer made for it. */
static size_t left_in(VkDeviceMemory memory, VkDeviceSize offset, VkDeviceSize size) {
    struct bt_buffer *seen = NULL, raw = {.gpu = t.gpu, .size_bytes = size, .padded_bytes = size};
    const VkBufferCreateInfo info = {
        .sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = size, .usage = VK_BUFFER_USAGE_TRANSFER_SRC_BIT};
    VkMemoryRequirements needs; /* asked for, as validation wants it */
    assert_int_equal(vkCreateBuffer(t.gpu->device, &info, NULL, &raw.handle), VK_SUCCESS);
    vkGetBufferMemoryRequirements(t.gpu->device, raw.handle, &needs);
    assert_true(needs.size <= size && offset % needs.alignment == 0);
    assert_int_equal(vkBindBufferMemory(t.gpu->device, raw.handle, memory, offset), VK_SUCCESS);
    assert_int_equal(bt_buffer_create(t.gpu, size, BT_MEMORY_READBACK, &seen), BT_OK);
    assert_int_equal(bt_commands_begin(t.gpu->setup), BT_OK);
    bt_commands_copy(t.gpu->setup, seen, 0, &raw, 0, size);
    assert_int_equal(bt_commands_end(t.gpu->setup), BT_OK);
    assert_int_equal(bt_gpu_setup_run(t.gpu), BT_OK);
    size_t count = 0;
    for (size_t i = 0; i < size; i++) count += ((const uint8_t *)bt_buffer_map(seen))[i] != 0;
    bt_buffer_destroy(&seen);
    vkDestroyBuffer(t.gpu->device, raw.handle, NULL);
    return count;
}

static void test_memory_is_zero_when_it_is_given_back(void **state) {
    (void)state;
    enum { W = 64, BYTES = W * W * 4 };
    static uint8_t face[BYTES];
    memset(face, 0xa5, sizeof face);
    for (int kind = 0; kind < 4; kind++) { /* three kinds of buffers, and images; what is `kept` keeps their block */
        struct bt_buffer *buffer = NULL, *kept = NULL;
        struct bt_image *image = NULL, *kept_image = NULL;
        if (kind < 3) {
            assert_int_equal(bt_buffer_create(t.gpu, 16, (enum bt_memory)kind, &kept), BT_OK);
            assert_int_equal(bt_buffer_create(t.gpu, BYTES, (enum bt_memory)kind, &buffer), BT_OK);
            assert_int_equal(bt_buffer_write(buffer, 0, face, BYTES), BT_OK);
        } else {
            assert_int_equal(bt_image_create(t.gpu, 4, 4, BT_IMAGE_RGBA8, &kept_image), BT_OK);
            assert_int_equal(bt_image_create(t.gpu, W, W, BT_IMAGE_RGBA8, &image), BT_OK);
            assert_int_equal(bt_image_write(image, face, BYTES), BT_OK);
        }
        const struct bt_span span = buffer ? buffer->span : image->span;
        const VkDeviceMemory memory = bt_span_memory(&span);
        assert_true(left_in(memory, span.offset, span.size) >= BYTES); /* it can be seen */
        bt_buffer_destroy(&buffer);
        bt_image_destroy(&image);
        assert_int_equal(left_in(memory, span.offset, span.size), 0);
        bt_buffer_destroy(&kept);
        bt_image_destroy(&kept_image);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buffers_start_at_zero_and_keep_what_is_written),
        cmocka_unit_test(test_bad_ranges_are_refused),
        cmocka_unit_test(test_too_large_a_buffer_is_no_memory_not_a_crash),
        cmocka_unit_test(test_many_small_objects_share_blocks),
        cmocka_unit_test(test_images_start_at_zero_and_keep_what_is_written),
        cmocka_unit_test(test_memory_is_zero_when_it_is_given_back),
    };
    return cmocka_run_group_tests(tests, open_gpu, close_gpu);
}
