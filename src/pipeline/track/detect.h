/* SPDX-License-Identifier: MIT */
/* What the full-range face detector's outputs mean. Pure. */
#ifndef BT_PIPELINE_TRACK_DETECT_H
#define BT_PIPELINE_TRACK_DETECT_H

#include "base/geom.h"
#include <stdint.h>

enum {
    BT_DETECT_PX = 192,
    BT_DETECT_STRIDE_PX = 4,
    BT_DETECT_CELLS = 2304, /* 48 x 48 */
    BT_DETECT_NUMBERS = 16, /* x, y, w, h, then 6 x, y */
    BT_DETECT_KEYPOINTS = 6,
    BT_DETECTIONS_MAX = 8,
};

enum bt_detect_keypoint { BT_DETECT_LEFT_EYE, BT_DETECT_RIGHT_EYE, BT_DETECT_NOSE, BT_DETECT_MOUTH }; /* as the picture shows */

struct bt_detection {
    float score; /* of its best cell */
    struct bt_rect box_px;
    struct bt_vec2 keypoint[BT_DETECT_KEYPOINTS]; /* px */
};

/* `boxes`: 2304 x 16, in px of the 192 px input, centres relative to their cell's. `scores`: 2304 logits.
   Cells above .5, joined by weighted non-maximum suppression at IoU .3, best first. Returns how many, at most `capacity`. */
uint32_t bt_track_detect_decode(const float *boxes, const float *scores, const struct bt_affine *frame_from_net,
                                struct bt_detection *out, uint32_t capacity);

#endif
