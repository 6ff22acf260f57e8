/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/text.h"
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H
#include <hb.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct bt_text {
    FT_Library library;
    uint32_t count;
    FT_Face face[BT_FONTS_MAX];
    hb_font_t *font[BT_FONTS_MAX];
    float cap_per_em;
};

/* A shaped line: its runs from left to right. 26.6 fixed point, as FreeType's. */
struct shaped {
    struct bt_runs runs;
    hb_buffer_t *buffer[BT_RUNS_MAX];
};

void bt_disclose_ink_finish(struct bt_ink *ink) {
    free(ink->coverage);
    *ink = (struct bt_ink){0};
}

bt_status bt_text_add(struct bt_text *text, struct bt_bytes font) {
    struct bt_text *t = text;
    FT_Face face = NULL;
    if (t->count == BT_FONTS_MAX) return BT_E_ARGUMENT;
    if (font.size > INT32_MAX || FT_New_Memory_Face(t->library, font.data, (FT_Long)font.size, 0, &face)) return BT_E_FORMAT;
    if (!FT_IS_SCALABLE(face) || face->units_per_EM == 0) {
        FT_Done_Face(face);
        return BT_E_FORMAT;
    }
    hb_blob_t *blob = hb_blob_create((const char *)font.data, (unsigned)font.size, HB_MEMORY_MODE_READONLY, NULL, NULL);
    hb_face_t *shape_face = hb_face_create(blob, 0);
    hb_font_t *shape_font = hb_font_create(shape_face); /* keeps the face, which keeps the blob */
    hb_face_destroy(shape_face);
    hb_blob_destroy(blob);
    if (shape_font == hb_font_get_empty()) {
        FT_Done_Face(face);
        return BT_E_MEMORY;
    }
    t->face[t->count] = face;
    t->font[t->count++] = shape_font;
    return BT_OK;
}

bt_status bt_text_create(struct bt_bytes font, struct bt_text **out_text) {
    bt_status st = BT_E_MEMORY;
    struct bt_text *t = calloc(1, sizeof *t);
    if (!t) goto fail;
    if (FT_Init_FreeType(&t->library)) goto fail;
    if ((st = bt_text_add(t, font))) goto fail;
    /* A capital's height is measured on its outline: an 'I' has no overshoot. */
    st = BT_E_FORMAT;
    if (FT_Load_Char(t->face[0], 'I', FT_LOAD_NO_SCALE) || t->face[0]->glyph->metrics.height <= 0) goto fail;
    t->cap_per_em = (float)t->face[0]->glyph->metrics.height / (float)t->face[0]->units_per_EM;
    *out_text = t;
    return BT_OK;
fail:
    bt_text_destroy(&t);
    return st;
}

void bt_text_destroy(struct bt_text **text) {
    struct bt_text *t = *text;
    if (!t) return;
    for (uint32_t i = 0; i < t->count; i++) {
        hb_font_destroy(t->font[i]);
        FT_Done_Face(t->face[i]);
    }
    if (t->library) FT_Done_FreeType(t->library);
    free(t);
    *text = NULL;
}

bt_status bt_text_lacks(const struct bt_text *text, const char *utf8, uint32_t *out_character) {
    size_t length = strlen(utf8);
    uint32_t c, n, count = 0;
    if (length > 4 * BT_TEXT_CHARS_MAX) return BT_E_ARGUMENT;
    for (uint32_t at = 0; at < length; at += n, count++)
        if (!bt_text_character(utf8 + at, (uint32_t)length - at, &c, &n) || count == BT_TEXT_CHARS_MAX) return BT_E_ARGUMENT;
    for (uint32_t at = 0; at < length; at += n) {
        if (!bt_text_character(utf8 + at, (uint32_t)length - at, &c, &n)) return BT_E_ARGUMENT;
        hb_codepoint_t glyph;
        bool has = false;
        for (uint32_t f = 0; f < text->count && !has; f++) has = hb_font_get_nominal_glyph(text->font[f], c, &glyph);
        if (has) continue;
        *out_character = c;
        return BT_E_NOT_FOUND;
    }
    return BT_OK;
}

float bt_text_em_of_capital(const struct bt_text *text, float cap_px) {
    /* FreeType sizes are 26.6: rounded up, so that the capital never falls short. */
    return ceilf(cap_px / text->cap_per_em * 64.0f) / 64.0f;
}

static void finish_shaped(struct shaped *line) {
    for (uint32_t i = 0; i < line->runs.count; i++) hb_buffer_destroy(line->buffer[i]);
    line->runs.count = 0;
}

static bt_status shape(struct bt_text *t, const char *utf8, uint32_t length, enum bt_direction direction, float em_px,
                       struct shaped *out_line) {
    struct shaped *line = out_line;
    int scale = (int)lrintf(em_px * 64.0f);
    line->runs.count = 0;
    bt_status st = bt_text_runs_of(t->font, t->count, utf8, length, direction, &line->runs);
    if (st) return st;
    bool whole = true;
    for (uint32_t i = 0; i < line->runs.count; i++) {
        const struct bt_run *run = &line->runs.run[i];
        hb_buffer_t *buffer = line->buffer[i] = hb_buffer_create();
        /* The text about it is context: a letter joins to one that stands in the next run. */
        hb_buffer_add_codepoints(buffer, line->runs.character, (int)line->runs.character_count, run->start, (int)run->length);
        hb_buffer_set_direction(buffer, run->rtl ? HB_DIRECTION_RTL : HB_DIRECTION_LTR);
        hb_buffer_set_script(buffer, run->script); /* no language: glyphs must not depend on the machine's */
        hb_font_set_scale(t->font[run->font], scale, scale);
        /* Full-width punctuation among Latin letters tears a hole: take the proportional forms where the font has them. */
        hb_feature_t proportional = {HB_TAG('p', 'a', 'l', 't'), 1, HB_FEATURE_GLOBAL_START, HB_FEATURE_GLOBAL_END};
        hb_shape(t->font[run->font], buffer, &proportional, 1);
        whole = whole && hb_buffer_allocation_successful(buffer);
    }
    if (whole) return BT_OK;
    finish_shaped(line);
    return BT_E_MEMORY;
}

bt_status bt_text_width(struct bt_text *text, const char *utf8, uint32_t length, float em_px, float *out_px) {
    struct shaped line;
    bt_status st = shape(text, utf8, length, BT_DIRECTION_OF_TEXT, em_px, &line);
    if (st) return st;
    int64_t sum = 0;
    for (uint32_t r = 0; r < line.runs.count; r++) {
        unsigned count;
        const hb_glyph_position_t *at = hb_buffer_get_glyph_positions(line.buffer[r], &count);
        for (unsigned i = 0; i < count; i++) sum += at[i].x_advance;
    }
    finish_shaped(&line);
    *out_px = (float)sum / 64.0f;
    return BT_OK;
}

/* Loads a glyph's outline at its place on the line. */
static bt_status place(FT_Face face, const hb_glyph_info_t *glyph, const hb_glyph_position_t *at, FT_Vector pen) {
    if (glyph->codepoint == 0) return BT_E_NOT_FOUND;
    if (FT_Load_Glyph(face, glyph->codepoint, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP)) return BT_E_FORMAT;
    if (face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) return BT_E_FORMAT;
    FT_Outline_Translate(&face->glyph->outline, pen.x + at->x_offset, pen.y + at->y_offset);
    return BT_OK;
}

static void stamp(struct bt_ink *ink, const FT_GlyphSlot slot) {
    const FT_Bitmap *b = &slot->bitmap;
    for (uint32_t y = 0; y < b->rows; y++) {
        const uint8_t *from = b->buffer + (ptrdiff_t)y * b->pitch;
        uint8_t *to =
            ink->coverage + (size_t)(ink->top - slot->bitmap_top + (int32_t)y) * ink->w + (slot->bitmap_left - ink->left);
        for (uint32_t x = 0; x < b->width; x++)
            if (from[x] > to[x]) to[x] = from[x];
    }
}

static void enclose(FT_Outline *outline, FT_BBox *all) {
    FT_BBox box;
    FT_Outline_Get_CBox(outline, &box);
    all->xMin = box.xMin < all->xMin ? box.xMin : all->xMin;
    all->yMin = box.yMin < all->yMin ? box.yMin : all->yMin;
    all->xMax = box.xMax > all->xMax ? box.xMax : all->xMax;
    all->yMax = box.yMax > all->yMax ? box.yMax : all->yMax;
}

/* One pass over all glyphs: with `ink` they are drawn, without only their extent is taken. */
static bt_status walk(struct bt_text *text, const struct shaped *line, FT_BBox *all, struct bt_ink *ink) {
    FT_Vector pen = {0, 0};
    for (uint32_t r = 0; r < line->runs.count; r++) {
        FT_Face face = text->face[line->runs.run[r].font];
        unsigned count;
        const hb_glyph_info_t *glyph = hb_buffer_get_glyph_infos(line->buffer[r], &count);
        const hb_glyph_position_t *at = hb_buffer_get_glyph_positions(line->buffer[r], &count);
        for (unsigned i = 0; i < count; i++) {
            bt_status st = place(face, &glyph[i], &at[i], pen);
            if (st) return st;
            pen.x += at[i].x_advance;
            pen.y += at[i].y_advance;
            if (face->glyph->outline.n_points == 0) continue;
            if (!ink) {
                enclose(&face->glyph->outline, all);
                continue;
            }
            if (FT_Render_Glyph(face->glyph, FT_RENDER_MODE_NORMAL)) return BT_E_FORMAT;
            stamp(ink, face->glyph);
        }
    }
    return BT_OK;
}

static bt_status draw(struct bt_text *text, const char *utf8, uint32_t length, enum bt_direction direction, float em_px,
                      struct bt_ink *out_ink) {
    struct bt_ink ink = {0};
    struct shaped line;
    FT_BBox all = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    bt_status st = shape(text, utf8, length, direction, em_px, &line);
    if (st) return st;
    for (uint32_t i = 0; i < text->count; i++)
        if (FT_Set_Char_Size(text->face[i], 0, (FT_F26Dot6)lrintf(em_px * 64.0f), 72, 72)) st = BT_E_FORMAT;
    if (!st) st = walk(text, &line, &all, NULL);
    if (st) goto fail;
    if (all.xMin <= all.xMax) {
        ink.left = (int32_t)(all.xMin >> 6);
        ink.top = (int32_t)((all.yMax + 63) >> 6);
        ink.w = (uint32_t)(((all.xMax + 63) >> 6) - ink.left);
        ink.h = (uint32_t)(ink.top - (all.yMin >> 6));
        st = BT_E_MEMORY;
        if (!(ink.coverage = calloc(ink.w, ink.h))) goto fail;
        if ((st = walk(text, &line, &all, &ink))) goto fail;
    }
    finish_shaped(&line);
    *out_ink = ink;
    return BT_OK;
fail:
    finish_shaped(&line);
    bt_disclose_ink_finish(&ink);
    return st;
}

bt_status bt_text_draw(struct bt_text *text, const char *utf8, uint32_t length, float em_px, struct bt_ink *out_ink) {
    return draw(text, utf8, length, BT_DIRECTION_OF_TEXT, em_px, out_ink);
}

bt_status bt_text_draw_line(struct bt_text *text, const struct bt_line *line, float em_px, struct bt_ink *out_ink) {
    return draw(text, line->start, line->length, line->rtl ? BT_DIRECTION_RTL : BT_DIRECTION_LTR, em_px, out_ink);
}

/* A line may end beside these: ideographs and kana, but not closing punctuation. Korean breaks at its spaces. */
static bool ideograph(uint32_t c) {
    return (c >= 0x2e80 && c <= 0xa4cf && !(c >= 0x3000 && c <= 0x303f)) || (c >= 0xf900 && c <= 0xfaff) || c >= 0x20000;
}

/* The longest run from `start` that fits and ends where a line may end; no length when none does. */
static bt_status take_line(struct bt_text *text, const char *start, float em_px, float max_px, struct bt_line *out_line) {
    struct bt_line best = {.start = start};
    uint32_t left = (uint32_t)strlen(start), c, n, next_n;
    for (uint32_t at = 0; at < left;) {
        uint32_t before = at, next = 0;
        if (!bt_text_character(start + at, left - at, &c, &n)) return BT_E_ARGUMENT;
        at += n;
        if (at < left && !bt_text_character(start + at, left - at, &next, &next_n)) return BT_E_ARGUMENT;
        bool may_end = at == left || c == ' ' || next == ' ' || (ideograph(next) && c != ' ') ||
                       (ideograph(c) && next != 0xff0c && next != 0x3002);
        if (!may_end) continue;
        uint32_t length = c == ' ' ? before : at;
        float w;
        bt_status st = bt_text_width(text, start, length, em_px, &w);
        if (st) return st;
        if (w > max_px) break;
        best.length = length;
        best.width_px = w;
    }
    *out_line = best;
    return BT_OK;
}

static bt_status fill_lines(struct bt_text *text, const char *utf8, float em_px, float max_px, struct bt_lines *lines) {
    struct bt_lines done = *lines;
    const bool rtl = bt_text_is_rtl(utf8, (uint32_t)strlen(utf8));
    const char *start = utf8;
    while (*start == ' ') start++;
    while (*start) {
        struct bt_line line;
        bt_status st = take_line(text, start, em_px, max_px, &line);
        if (st) return st;
        if (line.length == 0 || done.count == BT_LINES_MAX) return BT_E_ARGUMENT;
        line.rtl = rtl;
        done.line[done.count++] = line;
        start += line.length;
        while (*start == ' ') start++;
    }
    *lines = done;
    return BT_OK;
}

bt_status bt_text_wrap(struct bt_text *text, const char *utf8, float em_px, float max_px, struct bt_lines *lines) {
    struct bt_lines best = *lines;
    bt_status st = fill_lines(text, utf8, em_px, max_px, &best);
    if (st) return st;
    /* As many lines as that takes, but of like widths: no last line of a single word. */
    float low = 0.0f, high = max_px;
    for (uint32_t i = 0; i < 6 && best.count > lines->count + 1; i++) {
        float middle = 0.5f * (low + high);
        struct bt_lines narrow = *lines;
        st = fill_lines(text, utf8, em_px, middle, &narrow);
        if (st && st != BT_E_ARGUMENT) return st;
        if (st || narrow.count > best.count) {
            low = middle;
        } else {
            high = middle;
            best = narrow;
        }
    }
    *lines = best;
    return BT_OK;
}
