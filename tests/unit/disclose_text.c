/* SPDX-License-Identifier: MIT */
/* Shaping and drawing: heights, kerning of punctuation, both directions, breaking, and that the font inside holds every text.
 */
#include "pipeline/disclose/overlay.h"
#include "pipeline/disclose/strings.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
// clang-format off
#include <cmocka.h>
// clang-format on

static struct bt_text *open_text(void) {
    struct bt_text *text = NULL;
    assert_int_equal(bt_disclose_overlay_text(&text), BT_OK);
    return text;
}

static void capital_has_its_height(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    for (int cap = 7; cap <= 120; cap += 7) {
        struct bt_ink ink;
        assert_int_equal(bt_text_draw(text, "I", 1, bt_text_em_of_capital(text, (float)cap), &ink), BT_OK);
        /* Rows that are at least half ink. */
        int rows = 0;
        for (uint32_t y = 0; y < ink.h; y++) {
            uint8_t most = 0;
            for (uint32_t x = 0; x < ink.w; x++)
                if (ink.coverage[y * ink.w + x] > most) most = ink.coverage[y * ink.w + x];
            rows += most >= 128;
        }
        assert_int_equal(rows, cap);
        bt_disclose_ink_finish(&ink);
    }
    bt_text_destroy(&text);
    assert_null(text);
}

static void shapes(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    float whole, part, dot;
    assert_int_equal(bt_text_width(text, "AI MODIFIED", 11, 100.0f, &whole), BT_OK);
    assert_int_equal(bt_text_width(text, "AI", 2, 100.0f, &part), BT_OK);
    assert_true(whole > 4.0f * part && whole < 900.0f);
    /* The Chinese font's full-width dot takes its proportional form: half the em. */
    assert_int_equal(bt_text_width(text, "·", 2, 100.0f, &dot), BT_OK);
    assert_float_equal(dot, 50.0f, 1.0f);
    /* Each ideograph is as wide as the em. */
    assert_int_equal(bt_text_width(text, "生成", 6, 100.0f, &part), BT_OK);
    assert_float_equal(part, 200.0f, 1.0f);
    struct bt_ink ink = {0};
    assert_int_equal(bt_text_draw(text, "生", 3, 64.0f, &ink), BT_OK);
    assert_true(ink.w > 50 && ink.w <= 66 && ink.h > 50 && ink.h <= 66);
    bt_disclose_ink_finish(&ink);
    assert_int_equal(bt_text_draw(text, " ", 1, 64.0f, &ink), BT_OK);
    assert_null(ink.coverage);
    /* What the font lacks is said, and the result untouched. */
    assert_int_equal(bt_text_draw(text, "ก", 3, 64.0f, &ink), BT_E_NOT_FOUND);
    assert_null(ink.coverage);
    bt_text_destroy(&text);
}

static void breaks_lines(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    struct bt_lines lines = {0};
    assert_int_equal(bt_text_wrap(text, "Only the wearer may be in view", 20.0f, 130.0f, &lines), BT_OK);
    assert_true(lines.count >= 2 && lines.count <= 4);
    for (uint32_t i = 0; i < lines.count; i++) {
        assert_true(lines.line[i].width_px <= 130.0f);
        assert_true(lines.line[i].start[0] != ' ' && lines.line[i].start[lines.line[i].length - 1] != ' ');
    }
    uint32_t before = lines.count;
    assert_int_equal(bt_text_wrap(text, "没有发送画面，请重新启动", 20.0f, 125.0f, &lines), BT_OK);
    assert_true(lines.count > before);
    /* A line never begins with a comma: 6 ideographs would fit, but the comma comes seventh. */
    for (uint32_t i = before; i < lines.count; i++) assert_int_not_equal(memcmp(lines.line[i].start, "，", 3), 0);
    struct bt_lines full = {0};
    assert_int_equal(bt_text_wrap(text, "a b c d e f g h i j", 20.0f, 20.0f, &full), BT_E_ARGUMENT);
    assert_int_equal(full.count, 0);
    assert_int_equal(bt_text_wrap(text, "MODIFIED", 20.0f, 30.0f, &full), BT_E_ARGUMENT);
    bt_text_destroy(&text);
}

static void font_holds_every_text(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    static const char *const fixed[] = {bt_string_LABEL,  bt_string_LABEL_FIRST,  bt_string_LABEL_SECOND,
                                        bt_string_BANNER, bt_string_BANNER_FIRST, bt_string_BANNER_SECOND};
    struct bt_ink ink;
    for (uint32_t i = 0; i < BT_COUNT(fixed); i++) {
        assert_int_equal(bt_text_draw(text, fixed[i], (uint32_t)strlen(fixed[i]), 24.0f, &ink), BT_OK);
        bt_disclose_ink_finish(&ink);
    }
    for (int s = 0; s < BAUTA_STATUS_COUNT; s++)
        for (int i = 0; i < 4; i++) {
            const char *line = i < 2 ? bt_disclose_cards[s].what[i] : bt_disclose_cards[s].help[i - 2];
            assert_non_null(line); /* a status without a card */
            assert_int_equal(bt_text_draw(text, line, (uint32_t)strlen(line), 24.0f, &ink), BT_OK);
            bt_disclose_ink_finish(&ink);
        }
    bt_text_destroy(&text);
}

static void refuses_what_is_no_font(void **state) {
    (void)state;
    struct bt_text *text = NULL;
    static const uint8_t junk[64] = {1, 2, 3};
    assert_int_equal(bt_text_create((struct bt_bytes){junk, sizeof junk}, &text), BT_E_FORMAT);
    assert_null(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(capital_has_its_height),
        cmocka_unit_test(shapes),
        cmocka_unit_test(breaks_lines),
        cmocka_unit_test(font_holds_every_text),
        cmocka_unit_test(refuses_what_is_no_font),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
