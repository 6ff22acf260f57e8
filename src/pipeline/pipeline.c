/* SPDX-License-Identifier: MIT */
#include "pipeline/pipeline.h"

#include "base/clock.h"
#include "base/log.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/gate/gate.h"
#include "pipeline/output/output.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "trust/consent/consent.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum {
    LATENCY_BUCKETS = 4096, /* of a quarter millisecond: up to about a second */
    FAULTS_BEFORE_GIVING_UP = 30,
};
static const double bucket_ms = 0.25;

struct bt_pipeline {
    struct bt_pipeline_params p;
    struct bt_gate gate;
    struct bt_faces faces;
    atomic_bool stopping;
    pthread_mutex_t pause_lock;     /* so that capture's state follows `pauses` */
    uint32_t pauses;                /* of enum bt_pause */
    struct bt_pipeline_stats stats; /* sums while running; means are made by stats_of */
    uint32_t latency[LATENCY_BUCKETS];
    int64_t began_ns, ended_ns, cpu_began_ns, cpu_ended_ns;
    int64_t masked_ns; /* when the last masked frame was captured */
    uint32_t faults;   /* in a row, of the machine and not of the picture */
};

static const char *const stage_names[BT_STAGE_COUNT] = {
    "capture", "detect", "mesh", "matte", "track_cpu", "swap", "blend", "swap_cpu", "disclose", "output",
};

const char *bt_stage_name(enum bt_stage stage) {
    return stage_names[stage];
}

bt_status bt_pipeline_create(const struct bt_pipeline_params *params, struct bt_pipeline **out_pipeline) {
    if (!params->grant || !params->capture || !params->track || !params->swap || !params->disclose || !params->output)
        return BT_E_ARGUMENT;
    struct bt_pipeline *p = calloc(1, sizeof *p);
    if (!p) return BT_E_MEMORY;
    if (pthread_mutex_init(&p->pause_lock, NULL)) {
        free(p);
        return BT_E_MEMORY;
    }
    p->p = *params;
    atomic_init(&p->stopping, false);
    *out_pipeline = p;
    return BT_OK;
}

void bt_pipeline_destroy(struct bt_pipeline **pipeline) {
    if (!*pipeline) return;
    pthread_mutex_destroy(&(*pipeline)->pause_lock);
    free(*pipeline);
    *pipeline = NULL;
}

void bt_pipeline_stop(struct bt_pipeline *p) {
    atomic_store(&p->stopping, true);
    bt_capture_interrupt(p->p.capture);
}

static void set_pauses(struct bt_pipeline *p, uint32_t none, uint32_t more) {
    pthread_mutex_lock(&p->pause_lock);
    const uint32_t before = p->pauses, after = (before & ~none) | more;
    p->pauses = after;
    if (!before && after) {
        bt_capture_pause(p->p.capture);
        bt_log_info(p->p.log, "paused%s",
                    after & BT_PAUSE_ASKED      ? ""
                    : after & BT_PAUSE_REFERRED ? ": the wearer decides"
                                                : ": nobody watches");
    } else if (before && !after) {
        bt_capture_resume(p->p.capture);
        bt_log_info(p->p.log, "goes on");
    }
    pthread_mutex_unlock(&p->pause_lock);
}

void bt_pipeline_pause(struct bt_pipeline *p, enum bt_pause why) {
    set_pauses(p, 0, why);
}

void bt_pipeline_resume(struct bt_pipeline *p, enum bt_pause why) {
    set_pauses(p, why, 0);
}

uint32_t bt_pipeline_paused(struct bt_pipeline *p) {
    pthread_mutex_lock(&p->pause_lock);
    const uint32_t pauses = p->pauses;
    pthread_mutex_unlock(&p->pause_lock);
    return pauses;
}

void bt_pipeline_wear(struct bt_pipeline *p, struct bt_swap *swap) {
    p->p.swap = swap;
}

/* What capture says when there is nothing now, but may be later. */
static bool is_wait(bt_status status) {
    return status == BT_E_TIMEOUT || status == BT_E_NOT_FOUND || status == BT_E_BUSY || status == BT_E_PAUSED;
}

/* The machine failed rather than the picture: worth another try, but not for ever. */
static bool is_fault(bt_status status) {
    return status && status != BT_E_CONSENT && status != BT_E_CHANGING && status != BT_E_STRANGER && status != BT_E_REFERRED &&
           !bt_gate_of_picture(status);
}

static void note_times(struct bt_pipeline *p, bool masked) {
    double *ms = p->stats.stage_ms;
    struct bt_track_times track = bt_track_last_times(p->p.track);
    ms[BT_STAGE_DETECT] += (double)track.detect_ms;
    ms[BT_STAGE_MESH] += (double)track.mesh_ms;
    ms[BT_STAGE_MATTE] += (double)track.matte_ms;
    ms[BT_STAGE_TRACK_CPU] += (double)track.cpu_ms;
    if (!masked) return;
    struct bt_swap_times swap = bt_swap_last_times(p->p.swap);
    ms[BT_STAGE_SWAP] += (double)swap.swap_ms;
    ms[BT_STAGE_BLEND] += (double)swap.blend_ms;
    ms[BT_STAGE_SWAP_CPU] += (double)swap.cpu_ms;
    ms[BT_STAGE_DISCLOSE] += (double)bt_disclose_last_ms(p->p.disclose);
}

static void note_frame(struct bt_pipeline *p, bt_status why, bool held, int64_t from_ns) {
    struct bt_pipeline_stats *s = &p->stats;
    double ms = (double)(bt_clock_now_ns() - from_ns) / 1e6;
    size_t bucket = ms > 0 ? (size_t)(ms / bucket_ms) : 0;
    p->latency[bucket < LATENCY_BUCKETS ? bucket : LATENCY_BUCKETS - 1]++;
    s->frames++;
    if (held)
        s->held++;
    else if (why)
        s->placard++, s->placards_by_status[why]++;
    else
        s->swapped++;
}

static bt_status hand_over(struct bt_pipeline *p, struct bt_disclosed out, bt_status why, bool held, int64_t from_ns,
                           uint64_t sequence) {
    bt_status status = bt_output_send(p->p.output, out);
    if (!status) p->stats.disclosed++;
    note_frame(p, why, held, from_ns);
    if (p->p.observer.frame) {
        struct bt_report report = {sequence, why, held, &p->faces, out};
        p->p.observer.frame(p->p.observer.user, &report);
    }
    return status;
}

/* The face is lost, for a moment maybe, and nothing worse: the last masked frame may stand for it. */
static bool may_hold(const struct bt_pipeline *p, bt_status why, int64_t capture_ns) {
    const int64_t since_ns = capture_ns - p->masked_ns;
    if (!bt_gate_of_picture(why) || why == BT_E_TWO_FACES) return false;
    return p->stats.swapped && since_ns >= 0 && since_ns < p->p.hold_ns && bt_grant_live(p->p.grant, bt_clock_now_ns());
}

static bt_status vouch_person(const struct bt_pipeline *p, const struct bt_frame *frame) {
    return p->p.vouch.person ? p->p.vouch.person(p->p.vouch.user, frame, &p->faces) : BT_OK;
}

static bt_status vouch_leave(const struct bt_pipeline *p) {
    if (!p->p.vouch.leave) return BT_OK;
    const struct bt_disclosed_view view = bt_disclose_newest(p->p.disclose);
    return p->p.vouch.leave(p->p.vouch.user, &view);
}

/* One frame. What it returns ends the run; what is wrong with a single frame only makes it a placard. */
static bt_status tick(struct bt_pipeline *p) {
    struct bt_frame frame = {0};
    struct bt_disclosed out;
    int64_t cpu = bt_clock_cpu_ns(), started_ns = bt_clock_now_ns();

    p->faces.count = 0;
    p->faces.wearer = -1;
    bt_status st = bt_capture_take(p->p.capture, &frame);
    p->stats.stage_ms[BT_STAGE_CAPTURE] += (double)(bt_clock_cpu_ns() - cpu) / 1e6;
    if (st == BT_E_END || st == BT_E_INTERRUPTED) return st;
    const bt_status waits = is_wait(st) ? st : BT_OK;
    bt_status lost = waits ? BT_OK : st; /* the source is gone for good: one placard, then the end */
    if (st) frame = (struct bt_frame){.capture_ns = started_ns};
    /* A take that failed is a frame of its own, a placard: what leaves is numbered without gaps, and never backwards. */
    frame.sequence = p->stats.frames;
    int64_t capture_ns = frame.capture_ns;
    /* A live frame's latency counts from its exposure; one of a file's has no exposure, and counts from when it was asked for.
     */
    int64_t from_ns = bt_capture_format(p->p.capture)->live ? capture_ns : started_ns;
    uint64_t sequence = frame.sequence;

    bool live = bt_grant_live(p->p.grant, started_ns);
    if ((!st || waits) && !live) st = BT_E_CONSENT;
    if (st == BT_E_PAUSED && bt_pipeline_paused(p) & BT_PAUSE_REFERRED) st = BT_E_REFERRED;
    if (!st && !p->p.swap) st = BT_E_CHANGING;
    if (!st) st = bt_track_faces(p->p.track, &frame, &p->faces);
    if (!st && p->faces.count) p->stats.with_face++;
    if (!st) st = bt_gate_judge(&p->gate, &p->faces, capture_ns);
    if (!st) st = vouch_person(p, &frame);
    if (!st) st = bt_swap_and_blend(p->p.swap, p->p.grant, &frame, &p->faces);
    if (!st && !bt_grant_live(p->p.grant, bt_clock_now_ns())) st = BT_E_CONSENT;
    if (!st) st = bt_disclose_apply(p->p.disclose, &frame, &out); /* consumes frame */
    if (!st) st = vouch_leave(p);
    if (!st) p->masked_ns = capture_ns;
    const bool held = may_hold(p, st, capture_ns) && !bt_disclose_hold(p->p.disclose, capture_ns, sequence, &out);
    if (st && !held) out = bt_disclose_placard(p->p.disclose, st, capture_ns, sequence);
    note_times(p, !st);

    cpu = bt_clock_cpu_ns();
    bt_status sent = hand_over(p, out, st, held, from_ns, sequence);
    p->stats.stage_ms[BT_STAGE_OUTPUT] += (double)(bt_clock_cpu_ns() - cpu) / 1e6;
    if (!waits || waits == BT_E_TIMEOUT) p->faults = is_fault(st) ? p->faults + 1 : 0;
    if (sent) return sent;
    if (lost) return lost;
    if (st == BT_E_DEVICE_LOST || p->faults >= FAULTS_BEFORE_GIVING_UP) return st;
    if (!live) return BT_E_CONSENT;
    return BT_OK;
}

/* Frames that the limit does not count. */
static uint64_t waited(const struct bt_pipeline *p) {
    return p->stats.placards_by_status[BT_E_PAUSED] + p->stats.placards_by_status[BT_E_REFERRED];
}

bt_status bt_pipeline_run(struct bt_pipeline *p) {
    bt_status status = BT_OK;
    p->began_ns = bt_clock_now_ns();
    p->cpu_began_ns = bt_clock_cpu_ns();
    while (!status && !atomic_load(&p->stopping) && (!p->p.frames || p->stats.frames - waited(p) < p->p.frames))
        status = tick(p);
    p->ended_ns = bt_clock_now_ns();
    p->cpu_ended_ns = bt_clock_cpu_ns();
    if (status == BT_E_END || status == BT_E_INTERRUPTED) status = BT_OK;
    if (status) bt_log_error(p->p.log, "the session ends: %s", bauta_status_text(status));
    return status;
}

static double percentile(const struct bt_pipeline *p, double part) {
    uint64_t wanted = (uint64_t)ceil(part * (double)p->stats.frames), seen = 0;
    for (size_t i = 0; i < LATENCY_BUCKETS; i++) {
        seen += p->latency[i];
        if (seen >= wanted && seen) return ((double)i + 0.5) * bucket_ms;
    }
    return 0;
}

struct bt_pipeline_stats bt_pipeline_stats_of(const struct bt_pipeline *p) {
    struct bt_pipeline_stats s = p->stats;
    if (!s.frames) return s;
    for (size_t i = 0; i < BT_STAGE_COUNT; i++) s.stage_ms[i] /= (double)s.frames;
    s.latency_p50_ms = percentile(p, 0.50);
    s.latency_p99_ms = percentile(p, 0.99);
    s.cpu_ms = (double)(p->cpu_ended_ns - p->cpu_began_ns) / 1e6 / (double)s.frames;
    if (p->ended_ns > p->began_ns) s.fps = (double)s.frames * 1e9 / (double)(p->ended_ns - p->began_ns);
    return s;
}
