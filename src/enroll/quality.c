/* SPDX-License-Identifier: MIT */
#include "enroll/quality.h"

#include <math.h>

/* .18, gamma-coded, is 2.3 % of white in linear light: a mask may be worn down to much less (pipeline/judge.h), but it is not
   made from such pictures. */
static const float dark = 0.18f, bright = 0.80f, burnt_most = 0.05f;
/* ISO/IEC 19794-5 wants 90 px between the pupils, which is about .7 of the outer eye corners' distance, of a passport's
   picture; half of that does here. */
static const float far_px = 64, near_share = 0.32f;
/* The footage measures .36; with a Gaussian blur of .6 % of the eye distance .26, of 1.3 % .14 (tests/golden/enroll_footage.c).
   Noise counts as detail: in too little light a blur is not seen, but the darkness is. */
static const float blur = 0.15f, foggy = 0.04f;
static const float edge_share = 0.02f; /* of the face's width must lie between it and the picture's edge */

struct bt_enroll_look bt_enroll_look_at(const uint8_t *luma, uint32_t width_px, uint32_t height_px, size_t stride_bytes) {
    enum { N = BT_ENROLL_LOOK_PX };
    float px[N][N];
    double sum = 0, squares = 0, detail = 0;
    uint64_t burnt = 0;
    for (uint32_t r = 0; r < N; r++)
        for (uint32_t c = 0; c < N; c++) {
            const uint32_t x0 = (uint32_t)((uint64_t)c * width_px / N), y0 = (uint32_t)((uint64_t)r * height_px / N);
            uint32_t x1 = (uint32_t)((uint64_t)(c + 1) * width_px / N), y1 = (uint32_t)((uint64_t)(r + 1) * height_px / N);
            if (x1 <= x0) x1 = x0 + 1;
            if (y1 <= y0) y1 = y0 + 1;
            uint64_t total = 0;
            for (uint32_t y = y0; y < y1; y++)
                for (uint32_t x = x0; x < x1; x++) total += luma[y * stride_bytes + x];
            px[r][c] = (float)total / (float)((x1 - x0) * (y1 - y0)) / 255;
            burnt += px[r][c] >= 0.98f;
            sum += (double)px[r][c];
        }
    const double mean = sum / (N * N);
    for (uint32_t r = 0; r < N; r++)
        for (uint32_t c = 0; c < N; c++) {
            squares += ((double)px[r][c] - mean) * ((double)px[r][c] - mean);
            if (!r || !c || r == N - 1 || c == N - 1) continue;
            const double l = (double)(px[r - 1][c] + px[r + 1][c] + px[r][c - 1] + px[r][c + 1] - 4 * px[r][c]);
            detail += l * l;
        }
    const float contrast = (float)sqrt(squares / (N * N));
    return (struct bt_enroll_look){.light = (float)mean,
                                   .contrast = contrast,
                                   .burnt = (float)burnt / (N * N),
                                   .sharpness = contrast > 0 ? (float)sqrt(detail / ((N - 2) * (N - 2))) / contrast : 0};
}

enum bt_enroll_trouble bt_enroll_quality(const struct bt_enroll_scene *s) {
    const struct bt_rect *b = &s->box_px;
    const float margin = edge_share * b->w;
    if (s->faces > 1) return BT_TROUBLE_TWO;
    if (!s->faces || !s->found || !isfinite(b->x + b->y + b->w + b->h + s->eye_px) || !(b->w > 0)) return BT_TROUBLE_NOBODY;
    if (b->x < margin || b->y < margin || b->x + b->w > (float)s->width_px - margin ||
        b->y + b->h > (float)s->height_px - margin)
        return s->eye_px > near_share * (float)s->width_px ? BT_TROUBLE_NEAR : BT_TROUBLE_CLIPPED;
    if (s->eye_px > near_share * (float)s->width_px) return BT_TROUBLE_NEAR;
    if (s->eye_px < far_px) return BT_TROUBLE_FAR;
    if (!(s->look.light >= dark)) return BT_TROUBLE_DARK;
    if (s->look.light > bright || s->look.burnt > burnt_most) return BT_TROUBLE_BRIGHT;
    if (!(s->look.contrast >= foggy) || !(s->look.sharpness >= blur)) return BT_TROUBLE_BLUR;
    return BT_TROUBLE_NONE;
}
