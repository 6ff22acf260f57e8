/* SPDX-License-Identifier: MIT */
/* From the map to a camera's picture: textures, room, tint, noise, I420. */
#ifndef BT_FOOTAGE_SHADE_H
#define BT_FOOTAGE_SHADE_H

#include "base/status.h"
#include "footage/raster.h"
#include "footage/script.h"

struct bt_log;
struct bt_footage_shade;

/* The picture shows portrait px from `origin` on. Decodes the embedded pictures. */
BT_CHECKED bt_status bt_footage_shade_create(struct bt_log *log, uint32_t width_px, uint32_t height_px, float origin_x,
                                             float origin_y, float px_per_portrait_px, struct bt_footage_shade **out_shade);
/* portrait.jpg with its alpha, for the map. */
const struct bt_footage_picture *bt_footage_shade_person(const struct bt_footage_shade *shade);
void bt_footage_shade_destroy(struct bt_footage_shade **shade);
/* Fills width x height x 3/2 bytes: limited range, BT.601, or BT.709 from 720 lines. `frame` seeds the noise. */
void bt_footage_shade_run(struct bt_footage_shade *shade, const struct bt_footage_map *map, const struct bt_footage_pose *pose,
                          uint64_t frame, uint8_t *out_i420);

#endif
