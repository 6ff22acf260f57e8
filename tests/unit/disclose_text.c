/* SPDX-License-Identifier: MIT */
/* Shaping and drawing: heights, kerning of punctuation, both directions, breaking, and that the font inside holds every text.
 */
#include "pipeline/disclose/overlay.h"
#include "pipeline/disclose/strings.h"
#include <hb.h>
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

static float width(struct bt_text *text, const char *utf8) {
    float px = 0.0f;
    assert_int_equal(bt_text_width(text, utf8, (uint32_t)strlen(utf8), 100.0f, &px), BT_OK);
    return px;
}

/* The same ink, column for column. */
static void draws_alike(struct bt_text *text, const char *a, const char *b) {
    struct bt_ink one, other;
    assert_int_equal(bt_text_draw(text, a, (uint32_t)strlen(a), 64.0f, &one), BT_OK);
    assert_int_equal(bt_text_draw(text, b, (uint32_t)strlen(b), 64.0f, &other), BT_OK);
    if (one.w != other.w || one.h != other.h) print_error("%s: %ux%u, %s: %ux%u\n", a, one.w, one.h, b, other.w, other.h);
    assert_true(one.w == other.w && one.h == other.h && one.w > 0);
    assert_memory_equal(one.coverage, other.coverage, (size_t)one.w * one.h);
    bt_disclose_ink_finish(&one);
    bt_disclose_ink_finish(&other);
}

/* U+202D draws what follows from left to right, whatever it is. */
static void runs_right_to_left(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    draws_alike(text, "שלום", "\u202dםולש");
    draws_alike(text, "(שלום)", "\u202d(םולש)"); /* brackets turn round */
    draws_alike(text, "שלוםAI", "\u202dAIםולש"); /* a Latin word stands at the left, unturned */
    draws_alike(text, "AI שלום", "\u202dAI םולש");
    draws_alike(text, "שלום 12", "\u202d12 םולש"); /* numbers run from left to right */
    /* In a left-to-right text each script turns by itself, in its place. */
    draws_alike(text, "AI生成 שלום · MODIFIED", "\u202dAI生成 םולש · MODIFIED");
    /* A line of a text goes by the whole text's direction, even if it begins with a Latin word. */
    struct bt_lines lines = {0};
    assert_int_equal(bt_text_wrap(text, "שלום AI עולם", 64.0f, width(text, "AI עולם") * 0.64f + 2.0f, &lines), BT_OK);
    assert_int_equal(lines.count, 2);
    assert_true(lines.line[0].rtl && lines.line[1].rtl);
    struct bt_ink line, want;
    assert_memory_equal(lines.line[1].start, "AI", 2);
    assert_int_equal(bt_text_draw_line(text, &lines.line[1], 64.0f, &line), BT_OK);
    assert_int_equal(bt_text_draw(text, "\u200fAI עולם", 14, 64.0f, &want), BT_OK);
    assert_true(line.w == want.w && !memcmp(line.coverage, want.coverage, (size_t)line.w * line.h));
    bt_disclose_ink_finish(&line);
    bt_disclose_ink_finish(&want);
    bt_text_destroy(&text);
}

static void joins_letters(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    /* Arabic: joined forms are narrower than letters by themselves; lam and alef make one. */
    float apart = width(text, "س") + width(text, "ل") + width(text, "ا") + width(text, "م");
    assert_true(width(text, "سلام") < 0.9f * apart);
    assert_true(width(text, "لا") < 0.9f * (width(text, "ل") + width(text, "ا")));
    /* Not across a space. */
    assert_float_equal(width(text, "ل ا"), width(text, "ل") + width(text, " ") + width(text, "ا"), 12.0f);
    /* Devanagari: ka, virama, ssa are one letter; the sign for a short i stands before its consonant. */
    assert_true(width(text, "क्ष") < 0.8f * (width(text, "क") + width(text, "ष")));
    assert_true(width(text, "एआई-जनित") > 300.0f);
    struct bt_ink ki, ka;
    assert_int_equal(bt_text_draw(text, "कि", 6, 64.0f, &ki), BT_OK);
    assert_int_equal(bt_text_draw(text, "क", 3, 64.0f, &ka), BT_OK);
    assert_true(ki.w > ka.w && ki.h > ka.h);
    uint64_t left = 0, right = 0; /* ink above the headline: the sign's arch begins at the left */
    for (uint32_t y = 0; y < (uint32_t)(ki.top - ka.top); y++)
        for (uint32_t x = 0; x < ki.w; x++) *(x < ki.w / 2 ? &left : &right) += ki.coverage[y * ki.w + x];
    assert_true(left > right);
    bt_disclose_ink_finish(&ki);
    bt_disclose_ink_finish(&ka);
    /* Korean: two syllables of .92 em in Noto Sans CJK. */
    assert_float_equal(width(text, "생성"), 184.0f, 2.0f);
    bt_text_destroy(&text);
}

static void cuts_runs(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    hb_font_t *none[1] = {hb_font_get_empty()};
    struct bt_runs runs;
    const char mixed[] = "AI生成 שלום 123 क्षि";
    assert_int_equal(bt_text_runs_of(none, 1, mixed, sizeof mixed - 1, BT_DIRECTION_OF_TEXT, &runs), BT_OK);
    /* The number belongs to the Hebrew before it: it stands left of it, from left to right. */
    static const struct {
        hb_script_t script;
        bool rtl;
        uint32_t first;
    } want[] = {{HB_SCRIPT_LATIN, false, 'A'},   {HB_SCRIPT_HAN, false, 0x751f}, {HB_SCRIPT_HEBREW, false, '1'},
                {HB_SCRIPT_HEBREW, true, 0x5e9}, {HB_SCRIPT_HEBREW, false, ' '}, {HB_SCRIPT_DEVANAGARI, false, 0x915}};
    assert_int_equal(runs.count, BT_COUNT(want));
    for (uint32_t i = 0; i < runs.count; i++) {
        assert_int_equal(runs.run[i].script, want[i].script);
        assert_int_equal(runs.run[i].rtl, want[i].rtl);
        assert_int_equal(runs.character[runs.run[i].start], want[i].first);
    }
    /* UTF-8 that is none: a stray byte, cut short, too long a form, a surrogate, too high. */
    static const char *const bad[] = {"\x80",         "A\xe7\x94",        "\xc0\x80", "\xe0\x80\xaf",
                                      "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xff"};
    for (uint32_t i = 0; i < BT_COUNT(bad); i++) {
        uint32_t lacks;
        assert_int_equal(bt_text_runs_of(none, 1, bad[i], (uint32_t)strlen(bad[i]), BT_DIRECTION_LTR, &runs), BT_E_ARGUMENT);
        assert_int_equal(bt_text_lacks(text, bad[i], &lacks), BT_E_ARGUMENT);
    }
    char many[BT_TEXT_CHARS_MAX + 2];
    memset(many, 'x', sizeof many);
    assert_int_equal(bt_text_runs_of(none, 1, many, BT_TEXT_CHARS_MAX, BT_DIRECTION_LTR, &runs), BT_OK);
    assert_int_equal(bt_text_runs_of(none, 1, many, BT_TEXT_CHARS_MAX + 1, BT_DIRECTION_LTR, &runs), BT_E_ARGUMENT);
    bt_text_destroy(&text);
}

static void says_what_is_lacking(void **state) {
    (void)state;
    struct bt_text *text = open_text();
    uint32_t lacks = 0;
    static const char *const known[] = {"AI 생성", "数字人", "एआई-जनित",  "Généré par IA", "Wygenerowano przez SI",
                                        "שלום",    "سلام",   "Создано ИИ"};
    for (uint32_t i = 0; i < BT_COUNT(known); i++) assert_int_equal(bt_text_lacks(text, known[i], &lacks), BT_OK);
    assert_int_equal(bt_text_lacks(text, "AI สร้าง", &lacks), BT_E_NOT_FOUND);
    assert_int_equal(lacks, 0xe2a);
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
        cmocka_unit_test(runs_right_to_left),
        cmocka_unit_test(joins_letters),
        cmocka_unit_test(cuts_runs),
        cmocka_unit_test(says_what_is_lacking),
        cmocka_unit_test(refuses_what_is_no_font),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
