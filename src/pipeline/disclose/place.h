/* SPDX-License-Identifier: MIT */
/* Where label and banner stand in each frame: off the face, and the label a few pixels elsewhere now and then. Plain memory. */
#ifndef BT_PIPELINE_DISCLOSE_PLACE_H
#define BT_PIPELINE_DISCLOSE_PLACE_H

#include "base/geom.h"
#include "pipeline/disclose/overlay.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_spot {
    uint32_t x, y; /* of the plate's top left, px, even */
};

/* In the order of preference. */
enum { BT_LABEL_TOP_RIGHT, BT_LABEL_TOP_LEFT, BT_LABEL_BOTTOM_RIGHT, BT_LABEL_BOTTOM_LEFT, BT_LABEL_PLACES };
enum { BT_BANNER_BOTTOM, BT_BANNER_TOP, BT_BANNER_UNDER_LABEL, BT_BANNER_OVER_LABEL, BT_BANNER_PLACES };
enum { BT_LABEL_SHIFTS = 5 };

/* One plate that looks for a place. */
struct bt_seeker {
    struct bt_spot spot[4];
    uint32_t w, h, at;
    float clear_px; /* how far off the face a plate that moves must be */
    bool placed;
    int64_t moved_ns; /* when it last took another place */
    int64_t free_ns;  /* since when a better place is free */
    uint32_t better;  /* which */
};

struct bt_places {
    struct bt_seeker label, banner;
    uint32_t step_px; /* of the label's small moves: even, at most its margin */
    uint32_t frame_h;
};

/* For the plates of `layout` in frames of that height. */
void bt_disclose_places_init(struct bt_places *places, const struct bt_layout *layout, uint32_t frame_h);

/* One frame's places. face_px without a width, or that is no number: no face is known, and all stays where it is. */
struct bt_placement {
    struct bt_spot label, banner;
};
struct bt_placement bt_disclose_places_next(struct bt_places *places, int64_t capture_ns, const struct bt_rect *face_px,
                                            bool banner);

#endif
