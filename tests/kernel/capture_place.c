/* SPDX-License-Identifier: MIT */
/* place.comp, both variants, against plain C on random bytes, and its geometry by hand. Tolerance: 0.0015 in linear light, as
   unpack's. */
#include "spv/capture_place.h"
#include "base/rng.h"
#include "capture/place.h"
#include "gpu/command.h"
#include "gpu/image.h"
#include "gpu/kernel.h"
#include "gpu/memory.h"
#include "pipeline/capture/capture.h"
#include "spv/capture_place_storage.h"
#include "support/brief.h"
#include "support/cmocka.h"
#include "support/half.h"
#include "support/picture_reference.h"
#include "support/test_gpu.h"
#include <math.h>
#include <stdlib.h>

struct place_case {
    enum bt_pixels pixels;
    uint32_t w, h; /* the picture's */
    bool full_range, bt709, mirror, storage;
    uint32_t quarters, fw, fh; /* fw, fh: the frame's */
    bool letterbox;
};

/* One pixel of the picture that the case is about. */
static void reference(const struct place_case *c, const uint8_t *bytes, uint32_t x, uint32_t y, double rgb[3]) {
    const struct bt_picture picture = {.pixels = c->pixels,
                                       .width_px = c->w,
                                       .height_px = c->h,
                                       .full_range = c->full_range,
                                       .bt709 = c->bt709,
                                       .data = (uint8_t *)(uintptr_t)bytes};
    picture_reference(&picture, x, y, rgb);
}

/* The reference: one pixel of the turned picture. */
static void turned(const struct place_case *c, const uint8_t *bytes, uint32_t x, uint32_t y, double rgb[3]) {
    switch (c->quarters) {
    case 1:
        reference(c, bytes, y, c->h - 1 - x, rgb);
        return;
    case 2:
        reference(c, bytes, c->w - 1 - x, c->h - 1 - y, rgb);
        return;
    case 3:
        reference(c, bytes, c->w - 1 - y, x, rgb);
        return;
    default:
        reference(c, bytes, x, y, rgb);
    }
}

static long clamped(long v, long most) {
    return v < 0 ? 0 : v > most ? most : v;
}

/* The reference: one pixel of the frame. */
static void placed(const struct place_case *c, const uint8_t *bytes, uint32_t fx, uint32_t fy, double rgb[3]) {
    const double w = c->quarters & 1 ? c->h : c->w, h = c->quarters & 1 ? c->w : c->h;
    const double rx = w / c->fw, ry = h / c->fh, scale = c->letterbox ? fmax(rx, ry) : fmin(rx, ry);
    const double x = ((c->mirror ? c->fw - 1 - fx : fx) + 0.5 - 0.5 * c->fw) * scale + 0.5 * w;
    const double y = (fy + 0.5 - 0.5 * c->fh) * scale + 0.5 * h, reach = fmin(fmax(scale, 1), BT_PLACE_REACH);
    double weights = 0;
    rgb[0] = rgb[1] = rgb[2] = 0;
    if (x < 0 || y < 0 || x > w || y > h) return;
    for (long j = (long)floor(y - reach) - 1; j <= (long)ceil(y + reach) + 1; j++)
        for (long i = (long)floor(x - reach) - 1; i <= (long)ceil(x + reach) + 1; i++) {
            const double ax = fabs((double)i + 0.5 - x) / reach, ay = fabs((double)j + 0.5 - y) / reach;
            double one[3];
            if (ax >= 1 || ay >= 1) continue;
            turned(c, bytes, (uint32_t)clamped(i, (long)w - 1), (uint32_t)clamped(j, (long)h - 1), one);
            for (int k = 0; k < 3; k++) rgb[k] += (1 - ax) * (1 - ay) * one[k];
            weights += (1 - ax) * (1 - ay);
        }
    for (int k = 0; k < 3; k++) rgb[k] /= weights;
}

static double worst;

static void compare(const struct place_case *c, const uint8_t *bytes, const uint16_t *texels) {
    for (uint32_t y = 0; y < c->fh; y++)
        for (uint32_t x = 0; x < c->fw; x++) {
            double rgb[3];
            placed(c, bytes, x, y, rgb);
            const uint16_t *texel = texels + 4 * ((size_t)y * c->fw + x);
            for (int i = 0; i < 3; i++) {
                const double error = fabs((double)test_half_to_float(texel[i]) - rgb[i]);
                if (error > worst) worst = error;
                if (!(error < 0.0015))
                    fail_msg("%ux%u to %ux%u, quarters %u, format %d, pixel %u,%u channel %d: %f, not %f", c->w, c->h, c->fw,
                             c->fh, c->quarters, c->pixels, x, y, i, (double)test_half_to_float(texel[i]), rgb[i]);
            }
            assert_int_equal(texel[3], 0x3c00); /* 1.0 */
        }
}

static void run_case(struct bt_gpu *gpu, const struct place_case *c, struct bt_rng *rng) {
    const size_t size = bt_picture_bytes(c->pixels, c->w, c->h), texels_size = (size_t)c->fw * c->fh * 8;
    const enum bt_slot slots[] = {c->storage ? BT_SLOT_STORAGE : BT_SLOT_TEXELS, BT_SLOT_IMAGE};
    const uint32_t constants[BT_PLACE_CONSTANTS] = {c->pixels, c->w,        c->h,  c->full_range, c->bt709,
                                                    c->mirror, c->quarters, c->fw, c->fh,         c->letterbox};
    const struct bt_kernel_params params = {
        .name = "place",
        .spirv = c->storage ? bt_spv_capture_place_storage : bt_spv_capture_place,
        .spirv_bytes = c->storage ? bt_spv_capture_place_storage_bytes : bt_spv_capture_place_bytes,
        .slots = slots,
        .slot_count = 2,
        .constants = constants,
        .constant_count = BT_PLACE_CONSTANTS,
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
    assert_int_equal(bt_image_create(gpu, c->fw, c->fh, BT_IMAGE_RGBA16F, &image), BT_OK);
    const struct bt_binding list[] = {{.buffer = buffer, .texels = view}, {.image = image}};
    assert_int_equal(bt_bindings_create(kernel, list, 2, &bindings), BT_OK);
    assert_int_equal(bt_commands_create(gpu, &commands), BT_OK);
    assert_int_equal(bt_commands_begin(commands), BT_OK);
    bt_commands_dispatch(commands, kernel, bindings, NULL, (c->fw + BT_PLACE_LOCAL - 1) / BT_PLACE_LOCAL,
                         (c->fh + BT_PLACE_LOCAL - 1) / BT_PLACE_LOCAL, 1);
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

static void test_every_format_turn_and_fit(void **state) {
    (void)state;
    static const uint32_t sizes[][4] = {{34, 18, 34, 18}, {34, 18, 18, 34}, {34, 18, 52, 50}, {34, 18, 12, 18},
                                        {62, 22, 16, 16}, {2, 2, 10, 6},    {130, 70, 8, 6},  {320, 180, 160, 120}};
    struct test_gpu t;
    struct bt_rng rng;
    bt_rng_init(&rng, 21, 4);
    assert_int_equal(test_gpu_open(&t), BT_OK);
    for (size_t s = 0; s < test_brief(BT_COUNT(sizes), 4); s++)
        for (uint32_t bits = 0; bits < 128; bits++) {
            const struct place_case c = {
                .pixels = (enum bt_pixels)((bits + s) % BT_PIXELS_COUNT),
                .w = sizes[s][0],
                .h = sizes[s][1],
                .fw = sizes[s][2],
                .fh = sizes[s][3],
                .quarters = bits % 4,
                .letterbox = bits & 4,
                .mirror = bits & 8,
                .full_range = bits & 16,
                .bt709 = bits & 32,
                .storage = bits & 64,
            };
            if ((sizes[s][0] > 200 || test_brief(0, 1)) && bits % 11) continue;
            if (!c.storage && bt_picture_bytes(c.pixels, c.w, c.h) / 4 > bt_gpu_caps(t.gpu)->max_texels) continue;
            run_case(t.gpu, &c, &rng);
        }
    print_message("worst error %.6f\n", worst);
    assert_int_equal(t.errors, 0);
    assert_int_equal(t.validation, 0);
    test_gpu_close(&t);
}

/* The reference itself, by what people mean: clockwise is clockwise, and nothing is lost or moved by turning alone. */
static void test_what_the_words_mean(void **state) {
    (void)state;
    enum { W = 6, H = 4 };
    uint8_t bytes[W * H * 2];
    for (uint32_t i = 0; i < sizeof bytes; i++) bytes[i] = i % 2 ? 128 : 16;
    bytes[0] = 235; /* the picture's top left corner is white */
    struct place_case c = {.pixels = BT_PIXELS_YUYV, .w = W, .h = H, .fw = W, .fh = H};
    static const uint32_t corner[4][2] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}}; /* where it goes: right? bottom? */
    double rgb[3];
    for (c.quarters = 0; c.quarters < 4; c.quarters++)
        for (int mirror = 0; mirror < 2; mirror++) {
            c.fw = c.quarters & 1 ? H : W;
            c.fh = c.quarters & 1 ? W : H;
            c.mirror = mirror;
            const uint32_t right = corner[c.quarters][0] ^ (uint32_t)mirror, bottom = corner[c.quarters][1];
            for (uint32_t y = 0; y < c.fh; y++)
                for (uint32_t x = 0; x < c.fw; x++) {
                    placed(&c, bytes, x, y, rgb);
                    const bool here = x == (right ? c.fw - 1 : 0) && y == (bottom ? c.fh - 1 : 0);
                    assert_true(fabs(rgb[0] - here) < 1e-9);
                }
        }
    /* A wide picture in a square: borders above and below, or its sides cut off. */
    c = (struct place_case){.pixels = BT_PIXELS_YUYV, .w = W, .h = H, .fw = 12, .fh = 12, .letterbox = true};
    for (uint32_t i = 0; i < sizeof bytes; i++) bytes[i] = i % 2 ? 128 : 235;
    for (uint32_t y = 0; y < 12; y++) {
        placed(&c, bytes, 5, y, rgb);
        assert_true(fabs(rgb[0] - (y >= 2 && y < 10)) < 1e-9);
    }
    c.letterbox = false;
    for (uint32_t y = 0; y < 12; y++)
        for (uint32_t x = 0; x < 12; x++) {
            placed(&c, bytes, x, y, rgb);
            assert_true(fabs(rgb[0] - 1) < 1e-9);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_the_words_mean),
        cmocka_unit_test(test_every_format_turn_and_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
