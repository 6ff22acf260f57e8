/* SPDX-License-Identifier: MIT */
#include "app/referral.h"

#include "app/wearer.h"
#include "base/clock.h"
#include "base/log.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/gate/gate.h"
#include "trust/audit/audit.h"
#include "trust/consent/notice.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int64_t SECOND_NS = 1000000000;
enum {
    SETTLE_FRAMES = 30, /* until the light is fitted (as enrolment's preview) */
    RUN_LEAST_S = 1,    /* shorter runs of cards are not logged one by one */
    LINE_EVERY_S = 5,
    RETRY_S = 30,
    RETRY_MOST_S = 900,
};

/* Runs of cards since the last line. */
struct runs {
    bt_status why; /* of the longest */
    uint32_t count;
    int64_t first_wall_ns, longest_ns, sum_ns;
};

struct bt_referral {
    struct bt_referral_params p;
    struct bt_pipeline *pipeline;
    int news;
    pthread_mutex_t lock;
    /* Of all threads, under the lock. */
    bt_status why;
    enum bt_answer answer;
    const char *by;
    struct bt_picture_rgb picture;
    int64_t picture_ns;
    bool has_picture;
    /* The pipeline thread's own. */
    bool approved;
    bt_status referred; /* what the pipeline is paused for */
    uint32_t settled;
    int64_t bad_ns, retry_ns, retry_after_ns; /* bad_ns: since when a human could mend it; 0: not */
    bt_status run_why;
    int64_t run_ns, run_wall_ns, line_ns, seen_ns; /* seen_ns: the last frame */
    struct runs runs;
    atomic_uint_least64_t count_referred, count_approved, count_strangers;
};

static bt_status append(struct bt_referral *r, const char *event, const struct bt_audit_field *more, uint32_t count) {
    enum { MOST = 8 };
    struct bt_audit_field fields[MOST] = {{"session", r->p.session}};
    memcpy(fields + 1, more, count * sizeof *more);
    const bt_status status = bt_audit_append(r->p.audit, bt_clock_wall_ns(), event, fields, count + 1);
    if (status) bt_log_error(r->p.log, "the session log has no line of this: %s", event);
    return status;
}

static void tell(const struct bt_referral *r) {
    if (eventfd_write(r->news, 1)) bt_log_debug(r->p.log, "nobody reads the news: %s", strerror(errno));
}

bt_status bt_referral_create(const struct bt_referral_params *params, struct bt_referral **out_referral) {
    struct bt_referral *r = calloc(1, sizeof *r);
    if (!r) return BT_E_MEMORY;
    pthread_mutex_init(&r->lock, NULL); /* cannot fail on Linux */
    r->p = *params;
    r->approved = !params->approve;
    r->retry_after_ns = RETRY_S * SECOND_NS;
    r->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bt_status status = r->news < 0 ? BT_E_IO : BT_OK;
    if (!status && params->approve) status = bt_picture_create(BT_REFERRAL_PICTURE_W, BT_REFERRAL_PICTURE_MOST_H, &r->picture);
    if (status)
        bt_referral_destroy(&r);
    else
        *out_referral = r;
    return status;
}

void bt_referral_begin(struct bt_referral *r, struct bt_pipeline *pipeline) {
    r->pipeline = pipeline;
}

/* ---- runs of cards ---- */

static void write_runs(struct bt_referral *r, int64_t now_ns) {
    char since[BT_CLOCK_UTC_BYTES], longest[24], sum[24], count[12];
    const struct runs *runs = &r->runs;
    if (!runs->count || !bt_clock_utc(runs->first_wall_ns / SECOND_NS, since)) return;
    snprintf(longest, sizeof longest, "%.1f", (double)runs->longest_ns / 1e9);
    snprintf(sum, sizeof sum, "%.1f", (double)runs->sum_ns / 1e9);
    snprintf(count, sizeof count, "%" PRIu32, runs->count);
    const struct bt_audit_field fields[] = {
        {"why", bauta_status_text(runs->why)}, {"since", since}, {"seconds", sum}, {"longest", longest}, {"times", count}};
    if (append(r, "gate.placard", fields, BT_COUNT(fields))) return;
    r->runs = (struct runs){0};
    r->line_ns = now_ns;
}

static bool is_flagged(bt_status why) {
    return bt_gate_of_picture(why) || why == BT_E_STRANGER;
}

static void end_run(struct bt_referral *r, int64_t now_ns) {
    const int64_t took_ns = now_ns - r->run_ns;
    struct runs *runs = &r->runs;
    if (!r->run_why || took_ns < RUN_LEAST_S * SECOND_NS) return;
    if (!runs->count++) runs->first_wall_ns = r->run_wall_ns;
    if (took_ns > runs->longest_ns) runs->longest_ns = took_ns, runs->why = r->run_why;
    runs->sum_ns += took_ns;
}

static void note_run(struct bt_referral *r, bt_status why, int64_t now_ns) {
    const bt_status flagged = is_flagged(why) ? why : BT_OK;
    if (flagged != r->run_why) {
        end_run(r, now_ns);
        r->run_why = flagged;
        r->run_ns = now_ns;
        r->run_wall_ns = bt_clock_wall_ns();
    }
    if (r->runs.count && (!r->line_ns || now_ns - r->line_ns >= LINE_EVERY_S * SECOND_NS)) write_runs(r, now_ns);
}

void bt_referral_destroy(struct bt_referral **referral) {
    struct bt_referral *r = *referral;
    if (!r) return;
    if (r->pipeline) {
        const struct bt_audit_field why = {"why", bauta_status_text(r->referred)};
        end_run(r, r->seen_ns);
        write_runs(r, r->seen_ns);
        if (r->referred) (void)append(r, "gate.stopped", &why, 1); /* append says what failed */
    }
    if (r->news >= 0) close(r->news);
    bt_picture_finish(&r->picture);
    pthread_mutex_destroy(&r->lock);
    free(r);
    *referral = NULL;
}

/* ---- the human decides ---- */

/* A human before the camera can do something about it, and has not for long. Nobody there, or a head turned away, is no fault.
 */
static bool is_mendable(bt_status why) {
    return bt_gate_of_picture(why) && why != BT_E_NO_FACE && why != BT_E_POSE;
}

static void set_why(struct bt_referral *r, bt_status why) {
    pthread_mutex_lock(&r->lock);
    const bool news = r->why != why;
    r->why = why;
    if (news) r->answer = BT_ANSWER_NONE;
    if (why != BT_E_REFERRED) r->has_picture = false;
    pthread_mutex_unlock(&r->lock);
    if (news) tell(r);
}

static enum bt_answer take_answer(struct bt_referral *r, const char **out_by) {
    pthread_mutex_lock(&r->lock);
    const enum bt_answer answer = r->answer;
    *out_by = r->by;
    r->answer = BT_ANSWER_NONE;
    pthread_mutex_unlock(&r->lock);
    return answer;
}

static void refer(struct bt_referral *r, bt_status why, int64_t now_ns) {
    const struct bt_audit_field fields[] = {{"why", bauta_status_text(why)}, {"hint", bt_gate_hint(why, false)}};
    bt_pipeline_pause(r->pipeline, BT_PAUSE_REFERRED); /* first: whatever becomes of the log */
    (void)append(r, "gate.referred", fields, BT_COUNT(fields));
    bt_log_warning(r->p.log, "referred to the wearer: %s. %s", bauta_status_text(why), bt_gate_hint(why, false));
    atomic_fetch_add(&r->count_referred, 1);
    if (why == BT_E_STRANGER) atomic_fetch_add(&r->count_strangers, 1);
    r->referred = why;
    r->retry_ns = now_ns + r->retry_after_ns;
    set_why(r, why);
}

static void go_on(struct bt_referral *r, enum bt_answer answer, const char *by) {
    char version[12];
    snprintf(version, sizeof version, "%d", BT_NOTICE_VERSION);
    const struct bt_audit_field fields[] = {{"why", bauta_status_text(r->referred)}, {"by", by}, {"notice", version}};
    const bool agreed = answer == BT_ANSWER_AGREED;
    /* Durable first, as every consent is. */
    if (append(r, agreed ? "consent.renewed" : "gate.approved", fields, BT_COUNT(fields) - !agreed)) return;
    if (r->p.wearer) bt_wearer_again(r->p.wearer);
    if (agreed) { /* who sits there now has seen nothing yet */
        bt_wearer_forget(r->p.wearer);
        r->approved = !r->p.approve;
        r->settled = 0;
    }
    atomic_fetch_add(&r->count_approved, 1);
    r->referred = BT_OK;
    r->bad_ns = 0;
    set_why(r, BT_OK);
    bt_pipeline_resume(r->pipeline, BT_PAUSE_REFERRED);
}

void bt_referral_step(struct bt_referral *r, bt_status why, int64_t now_ns) {
    const char *by = NULL;
    r->seen_ns = now_ns;
    note_run(r, why, now_ns);
    if (r->referred) {
        const enum bt_answer answer = take_answer(r, &by);
        if (answer) {
            r->retry_after_ns = RETRY_S * SECOND_NS;
            go_on(r, answer, by);
        } else if (!r->p.attended && now_ns >= r->retry_ns) {
            r->retry_after_ns =
                2 * r->retry_after_ns < RETRY_MOST_S * SECOND_NS ? 2 * r->retry_after_ns : RETRY_MOST_S * SECOND_NS;
            go_on(r, BT_ANSWER_GO_ON, "tried again: nobody is there to be asked");
        }
        return;
    }
    if (why == BT_E_STRANGER) {
        refer(r, why, now_ns);
        return;
    }
    if (!is_mendable(why)) {
        r->bad_ns = 0;
        return;
    }
    if (!r->bad_ns) r->bad_ns = now_ns;
    if (now_ns - r->bad_ns >= BT_REFERRAL_BAD_S * SECOND_NS) refer(r, why, now_ns);
}

static void observe(void *user, const struct bt_report *report) {
    struct bt_referral *r = user;
    bt_referral_step(r, report->why, bt_clock_now_ns());
    if (r->p.next.frame) r->p.next.frame(r->p.next.user, report);
}

struct bt_observer bt_referral_observer(struct bt_referral *r) {
    return (struct bt_observer){r, observe};
}

/* ---- before going live ---- */

static void keep_picture(struct bt_referral *r, const struct bt_disclosed_view *view) {
    const int64_t now_ns = bt_clock_now_ns();
    const uint32_t tall = (BT_REFERRAL_PICTURE_W * view->height_px + view->width_px / 2) / view->width_px;
    pthread_mutex_lock(&r->lock);
    if (!r->has_picture || now_ns - r->picture_ns >= SECOND_NS) {
        r->picture_ns = now_ns;
        r->picture.height_px = (tall < BT_REFERRAL_PICTURE_MOST_H ? tall : BT_REFERRAL_PICTURE_MOST_H) & ~1u;
        bt_picture_from_view(view, &r->picture);
        r->has_picture = true;
    }
    pthread_mutex_unlock(&r->lock);
}

static bt_status may_leave(void *user, const struct bt_disclosed_view *view) {
    struct bt_referral *r = user;
    const char *by = NULL;
    if (r->approved) return BT_OK;
    if (take_answer(r, &by) == BT_ANSWER_GO_ON) {
        const struct bt_audit_field fields[] = {{"by", by}};
        const bt_status status = append(r, "live.approved", fields, BT_COUNT(fields));
        if (status) return status;
        r->approved = true;
        set_why(r, BT_OK);
        return BT_OK;
    }
    if (++r->settled < SETTLE_FRAMES) return BT_E_REFERRED;
    keep_picture(r, view);
    set_why(r, BT_E_REFERRED);
    return BT_E_REFERRED;
}

static bt_status is_person(void *user, const struct bt_frame *frame, const struct bt_faces *faces) {
    struct bt_referral *r = user;
    return r->p.wearer ? bt_wearer_vouch(r->p.wearer, frame, faces) : BT_OK;
}

struct bt_vouch bt_referral_vouch(struct bt_referral *r) {
    return (struct bt_vouch){r, is_person, may_leave};
}

/* ---- any thread ---- */

bt_status bt_referral_why(struct bt_referral *r) {
    pthread_mutex_lock(&r->lock);
    const bt_status why = r->why;
    pthread_mutex_unlock(&r->lock);
    return why;
}

bool bt_referral_may_agree(const struct bt_referral *r) {
    return r->p.wearer && !bt_wearer_owned(r->p.wearer);
}

bt_status bt_referral_answer(struct bt_referral *r, bt_status why, enum bt_answer answer, const char *by) {
    if (answer == BT_ANSWER_AGREED && (why != BT_E_STRANGER || !bt_referral_may_agree(r))) return BT_E_CONSENT;
    pthread_mutex_lock(&r->lock);
    const bool there = why && r->why == why;
    if (there) r->answer = answer, r->by = by;
    pthread_mutex_unlock(&r->lock);
    return there ? BT_OK : BT_E_NOT_FOUND;
}

int bt_referral_news(const struct bt_referral *r) {
    return r->news;
}

bt_status bt_referral_take_picture(struct bt_referral *r, struct bt_picture_rgb *out) {
    pthread_mutex_lock(&r->lock);
    const bool has = r->has_picture;
    if (has) {
        out->height_px = r->picture.height_px;
        bt_picture_paste(&r->picture, out, 0, 0);
        r->has_picture = false;
    }
    pthread_mutex_unlock(&r->lock);
    return has ? BT_OK : BT_E_NOT_FOUND;
}

struct bt_referral_counts bt_referral_counts(const struct bt_referral *r) {
    return (struct bt_referral_counts){atomic_load(&r->count_referred), atomic_load(&r->count_approved),
                                       atomic_load(&r->count_strangers)};
}
