/* SPDX-License-Identifier: MIT */
/* The tests' own reader finds the label on what disclose packs, at any size, also scaled and noisy; and nothing where there is
 * none. */
#include "support/label_reader.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/disclose/overlay.h"
#include "pipeline/disclose/pack.h"
#include "support/brief.h"
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct label_reader *reader;
static struct bt_text *text;

struct shot {
    uint32_t w, h;
    struct bt_overlay overlay;
    uint8_t *bytes;
};

static struct shot shoot(uint32_t w, uint32_t h, int picture) {
    struct shot s = {.w = w, .h = h};
    assert_int_equal(bt_disclose_overlay_init(text, w, h, NULL, &s.overlay), BT_OK);
    struct bt_pack_format format = {w, h, BT_EGRESS_I420, false};
    float *linear = malloc((size_t)w * h * 4 * sizeof *linear);
    s.bytes = malloc(bt_disclose_pack_bytes(&format));
    uint32_t seed = 5;
    for (size_t i = 0; i < (size_t)w * h * 4; i++) {
        seed = seed * 1664525u + 1013904223u;
        linear[i] = picture == 0 ? 0.0f : picture == 1 ? 1.0f : picture == 2 ? 0.2f : (float)(seed >> 8) / 16777216.0f;
    }
    struct bt_pack_frame frame = {linear,
                                  w,
                                  &s.overlay,
                                  {{s.overlay.layout.label[0].x, s.overlay.layout.label[0].y, 0},
                                   {s.overlay.layout.banner[0].x, s.overlay.layout.banner[0].y, 0}},
                                  true,
                                  0};
    bt_disclose_pack_region(&format, NULL, s.bytes, 0, 0, w, h, bt_disclose_pack_linear, &frame);
    free(linear);
    return s;
}

static void drop(struct shot *s) {
    free(s->bytes);
    bt_disclose_overlay_finish(&s->overlay);
}

static struct label_reading read_shot(const struct shot *s) {
    struct label_picture p = label_picture_planar(s->bytes, s->w, s->w, s->h);
    return label_reader_read(reader, &p);
}

static void finds_it(void **state) {
    (void)state;
    static const uint32_t size[][2] = {{120, 120}, {160, 120}, {120, 160},  {320, 180},
                                       {640, 360}, {480, 640}, {1280, 720}, {1920, 1080}};
    for (uint32_t i = 0; i < test_brief(BT_COUNT(size), 2); i++)
        for (int picture = 0; picture < 4; picture++) {
            if (size[i][0] > 700 && picture != 3) continue; /* the search is slow */
            struct shot s = shoot(size[i][0], size[i][1], picture);
            struct label_reading r = read_shot(&s);
            if (!r.there)
                print_error("%ux%u picture %d: %s (match %.3f glyph %.3f cap %.1f contrast %.1f)\n", s.w, s.h, picture, r.lacks,
                            (double)r.match, (double)r.worst_glyph, (double)r.cap_px, (double)r.contrast);
            assert_true(r.there);
            assert_float_equal(r.cap_px, s.overlay.layout.label[0].cap_px, 0.04f * r.cap_px + 0.3f);
            drop(&s);
        }
}

static void is_not_fooled(void **state) {
    (void)state;
    for (unsigned picture = 0; picture < test_brief(4, 1); picture += 3) {
        struct shot s = shoot(400, 300, (int)picture), half = shoot(200, 150, (int)picture);
        const struct bt_plate *l = &s.overlay.layout.label[0];
        uint8_t *keep = malloc((size_t)s.w * s.h);
        memcpy(keep, s.bytes, (size_t)s.w * s.h);
        /* Gone: the picture below takes its place. */
        for (uint32_t y = 0; y < l->h; y++)
            memcpy(s.bytes + (size_t)(l->y + y) * s.w + l->x, keep + (size_t)(150 + y) * s.w + l->x, l->w);
        assert_false(read_shot(&s).there);
        /* A letter of it gone. */
        for (uint32_t x = l->cap_px; x + 2 * l->cap_px < l->w; x += l->cap_px * test_brief(1, 4)) {
            memcpy(s.bytes, keep, (size_t)s.w * s.h);
            for (uint32_t y = 4; y < l->h - 4; y++) memset(s.bytes + (size_t)(l->y + y) * s.w + l->x + x, 30, l->cap_px);
            struct label_reading r = read_shot(&s);
            /* The dot between the halves is no letter: the reader does not want it. */
            bool dot = 2 * x > 9 * l->cap_px && 2 * x < 11 * l->cap_px;
            if (r.there && !dot)
                print_error("letter at %u of %u missing, not noticed (glyph %.3f)\n", x, l->w, (double)r.worst_glyph);
            assert_true(!r.there || dot);
        }
        /* Half as large, in the same corner. */
        memset(s.bytes, 120, (size_t)s.w * s.h);
        for (uint32_t y = 0; y < half.h; y++)
            memcpy(s.bytes + (size_t)y * s.w + half.w, half.bytes + (size_t)y * half.w, half.w);
        struct label_reading r = read_shot(&s);
        assert_false(r.there);
        /* In each corner, which it may take; and in the middle, which it may not. */
        for (uint32_t k = 0; k < 5; k++) {
            uint32_t at_x = k == 4 ? (s.w - l->w) / 2 : k % 2 ? 8 : l->x;
            uint32_t at_y = k == 4 ? s.h / 3 : k / 2 ? s.h - 8 - l->h : l->y;
            memset(s.bytes, 120, (size_t)s.w * s.h);
            for (uint32_t y = 0; y < l->h; y++)
                memcpy(s.bytes + (size_t)(at_y + y) * s.w + at_x, keep + (size_t)(l->y + y) * s.w + l->x, l->w);
            r = read_shot(&s);
            assert_int_equal(r.there, k < 4);
        }
        /* Pale. */
        for (uint32_t i = 0; i < s.w * s.h; i++) s.bytes[i] = (uint8_t)(120 + (keep[i] - 16) / 4);
        r = read_shot(&s);
        assert_false(r.there);
        assert_string_equal(r.lacks, "the contrast is too low");
        free(keep);
        drop(&s);
        drop(&half);
    }
}

static void bears_wear(void **state) {
    (void)state;
    struct shot s = shoot(640, 480, 2);
    uint32_t seed = 77;
    for (uint32_t i = 0; i < s.w * s.h; i++) { /* noise of ± 24 codes */
        seed = seed * 1664525u + 1013904223u;
        int v = s.bytes[i] + (int)(seed >> 24) % 49 - 24;
        s.bytes[i] = (uint8_t)(v < 16 ? 16 : v > 235 ? 235 : v);
    }
    assert_true(read_shot(&s).there);
    drop(&s);
    /* Scaled to three quarters. */
    s = shoot(1280, 720, 3);
    uint32_t w = 960, h = 540;
    uint8_t *small = malloc((size_t)w * h);
    for (uint32_t y = 0; y < h; y++)
        for (uint32_t x = 0; x < w; x++) {
            uint32_t fx = x * 4, fy = y * 4, sum = 0; /* in thirds of a source px */
            for (uint32_t j = 0; j < 4; j++)
                for (uint32_t i = 0; i < 4; i++) sum += s.bytes[(size_t)((fy + j) / 3) * s.w + (fx + i) / 3];
            small[(size_t)y * w + x] = (uint8_t)(sum / 16);
        }
    struct label_picture p = label_picture_planar(small, w, w, h);
    assert_true(label_reader_read(reader, &p).there);
    free(small);
    drop(&s);
}

static int open_all(void **state) {
    (void)state;
    struct bt_bytes font = bt_disclose_overlay_font();
    reader = label_reader_open(font.data, font.size);
    return !reader || bt_text_create(font, &text);
}

static int close_all(void **state) {
    (void)state;
    label_reader_close(reader);
    bt_text_destroy(&text);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(finds_it), cmocka_unit_test(is_not_fooled),
                                       cmocka_unit_test(bears_wear)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
