/* SPDX-License-Identifier: MIT */
/* unpack.comp, both variants, against plain C on random bytes. Tolerance: 0.0015 in linear light: half floats round by 0.0005,
   and Vulkan lets pow() err by as much again. */
#include "spv/capture_unpack.h"
#include "base/rng.h"
#include "capture/unpack.h"
#include "gpu/command.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "pipeline/capture/capture.h"
#include "spv/capture_unpack_storage.h"
#include "support/brief.h"
#include "support/cmocka.h"
#include "support/half.h"
#include "support/picture_reference.h"
#include "support/test_gpu.h"
#include <math.h>
#include <stdlib.h>

struct unpack_case {
    enum bt_pixels pixels;
    uint32_t w, h;
    bool full_range, bt709, mirror, storage;
};

/* One pixel of the picture that the case is about. */
static void reference(const struct unpack_case *c, const uint8_t *bytes, uint32_t x, uint32_t y, double rgb[3]) {
    const struct bt_picture picture = {.pixels = c->pixels,
                                       .width_px = c->w,
                                       .height_px = c->h,
                                       .full_range = c->full_range,
                                       .bt709 = c->bt709,
                                       .data = (uint8_t *)(uintptr_t)bytes};
    picture_reference(&picture, x, y, rgb);
}

static double worst;

static void compare(const struct unpack_case *c, const uint8_t *bytes, const uint16_t *texels) {
    for (uint32_t y = 0; y < c->h; y++)
        for (uint32_t x = 0; x < c->w; x++) {
            double rgb[3];
            reference(c, bytes, c->mirror ? c->w - 1 - x : x, y, rgb);
            const uint16_t *texel = texels + 4 * ((size_t)y * c->w + x);
            for (int i = 0; i < 3; i++) {
                const double error = fabs((double)test_half_to_float(texel[i]) - rgb[i]);
                if (error > worst) worst = error;
                if (!(error < 0.0015))
                    fail_msg("%ux%u format %d, pixel %u,%u channel %d: %f, not %f", c->w, c->h, c->pixels, x, y, i,
                             (double)test_half_to_float(texel[i]), rgb[i]);
            }
            assert_int_equal(texel[3], 0x3c00); /* 1.0 */
        }
}

static void run_case(struct bt_gpu *gpu, const struct unpack_case *c, struct bt_rng *rng) {
    const size_t size = bt_picture_bytes(c->pixels, c->w, c->h), texels_size = (size_t)c->w * c->h * 8;
    const enum bt_slot slots[] = {c->storage ? BT_SLOT_STORAGE : BT_SLOT_TEXELS, BT_SLOT_IMAGE};
    const uint32_t constants[BT_UNPACK_CONSTANTS] = {c->pixels, c->w, c->h, c->full_range, c->bt709, c->mirror};
    const struct bt_kernel_params params = {
        .name = "unpack",
        .spirv = c->storage ? bt_spv_capture_unpack_storage : bt_spv_capture_unpack,
        .spirv_bytes = c->storage ? bt_spv_capture_unpack_storage_bytes : bt_spv_capture_unpack_bytes,
        .slots = slots,
        .slot_count = 2,
        .constants = constants,
        .constant_count = BT_UNPACK_CONSTANTS,
    };
    struct bt_kernel *kernel = NULL;
    struct bt_buffer *buffer = NULL;
    struct bt_texels *view = NULL;
    struct bt_image *image = NULL;
    struct bt_bindings *bindings = NULL;
    struct bt_commands *commands = NULL;
    uint8_t *bytes = malloc(size);
    uint16_t *texels = malloc(texels_size);
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) bytes[i] = (uint8_t)bt_rng_u32(rng);
    assert_int_equal(bt_kernel_create(gpu, &params, &kernel), BT_OK);
    assert_int_equal(bt_buffer_create(gpu, size, BT_MEMORY_UPLOAD, &buffer), BT_OK);
    assert_int_equal(bt_buffer_write(buffer, 0, bytes, size), BT_OK);
    if (!c->storage) assert_int_equal(bt_texels_create(buffer, 0, size, BT_TEXELS_R32UI, &view), BT_OK);
    assert_int_equal(bt_image_create(gpu, c->w, c->h, BT_IMAGE_RGBA16F, &image), BT_OK);
    const struct bt_binding list[] = {{.buffer = buffer, .texels = view}, {.image = image}};
    assert_int_equal(bt_bindings_create(kernel, list, 2, &bindings), BT_OK);
    assert_int_equal(bt_commands_create(gpu, &commands), BT_OK);
    assert_int_equal(bt_commands_begin(commands), BT_OK);
    bt_commands_dispatch(commands, kernel, bindings, NULL, (c->w / 2 + BT_UNPACK_LOCAL - 1) / BT_UNPACK_LOCAL, c->h / 2, 1);
    assert_int_equal(bt_commands_end(commands), BT_OK);
    assert_int_equal(bt_gpu_submit(gpu, &commands, 1, &value), BT_OK);
    assert_int_equal(bt_gpu_wait(gpu, value, INT64_C(60000000000)), BT_OK);
    assert_int_equal(bt_image_read(image, texels, texels_size), BT_OK);
    compare(c, bytes, texels);
    bt_commands_destroy(&commands);
    bt_bindings_destroy(&bindings);
    bt_image_destroy(&image);
    bt_texels_destroy(&view);
    bt_buffer_destroy(&buffer);
    bt_kernel_destroy(&kernel);
    free(bytes);
    free(texels);
}

static void test_every_format_size_and_switch(void **state) {
    (void)state;
    const uint32_t sizes[][2] = {{2, 2}, {34, 18}, {130, 2}, {2, 130}, {642, 362}};
    struct test_gpu t;
    struct bt_rng rng;
    bt_rng_init(&rng, 21, 4);
    assert_int_equal(test_gpu_open(&t), BT_OK);
    for (size_t s = 0; s < test_brief(BT_COUNT(sizes), 4); s++)
        for (uint32_t bits = 0; bits < 3 * 16; bits++) {
            /* every switch on the small sizes, none and all on the large */
            if ((sizes[s][0] > 600 || test_brief(0, 1)) && bits % 16 != 0 && bits % 16 != 15) continue;
            const struct unpack_case c = {
                .pixels = (enum bt_pixels)(bits / 16),
                .w = sizes[s][0],
                .h = sizes[s][1],
                .full_range = bits & 1,
                .bt709 = bits & 2,
                .mirror = bits & 4,
                .storage = bits & 8,
            };
            if (!c.storage && bt_picture_bytes(c.pixels, c.w, c.h) / 4 > bt_gpu_caps(t.gpu)->max_texels) continue;
            run_case(t.gpu, &c, &rng);
        }
    print_message("worst error %.6f\n", worst);
    assert_int_equal(t.errors, 0);
    assert_int_equal(t.validation, 0);
    test_gpu_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_format_size_and_switch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
