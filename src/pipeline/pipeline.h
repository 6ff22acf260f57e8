/* SPDX-License-Identifier: MIT */
/* The way of a frame: capture, track, swap, blend, disclose, output. */
#ifndef BT_PIPELINE_H
#define BT_PIPELINE_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_grant;
struct bt_capture;
struct bt_track;
struct bt_swap;
struct bt_disclose;
struct bt_output;
struct bt_pipeline;

enum bt_stage { BT_STAGE_CAPTURE, BT_STAGE_TRACK, BT_STAGE_SWAP, BT_STAGE_DISCLOSE, BT_STAGE_OUTPUT, BT_STAGE_COUNT };
const char *bt_stage_name(enum bt_stage stage);

struct bt_pipeline_params {
    struct bt_log *log;
    const struct bt_grant *grant;
    /* All borrowed; they outlive the pipeline. */
    struct bt_capture *capture;
    struct bt_track *track;
    struct bt_swap *swap;
    struct bt_disclose *disclose;
    struct bt_output *output;
    uint64_t frames; /* stop after so many; 0: until the source ends or stop is asked */
};

struct bt_pipeline_stats {
    uint64_t frames, swapped, placard, disclosed, with_face, dropped;
    uint64_t placards_by_status[BAUTA_STATUS_COUNT];
    double latency_p50_ms, latency_p99_ms; /* take to handed over, wall */
    double stage_ms[BT_STAGE_COUNT];       /* mean CPU time of the process in each stage, driver included */
    double frame_cpu_ms;                   /* their sum's mean */
    double fps;
};

BT_CHECKED bt_status bt_pipeline_create(const struct bt_pipeline_params *params, struct bt_pipeline **out_pipeline);
void bt_pipeline_destroy(struct bt_pipeline **pipeline);
/* Runs until the end. BT_OK: source ended, frame limit reached, or stop asked. */
BT_CHECKED bt_status bt_pipeline_run(struct bt_pipeline *pipeline);
void bt_pipeline_stop(struct bt_pipeline *pipeline); /* any thread; async-signal-safe */
struct bt_pipeline_stats bt_pipeline_stats_of(const struct bt_pipeline *pipeline);

#endif
