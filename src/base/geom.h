/* SPDX-License-Identifier: MIT */
/* Points and transforms. A transform is named after what it gives and takes: frame_from_crop maps crop px to frame px.
   Pixel centres lie at .5: the top left pixel covers [0,1) and its centre is (.5, .5). */
#ifndef BT_BASE_GEOM_H
#define BT_BASE_GEOM_H

#include <stdbool.h>

struct bt_vec2 {
    float x, y;
};

struct bt_vec3 {
    float x, y, z;
};

struct bt_rect {
    float x, y, w, h;
};

/* x' = m[0] x + m[1] y + m[2];  y' = m[3] x + m[4] y + m[5] */
struct bt_affine {
    float m[6];
};

struct bt_vec2 bt_affine_apply(const struct bt_affine *a, struct bt_vec2 p);
struct bt_affine bt_affine_multiply(const struct bt_affine *after, const struct bt_affine *before);
/* false when `a` is singular; `out_inverse` is then untouched. */
bool bt_affine_invert(const struct bt_affine *a, struct bt_affine *out_inverse);
/* A square crop of size_px a side (in the frame), centred, turned by angle_rad, sampled on crop_px a side. */
struct bt_affine bt_affine_crop(struct bt_vec2 centre_px, float size_px, float angle_rad, float crop_px);

#endif
