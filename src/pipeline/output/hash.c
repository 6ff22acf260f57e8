/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "pipeline/output/sink.h"
#include <errno.h>
#include <inttypes.h>
#include <libavutil/mem.h>
#include <libavutil/sha.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct hash {
    struct bt_sink head;
    struct bt_log *log;
    char *path;
    FILE *file;
    struct AVSHA *sha;
    bool failed;
};

static bt_status fault(struct hash *h) {
    if (!h->failed) bt_log_error(h->log, "%s: %s", h->path, strerror(errno));
    h->failed = true;
    return BT_E_IO;
}

static bt_status hash_write(struct bt_sink *sink, const struct bt_disclosed_view *view, bool *out_taken) {
    struct hash *h = (struct hash *)sink;
    uint8_t digest[32];
    char text[65];
    av_sha_init(h->sha, 256);
    av_sha_update(h->sha, view->bytes, view->size_bytes);
    av_sha_final(h->sha, digest);
    for (size_t i = 0; i < sizeof digest; i++) snprintf(text + 2 * i, 3, "%02x", digest[i]);
    if (fprintf(h->file, "%" PRIu64 " %s %s\n", view->sequence, view->placard ? "placard" : "frame", text) < 0) return fault(h);
    *out_taken = true;
    return BT_OK;
}

static bt_status hash_finish(struct bt_sink *sink) {
    struct hash *h = (struct hash *)sink;
    FILE *file = h->file;
    h->file = NULL;
    if (!file) return BT_OK;
    const bool bad = ferror(file);
    return fclose(file) || bad ? fault(h) : BT_OK;
}

static void hash_destroy(struct bt_sink *sink) {
    struct hash *h = (struct hash *)sink;
    if (h->file) fclose(h->file);
    av_free(h->sha);
    free(h->path);
    free(h);
}

static const struct bt_sink_ops ops = {hash_write, hash_finish, hash_destroy, NULL};

bt_status bt_sink_open_hash(const struct bt_sink_params *params, struct bt_sink **out_sink) {
    struct hash *h = calloc(1, sizeof *h);
    if (!h) return BT_E_MEMORY;
    h->head.ops = &ops;
    h->log = params->log;
    h->path = strdup(params->path);
    h->sha = av_sha_alloc();
    bt_status st = h->path && h->sha ? BT_OK : BT_E_MEMORY;
    if (!st) {
        h->file = fopen(h->path, "we");
        if (!h->file) st = fault(h);
    }
    if (st) {
        hash_destroy(&h->head);
        return st;
    }
    *out_sink = &h->head;
    return BT_OK;
}
