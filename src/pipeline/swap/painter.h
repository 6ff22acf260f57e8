/* SPDX-License-Identifier: MIT */
/* Everything of swap that lives on the GPU: kernels, maps, buffers, and the order they are recorded in. */
#ifndef BT_SWAP_PAINTER_H
#define BT_SWAP_PAINTER_H

#include "base/status.h"
#include "pipeline/swap/surface.h"

struct bt_log;
struct bt_gpu;
struct bt_image;
struct bt_mask;
struct bt_rig;
struct bt_painter;

enum { BT_PAINTER_SLOTS = 2 }; /* ticks that may be in flight */

BT_CHECKED bt_status bt_swap_painter_create(struct bt_log *log, struct bt_gpu *gpu, const struct bt_rig *rig,
                                            const struct bt_mask *mask, uint32_t width_px, uint32_t height_px,
                                            struct bt_painter **out_painter);
/* Waits for what it has submitted. */
void bt_swap_painter_destroy(struct bt_painter **painter);

/* Waits until the next slot is free and gives the memory that the geometry is written to. */
BT_CHECKED bt_status bt_swap_painter_open(struct bt_painter *painter, struct bt_surface_out *out_memory);

struct bt_painter_job {
    struct bt_image *frame;
    const struct bt_faces *faces; /* for their matte, until the call returns */
    struct bt_surface_view view;
    bool fresh;  /* nothing is known of this face's light and skin */
    bool forget; /* what the face is like, but not its light */
    float dt_s;  /* since the face's last tick */
    uint32_t seed;
};
/* Records and submits into the open slot. */
BT_CHECKED bt_status bt_swap_painter_paint(struct bt_painter *painter, const struct bt_painter_job *job);

/* What the GPU said of the last tick that is done. */
struct bt_painter_report {
    bool valid;
    float noise;   /* deviation of the camera's noise, coded units */
    float light;   /* mean linear light of the skin */
    float samples; /* of 4,096, that showed plain skin */
    float compared,
        strange; /* parts of the face, by weight, that could be held against what they were like; and those unlike it */
    float swap_ms, blend_ms;
};
struct bt_painter_report bt_swap_painter_report_of(struct bt_painter *painter);

#endif
