/* SPDX-License-Identifier: MIT */
#include "app/live.h"

#include "app/files.h"
#include "app/referral.h"
#include "app/session.h"
#include "app/sidecar.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mailbox.h"
#include "control/server.h"
#include "gpu/device.h"
#include "gpu/memory.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/gate/gate.h"
#include "pipeline/swap/swap.h"
#include "trust/consent/consent.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const int64_t SECOND_NS = 1000000000, POST_NS = 200000000, METRICS_NS = 5000000000;
enum { CHANGE_WAIT_S = 10 };

/* Another mask: prepared on the control thread, worn on the pipeline's, with the card between. */
enum step { STEP_NONE, STEP_ASKED, STEP_CARD };

struct bt_live {
    struct bt_session *session;
    const char *metrics;
    struct bt_control_server *server;
    struct bt_mailbox *mailbox;
    struct bt_control_status slot[3];
    _Atomic int64_t handed_ns; /* when the last frame left */
    /* The pipeline thread's own. */
    int64_t began_ns, posted_ns, window_ns;
    double window_frames, window_ms[BT_STAGE_COUNT];
    struct bt_control_status now;
    /* The control thread's own. */
    uint32_t reading;
    bool has_read, metrics_failed;
    /* Of both, under the lock; step is looked at without it. */
    pthread_mutex_t lock;
    pthread_cond_t done;
    _Atomic int step;
    struct bt_mask *mask;
    bool finished, ended;
    bt_status result;
};

static void copy_text(char *out, size_t bytes, const char *text) {
    snprintf(out, bytes, "%s", text);
}

/* Rates and stage times are of the last second or so, the rest of the whole session. */
static void note_window(struct bt_live *l, const struct bt_pipeline_stats *p, int64_t now_ns) {
    const double frames = (double)p->frames, passed = frames - l->window_frames;
    if (now_ns - l->window_ns < SECOND_NS) return;
    l->now.fps = passed * 1e9 / (double)(now_ns - l->window_ns);
    for (int i = 0; i < BT_STAGE_COUNT; i++) {
        const double sum = p->stage_ms[i] * frames;
        l->now.stage[i].ms = passed > 0 ? (sum - l->window_ms[i]) / passed : 0;
        l->window_ms[i] = sum;
    }
    l->window_frames = frames;
    l->window_ns = now_ns;
}

static void post(struct bt_live *l, int64_t now_ns) {
    const struct bt_session *s = l->session;
    const struct bt_pipeline_stats p = bt_pipeline_stats_of(s->pipeline);
    const struct bt_output_stats out = bt_output_stats_of(s->output);
    struct bt_control_status *n = &l->now;
    note_window(l, &p, now_ns);
    copy_text(n->face, sizeof n->face, s->worn.mask ? "a person's" : s->mask->name);
    n->uptime_s = (double)(now_ns - l->began_ns) / 1e9;
    n->latency_p50_ms = p.latency_p50_ms;
    n->latency_p99_ms = p.latency_p99_ms;
    n->gpu_bytes = (double)bt_gpu_memory_bytes(s->gpu);
    n->frames = (double)p.frames;
    n->masked = (double)p.swapped;
    n->held = (double)p.held;
    n->placards = (double)p.placard;
    n->camera_dropped = (double)bt_capture_dropped(s->capture);
    n->output_dropped = (double)out.dropped;
    n->undisclosed = (double)out.undisclosed;
    if (s->referral) {
        const struct bt_referral_counts decided = bt_referral_counts(s->referral);
        n->referrals = (double)decided.referred;
        n->approvals = (double)decided.approved;
    }
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) n->placards_by_status[i] = (double)p.placards_by_status[i];
    l->slot[bt_mailbox_write_slot(l->mailbox)] = *n;
    (void)bt_mailbox_post(l->mailbox); /* one that nobody looked at is lost, no matter */
    l->posted_ns = now_ns;
}

static void finish_change(struct bt_live *l, bt_status result) {
    pthread_mutex_lock(&l->lock);
    bt_mask_destroy(&l->mask);
    l->result = result;
    l->finished = true;
    atomic_store(&l->step, STEP_NONE);
    pthread_cond_signal(&l->done);
    pthread_mutex_unlock(&l->lock);
}

/* The card is what viewers see by now. The old mask stays whole until the new one is. */
static void change(struct bt_live *l) {
    struct bt_session *s = l->session;
    struct bt_swap *fresh = NULL;
    pthread_mutex_lock(&l->lock);
    struct bt_mask *mask = l->mask;
    l->mask = NULL;
    pthread_mutex_unlock(&l->lock);
    const struct bt_swap_params params = {
        .log = s->log, .gpu = s->gpu, .rig = s->rig, .mask = mask, .width_px = s->width_px, .height_px = s->height_px};
    bt_status status = bt_consent_change(s->log, s->audit, s->grant, mask->name);
    if (!status) {
        status = bt_swap_create(&params, s->grant, &fresh);
        if (status && bt_consent_change(s->log, s->audit, s->grant, s->mask->name)) /* as before */
            bt_log_error(s->log, "the mask could not be changed, nor changed back: the card stays");
    }
    if (!status) {
        bt_swap_destroy(&s->swap);
        s->swap = fresh;
        bt_mask_destroy(&s->mask);
        s->mask = mask;
        mask = NULL;
        bt_sidecar_add_mask(s->described.sidecar, s->mask->name);
        bt_log_info(s->log, "wearing %s", s->mask->name);
    }
    bt_mask_destroy(&mask);
    bt_pipeline_wear(s->pipeline, s->swap);
    finish_change(l, status);
}

static void observe(void *user, const struct bt_report *report) {
    struct bt_live *l = user;
    const int64_t now_ns = bt_clock_now_ns();
    const bool card = report->why && !report->held;
    const bt_status referred = l->session->referral ? bt_referral_why(l->session->referral) : BT_OK;
    enum bt_control_state state = report->why == BT_E_PAUSED ? BT_CONTROL_PAUSED
                                  : referred                 ? BT_CONTROL_REFERRED
                                  : report->held             ? BT_CONTROL_HELD
                                  : card                     ? BT_CONTROL_CARD
                                                             : BT_CONTROL_LIVE;
    const bt_status why = state == BT_CONTROL_REFERRED ? referred : report->why;
    const bool news = state != l->now.state || why != l->now.why;
    int asked = STEP_ASKED;
    atomic_store(&l->handed_ns, now_ns);
    if (atomic_load(&l->step) == STEP_CARD && card)
        change(l);
    else if (atomic_compare_exchange_strong(&l->step, &asked, STEP_CARD))
        bt_pipeline_wear(l->session->pipeline, NULL); /* from the next frame on it is the card */
    l->now.state = state;
    l->now.why = why;
    copy_text(l->now.hint, sizeof l->now.hint, state == BT_CONTROL_REFERRED ? bt_gate_hint(referred, false) : "");
    if (news || now_ns - l->posted_ns >= POST_NS) post(l, now_ns);
}

static double resident_bytes(void) {
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re"); /* proc(5): size resident shared … in pages */
    if (file && fscanf(file, "%*u %lu", &pages) != 1) pages = 0;
    if (file) fclose(file);
    return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static struct bt_control_status look(struct bt_live *l) {
    struct bt_control_status status = {0};
    uint32_t slot;
    while (!bt_mailbox_take(l->mailbox, 0, &slot)) l->reading = slot, l->has_read = true;
    if (l->has_read) status = l->slot[l->reading];
    status.rss_bytes = resident_bytes();
    const int64_t handed_ns = atomic_load(&l->handed_ns);
    if (handed_ns) status.queue_age_ms = (double)(bt_clock_now_ns() - handed_ns) / 1e6;
    return status;
}

static bt_status write_metrics(struct bt_live *l, const struct bt_control_status *now) {
    char *text = NULL;
    bt_status status = bt_control_status_metrics(now, &text);
    if (!status) status = bt_files_write(l->session->log, l->metrics, text, strlen(text));
    free(text);
    return status;
}

static void each(void *user) {
    struct bt_live *l = user;
    const struct bt_control_status now = look(l);
    if (l->metrics_failed) return; /* said once */
    l->metrics_failed = write_metrics(l, &now) != BT_OK;
}

static void refuse(struct bt_control_reply *reply, bt_status status, const char *why) {
    reply->status = status;
    copy_text(reply->why, sizeof reply->why, why);
}

/* Hands the mask over and waits until it is worn, or was not. */
static bt_status hand_over(struct bt_live *l, struct bt_mask *mask) {
    struct timespec until;
    int asked = STEP_ASKED;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += CHANGE_WAIT_S;
    pthread_mutex_lock(&l->lock);
    l->mask = mask;
    l->finished = false;
    atomic_store(&l->step, STEP_ASKED);
    int waited = 0;
    while (!l->finished && !l->ended && !waited) waited = pthread_cond_timedwait(&l->done, &l->lock, &until);
    bt_status status = l->finished ? l->result : l->ended ? BT_E_END : BT_E_TIMEOUT;
    if (!l->finished && atomic_compare_exchange_strong(&l->step, &asked, STEP_NONE)) bt_mask_destroy(&l->mask);
    pthread_mutex_unlock(&l->lock);
    return status;
}

static void change_face(struct bt_live *l, const char *name, struct bt_control_reply *reply) {
    const struct bt_control_status now = look(l);
    struct bt_mask *mask = NULL;
    if (l->session->worn.mask) {
        refuse(reply, BT_E_CONSENT, "this session wears a person's face, as its owner agreed to: end it and start another");
        return;
    }
    if (!bt_worn_is_nobodys(name)) {
        refuse(reply, BT_E_CONSENT,
               "no mask that belongs to nobody has that name (bauta faces lists them); a person's face is agreed to at the "
               "terminal: end this session and start bauta run --face");
        return;
    }
    if (!strcmp(now.face, name)) return;
    if (atomic_load(&l->step) != STEP_NONE) {
        refuse(reply, BT_E_BUSY, "the mask is being changed already");
        return;
    }
    bt_status status = bt_worn_find(l->session->log, l->session->rig, name, &mask);
    if (!status) status = hand_over(l, mask);
    if (status == BT_E_TIMEOUT)
        refuse(reply, status, "the mask was not changed in time: no frame came");
    else if (status)
        refuse(reply, status, bauta_status_text(status));
}

/* From outside, where no picture and no notice can be shown. */
static void approve(struct bt_live *l, struct bt_control_reply *reply) {
    struct bt_referral *r = l->session->referral;
    const bt_status why = r ? bt_referral_why(r) : BT_OK;
    if (why == BT_E_REFERRED)
        refuse(reply, BT_E_CONSENT, "the wearer looks at the masked picture first: say yes at the session's terminal");
    else if (!why || bt_referral_answer(r, why, BT_ANSWER_GO_ON, "bauta ctl"))
        refuse(reply, BT_E_NOT_FOUND, "nothing waits for an answer");
}

static void answer(void *user, const struct bt_control_request *request, struct bt_control_reply *reply) {
    struct bt_live *l = user;
    switch (request->verb) {
    case BT_CONTROL_STATUS:
        reply->has_now = true;
        reply->now = look(l);
        return;
    case BT_CONTROL_PAUSE:
        bt_pipeline_pause(l->session->pipeline, BT_PAUSE_ASKED);
        return;
    case BT_CONTROL_RESUME:
        bt_pipeline_resume(l->session->pipeline, BT_PAUSE_ASKED);
        return;
    case BT_CONTROL_FACE:
        change_face(l, request->face, reply);
        return;
    case BT_CONTROL_APPROVE:
        approve(l, reply);
        return;
    case BT_CONTROL_STOP:
        bt_log_info(l->session->log, "asked to stop by bauta ctl");
        bt_session_stop(l->session);
        return;
    case BT_CONTROL_VERBS:
        break;
    }
    refuse(reply, BT_E_UNSUPPORTED, "not known here");
}

bt_status bt_live_create(struct bt_session *session, const char *metrics, struct bt_live **out_live) {
    struct bt_live *l = calloc(1, sizeof *l);
    if (!l) return BT_E_MEMORY;
    l->session = session;
    l->metrics = metrics;
    bt_status status = bt_mailbox_create(&l->mailbox);
    if (status) {
        free(l);
        return status;
    }
    pthread_mutex_init(&l->lock, NULL); /* neither can fail on Linux */
    pthread_cond_init(&l->done, NULL);
    *out_live = l;
    return BT_OK;
}

struct bt_observer bt_live_observer(struct bt_live *live) {
    return (struct bt_observer){live, observe};
}

bt_status bt_live_begin(struct bt_live *l) {
    const struct bt_session *s = l->session;
    const struct bt_gpu_caps *caps = bt_gpu_caps(s->gpu);
    char folder[PATH_MAX];
    bt_status status = BT_OK;
    _Static_assert((int)BT_STAGE_COUNT <= (int)BT_CONTROL_STAGES_MOST, "a place for each stage");
    l->began_ns = l->window_ns = bt_clock_now_ns();
    l->now.pid = (double)getpid();
    l->now.width_px = s->width_px;
    l->now.height_px = s->height_px;
    l->now.stage_count = BT_STAGE_COUNT;
    for (int i = 0; i < BT_STAGE_COUNT; i++)
        copy_text(l->now.stage[i].name, sizeof l->now.stage[i].name, bt_stage_name((enum bt_stage)i));
    copy_text(l->now.session, sizeof l->now.session, bt_grant_session(s->grant));
    snprintf(l->now.device, sizeof l->now.device, "%.60s (%.80s)", caps->name, caps->driver);
    post(l, l->began_ns);
    if (l->metrics) {
        const struct bt_control_status now = look(l);
        status = write_metrics(l, &now);
        if (status) return status;
    }
    const bool has_folder = !bt_files_runtime(folder, sizeof folder);
    const struct bt_control_server_params params = {.log = s->log,
                                                    .folder = has_folder ? folder : NULL,
                                                    .owner = geteuid(),
                                                    .user = l,
                                                    .answer = answer,
                                                    .each = l->metrics ? each : NULL,
                                                    .each_ns = METRICS_NS};
    if (!has_folder) bt_log_debug(s->log, "XDG_RUNTIME_DIR names no folder: bauta ctl cannot reach this session");
    if (!has_folder && !l->metrics) return BT_OK;
    status = bt_control_server_create(&params, &l->server);
    if (!status) return BT_OK;
    bt_log_warning(s->log, "bauta ctl cannot reach this session");
    struct bt_control_server_params alone = params;
    alone.folder = NULL;
    return l->metrics ? bt_control_server_create(&alone, &l->server) : BT_OK;
}

void bt_live_end(struct bt_live **live) {
    struct bt_live *l = *live;
    if (!l) return;
    pthread_mutex_lock(&l->lock);
    l->ended = true;
    pthread_cond_signal(&l->done);
    pthread_mutex_unlock(&l->lock);
    bt_control_server_destroy(&l->server);
    if (l->metrics && l->began_ns && !l->metrics_failed) { /* the pipeline has ended: all is this thread's now */
        l->now.state = BT_CONTROL_ENDED;
        post(l, bt_clock_now_ns());
        const struct bt_control_status now = look(l);
        if (write_metrics(l, &now)) bt_log_warning(l->session->log, "the metrics do not say that the session has ended");
    }
    bt_mask_destroy(&l->mask);
    bt_mailbox_destroy(&l->mailbox);
    pthread_cond_destroy(&l->done);
    pthread_mutex_destroy(&l->lock);
    free(l);
    *live = NULL;
}
