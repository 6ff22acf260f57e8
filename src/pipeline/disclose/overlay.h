/* SPDX-License-Identifier: MIT */
/* Label and banner: where they lie in a frame of some size, and what they look like. */
#ifndef BT_PIPELINE_DISCLOSE_OVERLAY_H
#define BT_PIPELINE_DISCLOSE_OVERLAY_H

#include "base/status.h"
#include "pipeline/disclose/canvas.h"
#include "pipeline/disclose/text.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_plate {
    uint32_t x, y, w, h; /* even, so that no chroma sample straddles the edge */
    uint32_t cap_px;     /* height of a capital */
    float em_px;
    float baseline0_px, line_px; /* of the first line, from the plate's top; from line to line */
    struct bt_lines lines;
};

/* The same words at the same size in fewer or more lines, the widest first: where one shape has no place beside the face,
   another may. The first is what is shown when nothing is in the way. */
enum { BT_LABEL_SHAPES = 2, BT_BANNER_SHAPES = 4 };

struct bt_layout {
    uint32_t frame_w, frame_h, labels, banners; /* counts: at least one of either */
    uint32_t step_px;                           /* of the label's small moves: even, at most its margin */
    struct bt_plate label[BT_LABEL_SHAPES], banner[BT_BANNER_SHAPES];
};

struct bt_label_rules;

/* `rules`: NULL is none; its words are borrowed while the layout lives. BT_E_ARGUMENT: no room (disclose.h says the least size
   without rules). */
BT_CHECKED bt_status bt_disclose_layout_of(struct bt_text *text, uint32_t frame_w, uint32_t frame_h,
                                           const struct bt_label_rules *rules, struct bt_layout *out_layout);

struct bt_overlay {
    struct bt_layout layout;
    struct bt_canvas label[BT_LABEL_SHAPES], banner[BT_BANNER_SHAPES]; /* of their plates' sizes; the corners are transparent */
};

BT_CHECKED bt_status bt_disclose_overlay_init(struct bt_text *text, uint32_t frame_w, uint32_t frame_h,
                                              const struct bt_label_rules *rules, struct bt_overlay *out_overlay);
void bt_disclose_overlay_finish(struct bt_overlay *overlay);

/* The program's own fonts: the first (Latin, Greek, Cyrillic and what Chinese, Japanese and Korean need), and a text of all. */
struct bt_bytes bt_disclose_overlay_font(void);
BT_CHECKED bt_status bt_disclose_overlay_text(struct bt_text **out_text);

/* Draws each line, centred on x between left and left + width, first baseline at `baseline`. */
BT_CHECKED bt_status bt_disclose_lines_draw(struct bt_text *text, const struct bt_lines *lines, float em_px,
                                            struct bt_canvas *canvas, float left, float width, float baseline, float line_px,
                                            struct bt_paint paint);

#endif
