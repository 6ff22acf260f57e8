/* SPDX-License-Identifier: MIT */
#include "app/app.h"

#include "app/live.h"
#include "app/report.h"
#include "app/session.h"
#include "app/terminal.h"
#include "base/log.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/capture/devices.h"

#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A build for tests takes a recording for a live camera: its people are watched. */
#ifdef BAUTA_TEST_ENROLL_FROM_FILE
enum { WATCHES_FILES = true };
#else
enum { WATCHES_FILES = false };
#endif

static bt_status check_options(struct bt_log *log, const struct bt_app_options *o) {
    if ((o->camera != NULL) + o->input.count > 1) {
        bt_log_error(log, "--camera and --input: only one of them, once");
        return BT_E_ARGUMENT;
    }
    if (!o->output && !o->record && !o->hash) {
        bt_log_error(log, "nothing would leave: name a virtual camera with --output, a file with --record, or --hash");
        return BT_E_ARGUMENT;
    }
    if (o->input.at[0] && access(o->input.at[0], R_OK)) {
        bt_log_error(log, "cannot read %s", o->input.at[0]);
        return BT_E_NOT_FOUND;
    }
    return BT_OK;
}

/* Whether both paths lead to one node. */
static bool same_node(const char *a, const char *b) {
    struct stat x, y;
    return !stat(a, &x) && !stat(b, &y) && S_ISCHR(x.st_mode) && S_ISCHR(y.st_mode) && x.st_rdev == y.st_rdev;
}

static bt_status open_source(struct bt_app *app, const char *camera, struct bt_source **out_source) {
    const struct bt_app_options *o = &app->options;
    if (o->input.at[0]) return bt_source_open_file(app->log, o->input.at[0], out_source);
    const struct bt_camera_params params = {
        .log = app->log, .path = camera, .width_px = o->width_px, .height_px = o->height_px, .rate = o->rate};
    return bt_source_open_camera(&params, out_source);
}

bt_status bt_app_run(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    struct bt_session session = {0};
    struct bt_source *source = NULL;
    struct bt_live *live = NULL;
    char camera[PATH_MAX] = "";
    struct bt_shape shape;
    bt_status status = check_options(app->log, o);
    if (!status) status = bt_shape_read(app->log, o, &shape);
    if (status) return status;
    bt_terminal_take_signals();
    if (!o->input.at[0]) {
        status = o->camera ? BT_OK : bt_devices_pick_camera(app->log, camera, sizeof camera);
        if (status) return status;
        if (o->camera) snprintf(camera, sizeof camera, "%s", o->camera);
        if (o->output && same_node(camera, o->output)) {
            bt_log_error(app->log, "%s would read what it writes: name a real camera with --camera", o->output);
            return BT_E_ARGUMENT;
        }
    }
    const bool camera_session = WATCHES_FILES || !o->input.at[0];
    const uint32_t purposes = BT_PURPOSE_WEAR_LIVE | (o->record ? (uint32_t)BT_PURPOSE_RECORD : 0);
    status = bt_session_prepare(&session, app, purposes);
    if (!status) {
        const struct bt_session_consent consent = {.origin = camera_session ? BT_ORIGIN_CAMERA : BT_ORIGIN_FILE,
                                                   .leaves_machine = o->output || o->record,
                                                   .source_name = o->input.at[0] ? o->input.at[0] : camera,
                                                   .record_path = o->record,
                                                   .purposes = purposes,
                                                   .logged = true};
        status = bt_session_consent(&session, &consent);
    }
    if (!status) status = bt_live_create(&session, o->metrics, &live);
    if (!status) status = open_source(app, camera, &source);
    if (!status) {
        const struct bt_session_run run = {.source = source,
                                           .loopback = o->output,
                                           .record = o->record,
                                           .hash = o->hash,
                                           .shape = shape,
                                           .watched = camera_session,
                                           .always_on = o->always_on,
                                           .frames = o->frames,
                                           .observer = bt_live_observer(live)};
        status = bt_session_start(&session, &run);
    }
    if (!status) status = bt_live_begin(live);
    if (!status) {
        bt_log_info(app->log, "wearing %s at %" PRIu32 "x%" PRIu32 "; every frame is labelled. Ctrl-C stops.",
                    session.mask->name, session.width_px, session.height_px);
        status = bt_session_run(&session);
        bt_live_end(&live);
        bt_report_print(&session);
        if (o->stats) {
            bt_status kept = bt_report_write(&session, o->stats, NULL);
            if (!status) status = kept;
        }
    }
    bt_live_end(&live);
    bt_session_finish(&session, status);
    return status;
}
