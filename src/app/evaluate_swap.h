/* SPDX-License-Identifier: MIT */
/* bauta evaluate swap: the pipeline runs over a clip, and what leaves it is held, frame by frame, against what went in. */
#ifndef BT_APP_EVALUATE_SWAP_H
#define BT_APP_EVALUATE_SWAP_H

#include "app/evaluate.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/faces.h"
#include "rig/pose.h"

/* What is measured of a frame; a number that is not finite: could not be, or was not. `in`: the driver, as the clip has them.
   The differences last: what is there of the output beyond the input. */
enum bt_swap_measure {
    BT_SWAP_WORN,     /* cosine of MobileFaceNet: output with the worn face */
    BT_SWAP_WORN_IN,  /* the driver with the worn face: how alike they are by themselves */
    BT_SWAP_DRIVER,   /* output with the driver */
    BT_SWAP_WORN_FAR, /* distance of the ResNet, the same three */
    BT_SWAP_WORN_IN_FAR,
    BT_SWAP_DRIVER_FAR,
    BT_SWAP_POSE,       /* degrees */
    BT_SWAP_GAZE,       /* degrees */
    BT_SWAP_EXPRESSION, /* of the eyes' distance */
    BT_SWAP_JITTER_OUT, /* thousandths of the eyes' distance */
    BT_SWAP_JITTER_IN,
    BT_SWAP_FLICKER_OUT, /* codes of luma, of 255, a frame */
    BT_SWAP_FLICKER_IN,
    BT_SWAP_SEAM_OUT, /* CIEDE2000, as the next four */
    BT_SWAP_SEAM_IN,
    BT_SWAP_NECK_OUT,
    BT_SWAP_NECK_IN,
    BT_SWAP_UNCHANGED, /* share of the painted face's points that are as the camera had them */
    BT_SWAP_JITTER,    /* the output's less the input's, as the next three */
    BT_SWAP_FLICKER,
    BT_SWAP_SEAM,
    BT_SWAP_NECK,
    BT_SWAP_MEASURES
};
struct bt_swap_measure_text {
    const char *key, *name, *unit; /* key: in JSON */
};
extern const struct bt_swap_measure_text bt_swap_measures[BT_SWAP_MEASURES];

/* How the face is drawn, over the eyes' distance and without the head's turn. */
enum { BT_SWAP_OPEN, BT_SWAP_WIDE, BT_SWAP_BROW_0, BT_SWAP_BROW_1, BT_SWAP_LID_0, BT_SWAP_LID_1, BT_SWAP_SHAPES };

struct bt_swap_sample {
    uint64_t frame;
    bool masked;  /* by the pipeline's word */
    bool seen;    /* a face was found again in the output */
    bool faded;   /* on its way to the card: colours say nothing */
    bool covered; /* label or banner lie on the face: what is found of it says nothing of the mask */
    bool leak;    /* a bare face */
    double value[BT_SWAP_MEASURES], shape_in[BT_SWAP_SHAPES], shape_out[BT_SWAP_SHAPES];
};

/* A frame that left as picture, not as card, and the one that went in: of one size. */
struct bt_swap_pair {
    const struct bt_picture_rgb *in, *out;
    const struct bt_face *in_face, *out_face; /* NULL: not found */
    struct bt_rect plate[BT_DISCLOSE_PLATES]; /* label and banner, px: what they cover is left out. No width: not there */
};

/* A bare face is one whose colours are the camera's: at this many of its painted points or more they are nearer to the input's
   than CIEDE2000 can tell apart, for a person and with what label-free packing (4:2:0, 8 bits) and the invisible mark change.
 */
#define BT_SWAP_SAME_DELTA_E 2.0
#define BT_SWAP_LEAK_SHARE   0.7

/* Looks at one pair after the other. Plain memory, wiped when destroyed: the driver's landmarks. One thread. */
struct bt_swap_look;
BT_CHECKED bt_status bt_swap_look_create(const struct bt_rig *rig, struct bt_swap_look **out_look);
void bt_swap_look_destroy(struct bt_swap_look **look);
/* All of the sample but who it is alike, and the expression's error. */
void bt_swap_look_at(struct bt_swap_look *look, const struct bt_swap_pair *pair, struct bt_swap_sample *out_sample);
/* A frame of which nothing can be said: what changes from frame to frame starts anew. */
void bt_swap_look_break(struct bt_swap_look *look);
/* Fills the expression's error: how far each shape is off its own median, in the output against the input. For faces differ,
   and it is the movement that is to be the driver's. BT_E_MEMORY. */
BT_CHECKED bt_status bt_swap_expressions(struct bt_swap_sample *samples, uint32_t count);

/* The worst frame by a measure, as it left; of the built-in footage also as it went in. */
struct bt_swap_worst {
    enum bt_swap_measure measure;
    bool found;
    uint64_t frame;
    double value;
    struct bt_picture_rgb out, in; /* in without a width: not kept */
};
enum { BT_SWAP_WORST = 7, BT_SWAP_WORST_W = 480 };

struct bt_swap_study {
    const char *clip, *face, *device;
    uint32_t width_px, height_px;
    double rate, seconds;
    struct bt_swap_sample *sample;
    uint32_t count, room;
    uint32_t masked, held, placards, leaks, covered, lost; /* lost: masked, but no face was found again in the output */
    uint32_t placards_by_status[BAUTA_STATUS_COUNT];
    uint32_t driver_again; /* frames in which both matchers together take the output for the driver (match/match.h) */
    uint32_t compared;     /* frames of which templates were made */
    struct bt_swap_worst worst[BT_SWAP_WORST];
};
/* Median and 95th percentile over the frames; NAN: none. BT_E_MEMORY. */
struct bt_swap_figure {
    uint32_t frames;
    double median, p95;
};
BT_CHECKED bt_status bt_swap_figures(const struct bt_swap_study *study, struct bt_swap_figure out_figures[BT_SWAP_MEASURES]);
/* report.json and report.html into `folder`. json: the first on standard output too. */
BT_CHECKED bt_status bt_swap_study_write(struct bt_log *log, const struct bt_swap_study *study, const char *folder, bool json);

#endif
