/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include "app/files.h"
#include "app/report.h"
#include "app/session.h"
#include "app/sheet.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "footage/footage.h"
#include "pipeline/capture/capture.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The footage as a source that also keeps its cost apart, and shows its pictures to the contact sheet: it is the program's own
   public-domain portrait, nobody's camera. */
struct watched {
    struct bt_source head;
    struct bt_source *inner;
    struct bt_sheet *sheet;
    int64_t cpu_ns;
    uint64_t frames, with_face;
};

struct demo {
    struct bt_log *log;
    struct watched *watched; /* owned by capture once the session has started */
    struct bt_sheet *sheet;
    struct bt_session *session;
    uint64_t total;
    int64_t said_ns;
};

static void watched_destroy(struct bt_source *source) {
    struct watched *w = (struct watched *)source;
    bt_source_destroy(&w->inner);
    free(w);
}

static bt_status watched_read(struct bt_source *source, struct bt_picture *picture) {
    struct watched *w = (struct watched *)source;
    int64_t began = bt_clock_cpu_ns();
    bt_status status = w->inner->ops->read(w->inner, picture);
    if (status) return status;
    w->cpu_ns += bt_clock_cpu_ns() - began;
    w->with_face += bt_footage_truth(w->frames).visible;
    bt_sheet_camera(w->sheet, w->frames, picture);
    w->frames++;
    return BT_OK;
}

static void watched_interrupt(struct bt_source *source) {
    struct watched *w = (struct watched *)source;
    if (w->inner->ops->interrupt) w->inner->ops->interrupt(w->inner);
}

static const struct bt_source_ops watched_ops = {watched_destroy, watched_read, watched_interrupt, NULL};

static bt_status open_footage(struct bt_app *app, const struct bt_session *session, struct demo *demo,
                              struct bt_source **out_source) {
    const struct bt_app_options *o = &app->options;
    struct bt_bytes geometry = {0};
    struct watched *w = calloc(1, sizeof *w);
    if (!w) return BT_E_MEMORY;
    bt_status status = bt_store_read(&session->models, "face_geometry.bin", &geometry, NULL);
    if (!status) {
        const struct bt_footage_params params = {
            .log = app->log, .geometry = geometry, .width_px = o->width_px, .height_px = o->height_px, .frames = o->frames};
        status = bt_footage_create(&params, &w->inner);
    }
    free((void *)geometry.data);
    if (status) {
        free(w);
        return status;
    }
    w->head = *w->inner;
    w->head.ops = &watched_ops;
    w->sheet = demo->sheet;
    demo->watched = w;
    *out_source = &w->head;
    return BT_OK;
}

static void on_frame(void *user, const struct bt_report *report) {
    struct demo *d = user;
    bt_sheet_output(d->sheet, report, d->session->disclose);
    int64_t now = bt_clock_now_ns();
    if (now - d->said_ns < 2000000000) return;
    d->said_ns = now;
    bt_log_info(d->log, "frame %" PRIu64 " of %" PRIu64, report->sequence + 1, d->total);
}

bt_status bt_app_demo(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    const char *folder = o->output ? o->output : "demo";
    struct bt_session session = {0};
    struct demo demo = {.log = app->log, .session = &session, .said_ns = bt_clock_now_ns()};
    struct bt_source *source = NULL;
    char clip[PATH_MAX], picture[PATH_MAX], figures[PATH_MAX];
    snprintf(clip, sizeof clip, "%s/demo.mkv", folder);
    snprintf(picture, sizeof picture, "%s/demo.png", folder);
    snprintf(figures, sizeof figures, "%s/demo.json", folder);
    bt_terminal_take_signals();
    demo.total = o->frames ? o->frames : bt_footage_frames();
    bt_status status = bt_files_make_folder(app->log, folder);
    if (!status) status = bt_session_prepare(&session, app, 0);
    if (!status) {
        const struct bt_session_consent consent = {
            .origin = BT_ORIGIN_BUILTIN, .leaves_machine = true, .source_name = "the built-in footage"};
        status = bt_session_consent(&session, &consent);
    }
    if (!status) status = bt_sheet_create(app->log, session.rig, session.mask, demo.total, &demo.sheet);
    if (!status) status = open_footage(app, &session, &demo, &source);
    if (!status) {
        const struct bt_session_run run = {
            .source = source, .record = clip, .frames = demo.total, .observer = {&demo, on_frame}};
        status = bt_session_start(&session, &run);
    }
    if (!status) status = bt_session_run(&session);
    if (!status) {
        const struct watched *w = demo.watched;
        const struct bt_report_extra extra = {w->with_face, w->frames ? (double)w->cpu_ns / 1e6 / (double)w->frames : 0};
        bt_report_print(&session);
        status = bt_report_write(&session, figures, &extra);
    }
    if (!status) status = bt_sheet_write(demo.sheet, picture);
    if (!status) printf("clip     %s\npicture  %s\nfigures  %s\nmanifest %s.manifest.json\n", clip, picture, figures, clip);
    bt_session_finish(&session, status);
    bt_sheet_destroy(&demo.sheet);
    return status;
}
