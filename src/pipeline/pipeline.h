/* SPDX-License-Identifier: MIT */
/* The way of a frame: capture, track, swap, blend, disclose, output. */
#ifndef BT_PIPELINE_H
#define BT_PIPELINE_H

#include "base/status.h"
#include "pipeline/disclose/disclosed.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_grant;
struct bt_capture;
struct bt_track;
struct bt_swap;
struct bt_disclose;
struct bt_output;
struct bt_faces;
struct bt_frame;
struct bt_disclosed_view;
struct bt_pipeline;

/* Stages of which the time is kept. Those of the GPU by its own timestamps, the others by CPU time. */
enum bt_stage {
    BT_STAGE_CAPTURE, /* CPU: read, decode, upload, submit */
    BT_STAGE_DETECT,
    BT_STAGE_MESH,
    BT_STAGE_MATTE,
    BT_STAGE_TRACK_CPU,
    BT_STAGE_SWAP,
    BT_STAGE_BLEND,
    BT_STAGE_SWAP_CPU,
    BT_STAGE_DISCLOSE,
    BT_STAGE_OUTPUT, /* CPU: hand-over, and writing where the output is not paced */
    BT_STAGE_COUNT
};
const char *bt_stage_name(enum bt_stage stage);

/* What became of one frame: plain numbers and the handle, never the frame. */
struct bt_report {
    uint64_t sequence;
    bt_status why; /* BT_OK: masked and labelled; else why the placard was sent, or the last masked frame held */
    bool held;
    const struct bt_faces *faces;
    struct bt_disclosed disclosed;
};

struct bt_observer {
    void *user;
    void (*frame)(void *user, const struct bt_report *report); /* on the pipeline's thread; brief */
};

/* Who may be masked, and what may leave: asked besides consent and gate. Anything but BT_OK is the placard of that status. Both
   on the pipeline's thread; either may be NULL: not asked. */
struct bt_vouch {
    void *user;
    /* Is the wearer of `faces` the person who is to be masked? The frame is as the camera gave it: what looks at it keeps
       nothing of it. Asked for every frame that the gate lets through. */
    bt_status (*person)(void *user, const struct bt_frame *frame, const struct bt_faces *faces);
    /* May this frame, masked and labelled, leave? */
    bt_status (*leave)(void *user, const struct bt_disclosed_view *view);
};

struct bt_pipeline_params {
    struct bt_log *log;
    const struct bt_grant *grant;
    /* All borrowed; they outlive the pipeline. */
    struct bt_capture *capture;
    struct bt_track *track;
    struct bt_swap *swap;
    struct bt_disclose *disclose;
    struct bt_output *output;
    struct bt_observer observer; /* optional */
    struct bt_vouch vouch;       /* optional */
    uint64_t frames;             /* stop after so many; 0: until the source ends or stop is asked */
    /* How long the last masked frame may stand where the face is lost, before the placard; 0: not at all. */
    int64_t hold_ns;
};

struct bt_pipeline_stats {
    uint64_t frames, swapped, placard, held, disclosed, with_face; /* frames = swapped + placard + held */
    uint64_t placards_by_status[BAUTA_STATUS_COUNT];
    double latency_p50_ms, latency_p99_ms; /* exposure (or read) to handed over, wall */
    double stage_ms[BT_STAGE_COUNT];       /* mean over all frames */
    double cpu_ms;                         /* mean CPU time of the whole process a frame, driver included */
    double fps;
};

BT_CHECKED bt_status bt_pipeline_create(const struct bt_pipeline_params *params, struct bt_pipeline **out_pipeline);
void bt_pipeline_destroy(struct bt_pipeline **pipeline);
/* Runs until the end. BT_OK: source ended, frame limit reached, or stop asked. Whatever fails, a placard is the last frame
   sent, then the failure is returned. Allocates nothing. */
BT_CHECKED bt_status bt_pipeline_run(struct bt_pipeline *pipeline);
void bt_pipeline_stop(struct bt_pipeline *pipeline); /* any thread */
/* While there is a reason to pause, a live source is given back, others wait, the GPU rests, and the card "Paused" (referred:
   "Waiting for the wearer") is sent four times a second; then the picture comes back, with the 5 s banner. Neither those frames
   nor any that wait for the wearer count for the limit. Any thread. */
enum bt_pause {
    BT_PAUSE_ASKED = 1,     /* by the wearer */
    BT_PAUSE_UNWATCHED = 2, /* nobody reads the virtual camera */
    BT_PAUSE_REFERRED = 4,  /* a human decides */
};
void bt_pipeline_pause(struct bt_pipeline *pipeline, enum bt_pause why);
void bt_pipeline_resume(struct bt_pipeline *pipeline, enum bt_pause why);
uint32_t bt_pipeline_paused(struct bt_pipeline *pipeline); /* the reasons there are now, of enum bt_pause; 0: runs */
/* What paints from the next frame on; NULL: nothing does, and the card "Changing the mask" is sent. From the observer alone. */
void bt_pipeline_wear(struct bt_pipeline *pipeline, struct bt_swap *swap);
struct bt_pipeline_stats bt_pipeline_stats_of(const struct bt_pipeline *pipeline);

#endif
