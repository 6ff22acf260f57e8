/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/runs.h"
#include <fribidi.h>
#include <hb.h>

bool bt_text_character(const char *utf8, uint32_t length, uint32_t *out_character, uint32_t *out_bytes) {
    const uint8_t *b = (const uint8_t *)utf8;
    if (length == 0) return false;
    uint32_t n = b[0] < 0x80 ? 1 : b[0] < 0xc2 ? 0 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : b[0] < 0xf5 ? 4 : 0;
    if (n == 0 || n > length) return false;
    uint32_t c = n == 1 ? b[0] : b[0] & (0x7fu >> n);
    for (uint32_t i = 1; i < n; i++) {
        if ((b[i] & 0xc0) != 0x80) return false;
        c = c << 6 | (b[i] & 0x3fu);
    }
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
    *out_character = c;
    *out_bytes = n;
    return true;
}

static bool decode(const char *utf8, uint32_t length, struct bt_runs *runs) {
    uint32_t n;
    runs->character_count = 0;
    for (uint32_t at = 0; at < length; at += n) {
        if (runs->character_count == BT_TEXT_CHARS_MAX) return false;
        if (!bt_text_character(utf8 + at, length - at, &runs->character[runs->character_count], &n)) return false;
        runs->character_count++;
    }
    return true;
}

bool bt_text_is_rtl(const char *utf8, uint32_t length) {
    uint32_t n, c;
    for (uint32_t at = 0; at < length; at += n) {
        if (!bt_text_character(utf8 + at, length - at, &c, &n)) return false;
        FriBidiCharType type = fribidi_get_bidi_type(c);
        if (FRIBIDI_IS_STRONG(type)) return FRIBIDI_IS_RTL(type);
    }
    return false;
}

/* UAX #24, 5.2: what is common or inherited takes the script before it, or else the one after it. */
static void scripts_of(const struct bt_runs *runs, hb_script_t *out_script) {
    hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
    hb_script_t last = HB_SCRIPT_COMMON;
    uint32_t leading = 0;
    for (uint32_t i = 0; i < runs->character_count; i++) {
        hb_script_t s = hb_unicode_script(unicode, runs->character[i]);
        bool own = s != HB_SCRIPT_COMMON && s != HB_SCRIPT_INHERITED && s != HB_SCRIPT_UNKNOWN;
        if (own && last == HB_SCRIPT_COMMON)
            for (; leading < i; leading++) out_script[leading] = s;
        if (own) last = s;
        out_script[i] = last;
    }
}

static bool has(hb_font_t *font, uint32_t character) {
    hb_codepoint_t glyph;
    return hb_font_get_nominal_glyph(font, character, &glyph);
}

/* A character of no script of its own (a space, a bracket, a mark) stays in the font before it, or else after it, if that has
   it. */
static void fonts_of(hb_font_t *const *font, uint32_t font_count, const struct bt_runs *runs, uint8_t *out_font) {
    hb_unicode_funcs_t *unicode = hb_unicode_funcs_get_default();
    uint8_t last = 0;
    bool begun = false;
    for (uint32_t i = 0; i < runs->character_count; i++) {
        uint32_t c = runs->character[i], f = 0;
        hb_script_t s = hb_unicode_script(unicode, c);
        bool own = s != HB_SCRIPT_COMMON && s != HB_SCRIPT_INHERITED;
        while (f < font_count && !has(font[f], c)) f++;
        if (f == font_count) f = 0;
        out_font[i] = (uint8_t)(!own && has(font[last], c) ? last : f);
        if (!own) continue;
        for (uint32_t k = 0; k < i && !begun; k++)
            if (has(font[f], runs->character[k])) out_font[k] = (uint8_t)f;
        begun = true;
        last = (uint8_t)f;
    }
}

/* UAX #9, L2: from the highest level to the lowest odd one, turn round what is at that level or above. */
static void reorder(struct bt_run *run, FriBidiLevel *level, uint32_t count) {
    FriBidiLevel most = 0;
    for (uint32_t i = 0; i < count; i++) most = level[i] > most ? level[i] : most;
    for (FriBidiLevel l = most; l > 0; l--)
        for (uint32_t i = 0; i < count; i++) {
            uint32_t end = i;
            while (end < count && level[end] >= l) end++;
            for (uint32_t a = i, b = end; a + 1 < b; a++, b--) {
                struct bt_run r = run[a];
                FriBidiLevel v = level[a];
                run[a] = run[b - 1], level[a] = level[b - 1];
                run[b - 1] = r, level[b - 1] = v;
            }
            if (end > i) i = end - 1;
        }
}

bt_status bt_text_runs_of(hb_font_t *const *font, uint32_t font_count, const char *utf8, uint32_t length,
                          enum bt_direction direction, struct bt_runs *out_runs) {
    FriBidiCharType type[BT_TEXT_CHARS_MAX];
    FriBidiBracketType bracket[BT_TEXT_CHARS_MAX];
    FriBidiLevel level[BT_TEXT_CHARS_MAX], of_run[BT_RUNS_MAX];
    hb_script_t script[BT_TEXT_CHARS_MAX];
    uint8_t of_font[BT_TEXT_CHARS_MAX];
    struct bt_runs runs = {.count = 0};
    if (font_count == 0 || !decode(utf8, length, &runs)) return BT_E_ARGUMENT;
    if (runs.character_count > 0) {
        const int n = (int)runs.character_count;
        bool rtl = direction == BT_DIRECTION_OF_TEXT ? bt_text_is_rtl(utf8, length) : direction == BT_DIRECTION_RTL;
        FriBidiParType paragraph = rtl ? FRIBIDI_PAR_RTL : FRIBIDI_PAR_LTR;
        fribidi_get_bidi_types(runs.character, n, type);
        fribidi_get_bracket_types(runs.character, n, type, bracket);
        if (!fribidi_get_par_embedding_levels_ex(type, bracket, n, &paragraph, level)) return BT_E_MEMORY;
        scripts_of(&runs, script);
        fonts_of(font, font_count, &runs, of_font);
    }
    for (uint32_t i = 0; i < runs.character_count; i++) {
        bool same = i > 0 && level[i] == level[i - 1] && script[i] == script[i - 1] && of_font[i] == of_font[i - 1];
        if (same) {
            runs.run[runs.count - 1].length++;
            continue;
        }
        if (runs.count == BT_RUNS_MAX) return BT_E_ARGUMENT;
        of_run[runs.count] = level[i];
        runs.run[runs.count++] = (struct bt_run){i, 1, of_font[i], script[i], level[i] & 1};
    }
    reorder(runs.run, of_run, runs.count);
    *out_runs = runs;
    return BT_OK;
}
