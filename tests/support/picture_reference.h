/* SPDX-License-Identifier: MIT */
/* One pixel of a camera's picture in linear light, by the definition of each format: the reference of the kernels that read
   pictures. */
#ifndef BT_TESTS_PICTURE_REFERENCE_H
#define BT_TESTS_PICTURE_REFERENCE_H

#include "pipeline/capture/capture.h"
#include <math.h>

static inline double picture_linear(double coded) {
    return pow(coded < 0 ? 0 : coded > 1 ? 1 : coded, 2.2);
}

static inline void picture_reference(const struct bt_picture *p, uint32_t x, uint32_t y, double rgb[3]) {
    const uint8_t *bytes = p->data;
    const size_t area = (size_t)p->width_px * p->height_px;
    int luma, u, v;
    if (p->pixels == BT_PIXELS_YUYV) {
        const uint8_t *pair = bytes + ((size_t)y * p->width_px + (x & ~1u)) * 2;
        luma = pair[(x & 1) * 2];
        u = pair[1];
        v = pair[3];
    } else {
        luma = bytes[(size_t)y * p->width_px + x];
        if (p->pixels == BT_PIXELS_NV12) {
            const uint8_t *pair = bytes + area + (size_t)(y / 2) * p->width_px + (x & ~1u);
            u = pair[0];
            v = pair[1];
        } else {
            const size_t at = (size_t)(y / 2) * (p->width_px / 2) + x / 2;
            u = bytes[area + at];
            v = bytes[area + area / 4 + at];
        }
    }
    const double kr = p->bt709 ? 0.2126 : 0.299, kb = p->bt709 ? 0.0722 : 0.114;
    const double l = p->full_range ? luma / 255.0 : (luma - 16) / 219.0, range = p->full_range ? 255 : 224;
    const double pb = (u - 128) / range, pr = (v - 128) / range;
    rgb[0] = picture_linear(l + 2 * (1 - kr) * pr);
    rgb[1] = picture_linear(l - 2 * kb * (1 - kb) / (1 - kr - kb) * pb - 2 * kr * (1 - kr) / (1 - kr - kb) * pr);
    rgb[2] = picture_linear(l + 2 * (1 - kb) * pb);
}

#endif
