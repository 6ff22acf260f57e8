/* SPDX-License-Identifier: MIT */
#include "rig/raster.h"
#include "rig/exact.h"
#include <math.h>
#include <string.h>

enum { POLYGON_MAX = 64, SUBLINES = 4, BLUR_MAX = 96 };

/* How much of pixel [x, x + 1) the span [a, b) covers. */
static float span(float a, float b, float x) {
    const float low = a > x ? a : x, high = b < x + 1.0f ? b : x + 1.0f;
    return high > low ? high - low : 0.0f;
}

static uint32_t crossings(const struct bt_vec2 *point, uint32_t count, float y, float *out) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_vec2 a = point[i], b = point[(i + 1) % count];
        if ((a.y <= y) == (b.y <= y)) continue;
        out[n++] = a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x);
    }
    for (uint32_t i = 1; i < n; i++) {
        const float v = out[i];
        uint32_t k = i;
        for (; k > 0 && out[k - 1] > v; k--) out[k] = out[k - 1];
        out[k] = v;
    }
    return n;
}

void bt_raster_polygon(struct bt_picture_f picture, const struct bt_vec2 *point, uint32_t count, float value) {
    if (count < 3 || count > POLYGON_MAX) return;
    float x[SUBLINES][POLYGON_MAX];
    for (uint32_t row = 0; row < picture.h; row++) {
        uint32_t n[SUBLINES];
        float low = (float)picture.w, high = 0.0f;
        for (uint32_t s = 0; s < SUBLINES; s++) {
            n[s] = crossings(point, count, (float)row + ((float)s + 0.5f) / SUBLINES, x[s]);
            if (n[s] < 2) continue;
            if (x[s][0] < low) low = x[s][0];
            if (x[s][n[s] - 1] > high) high = x[s][n[s] - 1];
        }
        if (high <= low) continue;
        const uint32_t begin = low > 0.0f ? (uint32_t)low : 0;
        for (uint32_t col = begin; col < picture.w && (float)col < high; col++) {
            float cover = 0.0f;
            for (uint32_t s = 0; s < SUBLINES; s++)
                for (uint32_t k = 0; k + 1 < n[s]; k += 2) cover += span(x[s][k], x[s][k + 1], (float)col);
            const float v = value * bt_clamp(cover / SUBLINES, 0.0f, 1.0f);
            float *px = &picture.px[row * picture.w + col];
            if (v > *px) *px = v;
        }
    }
}

void bt_raster_stroke(struct bt_picture_f picture, struct bt_vec2 a, struct bt_vec2 b, float ra, float rb, float soft, float va,
                      float vb) {
    const float reach = (ra > rb ? ra : rb) + soft;
    const float x0 = (a.x < b.x ? a.x : b.x) - reach, x1 = (a.x > b.x ? a.x : b.x) + reach;
    const float y0 = (a.y < b.y ? a.y : b.y) - reach, y1 = (a.y > b.y ? a.y : b.y) + reach;
    if (!(x1 > 0.0f) || !(y1 > 0.0f) || !(x0 < (float)picture.w) || !(y0 < (float)picture.h)) return;
    const uint32_t cx0 = x0 > 0.0f ? (uint32_t)x0 : 0, cy0 = y0 > 0.0f ? (uint32_t)y0 : 0;
    const float dx = b.x - a.x, dy = b.y - a.y, length2 = dx * dx + dy * dy;
    for (uint32_t y = cy0; y < picture.h && (float)y <= y1; y++) {
        for (uint32_t x = cx0; x < picture.w && (float)x <= x1; x++) {
            const float px = (float)x + 0.5f - a.x, py = (float)y + 0.5f - a.y;
            const float t = length2 > 1e-12f ? bt_clamp((px * dx + py * dy) / length2, 0.0f, 1.0f) : 0.0f;
            const float ex = px - t * dx, ey = py - t * dy, d = sqrtf(ex * ex + ey * ey);
            const float v = bt_lerp(va, vb, t) * bt_clamp((bt_lerp(ra, rb, t) + 0.5f * soft - d) / soft, 0.0f, 1.0f);
            float *out = &picture.px[y * picture.w + x];
            if (v > *out) *out = v;
        }
    }
}

static uint32_t kernel_of(float sigma, float *weight) {
    uint32_t radius = (uint32_t)(3.0f * sigma + 1.0f);
    if (radius > BLUR_MAX) radius = BLUR_MAX;
    float sum = 0.0f;
    for (uint32_t i = 0; i <= radius; i++) {
        weight[i] = (float)bt_exact_exp(-0.5 * (double)i * (double)i / ((double)sigma * (double)sigma));
        sum += i ? 2.0f * weight[i] : weight[i];
    }
    for (uint32_t i = 0; i <= radius; i++) weight[i] /= sum;
    return radius;
}

void bt_raster_blur(struct bt_picture_f picture, float sigma, float *scratch) {
    if (!(sigma > 0.2f)) return;
    float weight[BLUR_MAX + 1];
    const int32_t radius = (int32_t)kernel_of(sigma, weight), w = (int32_t)picture.w, h = (int32_t)picture.h;
    for (int32_t y = 0; y < h; y++) {
        const float *in = picture.px + (size_t)y * (size_t)w;
        float *out = scratch + (size_t)y * (size_t)w;
        for (int32_t x = 0; x < w; x++) {
            float sum = weight[0] * in[x];
            for (int32_t k = 1; k <= radius; k++) {
                const int32_t l = x - k < 0 ? 0 : x - k, r = x + k >= w ? w - 1 : x + k;
                sum += weight[k] * (in[l] + in[r]);
            }
            out[x] = sum;
        }
    }
    for (int32_t y = 0; y < h; y++) {
        float *out = picture.px + (size_t)y * (size_t)w;
        for (int32_t x = 0; x < w; x++) out[x] = weight[0] * scratch[(size_t)y * (size_t)w + (size_t)x];
        for (int32_t k = 1; k <= radius; k++) {
            const float *up = scratch + (size_t)(y - k < 0 ? 0 : y - k) * (size_t)w;
            const float *down = scratch + (size_t)(y + k >= h ? h - 1 : y + k) * (size_t)w;
            for (int32_t x = 0; x < w; x++) out[x] += weight[k] * (up[x] + down[x]);
        }
    }
}

void bt_raster_dilate(struct bt_picture_f picture, float radius, float *scratch) {
    const int32_t r = (int32_t)radius, w = (int32_t)picture.w, h = (int32_t)picture.h;
    memcpy(scratch, picture.px, (size_t)w * (size_t)h * sizeof(float));
    for (int32_t dy = -r; dy <= r; dy++) {
        int32_t half = 0;
        while ((float)((half + 1) * (half + 1) + dy * dy) <= (radius + 0.3f) * (radius + 0.3f)) half++;
        for (int32_t y = 0; y < h; y++) {
            if (y + dy < 0 || y + dy >= h) continue;
            const float *in = scratch + (size_t)(y + dy) * (size_t)w;
            float *out = picture.px + (size_t)y * (size_t)w;
            for (int32_t x = 0; x < w; x++) {
                const int32_t low = x - half < 0 ? 0 : x - half, high = x + half >= w ? w - 1 : x + half;
                for (int32_t k = low; k <= high; k++)
                    if (in[k] > out[x]) out[x] = in[k];
            }
        }
    }
}

void bt_raster_distance(struct bt_picture_f picture, float *out_distance, float *scratch) {
    const int32_t w = (int32_t)picture.w, h = (int32_t)picture.h;
    /* Columns: whole steps to the nearest clear pixel above or below. */
    for (int32_t x = 0; x < w; x++) {
        int32_t run = 0;
        for (int32_t y = 0; y < h; y++) {
            run = picture.px[y * w + x] > 0.5f ? run + 1 : 0;
            scratch[y * w + x] = (float)run;
        }
        run = 0;
        for (int32_t y = h - 1; y >= 0; y--) {
            run = picture.px[y * w + x] > 0.5f ? run + 1 : 0;
            if ((float)run < scratch[y * w + x]) scratch[y * w + x] = (float)run;
        }
    }
    /* Rows: the nearest over all columns; a search that stops when the sideways step alone is too far. */
    for (int32_t y = 0; y < h; y++) {
        for (int32_t x = 0; x < w; x++) {
            const float own = scratch[y * w + x];
            float best = own * own;
            for (int32_t k = 1; (float)(k * k) < best; k++) {
                const float left = x - k < 0 ? 0.0f : scratch[y * w + x - k];
                const float right = x + k >= w ? 0.0f : scratch[y * w + x + k];
                const float near = left < right ? left : right, d = (float)(k * k) + near * near;
                if (d < best) best = d;
            }
            out_distance[y * w + x] = sqrtf(best);
        }
    }
}

float bt_raster_sample(struct bt_picture_f picture, float x, float y) {
    const float fx = bt_clamp(x - 0.5f, 0.0f, (float)(picture.w - 1)), fy = bt_clamp(y - 0.5f, 0.0f, (float)(picture.h - 1));
    const uint32_t x0 = (uint32_t)fx, y0 = (uint32_t)fy;
    const uint32_t x1 = x0 + 1 < picture.w ? x0 + 1 : x0, y1 = y0 + 1 < picture.h ? y0 + 1 : y0;
    const float *top = picture.px + (size_t)y0 * picture.w, *bottom = picture.px + (size_t)y1 * picture.w;
    const float tx = fx - (float)x0, ty = fy - (float)y0;
    return bt_lerp(bt_lerp(top[x0], top[x1], tx), bt_lerp(bottom[x0], bottom[x1], tx), ty);
}

void bt_raster_clear(struct bt_raster_target *target) {
    const uint32_t n = target->w * target->h;
    for (uint32_t i = 0; i < n; i++) target->depth[i] = -1e9f;
    memset(target->triangle, 0xff, n * sizeof(target->triangle[0]));
    if (target->barycentric) memset(target->barycentric, 0, n * sizeof(target->barycentric[0]));
}

static uint32_t first_pixel(float a, float b, float c) {
    const float low = floorf(fminf(a, fminf(b, c)));
    return low > 0.0f ? (uint32_t)low : 0;
}

void bt_raster_triangles(struct bt_raster_target *target, const struct bt_vec3 *vertex, const uint32_t (*triangle)[3],
                         uint32_t count) {
    for (uint32_t t = 0; t < count; t++) {
        const struct bt_vec3 a = vertex[triangle[t][0]], b = vertex[triangle[t][1]], c = vertex[triangle[t][2]];
        const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
        const float right = fmaxf(a.x, fmaxf(b.x, c.x)), bottom = fmaxf(a.y, fmaxf(b.y, c.y));
        if (!(fabsf(area) > 1e-9f) || !(right < 1e6f) || !(bottom < 1e6f)) continue;
        if (right < 0.0f || bottom < 0.0f || fminf(a.x, fminf(b.x, c.x)) > (float)target->w ||
            fminf(a.y, fminf(b.y, c.y)) > (float)target->h)
            continue;
        const float inverse = 1.0f / area;
        const uint32_t x0 = first_pixel(a.x, b.x, c.x), y0 = first_pixel(a.y, b.y, c.y);
        const float step0 = -(c.y - b.y) * inverse, step1 = -(a.y - c.y) * inverse;
        for (uint32_t y = y0; y < target->h && (float)y <= bottom; y++) {
            const float px = (float)x0 + 0.5f, py = (float)y + 0.5f;
            const float start0 = ((b.x - px) * (c.y - py) - (b.y - py) * (c.x - px)) * inverse;
            const float start1 = ((c.x - px) * (a.y - py) - (c.y - py) * (a.x - px)) * inverse;
            for (uint32_t x = x0; x < target->w && (float)x <= right; x++) {
                const float w0 = start0 + step0 * (float)(x - x0), w1 = start1 + step1 * (float)(x - x0), w2 = 1.0f - w0 - w1;
                if (w0 < -1e-5f || w1 < -1e-5f || w2 < -1e-5f) continue;
                const float depth = w0 * a.z + w1 * b.z + w2 * c.z;
                const uint32_t at = y * target->w + x;
                if (!(depth > target->depth[at])) continue;
                target->depth[at] = depth;
                target->triangle[at] = (uint16_t)t;
                if (!target->barycentric) continue;
                target->barycentric[at][0] = w0;
                target->barycentric[at][1] = w1;
                target->barycentric[at][2] = w2;
            }
        }
    }
}
