/* SPDX-License-Identifier: MIT */
/* Is a picture good enough to make a face from, and if not, what is to be done about it. */
#ifndef BT_ENROLL_QUALITY_H
#define BT_ENROLL_QUALITY_H

#include "base/geom.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bt_enroll_trouble {
    BT_TROUBLE_NONE,
    BT_TROUBLE_NOBODY,
    BT_TROUBLE_TWO,
    BT_TROUBLE_DARK,
    BT_TROUBLE_BRIGHT,
    BT_TROUBLE_BLUR,
    BT_TROUBLE_CLIPPED,
    BT_TROUBLE_FAR,
    BT_TROUBLE_NEAR,
    BT_TROUBLE_COUNT
};

/* Of the face's part of the picture: gamma-coded luma, 0 … 1. */
struct bt_enroll_look {
    float light;     /* mean */
    float contrast;  /* standard deviation */
    float burnt;     /* share of pixels at or above .98 */
    float sharpness; /* detail over contrast, at BT_ENROLL_LOOK_PX pixels across the face, so that size does not matter */
};
enum { BT_ENROLL_LOOK_PX = 128 };
/* Luma bytes, full range, of the box around the landmarks; width and height above 0. Allocates nothing. */
struct bt_enroll_look bt_enroll_look_at(const uint8_t *luma, uint32_t width_px, uint32_t height_px, size_t stride_bytes);

struct bt_enroll_scene {
    uint32_t faces;        /* in the picture */
    bool found;            /* one of them is followed */
    struct bt_rect box_px; /* around its landmarks */
    float eye_px;          /* between the outer eye corners */
    uint32_t width_px, height_px;
    struct bt_enroll_look look;
};
/* The first of what is wrong, most urgent first. */
enum bt_enroll_trouble bt_enroll_quality(const struct bt_enroll_scene *scene);
const char *bt_enroll_hint(enum bt_enroll_trouble trouble, bool chinese); /* "" for none; else what is wrong and what to do */

#endif
