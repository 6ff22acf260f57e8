/* SPDX-License-Identifier: MIT */
/* The mark reader: decides from a frame's bytes whether the label stands where the view says. */
#ifndef BT_PIPELINE_DISCLOSE_CHECK_H
#define BT_PIPELINE_DISCLOSE_CHECK_H

#include "base/status.h"
#include "pipeline/disclose/disclose.h"
#include "watermark/aligned.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_canvas;

/* What the label's plate must look like, in codes of limited-range luma: made once, from the overlay (bt_disclosed_view.mark).
 */
struct bt_mark;
BT_CHECKED bt_status bt_disclose_mark_create(const struct bt_canvas *label, uint32_t frame_w, uint32_t frame_h,
                                             struct bt_mark **out_mark);
void bt_disclose_mark_destroy(struct bt_mark **mark);

/* True when the label is there, whole, in its size, exactly at (label_x, label_y), white on dark (contrast of at least 4.5 :
   1). `out_score`, which may be NULL: the normalised correlation of the plate's luma with what it must be, -1 … 1. Allocates
   nothing; any thread. Bears rounding (a few codes a pixel); a label that is missing, covered in part, moved, shrunk or tinted
   is not one. */
bool bt_disclose_check(const struct bt_disclosed_view *view, float *out_score);

/* True when the invisible mark can be read from these frames, of one size, and says their session. Allocates; some ms: for
   set-up and for tests. A loud picture may hide its mark from a single look; two that differ by a second do not. */
bool bt_disclose_check_watermark(const struct bt_disclosed_view *view, uint32_t views);

/* The colours. A picture of eight bars, the darker the lower, is packed, and its bytes are held against what plain C makes of
   it: with blue and red swapped, another standard's weights, mirrored or upside down they are not the same, where label and
   mark, which are gray and drawn over whatever comes, may still stand. For set-up and tests; allocates. */
void bt_disclose_bars(uint32_t width_px, uint32_t height_px, uint16_t *out_rgba16f); /* linear; rows from the top */
/* `cover`: rectangles of the frame, px, where something else lies. */
BT_CHECKED bt_status bt_disclose_check_colours(const struct bt_disclosed_view *view, const struct bt_rect *cover,
                                               uint32_t cover_count, bool *out_hold);

/* A frame's luma, in its bytes. */
struct bt_watermark_plane bt_disclose_luma(const struct bt_disclosed_view *view);

/* The invisible mark of this one frame, at its known place: quick enough to be asked while frames leave. `rows`: one row in so
   many is looked at. `out_found`, which may be NULL: what was seen; its strength is 1 where the mark stands as it was made,
   whatever its sign. Unsure while the sign turns, and over pictures that are loud all over. Allocates nothing; any thread. */
enum bt_watermark_verdict bt_disclose_check_strength(const struct bt_disclosed_view *view, uint32_t rows,
                                                     struct bt_watermark_strength *out_found);

#endif
