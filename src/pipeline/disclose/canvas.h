/* SPDX-License-Identifier: MIT */
/* A small painter for set-up: premultiplied RGBA, 8 bits, gamma-coded, painted over what is there. */
#ifndef BT_PIPELINE_DISCLOSE_CANVAS_H
#define BT_PIPELINE_DISCLOSE_CANVAS_H

#include "base/geom.h"
#include "base/status.h"
#include "pipeline/disclose/text.h"
#include <stdint.h>

struct bt_canvas {
    uint8_t *rgba; /* w x h x 4 */
    uint32_t w, h;
};

struct bt_paint {
    uint8_t r, g, b; /* straight */
    uint8_t a;
};

/* Made transparent. Sides from 1 to 16384. */
BT_CHECKED bt_status bt_disclose_canvas_init(struct bt_canvas *canvas, uint32_t w, uint32_t h);
void bt_disclose_canvas_finish(struct bt_canvas *canvas);
void bt_disclose_canvas_fill(struct bt_canvas *canvas, struct bt_paint paint);
/* One pixel, `coverage` of 255. Outside: nothing. */
void bt_disclose_canvas_dot(struct bt_canvas *canvas, int32_t x, int32_t y, struct bt_paint paint, uint32_t coverage);
/* Rectangle with rounded corners, edges smoothed over a pixel. */
void bt_disclose_canvas_plate(struct bt_canvas *canvas, struct bt_rect rect, float radius_px, struct bt_paint paint);
/* Ink with the pen at (x, baseline). */
void bt_disclose_canvas_ink(struct bt_canvas *canvas, const struct bt_ink *ink, int32_t x, int32_t baseline,
                            struct bt_paint paint);
/* A closed polygon of at most 256 points, even-odd, smoothed: exact along rows, four rows a pixel. */
BT_CHECKED bt_status bt_disclose_canvas_polygon(struct bt_canvas *canvas, const struct bt_vec2 *point, uint32_t count,
                                                struct bt_paint paint);
/* src copied to (x, y), nothing blended; what lies outside is left out. */
void bt_disclose_canvas_copy(struct bt_canvas *canvas, const struct bt_canvas *src, uint32_t x, uint32_t y);

#endif
