/* SPDX-License-Identifier: MIT */
#include "watermark/aligned.h"
#include "watermark/pattern.h"
#include <math.h>
#include <stdlib.h>

/* Pixels apart: a cell, so that the pattern's second difference is large and the picture's own is small. */
#define APART BT_WATERMARK_CELL_PX
/* Differences beyond it are edges of the picture, and count as no more than it. Huber's estimator in one step ("Robust
   Estimation of a Location Parameter", 1964): what is clipped still pulls, and only what is not clipped can give, so that noise
   does not make the pattern look weaker. */
#define CLIP_CODES 24
/* What a camera's noise adds to the squares of the differences between neighbours along 2 APART pixels, codes squared. */
#define NOISE 64
/* Parts of the picture whose strengths are compared, px a side. */
#define PART_PX 32
/* A row of parts, for pictures of up to BT_WATERMARK_MOST_PX. */
enum { PARTS = BT_WATERMARK_MOST_PX / PART_PX };
#define PARTS_LEAST 8
/* Rounding, clipping and the picture leave more than half of the pattern; chance, a few sigmas of nothing. */
#define SIGN_LEAST     0.75f
#define STRENGTH_LEAST 0.5f
#define ABSENT_MOST    0.35f /* between: hard black-and-white pictures, such as text, in which the pattern looks weaker */
#define SURE_SIGMAS    4.0f

struct bt_watermark_strength bt_watermark_strength_of(const struct bt_watermark_tile *tile,
                                                      const struct bt_watermark_dose *dose,
                                                      const struct bt_watermark_plane *plane, uint32_t rows) {
    enum { T = BT_WATERMARK_TILE_PX };
    double num = 0, den = 0, nn = 0, nd = 0, dd = 0; /* sums over parts of num², num den, den² */
    if (plane->w < BT_WATERMARK_LEAST_PX || plane->h < BT_WATERMARK_LEAST_PX || plane->w > BT_WATERMARK_MOST_PX || !rows)
        return (struct bt_watermark_strength){0, 1};
    for (uint32_t top = 0; top < plane->h; top += PART_PX) {
        uint32_t rough[BT_WATERMARK_MOST_PX];
        float part_num[PARTS] = {0}, part_den[PARTS] = {0};
        for (uint32_t y = top; y < top + PART_PX && y < plane->h; y += rows) {
            const uint8_t *row = plane->luma + y * plane->stride;
            const int8_t *pattern = tile->at + (size_t)(y % T) * T;
            /* How rough the row is up to a pixel: what has edges weighs less. The mark itself hardly shows in it. */
            rough[0] = 0;
            for (uint32_t x = 0; x + 1 < plane->w; x++) {
                const int32_t step = row[(x + 1) * plane->step] - row[x * plane->step];
                rough[x + 1] = rough[x] + (uint32_t)(step * step);
            }
            for (uint32_t x = 0; x + 2 * APART + 1 < plane->w; x += 2) {
                float code[3], mark[3];
                for (uint32_t k = 0; k < 3; k++) {
                    const uint32_t at = x + k * APART;
                    code[k] = row[at * plane->step];
                    const float gain = bt_watermark_gain(dose, code[k], row[(at + 1) * plane->step]);
                    mark[k] = gain * (float)pattern[at % T] / 127.0f;
                }
                const float change = code[1] - .5f * (code[0] + code[2]), wanted = mark[1] - .5f * (mark[0] + mark[2]);
                const float weight = 1 / (NOISE + (float)(rough[x + 2 * APART] - rough[x]));
                part_num[x / PART_PX] += weight * wanted * fminf(fmaxf(change, -CLIP_CODES), CLIP_CODES);
                if (fabsf(change) < CLIP_CODES) part_den[x / PART_PX] += weight * wanted * wanted;
            }
        }
        for (uint32_t i = 0; i <= (plane->w - 1) / PART_PX; i++) {
            const double n = part_num[i], d = part_den[i];
            num += n, den += d, nn += n * n, nd += n * d, dd += d * d;
        }
    }
    /* The variance between parts means nothing where a few of them hold nearly all that was looked at. */
    if (!(den * den > PARTS_LEAST * dd)) return (struct bt_watermark_strength){0, 1};
    const double s = num / den;
    return (struct bt_watermark_strength){(float)s, (float)(sqrt(fmax(nn - 2 * s * nd + s * s * dd, 0)) / den)};
}

enum bt_watermark_verdict bt_watermark_judge(struct bt_watermark_strength found, float sign) {
    if (fabsf(sign) < SIGN_LEAST) return BT_WATERMARK_UNSURE;
    const float strength = found.strength / sign;
    if (strength >= STRENGTH_LEAST && strength > SURE_SIGMAS * found.sigma) return BT_WATERMARK_THERE;
    return strength + SURE_SIGMAS * found.sigma < ABSENT_MOST ? BT_WATERMARK_ABSENT : BT_WATERMARK_UNSURE;
}
