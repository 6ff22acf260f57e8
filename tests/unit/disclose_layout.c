/* SPDX-License-Identifier: MIT */
/* Label and banner at every size: tall enough, top right, inside, apart, legible over any picture. */
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/disclose/pack.h"
#include "pipeline/disclose/placard.h"
#include "pipeline/disclose/place.h"
#include "support/brief.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct bt_text *text;

static void check_layout(uint32_t w, uint32_t h) {
    struct bt_layout l;
    bt_status st = bt_disclose_layout_of(text, w, h, NULL, &l);
    if (st) print_error("%ux%u has no room\n", w, h);
    assert_int_equal(st, BT_OK);
    uint32_t side = w < h ? w : h;
    assert_true((float)l.label[0].cap_px >= 0.055f * (float)side);
    assert_in_range(l.labels, 1, BT_LABEL_SHAPES);
    assert_in_range(l.banners, 1, BT_BANNER_SHAPES);
    for (uint32_t i = 0; i < l.labels + l.banners; i++) { /* none is smaller in its letters than the first */
        const struct bt_plate *p = i < l.labels ? &l.label[i] : &l.banner[i - l.labels];
        assert_true(p->x + p->w <= w && p->y + p->h <= h);
        assert_int_equal(p->x % 2 + p->y % 2 + p->w % 2 + p->h % 2, 0);
        assert_int_equal(p->cap_px, i < l.labels ? l.label[0].cap_px : l.banner[0].cap_px);
    }
    assert_true(l.step_px <= l.label[0].y);
    /* Top right: nearer to that corner than its own height. */
    assert_true(l.label[0].y <= l.label[0].cap_px && w - l.label[0].x - l.label[0].w <= l.label[0].cap_px);
    assert_true(l.banner[0].y >= l.label[0].y + l.label[0].h);
}

static void fits_everywhere(void **state) {
    (void)state;
    const uint32_t step = test_brief(10, 120);
    for (uint32_t w = BT_DISCLOSE_LEAST_PX; w <= 480; w += step)
        for (uint32_t h = BT_DISCLOSE_LEAST_PX; h <= 480; h += step) check_layout(w, h);
    static const uint32_t usual[][2] = {{160, 120},   {176, 144},  {320, 180},  {320, 240},   {640, 360},
                                        {640, 480},   {1280, 720}, {720, 1280}, {1920, 1080}, {1080, 1920},
                                        {3840, 2160}, {8192, 120}, {120, 8192}, {8192, 8192}};
    for (uint32_t i = 0; i < BT_COUNT(usual); i++) check_layout(usual[i][0], usual[i][1]);
    struct bt_layout untouched = {.label = {{.x = 77}}};
    assert_int_equal(bt_disclose_layout_of(text, 60, 40, NULL, &untouched), BT_E_ARGUMENT);
    assert_int_equal(untouched.label[0].x, 77);
}

static void says_where(void **state) {
    (void)state;
    struct bt_layout l;
    assert_int_equal(bt_disclose_layout_of(text, 1280, 720, NULL, &l), BT_OK);
    struct bt_disclose_plate p = bt_disclose_plate_of(1280, 720);
    assert_true(p.x == l.label[0].x && p.y == l.label[0].y && p.w == l.label[0].w && p.h == l.label[0].h &&
                p.glyph_h == l.label[0].cap_px);
    assert_int_equal(p.glyph_h, 40);
    assert_string_equal(bt_disclose_label_text(), "AI生成 · AI MODIFIED");
    assert_int_equal(bt_disclose_plate_of(2, 2).w, 0);
}

/* Whatever the rules say, what stands without them is there: the same lines, no smaller. */
static void adds_only(const struct bt_layout *plain, const struct bt_label_rules *rules, uint32_t w, uint32_t h) {
    struct bt_layout l;
    bt_status st = bt_disclose_layout_of(text, w, h, rules, &l);
    if (st == BT_E_ARGUMENT && rules->height_frac > 0.06f) return; /* no room: said, not cut */
    assert_int_equal(st, BT_OK);
    assert_true(l.label[0].cap_px >= plain->label[0].cap_px && l.label[0].h >= plain->label[0].h);
    bool blank = !rules->extra || strspn(rules->extra, " ") == strlen(rules->extra);
    if (rules->height_frac > 0.055f)
        assert_true((float)l.label[0].cap_px >= rules->height_frac * fminf((float)w, (float)h));
    else
        assert_int_equal(l.label[0].lines.count > plain->label[0].lines.count, !blank);
    for (uint32_t i = 0; i < l.labels; i++) {
        const struct bt_plate *p = &l.label[i];
        /* The default's lines come first, each whole. */
        bool one = p->lines.line[0].length == strlen("AI生成 · AI MODIFIED");
        assert_int_equal(strncmp(p->lines.line[0].start, "AI生成", 8), 0);
        assert_true(one || !strncmp(p->lines.line[1].start, "AI MODIFIED", 11));
        /* No ink is cut off by the plate. */
        for (uint32_t k = 0; k < p->lines.count; k++) {
            struct bt_ink ink;
            assert_int_equal(bt_text_draw_line(text, &p->lines.line[k], p->em_px, &ink), BT_OK);
            float top = roundf(p->baseline0_px + (float)k * p->line_px) - (float)ink.top;
            float left = 0.5f * ((float)p->w - p->lines.line[k].width_px) + (float)ink.left;
            if (top < 0.0f || top + (float)ink.h > (float)p->h) print_error("%s is cut\n", p->lines.line[k].start);
            assert_true(top >= 0.0f && top + (float)ink.h <= (float)p->h);
            assert_true(left >= 0.0f && left + (float)ink.w <= (float)p->w);
            bt_disclose_ink_finish(&ink);
        }
    }
}

static void rules_only_add(void **state) {
    (void)state;
    static const char *const words[] = {NULL,
                                        "",
                                        "   ",
                                        "AI 생성",
                                        "एआई-जनित क्षि",
                                        "נוצר על ידי בינה מלאכותית",
                                        "مُوَلَّد بالذكاء الاصطناعي",
                                        "数字人",
                                        "Généré par une IA · Von KI erzeugt"};
    static const float height[] = {0.0f, -1.0f, NAN, 0.01f, 0.07f, 0.1f};
    static const uint32_t size[][2] = {{320, 240}, {640, 480}, {1280, 720}, {720, 1280}};
    for (uint32_t s = 0; s < BT_COUNT(size); s++) {
        struct bt_layout plain;
        assert_int_equal(bt_disclose_layout_of(text, size[s][0], size[s][1], NULL, &plain), BT_OK);
        for (uint32_t i = 0; i < BT_COUNT(words) * BT_COUNT(height); i++) {
            const struct bt_label_rules rules = {words[i % BT_COUNT(words)], height[i / BT_COUNT(words)], 0.0f};
            adds_only(&plain, &rules, size[s][0], size[s][1]);
        }
    }
    struct bt_layout l;
    const struct bt_label_rules wide = {.extra = "Unbrechbarkeitsbescheinigungsformularausgabestelle"};
    assert_int_equal(bt_disclose_layout_of(text, 160, 120, &wide, &l), BT_E_ARGUMENT);
    const struct bt_label_rules high = {.height_frac = INFINITY};
    assert_int_equal(bt_disclose_layout_of(text, 640, 480, &high, &l), BT_E_ARGUMENT);
}

/* WCAG 2.1 contrast of two gamma-coded colours, from the bytes that leave. */
static float luminance(const float *rgb) {
    float c[3];
    for (int i = 0; i < 3; i++) {
        float v = fminf(fmaxf(rgb[i], 0.0f), 1.0f);
        c[i] = v <= 0.03928f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
    }
    return 0.2126f * c[0] + 0.7152f * c[1] + 0.0722f * c[2];
}

static void decode(const uint8_t *yuyv, uint32_t w, uint32_t x, uint32_t y, float *rgb) {
    const uint8_t *at = yuyv + 2 * ((size_t)y * w + x / 2 * 2);
    float luma = ((float)at[2 * (x & 1)] - 16.0f) / 219.0f, u = ((float)at[1] - 128.0f) / 112.0f,
          v = ((float)at[3] - 128.0f) / 112.0f;
    rgb[0] = luma + 0.701f * v;
    rgb[2] = luma + 0.886f * u;
    rgb[1] = (luma - 0.299f * rgb[0] - 0.114f * rgb[2]) / 0.587f;
}

static void contrast(const struct bt_canvas *canvas, const struct bt_plate *plate, struct bt_spot spot, const uint8_t *bytes,
                     uint32_t w) {
    float lightest_plate = 0.0f, darkest_text = 1.0f;
    uint32_t strokes = 0;
    for (uint32_t y = 2; y + 2 < plate->h; y++)
        for (uint32_t x = plate->cap_px / 2; x + plate->cap_px / 2 < plate->w; x++) {
            const uint8_t *o = canvas->rgba + 4 * ((size_t)y * canvas->w + (x & ~1u)), *p = o + 4;
            bool text_core = o[0] >= 225 && p[0] >= 225, plate_core = o[0] <= 14 && p[0] <= 14;
            float rgb[3];
            decode(bytes, w, spot.x + x, spot.y + y, rgb);
            if (text_core) darkest_text = fminf(darkest_text, luminance(rgb)), strokes++;
            if (plate_core && y > plate->h / 8 && y < plate->h * 7 / 8) lightest_plate = fmaxf(lightest_plate, luminance(rgb));
        }
    float ratio = (darkest_text + 0.05f) / (lightest_plate + 0.05f);
    if (ratio < 4.5f) print_error("width %u: contrast %.2f\n", w, (double)ratio);
    assert_true(strokes > 10);
    assert_true(ratio >= 4.5f);
}

static void legible_over_any_picture(void **state) {
    (void)state;
    static const uint32_t size[][2] = {{160, 120}, {322, 242}, {640, 480}};
    for (uint32_t i = 0; i < test_brief(BT_COUNT(size), 1); i++) {
        uint32_t w = size[i][0], h = size[i][1];
        struct bt_overlay overlay;
        struct bt_mark *mark[BT_LABEL_SHAPES] = {NULL};
        struct bt_pack_format format = {w, h, BT_EGRESS_YUYV, false};
        assert_int_equal(bt_disclose_overlay_init(text, w, h, NULL, &overlay), BT_OK);
        for (uint32_t k = 0; k < overlay.layout.labels; k++)
            assert_int_equal(bt_disclose_mark_create(&overlay.label[k], w, h, &mark[k]), BT_OK);
        float *linear = malloc((size_t)w * h * 4 * sizeof *linear);
        uint8_t *bytes = malloc(bt_disclose_pack_bytes(&format));
        for (int picture = 0; picture < 7; picture++) {
            uint32_t seed = 1;
            for (size_t k = 0; k < (size_t)w * h * 4; k++) {
                seed = seed * 1664525u + 1013904223u;
                linear[k] = picture == 0   ? 1.0f
                            : picture == 1 ? 0.0f
                            : picture == 2 ? 0.2f
                            : picture == 3 ? (float)(seed >> 8) / 16777216.0f
                            : picture == 4 ? (float)(k / 4 % w / 2 % 2)
                            : picture == 5 ? (float)(k / 4 / w / 3 % 2)
                                           : 3.0f * (float)(k % 4 == 0);
            }
            /* Each corner and each small move in turn. */
            struct bt_places places;
            bt_disclose_places_init(&places, &overlay.layout);
            places.label.at = (uint32_t)picture % places.label.count;
            places.label.placed = true;
            const struct bt_placement at = bt_disclose_places_next(&places, picture * INT64_C(8000000000), NULL, true);
            struct bt_pack_frame frame = {linear, w, &overlay, at, true, 0};
            bt_disclose_pack_region(&format, NULL, bytes, 0, 0, w, h, bt_disclose_pack_linear, &frame);
            contrast(&overlay.label[at.label.shape], &overlay.layout.label[at.label.shape], at.label, bytes, w);
            contrast(&overlay.banner[at.banner.shape], &overlay.layout.banner[at.banner.shape], at.banner, bytes, w);
            struct bt_disclosed_view view = {.bytes = bytes,
                                             .size_bytes = bt_disclose_pack_bytes(&format),
                                             .width_px = w,
                                             .height_px = h,
                                             .label_x = at.label.x,
                                             .label_y = at.label.y,
                                             .mark = mark[at.label.shape]};
            float score;
            assert_true(bt_disclose_check(&view, &score));
            assert_true(score > 0.999f);
        }
        free(linear);
        free(bytes);
        for (uint32_t k = 0; k < BT_LABEL_SHAPES; k++) bt_disclose_mark_destroy(&mark[k]);
        bt_disclose_overlay_finish(&overlay);
    }
}

/* Placards at every kind of size, checked by the mark reader; all their bytes are legal codes. */
static void placards_carry_the_label(void **state) {
    (void)state;
    static const uint32_t size[][2] = {{120, 120}, {160, 120}, {120, 160},  {320, 180},
                                       {642, 362}, {480, 640}, {1280, 720}, {1000, 120}};
    for (uint32_t i = 0; i < test_brief(BT_COUNT(size), 2); i++)
        for (uint32_t e = 0; e < BT_EGRESS_COUNT; e++) {
            uint32_t w = size[i][0], h = size[i][1];
            if (e != BT_EGRESS_YUYV && w > 700) continue;
            static struct bt_watermark_tile tile;
            struct bt_overlay overlay;
            struct bt_placards placards;
            bt_watermark_tile_init(i, BT_WATERMARK_KEY, &tile);
            struct bt_mark *mark = NULL;
            struct bt_pack_format format = {w, h, (enum bt_egress)e, h >= 720};
            assert_int_equal(bt_disclose_overlay_init(text, w, h, NULL, &overlay), BT_OK);
            const struct bt_plate *l = &overlay.layout.label[0];
            assert_int_equal(bt_disclose_mark_create(&overlay.label[0], w, h, &mark), BT_OK);
            bt_status st = bt_disclose_placards_init(text, &overlay, &format, &tile, &placards);
            if (st) print_error("%ux%u: no room for placards\n", w, h);
            assert_int_equal(st, BT_OK);
            for (int s = 0; s < BAUTA_STATUS_COUNT; s++) {
                struct bt_disclosed_view view = {.bytes = placards.bytes[s],
                                                 .size_bytes = bt_disclose_pack_bytes(&format),
                                                 .width_px = w,
                                                 .height_px = h,
                                                 .egress = (enum bt_egress)e,
                                                 .placard = true,
                                                 .label_x = l->x,
                                                 .label_y = l->y,
                                                 .mark = mark};
                assert_true(bt_disclose_check(&view, NULL));
                for (size_t k = 0; k < view.size_bytes; k++) assert_in_range(view.bytes[k], 16, 240);
            }
            assert_memory_not_equal(placards.bytes[BT_E_NO_FACE], placards.bytes[BT_E_TOO_DARK],
                                    bt_disclose_pack_bytes(&format));
            assert_ptr_equal(placards.bytes[BT_E_IO], placards.bytes[BT_E_NOT_FOUND]);
            bt_disclose_placards_finish(&placards);
            bt_disclose_mark_destroy(&mark);
            bt_disclose_overlay_finish(&overlay);
        }
}

static int open_text(void **state) {
    (void)state;
    return (int)bt_disclose_overlay_text(&text);
}

static int close_text(void **state) {
    (void)state;
    bt_text_destroy(&text);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fits_everywhere),          cmocka_unit_test(says_where),
        cmocka_unit_test(rules_only_add),           cmocka_unit_test(legible_over_any_picture),
        cmocka_unit_test(placards_carry_the_label),
    };
    return cmocka_run_group_tests(tests, open_text, close_text);
}
