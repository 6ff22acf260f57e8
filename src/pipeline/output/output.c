/* SPDX-License-Identifier: MIT */
#include "pipeline/output/output.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "pipeline/disclose/check.h"
#include "pipeline/output/sink.h"
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LOOPBACK, RECORD, HASH, SINKS, MAILBOX_SLOTS = 3 };
#define WAIT_NS INT64_C(1000000000)

struct bt_output {
    struct bt_log *log;
    const struct bt_disclose *disclose;
    struct bt_sink *sinks[SINKS];
    bool finished;
    atomic_int error; /* bt_status: the first that a sink met; nothing is written after it */
    atomic_uint_fast64_t sent, dropped, frames[SINKS], undisclosed;
    /* paced only */
    struct bt_mailbox *mailbox;
    struct bt_disclosed waiting[MAILBOX_SLOTS];
    pthread_t thread;
    bool threaded;
};

static bt_status keep_error(struct bt_output *o, bt_status st) {
    int none = BT_OK;
    if (st) atomic_compare_exchange_strong(&o->error, &none, (int)st);
    return st;
}

/* Looks the handle up, reads the label back, and hands the bytes to every sink. */
static bt_status deliver(struct bt_output *o, struct bt_disclosed disclosed) {
    if (atomic_load(&o->error)) return (bt_status)atomic_load(&o->error);
    const struct bt_disclosed_view view = bt_disclose_bytes(o->disclose, disclosed);
    float score = 0;
    if (!bt_disclose_check(&view, &score)) {
        atomic_fetch_add(&o->undisclosed, 1);
        bt_log_error(o->log, "frame %" PRIu64 " does not show its label (score %.2f): output stops", view.sequence,
                     (double)score);
        return keep_error(o, BT_E_FORMAT);
    }
    bool skipped = false;
    for (int i = 0; i < SINKS; i++) {
        if (!o->sinks[i]) continue;
        bool taken = false;
        bt_status st = o->sinks[i]->ops->write(o->sinks[i], &view, &taken);
        if (st) return keep_error(o, st);
        if (taken) atomic_fetch_add(&o->frames[i], 1);
        skipped = skipped || !taken;
    }
    atomic_fetch_add(&o->sent, 1);
    if (skipped) atomic_fetch_add(&o->dropped, 1);
    return BT_OK;
}

static void *deliver_on(void *user) {
    struct bt_output *o = user;
    for (;;) {
        uint32_t slot = 0;
        const bt_status st = bt_mailbox_take(o->mailbox, WAIT_NS, &slot);
        if (st == BT_E_TIMEOUT) continue;
        if (st) return NULL; /* closed, and what was pending is sent */
        const struct bt_disclosed disclosed = o->waiting[slot];
        if (deliver(o, disclosed)) return NULL; /* kept; send returns it */
    }
}

bt_status bt_output_create(const struct bt_output_params *params, struct bt_output **out_output) {
    const struct {
        const char *path;
        bt_status (*open)(const struct bt_sink_params *params, struct bt_sink **out_sink);
    } kinds[SINKS] = {
        [LOOPBACK] = {params->loopback, bt_sink_open_loopback},
        [RECORD] = {params->record, bt_sink_open_record},
        [HASH] = {params->hash, bt_sink_open_hash},
    };
    if (!params->disclose || !params->width_px || !params->height_px || !params->rate_num || !params->rate_den)
        return BT_E_ARGUMENT;
    if (!params->loopback && !params->record && !params->hash) {
        bt_log_error(params->log, "no output is named: pictures would go nowhere");
        return BT_E_ARGUMENT;
    }
    struct bt_output *o = calloc(1, sizeof *o);
    if (!o) return BT_E_MEMORY;
    o->log = params->log;
    o->disclose = params->disclose;
    atomic_init(&o->error, BT_OK);
    bt_status st = BT_OK;
    for (int i = 0; !st && i < SINKS; i++) {
        const struct bt_sink_params sink = {
            .log = params->log,
            .path = kinds[i].path,
            .width_px = params->width_px,
            .height_px = params->height_px,
            .rate_num = params->rate_num,
            .rate_den = params->rate_den,
            .about = params->about,
            .paced = params->paced,
        };
        if (sink.path) st = kinds[i].open(&sink, &o->sinks[i]);
    }
    if (!st && params->paced) st = bt_mailbox_create(&o->mailbox);
    if (st) goto fail;
    if (params->paced) {
        if (pthread_create(&o->thread, NULL, deliver_on, o)) {
            st = BT_E_MEMORY;
            goto fail;
        }
        o->threaded = true;
    }
    *out_output = o;
    return BT_OK;
fail:
    bt_output_destroy(&o);
    return st;
}

bt_status bt_output_send(struct bt_output *o, struct bt_disclosed disclosed) {
    if (o->finished) return BT_E_ARGUMENT;
    if (!o->mailbox) return deliver(o, disclosed);
    o->waiting[bt_mailbox_write_slot(o->mailbox)] = disclosed;
    if (bt_mailbox_post(o->mailbox)) atomic_fetch_add(&o->dropped, 1);
    return (bt_status)atomic_load(&o->error);
}

bt_status bt_output_finish(struct bt_output *o) {
    if (o->finished) return (bt_status)atomic_load(&o->error);
    o->finished = true;
    if (o->mailbox) bt_mailbox_close(o->mailbox);
    if (o->threaded) pthread_join(o->thread, NULL);
    o->threaded = false;
    for (int i = 0; i < SINKS; i++) {
        if (!o->sinks[i]) continue;
        const bt_status st = o->sinks[i]->ops->finish(o->sinks[i]);
        if (st) (void)keep_error(o, st);
    }
    return (bt_status)atomic_load(&o->error);
}

void bt_output_destroy(struct bt_output **output) {
    if (!output || !*output) return;
    struct bt_output *o = *output;
    const bt_status ignored = bt_output_finish(o); /* whoever wants to know calls it before; the log has it */
    (void)ignored;
    for (int i = 0; i < SINKS; i++)
        if (o->sinks[i]) o->sinks[i]->ops->destroy(o->sinks[i]);
    bt_mailbox_destroy(&o->mailbox);
    free(o);
    *output = NULL;
}

struct bt_output_stats bt_output_stats_of(const struct bt_output *o) {
    return (struct bt_output_stats){
        .sent = atomic_load(&o->sent),
        .dropped = atomic_load(&o->dropped),
        .loopback_frames = atomic_load(&o->frames[LOOPBACK]),
        .record_frames = atomic_load(&o->frames[RECORD]),
        .hash_frames = atomic_load(&o->frames[HASH]),
        .undisclosed = atomic_load(&o->undisclosed),
    };
}
