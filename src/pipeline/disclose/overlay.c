/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/overlay.h"
#include "disclose/pack.h"
#include "embed/bt_disclose_font.h"
#include "embed/bt_disclose_font_arabic.h"
#include "embed/bt_disclose_font_devanagari.h"
#include "embed/bt_disclose_font_hebrew.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/disclose/strings.h"
#include <math.h>
#include <string.h>

/* GB 45438-2025 5.4 asks for text of 5 % of the shortest side; 5.5 % leaves room for rounding and scaling. */
#define LABEL_CAP_SHARE 0.055f
/* Below 9 px the strokes of 成 run together. */
#define LABEL_CAP_LEAST  9.0f
#define BANNER_CAP_SHARE 0.034f
#define BANNER_CAP_LEAST 7.0f

/* WCAG 2.1 contrast of the text on the plate: 18.6 : 1; of the translucent banner over white: 13 : 1. */
static const struct bt_paint text_paint = {255, 255, 255, 255};
static const struct bt_paint edge_paint = {86, 90, 98, 255};
static const struct bt_paint label_paint = {14, 17, 22, 255};
static const struct bt_paint banner_paint = {14, 17, 22, 225};

struct bt_bytes bt_disclose_overlay_font(void) {
    return (struct bt_bytes){bt_disclose_font, bt_disclose_font_bytes};
}

bt_status bt_disclose_overlay_text(struct bt_text **out_text) {
    const struct bt_bytes more[] = {{bt_disclose_font_devanagari, bt_disclose_font_devanagari_bytes},
                                    {bt_disclose_font_arabic, bt_disclose_font_arabic_bytes},
                                    {bt_disclose_font_hebrew, bt_disclose_font_hebrew_bytes}};
    struct bt_text *text = NULL;
    bt_status st = bt_text_create(bt_disclose_overlay_font(), &text);
    for (uint32_t i = 0; !st && i < BT_COUNT(more); i++) st = bt_text_add(text, more[i]);
    if (st)
        bt_text_destroy(&text);
    else
        *out_text = text;
    return st;
}

static uint32_t even_up(float v) {
    return 2u * (uint32_t)ceilf(0.5f * v);
}

/* How far ink reaches above and below the baseline, px. */
struct reach {
    float above, below;
};

/* Plate around lines: width by the widest, height by their count, and by `reach` where letters with marks need more. */
static void enclose(struct bt_plate *p, float pad_x, float pad_y, struct reach reach) {
    float cap = (float)p->cap_px, widest = 0.0f;
    for (uint32_t i = 0; i < p->lines.count; i++) widest = fmaxf(widest, p->lines.line[i].width_px);
    p->line_px = roundf(fmaxf(1.9f * cap, reach.above + reach.below + 0.2f * cap));
    p->baseline0_px = roundf(pad_y) + cap;
    p->w = even_up(widest + 2.0f * pad_x);
    float bottom = roundf(fmaxf(pad_y, reach.below + 0.3f * cap));
    p->h = even_up(p->baseline0_px + (float)(p->lines.count - 1) * p->line_px + bottom);
}

/* The words that rules add: below the default's, no wider than those where that takes at most three lines. */
static bt_status add_words(struct bt_text *text, const char *extra, float most_px, struct bt_plate *p,
                           struct reach *out_reach) {
    float widest = 0.0f;
    const uint32_t first = p->lines.count;
    for (uint32_t i = 0; i < p->lines.count; i++) widest = fmaxf(widest, p->lines.line[i].width_px);
    struct bt_lines narrow = p->lines;
    bt_status st = bt_text_wrap(text, extra, p->em_px, fminf(widest, most_px), &narrow);
    if (!st && narrow.count <= p->lines.count + 3)
        p->lines = narrow;
    else if (!st || st == BT_E_ARGUMENT)
        st = bt_text_wrap(text, extra, p->em_px, most_px, &p->lines);
    for (uint32_t i = first; !st && i < p->lines.count; i++) {
        struct bt_ink ink;
        if ((st = bt_text_draw_line(text, &p->lines.line[i], p->em_px, &ink))) break;
        out_reach->above = fmaxf(out_reach->above, (float)ink.top);
        out_reach->below = fmaxf(out_reach->below, (float)((int32_t)ink.h - ink.top));
        bt_disclose_ink_finish(&ink);
    }
    return st;
}

/* The label in so many lines of the default's words, top right. BT_E_ARGUMENT: no room. */
static bt_status lay_label(struct bt_text *text, uint32_t w, uint32_t h, const struct bt_label_rules *rules, uint32_t lines,
                           struct bt_plate *out_plate) {
    static const char *const one[] = {bt_string_LABEL}, *const two[] = {bt_string_LABEL_FIRST, bt_string_LABEL_SECOND};
    float side = (float)(w < h ? w : h), share = LABEL_CAP_SHARE;
    if (rules && rules->height_frac > share) share = fminf(rules->height_frac, 1.0f); /* what is no number counts as nothing */
    struct bt_plate p = {.cap_px = (uint32_t)fmaxf(ceilf(share * side), LABEL_CAP_LEAST)};
    float cap = (float)p.cap_px;
    p.em_px = bt_text_em_of_capital(text, cap);
    uint32_t margin = even_up(0.4f * cap);
    struct reach reach = {0.0f, 0.0f};
    for (uint32_t i = 0; i < lines; i++) {
        bt_status st = bt_text_wrap(text, lines == 1 ? one[i] : two[i], p.em_px, INFINITY, &p.lines);
        if (st) return st;
    }
    if (rules && rules->extra) {
        float most = (float)w - 2.0f * (float)margin - 1.1f * cap - 2.0f;
        bt_status st = add_words(text, rules->extra, most, &p, &reach);
        if (st) return st;
    }
    enclose(&p, 0.55f * cap, 0.55f * cap, reach);
    if (p.w + 2 * margin > w || p.h + 2 * margin > h) return BT_E_ARGUMENT;
    p.x = w - margin - p.w;
    p.y = margin;
    *out_plate = p;
    return BT_OK;
}

/* The banner at the bottom, its two sentences on one line, or each in `parts`. BT_E_ARGUMENT: no room. */
static bt_status lay_banner(struct bt_text *text, uint32_t w, uint32_t h, uint32_t parts, struct bt_plate *out_plate) {
    static const char *const sentence[] = {bt_string_BANNER_FIRST, bt_string_BANNER_SECOND};
    float side = (float)(w < h ? w : h);
    struct bt_plate p = {.cap_px = (uint32_t)fmaxf(ceilf(BANNER_CAP_SHARE * side), BANNER_CAP_LEAST)};
    float cap = (float)p.cap_px;
    p.em_px = bt_text_em_of_capital(text, cap);
    uint32_t margin = even_up(0.6f * cap);
    float pad_x = 0.9f * cap, pad_y = 0.75f * cap, most = (float)w - 2.0f * (float)margin - 2.0f * pad_x - 2.0f, whole = 0.0f;
    bt_status st = BT_OK;
    if (!parts) {
        st = bt_text_wrap(text, bt_string_BANNER, p.em_px, most, &p.lines);
        if (!st && p.lines.count > 1) st = BT_E_ARGUMENT;
    }
    for (uint32_t i = 0; !st && parts && i < BT_COUNT(sentence); i++) {
        st = bt_text_width(text, sentence[i], (uint32_t)strlen(sentence[i]), p.em_px, &whole);
        /* Lines end at words: a little more than its part. */
        float limit = parts > 1 ? fminf(most, whole / (float)parts + 2.5f * cap) : most;
        if (!st) st = bt_text_wrap(text, sentence[i], p.em_px, limit, &p.lines);
    }
    if (st) return st;
    enclose(&p, pad_x, pad_y, (struct reach){0.0f, 0.0f});
    if (p.w + 2 * margin > w || p.h + 2 * margin > h) return BT_E_ARGUMENT;
    p.x = (w - p.w) / 4 * 2;
    p.y = h - margin - p.h;
    *out_plate = p;
    return BT_OK;
}

static bool narrower(const struct bt_plate *shapes, uint32_t count, const struct bt_plate *plate) {
    return !count || plate->w < shapes[count - 1].w;
}

bt_status bt_disclose_layout_of(struct bt_text *text, uint32_t frame_w, uint32_t frame_h, const struct bt_label_rules *rules,
                                struct bt_layout *out_layout) {
    struct bt_layout l = {.frame_w = frame_w, .frame_h = frame_h};
    for (uint32_t i = 0; i < BT_BANNER_SHAPES; i++) {
        struct bt_plate plate;
        bt_status st = lay_banner(text, frame_w, frame_h, i, &plate);
        if (st && st != BT_E_ARGUMENT) return st;
        if (!st && narrower(l.banner, l.banners, &plate)) l.banner[l.banners++] = plate;
    }
    if (!l.banners) return BT_E_ARGUMENT;
    /* Whatever the label's shape, the banner's first has a place opposite. */
    const uint32_t below = frame_h - l.banner[0].y;
    for (uint32_t i = 0; i < BT_LABEL_SHAPES; i++) {
        struct bt_plate plate;
        bt_status st = lay_label(text, frame_w, frame_h, rules, i + 1, &plate);
        if (st && (st != BT_E_ARGUMENT || (!l.labels && i + 1 == BT_LABEL_SHAPES))) return st;
        if (st) continue;
        l.step_px = plate.cap_px < 40 ? 2 : plate.cap_px / 20 * 2;
        if (plate.y + plate.h + l.step_px + BT_PACK_APART_Y + below > frame_h) continue;
        if (narrower(l.label, l.labels, &plate)) l.label[l.labels++] = plate;
    }
    if (!l.labels) return BT_E_ARGUMENT;
    *out_layout = l;
    return BT_OK;
}

bt_status bt_disclose_lines_draw(struct bt_text *text, const struct bt_lines *lines, float em_px, struct bt_canvas *canvas,
                                 float left, float width, float baseline, float line_px, struct bt_paint paint) {
    for (uint32_t i = 0; i < lines->count; i++) {
        const struct bt_line *l = &lines->line[i];
        struct bt_ink ink;
        bt_status st = bt_text_draw_line(text, l, em_px, &ink);
        if (st) return st;
        float x = left + 0.5f * (width - l->width_px);
        bt_disclose_canvas_ink(canvas, &ink, (int32_t)lrintf(x), (int32_t)lrintf(baseline + (float)i * line_px), paint);
        bt_disclose_ink_finish(&ink);
    }
    return BT_OK;
}

static bt_status draw(struct bt_text *text, const struct bt_plate *p, struct bt_paint paint, bool edged,
                      struct bt_canvas *canvas) {
    bt_status st = bt_disclose_canvas_init(canvas, p->w, p->h);
    if (st) return st;
    float cap = (float)p->cap_px, w = (float)p->w, h = (float)p->h, radius = 0.45f * cap;
    /* The hairline sets the plate off from a dark picture. */
    float edge = edged ? fmaxf(1.0f, roundf(cap / 24.0f)) : 0.0f;
    if (edged) bt_disclose_canvas_plate(canvas, (struct bt_rect){0.0f, 0.0f, w, h}, radius, edge_paint);
    bt_disclose_canvas_plate(canvas, (struct bt_rect){edge, edge, w - 2.0f * edge, h - 2.0f * edge}, radius - edge, paint);
    return bt_disclose_lines_draw(text, &p->lines, p->em_px, canvas, 0.0f, w, p->baseline0_px, p->line_px, text_paint);
}

bt_status bt_disclose_overlay_init(struct bt_text *text, uint32_t frame_w, uint32_t frame_h, const struct bt_label_rules *rules,
                                   struct bt_overlay *out_overlay) {
    struct bt_overlay o = {0};
    bt_status st = bt_disclose_layout_of(text, frame_w, frame_h, rules, &o.layout);
    for (uint32_t i = 0; !st && i < o.layout.labels; i++) st = draw(text, &o.layout.label[i], label_paint, true, &o.label[i]);
    for (uint32_t i = 0; !st && i < o.layout.banners; i++)
        st = draw(text, &o.layout.banner[i], banner_paint, false, &o.banner[i]);
    if (st) goto fail;
    *out_overlay = o;
    return BT_OK;
fail:
    bt_disclose_overlay_finish(&o);
    return st;
}

void bt_disclose_overlay_finish(struct bt_overlay *overlay) {
    for (uint32_t i = 0; i < BT_LABEL_SHAPES; i++) bt_disclose_canvas_finish(&overlay->label[i]);
    for (uint32_t i = 0; i < BT_BANNER_SHAPES; i++) bt_disclose_canvas_finish(&overlay->banner[i]);
}
