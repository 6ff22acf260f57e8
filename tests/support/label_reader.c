/* SPDX-License-Identifier: MIT */
#include "support/label_reader.h"
#include <ft2build.h>
#include FT_FREETYPE_H
#include FT_OUTLINE_H
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* GB 45438-2025 5.4: at least 5 % of the shortest side. The search goes a little lower, to say "too small" rather than "none".
 */
#define CAP_SHARE_LEAST 0.05f
#define CAP_SEARCH_FROM 0.035f
#define CAP_SEARCH_TO   0.095f
#define MATCH_LEAST     0.75f
#define GLYPH_LEAST     0.76f
#define CONTRAST_LEAST  4.5f
enum { GLYPHS_MAX = 12 };

struct gray {
    float *v;
    int w, h;
};

/* A word drawn at some size; x0, x1: columns of each glyph. */
struct word {
    struct gray ink;
    int count, x0[GLYPHS_MAX], x1[GLYPHS_MAX];
};

struct place {
    float em, score;
    int x, y;
};

struct label_reader {
    FT_Library library;
    FT_Face face;
    float cap_per_em;
    uint32_t w, h;
    bool known;
    struct place place[2];
};

static const uint32_t latin[] = {'A', 'I', ' ', 'M', 'O', 'D', 'I', 'F', 'I', 'E', 'D', 0};
static const uint32_t chinese[] = {'A', 'I', 0x751f, 0x6210, 0};

struct label_picture label_picture_planar(const uint8_t *y, size_t stride, uint32_t w, uint32_t h) {
    return (struct label_picture){y, stride, 1, w, h};
}

struct label_picture label_picture_yuyv(const uint8_t *bytes, uint32_t w, uint32_t h) {
    return (struct label_picture){bytes, 2 * (size_t)w, 2, w, h};
}

struct label_reader *label_reader_open(const uint8_t *font, size_t font_bytes) {
    struct label_reader *r = calloc(1, sizeof *r);
    if (!r || FT_Init_FreeType(&r->library)) {
        free(r);
        return NULL;
    }
    if (FT_New_Memory_Face(r->library, font, (FT_Long)font_bytes, 0, &r->face)) {
        label_reader_close(r);
        return NULL;
    }
    for (int i = 0; latin[i]; i++)
        if (!FT_Get_Char_Index(r->face, latin[i])) label_reader_close(r), r = NULL, i = 10;
    if (!r) return NULL;
    if (!FT_Get_Char_Index(r->face, 0x751f) || !FT_Get_Char_Index(r->face, 0x6210) ||
        FT_Load_Char(r->face, 'M', FT_LOAD_NO_SCALE)) {
        label_reader_close(r);
        return NULL;
    }
    r->cap_per_em = (float)r->face->glyph->metrics.horiBearingY / (float)r->face->units_per_EM;
    return r;
}

void label_reader_close(struct label_reader *r) {
    if (!r) return;
    if (r->face) FT_Done_Face(r->face);
    FT_Done_FreeType(r->library);
    free(r);
}

static struct gray gray_of(int w, int h) {
    return (struct gray){calloc((size_t)(w > 0 ? w : 1) * (size_t)(h > 0 ? h : 1), sizeof(float)), w, h};
}

/* Letters one after another by their advances: no kerning, which the tolerance of a glyph's place makes good. */
static struct word draw_word(struct label_reader *r, const uint32_t *text, float em) {
    struct word word = {0};
    FT_Set_Char_Size(r->face, 0, (FT_F26Dot6)(em * 64.0f), 72, 72);
    int above = (int)ceilf(em), below = (int)ceilf(0.3f * em), width = 4;
    for (int i = 0; text[i]; i++) {
        FT_Load_Char(r->face, text[i], FT_LOAD_NO_HINTING);
        width += (int)(r->face->glyph->linearHoriAdvance >> 16) + 1;
    }
    word.ink = gray_of(width, above + below);
    float pen = 1.0f;
    int top = above + below, bottom = 0, right = 0;
    for (int i = 0; text[i]; i++) {
        FT_Load_Char(r->face, text[i], FT_LOAD_NO_HINTING);
        FT_GlyphSlot slot = r->face->glyph;
        float advance = (float)slot->linearHoriAdvance / 65536.0f;
        FT_Outline_Translate(&slot->outline, (FT_Pos)((pen - floorf(pen)) * 64.0f), 0);
        FT_Render_Glyph(slot, FT_RENDER_MODE_NORMAL);
        int x0 = (int)floorf(pen) + slot->bitmap_left, y0 = above - slot->bitmap_top;
        for (int y = 0; y < (int)slot->bitmap.rows; y++)
            for (int x = 0; x < (int)slot->bitmap.width; x++)
                if (x0 + x >= 0 && x0 + x < width && y0 + y >= 0 && y0 + y < word.ink.h)
                    word.ink.v[(y0 + y) * width + x0 + x] += (float)slot->bitmap.buffer[y * slot->bitmap.pitch + x] / 255.0f;
        if (slot->bitmap.width) {
            word.x0[word.count] = x0;
            word.x1[word.count++] = x0 + (int)slot->bitmap.width;
            top = y0 < top ? y0 : top;
            bottom = y0 + (int)slot->bitmap.rows > bottom ? y0 + (int)slot->bitmap.rows : bottom;
            right = x0 + (int)slot->bitmap.width;
        }
        pen += advance;
    }
    /* Cut to the ink with a margin, so that the dark around it counts. */
    int margin = (int)ceilf(0.12f * em), left = word.x0[0];
    struct gray cut = gray_of(right - left + 2 * margin, bottom - top + 2 * margin);
    for (int y = top; y < bottom; y++)
        memcpy(cut.v + (y - top + margin) * cut.w + margin, word.ink.v + y * width + left,
               (size_t)(right - left) * sizeof(float));
    for (int i = 0; i < word.count; i++) word.x0[i] += margin - left, word.x1[i] += margin - left;
    free(word.ink.v);
    word.ink = cut;
    return word;
}

/* The picture's luma, 0 … 1, `shrink` times smaller, each pixel the mean of what it covers. */
static struct gray shrink(const struct label_picture *p, float by, uint32_t rows) {
    struct gray g = gray_of((int)((float)p->w / by), (int)((float)rows / by));
    for (int y = 0; y < g.h; y++)
        for (int x = 0; x < g.w; x++) {
            uint32_t x0 = (uint32_t)((float)x * by), x1 = (uint32_t)((float)(x + 1) * by), y0 = (uint32_t)((float)y * by),
                     y1 = (uint32_t)((float)(y + 1) * by);
            x1 = x1 > x0 ? x1 : x0 + 1, y1 = y1 > y0 ? y1 : y0 + 1;
            float sum = 0.0f;
            for (uint32_t j = y0; j < y1; j++)
                for (uint32_t i = x0; i < x1; i++) sum += (float)p->y[j * p->stride + i * p->step];
            g.v[y * g.w + x] = (sum / (float)((x1 - x0) * (y1 - y0)) - 16.0f) / 219.0f;
        }
    return g;
}

/* Normalised correlation of columns c0 … c1 of the ink with the picture at (x, y); -1 where it does not fit. */
static float correlate(const struct gray *g, const struct gray *ink, int x, int y, int c0, int c1) {
    if (x + c0 < 0 || y < 0 || x + c1 > g->w || y + ink->h > g->h) return -1.0f;
    float a = 0.0f, b = 0.0f, aa = 0.0f, bb = 0.0f, ab = 0.0f, n = (float)((c1 - c0) * ink->h);
    for (int j = 0; j < ink->h; j++) {
        const float *p = g->v + (y + j) * g->w + x, *q = ink->v + j * ink->w;
        for (int i = c0; i < c1; i++) a += p[i], b += q[i], aa += p[i] * p[i], bb += q[i] * q[i], ab += p[i] * q[i];
    }
    float va = aa - a * a / n, vb = bb - b * b / n;
    /* Texture that is nearly flat matches nothing: a code or two of noise must not look like letters. */
    return va > 4e-4f * n && vb > 0.0f ? (ab - a * b / n) / sqrtf(va * vb) : 0.0f;
}

static void try_sizes(struct label_reader *r, const struct gray *g, const uint32_t *text, float from, float to, float ratio,
                      int x0, int y0, int x1, int y1, float scale, struct place *best) {
    for (float em = from; em <= to * 1.0001f; em *= ratio) {
        struct word word = draw_word(r, text, em / scale);
        for (int y = y0 < 0 ? 0 : y0; y <= y1 && y + word.ink.h <= g->h; y++)
            for (int x = x0 < 0 ? 0 : x0; x <= x1 && x + word.ink.w <= g->w; x++) {
                float score = correlate(g, &word.ink, x, y, 0, word.ink.w);
                if (score > best->score) *best = (struct place){em, score, x, y};
            }
        free(word.ink.v);
    }
}

/* Coarse to fine. The box is where the word's top left may lie, in px of the picture; `best` comes in px of the picture. */
static struct place find(struct label_reader *r, const struct label_picture *p, const uint32_t *text, float em0, float em1,
                         float box_x0, float box_y0, float box_x1, float box_y1) {
    struct place best = {0.0f, -1.0f, 0, 0};
    uint32_t rows = (uint32_t)fminf((float)p->h, box_y1 + 1.6f * em1);
    float by = fmaxf(1.0f, em0 * r->cap_per_em / 3.5f);
    bool first = true;
    for (;; by = fmaxf(1.0f, 0.5f * by)) {
        struct gray g = shrink(p, by, rows);
        if (first) {
            try_sizes(r, &g, text, em0, em1, 1.045f, (int)(box_x0 / by), (int)(box_y0 / by), (int)(box_x1 / by),
                      (int)(box_y1 / by), by, &best);
        } else { /* the last level's place, in this level's px */
            struct place near = best;
            best.score = -1.0f;
            int reach = by == 1.0f ? 3 : 2, x = (int)((float)near.x / by), y = (int)((float)near.y / by);
            float fine = 1.0f + 0.6f / fmaxf(near.em / by, 20.0f);
            try_sizes(r, &g, text, near.em / (fine * fine * fine), near.em * fine * fine * fine, fine, x - reach, y - reach,
                      x + reach, y + reach, by, &best);
        }
        free(g.v);
        if (best.score < 0.0f) return best;
        best.x = (int)((float)best.x * by);
        best.y = (int)((float)best.y * by);
        first = false;
        if (by == 1.0f) return best;
    }
}

static float luminance(float v) {
    v = fminf(fmaxf(v, 0.0f), 1.0f);
    return v <= 0.03928f ? v / 12.92f : powf((v + 0.055f) / 1.055f, 2.4f);
}

/* Strokes' cores, and the ground a pixel off them, of columns c0 … c1. */
struct tone {
    float core, core_n, ground, ground_n;
};

static void sample(const struct gray *g, const struct gray *ink, int at_x, int at_y, int c0, int c1, struct tone *t) {
    for (int y = 1; y + 1 < ink->h; y++)
        for (int x = c0 > 1 ? c0 : 1; x < c1 && x + 1 < ink->w; x++) {
            float most = 0.0f, least = 1.0f, luma = g->v[(at_y + y) * g->w + at_x + x];
            for (int k = 0; k < 9; k++) {
                float v = ink->v[(y - 1 + k / 3) * ink->w + x - 1 + k % 3];
                most = fmaxf(most, v), least = fminf(least, v);
            }
            float v = ink->v[y * ink->w + x];
            if (v > 0.98f && (least > 0.3f || ink->h < 40)) t->core += luma, t->core_n++;
            if (most == 0.0f) t->ground += luma, t->ground_n++;
        }
}

/* Each letter by itself, at most a little off its place: without kerning, a long word as a whole drifts. */
static void read_word(struct label_reader *r, const struct label_picture *p, const uint32_t *text, const struct place *at,
                      struct label_reading *out) {
    struct word word = draw_word(r, text, at->em);
    uint32_t rows = (uint32_t)(at->y + word.ink.h + (int)at->em);
    struct gray g = shrink(p, 1.0f, rows < p->h ? rows : p->h);
    int reach_x = 1 + (int)(0.12f * at->em), reach_y = 1 + (int)(0.03f * at->em), pad = (int)ceilf(0.06f * at->em);
    float sum = 0.0f;
    struct tone tone = {0.0f, 0.0f, 0.0f, 0.0f};
    for (int i = 0; i < word.count; i++) {
        struct place best = {at->em, -1.0f, at->x, at->y};
        for (int dy = -reach_y; dy <= reach_y; dy++)
            for (int dx = -reach_x; dx <= reach_x; dx++) {
                float s = correlate(&g, &word.ink, at->x + dx, at->y + dy, word.x0[i] - pad, word.x1[i] + pad);
                if (s > best.score) best = (struct place){at->em, s, at->x + dx, at->y + dy};
            }
        if (best.score > 0.0f) sample(&g, &word.ink, best.x, best.y, word.x0[i], word.x1[i], &tone);
        out->worst_glyph = fminf(out->worst_glyph, best.score);
        sum += best.score;
    }
    out->match = fminf(out->match, sum / (float)word.count);
    float ratio = 1.0f;
    if (tone.core_n > 0.0f && tone.ground_n > 0.0f)
        ratio = (luminance(tone.core / tone.core_n) + 0.05f) / (luminance(tone.ground / tone.ground_n) + 0.05f);
    out->contrast = fminf(out->contrast, ratio);
    free(word.ink.v);
    free(g.v);
}

/* Kerning that is not known here stretches the word: the letters themselves say their size. */
static void refine(struct label_reader *r, const struct label_picture *p, const uint32_t *text, struct place *place) {
    struct place whole = *place;
    float best = -1.0f;
    for (int k = -4; k <= 4; k++) {
        struct label_reading tried = {.match = 1.0f, .worst_glyph = 1.0f, .contrast = 100.0f};
        struct place at = whole;
        at.em *= 1.0f + 0.005f * (float)k;
        read_word(r, p, text, &at, &tried);
        if (tried.match > best) best = tried.match, place->em = at.em;
    }
}

static void search(struct label_reader *r, const struct label_picture *p) {
    float side = (float)(p->w < p->h ? p->w : p->h), w = (float)p->w, h = (float)p->h;
    float em0 = CAP_SEARCH_FROM * side / r->cap_per_em, em1 = CAP_SEARCH_TO * side / r->cap_per_em;
    r->place[0] = find(r, p, latin, em0, em1, 0.0f, 0.0f, w, 0.4f * h);
    if (r->place[0].score < MATCH_LEAST) { /* a face may have driven it down */
        struct place low = find(r, p, latin, em0, em1, 0.0f, 0.6f * h, w, h);
        if (low.score > r->place[0].score) r->place[0] = low;
    }
    if (r->place[0].score < 0.0f) return;
    refine(r, p, latin, &r->place[0]);
    /* The Chinese half stands before it or above it. */
    float em = r->place[0].em, x = (float)r->place[0].x, y = (float)r->place[0].y;
    r->place[1] = find(r, p, chinese, em * 0.97f, em * 1.03f, x - 6.0f * em, y - 2.0f * em, x + 5.0f * em, y + 0.5f * em);
    if (r->place[1].score > 0.0f) refine(r, p, chinese, &r->place[1]);
}

struct label_reading label_reader_read(struct label_reader *r, const struct label_picture *p) {
    struct label_reading out = {0};
    float side = (float)(p->w < p->h ? p->w : p->h);
    bool known = r->known && r->w == p->w && r->h == p->h;
    r->w = p->w, r->h = p->h;
    for (int attempt = known ? 0 : 1; attempt < 2; attempt++) {
        if (attempt == 1) search(r, p);
        out = (struct label_reading){.match = -1.0f, .lacks = "no label is found"};
        if (r->place[0].score < 0.0f || r->place[1].score < 0.0f) continue;
        out.match = out.worst_glyph = out.contrast = 1e9f;
        out.lacks = NULL;
        for (int k = 0; k < 2; k++) {
            const uint32_t *text = k ? chinese : latin;
            const struct place *at = &r->place[k];
            read_word(r, p, text, at, &out);
            out.cap_px = at->em * r->cap_per_em;
        }
        float x = fminf((float)r->place[0].x, (float)r->place[1].x), y = (float)r->place[0].y;
        float end = (float)r->place[0].x + 6.2f * r->place[0].em; /* roughly where the Latin word ends */
        if ((float)p->w - end > 3.0f * out.cap_px && x > 3.0f * out.cap_px) out.lacks = "the label is not at a side";
        if (y > 6.0f * out.cap_px && y + 6.0f * out.cap_px < (float)p->h) out.lacks = "the label is not at the top or bottom";
        if (out.cap_px < CAP_SHARE_LEAST * side) out.lacks = "the letters are too small";
        if (out.contrast < CONTRAST_LEAST) out.lacks = "the contrast is too low";
        if (out.worst_glyph < GLYPH_LEAST) out.lacks = "a letter is missing";
        if (out.match < MATCH_LEAST) out.lacks = "no label is found";
        if (!out.lacks) break;
    }
    out.there = out.lacks == NULL;
    r->known = out.there;
    return out;
}
