/* SPDX-License-Identifier: MIT */
/* The person looks at the mask, worn by the driver of the demo, before it is kept. In the terminal only: nothing is written. */
#include "app/enroll.h"

#include "app/picture.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "footage/footage.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    SIDE_PX = 480,
    FRAMES = 30,
    COLUMNS_MOST = 120,
    LINE_BYTES = 128,
    TRIES = 3
}; /* so many frames, until the light is fitted */
static const int64_t second_ns = 1000000000, grant_ns = 300 * INT64_C(1000000000);

static bt_status obtain(struct bt_enrolment *e, const struct bt_mask *mask) {
    struct bt_session *s = &e->session;
    const struct bt_consent_params params = {
        .log = e->log,
        .audit = s->audit,
        .facts = {.origin = BT_ORIGIN_BUILTIN, .owner = BT_OWNER_PERSON, .wearer_attended = bt_terminal_attended()},
        .owner = {.request = &e->receipt},
        .now_s = bt_clock_wall_ns() / second_ns,
        .face_name = mask->name,
        .source_name = "the built-in footage",
        .chinese = e->chinese,
        .valid_ns = grant_ns};
    return bt_consent_obtain(&params, &s->grant);
}

static bt_status open_stages(struct bt_enrolment *e, const struct bt_mask *mask) {
    struct bt_session *s = &e->session;
    struct bt_source *source = NULL;
    struct bt_bytes geometry = {0};
    bt_status status = bt_store_read(&s->models, "face_geometry.bin", &geometry, NULL);
    const struct bt_footage_params footage = {
        .log = e->log, .geometry = geometry, .width_px = SIDE_PX, .height_px = SIDE_PX, .frames = FRAMES};
    if (!status) status = bt_footage_create(&footage, &source);
    free((void *)(uintptr_t)geometry.data);
    if (status) return status;
    const struct bt_capture_params capture = {.log = e->log, .gpu = s->gpu, .source = source};
    status = bt_capture_create(&capture, &s->capture);
    if (status) return status;
    s->width_px = s->height_px = SIDE_PX;
    const struct bt_disclose_params disclose = {
        .log = e->log, .gpu = s->gpu, .width_px = SIDE_PX, .height_px = SIDE_PX, .egress = BT_EGRESS_I420};
    const struct bt_swap_params swap = {
        .log = e->log, .gpu = s->gpu, .rig = s->rig, .mask = mask, .width_px = SIDE_PX, .height_px = SIDE_PX};
    status = bt_disclose_create(&disclose, &s->disclose);
    if (!status) status = bt_session_track(s);
    return status ? status : bt_swap_create(&swap, s->grant, &s->swap);
}

/* The last of the frames, labelled as any. */
static bt_status wear(struct bt_enrolment *e, struct bt_picture_rgb *out_picture) {
    struct bt_session *s = &e->session;
    struct bt_disclosed shown;
    bt_status status = BT_OK, last = BT_E_NO_FACE;
    struct bt_faces *faces = calloc(1, sizeof *faces);
    if (!faces) return BT_E_MEMORY;
    for (int i = 0; !status && i < FRAMES; i++) {
        struct bt_frame frame;
        status = bt_capture_take(s->capture, &frame);
        if (!status) status = bt_track_faces(s->track, &frame, faces);
        if (!status) last = bt_swap_and_blend(s->swap, s->grant, &frame, faces);
        if (!status && !last) status = bt_disclose_apply(s->disclose, &frame, &shown);
    }
    if (!status) status = last;
    if (!status) {
        const struct bt_disclosed_view view = bt_disclose_bytes(s->disclose, shown);
        bt_picture_from_i420(view.bytes, view.width_px, view.height_px, view.bt709, out_picture);
    }
    free(faces);
    return status;
}

static void close_stages(struct bt_session *s) {
    if (s->swap) bt_swap_destroy(&s->swap);
    if (s->track) bt_track_destroy(&s->track);
    if (s->disclose) bt_disclose_destroy(&s->disclose);
    if (s->capture) bt_capture_destroy(&s->capture);
    bt_grant_destroy(&s->grant);
    bt_audit_close(&s->audit);
}

static void wipe(struct bt_picture_rgb *picture) {
    if (picture->rgb) bt_secret_wipe(picture->rgb, (size_t)picture->width_px * picture->height_px * 3);
    bt_picture_finish(picture);
}

static bt_status draw(struct bt_enrolment *e, const struct bt_mask *mask) {
    enum { SIDE = SIDE_PX / 2 };
    struct bt_session *s = &e->session;
    struct bt_picture_rgb one = {0}, both = {0};
    bt_status status = bt_picture_create(SIDE, SIDE, &one);
    if (!status) status = bt_picture_create(2 * SIDE, SIDE, &both);
    if (!status) status = bt_audit_open(e->log, e->trust.audit, e->trust.signer, &s->audit);
    if (!status) status = obtain(e, mask);
    if (!status) status = open_stages(e, mask);
    if (!status) status = wear(e, &one);
    close_stages(s);
    if (!status) {
        bt_picture_paste(&one, &both, 0, 0);
        status = bt_mask_render(s->rig, mask, SIDE, 0.5f, 0, one.rgb);
    }
    if (!status) {
        bt_picture_paste(&one, &both, SIDE, 0);
        bt_picture_show(&both, COLUMNS_MOST);
    }
    wipe(&one);
    wipe(&both);
    return status;
}

bt_status bt_enroll_preview(struct bt_enrolment *e, bool *out_again) {
    struct bt_mask *mask = NULL;
    bt_identity_destroy(&e->identity);
    bt_status status = bt_identity_builder_finish(e->builder, e->name, &e->identity);
    bt_identity_builder_destroy(&e->builder);
    if (!status) status = bt_identity_wear(e->identity, &mask);
    if (!status) status = draw(e, mask);
    if (mask) bt_identity_unwear(&mask);
    for (int i = 0; !status && i < TRIES; i++) {
        char line[LINE_BYTES];
        status = bt_terminal_line(e->chinese ? "这是您的面具。输入“保留”、“重来”或“离开”:"
                                             : "This is your mask, worn by a driver in a film. keep, again or leave: ",
                                  line, sizeof line);
        if (status) return status;
        *out_again = !strcmp(line, "again") || !strcmp(line, "重来");
        if (*out_again || !strcmp(line, "keep") || !strcmp(line, "保留")) return BT_OK;
        if (!strcmp(line, "leave") || !strcmp(line, "离开")) break;
    }
    return status ? status : BT_E_CONSENT;
}
