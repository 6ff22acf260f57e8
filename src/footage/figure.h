/* SPDX-License-Identifier: MIT */
/* The person as a mesh: posed, lit, drawn into a map. */
#ifndef BT_FOOTAGE_FIGURE_H
#define BT_FOOTAGE_FIGURE_H

#include "base/bytes.h"
#include "base/status.h"
#include "footage/raster.h"
#include "footage/script.h"

struct bt_log;
struct bt_footage_figure;

/* `geometry` is face_geometry.bin, borrowed during the call: the face's triangles. BT_E_FORMAT when it is something else. */
BT_CHECKED bt_status bt_footage_figure_create(struct bt_log *log, struct bt_bytes geometry,
                                              struct bt_footage_figure **out_figure);
void bt_footage_figure_destroy(struct bt_footage_figure **figure);
/* Clears the map and draws. output px = (portrait px - origin) x px_per_portrait_px. */
void bt_footage_figure_draw(struct bt_footage_figure *figure, const struct bt_footage_pose *pose, float origin_x,
                            float origin_y, float px_per_portrait_px, struct bt_footage_map *map);

#endif
