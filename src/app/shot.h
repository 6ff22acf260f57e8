/* SPDX-License-Identifier: MIT */
/* A face cut out of a frame, for enrolment and to know the wearer again: read back from the GPU into guarded memory, and wiped
 * from both. */
#ifndef BT_APP_SHOT_H
#define BT_APP_SHOT_H

#include "base/status.h"
#include "enroll/quality.h"
#include "pipeline/faces.h"
#include <stdint.h>

struct bt_frame;
struct bt_gpu;
struct bt_log;
struct bt_shot;

enum { BT_SHOT_SIDE_MOST_PX = 448 };

struct bt_shot_crop {
    const float *rgb;     /* linear light, rows packed */
    const uint8_t *bytes; /* the same, gamma-coded */
    uint32_t width_px, height_px;
    struct bt_vec3 landmark[BT_LANDMARKS]; /* crop px; z as large a unit */
};

BT_CHECKED bt_status bt_shot_create(struct bt_gpu *gpu, struct bt_log *log, uint32_t width_px, uint32_t height_px,
                                    struct bt_shot **out_shot);
void bt_shot_destroy(struct bt_shot **shot); /* wipes */
/* Reads the frame back, waits for it, and looks at it. The crop is the wearer's head, valid until the next take; rgb NULL when
   there is no wearer. */
BT_CHECKED bt_status bt_shot_take(struct bt_shot *shot, const struct bt_frame *frame, const struct bt_faces *faces,
                                  struct bt_enroll_scene *out_scene);
/* The whole frame that was read back last: 8-bit luma (BT.709's weights on gamma-coded values), width x height bytes. */
void bt_shot_luma(const struct bt_shot *shot, uint8_t *out_luma);
const struct bt_shot_crop *bt_shot_crop_of(const struct bt_shot *shot);
/* Nothing of the last take is left; the crop is none. */
void bt_shot_wipe(struct bt_shot *shot);

#endif
