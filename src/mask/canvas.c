/* SPDX-License-Identifier: MIT */
#include "mask/internal.h"
#include <math.h>
#include <string.h>

enum { LATTICE_MAX = 264 };

float bt_mask_normal(struct bt_rng *rng) {
    /* Irwin-Hall: twelve uniforms. Box-Muller needs libm's log and cos, whose last bits differ between machines. */
    float sum = -6.0f;
    for (uint32_t i = 0; i < 12; i++) sum += bt_rng_uniform(rng, 0.0f, 1.0f);
    return sum;
}

/* Uniform cubic B-spline weights: smooth to the second derivative, so no lattice shows. */
static void spline(float t, float w[4]) {
    const float u = 1.0f - t;
    w[0] = u * u * u / 6.0f;
    w[1] = (3.0f * t * t * t - 6.0f * t * t + 4.0f) / 6.0f;
    w[2] = (3.0f * u * u * u - 6.0f * u * u + 4.0f) / 6.0f;
    w[3] = t * t * t / 6.0f;
}

static void octave(struct bt_rng *rng, float cell, float gain, struct mask_plane *out, float *lattice) {
    const uint32_t n = (uint32_t)(MASK_SIDE / cell) + 5;
    for (uint32_t i = 0; i < n * n; i++) lattice[i] = bt_rng_uniform(rng, -1.0f, 1.0f);
    const float ox = bt_rng_uniform(rng, 0.0f, 1.0f), oy = bt_rng_uniform(rng, 0.0f, 1.0f);
    /* A spline of uniform lattice values has a deviation of about .277 (sum of squared weights, averaged, times 1 / sqrt 3). */
    const float scale = gain / 0.277f;
    for (uint32_t y = 0; y < MASK_SIDE; y++) {
        float wy[4], row[LATTICE_MAX];
        const float fy = ((float)y + 0.5f) / cell + oy;
        const uint32_t iy = (uint32_t)fy;
        spline(fy - (float)iy, wy);
        for (uint32_t x = 0; x < n; x++)
            row[x] = wy[0] * lattice[iy * n + x] + wy[1] * lattice[(iy + 1) * n + x] + wy[2] * lattice[(iy + 2) * n + x] +
                     wy[3] * lattice[(iy + 3) * n + x];
        for (uint32_t x = 0; x < MASK_SIDE; x++) {
            float wx[4];
            const float fx = ((float)x + 0.5f) / cell + ox;
            const uint32_t ix = (uint32_t)fx;
            spline(fx - (float)ix, wx);
            out->px[y * MASK_SIDE + x] +=
                scale * (wx[0] * row[ix] + wx[1] * row[ix + 1] + wx[2] * row[ix + 2] + wx[3] * row[ix + 3]);
        }
    }
}

void bt_mask_noise(struct bt_rng *rng, float cell_px, uint32_t octaves, float persistence, float gain, struct mask_plane *out,
                   struct mask_plane *scratch) {
    float norm = 0.0f, amplitude = 1.0f;
    for (uint32_t i = 0; i < octaves; i++, amplitude *= persistence) norm += amplitude * amplitude;
    norm = 1.0f / sqrtf(norm);
    amplitude = 1.0f;
    float cell = cell_px;
    for (uint32_t i = 0; i < octaves && cell >= 2.0f; i++, amplitude *= persistence, cell *= 0.5f)
        octave(rng, cell, gain * norm * amplitude, out, scratch->px);
}

void bt_mask_blob(struct mask_plane *plane, struct bt_vec2 centre, float sx, float sy, float gain) {
    float column[MASK_SIDE];
    for (uint32_t x = 0; x < MASK_SIDE; x++) column[x] = bt_bump((float)x + 0.5f - centre.x, sx);
    for (uint32_t y = 0; y < MASK_SIDE; y++) {
        const float row = gain * bt_bump((float)y + 0.5f - centre.y, sy);
        for (uint32_t x = 0; x < MASK_SIDE; x++) plane->px[y * MASK_SIDE + x] += row * column[x];
    }
}

static void lay_segment(struct mask_canvas *canvas, struct bt_vec2 a, struct bt_vec2 b, float wa, float wb, float alpha_a,
                        float alpha_b, const float colour[3], bool last) {
    const float soft = 0.9f, reach = fmaxf(wa, wb) + soft;
    const float x0 = fminf(a.x, b.x) - reach, x1 = fmaxf(a.x, b.x) + reach, y0 = fminf(a.y, b.y) - reach,
                y1 = fmaxf(a.y, b.y) + reach;
    if (x0 < 0.0f || y0 < 0.0f || x1 >= MASK_SIDE || y1 >= MASK_SIDE) return;
    const float dx = b.x - a.x, dy = b.y - a.y, length2 = fmaxf(dx * dx + dy * dy, 1e-6f);
    for (uint32_t y = (uint32_t)y0; (float)y <= y1; y++) {
        for (uint32_t x = (uint32_t)x0; (float)x <= x1; x++) {
            const float px = (float)x + 0.5f - a.x, py = (float)y + 0.5f - a.y;
            const float t = (px * dx + py * dy) / length2;
            if (t < 0.0f || (t >= 1.0f && !last) || t > 1.2f) continue;
            const float s = bt_clamp(t, 0.0f, 1.0f), ex = px - t * dx, ey = py - t * dy, d = sqrtf(ex * ex + ey * ey);
            /* Thinner than a pixel: as wide as one, and as much fainter. */
            const float width = bt_lerp(wa, wb, s),
                        cover = bt_clamp((fmaxf(width, 0.35f) + 0.5f * soft - d) / soft, 0.0f, 1.0f);
            const float alpha = bt_lerp(alpha_a, alpha_b, s) * cover * fminf(1.0f, width / 0.35f);
            for (uint32_t k = 0; k < 3; k++) {
                float *c = &canvas->colour[k].px[y * MASK_SIDE + x];
                *c += alpha * (colour[k] - *c);
            }
        }
    }
}

void bt_mask_lay_hair(struct mask_canvas *canvas, const struct mask_hair *hair) {
    enum { SEGMENTS = 4 };
    struct bt_vec2 p = hair->root;
    for (uint32_t i = 0; i < SEGMENTS; i++) {
        const float t0 = (float)i / SEGMENTS, t1 = (float)(i + 1) / SEGMENTS,
                    angle = hair->angle + hair->bend * (t0 + t1) * 0.5f;
        const struct bt_vec2 q = {p.x + hair->length / SEGMENTS * (float)bt_exact_cos((double)angle),
                                  p.y + hair->length / SEGMENTS * (float)bt_exact_sin((double)angle)};
        lay_segment(canvas, p, q, hair->width * (1.0f - 0.8f * t0), hair->width * (1.0f - 0.8f * t1),
                    hair->alpha * (1.0f - 0.6f * t0 * t0), hair->alpha * (1.0f - 0.6f * t1 * t1), hair->colour,
                    i + 1 == SEGMENTS);
        p = q;
    }
}
