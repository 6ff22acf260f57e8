/* SPDX-License-Identifier: MIT */
/* Sinks. Each takes bt_disclosed handles, by value, and nothing else. */
#ifndef BT_PIPELINE_OUTPUT_H
#define BT_PIPELINE_OUTPUT_H

#include "base/status.h"
#include "pipeline/disclose/disclosed.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_disclose;
struct bt_output;

/* What a recording says of itself, in its container's metadata. */
struct bt_output_tag {
    const char *key, *value;
};
struct bt_output_about {
    const struct bt_output_tag *tag; /* all borrowed, until the output is finished */
    uint32_t tags;
    /* The newest value of the tag last_key, malloc'ed or NULL, asked for when the recording is finished: .mp4 holds its
       metadata at its end, .mkv at its beginning and keeps the first value. On the thread that finishes. */
    void *user;
    char *(*last)(void *user);
    const char *last_key;
};

/* Told, on the output thread, when nobody reads the virtual camera any more, and when somebody does again. Never told where
   that cannot be known (v4l2loopback before 0.13), and never before the first frame. Must not wait. */
struct bt_output_watch {
    void *user;
    void (*changed)(void *user, bool watched);
};

struct bt_output_params {
    struct bt_log *log;
    const struct bt_disclose *disclose; /* where handles are looked up; borrowed */
    uint32_t width_px, height_px;
    uint32_t rate_num, rate_den;
    const char *loopback;                /* v4l2loopback node, or NULL. */
    const char *record;                  /* .mkv or .mp4, or NULL */
    const char *hash;                    /* text file, or NULL: one line a frame, "sequence placard|frame sha256" */
    const struct bt_output_about *about; /* copied; NULL: nothing */
    bool paced; /* live: while the sinks are busy, a newer frame replaces a waiting one (counted) and nobody waits */
    /* Frames leave at the rate, dropped or repeated: live by the clock, and repeated to the virtual camera alone; else by the
       source's own time. Without it they leave as they come. */
    bool at_rate;
    struct bt_output_watch watch; /* changed NULL: nobody asks */
};

struct bt_output_stats {
    uint64_t sent, dropped, repeated, loopback_frames, record_frames, hash_frames;
    uint64_t undisclosed; /* frames whose label could not be read back, each is asked, or that lack the invisible mark, one in
                             16 is asked: must stay 0; output stops at the first */
    uint64_t mark_looks, mark_seen; /* looks at the invisible mark, and those that saw it at once; the others were over turns of
                                       its sign or too loud a picture, and are judged together */
};

/* Opens every sink that is named; at least one. Where no frame comes, the virtual camera is given the last one again, several
   times a second for 5 s: silence would mean to it that bauta died, and it would show the card "Stopped". BT_E_ARGUMENT,
   BT_E_NOT_FOUND, BT_E_BUSY, BT_E_UNSUPPORTED, BT_E_IO: the log says which, and what to do. Starts the output thread. */
BT_CHECKED bt_status bt_output_create(const struct bt_output_params *params, struct bt_output **out_output);
/* Sends what is pending, finishes files, joins. */
void bt_output_destroy(struct bt_output **output);
/* Hands over; when not paced it waits until the frame is written, so that none is lost. Returns the first error a sink met. */
BT_CHECKED bt_status bt_output_send(struct bt_output *output, struct bt_disclosed disclosed);
struct bt_output_stats bt_output_stats_of(const struct bt_output *output);
/* Finishes files and reports; after it only destroy. */
BT_CHECKED bt_status bt_output_finish(struct bt_output *output);

#endif
