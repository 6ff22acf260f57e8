/* SPDX-License-Identifier: MIT */
/* Where enrolment's pictures come from: a live camera. A build for tests (BAUTA_TEST_ENROLL_FROM_FILE) also takes a recording,
   a camera made of software, and the built-in portrait, which does what it is asked. */
#include "app/enroll.h"

#include "app/files.h"
#include "base/log.h"
#include "pipeline/capture/capture.h"
#include "pipeline/capture/devices.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef BAUTA_TEST_ENROLL_FROM_FILE
#include "support/enroll_actor.h"
enum { SOFTWARE_TOO = true };
#else
enum { SOFTWARE_TOO = false };
#endif

static bt_status open_camera(struct bt_enrolment *e, struct bt_source **out_source) {
    const struct bt_app_options *o = &e->app->options;
    char path[PATH_MAX] = "";
    struct bt_device device;
    bt_status status = o->camera ? BT_OK : bt_devices_pick_camera(e->log, path, sizeof path);
    if (status) return status;
    if (o->camera) snprintf(path, sizeof path, "%s", o->camera);
    bt_devices_look(path, &device);
    if (!device.opened && device.software && !SOFTWARE_TOO) {
        bt_log_error(e->log, "%s is no camera but software (%s): a face is enrolled from a live camera only", path,
                     device.driver);
        return BT_E_CONSENT;
    }
    const struct bt_camera_params params = {
        .log = e->log, .path = path, .width_px = o->width_px, .height_px = o->height_px, .rate = o->rate};
    struct bt_source *source = NULL;
    status = bt_source_open_camera(&params, &source);
    if (!status && device.opened) { /* it could be read, but not asked what it is */
        bt_log_error(e->log, "%s does not say what it is: it is not taken for a camera", path);
        bt_source_destroy(&source);
        return BT_E_CONSENT;
    }
    if (!status) *out_source = source;
    return status;
}

bt_status bt_enroll_open_source(struct bt_enrolment *e, struct bt_source **out_source) {
#ifdef BAUTA_TEST_ENROLL_FROM_FILE
    bt_log_warning(e->log, "THIS BUILD IS FOR TESTS: it enrols from files and software. Do not use it for anybody's face.");
    if (e->app->options.input.count) return enroll_actor_open(e, e->app->options.input.at[0], out_source);
#endif
    return open_camera(e, out_source);
}
