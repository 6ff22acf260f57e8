/* SPDX-License-Identifier: MIT */
/* Draws the label and packs, in one shader: the only way from an RGBA frame to bytes that a sink can send.
   The egress pool is bound to that shader alone, so there is nothing unmarked to leak. */
#ifndef BT_PIPELINE_DISCLOSE_H
#define BT_PIPELINE_DISCLOSE_H

#include "base/status.h"
#include "pipeline/disclose/disclosed.h"
#include "pipeline/frame.h"
#include "watermark/watermark.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bt_log;
struct bt_gpu;
struct bt_mark;
struct bt_disclose;

enum {
    BT_DISCLOSE_LEAST_PX = 120, /* shortest side that has room for label and banner */
    BT_DISCLOSE_MOST_PX = 8192,
    BT_DISCLOSE_SLACK_BYTES = 64, /* libswscale reads by vectors, past a picture's end (as AV_INPUT_BUFFER_PADDING_SIZE) */
};

enum bt_egress { BT_EGRESS_YUYV, BT_EGRESS_NV12, BT_EGRESS_I420, BT_EGRESS_COUNT };

/* What a regime asks for besides. It can only add: whatever stands here, the default label is there whole, at its height and
   for its time. All zero: nothing. */
struct bt_label_rules {
    const char *extra; /* words after the default's, UTF-8, on lines of their own; or NULL */
    float height_frac; /* of a capital, of the frame's shorter side; what is below the default's .055 has no effect */
    float banner_s;    /* how long the banner shows; what is below 5 has no effect */
};

struct bt_disclose_params {
    struct bt_log *log;
    struct bt_gpu *gpu;
    uint32_t width_px, height_px; /* of frames and of what leaves */
    enum bt_egress egress;
    struct bt_label_rules rules; /* extra is read by bt_disclose_create only */
    uint32_t session;            /* the number that the invisible mark carries */
};

/* What a sink may know of a disclosed frame. */
struct bt_disclosed_view {
    const uint8_t *bytes; /* BT_DISCLOSE_SLACK_BYTES more may be read, though they mean nothing */
    size_t size_bytes;    /* exactly width x height x bits of the format: no padding */
    uint32_t width_px, height_px;
    enum bt_egress egress;
    bool full_range, bt709;
    bool placard; /* the still card, without camera pixels */
    int64_t capture_ns;
    uint64_t sequence;
    uint32_t label_x, label_y;               /* where this frame's label stands: the top left of its plate, px */
    uint32_t session;                        /* in the invisible mark */
    struct bt_watermark_dose dose;           /* how strong its mark was made */
    const struct bt_watermark_tile *pattern; /* the invisible mark's; lives as long as disclose */
    const struct bt_mark *mark; /* what its label must look like, for bt_disclose_check (check.h); lives as long as disclose */
};

/* Renders label, banner and every placard, runs the kernel, and checks all of it with the mark readers (check.h): what
   cannot fail later is made here. BT_E_ARGUMENT: a side is odd, or not from BT_DISCLOSE_LEAST_PX to BT_DISCLOSE_MOST_PX, or the
   rules' words do not fit. BT_E_NOT_FOUND: no font of the program has a character of the rules' words. Either is logged. */
BT_CHECKED bt_status bt_disclose_create(const struct bt_disclose_params *params, struct bt_disclose **out_disclose);
void bt_disclose_destroy(struct bt_disclose **disclose);

/* Consumes the frame (its image is taken away: it cannot be sent twice; capture_ns and sequence stay, for a placard), fades it
   as it says into the placards' ground, lays the label over it, off the frame's face_px (place.h), waits for the GPU, and gives
   the handle. The banner shows for 5 s or the rules' time at the start, after every placard and after every gap. On failure
   there is no handle: send the placard. Images of frames outlive disclose, which keeps their bindings. */
BT_CHECKED bt_status bt_disclose_apply(struct bt_disclose *disclose, struct bt_frame *frame,
                                       struct bt_disclosed *out_disclosed);
/* The last frame once more, bytes for bytes: masked, labelled, and as old as it is. BT_E_NOT_FOUND when what was made last is
   no masked frame (it is the card, or failed), or the GPU was lost. Touches no GPU. */
BT_CHECKED bt_status bt_disclose_hold(struct bt_disclose *disclose, int64_t capture_ns, uint64_t sequence,
                                      struct bt_disclosed *out_disclosed);
/* The still card for `why`; never fails and touches no GPU. capture_ns, sequence: of the frame it stands for. */
struct bt_disclosed bt_disclose_placard(struct bt_disclose *disclose, bt_status why, int64_t capture_ns, uint64_t sequence);
/* What was made last, on the thread that makes frames and until it makes the next; frame or card. */
struct bt_disclosed_view bt_disclose_newest(const struct bt_disclose *disclose);
/* What label and banner cover of the newest masked frame, px: [0] the label's plate, [1] the banner's, without a width while it
   does not show. On the thread that makes frames. */
enum { BT_DISCLOSE_PLATES = 2 };
void bt_disclose_covers(const struct bt_disclose *disclose, struct bt_rect out_plate[BT_DISCLOSE_PLATES]);
/* The same card to look at, numbered 0: for what must show it when there is nobody to ask. Any thread; lives as long as
 * disclose. */
struct bt_disclosed_view bt_disclose_card(const struct bt_disclose *disclose, bt_status why);
/* A stale or forged handle yields the placard; a handle is stale once BT_EGRESS_SLOTS - 1 further frames were made. The bytes
   stay unchanged until the next call, however many frames are made meanwhile, or until bt_disclose_destroy. Any one thread
   besides the one that makes them. */
enum { BT_EGRESS_SLOTS = 6 };
struct bt_disclosed_view bt_disclose_bytes(const struct bt_disclose *disclose, struct bt_disclosed handle);

/* The label as it reads by default, and where its plate lies in the frame (px) when nothing is in the way, as on the cards: for
   stats and for tests. */
const char *bt_disclose_label_text(void);
struct bt_disclose_plate {
    uint32_t x, y, w, h, glyph_h; /* glyph_h: height of a capital */
};
struct bt_disclose_plate bt_disclose_plate_of(uint32_t width_px, uint32_t height_px);
float bt_disclose_last_ms(const struct bt_disclose *disclose); /* GPU time of the last apply */

#endif
