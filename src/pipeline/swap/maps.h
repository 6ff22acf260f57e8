/* SPDX-License-Identifier: MIT */
/* What never changes while a mask is worn: where each texel of the skin lies on the mesh, the painting plan, the mask's albedo
   ratio. Made during create, in the layouts of shaders/swap. */
#ifndef BT_SWAP_MAPS_H
#define BT_SWAP_MAPS_H

#include "base/status.h"
#include "rig/rig.h"

struct bt_gpu;
struct bt_buffer;
struct bt_image;
struct bt_mask;

struct bt_swap_maps {
    struct bt_buffer *place;  /* unwrap.h: vec4 a skin texel */
    struct bt_buffer *corner; /* draw.h: vec4 a triangle */
    struct bt_image *zone;    /* core.h */
    struct bt_image *plan;    /* draw.h */
    struct bt_image *ratio;   /* draw.h */
};

/* BT_E_MEMORY, BT_E_DEVICE. On failure nothing is left to finish. */
BT_CHECKED bt_status bt_swap_maps_init(struct bt_swap_maps *maps, struct bt_gpu *gpu, const struct bt_rig *rig,
                                       const struct bt_mask *mask);
void bt_swap_maps_finish(struct bt_swap_maps *maps);

/* IEEE 754 binary16, round to nearest even; beyond its range the largest finite number. */
uint16_t bt_swap_half_from_float(float value);

#endif
