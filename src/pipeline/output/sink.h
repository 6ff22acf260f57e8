/* SPDX-License-Identifier: MIT */
/* What output asks of a sink. A sink sees disclosed bytes only, through a view that output looked up and checked. */
#ifndef BT_OUTPUT_SINK_H
#define BT_OUTPUT_SINK_H

#include "base/status.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_sink;

struct bt_sink_ops {
    /* *out_taken false with BT_OK: the frame was skipped, the sink goes on. */
    bt_status (*write)(struct bt_sink *sink, const struct bt_disclosed_view *view, bool *out_taken);
    /* Completes what was begun, also after an error of write. */
    bt_status (*finish)(struct bt_sink *sink);
    void (*destroy)(struct bt_sink *sink);
    /* How many read from it now; -1: it cannot be known. NULL: the same. */
    int (*readers)(struct bt_sink *sink);
};

struct bt_sink { /* head of every sink */
    const struct bt_sink_ops *ops;
};

struct bt_sink_params {
    struct bt_log *log;
    const char *path;
    uint32_t width_px, height_px, rate_num, rate_den;
    const struct bt_output_about *about;
    enum bt_egress egress;
    struct bt_disclosed_view stopped; /* the card that says so, for what goes on without us; bytes NULL: none. Borrowed */
    bool paced;                       /* times come from capture_ns, not from the rate */
};

/* loopback.c: a v4l2loopback node, by write(). */
BT_CHECKED bt_status bt_sink_open_loopback(const struct bt_sink_params *params, struct bt_sink **out_sink);
/* record.c: .mkv or .mp4. */
BT_CHECKED bt_status bt_sink_open_record(const struct bt_sink_params *params, struct bt_sink **out_sink);
/* hash.c: "sequence placard|frame sha256", a line a frame. */
BT_CHECKED bt_status bt_sink_open_hash(const struct bt_sink_params *params, struct bt_sink **out_sink);

#endif
