/* SPDX-License-Identifier: MIT */
/* Which of the faces in view is the wearer's: the most central and largest at first, and then the same one, stubbornly. Pure.
 */
#ifndef BT_PIPELINE_TRACK_WEARER_H
#define BT_PIPELINE_TRACK_WEARER_H

#include "base/geom.h"
#include <stdint.h>

struct bt_wearer {
    uint32_t id;            /* 0: none yet, or lost */
    struct bt_rect last_px; /* where it was last seen; w 0 before the first */
    int64_t seen_ns;
    uint32_t challenger; /* a face that has been far more prominent since challenge_ns; 0: none */
    int64_t challenge_ns;
};

struct bt_wearer_candidate {
    uint32_t id; /* not 0 */
    struct bt_rect box_px;
};

/* Area, less towards the frame's edges. */
float bt_track_wearer_prominence(struct bt_rect box_px, uint32_t frame_w, uint32_t frame_h);
/* The wearer's index among the faces now in view, or -1. A wearer in view stays it unless another face is 2 x as prominent for
   1.5 s on end. Once lost, a face near where the wearer was is the wearer again at once; any other only after 1 s. */
int32_t bt_track_wearer_elect(struct bt_wearer *wearer, const struct bt_wearer_candidate *candidates, uint32_t count,
                              uint32_t frame_w, uint32_t frame_h, int64_t now_ns);

#endif
