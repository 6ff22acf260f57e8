/* SPDX-License-Identifier: MIT */
/* disclose/pack.comp against its C reference: every format, sizes that no group size divides, wild pixels, fades;
   and what it marks can be read. Tolerance: one code. */
#include "base/rng.h"
#include "gpu/image.h"
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/disclose/pack.h"
#include "pipeline/disclose/place.h"
#include "support/brief.h"
#include "support/half.h"
#include "support/test_gpu.h"
#include "watermark/dose.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
// clang-format off
#include <cmocka.h>
// clang-format on

#define SESSION  0xc0ffee42u
#define FADED_NS INT64_C(90500000000) /* the mark has the sign that it has on cards */

enum picture { NOISE, WILD, WHITE, BLACK, PICTURES };

static uint16_t texel(struct bt_rng *rng, enum picture picture) {
    switch (picture) {
    case NOISE:
        return test_half_of(bt_rng_uniform(rng, 0.0f, 1.0f) * bt_rng_uniform(rng, 0.0f, 1.0f));
    case WILD: /* any bits at all: infinities, negatives, what is not a number */
        return (uint16_t)bt_rng_u32(rng);
    case WHITE:
        return test_half_of(1.0f);
    default:
        return 0;
    }
}

/* One picture at one fade. `places` and `doser` go along with those of `d`. */
static void agrees(struct bt_disclose *d, struct bt_frame frame, const float *linear, const struct bt_overlay *overlay,
                   struct bt_places *places, struct bt_watermark_doser *doser, bool banner, const struct bt_pack_format *format,
                   uint8_t *want) {
    struct bt_disclosed out;
    float fade = frame.fade;
    const struct bt_placement at = bt_disclose_places_next(places, frame.capture_ns, &frame.face_px, banner);
    assert_int_equal(bt_disclose_apply(d, &frame, &out), BT_OK);
    assert_null(frame.linear);
    struct bt_disclosed_view view = bt_disclose_bytes(d, out);
    assert_int_equal(view.size_bytes, bt_disclose_pack_bytes(format));
    assert_false(view.placard);
    assert_true(view.label_x == at.label.x && view.label_y == at.label.y);
    struct bt_rect plate[BT_DISCLOSE_PLATES];
    bt_disclose_covers(d, plate);
    assert_true(plate[0].x == (float)at.label.x && plate[0].y == (float)at.label.y &&
                plate[0].w == (float)overlay->label[at.label.shape].w && plate[0].h == (float)overlay->label[at.label.shape].h);
    assert_true(banner ? plate[1].x == (float)at.banner.x && plate[1].y == (float)at.banner.y &&
                             plate[1].w == (float)overlay->banner[at.banner.shape].w &&
                             plate[1].h == (float)overlay->banner[at.banner.shape].h
                       : plate[1].w == 0);
    struct bt_pack_frame source = {linear, format->w, overlay, at, banner, fade};
    struct bt_watermark_tile tile;
    bt_watermark_tile_init(SESSION, BT_WATERMARK_KEY, &tile);
    const struct bt_pack_mark mark = {&tile, bt_watermark_dose_next(doser, frame.capture_ns)};
    bt_disclose_pack_region(format, &mark, want, 0, 0, format->w, format->h, bt_disclose_pack_linear, &source);
    int worst = 0;
    for (size_t i = 0; i < view.size_bytes; i++) {
        int off = abs((int)view.bytes[i] - (int)want[i]);
        worst = off > worst ? off : worst;
    }
    if (worst > 1)
        print_error("%ux%u format %d, fade %g: off by %d codes\n", format->w, format->h, (int)format->egress, (double)fade,
                    worst);
    assert_true(worst <= 1);
    const struct bt_watermark_plane luma = bt_disclose_luma(&view);
    bt_watermark_dose_saw(doser, &luma, frame.capture_ns);
    float score;
    assert_true(bt_disclose_check(&view, &score));
}

/* All of a white picture faded away is the ground that every card stands on; so is what a fade that is no number leaves. */
static void meets_the_card(struct bt_disclose *d, struct bt_image *white, struct bt_places *places,
                           struct bt_watermark_doser *doser, const struct bt_pack_format *format, float fade) {
    struct bt_frame frame = {white, format->w, format->h, FADED_NS, 0, fade, {0, 0, 0, 0}};
    struct bt_disclosed out;
    (void)bt_disclose_places_next(places, frame.capture_ns, &frame.face_px, true);
    (void)bt_watermark_dose_next(doser, frame.capture_ns);
    assert_int_equal(bt_disclose_apply(d, &frame, &out), BT_OK);
    struct bt_disclosed_view faded = bt_disclose_bytes(d, out);
    const struct bt_watermark_plane luma = bt_disclose_luma(&faded);
    bt_watermark_dose_saw(doser, &luma, FADED_NS);
    struct bt_disclosed_view card = bt_disclose_bytes(d, bt_disclose_placard(d, BT_E_POSE, FADED_NS, 1));
    /* The first rows: above the label, and the card's text and drawing. */
    size_t first = 2 * (size_t)format->w * (format->egress == BT_EGRESS_YUYV ? 2 : 1);
    /* Their marks are of other strengths: the picture was not as flat a frame ago. */
    const float marks =
        faded.dose.sign * bt_watermark_gain(&faded.dose, 0, 0) - card.dose.sign * bt_watermark_gain(&card.dose, 0, 0);
    for (size_t i = 0; i < first; i++) assert_true((float)abs((int)faded.bytes[i] - (int)card.bytes[i]) <= 1 + fabsf(marks));
}

static void one(struct test_gpu *t, uint32_t w, uint32_t h, enum bt_egress egress) {
    static const float fade[] = {0, 1 / 3.f, 1};
    struct bt_disclose *d = NULL;
    struct bt_text *text = NULL;
    struct bt_overlay overlay;
    struct bt_image *image = NULL;
    const struct bt_disclose_params params = {
        .log = t->log, .gpu = t->gpu, .width_px = w, .height_px = h, .egress = egress, .session = SESSION};
    assert_int_equal(bt_disclose_create(&params, &d), BT_OK);
    assert_int_equal(bt_disclose_overlay_text(&text), BT_OK);
    assert_int_equal(bt_disclose_overlay_init(text, w, h, NULL, &overlay), BT_OK);
    assert_int_equal(bt_image_create(t->gpu, w, h, BT_IMAGE_RGBA16F, &image), BT_OK);

    size_t values = (size_t)w * h * 4;
    uint16_t *half = malloc(values * sizeof *half);
    float *linear = malloc(values * sizeof *linear);
    struct bt_pack_format format = {w, h, egress, h >= 720};
    uint8_t *want = malloc(bt_disclose_pack_bytes(&format));
    struct bt_places places;
    struct bt_watermark_doser doser = {0};
    bt_disclose_places_init(&places, &overlay.layout);
    struct bt_rng rng;
    bt_rng_init(&rng, 7, w * 8192u + h);
    for (uint32_t k = 0; k < PICTURES; k++) {
        for (size_t i = 0; i < values; i++) {
            half[i] = texel(&rng, (enum picture)k);
            linear[i] = test_half_to_float(half[i]);
        }
        assert_int_equal(bt_image_write(image, half, values * sizeof *half), BT_OK);
        bool banner = k != WILD; /* 6 s after the first, the banner is over */
        if (k == WILD) {         /* no gap: a gap would bring the banner back */
            for (int64_t ns = 1; ns < 9; ns++) {
                struct bt_frame still = {image, w, h, ns * INT64_C(1000000000), 0, 0, {0, 0, 0, 0}};
                struct bt_disclosed skip;
                (void)bt_disclose_places_next(&places, still.capture_ns, &still.face_px,
                                              ns < 5); /* 5 s from the first, at 1 ns */
                (void)bt_watermark_dose_next(&doser, still.capture_ns);
                assert_int_equal(bt_disclose_apply(d, &still, &skip), BT_OK);
                const struct bt_disclosed_view view = bt_disclose_bytes(d, skip);
                const struct bt_watermark_plane luma = bt_disclose_luma(&view);
                bt_watermark_dose_saw(&doser, &luma, ns * INT64_C(1000000000));
            }
        } else if (k > WILD) {
            (void)bt_disclose_placard(d, BT_E_NO_FACE, 0, 0);
        }
        for (size_t f = 0; f < BT_COUNT(fade); f++) {
            struct bt_frame frame = {image, w, h, k == WILD ? INT64_C(9000000000) : 1 + (int64_t)k, k, fade[f], {0, 0, 0, 0}};
            /* A face at the top right, then one at the bottom: label and banner make room. */
            float side = 0.6f * (float)h;
            if (k == BLACK) frame.face_px = (struct bt_rect){(float)w - side, f < 2 ? 0.0f : 0.4f * (float)h, side, side};
            agrees(d, frame, linear, &overlay, &places, &doser, banner, &format, want);
        }
        if (k != WHITE) continue;
        meets_the_card(d, image, &places, &doser, &format, 1);
        meets_the_card(d, image, &places, &doser, &format, 7);
        meets_the_card(d, image, &places, &doser, &format, NAN);
    }
    free(half);
    free(linear);
    free(want);
    bt_disclose_destroy(&d);
    bt_image_destroy(&image);
    bt_disclose_overlay_finish(&overlay);
    bt_text_destroy(&text);
}

/* Frames and cards say whose they are: a picture as loud as can be by two looks, a card by one. */
static void says_the_session(void **state) {
    (void)state;
    enum { W = 640, H = 360 };
    static uint16_t half[W * H * 4];
    struct test_gpu t;
    assert_int_equal(test_gpu_open(&t), BT_OK);
    struct bt_rng rng;
    bt_rng_init(&rng, 9, 9);
    for (size_t i = 0; i < BT_COUNT(half); i++) half[i] = texel(&rng, NOISE);
    for (uint32_t e = 0; e < BT_EGRESS_COUNT; e++) {
        const struct bt_disclose_params params = {
            .log = t.log, .gpu = t.gpu, .width_px = W, .height_px = H, .egress = (enum bt_egress)e, .session = SESSION};
        struct bt_disclose *d = NULL;
        struct bt_image *image = NULL;
        struct bt_disclosed_view view[2];
        assert_int_equal(bt_disclose_create(&params, &d), BT_OK);
        assert_int_equal(bt_image_create(t.gpu, W, H, BT_IMAGE_RGBA16F, &image), BT_OK);
        assert_int_equal(bt_image_write(image, half, sizeof half), BT_OK);
        for (int64_t i = 0; i < 2; i++) {
            struct bt_frame frame = {image, W, H, FADED_NS + i * INT64_C(1000000000), (uint64_t)i, 0, {0, 0, 0, 0}};
            struct bt_disclosed out;
            assert_int_equal(bt_disclose_apply(d, &frame, &out), BT_OK);
            view[i] = bt_disclose_bytes(d, out);
            assert_int_equal(view[i].session, SESSION);
        }
        assert_true(bt_disclose_check_watermark(view, 2));
        view[0].session = view[1].session = SESSION ^ 1;
        assert_false(bt_disclose_check_watermark(view, 2));
        for (uint32_t s = 0; s < BAUTA_STATUS_COUNT; s++) {
            view[0] = bt_disclose_bytes(d, bt_disclose_placard(d, (bt_status)s, 0, 1));
            assert_true(view[0].placard && bt_disclose_check_watermark(view, 1));
        }
        bt_disclose_destroy(&d);
        bt_image_destroy(&image);
    }
    test_gpu_close(&t);
}

static void agrees_with_reference(void **state) {
    (void)state;
    static const uint32_t size[][2] = {{120, 120}, {162, 122}, {168, 124}, {124, 218}, {642, 362}, {1282, 722}};
    struct test_gpu t;
    assert_int_equal(test_gpu_open(&t), BT_OK);
    for (uint32_t i = 0; i < test_brief(BT_COUNT(size), 2); i++)
        for (uint32_t e = 0; e < BT_EGRESS_COUNT; e++) one(&t, size[i][0], size[i][1], (enum bt_egress)e);
    assert_int_equal(t.errors, 0);
    test_gpu_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(agrees_with_reference), cmocka_unit_test(says_the_session)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
