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
    FT_Face face;
    hb_face_t *shape_face;
    hb_font_t *shape_font;
    float cap_per_em;
};

void bt_disclose_ink_finish(struct bt_ink *ink) {
    free(ink->coverage);
    *ink = (struct bt_ink){0};
}

bt_status bt_text_create(struct bt_bytes font, struct bt_text **out_text) {
    bt_status st = BT_E_MEMORY;
    hb_blob_t *blob = NULL;
    struct bt_text *t = calloc(1, sizeof *t);
    if (!t) goto fail;
    if (FT_Init_FreeType(&t->library)) goto fail;
    st = BT_E_FORMAT;
    if (font.size > INT32_MAX || FT_New_Memory_Face(t->library, font.data, (FT_Long)font.size, 0, &t->face)) goto fail;
    if (!FT_IS_SCALABLE(t->face) || t->face->units_per_EM == 0) goto fail;
    /* A capital's height is measured on its outline: an 'I' has no overshoot. */
    if (FT_Load_Char(t->face, 'I', FT_LOAD_NO_SCALE) || t->face->glyph->metrics.height <= 0) goto fail;
    t->cap_per_em = (float)t->face->glyph->metrics.height / (float)t->face->units_per_EM;
    st = BT_E_MEMORY;
    blob = hb_blob_create((const char *)font.data, (unsigned)font.size, HB_MEMORY_MODE_READONLY, NULL, NULL);
    t->shape_face = hb_face_create(blob, 0);
    t->shape_font = hb_font_create(t->shape_face);
    if (t->shape_font == hb_font_get_empty()) goto fail;
    hb_blob_destroy(blob);
    *out_text = t;
    return BT_OK;
fail:
    hb_blob_destroy(blob);
    bt_text_destroy(&t);
    return st;
}

void bt_text_destroy(struct bt_text **text) {
    struct bt_text *t = *text;
    if (!t) return;
    hb_font_destroy(t->shape_font);
    hb_face_destroy(t->shape_face);
    if (t->face) FT_Done_Face(t->face);
    if (t->library) FT_Done_FreeType(t->library);
    free(t);
    *text = NULL;
}

float bt_text_em_of_capital(const struct bt_text *text, float cap_px) {
    /* FreeType sizes are 26.6: rounded up, so that the capital never falls short. */
    return ceilf(cap_px / text->cap_per_em * 64.0f) / 64.0f;
}

/* A shaped line. 26.6 fixed point, as FreeType's. */
static bt_status shape(struct bt_text *t, const char *utf8, uint32_t length, float em_px, hb_buffer_t **out_buffer) {
    int scale = (int)lrintf(em_px * 64.0f);
    hb_buffer_t *buffer = hb_buffer_create();
    hb_buffer_add_utf8(buffer, utf8, (int)length, 0, (int)length);
    hb_buffer_guess_segment_properties(buffer);
    hb_font_set_scale(t->shape_font, scale, scale);
    /* Full-width punctuation among Latin letters tears a hole: take the proportional forms where the font has them. */
    hb_feature_t proportional = {HB_TAG('p', 'a', 'l', 't'), 1, HB_FEATURE_GLOBAL_START, HB_FEATURE_GLOBAL_END};
    hb_shape(t->shape_font, buffer, &proportional, 1);
    if (!hb_buffer_allocation_successful(buffer)) {
        hb_buffer_destroy(buffer);
        return BT_E_MEMORY;
    }
    *out_buffer = buffer;
    return BT_OK;
}

bt_status bt_text_width(struct bt_text *text, const char *utf8, uint32_t length, float em_px, float *out_px) {
    hb_buffer_t *buffer;
    bt_status st = shape(text, utf8, length, em_px, &buffer);
    if (st) return st;
    unsigned count;
    const hb_glyph_position_t *at = hb_buffer_get_glyph_positions(buffer, &count);
    int64_t sum = 0;
    for (unsigned i = 0; i < count; i++) sum += at[i].x_advance;
    hb_buffer_destroy(buffer);
    *out_px = (float)sum / 64.0f;
    return BT_OK;
}

/* Loads glyph i's outline at its place on the line. */
static bt_status place(struct bt_text *t, const hb_glyph_info_t *glyph, const hb_glyph_position_t *at, FT_Pos pen_x,
                       FT_Pos pen_y) {
    if (glyph->codepoint == 0) return BT_E_NOT_FOUND;
    if (FT_Load_Glyph(t->face, glyph->codepoint, FT_LOAD_NO_HINTING | FT_LOAD_NO_BITMAP)) return BT_E_FORMAT;
    if (t->face->glyph->format != FT_GLYPH_FORMAT_OUTLINE) return BT_E_FORMAT;
    FT_Outline_Translate(&t->face->glyph->outline, pen_x + at->x_offset, pen_y + at->y_offset);
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

bt_status bt_text_draw(struct bt_text *text, const char *utf8, uint32_t length, float em_px, struct bt_ink *out_ink) {
    struct bt_ink ink = {0};
    hb_buffer_t *buffer = NULL;
    bt_status st = shape(text, utf8, length, em_px, &buffer);
    if (st) goto fail;
    unsigned count;
    const hb_glyph_info_t *glyph = hb_buffer_get_glyph_infos(buffer, &count);
    const hb_glyph_position_t *at = hb_buffer_get_glyph_positions(buffer, &count);
    st = BT_E_FORMAT;
    if (FT_Set_Char_Size(text->face, 0, (FT_F26Dot6)lrintf(em_px * 64.0f), 72, 72)) goto fail;
    /* First the extent of all ink, then the ink. */
    FT_BBox all = {INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN};
    for (int pass = 0; pass < 2; pass++) {
        FT_Pos x = 0, y = 0;
        for (unsigned i = 0; i < count; i++) {
            if ((st = place(text, &glyph[i], &at[i], x, y))) goto fail;
            x += at[i].x_advance;
            y += at[i].y_advance;
            FT_GlyphSlot slot = text->face->glyph;
            if (slot->outline.n_points == 0) continue;
            if (pass == 0) {
                FT_BBox box;
                FT_Outline_Get_CBox(&slot->outline, &box);
                all.xMin = box.xMin < all.xMin ? box.xMin : all.xMin;
                all.yMin = box.yMin < all.yMin ? box.yMin : all.yMin;
                all.xMax = box.xMax > all.xMax ? box.xMax : all.xMax;
                all.yMax = box.yMax > all.yMax ? box.yMax : all.yMax;
                continue;
            }
            st = BT_E_FORMAT;
            if (FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL)) goto fail;
            stamp(&ink, slot);
        }
        if (pass == 1 || all.xMin > all.xMax) break;
        ink.left = (int32_t)(all.xMin >> 6);
        ink.top = (int32_t)((all.yMax + 63) >> 6);
        ink.w = (uint32_t)(((all.xMax + 63) >> 6) - ink.left);
        ink.h = (uint32_t)(ink.top - (all.yMin >> 6));
        st = BT_E_MEMORY;
        if (!(ink.coverage = calloc(ink.w, ink.h))) goto fail;
    }
    hb_buffer_destroy(buffer);
    *out_ink = ink;
    return BT_OK;
fail:
    hb_buffer_destroy(buffer);
    bt_disclose_ink_finish(&ink);
    return st;
}

/* The character at s, and how many bytes it takes. The strings are the program's own, well-formed UTF-8. */
static uint32_t character(const char *s, uint32_t *out_bytes) {
    const uint8_t *b = (const uint8_t *)s;
    uint32_t n = b[0] < 0x80 ? 1 : b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
    uint32_t c = n == 1 ? b[0] : b[0] & (0x7fu >> n);
    for (uint32_t i = 1; i < n && b[i]; i++) c = c << 6 | (b[i] & 0x3fu);
    *out_bytes = n;
    return c;
}

static int ideograph(uint32_t c) {
    return c >= 0x2e80 && !(c >= 0x3000 && c <= 0x303f) && !(c >= 0xff00 && c <= 0xff65); /* not closing punctuation */
}

static bt_status fill_lines(struct bt_text *text, const char *utf8, float em_px, float max_px, struct bt_lines *lines) {
    struct bt_lines done = *lines;
    const char *start = utf8;
    while (*start) {
        /* The longest run from `start` that fits and ends where a line may end. */
        uint32_t best = 0, n;
        float best_w = 0.0f, w;
        for (const char *s = start; *s;) {
            uint32_t c = character(s, &n), before = (uint32_t)(s - start), next_bytes;
            s += n;
            uint32_t next = *s ? character(s, &next_bytes) : 0;
            bool may_end = !*s || c == ' ' || next == ' ' || (ideograph(next) && c != ' ') ||
                           (ideograph(c) && next != 0xff0c && next != 0x3002);
            if (!may_end) continue;
            uint32_t length = c == ' ' ? before : (uint32_t)(s - start);
            bt_status st = bt_text_width(text, start, length, em_px, &w);
            if (st) return st;
            if (w > max_px) break;
            best = length;
            best_w = w;
        }
        if (best == 0 || done.count == BT_LINES_MAX) return BT_E_ARGUMENT;
        done.line[done.count++] = (struct bt_line){start, best, best_w};
        start += best;
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
