/* SPDX-License-Identifier: MIT */
/* The library's face: the pieces that `bauta run` is made of (app/session.h), with a callback instead of a terminal. */
#include "bauta/bauta.h"

#include "app/session.h"
#include "base/log.h"
#include "footage/footage.h"
#include "pipeline/capture/capture.h"
#include "pipeline/capture/devices.h"

#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the strings of a request stand in it. */
static const size_t strings[] = {
    offsetof(struct bauta_request, source_path), offsetof(struct bauta_request, virtual_camera),
    offsetof(struct bauta_request, record),      offsetof(struct bauta_request, hash),
    offsetof(struct bauta_request, face),        offsetof(struct bauta_request, models),
    offsetof(struct bauta_request, device),      offsetof(struct bauta_request, profile),
};

struct bauta_grant {
    struct bauta_request request; /* its strings are copies */
    char camera[PATH_MAX];
    struct bt_session_person person;
    struct bt_session session;
    bt_status failed; /* for the log's last line */
};

struct bauta_session {
    struct bauta_grant *grant;
    pthread_t thread;
    pthread_mutex_t lock; /* of `joined` */
    bool started, joined;
    bt_status result; /* the thread's, read once it is joined or has ended */
    _Atomic int state, why;
    atomic_uint_least64_t masked, cards, held;
};

static const char *string_at(const struct bauta_request *request, size_t offset) {
    return *(const char *const *)((const char *)request + offset);
}

static bt_status copy_request(const struct bauta_request *from, struct bauta_request *to) {
    *to = *from;
    for (size_t i = 0; i < BT_COUNT(strings); i++) *(const char **)((char *)to + strings[i]) = NULL;
    for (size_t i = 0; i < BT_COUNT(strings); i++) {
        const char *text = string_at(from, strings[i]);
        if (!text) continue;
        char *copy = strdup(text);
        if (!copy) return BT_E_MEMORY;
        *(const char **)((char *)to + strings[i]) = copy;
    }
    return BT_OK;
}

static void to_caller(void *user, enum bt_log_level level, const char *line) {
    const struct bauta_log *log = user;
    if (log->line) log->line(log->user, (enum bauta_log_level)level, line);
}

static bt_status ask_caller(void *user, const char *notice, char *out_answer, uint32_t answer_bytes) {
    const struct bauta_asker *asker = user;
    return asker->ask(asker->user, notice, out_answer, answer_bytes);
}

static bt_status check(struct bt_log *log, const struct bauta_request *r) {
    const bool known = r->source == BAUTA_SOURCE_CAMERA || r->source == BAUTA_SOURCE_FILE || r->source == BAUTA_SOURCE_FOOTAGE;
    if (!known || (r->source == BAUTA_SOURCE_FILE) > (r->source_path != NULL)) {
        bt_log_error(log, "the request names no source");
        return BT_E_ARGUMENT;
    }
    if (!r->virtual_camera && !r->record && !r->hash) {
        bt_log_error(log, "nothing would leave: the request names no virtual camera, recording or hash file");
        return BT_E_ARGUMENT;
    }
    return BT_OK;
}

static bt_status obtain(struct bauta_grant *grant) {
    static const enum bt_origin origins[] = {BT_ORIGIN_CAMERA, BT_ORIGIN_FILE, BT_ORIGIN_BUILTIN};
    const struct bauta_request *r = &grant->request;
    struct bt_log *log = grant->session.log;
    bt_status status = check(log, r);
    if (status) return status;
    const bool footage = r->source == BAUTA_SOURCE_FOOTAGE;
    if (r->source == BAUTA_SOURCE_CAMERA && !r->source_path)
        status = bt_devices_pick_camera(log, grant->camera, sizeof grant->camera);
    else
        snprintf(grant->camera, sizeof grant->camera, "%s", footage ? "the built-in footage" : r->source_path);
    if (status) return status;
    const uint32_t purposes = footage ? 0 : BT_PURPOSE_WEAR_LIVE | (r->record ? (uint32_t)BT_PURPOSE_RECORD : 0);
    struct bt_app app = {.log = log, .options = {.face = r->face, .models = r->models, .device = r->device}};
    if (r->profile) app.options.profile = (struct bt_app_texts){.at = {r->profile}, .count = 1};
    status = bt_session_prepare(&grant->session, &app, purposes);
    const struct bt_session_consent consent = {.origin = origins[r->source],
                                               .leaves_machine = r->virtual_camera || r->record,
                                               .source_name = grant->camera,
                                               .record_path = r->record,
                                               .purposes = purposes,
                                               .logged = !footage};
    return status ? status : bt_session_consent(&grant->session, &consent);
}

bauta_status bauta_grant_obtain(const struct bauta_request *request, struct bauta_grant **out_grant) {
    if (!request || !out_grant || request->bytes != sizeof *request) return BAUTA_E_ARGUMENT;
    struct bauta_grant *grant = calloc(1, sizeof *grant);
    if (!grant) return BAUTA_E_MEMORY;
    bt_status status = copy_request(request, &grant->request);
    grant->person = (struct bt_session_person){.asker = {&grant->request.asker, ask_caller},
                                               .attended = request->asker.ask != NULL,
                                               .chinese = request->asker.chinese};
    grant->session.person = &grant->person;
    grant->session.log = bt_log_create(to_caller, &grant->request.log, (enum bt_log_level)request->log.least);
    if (!status) status = grant->session.log ? obtain(grant) : BT_E_MEMORY;
    grant->failed = status;
    if (status)
        bauta_grant_destroy(&grant);
    else
        *out_grant = grant;
    return status;
}

void bauta_grant_destroy(struct bauta_grant **grant) {
    struct bauta_grant *g = grant ? *grant : NULL;
    if (!g) return;
    struct bt_log *log = g->session.log;
    bt_session_finish(&g->session, g->failed);
    bt_log_destroy(&log);
    for (size_t i = 0; i < BT_COUNT(strings); i++) free((void *)string_at(&g->request, strings[i]));
    free(g);
    *grant = NULL;
}

static bt_status open_footage(const struct bauta_grant *grant, struct bt_source **out_source) {
    const struct bauta_request *r = &grant->request;
    struct bt_bytes geometry = {0};
    bt_status status = bt_store_read(&grant->session.models, "face_geometry.bin", &geometry, NULL);
    const struct bt_footage_params params = {.log = grant->session.log,
                                             .geometry = geometry,
                                             .width_px = r->width_px,
                                             .height_px = r->height_px,
                                             .rate = r->rate,
                                             .frames = r->frames};
    if (!status) status = bt_footage_create(&params, out_source);
    free((void *)geometry.data);
    return status;
}

static bt_status open_source(const struct bauta_grant *grant, struct bt_source **out_source) {
    const struct bauta_request *r = &grant->request;
    if (r->source == BAUTA_SOURCE_FOOTAGE) return open_footage(grant, out_source);
    if (r->source == BAUTA_SOURCE_FILE) return bt_source_open_file(grant->session.log, r->source_path, out_source);
    const struct bt_camera_params params = {
        .log = grant->session.log, .path = grant->camera, .width_px = r->width_px, .height_px = r->height_px, .rate = r->rate};
    return bt_source_open_camera(&params, out_source);
}

static void on_frame(void *user, const struct bt_report *report) {
    struct bauta_session *s = user;
    atomic_store(&s->why, (int)report->why);
    atomic_fetch_add(report->held ? &s->held : report->why ? &s->cards : &s->masked, 1);
}

static bt_status open_session(struct bauta_session *s) {
    const struct bauta_request *r = &s->grant->request;
    struct bt_source *source = NULL;
    bt_status status = open_source(s->grant, &source);
    if (status) return status;
    const struct bt_session_run run = {.source = source,
                                       .loopback = r->virtual_camera,
                                       .record = r->record,
                                       .hash = r->hash,
                                       .shape = {.mirror = r->mirror},
                                       .watched = r->source == BAUTA_SOURCE_CAMERA,
                                       .frames = r->frames,
                                       .observer = {s, on_frame}};
    return bt_session_start(&s->grant->session, &run);
}

/* Threads that are made meanwhile leave all signals to the caller's own. */
static void block_signals(sigset_t *out_before) {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, out_before);
}

bauta_status bauta_session_open(struct bauta_grant **grant, struct bauta_session **out_session) {
    if (!grant || !*grant || !out_session) return BAUTA_E_ARGUMENT;
    struct bauta_session *s = calloc(1, sizeof *s);
    if (!s || pthread_mutex_init(&s->lock, NULL)) {
        free(s);
        (*grant)->failed = BT_E_MEMORY;
        bauta_grant_destroy(grant);
        return BAUTA_E_MEMORY;
    }
    sigset_t before;
    s->grant = *grant;
    *grant = NULL;
    atomic_store(&s->why, BT_E_NO_FACE);
    block_signals(&before);
    const bt_status status = open_session(s);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (status) {
        s->grant->failed = status;
        bauta_session_destroy(&s);
    } else {
        *out_session = s;
    }
    return status;
}

static void *run(void *user) {
    struct bauta_session *s = user;
    s->result = bt_session_run(&s->grant->session);
    atomic_store(&s->state, BAUTA_STATE_ENDED);
    return NULL;
}

bauta_status bauta_session_start(struct bauta_session *session) {
    if (!session || session->started) return BAUTA_E_ARGUMENT;
    sigset_t before;
    atomic_store(&session->state, BAUTA_STATE_RUNNING);
    block_signals(&before);
    const int error = pthread_create(&session->thread, NULL, run, session);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    session->started = !error;
    if (error) atomic_store(&session->state, BAUTA_STATE_READY);
    return error ? BAUTA_E_MEMORY : BAUTA_OK;
}

void bauta_session_stop(struct bauta_session *session) {
    if (session) bt_session_stop(&session->grant->session);
}

bauta_status bauta_session_wait(struct bauta_session *session) {
    if (!session || !session->started) return BAUTA_E_ARGUMENT;
    pthread_mutex_lock(&session->lock);
    if (!session->joined) pthread_join(session->thread, NULL);
    session->joined = true;
    pthread_mutex_unlock(&session->lock);
    return session->result;
}

void bauta_session_destroy(struct bauta_session **session) {
    struct bauta_session *s = session ? *session : NULL;
    if (!s) return;
    if (s->started) {
        bauta_session_stop(s);
        s->grant->failed = bauta_session_wait(s);
    }
    bauta_grant_destroy(&s->grant);
    pthread_mutex_destroy(&s->lock);
    free(s);
    *session = NULL;
}

bauta_status bauta_session_status(struct bauta_session *session, struct bauta_progress *out_progress) {
    if (!session || !out_progress || out_progress->bytes != sizeof *out_progress) return BAUTA_E_ARGUMENT;
    const int state = atomic_load(&session->state); /* first: the result is written before it says ended */
    *out_progress = (struct bauta_progress){.bytes = sizeof *out_progress,
                                            .state = (enum bauta_state)state,
                                            .result = state == BAUTA_STATE_ENDED ? session->result : BAUTA_OK,
                                            .why = (bauta_status)atomic_load(&session->why),
                                            .width_px = session->grant->session.width_px,
                                            .height_px = session->grant->session.height_px,
                                            .masked = atomic_load(&session->masked),
                                            .cards = atomic_load(&session->cards),
                                            .held = atomic_load(&session->held)};
    out_progress->frames = out_progress->masked + out_progress->cards + out_progress->held;
    return BAUTA_OK;
}

const char *bauta_version(void) {
    return BAUTA_VERSION;
}
