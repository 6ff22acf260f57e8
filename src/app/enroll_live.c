/* SPDX-License-Identifier: MIT */
/* Before the camera: rest, challenge, and the pictures that are still missing. */
#include "app/enroll.h"

#include "app/shot.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "pipeline/capture/capture.h"
#include "pipeline/track/track.h"
#include "trust/vault/digest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ATTEMPTS = 3, TASKS = 6, VIEWS_MOST = 60 };
static const int64_t second_ns = 1000000000;
static const int64_t rest_most_ns = 120 * INT64_C(1000000000), gather_most_ns = 60 * INT64_C(1000000000);
static const int64_t there_most_ns = 600000000; /* held so long, a pose is captured or will not be */
static const int64_t keep_every_ns = 100000000, picture_every_ns = 1500000000;
static const float plain_most = 0.4f;                         /* of any expression's sign */
static const float picture_yaw = 0.3f, picture_pitch = 0.25f; /* farther, templates of one person differ */
static const float covered_enough = 0.6f;                     /* of the face, where time ran out */

struct live {
    struct bt_enrolment *e;
    uint32_t attempt;
    int64_t now_ns, kept_ns, picture_ns;
    struct bt_faces faces;
    enum bt_enroll_trouble trouble;
    bool measured;
    struct bt_enroll_measure measure;
};

static const struct bt_vec3 *landmarks(const struct live *l) {
    return l->faces.face[l->faces.wearer].landmark;
}

/* The next frame, and what is to be said of it. */
static bt_status see(struct live *l) {
    struct bt_enrolment *e = l->e;
    struct bt_frame frame;
    struct bt_enroll_scene scene;
    bt_status status = bt_capture_take(e->session.capture, &frame);
    if (!status) status = bt_track_faces(e->session.track, &frame, &l->faces);
    if (!status) status = bt_shot_take(e->shot, &frame, &l->faces, &scene);
    if (atomic_load(&e->stopped)) return BT_E_CONSENT;
    if (status) return status;
    l->now_ns = frame.capture_ns;
    if (scene.found) bt_enroll_marked_add(e->marked, e->shot, l->now_ns);
    l->trouble = bt_enroll_quality(&scene);
    l->measured = scene.found && l->trouble != BT_TROUBLE_TWO && bt_enroll_meter_read(e->meter, landmarks(l), &l->measure);
    return BT_OK;
}

static bool is_plain(const struct bt_enroll_measure *m) {
    for (uint32_t t = BT_TASK_SMILE; t < BT_TASK_COUNT; t++)
        if (m->sign[t] > plain_most) return false;
    return true;
}

static bt_status keep(struct live *l) {
    struct bt_enrolment *e = l->e;
    const struct bt_shot_crop *crop = bt_shot_crop_of(e->shot);
    const struct bt_enroll_measure *m = &l->measure;
    if (!l->measured || l->trouble || !crop->rgb) return BT_OK;
    const bool wanted = bt_enroll_coverage_add(&e->coverage, m);
    if (!is_plain(m) || (!wanted && l->now_ns - l->kept_ns < keep_every_ns)) return BT_OK;
    l->kept_ns = l->now_ns;
    if (fabsf(m->angles.yaw) < picture_yaw && fabsf(m->angles.pitch) < picture_pitch &&
        l->now_ns - l->picture_ns >= picture_every_ns) {
        bt_enroll_pictures_add(e->pictures, e->shot);
        l->picture_ns = l->now_ns;
    }
    if (!wanted && bt_identity_builder_views(e->builder) >= VIEWS_MOST) return BT_OK;
    const struct bt_identity_picture picture = {
        .rgb = crop->rgb, .width_px = crop->width_px, .height_px = crop->height_px, .landmark = crop->landmark};
    const bt_status status = bt_identity_builder_add(e->builder, &picture);
    return status == BT_E_POSE || status == BT_E_TOO_DARK ? BT_OK : status;
}

static void show(struct live *l, enum bt_enroll_task task, float progress, uint32_t done, uint32_t of) {
    struct bt_enrolment *e = l->e;
    const struct bt_enroll_show show = {.attempt = l->attempt,
                                        .attempts = ATTEMPTS,
                                        .instruction = bt_enroll_instruction(task, e->chinese),
                                        .hint = bt_enroll_hint(l->trouble, e->chinese),
                                        .progress = progress,
                                        .done = done,
                                        .of = of,
                                        .coverage = &e->coverage,
                                        .pictures = bt_identity_builder_views(e->builder),
                                        .covered = bt_identity_builder_coverage(e->builder)};
    bt_enroll_screen_draw(e->screen, &show, l->now_ns);
}

static bt_status rest(struct live *l, enum bt_enroll_failure *out_failure) {
    struct bt_enrolment *e = l->e;
    int64_t began_ns = -1;
    bool known = false;
    bt_enroll_meter_reset(e->meter);
    e->wish = (struct bt_enroll_wish){false, BT_TASK_COUNT};
    while (!known) {
        bt_status status = see(l);
        if (status) return status;
        if (began_ns < 0) began_ns = l->now_ns;
        if (l->trouble)
            bt_enroll_meter_reset(e->meter);
        else
            known = bt_enroll_meter_rest(e->meter, landmarks(l), l->now_ns);
        show(l, BT_TASK_COUNT, bt_enroll_meter_progress(e->meter), 0, TASKS);
        if (l->now_ns - began_ns > rest_most_ns) {
            *out_failure = BT_FAILURE_LATE;
            return BT_OK;
        }
    }
    return BT_OK;
}

static bt_status challenge(struct live *l, enum bt_enroll_failure *out_failure) {
    struct bt_enrolment *e = l->e;
    struct bt_enroll_challenge *challenge = NULL;
    const struct bt_enroll_challenge_params params = {
        .nonce = e->receipt.nonce, .tasks = TASKS, .expires_ns = l->now_ns + BT_RECEIPT_CHALLENGE_S * second_ns};
    struct bt_enroll_state state = {.phase = BT_ENROLL_REST};
    bt_status status = bt_enroll_challenge_create(&params, &challenge);
    while (!status && state.phase != BT_ENROLL_PASSED && state.phase != BT_ENROLL_FAILED) {
        status = see(l);
        if (status) break;
        state = bt_enroll_challenge_step(challenge, l->now_ns, l->measured ? &l->measure : NULL, l->trouble);
        e->wish = (struct bt_enroll_wish){state.phase == BT_ENROLL_DO, state.task};
        status = keep(l);
        show(l, state.phase == BT_ENROLL_DO ? state.task : BT_TASK_COUNT, state.progress,
             state.done < state.of ? state.done + 1 : state.of, state.of);
    }
    bt_enroll_challenge_destroy(&challenge);
    *out_failure = state.failure;
    return status;
}

/* What the challenge left open. Who has turned far enough is asked back, so that no pose in between is passed over for good. */
static bt_status gather(struct live *l, enum bt_enroll_failure *out_failure) {
    struct bt_enrolment *e = l->e;
    const int64_t began_ns = l->now_ns;
    enum bt_enroll_task task;
    int64_t there_ns = -1;
    bool back = false;
    for (;;) {
        const bool missing = bt_enroll_coverage_missing(&e->coverage, &task);
        const bool views = bt_identity_builder_views(e->builder) >= BT_IDENTITY_VIEWS_LEAST;
        if (!missing && views && bt_enroll_pictures_count(e->pictures) >= 3) return BT_OK;
        if (!missing) task = BT_TASK_COUNT;
        if (l->now_ns - began_ns > gather_most_ns) {
            if (!views || bt_identity_builder_coverage(e->builder) < covered_enough) *out_failure = BT_FAILURE_LATE;
            return BT_OK;
        }
        if (task < BT_TASK_COUNT && l->measured) {
            const float sign = l->measure.sign[task];
            if (sign < 1) there_ns = -1;
            if (sign >= 1 && there_ns < 0) there_ns = l->now_ns;
            back = (back && sign > 0.2f) || (there_ns >= 0 && l->now_ns - there_ns >= there_most_ns);
        }
        e->wish = (struct bt_enroll_wish){true, back ? BT_TASK_COUNT : task};
        bt_status status = see(l);
        if (!status) status = keep(l);
        if (status) return status;
        show(l, e->wish.task, bt_enroll_coverage_share(&e->coverage), 0, 0);
    }
}

static bt_status attempt(struct live *l, enum bt_enroll_failure *out_failure) {
    struct bt_enrolment *e = l->e;
    enum bt_enroll_failure failure = BT_FAILURE_NONE;
    bt_identity_builder_destroy(&e->builder); /* nothing of a failed try is used */
    bt_enroll_pictures_clear(e->pictures);
    bt_enroll_marked_reset(e->marked);
    e->coverage = (struct bt_enroll_coverage){0};
    bt_status status = bt_identity_builder_create(e->log, e->session.rig, &e->builder);
    if (!status) status = bt_vault_random_hex(16, e->receipt.nonce);
    e->receipt.challenge_s = bt_clock_wall_ns() / second_ns;
    if (!status) status = rest(l, &failure);
    if (!status && !failure) status = challenge(l, &failure);
    if (!status && !failure) status = gather(l, &failure);
    if (!status && !failure && bt_enroll_marked_is(e->marked)) failure = BT_FAILURE_MASKED;
    e->wish.asked = false;
    *out_failure = failure;
    return status;
}

static bt_status attempts(struct bt_enrolment *e) {
    struct live *l = calloc(1, sizeof *l);
    if (!l) return BT_E_MEMORY;
    enum bt_enroll_failure failure = BT_FAILURE_LATE;
    bt_status status = BT_OK;
    l->e = e;
    for (l->attempt = 1; !status && failure && failure != BT_FAILURE_MASKED && l->attempt <= ATTEMPTS; l->attempt++) {
        status = attempt(l, &failure);
        bt_enroll_screen_leave(e->screen);
        if (!status && failure) fprintf(stderr, "\n  ✗ %s\n\n", bt_enroll_failure_text(failure, e->chinese));
    }
    if (!status && failure) {
        snprintf(e->receipt.liveness, sizeof e->receipt.liveness, "failed, challenge version %d: %s", BT_ENROLL_VERSION,
                 bt_enroll_failure_text(failure, false));
        if (failure == BT_FAILURE_MASKED)
            bt_log_error(e->log, "%s", e->chinese ? "什么都没有保留" : "nothing is kept");
        else
            bt_log_error(e->log, "%s", e->chinese ? "三次都没有成功:什么都没有保留" : "three tries failed: nothing is kept");
        status = BT_E_CONSENT;
    } else if (!status) {
        snprintf(e->receipt.liveness, sizeof e->receipt.liveness, "passed, challenge version %d, %d tasks", BT_ENROLL_VERSION,
                 TASKS);
    }
    bt_secret_wipe(l, sizeof *l);
    free(l);
    return status;
}

static void stop(void *user) {
    struct bt_enrolment *e = user;
    atomic_store(&e->stopped, true);
    bt_capture_interrupt(e->session.capture);
}

bt_status bt_enroll_live(struct bt_enrolment *e) {
    struct bt_session *s = &e->session;
    struct bt_source *source = NULL;
    struct bt_terminal_watch *watch = NULL;
    bt_status status = bt_enroll_open_source(e, &source);
    if (status) return status;
    const struct bt_capture_params params = {.log = e->log, .gpu = s->gpu, .source = source};
    status = bt_capture_create(&params, &s->capture);
    if (status) return status;
    s->width_px = bt_capture_format(s->capture)->width_px;
    s->height_px = bt_capture_format(s->capture)->height_px;
    watch = bt_terminal_watch_signals(stop, e);
    status = watch ? bt_session_track(s) : BT_E_MEMORY;
    if (!status) status = bt_shot_create(s->gpu, e->log, s->width_px, s->height_px, &e->shot);
    if (!status) status = bt_enroll_marked_create(e->log, s->width_px, s->height_px, &e->marked);
    if (!status) status = bt_enroll_meter_create(s->rig, &e->meter);
    if (!status) status = bt_enroll_screen_create(e->chinese, &e->screen);
    if (!status) status = attempts(e);
    if (atomic_load(&e->stopped)) {
        bt_log_info(e->log, "%s", e->chinese ? "已停止:什么都没有保留" : "stopped: nothing is kept");
        status = BT_E_CONSENT;
    } else if (status == BT_E_END) {
        bt_log_error(e->log, "the pictures ended before it was done");
    }
    bt_terminal_unwatch(&watch);
    bt_enroll_screen_destroy(&e->screen);
    bt_enroll_meter_destroy(&e->meter);
    bt_enroll_marked_destroy(&e->marked);
    bt_shot_destroy(&e->shot);
    bt_track_destroy(&s->track);
    bt_capture_destroy(&s->capture);
    return status;
}
