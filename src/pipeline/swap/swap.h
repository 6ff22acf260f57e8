/* SPDX-License-Identifier: MIT */
/* Repaints the wearer's face as the worn identity: the relit mesh mask, painted into the frame in place (pipeline/blend does
   the last step). Without a grant there is no bt_swap. */
#ifndef BT_PIPELINE_SWAP_H
#define BT_PIPELINE_SWAP_H

#include "base/bytes.h"
#include "base/status.h"
#include "pipeline/faces.h"
#include "pipeline/frame.h"

struct bt_log;
struct bt_gpu;
struct bt_grant;
struct bt_mask;
struct bt_rig;
struct bt_swap;

/* Where it gives up, besides the head's turn (swap/turn.h). */
#define BT_SWAP_DARK_IN     .055f /* bt_measures.light that it needs to begin; it goes on to .05 */
#define BT_SWAP_COVERED_OUT .25f  /* share of the face */

struct bt_swap_params {
    struct bt_log *log;
    struct bt_gpu *gpu;
    const struct bt_rig *rig;   /* borrowed, outlives the swap */
    const struct bt_mask *mask; /* what is worn; copied to the GPU during create */
    uint32_t width_px, height_px;
};

struct bt_swap_times {
    float swap_ms, blend_ms, cpu_ms; /* GPU time of the last tick that is known to be done */
};

/* BT_E_CONSENT when the grant is NULL, no longer live, or names another face than `mask` does. */
BT_CHECKED bt_status bt_swap_create(const struct bt_swap_params *params, const struct bt_grant *grant,
                                    struct bt_swap **out_swap);
void bt_swap_destroy(struct bt_swap **swap);
/* Paints faces->face[faces->wearer] of `frame`, in place, and sets the frame's fade and face_px; submitted, not waited for.
   Asks the grant first. The mask is whole at every fade. On anything but BT_OK the frame must not be shown: BT_E_CONSENT,
   BT_E_NO_FACE, BT_E_POSE (turned too far: after a fade), BT_E_OCCLUDED (a hand before the face), BT_E_TOO_DARK, BT_E_DEVICE.
   Allocates nothing. */
BT_CHECKED bt_status bt_swap_and_blend(struct bt_swap *swap, const struct bt_grant *grant, struct bt_frame *frame,
                                       const struct bt_faces *faces);
/* What BT_E_OCCLUDED is judged by: the share of the face, 0 … 1, that looked unlike itself in the frame before. */
float bt_swap_covered(const struct bt_swap *swap);
struct bt_swap_times bt_swap_last_times(const struct bt_swap *swap);

#endif
