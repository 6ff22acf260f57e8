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

double track_reference_light(const float *frame, int32_t w, int32_t h, const struct bt_affine *a) {
    double sum = 0, count = 0;
    for (uint32_t i = 0; i < 1024; i++) {
        const double u = (i % 32 + .5) / 32, v = ((double)(i / 32) + .5) / 32;
        const double fx = (double)a->m[0] * u + (double)a->m[1] * v + (double)a->m[2];
        const double fy = (double)a->m[3] * u + (double)a->m[4] * v + (double)a->m[5];
        if (!(fx >= 0 && fy >= 0 && fx < w && fy < h)) continue;
        const long x = (long)fx, y = (long)fy;
        sum += .2126 * texel(frame, w, h, x, y, 0, true) + .7152 * texel(frame, w, h, x, y, 1, true) +
               .0722 * texel(frame, w, h, x, y, 2, true);
        count++;
    }
    return count > 0 ? sum / count : 0;
}
