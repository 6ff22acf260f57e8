/* SPDX-License-Identifier: MIT */
/* How a session is doing, as numbers: written by the session, sent as JSON, kept as a Prometheus text file, drawn by bauta top.
 */
#ifndef BT_CONTROL_STATUS_H
#define BT_CONTROL_STATUS_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

enum bt_control_state {
    BT_CONTROL_STARTING, /* no frame yet */
    BT_CONTROL_LIVE,     /* the last frame was masked */
    BT_CONTROL_HELD,     /* the last masked frame stands still for a lost face */
    BT_CONTROL_CARD,     /* the last frame was the card */
    BT_CONTROL_PAUSED,   /* asked for; or nobody watches */
    BT_CONTROL_REFERRED, /* a human decides: approve or stop */
    BT_CONTROL_ENDED,
    BT_CONTROL_STATE_COUNT
};
const char *bt_control_state_text(enum bt_control_state state);

enum { BT_CONTROL_STAGES_MOST = 24, BT_CONTROL_NAME_BYTES = 24, BT_CONTROL_TEXT_BYTES = 160 };

struct bt_control_stage {
    char name[BT_CONTROL_NAME_BYTES];
    double ms; /* mean over the last second or so */
};

/* Plain memory. Texts are UTF-8; a person's name is never among them. */
struct bt_control_status {
    enum bt_control_state state;
    bt_status why;                    /* of the card, the hold or the referral */
    char hint[BT_CONTROL_TEXT_BYTES]; /* of the referral: what is wrong and what helps */
    char session[40], face[40], device[BT_CONTROL_TEXT_BYTES];
    double pid, width_px, height_px, uptime_s;
    double fps;                                          /* over the last second or so */
    double latency_p50_ms, latency_p99_ms, queue_age_ms; /* queue age: since the outputs last got a frame */
    double rss_bytes, gpu_bytes;
    double frames, masked, held, placards, camera_dropped, output_dropped, undisclosed; /* counts since the start */
    double referrals, approvals;
    double placards_by_status[BAUTA_STATUS_COUNT];
    struct bt_control_stage stage[BT_CONTROL_STAGES_MOST];
    uint32_t stage_count;
};

/* One JSON object, malloc'ed. BT_E_MEMORY. */
BT_CHECKED bt_status bt_control_status_json(const struct bt_control_status *status, char **out_text);
/* The Prometheus text exposition format 0.0.4, as node_exporter's textfile collector reads it; malloc'ed. BT_E_MEMORY. */
BT_CHECKED bt_status bt_control_status_metrics(const struct bt_control_status *status, char **out_text);

#endif
