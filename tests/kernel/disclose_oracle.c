/* SPDX-License-Identifier: MIT */
/* The oracle of tests/fault and the sink's own checks, over what the kernel packs: whole frames pass, and frames that are
   packed wrongly on purpose (colour range, stride, mirrored, upside down, shifted), unlabelled, unmarked or marked for another
   session do not. */
#include "gpu/image.h"
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/disclose.h"
#include "support/cmocka.h"
#include "support/file_bytes.h"
#include "support/half.h"
#include "support/oracle.h"
#include "support/test_gpu.h"
#include "watermark/dose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { W = 480, H = 240, FRAMES = 50, MOST = 2 * W * H };
#define SESSION 0x1badb002u

static struct test_gpu t;
static struct bt_image *image, *mirror_image, *bars;
static struct bt_bytes font;

static int set_up(void **state) {
    static uint16_t texels[W * H * 4];
    char path[4096];
    (void)state;
    if (test_gpu_open(&t) || bt_image_create(t.gpu, W, H, BT_IMAGE_RGBA16F, &image)) return 1;
    if (bt_image_create(t.gpu, W, H, BT_IMAGE_RGBA16F, &bars)) return 1;
    if (bt_image_create(t.gpu, W, H, BT_IMAGE_RGBA16F, &mirror_image)) return 1;
    bt_disclose_bars(W, H, texels);
    if (bt_image_write(bars, texels, sizeof texels)) return 1;
    /* A room: a slope, a window, some texture. */
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int i = 0; i < 4; i++) {
                float v =
                    .05f + .4f * (float)x / W + .02f * sinf((float)(x * y % 97)) + (x > 300 && x < 380 && y < 150 ? .4f : 0);
                texels[4 * (y * W + x) + i] = test_half_of(i == 3 ? 1 : v);
            }
    if (bt_image_write(image, texels, sizeof texels)) return 1;
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W / 2; x++)
            for (int i = 0; i < 4; i++) {
                const uint16_t left = texels[4 * (y * W + x) + i];
                texels[4 * (y * W + x) + i] = texels[4 * (y * W + W - 1 - x) + i];
                texels[4 * (y * W + W - 1 - x) + i] = left;
            }
    if (bt_image_write(mirror_image, texels, sizeof texels)) return 1;
    snprintf(path, sizeof path, "%s/generated/disclose-font.otf", getenv("BAUTA_TEST_BUILD"));
    font = bt_test_read(path);
    return !font.data;
}

static int tear_down(void **state) {
    (void)state;
    bt_image_destroy(&image);
    bt_image_destroy(&mirror_image);
    bt_image_destroy(&bars);
    test_gpu_close(&t);
    free((void *)font.data);
    return 0;
}

static struct bt_disclose *open_disclose(enum bt_egress egress) {
    struct bt_disclose *disclose = NULL;
    const struct bt_disclose_params params = {
        .log = t.log, .gpu = t.gpu, .width_px = W, .height_px = H, .egress = egress, .session = SESSION};
    assert_int_equal(bt_disclose_create(&params, &disclose), BT_OK);
    return disclose;
}

static struct bt_disclosed make_of(struct bt_disclose *disclose, struct bt_image *linear, int k) {
    const int64_t ns = k * INT64_C(40000000);
    if (k % 10 == 9) return bt_disclose_placard(disclose, BT_E_NO_FACE, ns, (uint64_t)k);
    struct bt_frame frame = {.linear = linear, .width_px = W, .height_px = H, .capture_ns = ns, .sequence = (uint64_t)k};
    struct bt_disclosed disclosed;
    assert_int_equal(bt_disclose_apply(disclose, &frame, &disclosed), BT_OK);
    return disclosed;
}

static struct bt_disclosed make(struct bt_disclose *disclose, int k) {
    return make_of(disclose, image, k);
}

/* Rows of luma, or of YUYV's pairs, for what breaks them alike. */
struct rows {
    uint8_t *at;
    size_t bytes, count;
    uint32_t group; /* bytes that stay together */
};

static void full_range(struct rows r, const uint8_t *from, size_t size) {
    (void)size;
    for (size_t i = 0; i < r.bytes * r.count; i += r.group / 2)
        r.at[i] = (uint8_t)fminf(fmaxf(((float)from[i] - 16) * 255 / 219, 0), 255);
}

static void limited_twice(struct rows r, const uint8_t *from, size_t size) {
    (void)size;
    for (size_t i = 0; i < r.bytes * r.count; i += r.group / 2) r.at[i] = (uint8_t)(16.5f + (float)from[i] * 219 / 255);
}

static void stride_by(struct rows r, const uint8_t *from, size_t size, int more) {
    for (size_t y = 0; y < r.count; y++)
        for (size_t x = 0; x < r.bytes; x++) r.at[y * r.bytes + x] = from[(y * (r.bytes + (size_t)more) + x) % size];
}

static void stride_longer(struct rows r, const uint8_t *from, size_t size) {
    stride_by(r, from, size, (int)r.group);
}

static void stride_shorter(struct rows r, const uint8_t *from, size_t size) {
    stride_by(r, from, size, -(int)r.group);
}

static void mirrored(struct rows r, const uint8_t *from, size_t size) {
    (void)size;
    for (size_t y = 0; y < r.count; y++)
        for (size_t x = 0; x < r.bytes; x++)
            r.at[y * r.bytes + x] = from[y * r.bytes + (r.bytes / r.group - 1 - x / r.group) * r.group + x % r.group];
}

static void upside_down(struct rows r, const uint8_t *from, size_t size) {
    (void)size;
    for (size_t y = 0; y < r.count; y++) memcpy(r.at + y * r.bytes, from + (r.count - 1 - y) * r.bytes, r.bytes);
}

static void shifted(struct rows r, const uint8_t *from, size_t size) {
    (void)size;
    memcpy(r.at + 2 * r.group, from, r.bytes * r.count - 2 * r.group);
}

static void swapped_bytes(struct rows r, const uint8_t *from, size_t size) {
    for (size_t i = 0; i + 1 < size && i < r.bytes * r.count; i++) r.at[i] = from[i ^ 1];
}

/* The mark taken out again, to within rounding; the label stays. */
static void unmarked(struct rows r, const uint8_t *from, size_t size, struct bt_watermark_dose dose) {
    static uint8_t luma[W * H];
    static struct bt_watermark_tile tile;
    const uint32_t step = r.group / 2;
    (void)size;
    for (size_t i = 0; i < W * H; i++) luma[i] = from[i * step];
    bt_watermark_tile_init(SESSION, BT_WATERMARK_KEY, &tile);
    dose.sign = -dose.sign;
    bt_watermark_embed(&tile, &dose, luma, W, W, H);
    for (size_t i = 0; i < W * H; i++) r.at[i * step] = luma[i];
}

static const struct {
    const char *name;
    void (*break_it)(struct rows r, const uint8_t *from, size_t size);
    bool spoils_mark; /* by itself, whatever the label says */
} breakages[] = {
    {"full range", full_range, false},
    {"limited range twice", limited_twice, false},
    {"a longer stride", stride_longer, true},
    {"a shorter stride", stride_shorter, true},
    {"mirrored", mirrored, true},
    {"upside down", upside_down, true},
    {"shifted by 4 px", shifted, false},
    {"bytes swapped", swapped_bytes, false},
};

static struct rows rows_of(const struct bt_disclosed_view *view, uint8_t *at) {
    const bool yuyv = view->egress == BT_EGRESS_YUYV;
    return (struct rows){at, yuyv ? 2 * W : W, H, yuyv ? 4 : 2};
}

static void whole_frames_pass_and_broken_ones_do_not(void **state) {
    (void)state;
    static uint8_t broken[MOST];
    for (int e = 0; e < BT_EGRESS_COUNT; e++) {
        struct bt_disclose *disclose = open_disclose((enum bt_egress)e);
        struct oracle *oracle = oracle_open(font.data, font.size, SESSION, W, H);
        struct oracle *other = oracle_open(font.data, font.size, ~SESSION, W, H),
                      *probe = oracle_open(font.data, font.size, SESSION, W, H);
        assert_true(oracle && other && probe);
        uint32_t sure = 0, by_mark[BT_COUNT(breakages)] = {0};
        for (int k = 0; k < FRAMES; k++) {
            struct bt_disclosed_view view = bt_disclose_bytes(disclose, make(disclose, k));
            const enum oracle_frame kind = view.placard ? ORACLE_CARD : ORACLE_NEW;
            const bool turning = fabsf(view.dose.sign) < .75f;
            const uint8_t *whole = view.bytes;
            const char *wrong = oracle_look(oracle, &view, kind);
            if (wrong) fail_msg("format %d, frame %d: %s", e, k, wrong);
            assert_true(bt_disclose_check(&view, NULL));
            assert_int_equal(bt_disclose_check_strength(&view, 1, NULL), turning ? BT_WATERMARK_UNSURE : BT_WATERMARK_THERE);
            sure += !turning;
            if (!turning) assert_non_null(oracle_look(other, &view, kind));
            view.bytes = broken;
            for (size_t b = 0; b < BT_COUNT(breakages); b++) {
                memcpy(broken, whole, view.size_bytes);
                breakages[b].break_it(rows_of(&view, broken), whole, view.size_bytes);
                if (!oracle_look(probe, &view, kind))
                    fail_msg("format %d, frame %d: %s passes the oracle", e, k, breakages[b].name);
                if (bt_disclose_check(&view, NULL))
                    fail_msg("format %d, frame %d: %s passes the sink", e, k, breakages[b].name);
                by_mark[b] += !turning && bt_disclose_check_strength(&view, 1, NULL) != BT_WATERMARK_THERE;
            }
            memcpy(broken, whole, view.size_bytes);
            unmarked(rows_of(&view, broken), whole, view.size_bytes, view.dose);
            if (!turning) {
                assert_true(bt_disclose_check(&view, NULL)); /* the label alone would not tell */
                assert_int_equal(bt_disclose_check_strength(&view, 1, NULL), BT_WATERMARK_ABSENT);
                assert_int_equal(bt_disclose_check_strength(&view, 4, NULL), BT_WATERMARK_ABSENT);
                assert_non_null(oracle_look(probe, &view, kind));
            }
        }
        const char *wrong = oracle_window(oracle);
        if (wrong) fail_msg("format %d: %s", e, wrong);
        assert_null(oracle_window(oracle)); /* nothing to look at */
        assert_true(sure > FRAMES / 2);
        for (size_t b = 0; b < BT_COUNT(breakages); b++)
            if (breakages[b].spoils_mark && by_mark[b] != sure)
                fail_msg("%s: the mark alone found %u of %u", breakages[b].name, by_mark[b], sure);
        oracle_close(&oracle);
        oracle_close(&other);
        oracle_close(&probe);
        bt_disclose_destroy(&disclose);
    }
}

/* Held: the same bytes later, when the sign has turned. */
static void a_held_frame_is_what_it_was(void **state) {
    (void)state;
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
    struct oracle *oracle = oracle_open(font.data, font.size, SESSION, W, H);
    struct bt_disclosed held;
    (void)make(disclose, 20);
    for (int k = 0; k < 60; k++) {
        assert_int_equal(bt_disclose_hold(disclose, (21 + k) * INT64_C(40000000), (uint64_t)k, &held), BT_OK);
        const struct bt_disclosed_view view = bt_disclose_bytes(disclose, held);
        assert_int_equal(bt_disclose_check_strength(&view, 1, NULL), BT_WATERMARK_THERE);
        assert_null(oracle_look(oracle, &view, ORACLE_HELD));
    }
    oracle_close(&oracle);
    bt_disclose_destroy(&disclose);
}

/* Two pictures by turns, as from a camera that swings: from the second second on the sign is held, and every frame can still be
   told from one without its mark. It turns again when the picture stands. */
static void a_moving_picture_holds_the_sign(void **state) {
    (void)state;
    enum { RATE = 25, MOVING = 4 * RATE, ALL = 8 * RATE };
    static uint8_t broken[MOST];
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
    struct oracle *oracle = oracle_open(font.data, font.size, SESSION, W, H);
    float side = 0;
    int turned = 0;
    for (int k = 0; k < ALL; k++) {
        const struct bt_disclosed_view view =
            bt_disclose_bytes(disclose, make_of(disclose, k < MOVING && k % 2 ? mirror_image : image, k));
        const char *wrong = oracle_look(oracle, &view, view.placard ? ORACLE_CARD : ORACLE_NEW);
        if (wrong) fail_msg("frame %d: %s", k, wrong);
        if (view.placard || k % RATE < RATE / 2) continue; /* a card's does not turn; others' may */
        assert_int_equal(bt_disclose_check_strength(&view, 1, NULL), BT_WATERMARK_THERE);
        memcpy(broken, view.bytes, view.size_bytes);
        unmarked(rows_of(&view, broken), view.bytes, view.size_bytes, view.dose);
        struct bt_disclosed_view without = view;
        without.bytes = broken;
        assert_int_equal(bt_disclose_check_strength(&without, 1, NULL), BT_WATERMARK_ABSENT);
        const bool held = k >= RATE && k < MOVING + RATE; /* a second is judged by the one before */
        assert_true(fabsf(view.dose.sign) == (held ? BT_WATERMARK_HELD : 1.0f));
        if (side * view.dose.sign < 0) {
            assert_false(held);
            turned++;
        }
        side = view.dose.sign;
    }
    const char *wrong = oracle_window(oracle);
    if (wrong) fail_msg("%s", wrong);
    assert_in_range(turned, 2, 3);
    oracle_close(&oracle);
    bt_disclose_destroy(&disclose);
}

static uint8_t *chroma(const struct bt_disclosed_view *view, uint8_t *bytes, size_t sample, bool second) {
    switch (view->egress) {
    case BT_EGRESS_YUYV:
        return bytes + 4 * sample + (second ? 3 : 1);
    case BT_EGRESS_NV12:
        return bytes + W * H + 2 * sample + second;
    default:
        return bytes + W * H + (second ? W * H / 4 : 0) + sample;
    }
}

static bool colours_hold(struct bt_disclose *disclose, const struct bt_disclosed_view *view) {
    struct bt_rect cover[BT_DISCLOSE_PLATES];
    bool hold = false;
    bt_disclose_covers(disclose, cover);
    assert_int_equal(bt_disclose_check_colours(view, cover, BT_DISCLOSE_PLATES, &hold), BT_OK);
    return hold;
}

/* What the set-up asks of the device. Two of these leave label and mark as they were: only the bars tell. */
static void colours_come_out_as_they_went_in(void **state) {
    (void)state;
    static uint8_t broken[MOST];
    for (int e = 0; e < BT_EGRESS_COUNT; e++) {
        struct bt_disclose *disclose = open_disclose((enum bt_egress)e);
        struct bt_disclosed_view view = bt_disclose_bytes(disclose, make_of(disclose, bars, 10));
        const uint8_t *whole = view.bytes;
        const size_t samples = e == BT_EGRESS_YUYV ? W * H / 2 : W * H / 4;
        assert_true(colours_hold(disclose, &view));
        view.bytes = broken;
        memcpy(broken, whole, view.size_bytes);
        for (size_t i = 0; i < samples; i++) {
            *chroma(&view, broken, i, false) = *chroma(&view, (uint8_t *)whole, i, true);
            *chroma(&view, broken, i, true) = *chroma(&view, (uint8_t *)whole, i, false);
        }
        assert_true(bt_disclose_check(&view, NULL));
        assert_false(colours_hold(disclose, &view)); /* blue skin */
        memcpy(broken, whole, view.size_bytes);
        for (size_t i = 0; i < samples; i++) *chroma(&view, broken, i, false) = 128;
        assert_true(bt_disclose_check(&view, NULL));
        assert_false(colours_hold(disclose, &view)); /* no blue */
        for (size_t b = 0; b < BT_COUNT(breakages); b++) {
            memcpy(broken, whole, view.size_bytes);
            breakages[b].break_it(rows_of(&view, broken), whole, view.size_bytes);
            const bool flat = breakages[b].break_it == swapped_bytes; /* neighbours are alike in a bar: the label tells */
            if (!flat && colours_hold(disclose, &view)) fail_msg("format %d: %s passes", e, breakages[b].name);
        }
        view.bytes = whole;
        view.bt709 = !view.bt709;
        assert_false(colours_hold(disclose, &view)); /* the other standard's weights */
        /* A picture of the room is none of the bars. */
        view = bt_disclose_bytes(disclose, make(disclose, 11));
        assert_false(colours_hold(disclose, &view));
        bt_disclose_destroy(&disclose);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_frames_pass_and_broken_ones_do_not),
        cmocka_unit_test(a_held_frame_is_what_it_was),
        cmocka_unit_test(a_moving_picture_holds_the_sign),
        cmocka_unit_test(colours_come_out_as_they_went_in),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
