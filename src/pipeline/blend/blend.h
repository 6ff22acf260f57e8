/* SPDX-License-Identifier: MIT */
/* The last step of wearing a face: paint over the driver's moved pixels, with the driver's own grain, into the frame. Records
   into swap's command buffer; submits nothing. */
#ifndef BT_PIPELINE_BLEND_H
#define BT_PIPELINE_BLEND_H

#include "base/status.h"
#include <stdint.h>

struct bt_log;
struct bt_gpu;
struct bt_image;
struct bt_buffer;
struct bt_commands;
struct bt_smooth;
struct bt_faces;
struct bt_blend;

/* All borrowed; they outlive the blend. Layouts: shaders/swap/draw.h, shrink.h, swap.h. */
struct bt_blend_params {
    struct bt_log *log;
    struct bt_gpu *gpu;
    struct bt_smooth *smooth;
    uint32_t width_px, height_px; /* of frames */
    struct bt_image *copy, *half, *paint, *move;
    struct bt_buffer *light; /* vec4[BT_SWAP_LIGHT_STATE] */
};

/* Frame px. */
struct bt_area {
    int32_t x, y, w, h;
};

struct bt_blend_job {
    struct bt_image *frame; /* painted in place; outlives the blend */
    struct bt_area box;     /* may be painted */
    struct bt_area around;  /* is read: the box and what blurs and flow reach beyond it; x and y multiples of 4 */
    float grid_scale;
    uint32_t grid_w, grid_h;
    float texel_px;      /* frame px a texel of a 256 px canonical map: the unit of the recipe's blurs */
    float iris_px[2][3]; /* the driver's: x, y, radius; radius 0: leave that eye as it is */
    float tint[3];       /* the mask's iris over a grey one of the same light, linear */
    uint32_t seed;       /* of the noise; another every frame */
    /* Their matte keeps paint off the background, at the face's outline. It is read where it lies: the first one's buffer
       outlives the blend. No matte, or one in another buffer: the paint lies as the mesh does. */
    const struct bt_faces *faces;
};

BT_CHECKED bt_status bt_blend_create(const struct bt_blend_params *params, struct bt_blend **out_blend);
void bt_blend_destroy(struct bt_blend **blend);
/* After the copy and the half-size picture were recorded, with a barrier before; leaves the frame written, no barrier after.
   Fails only when a frame image or the matte is seen for the first time and no descriptor set can be made. */
BT_CHECKED bt_status bt_blend_record(struct bt_blend *blend, struct bt_commands *commands, const struct bt_blend_job *job);

#endif
