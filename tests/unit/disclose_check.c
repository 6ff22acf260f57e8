/* SPDX-License-Identifier: MIT */
/* The mark reader says yes to a label that was rounded, and no to one that is missing, covered, moved, shrunk, tinted or
 * dimmed. */
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/disclose.h"
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

struct bench {
    struct bt_overlay overlay;
    struct bt_mark *mark;
    struct bt_pack_format format;
    uint8_t *clean, *bytes;
    struct bt_disclosed_view view;
};

static void open_bench(struct bench *b, uint32_t w, uint32_t h, enum bt_egress egress, float gray) {
    struct bt_text *text = NULL;
    assert_int_equal(bt_text_create(bt_disclose_overlay_font(), &text), BT_OK);
    assert_int_equal(bt_disclose_overlay_init(text, w, h, NULL, &b->overlay), BT_OK);
    bt_text_destroy(&text);
    const struct bt_plate *l = &b->overlay.layout.label[0];
    b->mark = NULL;
    assert_int_equal(bt_disclose_mark_create(&b->overlay.label[0], w, h, &b->mark), BT_OK);
    b->format = (struct bt_pack_format){w, h, egress, false};
    size_t size = bt_disclose_pack_bytes(&b->format);
    b->clean = malloc(size);
    b->bytes = malloc(size);
    float *linear = malloc((size_t)w * h * 4 * sizeof *linear);
    for (size_t i = 0; i < (size_t)w * h * 4; i++) linear[i] = gray;
    struct bt_pack_frame frame = {linear, w, &b->overlay, {{l->x, l->y, 0}, {0, 0, 0}}, false, 0};
    bt_disclose_pack_region(&b->format, NULL, b->clean, 0, 0, w, h, bt_disclose_pack_linear, &frame);
    free(linear);
    memcpy(b->bytes, b->clean, size);
    b->view = (struct bt_disclosed_view){.bytes = b->bytes,
                                         .size_bytes = size,
                                         .width_px = w,
                                         .height_px = h,
                                         .egress = egress,
                                         .label_x = l->x,
                                         .label_y = l->y,
                                         .mark = b->mark};
}

static void close_bench(struct bench *b) {
    free(b->clean);
    free(b->bytes);
    bt_disclose_mark_destroy(&b->mark);
    bt_disclose_overlay_finish(&b->overlay);
}

static void bears_rounding(void **state) {
    (void)state;
    for (uint32_t e = 0; e < BT_EGRESS_COUNT; e++) {
        struct bench b;
        open_bench(&b, 320, 240, (enum bt_egress)e, 0.5f);
        float score = 0.0f;
        assert_true(bt_disclose_check(&b.view, &score));
        assert_true(score > 0.999f);
        uint32_t seed = 9;
        for (size_t i = 0; i < b.view.size_bytes; i++) {
            seed = seed * 1664525u + 1013904223u;
            b.bytes[i] = (uint8_t)(b.clean[i] + (int)(seed >> 24) % 5 - 2);
        }
        assert_true(bt_disclose_check(&b.view, NULL));
        close_bench(&b);
    }
}

/* Copies of the clean luma, spoilt. NV12: the luma plane is the picture. */
static void says_no(void **state) {
    (void)state;
    struct bench b;
    static const float grounds[] = {0.0f, 0.2f, 1.0f};
    for (unsigned g = 0; g < test_brief(3, 1); g++) {
        open_bench(&b, 640, 360, BT_EGRESS_NV12, grounds[g]);
        const struct bt_plate *l = &b.overlay.layout.label[0];
        uint32_t w = b.format.w;
        float score;

        /* Missing: the picture's own gray, black, white. */
        const int fills[] = {b.clean[(size_t)350 * w], 16, 235};
        for (int k = 0; k < 3; k++) {
            memset(b.bytes, fills[k], (size_t)w * b.format.h);
            assert_false(bt_disclose_check(&b.view, &score));
            assert_true(score < 0.2f);
        }
        /* Covered: each glyph-sized part in turn, with the plate's dark, with white, with the picture. */
        for (uint32_t x = l->cap_px; x + 2 * l->cap_px < l->w; x += l->cap_px / 2 * test_brief(1, 4))
            for (int k = 0; k < 3; k++) {
                static const uint8_t dark_of_plate = 30;
                memcpy(b.bytes, b.clean, b.view.size_bytes);
                for (uint32_t y = 0; y < l->h; y++)
                    memset(b.bytes + (size_t)(l->y + y) * w + l->x + x, k == 0 ? dark_of_plate : fills[k], l->cap_px);
                assert_false(bt_disclose_check(&b.view, NULL));
            }
        /* Moved: a pixel left, a pixel down, two rows up. */
        for (size_t at = 0; at + 1 < (size_t)w * b.format.h; at++) b.bytes[at] = b.clean[at + 1];
        assert_false(bt_disclose_check(&b.view, NULL));
        memset(b.bytes, 128, w);
        memcpy(b.bytes + w, b.clean, (size_t)w * (b.format.h - 1));
        assert_false(bt_disclose_check(&b.view, NULL));
        memcpy(b.bytes, b.clean + 2 * w, (size_t)w * (b.format.h - 2));
        assert_false(bt_disclose_check(&b.view, NULL));
        /* Shrunk by a tenth towards its corner. */
        for (uint32_t y = 0; y < l->h; y++)
            for (uint32_t x = 0; x < l->w; x++) {
                uint32_t from_x = l->x + l->w - 1 - (l->w - 1 - x) * 11 / 10, from_y = l->y + y * 11 / 10;
                b.bytes[(size_t)(l->y + y) * w + l->x + x] = b.clean[(size_t)from_y * w + from_x];
            }
        assert_false(bt_disclose_check(&b.view, NULL));
        /* Dimmed to a quarter of its contrast; turned negative; mirrored. */
        memcpy(b.bytes, b.clean, b.view.size_bytes);
        for (size_t at = 0; at < (size_t)w * b.format.h; at++) b.bytes[at] = (uint8_t)(16 + (b.clean[at] - 16) / 4);
        assert_false(bt_disclose_check(&b.view, NULL));
        for (size_t at = 0; at < (size_t)w * b.format.h; at++) b.bytes[at] = (uint8_t)(251 - b.clean[at]);
        assert_false(bt_disclose_check(&b.view, NULL));
        for (uint32_t y = 0; y < b.format.h; y++)
            for (uint32_t x = 0; x < w; x++) b.bytes[(size_t)y * w + x] = b.clean[(size_t)y * w + w - 1 - x];
        assert_false(bt_disclose_check(&b.view, NULL));
        /* Tinted. */
        memcpy(b.bytes, b.clean, b.view.size_bytes);
        memset(b.bytes + (size_t)w * b.format.h, 90, (size_t)w * b.format.h / 2);
        assert_false(bt_disclose_check(&b.view, NULL));
        memcpy(b.bytes, b.clean, b.view.size_bytes);
        assert_true(bt_disclose_check(&b.view, NULL));
        close_bench(&b);
    }
}

static void refuses_odd_views(void **state) {
    (void)state;
    struct bench b;
    open_bench(&b, 160, 120, BT_EGRESS_I420, 0.1f);
    struct bt_disclosed_view v = b.view;
    v.mark = NULL;
    assert_false(bt_disclose_check(&v, NULL));
    v = b.view;
    v.size_bytes--;
    assert_false(bt_disclose_check(&v, NULL));
    v = b.view;
    v.bytes = NULL;
    assert_false(bt_disclose_check(&v, NULL));
    v = b.view;
    v.width_px = 120, v.height_px = 160;
    assert_false(bt_disclose_check(&v, NULL));
    v = b.view;
    v.egress = BT_EGRESS_COUNT;
    assert_false(bt_disclose_check(&v, NULL));
    close_bench(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(bears_rounding), cmocka_unit_test(says_no),
                                       cmocka_unit_test(refuses_odd_views)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
