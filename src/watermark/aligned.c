/* SPDX-License-Identifier: MIT */
#include "watermark/aligned.h"
#include "watermark/pattern.h"
#include <math.h>
#include <stdlib.h>

/* Pixels apart: a cell, so that the difference of neighbours' pattern is large and the picture's own is small. */
#define APART BT_WATERMARK_CELL_PX
/* Differences beyond it are edges of the picture, and count as no more than it. Huber's estimator in one step ("Robust
   Estimation of a Location Parameter", 1964): what is clipped still pulls, and only what is not clipped can give, so that noise
   does not make the pattern look weaker. */
#define CLIP_CODES 24
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
                                                      const struct bt_watermark_plane *plane, uint32_t rows) {
    enum { T = BT_WATERMARK_TILE_PX };
    double num = 0, den = 0, nn = 0, nd = 0, dd = 0; /* sums over parts of num², num den, den² */
    if (plane->w < BT_WATERMARK_LEAST_PX || plane->h < BT_WATERMARK_LEAST_PX || plane->w > BT_WATERMARK_MOST_PX || !rows)
        return (struct bt_watermark_strength){0, 1};
    for (uint32_t top = 0; top < plane->h; top += PART_PX) {
        float part_num[PARTS] = {0}, part_den[PARTS] = {0};
        for (uint32_t y = top; y < top + PART_PX && y < plane->h; y += rows) {
            const uint8_t *row = plane->luma + y * plane->stride;
            const int8_t *pattern = tile->at + (size_t)(y % T) * T;
            for (uint32_t x = 0; x + APART + 1 < plane->w; x += 2) {
                const float a = row[x * plane->step], b = row[(x + APART) * plane->step];
                const float change = b - a;
                const float gain_a = bt_watermark_gain(a, row[(x + 1) * plane->step]);
                const float gain_b = bt_watermark_gain(b, row[(x + APART + 1) * plane->step]);
                const float wanted = (gain_b * (float)pattern[(x + APART) % T] - gain_a * (float)pattern[x % T]) / 127.0f;
                part_num[x / PART_PX] += wanted * fminf(fmaxf(change, -CLIP_CODES), CLIP_CODES);
                if (fabsf(change) < CLIP_CODES) part_den[x / PART_PX] += wanted * wanted;
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
