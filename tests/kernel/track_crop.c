/* SPDX-License-Identifier: MIT */
/* track/crop.comp and track/light.comp against plain C on random pictures of odd sizes. */
#include "base/rng.h"
#include "engine/net.h"
#include "gpu/command.h"
#include "gpu/device.h"
#include "gpu/image.h"
#include "gpu/memory.h"
#include "include/color.h"
#include "pipeline/track/crops.h"
#include "support/track_reference.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* float32 pow on a GPU is good to a few units in 1e-6; positions of 1e3 px to 1e-4 px, times a texel's contrast of 1. */
static const float TOLERANCE = 2e-4f, MARGIN_PX = 1e-3f;

enum { NET_W = 29, NET_H = 17, FIRST_BYTES = 80 }; /* odd, and not at the start of the buffer */

struct rig {
    struct bt_gpu *gpu;
    struct bt_buffer *net;
    struct bt_tensor tensor;
    struct bt_crops *crops;
    struct bt_commands *commands;
};

static int set_up(void **state) {
    struct rig *r = calloc(1, sizeof *r);
    const size_t bytes = NET_W * NET_H * 16;
    assert_non_null(r);
    assert_int_equal(bt_gpu_create(&(struct bt_gpu_params){0}, &r->gpu), BT_OK);
    assert_int_equal(bt_buffer_create(r->gpu, FIRST_BYTES + bytes, BT_MEMORY_DEVICE, &r->net), BT_OK);
    r->tensor = (struct bt_tensor){.name = "image",
                                   .buffer = r->net,
                                   .offset_bytes = FIRST_BYTES,
                                   .size_bytes = bytes,
                                   .layout = BT_LAYOUT_C4,
                                   .rank = 4,
                                   .dim = {1, 3, NET_H, NET_W}};
    const struct bt_crop_target target[BT_CROP_ROLES] = {{&r->tensor, 1, 0, 4}, {&r->tensor, 1, 0, 2}, {&r->tensor, 2, -1, 4}};
    assert_int_equal(bt_track_crops_create(r->gpu, target, &r->crops), BT_OK);
    assert_int_equal(bt_commands_create(r->gpu, &r->commands), BT_OK);
    *state = r;
    return 0;
}

static int tear_down(void **state) {
    struct rig *r = *state;
    bt_commands_destroy(&r->commands);
    bt_track_crops_destroy(&r->crops);
    bt_buffer_destroy(&r->net);
    bt_gpu_destroy(&r->gpu);
    free(r);
    return 0;
}

struct picture {
    uint32_t w, h;
    float *texels;
    struct bt_image *image;
};

static struct picture random_picture(struct rig *r, uint32_t w, uint32_t h, uint64_t seed) {
    struct bt_rng rng;
    struct picture p = {w, h, malloc((size_t)w * h * 16), NULL};
    assert_non_null(p.texels);
    bt_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) p.texels[i] = bt_rng_uniform(&rng, 0, 1);
    assert_int_equal(bt_image_create(r->gpu, w, h, BT_IMAGE_RGBA32F, &p.image), BT_OK);
    assert_int_equal(bt_image_write(p.image, p.texels, (size_t)w * h * 16), BT_OK);
    return p;
}

static void drop(struct rig *r, struct picture *p) {
    bt_track_crops_forget(r->crops);
    bt_image_destroy(&p->image);
    free(p->texels);
}

static void run(struct rig *r) {
    uint64_t value;
    assert_int_equal(bt_commands_end(r->commands), BT_OK);
    assert_int_equal(bt_gpu_submit(r->gpu, &r->commands, 1, &value), BT_OK);
    assert_int_equal(bt_gpu_wait(r->gpu, value, 60000000000), BT_OK);
}

static void check_crop(struct rig *r, const struct picture *p, enum bt_crop_role role, const struct bt_affine *a,
                       uint32_t taps) {
    float got[NET_W * NET_H * 4], want[NET_W * NET_H * 4], margin[NET_W * NET_H];
    assert_int_equal(bt_track_crops_aim(r->crops, p->image), BT_OK);
    assert_int_equal(bt_commands_begin(r->commands), BT_OK);
    bt_track_crops_record(r->crops, r->commands, role, a);
    run(r);
    assert_int_equal(bt_buffer_read(r->net, FIRST_BYTES, got, sizeof got), BT_OK);
    track_reference_crop(p->texels, (int32_t)p->w, (int32_t)p->h, a, NET_W, NET_H, taps, role == BT_CROP_DETECT ? 2 : 1,
                         role == BT_CROP_DETECT ? -1 : 0, want, margin);
    uint32_t skipped = 0;
    for (size_t i = 0; i < BT_COUNT(got); i++) {
        if (taps > 1 && margin[i / 4] < MARGIN_PX) {
            skipped++;
            continue;
        }
        if (!(fabsf(got[i] - want[i]) <= TOLERANCE))
            fail_msg("%ux%u role %d taps %u element %zu: %g, not %g", p->w, p->h, (int)role, taps, i, (double)got[i],
                     (double)want[i]);
    }
    assert_true(skipped < BT_COUNT(got) / 4);
}

static void crops_between_gamma_coded_texels(void **state) {
    struct rig *r = *state;
    const uint32_t size[][2] = {{1, 1}, {3, 2}, {37, 23}, {61, 5}, {64, 48}};
    for (uint32_t i = 0; i < BT_COUNT(size); i++) {
        struct picture p = random_picture(r, size[i][0], size[i][1], 7 + i);
        const float w = (float)p.w, h = (float)p.h;
        const struct bt_affine turned = bt_affine_crop((struct bt_vec2){w * .55f, h * .4f}, fmaxf(w, h) * .8f, .41f, NET_W);
        const struct bt_affine over_edge = bt_affine_crop((struct bt_vec2){0, h}, fminf(fmaxf(w, h) * 1.1f, 70), -2.3f, NET_W);
        const struct bt_affine outside = {{1, 0, -1e6f, 0, 1, 1e9f}};
        const struct bt_affine still = {{1, 0, 0, 0, 1, 0}};
        check_crop(r, &p, BT_CROP_MESH, &turned, 1);
        check_crop(r, &p, BT_CROP_DETECT, &over_edge, 1);
        check_crop(r, &p, BT_CROP_MATTE, &still, 1);
        check_crop(r, &p, BT_CROP_MATTE, &outside, 1);
        drop(r, &p);
    }
}

static void strong_shrinking_takes_means(void **state) {
    struct rig *r = *state;
    struct picture p = random_picture(r, 331, 187, 99);
    const struct bt_affine letterbox = {{11.41f, 0, .03f, 0, 11.41f, (187 - 11.41f * NET_H) / 2}};
    const struct bt_affine turned = bt_affine_crop((struct bt_vec2){150, 90}, 110, .3f, NET_W); /* 3.8 times smaller */
    check_crop(r, &p, BT_CROP_DETECT, &letterbox, 4);
    check_crop(r, &p, BT_CROP_MATTE, &letterbox, 2);
    check_crop(r, &p, BT_CROP_MESH, &turned, 4);
    drop(r, &p);
}

static void light_is_measured(void **state) {
    struct rig *r = *state;
    struct picture p = random_picture(r, 353, 231, 5);
    /* Half of it smooth, so that not all is noise; some of it burnt. */
    for (uint32_t y = 0; y < p.h; y++)
        for (uint32_t x = 0; x < p.w; x++)
            for (uint32_t c = 0; c < 4; c++) {
                float *texel = &p.texels[((size_t)y * p.w + x) * 4 + c];
                *texel = x % 128 < 64 ? .5f + .49f * sinf((float)x * .1f) * cosf((float)y * .13f) : *texel;
                if (x % 128 > 110) *texel = .97f;
            }
    assert_int_equal(bt_image_write(p.image, p.texels, (size_t)p.w * p.h * 16), BT_OK);
    /* All of it; turned; a face so large that the Laplacian reaches three texels; over the edges; outside. */
    const struct bt_affine part[] = {{{353, 0, 0, 0, 231, 0}},
                                     {{20, -7, 9, 5, 12, 3}},
                                     {{280, -90.3f, 70.1f, 95.7f, 277, -61}},
                                     {{480, 0, -130, 0, 460, -110}},
                                     {{5, 0, 5000, 0, 5, -9000}}};
    for (uint32_t i = 0; i < BT_COUNT(part); i++) {
        assert_int_equal(bt_track_crops_aim(r->crops, p.image), BT_OK);
        assert_int_equal(bt_commands_begin(r->commands), BT_OK);
        bt_track_crops_record_light(r->crops, r->commands, &part[i]);
        run(r);
        const struct track_reference_light want = track_reference_light(p.texels, (int32_t)p.w, (int32_t)p.h, &part[i]);
        const struct bt_measures got = bt_track_crops_light(r->crops);
        assert_true(fabs((double)got.light - want.light) < 2e-4);
        assert_true(fabs((double)got.contrast - want.contrast) < 2e-4);
        assert_true(fabs((double)got.noise - want.noise) < 2e-4);
        assert_true(fabs((double)got.burnt - want.burnt) < 1e-6);
        assert_true(fabs((double)got.sharpness - want.sharpness) < 2e-3); /* the root of a difference */
        for (uint32_t k = 0; k < BT_COUNT(want.cell); k++) assert_true(fabs((double)got.cell[k] - want.cell[k]) < 5e-4);
        print_message("light %.4f contrast %.4f noise %.4f burnt %.4f sharpness %.4f\n", want.light, want.contrast, want.noise,
                      want.burnt, want.sharpness);
    }
    drop(r, &p);
}

/* What the measures mean, on pictures whose answer is known. */
static void measures_mean_what_they_say(void **state) {
    struct rig *r = *state;
    enum { SIDE = 256 };
    static const struct {
        float level, swing, noise, blur; /* gamma-coded; a chequered ground of 8 px, softened over so many */
    } shown[] = {{.5f, .2f, 0, 1}, {.25f, .2f, 0, 1}, {.5f, .1f, 0, 1}, {.5f, .2f, .04f, 1}, {.5f, .2f, 0, 3}, {.99f, 0, 0, 1}};
    struct bt_measures got[BT_COUNT(shown)];
    struct picture p = random_picture(r, SIDE, SIDE, 9);
    struct bt_rng rng;
    bt_rng_init(&rng, 4, 1);
    for (uint32_t i = 0; i < BT_COUNT(shown); i++) {
        for (uint32_t k = 0; k < SIDE * SIDE; k++) {
            const float x = (float)(k % SIDE), y = (float)(k / SIDE), soft = shown[i].blur;
            const float edge = tanhf(4 * sinf(x * .3927f) / soft) * tanhf(4 * sinf(y * .3927f) / soft);
            const float luma = shown[i].level + shown[i].swing * edge + shown[i].noise * bt_rng_normal(&rng);
            for (uint32_t c = 0; c < 4; c++) p.texels[4 * k + c] = powf(fminf(fmaxf(luma, 0), 1), BT_GAMMA);
        }
        assert_int_equal(bt_image_write(p.image, p.texels, (size_t)SIDE * SIDE * 16), BT_OK);
        assert_int_equal(bt_track_crops_aim(r->crops, p.image), BT_OK);
        assert_int_equal(bt_commands_begin(r->commands), BT_OK);
        bt_track_crops_record_light(r->crops, r->commands, &(struct bt_affine){{200, 3, 20, -3, 200, 30}});
        run(r);
        got[i] = bt_track_crops_light(r->crops);
        print_message("light %.3f contrast %.3f noise %.4f burnt %.2f sharpness %.3f\n", (double)got[i].light,
                      (double)got[i].contrast, (double)got[i].noise, (double)got[i].burnt, (double)got[i].sharpness);
        assert_true(fabsf(got[i].light - shown[i].level) < .02f);
    }
    assert_true(fabsf(got[1].sharpness / got[0].sharpness - 1) < .05f); /* neither light nor contrast is sharpness */
    assert_true(fabsf(got[2].sharpness / got[0].sharpness - 1) < .05f);
    assert_true(fabsf(got[2].contrast / got[0].contrast - .5f) < .02f);
    assert_true(got[4].sharpness < .75f * got[0].sharpness && got[4].noise < got[0].noise);
    assert_true(got[3].noise - got[0].noise > .025f && got[3].noise < .06f);
    assert_true(got[5].burnt == 1 && got[0].burnt == 0 && got[5].contrast < .001f);
    drop(r, &p);
}

/* More images than are remembered, in turn: each crop must read its own. */
static void many_images(void **state) {
    struct rig *r = *state;
    struct picture p[11];
    const struct bt_affine still = {{1, 0, 0, 0, 1, 0}};
    for (uint32_t i = 0; i < BT_COUNT(p); i++) p[i] = random_picture(r, 33, 19, i);
    for (uint32_t i = 0; i < 2 * BT_COUNT(p); i++) check_crop(r, &p[i * 7 % BT_COUNT(p)], BT_CROP_MESH, &still, 1);
    for (uint32_t i = 0; i < BT_COUNT(p); i++) drop(r, &p[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_between_gamma_coded_texels),
        cmocka_unit_test(strong_shrinking_takes_means),
        cmocka_unit_test(light_is_measured),
        cmocka_unit_test(measures_mean_what_they_say),
        cmocka_unit_test(many_images),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
