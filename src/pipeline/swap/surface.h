/* SPDX-License-Identifier: MIT */
/* The geometry of one frame: from landmarks to what the kernels read. Everything that has a few thousand elements is done here,
   on the CPU; everything that has a pixel's count is done by kernels. */
#ifndef BT_SWAP_SURFACE_H
#define BT_SWAP_SURFACE_H

#include "base/status.h"
#include "pipeline/blend/blend.h"
#include "pipeline/faces.h"
#include "rig/pose.h"
#include "rig/rig.h"
#include "swap/swap.h"

struct bt_log;
struct bt_mask;
struct bt_surface;

/* Where a step writes: mapped memory, in the layouts of shaders/swap/swap.h and draw.h. Written once, never read back. */
struct bt_surface_out {
    float *driver;              /* BT_RIG_FINE_VERTICES x BT_SWAP_VERTEX_TEXELS x 4 */
    float *hybrid;              /* the same */
    uint32_t *tile;             /* 2 for each tile of the largest grid */
    float *list[BT_SWAP_LISTS]; /* each BT_SWAP_LIST_MAX x 4 */
};

/* What a step found. */
struct bt_surface_view {
    struct bt_area box, around; /* as in blend.h */
    float grid_scale;           /* grid px a frame px, at most 1 */
    uint32_t grid_w, grid_h, tiles_w, tiles_h;
    float texel_px;          /* frame px a texel of a 256 px canonical map, facing the camera */
    struct bt_angles angles; /* by the canonical mesh */
    float iris_px[2][3];     /* x, y, radius of the driver's; radius 0: not to be trusted */
    float in_frame;          /* part of the driver's points that lie inside the frame */
};

/* grid_px: the side of the largest grid, at most BT_SWAP_GRID_PX. */
BT_CHECKED bt_status bt_swap_surface_create(struct bt_log *log, const struct bt_rig *rig, const struct bt_mask *mask,
                                            uint32_t frame_w, uint32_t frame_h, uint32_t grid_px,
                                            struct bt_surface **out_surface);
void bt_swap_surface_destroy(struct bt_surface **surface);
/* Another face, or the same after a gap: forgets the driver. */
void bt_swap_surface_reset(struct bt_surface *surface);
/* BT_E_NO_FACE: landmarks that are no numbers, no face, or hardly in the frame. Allocates nothing. */
BT_CHECKED bt_status bt_swap_surface_step(struct bt_surface *surface, const struct bt_face *face, int64_t time_ns,
                                          const struct bt_surface_out *out, struct bt_surface_view *out_view);

#endif
