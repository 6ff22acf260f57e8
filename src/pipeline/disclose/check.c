/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/check.h"
#include "base/half.h"
#include "pipeline/disclose/canvas.h"
#include "pipeline/disclose/pack.h"
#include "watermark/dose.h"
#include "watermark/watermark.h"
#include <math.h>
#include <stdlib.h>

struct bt_mark {
    uint32_t frame_w, frame_h, w, h;
    uint8_t *luma;    /* w x h expected codes */
    uint8_t *certain; /* 1 where the label alone decides them */
};

/* A code may be off by rounding (2), by what a driver's arithmetic adds (2), and by the invisible mark. */
#define SLACK_CODES (4 + (int)BT_WATERMARK_MOST)
/* Share of plate pixels that may be further off. */
#define OUTLIERS_MOST 0.002f
#define SCORE_LEAST   0.98f
/* WCAG 2.1 success criterion 1.4.3. */
#define CONTRAST_LEAST 4.5f

bt_status bt_disclose_mark_create(const struct bt_canvas *label, uint32_t frame_w, uint32_t frame_h,
                                  struct bt_mark **out_mark) {
    size_t px = (size_t)label->w * label->h;
    struct bt_mark *m = calloc(1, sizeof *m);
    if (!m) goto fail;
    *m = (struct bt_mark){frame_w, frame_h, label->w, label->h, malloc(px), malloc(px)};
    if (!m->luma || !m->certain) goto fail;
    /* Luma's weights hardly matter: the label is gray within three codes of either standard. */
    for (size_t i = 0; i < px; i++) {
        const uint8_t *c = label->rgba + 4 * i;
        float luma = (0.2126f * (float)c[0] + 0.7152f * (float)c[1] + 0.0722f * (float)c[2]) / 255.0f;
        m->luma[i] = (uint8_t)(16.5f + 219.0f * luma);
        m->certain[i] = 1;
    }
    /* Where the rounded corners let the picture through, a whole chroma sample is the picture's. The plate's sides are even. */
    for (uint32_t j = 0; j < label->h; j++)
        for (uint32_t i = 0; i < label->w; i++)
            if (label->rgba[4 * ((size_t)j * label->w + i) + 3] != 255)
                for (uint32_t k = 0; k < 4; k++) m->certain[(size_t)((j | 1) ^ (k >> 1)) * label->w + ((i | 1) ^ (k & 1))] = 0;
    *out_mark = m;
    return BT_OK;
fail:
    bt_disclose_mark_destroy(&m);
    return BT_E_MEMORY;
}

void bt_disclose_mark_destroy(struct bt_mark **mark) {
    struct bt_mark *m = *mark;
    if (!m) return;
    free(m->luma);
    free(m->certain);
    free(m);
    *mark = NULL;
}

static uint8_t luma_at(const struct bt_disclosed_view *v, uint32_t x, uint32_t y) {
    size_t at = (size_t)y * v->width_px + x;
    return v->bytes[v->egress == BT_EGRESS_YUYV ? 2 * at : at];
}

static void chroma_at(const struct bt_disclosed_view *v, uint32_t x, uint32_t y, uint8_t *u, uint8_t *out_v) {
    size_t w = v->width_px, px = w * v->height_px, half = (size_t)(y / 2) * (w / 2) + x / 2;
    switch (v->egress) {
    case BT_EGRESS_NV12:
        *u = v->bytes[px + 2 * half];
        *out_v = v->bytes[px + 2 * half + 1];
        break;
    case BT_EGRESS_I420:
        *u = v->bytes[px + half];
        *out_v = v->bytes[px + px / 4 + half];
        break;
    default:
        *u = v->bytes[2 * (y * w + x / 2 * 2) + 1];
        *out_v = v->bytes[2 * (y * w + x / 2 * 2) + 3];
    }
}

/* WCAG 2.1 relative luminance of a gray of this luma code. */
static float luminance(float code) {
    float c = fminf(fmaxf((code - 16.0f) / 219.0f, 0.0f), 1.0f);
    return c <= 0.03928f ? c / 12.92f : powf((c + 0.055f) / 1.055f, 2.4f);
}

bool bt_disclose_check(const struct bt_disclosed_view *view, float *out_score) {
    const struct bt_mark *m = view->mark;
    if (out_score) *out_score = -1.0f;
    if (!m || !view->bytes || view->egress >= BT_EGRESS_COUNT || view->full_range) return false;
    struct bt_pack_format format = {view->width_px, view->height_px, view->egress, false};
    if (view->width_px != m->frame_w || view->height_px != m->frame_h || view->size_bytes != bt_disclose_pack_bytes(&format))
        return false;
    /* Inside, and even: else a chroma sample would be the plate's and the picture's. */
    uint32_t left = view->label_x, top = view->label_y;
    if (left > m->frame_w - m->w || top > m->frame_h - m->h || left % 2 || top % 2) return false;

    uint64_t n = 0, off = 0, tinted = 0, bright_n = 0, dark_n = 0, a = 0, b = 0, aa = 0, bb = 0, ab = 0, bright = 0, dark = 0;
    for (uint32_t y = 0; y < m->h; y++)
        for (uint32_t x = 0; x < m->w; x++) {
            if (!m->certain[(size_t)y * m->w + x]) continue;
            uint32_t want = m->luma[(size_t)y * m->w + x], got = luma_at(view, left + x, top + y);
            uint8_t u, v;
            chroma_at(view, left + x, top + y, &u, &v);
            n++;
            off += (uint32_t)abs((int)got - (int)want) > SLACK_CODES;
            tinted += (uint32_t)(abs(u - 128) > 8 || abs(v - 128) > 8);
            a += want, b += got, aa += want * want, bb += got * got, ab += want * got;
            if (want > 230) bright += got, bright_n++;
            if (want < 36) dark += got, dark_n++;
        }
    if (n == 0 || bright_n == 0 || dark_n == 0) return false;
    double k = 1.0 / (double)n, ma = (double)a * k, mb = (double)b * k;
    double va = (double)aa * k - ma * ma, vb = (double)bb * k - mb * mb;
    float score = va > 0.0 && vb > 1.0 ? (float)(((double)ab * k - ma * mb) / sqrt(va * vb)) : 0.0f;
    float light = luminance((float)bright / (float)bright_n), shade = luminance((float)dark / (float)dark_n);
    float contrast = (light + 0.05f) / (shade + 0.05f);
    if (out_score) *out_score = score;
    /* An overlap of a stroke's width is enough to be an outlier: correlation alone would miss one covered letter. */
    return score >= SCORE_LEAST && contrast >= CONTRAST_LEAST && (float)off <= OUTLIERS_MOST * (float)n &&
           (float)tinted <= OUTLIERS_MOST * (float)n;
}

bool bt_disclose_check_watermark(const struct bt_disclosed_view *view, uint32_t views) {
    /* So many px a side are enough, and as fast for any size. */
    enum { MOST_PX = 640 };
    uint32_t w = view->width_px < MOST_PX ? view->width_px : MOST_PX, h = view->height_px < MOST_PX ? view->height_px : MOST_PX;
    struct bt_watermark_detector *detector = NULL;
    struct bt_watermark_result r = {0};
    uint8_t *luma = malloc((size_t)w * h);
    if (luma &&
        !bt_watermark_detector_create(&(struct bt_watermark_detector_params){w, h, BT_WATERMARK_KEY, 1.0f}, &detector)) {
        for (uint32_t i = 0; i < views; i++) {
            for (uint32_t y = 0; y < h; y++)
                for (uint32_t x = 0; x < w; x++) luma[(size_t)y * w + x] = luma_at(&view[i], x, y);
            bt_watermark_detector_feed(detector, luma, w, view[i].capture_ns);
        }
        bt_watermark_detector_read(detector, &r);
    }
    bt_watermark_detector_destroy(&detector);
    free(luma);
    return r.present && r.session == view->session;
}

/* Gamma-coded: which channels shine goes by the column, how much by the row. No two channels, sides or ends are alike. */
enum { BARS = 8 };
static float shine(uint32_t y, uint32_t h) {
    return 0.9f - 0.4f * (float)y / (float)h;
}
#define DIM 0.15f

static bool shines(uint32_t x, uint32_t w, uint32_t channel) {
    return (BARS * x / w) >> channel & 1;
}

static void bars(const void *disclosed_view, uint32_t x, uint32_t y, float *out_rgb) {
    const struct bt_disclosed_view *v = disclosed_view;
    for (uint32_t i = 0; i < 3; i++) out_rgb[i] = shines(x, v->width_px, i) ? shine(y, v->height_px) : DIM;
}

void bt_disclose_bars(uint32_t width_px, uint32_t height_px, uint16_t *out_rgba16f) {
    const float gamma = 2.2f; /* that of pack.comp */
    const uint16_t one = bt_half_from_float(1.0f), dim = bt_half_from_float(powf(DIM, gamma));
    for (uint32_t y = 0; y < height_px; y++) {
        const uint16_t light = bt_half_from_float(powf(shine(y, height_px), gamma));
        for (uint32_t x = 0; x < width_px; x++, out_rgba16f += 4) {
            for (uint32_t i = 0; i < 3; i++) out_rgba16f[i] = shines(x, width_px, i) ? light : dim;
            out_rgba16f[3] = one;
        }
    }
}

static bool covered(const struct bt_rect *cover, uint32_t count, uint32_t x, uint32_t y) {
    const float reach = 2.0f; /* of a chroma sample */
    for (uint32_t i = 0; i < count; i++) {
        float dx = (float)x - cover[i].x, dy = (float)y - cover[i].y;
        if (dx >= -reach && dy >= -reach && dx < cover[i].w + reach && dy < cover[i].h + reach) return true;
    }
    return false;
}

bt_status bt_disclose_check_colours(const struct bt_disclosed_view *view, const struct bt_rect *cover, uint32_t cover_count,
                                    bool *out_hold) {
    enum { ROWS = 16, SLACK = 3 }; /* two rows in so many; codes that a driver's arithmetic may be off by */
    const struct bt_pack_format format = {view->width_px, view->height_px, view->egress, view->bt709};
    const struct bt_pack_mark mark = {view->pattern, view->dose};
    uint64_t n = 0, off = 0;
    if (view->full_range || view->size_bytes != bt_disclose_pack_bytes(&format)) return BT_E_ARGUMENT;
    uint8_t *bytes = malloc(view->size_bytes);
    if (!bytes) return BT_E_MEMORY;
    struct bt_disclosed_view want = *view;
    want.bytes = bytes;
    for (uint32_t top = 0; top < view->height_px; top += ROWS) {
        bt_disclose_pack_region(&format, &mark, bytes, 0, top, view->width_px, top + 2, bars, view);
        for (uint32_t k = 0; k < 2 * view->width_px; k++) {
            uint32_t x = k / 2, y = top + k % 2;
            uint8_t u[2], v[2];
            if (covered(cover, cover_count, x, y)) continue;
            chroma_at(&want, x, y, &u[0], &v[0]);
            chroma_at(view, x, y, &u[1], &v[1]);
            n++;
            off +=
                abs(luma_at(view, x, y) - luma_at(&want, x, y)) > SLACK || abs(u[1] - u[0]) > SLACK || abs(v[1] - v[0]) > SLACK;
        }
    }
    free(bytes);
    *out_hold = n > 0 && (float)off <= OUTLIERS_MOST * (float)n;
    return BT_OK;
}

struct bt_watermark_plane bt_disclose_luma(const struct bt_disclosed_view *view) {
    const uint32_t step = view->egress == BT_EGRESS_YUYV ? 2 : 1;
    return (struct bt_watermark_plane){view->bytes, (size_t)step * view->width_px, step, view->width_px, view->height_px};
}

enum bt_watermark_verdict bt_disclose_check_strength(const struct bt_disclosed_view *view, uint32_t rows,
                                                     struct bt_watermark_strength *out_found) {
    const struct bt_watermark_plane plane = bt_disclose_luma(view);
    struct bt_watermark_strength found = bt_watermark_strength_of(view->pattern, &view->dose, &plane, rows);
    const enum bt_watermark_verdict verdict = bt_watermark_judge(found, view->dose.sign);
    if (view->dose.sign < 0) found.strength = -found.strength;
    if (out_found) *out_found = found;
    return verdict;
}
