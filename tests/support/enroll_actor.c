/* SPDX-License-Identifier: MIT */
#include "support/enroll_actor.h"

#include "app/enroll.h"
#include "app/files.h"
#include "footage/footage.h"
#include "footage/script.h"
#include "pipeline/capture/capture.h"
#include "watermark/dose.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const float degree = 0.017453293f;
static const double reaction_s = 0.3;

/* The footage, and the actor who moves it. */
struct actor {
    struct bt_source head;
    struct bt_source *inner;
    struct bt_enrolment *e;
    bool still, masked;
    struct bt_watermark_tile tile;
    struct bt_enroll_wish wish;
    double asked_s;
    struct bt_footage_pose now;
};

static struct bt_footage_pose pose_for(const struct bt_enroll_wish *wish) {
    struct bt_footage_pose pose = {.scale = 1, .smile = 0.3f, .light = 1, .visible = true};
    if (!wish->asked) return pose;
    switch (wish->task) {
    case BT_TASK_LEFT:
        pose.yaw_rad = 22 * degree;
        break;
    case BT_TASK_RIGHT:
        pose.yaw_rad = -24 * degree;
        break;
    case BT_TASK_UP:
        pose.pitch_rad = -15 * degree;
        break;
    case BT_TASK_DOWN:
        pose.pitch_rad = 15 * degree;
        break;
    case BT_TASK_SMILE:
        pose.smile = 1.2f, pose.mouth = 0.2f;
        break;
    case BT_TASK_MOUTH:
        pose.mouth = 0.7f;
        break;
    case BT_TASK_BROWS:
        pose.brow = 1.3f;
        break;
    case BT_TASK_EYES:
        pose.blink = 1;
        break;
    case BT_TASK_COUNT:
        break;
    }
    return pose;
}

static void drive(void *user, double time_s, struct bt_footage_pose *out_pose) {
    struct actor *a = user;
    const struct bt_enroll_wish wish = a->e->wish;
    if (wish.asked != a->wish.asked || wish.task != a->wish.task) a->asked_s = time_s;
    a->wish = wish;
    static const struct bt_enroll_wish nothing;
    const struct bt_footage_pose to = pose_for(a->still || time_s - a->asked_s < reaction_s ? &nothing : &wish);
    struct bt_footage_pose *now = &a->now;
    float *const value[] = {&now->yaw_rad, &now->pitch_rad, &now->smile, &now->mouth, &now->brow, &now->blink};
    const float target[] = {to.yaw_rad, to.pitch_rad, to.smile, to.mouth, to.brow, to.blink};
    for (size_t i = 0; i < BT_COUNT(value); i++) *value[i] += 0.3f * (target[i] - *value[i]);
    *out_pose = *now;
    out_pose->shift_x = sinf((float)time_s * 1.3f); /* nobody sits quite still */
    out_pose->shift_y = 0.5f * sinf((float)time_s * 0.9f);
}

static void actor_destroy(struct bt_source *source) {
    struct actor *a = (struct actor *)source;
    bt_source_destroy(&a->inner);
    free(a);
}

static bt_status actor_read(struct bt_source *source, struct bt_picture *picture) {
    struct actor *a = (struct actor *)source;
    const bt_status status = a->inner->ops->read(a->inner, picture);
    const struct bt_source_format *f = &a->head.format;
    if (!status && a->masked) {
        const struct bt_watermark_plane plane = {picture->data, f->width_px, 1, f->width_px, f->height_px};
        struct bt_watermark_dose dose = bt_watermark_dose_of(&plane);
        dose.sign = bt_watermark_sign(picture->capture_ns);
        bt_watermark_embed(&a->tile, &dose, picture->data, f->width_px, f->width_px, f->height_px);
    }
    return status;
}

static void actor_interrupt(struct bt_source *source) {
    struct actor *a = (struct actor *)source;
    a->inner->ops->interrupt(a->inner);
}

static const struct bt_source_ops ops = {actor_destroy, actor_read, actor_interrupt, NULL};

bt_status enroll_actor_open(struct bt_enrolment *e, const char *what, struct bt_source **out_source) {
    const bool still = !strcmp(what, "still");
    char path[4096 + 32];
    struct bt_bytes geometry = {0};
    const bool masked = !strcmp(what, "masked");
    if (!still && !masked && strcmp(what, "portrait") != 0) return bt_source_open_file(e->log, what, out_source);
    struct actor *a = calloc(1, sizeof *a);
    if (!a) return BT_E_MEMORY;
    a->e = e;
    a->still = still;
    a->masked = masked;
    bt_watermark_tile_init(0x5eed1234, BT_WATERMARK_KEY, &a->tile);
    static const struct bt_enroll_wish nothing;
    a->now = pose_for(&nothing);
    snprintf(path, sizeof path, "%s/face_geometry.bin", e->session.models.folder);
    bt_status status = bt_files_read(e->log, path, 1 << 20, &geometry);
    const struct bt_footage_params params = {.log = e->log,
                                             .geometry = geometry,
                                             .width_px = e->app->options.width_px,
                                             .height_px = e->app->options.height_px,
                                             .driver = {a, drive}};
    if (!status) status = bt_footage_create(&params, &a->inner);
    free((void *)(uintptr_t)geometry.data);
    if (status) {
        free(a);
        return status;
    }
    a->head = *a->inner;
    a->head.ops = &ops;
    *out_source = &a->head;
    return BT_OK;
}
