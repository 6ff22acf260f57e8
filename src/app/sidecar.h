/* SPDX-License-Identifier: MIT */
/* A running session's manifest on disk: written when it starts, every minute, and when it ends, each time in place of the last,
   so that a crash loses a minute's counts and no more. */
#ifndef BT_APP_SIDECAR_H
#define BT_APP_SIDECAR_H

#include "base/status.h"
#include "pipeline/pipeline.h"
#include "trust/manifest/manifest.h"

#include <limits.h>

struct bt_log;
struct bt_sidecar;

enum { BT_SIDECAR_FILES = 2 };

struct bt_sidecar_params {
    struct bt_log *log;
    const struct bt_signer *signer;     /* borrowed */
    const struct bt_manifest *manifest; /* what is known at the start; copied */
    const char *file[BT_SIDECAR_FILES]; /* NULL: none */
    bool is_private[BT_SIDECAR_FILES];  /* for the owner's eyes (0600) */
    int64_t every_ns;                   /* 0: a minute */
    struct bt_observer next;            /* told of every frame after the sidecar */
};

/* Writes the first, and starts the thread that writes the others. BT_E_IO: the log says which file. */
BT_CHECKED bt_status bt_sidecar_create(const struct bt_sidecar_params *params, struct bt_sidecar **out_sidecar);
/* Counts frames; what the pipeline is to call. Allocates nothing. */
struct bt_observer bt_sidecar_observer(struct bt_sidecar *sidecar);
/* Another mask was put on: it is named after the ones before. Any thread; it may wait for a file to be written. */
void bt_sidecar_add_mask(struct bt_sidecar *sidecar, const char *name);
/* The newest, on one line, malloc'ed; NULL: no memory. Any thread. */
char *bt_sidecar_text(struct bt_sidecar *sidecar);
/* Ends the thread and writes the last. The audit's head is the session's closing line. Once. */
BT_CHECKED bt_status bt_sidecar_end(struct bt_sidecar *sidecar, bt_status why, uint64_t audit_lines, const char *audit_head);
void bt_sidecar_destroy(struct bt_sidecar **sidecar);

#endif
