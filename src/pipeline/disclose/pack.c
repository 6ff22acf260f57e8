/* SPDX-License-Identifier: MIT */
#include "pipeline/disclose/pack.h"
#include "disclose/pack.h"
#include "watermark/watermark.h"
#include <math.h>

size_t bt_disclose_pack_bytes(const struct bt_pack_format *format) {
    size_t px = (size_t)format->w * format->h;
    return format->egress == BT_EGRESS_YUYV ? 2 * px : px + px / 2;
}

/* Limited range: luma 16 … 235, chroma 16 … 240 about 128 (ITU-R BT.601-7 2.5.3, BT.709-6 3.4), rounded to nearest. */
struct weights {
    float kr, kb;
};

static float luma(struct weights k, const float *c) {
    return k.kr * c[0] + (1.0f - k.kr - k.kb) * c[1] + k.kb * c[2];
}

/* The two neighbours from (x, y). */
static void code_y(struct weights k, const struct bt_pack_mark *mark, uint32_t x, uint32_t y, float (*c)[3], uint8_t *out) {
    enum { T = BT_WATERMARK_TILE_PX };
    float a = 219.0f * luma(k, c[0]), b = 219.0f * luma(k, c[1]), m = 0.0f, n = 0.0f;
    if (mark) {
        float gain = mark->dose.sign * bt_watermark_gain(&mark->dose, a, b) / 127.0f;
        m = gain * (float)mark->tile->at[y % T * T + x % T];
        n = gain * (float)mark->tile->at[y % T * T + (x + 1) % T];
    }
    out[0] = (uint8_t)(16.5f + a + m);
    out[1] = (uint8_t)(16.5f + b + n);
}

static uint8_t code_u(struct weights k, const float *c) {
    return (uint8_t)(128.5f + 112.0f / (1.0f - k.kb) * (c[2] - luma(k, c)));
}

static uint8_t code_v(struct weights k, const float *c) {
    return (uint8_t)(128.5f + 112.0f / (1.0f - k.kr) * (c[0] - luma(k, c)));
}

void bt_disclose_pack_region(const struct bt_pack_format *format, const struct bt_pack_mark *mark, uint8_t *out, uint32_t x0,
                             uint32_t y0, uint32_t x1, uint32_t y1, bt_pack_source source, const void *context) {
    struct weights k = {(float)BT_PACK_KR_601, (float)BT_PACK_KB_601};
    if (format->bt709) k = (struct weights){(float)BT_PACK_KR_709, (float)BT_PACK_KB_709};
    size_t w = format->w, px = w * format->h;
    uint32_t rows = format->egress == BT_EGRESS_YUYV ? 1 : 2; /* of one chroma sample */
    for (uint32_t y = y0; y < y1; y += rows)
        for (uint32_t x = x0; x < x1; x += 2) {
            float mean[3] = {0.0f, 0.0f, 0.0f}, c[4][3];
            uint8_t code[4];
            for (uint32_t i = 0; i < 2 * rows; i++) {
                source(context, x + (i & 1), y + (i >> 1), c[i]);
                for (uint32_t ch = 0; ch < 3; ch++) mean[ch] += c[i][ch] / (float)(2 * rows);
            }
            for (uint32_t row = 0; row < rows; row++) code_y(k, mark, x, y + row, c + 2 * row, code + 2 * row);
            uint8_t u = code_u(k, mean), v = code_v(k, mean);
            if (rows == 1) {
                uint8_t *at = out + 2 * (y * w + x);
                at[0] = code[0], at[1] = u, at[2] = code[1], at[3] = v;
                continue;
            }
            uint8_t *at = out + y * w + x;
            at[0] = code[0], at[1] = code[1], at[w] = code[2], at[w + 1] = code[3];
            size_t chroma = (y / 2) * (w / 2) + x / 2;
            if (format->egress == BT_EGRESS_NV12) {
                out[px + 2 * chroma] = u;
                out[px + 2 * chroma + 1] = v;
            } else {
                out[px + chroma] = u;
                out[px + px / 4 + chroma] = v;
            }
        }
}

void bt_disclose_pack_canvas(const void *canvas, uint32_t x, uint32_t y, float *out_rgb) {
    const struct bt_canvas *c = canvas;
    const uint8_t *at = c->rgba + 4 * ((size_t)y * c->w + x);
    for (uint32_t ch = 0; ch < 3; ch++) out_rgb[ch] = (float)at[ch] / 255.0f;
}

static const uint8_t *within(const struct bt_canvas *canvas, struct bt_spot at, uint32_t x, uint32_t y) {
    uint32_t i = x - at.x, j = y - at.y;
    return i < canvas->w && j < canvas->h ? canvas->rgba + 4 * ((size_t)j * canvas->w + i) : NULL;
}

void bt_disclose_pack_linear(const void *pack_frame, uint32_t x, uint32_t y, float *out_rgb) {
    const struct bt_pack_frame *f = pack_frame;
    const float *from = f->rgba + 4 * ((size_t)y * f->w + x);
    const uint8_t *over = within(&f->overlay->label[f->place.label.shape], f->place.label, x, y);
    if (!over && f->banner) over = within(&f->overlay->banner[f->place.banner.shape], f->place.banner, x, y);
    static const float ground[3] = {BT_PACK_GROUND_R / 255.0f, BT_PACK_GROUND_G / 255.0f, BT_PACK_GROUND_B / 255.0f};
    for (uint32_t ch = 0; ch < 3; ch++) {
        float c = from[ch] > 0.0f ? fminf(from[ch], 1.0f) : 0.0f; /* not a number: black */
        c = powf(c, (float)(1.0 / BT_GAMMA));
        c = c * (1.0f - f->fade) + ground[ch] * f->fade;
        if (over) c = (float)over[ch] / 255.0f + c * (1.0f - (float)over[3] / 255.0f);
        out_rgb[ch] = c;
    }
}
