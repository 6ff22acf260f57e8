/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/placard.h"
#include "disclose/pack.h"
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/disclose/strings.h"
#include "watermark/dose.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define BT_STRING(name, text)
#define BT_CARD(status, what_en, what_zh, help_en, help_zh) [status] = {{what_en, what_zh}, {help_en, help_zh}},
const struct bt_card bt_disclose_cards[BAUTA_STATUS_COUNT] = {
#include "pipeline/disclose/strings.def"
};
#undef BT_STRING
#undef BT_CARD

static const struct bt_paint ground_paint = {BT_PACK_GROUND_R, BT_PACK_GROUND_G, BT_PACK_GROUND_B, 255};
static const struct bt_paint hat_paint = {52, 59, 72, 255};
static const struct bt_paint mask_paint = {233, 227, 212, 255};
static const struct bt_paint shade_paint = {196, 188, 170, 255};
static const struct bt_paint what_paint = {255, 255, 255, 255};
static const struct bt_paint help_paint = {168, 177, 191, 255};

/* A bauta, seen from the front: right halves of closed outlines as cubic Bezier curves from top to bottom, x from the middle,
   y down, the mask about 1.5 high. First point, then three a curve. */
static const struct bt_vec2 hat_half[] = {{0.0f, -1.06f},  {0.14f, -1.06f}, {0.26f, -1.02f}, {0.33f, -0.90f}, {0.58f, -0.94f},
                                          {0.80f, -1.00f}, {1.00f, -1.02f}, {0.88f, -0.72f}, {0.52f, -0.50f}, {0.0f, -0.42f}};
static const struct bt_vec2 mask_half[] = {{0.0f, -0.56f},  {0.22f, -0.56f}, {0.40f, -0.54f}, {0.47f, -0.48f},
                                           {0.52f, -0.30f}, {0.51f, -0.12f}, {0.45f, 0.02f},  {0.43f, 0.12f},
                                           {0.47f, 0.24f},  {0.52f, 0.44f},  {0.48f, 0.56f},  {0.36f, 0.68f},
                                           {0.26f, 0.76f},  {0.18f, 0.80f},  {0.10f, 0.84f},  {0.0f, 0.88f}};
static const struct bt_vec2 prow_half[] = {{0.0f, -0.16f}, {0.03f, 0.02f}, {0.08f, 0.12f}, {0.13f, 0.16f},
                                           {0.10f, 0.21f}, {0.05f, 0.22f}, {0.0f, 0.23f}};
/* The eyes, whole: one beside the middle, mirrored for the other. */
static const struct bt_vec2 eye[] = {{0.10f, -0.14f}, {0.15f, -0.25f}, {0.30f, -0.27f}, {0.38f, -0.19f},
                                     {0.32f, -0.09f}, {0.18f, -0.07f}, {0.10f, -0.14f}};

/* Flattens curves, at (x, y) with `scale` px a unit, mirrored for a negative sign. */
static uint32_t flatten(const struct bt_vec2 *p, uint32_t count, float x, float y, float scale, float sign,
                        struct bt_vec2 *out) {
    uint32_t n = 0;
    for (uint32_t i = 0; i + 3 < count; i += 3)
        for (uint32_t k = 0; k < 12; k++) {
            float t = (float)k / 12.0f, s = 1.0f - t;
            float a = s * s * s, b = 3.0f * s * s * t, c = 3.0f * s * t * t, d = t * t * t;
            out[n++] = (struct bt_vec2){x + sign * scale * (a * p[i].x + b * p[i + 1].x + c * p[i + 2].x + d * p[i + 3].x),
                                        y + scale * (a * p[i].y + b * p[i + 1].y + c * p[i + 2].y + d * p[i + 3].y)};
        }
    return n;
}

static bt_status symmetric(struct bt_canvas *canvas, const struct bt_vec2 *half, uint32_t count, float x, float y, float scale,
                           struct bt_paint paint) {
    struct bt_vec2 point[256], left[128];
    uint32_t n = flatten(half, count, x, y, scale, 1.0f, point), m = flatten(half, count, x, y, scale, -1.0f, left);
    point[n++] = (struct bt_vec2){x + scale * half[count - 1].x, y + scale * half[count - 1].y};
    while (m > 0) point[n++] = left[--m];
    return bt_disclose_canvas_polygon(canvas, point, n, paint);
}

static bt_status draw_mask(struct bt_canvas *canvas, float x, float y, float height) {
    float scale = height / 1.9f, middle = y + 1.02f * scale;
    bt_status st = symmetric(canvas, mask_half, BT_COUNT(mask_half), x, middle, scale, mask_paint);
    if (!st) st = symmetric(canvas, prow_half, BT_COUNT(prow_half), x, middle, scale, shade_paint);
    for (float sign = -1.0f; !st && sign < 2.0f; sign += 2.0f) {
        struct bt_vec2 point[64];
        uint32_t n = flatten(eye, BT_COUNT(eye), x, middle, scale, sign, point);
        st = bt_disclose_canvas_polygon(canvas, point, n, ground_paint);
    }
    if (!st) st = symmetric(canvas, hat_half, BT_COUNT(hat_half), x, middle, scale, hat_paint);
    return st;
}

/* One card's text, fitted to a box. */
struct block {
    struct bt_lines what, help;
    float what_cap, help_cap, what_em, help_em, height;
};

static bt_status fit(struct bt_text *text, const struct bt_card *card, float side, float w, float h, struct block *out) {
    /* Too little room: first without the help, then smaller. */
    for (uint32_t attempt = 0; attempt < 3; attempt++) {
        struct block b = {.what_cap = roundf(fmaxf(0.046f * side, attempt < 2 ? 8.0f : 6.0f)),
                          .help_cap = roundf(fmaxf(0.031f * side, 7.0f))};
        b.what_em = bt_text_em_of_capital(text, b.what_cap);
        b.help_em = bt_text_em_of_capital(text, b.help_cap);
        bt_status st = BT_OK;
        for (uint32_t i = 0; i < 2 && !st; i++) st = bt_text_wrap(text, card->what[i], b.what_em, w, &b.what);
        for (uint32_t i = 0; i < 2 && !st && attempt == 0; i++) st = bt_text_wrap(text, card->help[i], b.help_em, w, &b.help);
        if (st == BT_E_ARGUMENT) continue;
        if (st) return st;
        b.height = 1.9f * (b.what_cap * (float)b.what.count + b.help_cap * (float)b.help.count) +
                   (b.help.count ? 0.9f * b.what_cap : 0.0f);
        if (b.height > h) continue;
        *out = b;
        return BT_OK;
    }
    return BT_E_ARGUMENT;
}

static bt_status draw_block(struct bt_text *text, const struct block *b, struct bt_canvas *canvas, float y) {
    float w = (float)canvas->w, base = y + 1.45f * b->what_cap;
    bt_status st = bt_disclose_lines_draw(text, &b->what, b->what_em, canvas, 0.0f, w, base, 1.9f * b->what_cap, what_paint);
    if (st || b->help.count == 0) return st;
    base = y + 1.9f * b->what_cap * (float)b->what.count + 0.9f * b->what_cap + 1.45f * b->help_cap;
    return bt_disclose_lines_draw(text, &b->help, b->help_em, canvas, 0.0f, w, base, 1.9f * b->help_cap, help_paint);
}

/* Even borders around a block's ink, with an em to spare on each side. */
struct span {
    uint32_t x0, y0, x1, y1;
};

static struct span text_span(const struct block *b, const struct bt_pack_format *format, uint32_t least_y, float y) {
    float widest = 0.0f;
    for (uint32_t i = 0; i < b->what.count; i++) widest = fmaxf(widest, b->what.line[i].width_px);
    for (uint32_t i = 0; i < b->help.count; i++) widest = fmaxf(widest, b->help.line[i].width_px);
    float left = fmaxf(0.0f, 0.5f * ((float)format->w - widest) - b->what_em), top = fmaxf((float)least_y, y - b->what_em);
    struct span span = {(uint32_t)left / 2 * 2, (uint32_t)top / 2 * 2, 0, (uint32_t)(y + b->height + b->what_em) / 2 * 2};
    span.x1 = format->w - span.x0;
    if (span.y1 > format->h) span.y1 = format->h;
    return span;
}

static void compose(struct bt_canvas *canvas, const struct bt_canvas *top, uint32_t x, uint32_t y) {
    for (uint32_t j = 0; j < top->h; j++)
        for (uint32_t i = 0; i < top->w; i++) {
            const uint8_t *from = top->rgba + 4 * ((size_t)j * top->w + i);
            uint8_t *to = canvas->rgba + 4 * ((size_t)(y + j) * canvas->w + x + i);
            for (uint32_t c = 0; c < 4; c++) to[c] = (uint8_t)(from[c] + (to[c] * (255u - from[3]) + 127) / 255);
        }
}

static bool same_card(const struct bt_card *a, const struct bt_card *b) {
    bool same = true;
    for (uint32_t i = 0; i < 2; i++) same = same && !strcmp(a->what[i], b->what[i]) && !strcmp(a->help[i], b->help[i]);
    return same;
}

bt_status bt_disclose_placards_init(struct bt_text *text, const struct bt_overlay *overlay, const struct bt_pack_format *format,
                                    const struct bt_watermark_tile *tile, struct bt_placards *out_placards) {
    struct bt_placards p = {0};
    struct bt_canvas ground = {0}, card = {0};
    uint8_t *packed = NULL;
    const struct bt_plate *label = &overlay->layout.label[0];
    size_t size = bt_disclose_pack_bytes(format);
    float side = (float)(format->w < format->h ? format->w : format->h), w = (float)format->w;

    bt_status st = bt_disclose_canvas_init(&ground, format->w, format->h);
    if (!st) st = bt_disclose_canvas_init(&card, format->w, format->h);
    if (st) goto fail;
    bt_disclose_canvas_fill(&ground, ground_paint);
    /* What is the same on all: the mask, where there is room, and the label. */
    uint32_t top = (label->y + label->h + 3) / 2 * 2, room = format->h - top;
    uint32_t drawn = room >= 200 ? (uint32_t)(0.40f * fminf((float)room, 1.2f * side)) : 0;
    /* Mask and text (about 0.42 of the side) stand a little above the middle. */
    float lead = drawn ? fmaxf(0.05f * (float)room, 0.4f * ((float)(room - drawn) - 0.42f * side)) : 0.0f;
    if (drawn > 0 && (st = draw_mask(&ground, 0.5f * w, (float)top + lead, 0.94f * (float)drawn))) goto fail;
    compose(&ground, &overlay->label[0], label->x, label->y);
    bt_disclose_canvas_copy(&card, &ground, 0, 0);
    st = BT_E_MEMORY;
    if (!(packed = malloc(size))) goto fail;
    bt_disclose_pack_region(format, NULL, packed, 0, 0, format->w, format->h, bt_disclose_pack_canvas, &ground);
    const struct bt_watermark_plane luma = bt_disclose_luma(
        &(struct bt_disclosed_view){.bytes = packed, .width_px = format->w, .height_px = format->h, .egress = format->egress});
    const struct bt_pack_mark mark = {tile, p.dose = bt_watermark_dose_of(&luma)};
    bt_disclose_pack_region(format, &mark, packed, 0, 0, format->w, format->h, bt_disclose_pack_canvas, &ground);

    uint32_t text_y = top + drawn + (uint32_t)lead;
    text_y = (text_y + 1) / 2 * 2;
    float text_h = (float)(format->h - text_y) - 0.02f * side;
    for (uint32_t s = 0; s < BAUTA_STATUS_COUNT; s++) {
        for (uint32_t o = 0; o < s && !p.bytes[s]; o++)
            if (same_card(&bt_disclose_cards[o], &bt_disclose_cards[s])) p.bytes[s] = p.bytes[o];
        if (p.bytes[s]) continue;
        struct block block;
        if ((st = fit(text, &bt_disclose_cards[s], side, 0.9f * w, text_h, &block))) goto fail;
        st = BT_E_MEMORY;
        if (!(p.bytes[s] = p.owned[s] = calloc(1, size + BT_DISCLOSE_SLACK_BYTES))) goto fail;
        memcpy(p.owned[s], packed, size);
        /* Under the mask the text hangs from its top; alone, it stands in the middle. */
        float slack = text_h - block.height, y = (float)text_y + (drawn ? fminf(0.25f * slack, 0.06f * side) : 0.5f * slack);
        if ((st = draw_block(text, &block, &card, y))) goto fail;
        /* Only what the text may cover is packed anew, and wiped for the next card. */
        struct span span = text_span(&block, format, text_y, y);
        bt_disclose_pack_region(format, &mark, p.owned[s], span.x0, span.y0, span.x1, span.y1, bt_disclose_pack_canvas, &card);
        for (uint32_t line = span.y0; line < span.y1; line++) {
            size_t at = 4 * ((size_t)line * format->w + span.x0);
            memcpy(card.rgba + at, ground.rgba + at, 4 * (size_t)(span.x1 - span.x0));
        }
    }
    *out_placards = p;
    p = (struct bt_placards){0};
    st = BT_OK;
fail:
    bt_disclose_placards_finish(&p);
    bt_disclose_canvas_finish(&ground);
    bt_disclose_canvas_finish(&card);
    free(packed);
    return st;
}

void bt_disclose_placards_finish(struct bt_placards *placards) {
    for (uint32_t s = 0; s < BAUTA_STATUS_COUNT; s++) free(placards->owned[s]);
    *placards = (struct bt_placards){0};
}
