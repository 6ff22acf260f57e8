/* SPDX-License-Identifier: MIT */
#include "pipeline/output/output.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "pipeline/disclose/check.h"
#include "pipeline/output/sink.h"
#include "watermark/dose.h"
#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LOOPBACK, RECORD, HASH, SINKS, MAILBOX_SLOTS = 3 };
#define WAIT_NS      INT64_C(100000000)  /* between two looks at who reads */
#define REPEAT_NS    INT64_C(250000000)  /* well under the virtual camera's time-out */
#define LAST_NS      INT64_C(5000000000) /* a frozen picture must not last: then the time-out's card shows */
#define UNWATCHED_NS INT64_C(1000000000) /* programs open cameras briefly, to ask */
#define JUMP_NS      INT64_C(10000000000)
/* The invisible mark is looked at in one frame of so many, in so many rows of it; and what could not be said of each is said of
   as many looks together: the mark's sign turns, and what a picture that stands still looks like cancels out. */
enum { MARK_FRAMES = 16, MARK_ROWS = 180, MARK_LOOKS = 16 };

struct bt_output {
    struct bt_log *log;
    const struct bt_disclose *disclose;
    struct bt_sink *sinks[SINKS];
    bool finished;
    atomic_int error; /* bt_status: the first that a sink met; nothing is written after it */
    atomic_uint_fast64_t sent, dropped, repeated, frames[SINKS], undisclosed, mark_looks, mark_seen;
    pthread_mutex_t lock; /* sinks, and what was last sent: for one thread at a time */
    bool paced;
    /* paced, or with a virtual camera */
    struct bt_mailbox *mailbox; /* nothing is posted unless paced; closing it ends the thread */
    struct bt_disclosed waiting[MAILBOX_SLOTS];
    pthread_t thread;
    bool threaded;
    int64_t interval_ns; /* 0: frames leave as they come */
    struct bt_output_watch watch;
    struct bt_disclosed last;
    int64_t last_new_ns, last_sent_ns;
    int64_t tick_ns; /* the next, in the source's time; not paced */
    bool begun;
    struct {
        uint32_t until, looks;
        float strength, sigma; /* sums over looks */
    } mark;
    /* the output thread's */
    int64_t read_ns; /* when somebody last read the virtual camera */
    bool unwatched;
};

static bt_status keep_error(struct bt_output *o, bt_status st) {
    int none = BT_OK;
    if (st) atomic_compare_exchange_strong(&o->error, &none, (int)st);
    return st;
}

/* false: the invisible mark is not there. */
static bool marked(struct bt_output *o, const struct bt_disclosed_view *view, float *out_strength) {
    struct bt_watermark_strength found;
    *out_strength = 0;
    if (o->mark.until--) return true;
    o->mark.until = MARK_FRAMES - 1;
    const enum bt_watermark_verdict verdict =
        bt_disclose_check_strength(view, (view->height_px + MARK_ROWS - 1) / MARK_ROWS, &found);
    *out_strength = found.strength;
    atomic_fetch_add(&o->mark_looks, 1);
    if (verdict == BT_WATERMARK_THERE) atomic_fetch_add(&o->mark_seen, 1);
    if (verdict == BT_WATERMARK_ABSENT) return false;
    if (view->placard || fabsf(view->dose.sign) < BT_WATERMARK_HELD)
        return true; /* a card says no more the second time; a turn says less */
    o->mark.strength += found.strength;
    o->mark.sigma += found.sigma;
    if (++o->mark.looks < MARK_LOOKS) return true;
    /* Half the deviation of one look, which is twice what it would be if looks were independent. */
    const struct bt_watermark_strength mean = {o->mark.strength / MARK_LOOKS, o->mark.sigma / MARK_LOOKS / 2};
    o->mark.looks = 0;
    o->mark.strength = o->mark.sigma = 0;
    *out_strength = mean.strength;
    return bt_watermark_judge(mean, 1) != BT_WATERMARK_ABSENT;
}

/* Looks the handle up, reads label and mark back, and hands the bytes to every sink. */
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
    if (!marked(o, &view, &score)) {
        atomic_fetch_add(&o->undisclosed, 1);
        bt_log_error(o->log, "frame %" PRIu64 " does not carry its invisible mark (strength %.2f): output stops", view.sequence,
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

/* Who reads, asked after every frame and ten times a second. */
static void look_around(struct bt_output *o, int64_t now_ns) {
    struct bt_sink *sink = o->sinks[LOOPBACK];
    if (!o->watch.changed || !sink || !sink->ops->readers) return;
    pthread_mutex_lock(&o->lock);
    const int readers = o->begun ? sink->ops->readers(sink) : -1;
    pthread_mutex_unlock(&o->lock);
    if (readers) o->read_ns = now_ns;
    const bool unwatched = readers == 0 && now_ns - o->read_ns > UNWATCHED_NS;
    if (unwatched == o->unwatched) return;
    o->unwatched = unwatched;
    o->watch.changed(o->watch.user, !unwatched);
}

/* The last frame again, to the virtual camera alone: in files, time goes by without. */
static bt_status repeat(struct bt_output *o, int64_t now_ns) {
    struct bt_sink *sink = o->sinks[LOOPBACK];
    bt_status st = BT_OK;
    pthread_mutex_lock(&o->lock);
    const int64_t after_ns = o->paced && o->interval_ns ? o->interval_ns / 2 : REPEAT_NS;
    if (sink && o->begun && now_ns - o->last_new_ns < LAST_NS && now_ns - o->last_sent_ns > after_ns) {
        const struct bt_disclosed_view view = bt_disclose_bytes(o->disclose, o->last);
        bool taken = false;
        st = bt_disclose_check(&view, NULL) ? sink->ops->write(sink, &view, &taken) : BT_E_FORMAT;
        o->last_sent_ns = now_ns;
        if (taken) atomic_fetch_add(&o->repeated, 1);
    }
    pthread_mutex_unlock(&o->lock);
    return keep_error(o, st);
}

static bt_status deliver_new(struct bt_output *o, struct bt_disclosed disclosed) {
    pthread_mutex_lock(&o->lock);
    const bt_status st = deliver(o, disclosed);
    o->last = disclosed;
    o->last_new_ns = o->last_sent_ns = bt_clock_now_ns();
    o->begun = true;
    pthread_mutex_unlock(&o->lock);
    return st;
}

/* A file's frame, as often as the output's rate asks by the file's own clock: at each tick, the first frame that is not
 * earlier. */
static bt_status deliver_at_rate(struct bt_output *o, struct bt_disclosed disclosed) {
    const int64_t now_ns = bt_disclose_bytes(o->disclose, disclosed).capture_ns;
    if (!o->begun || now_ns < o->tick_ns - o->interval_ns || now_ns > o->tick_ns + JUMP_NS)
        o->tick_ns = now_ns; /* the clock jumped */
    if (now_ns < o->tick_ns) atomic_fetch_add(&o->dropped, 1);
    bt_status st = BT_OK;
    for (; !st && o->tick_ns <= now_ns; o->tick_ns += o->interval_ns) st = deliver_new(o, disclosed);
    return st;
}

static void *deliver_on(void *user) {
    struct bt_output *o = user;
    const int64_t interval_ns = o->paced ? o->interval_ns : 0;
    int64_t due_ns = bt_clock_now_ns();
    for (;;) {
        uint32_t slot = 0;
        if (interval_ns) {
            due_ns += interval_ns;
            const int64_t now_ns = bt_clock_now_ns();
            if (due_ns < now_ns) due_ns = now_ns; /* late: no burst to catch up */
            bt_clock_sleep_until_ns(due_ns);
        }
        bt_status st = bt_mailbox_take(o->mailbox, interval_ns ? 0 : WAIT_NS, &slot);
        if (!st)
            st = deliver_new(o, o->waiting[slot]);
        else if (st == BT_E_TIMEOUT)
            st = repeat(o, bt_clock_now_ns());
        if (st) return NULL; /* closed, and what was pending is sent; or kept, and send returns it */
        look_around(o, bt_clock_now_ns());
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
    if (!o || pthread_mutex_init(&o->lock, NULL)) {
        free(o);
        return BT_E_MEMORY;
    }
    o->log = params->log;
    o->disclose = params->disclose;
    o->paced = params->paced;
    o->watch = params->watch;
    if (params->at_rate) o->interval_ns = INT64_C(1000000000) * params->rate_den / params->rate_num;
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
            .egress = bt_disclose_card(params->disclose, BT_E_INTERRUPTED).egress,
            .stopped = bt_disclose_card(params->disclose, BT_E_INTERRUPTED),
        };
        if (sink.path) st = kinds[i].open(&sink, &o->sinks[i]);
    }
    const bool threaded = params->paced || o->sinks[LOOPBACK];
    if (!st && threaded) st = bt_mailbox_create(&o->mailbox);
    if (st) goto fail;
    if (threaded) {
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
    if (!o->paced) return o->interval_ns ? deliver_at_rate(o, disclosed) : deliver_new(o, disclosed);
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
    pthread_mutex_destroy(&o->lock);
    free(o);
    *output = NULL;
}

struct bt_output_stats bt_output_stats_of(const struct bt_output *o) {
    return (struct bt_output_stats){
        .sent = atomic_load(&o->sent),
        .dropped = atomic_load(&o->dropped),
        .repeated = atomic_load(&o->repeated),
        .loopback_frames = atomic_load(&o->frames[LOOPBACK]),
        .record_frames = atomic_load(&o->frames[RECORD]),
        .hash_frames = atomic_load(&o->frames[HASH]),
        .undisclosed = atomic_load(&o->undisclosed),
        .mark_looks = atomic_load(&o->mark_looks),
        .mark_seen = atomic_load(&o->mark_seen),
    };
}
