/* SPDX-License-Identifier: MIT */
#include "base/geom.h"
#include <math.h>

struct bt_vec2 bt_affine_apply(const struct bt_affine *a, struct bt_vec2 p) {
    const float *m = a->m;
    return (struct bt_vec2){m[0] * p.x + m[1] * p.y + m[2], m[3] * p.x + m[4] * p.y + m[5]};
}

struct bt_affine bt_affine_multiply(const struct bt_affine *after, const struct bt_affine *before) {
    const float *a = after->m, *b = before->m;
    return (struct bt_affine){{
        a[0] * b[0] + a[1] * b[3],
        a[0] * b[1] + a[1] * b[4],
        a[0] * b[2] + a[1] * b[5] + a[2],
        a[3] * b[0] + a[4] * b[3],
        a[3] * b[1] + a[4] * b[4],
        a[3] * b[2] + a[4] * b[5] + a[5],
    }};
}

bool bt_affine_invert(const struct bt_affine *a, struct bt_affine *out_inverse) {
    /* Doubles: frames are thousands of pixels wide and the translation is a difference of large products. */
    const double m0 = a->m[0], m1 = a->m[1], m2 = a->m[2], m3 = a->m[3], m4 = a->m[4], m5 = a->m[5];
    const double det = m0 * m4 - m1 * m3;
    const double size = fabs(m0 * m4) + fabs(m1 * m3);
    if (!isfinite(det) || !isfinite(m2) || !isfinite(m5) || fabs(det) <= 1e-7 * size || det == 0) return false;
    *out_inverse = (struct bt_affine){{
        (float)(m4 / det),
        (float)(-m1 / det),
        (float)((m1 * m5 - m2 * m4) / det),
        (float)(-m3 / det),
        (float)(m0 / det),
        (float)((m2 * m3 - m0 * m5) / det),
    }};
    return true;
}

struct bt_affine bt_affine_crop(struct bt_vec2 centre_px, float size_px, float angle_rad, float crop_px) {
    const float scale = size_px / crop_px, c = cosf(angle_rad) * scale, s = sinf(angle_rad) * scale, half = crop_px * 0.5f;
    return (struct bt_affine){{c, -s, centre_px.x - c * half + s * half, s, c, centre_px.y - s * half - c * half}};
}
