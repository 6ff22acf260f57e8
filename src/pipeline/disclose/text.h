/* SPDX-License-Identifier: MIT */
/* Text to coverage: cut into runs (runs.h), shaped by HarfBuzz (any script, either direction, as far as the fonts go), drawn by
   FreeType, unhinted. For set-up; one thread. Sizes are em sizes in px; lengths of strings are bytes of UTF-8. */
#ifndef BT_PIPELINE_DISCLOSE_TEXT_H
#define BT_PIPELINE_DISCLOSE_TEXT_H

#include "base/bytes.h"
#include "base/status.h"
#include "pipeline/disclose/runs.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_text;

/* 8-bit coverage of one line's ink. Its first column lies `left` px right of the pen's start, its first row `top` px above the
   baseline. Owner: whoever got it from bt_text_draw; freed by bt_disclose_ink_finish. */
struct bt_ink {
    uint8_t *coverage;
    uint32_t w, h;
    int32_t left, top;
};
void bt_disclose_ink_finish(struct bt_ink *ink);

/* `font`: an OpenType file, borrowed, outlives the text. BT_E_FORMAT when it is none. */
BT_CHECKED bt_status bt_text_create(struct bt_bytes font, struct bt_text **out_text);
/* One more font, for what those before it lack; as `font` above. BT_E_ARGUMENT when BT_FONTS_MAX are there. */
BT_CHECKED bt_status bt_text_add(struct bt_text *text, struct bt_bytes font);
void bt_text_destroy(struct bt_text **text);

/* BT_E_NOT_FOUND, and the first character that no font has; BT_E_ARGUMENT: not UTF-8, or over BT_TEXT_CHARS_MAX characters. */
BT_CHECKED bt_status bt_text_lacks(const struct bt_text *text, const char *utf8, uint32_t *out_character);

/* The em size at which the first font's capital is at least cap_px high. */
float bt_text_em_of_capital(const struct bt_text *text, float cap_px);
/* Advance of the shaped line; what the fonts lack counts as the first one's box for missing glyphs. BT_E_ARGUMENT, BT_E_MEMORY.
 */
BT_CHECKED bt_status bt_text_width(struct bt_text *text, const char *utf8, uint32_t length, float em_px, float *out_px);
/* BT_E_NOT_FOUND when the fonts lack a character. Its direction is its own. */
BT_CHECKED bt_status bt_text_draw(struct bt_text *text, const char *utf8, uint32_t length, float em_px, struct bt_ink *out_ink);

/* Lines of a text that was broken to fit. */
enum { BT_LINES_MAX = 6 };
struct bt_lines {
    uint32_t count;
    struct bt_line {
        const char *start; /* in the caller's string */
        uint32_t length;
        float width_px;
        bool rtl; /* the direction of the whole text that it was broken from */
    } line[BT_LINES_MAX];
};
BT_CHECKED bt_status bt_text_draw_line(struct bt_text *text, const struct bt_line *line, float em_px, struct bt_ink *out_ink);
/* Appends `utf8` to `lines`, broken at spaces and between ideographs, each line at most max_px wide.
   BT_E_ARGUMENT: does not fit into BT_LINES_MAX lines. */
BT_CHECKED bt_status bt_text_wrap(struct bt_text *text, const char *utf8, float em_px, float max_px, struct bt_lines *lines);

#endif
