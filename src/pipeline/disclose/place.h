/* SPDX-License-Identifier: MIT */
/* Where label and banner stand in each frame: off the face, and the label a few pixels elsewhere now and then. Plain memory. */
#ifndef BT_PIPELINE_DISCLOSE_PLACE_H
#define BT_PIPELINE_DISCLOSE_PLACE_H

#include "base/geom.h"
#include "pipeline/disclose/overlay.h"
#include <stdbool.h>
#include <stdint.h>

/* A place of one of the layout's shapes. */
struct bt_spot {
    uint32_t x, y; /* of the plate's top left, px, even */
    uint32_t shape;
};

/* In the order of preference: these of the first shape, then these of the next. */
enum { BT_LABEL_TOP_RIGHT, BT_LABEL_TOP_LEFT, BT_LABEL_BOTTOM_RIGHT, BT_LABEL_BOTTOM_LEFT, BT_LABEL_PLACES };
/* At the bottom, at the top, and next to the label, under or over it; each in the middle, left, right, and to the label's side.
 */
enum { BT_BANNER_BOTTOM, BT_BANNER_TOP, BT_BANNER_NEXT, BT_BANNER_ROWS, BT_BANNER_PLACES = 4 * BT_BANNER_ROWS };
enum { BT_LABEL_SHIFTS = 5, BT_SPOTS_MAX = BT_BANNER_SHAPES * BT_BANNER_PLACES };

/* One plate that looks for a place. */
struct bt_seeker {
    struct bt_spot spot[BT_SPOTS_MAX];
    bool admitted[BT_SPOTS_MAX];           /* inside the frame, and clear of the other plate */
    struct bt_rect size[BT_BANNER_SHAPES]; /* each shape's w and h */
    uint32_t count, at;
    float clear_px; /* how far off the face a plate that moves must be */
    bool placed;
    int64_t moved_ns; /* when it last took another place */
    int64_t free_ns;  /* since when a better place is free */
    uint32_t better;  /* which */
};

struct bt_places {
    struct bt_seeker label, banner;
    uint32_t frame_w, frame_h, step_px, label_margin, banner_margin;
};

void bt_disclose_places_init(struct bt_places *places, const struct bt_layout *layout);

/* One frame's places. face_px without a width, or that is no number: no face is known, and all stays where it is. */
struct bt_placement {
    struct bt_spot label, banner;
};
struct bt_placement bt_disclose_places_next(struct bt_places *places, int64_t capture_ns, const struct bt_rect *face_px,
                                            bool banner);

#endif
