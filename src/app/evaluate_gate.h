/* SPDX-License-Identifier: MIT */
/* bauta evaluate gate: the built-in footage, made worse in steps, is tracked; how far the landmarks are from those of the same
   frame as it was drawn says where each measure of the gate (pipeline/gate) must stop a frame. */
#ifndef BT_APP_EVALUATE_GATE_H
#define BT_APP_EVALUATE_GATE_H

#include "app/app.h"
#include "evaluate/operating.h"
#include "footage/degrade.h"
#include "pipeline/gate/gate.h"

/* What is done to the pictures. The head's turn is the footage's own. */
enum bt_gate_axis { BT_AXIS_YAW = BT_FOOTAGE_FAULTS, BT_AXIS_PITCH, BT_GATE_AXES, BT_AXIS_NONE = BT_GATE_AXES };
enum { BT_GATE_STEPS = 10, BT_GATE_STEP_FRAMES = 3, BT_GATE_MOMENTS = 5 };
struct bt_gate_axis_text {
    const char *name, *unit;
    float level[BT_GATE_STEPS]; /* the first: nothing */
};
extern const struct bt_gate_axis_text bt_gate_axes[BT_GATE_AXES];

/* What is fitted: the gate's rows, then what swap judges. */
enum { BT_FIT_YAW = BT_GATE_MEASURES, BT_FIT_PITCH, BT_FIT_COVER, BT_GATE_FITS };

/* A frame that was looked at. */
struct bt_gate_sample {
    uint8_t axis, step, moment, frame; /* frame: of the moment */
    bool settled;                      /* not the first of its step */
    bool found;                        /* the tracker follows a face */
    bool stopped;                      /* the gate's table, as shipped, or swap, stops it */
    float error; /* mean over landmarks, in the plane, of the distance to where they are, over the eyes' distance */
    float value[BT_GATE_FITS];
};

/* A frame is bad when its landmarks are so far off. Burgos-Artizzu, Perona, Dollar 2013 (as Dantone and others 2012) count a
   face as failed when the mean error is above a tenth of the distance between the pupils, .07 of that between the outer corners
   of the eyes; it is counted from labels made by hand. Ours is counted from what the same net said of the good picture, whose
   own error comes on top: so less is allowed. */
#define BT_GATE_ERROR_MOST  0.05f
#define BT_GATE_CAUGHT      0.95 /* of the bad frames are to be stopped */
#define BT_GATE_CLEAN_STOPS 0.01 /* of the frames as drawn may be, */
#define BT_GATE_FALSE_STOPS 0.05 /* and of those whose error is half of what makes a frame bad, or less */
/* One face's confidence is not everybody's: above this no more is asked of it. A measure whose ROC area is less says too little
   to stop anything that was tried. */
#define BT_GATE_CONFIDENCE_MOST 0.9f
#define BT_GATE_AREA_LEAST      0.7

struct bt_gate_fit {
    const char *name, *unit;
    bool low_is_bad;
    bool fitted;  /* there were bad frames; else the threshold lies just beyond what was tried */
    bool weak;    /* its ROC area is below BT_GATE_AREA_LEAST: likewise */
    bool backed;  /* moved away from the 95 %, for too many frames as drawn would have been stopped */
    bool floored; /* moved to what swap needs of it */
    uint32_t trials, bad;
    double auc, even; /* even: where the logistic fit has even odds; NAN: none */
    struct bt_operating_point point;
    double clean_stops, fine_stops; /* shares of the frames as drawn, and of those with half the error */
    float spread;                   /* standard deviation from frame to frame of one step, nothing else changing */
    float enter, leave, limit;      /* limit: what is in force */
};

struct bt_gate_study {
    struct bt_gate_sample *sample;
    uint32_t count, lost; /* lost: there was a face, and the tracker had none: a placard already */
    struct bt_gate_fit fit[BT_GATE_FITS];
    const char *device;
    double seconds;
};

/* Whether this sample counts for fit `f`. */
bool bt_gate_counts(const struct bt_gate_sample *sample, uint32_t f);
const char *bt_gate_remark(const struct bt_gate_fit *fit); /* "", or why the threshold is not that of the 95 % */
BT_CHECKED bt_status bt_gate_study_fit(struct bt_gate_study *study);
/* report.html, report.json and fitted.h, the table as the program holds it, into `folder`. */
BT_CHECKED bt_status bt_gate_study_write(struct bt_log *log, const struct bt_gate_study *study, const char *folder);

#endif
