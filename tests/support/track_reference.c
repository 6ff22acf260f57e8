/* SPDX-License-Identifier: MIT */
#include "support/track_reference.h"
#include "include/color.h"
#include <math.h>
#include <stddef.h>

static double coded(double linear) {
    return pow(fmin(fmax(linear, 0), 1), 1 / BT_GAMMA);
}

static double texel(const float *frame, int32_t w, int32_t h, long x, long y, uint32_t channel, bool code) {
    if (x < 0 || y < 0 || x >= w || y >= h) return 0;
    const double v = (double)frame[((size_t)y * (size_t)w + (size_t)x) * 4 + channel];
    return code ? coded(v) : v;
}

static double bilinear(const float *frame, int32_t w, int32_t h, double x, double y, uint32_t channel) {
    x = fmin(fmax(x - .5, -2), w + 2.);
    y = fmin(fmax(y - .5, -2), h + 2.);
    const long ix = (long)floor(x), iy = (long)floor(y);
    const double fx = x - (double)ix, fy = y - (double)iy;
    const double top =
        texel(frame, w, h, ix, iy, channel, true) * (1 - fx) + texel(frame, w, h, ix + 1, iy, channel, true) * fx;
    const double low =
        texel(frame, w, h, ix, iy + 1, channel, true) * (1 - fx) + texel(frame, w, h, ix + 1, iy + 1, channel, true) * fx;
    return top * (1 - fy) + low * fy;
}

void track_reference_crop(const float *frame, int32_t w, int32_t h, const struct bt_affine *a, uint32_t crop_w, uint32_t crop_h,
                          uint32_t taps, float scale, float offset, float *out, float *out_margin) {
    for (uint32_t y = 0; y < crop_h; y++) {
        for (uint32_t x = 0; x < crop_w; x++) {
            double sum[3] = {0}, margin = 1;
            for (uint32_t i = 0; i < taps * taps; i++) {
                const double px = x + (i % taps + .5) / taps, py = y + ((double)(i / taps) + .5) / taps;
                const double fx = (double)a->m[0] * px + (double)a->m[1] * py + (double)a->m[2];
                const double fy = (double)a->m[3] * px + (double)a->m[4] * py + (double)a->m[5];
                for (uint32_t c = 0; c < 3; c++)
                    sum[c] += taps == 1 ? bilinear(frame, w, h, fx, fy, c)
                                        : texel(frame, w, h, (long)floor(fx), (long)floor(fy), c, false);
                margin = fmin(margin, fmin(fabs(fx - round(fx)), fabs(fy - round(fy))));
            }
            for (uint32_t c = 0; c < 3; c++) {
                const double v = taps == 1 ? sum[c] : coded(sum[c] / (taps * taps));
                out[((size_t)y * crop_w + x) * 4 + c] = (float)(v * (double)scale + (double)offset);
            }
            out[((size_t)y * crop_w + x) * 4 + 3] = 0;
            out_margin[(size_t)y * crop_w + x] = (float)margin;
        }
    }
}

static double luma(const float *frame, int32_t w, int32_t h, double x, double y) {
    const long cx = lrint(fmin(fmax(floor(x), 0), w - 1.)), cy = lrint(fmin(fmax(floor(y), 0), h - 1.));
    return .2126 * texel(frame, w, h, cx, cy, 0, true) + .7152 * texel(frame, w, h, cx, cy, 1, true) +
           .0722 * texel(frame, w, h, cx, cy, 2, true);
}

struct track_reference_light track_reference_light(const float *frame, int32_t w, int32_t h, const struct bt_affine *a) {
    static const int8_t mask[3][3] = {{1, -2, 1}, {-2, 4, -2}, {1, -2, 1}};
    const double reach = fmax(1, hypot((double)a->m[0], (double)a->m[3]) / 32 / 3);
    double value[1024], sum = 0, square = 0, noise = 0, detail = 0, burnt = 0;
    uint32_t n = 0, cell_n[64] = {0};
    struct track_reference_light out = {0};
    for (uint32_t i = 0; i < 1024; i++) {
        const double u = (i % 32 + .5) / 32, v = ((double)(i / 32) + .5) / 32;
        const double x = (double)a->m[0] * u + (double)a->m[1] * v + (double)a->m[2];
        const double y = (double)a->m[3] * u + (double)a->m[4] * v + (double)a->m[5];
        if (!(x >= 0 && y >= 0 && x < w && y < h)) continue;
        double high = 0;
        for (int r = -1; r <= 1; r++)
            for (int c = -1; c <= 1; c++) high += mask[r + 1][c + 1] * luma(frame, w, h, x + c, y + r);
        value[n] = luma(frame, w, h, x, y);
        const double edge = luma(frame, w, h, x + reach, y) + luma(frame, w, h, x - reach, y) +
                            luma(frame, w, h, x, y + reach) + luma(frame, w, h, x, y - reach) - 4 * value[n];
        sum += value[n];
        const uint32_t cell = i / 32 / 4 * 8 + i % 32 / 4;
        out.cell[cell] += value[n];
        cell_n[cell]++;
        burnt += value[n] >= .98;
        noise += fabs(high);
        detail += edge * edge;
        n++;
    }
    if (!n) return out;
    for (uint32_t i = 0; i < n; i++) square += (value[i] - sum / n) * (value[i] - sum / n);
    const double contrast = sqrt(square / n), sigma = sqrt(acos(-1) / 2) / 6 * noise / n;
    out.light = sum / n;
    out.contrast = contrast;
    out.noise = sigma;
    out.burnt = burnt / n;
    out.sharpness = contrast > 0 ? sqrt(fmax(0, detail / n - .8 * 20 * sigma * sigma)) / contrast : 0;
    for (uint32_t i = 0; i < 64; i++) out.cell[i] = cell_n[i] ? out.cell[i] / cell_n[i] : out.light;
    return out;
}
