/* SPDX-License-Identifier: MIT */
#include "app/evaluate_swap.h"

#include "app/files.h"
#include "app/session.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "footage/footage.h"
#include "gpu/device.h"
#include "mask/mask.h"
#include "mask/view.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/track/track.h"
#include "trust/vault/secret.h"

#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Templates cost more than all else of a frame, and whom a face is like changes slowly: of one frame in three. */
enum { COMPARE_EVERY = 3, VIEWS = 5, PICTURES_MOST_PX = 4096 };

/* The clip as a source that keeps its newest picture: limited range, as what leaves. */
struct tee {
    struct bt_source head;
    struct bt_source *inner;
    uint8_t *i420;
    size_t bytes;
    bool bt709;
};

/* What left, as a source: one frame at a time, for a second tracker that knows nothing of the first. */
struct again {
    struct bt_source head;
    const struct bt_disclosed_view *view;
};

struct swapped {
    struct bt_app *app;
    struct bt_session session; /* that is measured */
    struct bt_session probe;   /* that looks at its output */
    struct bt_match *match;
    struct bt_swap_look *look;
    struct tee *tee;     /* the session's capture owns it */
    struct again *again; /* the probe's capture owns it */
    struct bt_picture_rgb in, out;
    struct bt_faces faces; /* in the output */
    struct bt_template worn;
    struct bt_swap_study study;
    uint64_t total; /* 0: not known */
    bool builtin;   /* the clip is the program's own: its pictures may be shown bare */
    bool shows;     /* pictures of it may be kept */
    bt_status failed;
};

/* --- sources --- */

static void tee_destroy(struct bt_source *source) {
    struct tee *t = (struct tee *)source;
    bt_source_destroy(&t->inner);
    if (t->i420) bt_secret_wipe(t->i420, t->bytes);
    free(t->i420);
    free(t);
}

static bt_status tee_read(struct bt_source *source, struct bt_picture *picture) {
    struct tee *t = (struct tee *)source;
    uint8_t *mapped = picture->data;
    picture->data = t->i420; /* the other may be slow to read back from */
    bt_status status = t->inner->ops->read(t->inner, picture);
    picture->data = mapped;
    if (status) return status;
    memcpy(mapped, t->i420, t->bytes);
    t->bt709 = picture->bt709;
    const size_t luma = (size_t)t->head.format.width_px * t->head.format.height_px;
    for (size_t i = 0; picture->full_range && i < t->bytes; i++) {
        const uint32_t span = i < luma ? 219 : 224; /* BT.601 and BT.709: codes of limited range */
        t->i420[i] = (uint8_t)(16 + (t->i420[i] * span + 127) / 255);
    }
    return BT_OK;
}

static void tee_interrupt(struct bt_source *source) {
    struct tee *t = (struct tee *)source;
    if (t->inner->ops->interrupt) t->inner->ops->interrupt(t->inner);
}

static const struct bt_source_ops tee_ops = {tee_destroy, tee_read, tee_interrupt, NULL};

static bt_status open_clip(struct swapped *s, const char *clip, struct bt_source **out_source) {
    const struct bt_app_options *o = &s->app->options;
    struct bt_bytes geometry = {0};
    struct tee *t = calloc(1, sizeof *t);
    bt_status status = t ? BT_OK : BT_E_MEMORY;
    if (!status && s->builtin) {
        status = bt_store_read(&s->session.models, "face_geometry.bin", &geometry, NULL);
        const struct bt_footage_params params = {
            .log = s->app->log, .geometry = geometry, .width_px = o->width_px, .height_px = o->height_px, .frames = o->frames};
        if (!status) status = bt_footage_create(&params, &t->inner);
        s->total = o->frames ? o->frames : bt_footage_frames();
    } else if (!status) {
        status = bt_source_open_file(s->app->log, clip, &t->inner);
        if (!status) {
            const struct bt_source_format *f = &t->inner->format;
            s->total = (uint64_t)bt_source_file_length_ns(t->inner) / 1000 * f->rate_num / f->rate_den / 1000000;
            if (o->frames && (o->frames < s->total || !s->total)) s->total = o->frames;
        }
    }
    free((void *)(uintptr_t)geometry.data);
    if (!status && (t->inner->format.pixels != BT_PIXELS_I420 || t->inner->format.width_px > PICTURES_MOST_PX ||
                    t->inner->format.height_px > PICTURES_MOST_PX)) {
        bt_log_error(s->app->log, "%s: pictures of a kind that is not measured (%" PRIu32 " x %" PRIu32 ")", clip,
                     t->inner->format.width_px, t->inner->format.height_px);
        status = BT_E_UNSUPPORTED;
    }
    if (!status) {
        t->bytes = bt_picture_bytes(BT_PIXELS_I420, t->inner->format.width_px, t->inner->format.height_px);
        t->i420 = malloc(t->bytes);
        if (!t->i420) status = BT_E_MEMORY;
    }
    if (status) {
        if (t) bt_source_destroy(&t->inner);
        free(t);
        return status;
    }
    t->head = *t->inner;
    t->head.ops = &tee_ops;
    s->tee = t;
    *out_source = &t->head;
    return BT_OK;
}

static void again_destroy(struct bt_source *source) {
    free(source);
}

static bt_status again_read(struct bt_source *source, struct bt_picture *picture) {
    const struct bt_disclosed_view *v = ((struct again *)source)->view;
    memcpy(picture->data, v->bytes, v->size_bytes);
    picture->pixels = BT_PIXELS_I420;
    picture->width_px = v->width_px;
    picture->height_px = v->height_px;
    picture->full_range = v->full_range;
    picture->bt709 = v->bt709;
    picture->capture_ns = v->capture_ns;
    return BT_OK;
}

static void again_interrupt(struct bt_source *source) {
    (void)source; /* it never blocks */
}

static const struct bt_source_ops again_ops = {again_destroy, again_read, again_interrupt, NULL};

/* --- whom it is like --- */

/* The worn face as somebody's head, turned a little each way: the mean of their templates. */
static bt_status know_worn(struct swapped *s, struct bt_app *plain) {
    static const float yaw[VIEWS] = {0, .2f, -.2f, 0, 0}, pitch[VIEWS] = {0, 0, 0, .12f, -.12f};
    struct bt_acquire *acquire = NULL;
    struct bt_picture_rgb picture = {0};
    struct bt_template template[VIEWS];
    struct bt_match_score worst;
    uint32_t n = 0;
    bt_status status = bt_acquire_create(plain, &acquire);
    if (!status) status = bt_picture_create(BT_ACQUIRE_SIDE_PX, BT_ACQUIRE_SIDE_PX, &picture);
    for (uint32_t i = 0; !status && i < VIEWS; i++) {
        struct bt_mask_view v = bt_mask_view_plain();
        float label[BT_STUDY_LABELS];
        v.yaw = yaw[i];
        v.pitch = pitch[i];
        v.width_cm = 32;
        v.hair_cm = 1.5f;
        for (int k = 0; k < 3; k++) v.ground[k] = .3f, v.clothes[k] = .08f;
        status = bt_mask_draw(s->session.rig, s->session.mask, &v, BT_ACQUIRE_SIDE_PX, picture.rgb);
        if (!status) status = bt_acquire_template(acquire, &picture, &template[n], label);
        n += !status;
        if (status == BT_E_NO_FACE) status = BT_OK;
    }
    if (!status && !n) {
        bt_log_error(s->app->log, "no face is found in the worn face's own picture: it cannot be compared with");
        status = BT_E_NO_FACE;
    }
    if (!status) bt_match_mean(template, n, &s->worn, &worst);
    bt_secret_wipe(template, sizeof template);
    if (picture.rgb) bt_secret_wipe(picture.rgb, (size_t)3 * BT_ACQUIRE_SIDE_PX * BT_ACQUIRE_SIDE_PX);
    bt_picture_finish(&picture);
    bt_acquire_destroy(&acquire);
    return status;
}

static bt_status compare(struct swapped *s, const struct bt_face *in, const struct bt_face *out,
                         struct bt_swap_sample *sample) {
    struct bt_template was, is;
    bt_status status = bt_match_template(s->match, s->in.rgb, s->in.width_px, s->in.height_px, in->landmark, &was);
    if (!status) status = bt_match_template(s->match, s->out.rgb, s->out.width_px, s->out.height_px, out->landmark, &is);
    if (!status) {
        const struct bt_match_score worn = bt_match_compare(&is, &s->worn), bare = bt_match_compare(&was, &s->worn),
                                    driver = bt_match_compare(&is, &was);
        sample->value[BT_SWAP_WORN] = (double)worn.cosine;
        sample->value[BT_SWAP_WORN_IN] = (double)bare.cosine;
        sample->value[BT_SWAP_DRIVER] = (double)driver.cosine;
        sample->value[BT_SWAP_WORN_FAR] = (double)worn.distance;
        sample->value[BT_SWAP_WORN_IN_FAR] = (double)bare.distance;
        sample->value[BT_SWAP_DRIVER_FAR] = (double)driver.distance;
        s->study.compared++;
        s->study.driver_again += driver.same;
    }
    bt_secret_wipe(&was, sizeof was);
    bt_secret_wipe(&is, sizeof is);
    return status == BT_E_POSE ? BT_OK : status;
}

/* --- frame by frame --- */

static struct bt_swap_sample *next_sample(struct swapped *s) {
    struct bt_swap_study *y = &s->study;
    if (y->count == y->room) {
        const uint32_t room = y->room ? 2 * y->room : 256;
        struct bt_swap_sample *more = realloc(y->sample, room * sizeof *more);
        if (!more) return NULL;
        y->sample = more;
        y->room = room;
    }
    return &y->sample[y->count];
}

static bt_status keep_worst(struct swapped *s, const struct bt_swap_sample *sample, const struct bt_disclosed_view *view) {
    for (int i = 0; i < BT_SWAP_WORST; i++) {
        struct bt_swap_worst *w = &s->study.worst[i];
        const double v = sample->value[w->measure];
        if (!isfinite(v) || (w->found && v <= w->value)) continue;
        w->found = true;
        w->frame = sample->frame;
        w->value = v;
        if (!s->shows) continue;
        const uint32_t width = BT_SWAP_WORST_W, height = (uint32_t)((uint64_t)width * view->height_px / view->width_px);
        bt_status status = w->out.rgb ? BT_OK : bt_picture_create(width, height, &w->out);
        if (!status && s->builtin && !w->in.rgb) status = bt_picture_create(width, height, &w->in);
        if (status) return status;
        bt_picture_from_i420(view->bytes, view->width_px, view->height_px, view->bt709, &w->out);
        if (s->builtin) bt_picture_from_i420(s->tee->i420, view->width_px, view->height_px, s->tee->bt709, &w->in);
    }
    return BT_OK;
}

static const struct bt_face *face_of(const struct bt_faces *faces) {
    const struct bt_face *found = faces->wearer >= 0 ? &faces->face[faces->wearer] : NULL;
    for (uint32_t i = 0; faces->wearer < 0 && i < faces->count; i++)
        if (!found || faces->face[i].box_px.w > found->box_px.w) found = &faces->face[i];
    return found;
}

static bt_status measure(struct swapped *s, const struct bt_report *report, struct bt_swap_sample *sample) {
    const struct bt_disclosed_view view = bt_disclose_newest(s->session.disclose);
    struct bt_frame frame;
    for (int m = 0; m < BT_SWAP_MEASURES; m++) sample->value[m] = (double)NAN;
    for (int k = 0; k < BT_SWAP_SHAPES; k++) sample->shape_in[k] = sample->shape_out[k] = (double)NAN;
    if (view.placard || report->held) {
        bt_swap_look_break(s->look);
        return BT_OK;
    }
    s->again->view = &view;
    bt_status status = bt_capture_take(s->probe.capture, &frame);
    if (!status) status = bt_track_faces(s->probe.track, &frame, &s->faces);
    s->again->view = NULL;
    if (status) return status;
    bt_picture_from_i420(s->tee->i420, view.width_px, view.height_px, s->tee->bt709, &s->in);
    bt_picture_from_i420(view.bytes, view.width_px, view.height_px, view.bt709, &s->out);
    struct bt_swap_pair pair = {
        .in = &s->in, .out = &s->out, .in_face = face_of(report->faces), .out_face = face_of(&s->faces)};
    bt_disclose_covers(s->session.disclose, pair.plate);
    bt_swap_look_at(s->look, &pair, sample);
    s->study.lost += !pair.out_face;
    s->study.covered += sample->covered;
    s->study.leaks += sample->leak;
    if (pair.in_face && pair.out_face && !sample->covered && sample->frame % COMPARE_EVERY == 0)
        status = compare(s, pair.in_face, pair.out_face, sample);
    return status ? status : keep_worst(s, sample, &view);
}

static void on_frame(void *user, const struct bt_report *report) {
    struct swapped *s = user;
    if (s->failed) return;
    struct bt_swap_sample *sample = next_sample(s);
    if (!sample) s->failed = BT_E_MEMORY;
    if (!s->failed) {
        *sample = (struct bt_swap_sample){.frame = report->sequence, .masked = !report->why};
        s->failed = measure(s, report, sample);
    }
    if (s->failed) {
        bt_pipeline_stop(s->session.pipeline);
        return;
    }
    s->study.count++;
    s->study.masked += !report->why;
    s->study.held += report->held;
    s->study.placards += report->why && !report->held;
    if (report->why && !report->held) s->study.placards_by_status[report->why]++;
    if (s->total && s->study.count <= s->total) bt_evaluation_say(s->app, "frames", s->study.count, s->total);
}

/* --- the run --- */

/* The same tracker and matchers once more, at the size of what leaves. */
static bt_status open_probe(struct swapped *s, struct bt_app *plain) {
    const uint32_t w = s->tee->head.format.width_px, h = s->tee->head.format.height_px;
    bt_status status = bt_session_prepare(&s->probe, plain, 0);
    struct again *again = status ? NULL : calloc(1, sizeof *again);
    if (!status && !again) status = BT_E_MEMORY;
    if (!status) {
        again->head = (struct bt_source){
            .ops = &again_ops,
            .format = {.pixels = BT_PIXELS_I420, .width_px = w, .height_px = h, .rate_num = 1, .rate_den = 1, .bt709 = true},
            .name = "what left"};
        s->again = again;
        const struct bt_capture_params capture = {.log = s->app->log, .gpu = s->probe.gpu, .source = &again->head};
        status = bt_capture_create(&capture, &s->probe.capture);
    }
    s->probe.width_px = w;
    s->probe.height_px = h;
    if (!status) status = bt_session_track(&s->probe);
    if (!status) status = bt_session_match(&s->probe, &s->match);
    if (!status) status = bt_swap_look_create(s->probe.rig, &s->look);
    if (!status) status = bt_picture_create(w, h, &s->in);
    if (!status) status = bt_picture_create(w, h, &s->out);
    return status;
}

static void wipe_picture(struct bt_picture_rgb *picture) {
    if (picture->rgb) bt_secret_wipe(picture->rgb, (size_t)3 * picture->width_px * picture->height_px);
    bt_picture_finish(picture);
}

static void finish(struct swapped *s) {
    bt_swap_look_destroy(&s->look);
    bt_match_destroy(&s->match);
    bt_session_finish(&s->probe, BT_OK);
    wipe_picture(&s->in);
    wipe_picture(&s->out);
    for (int i = 0; i < BT_SWAP_WORST; i++) {
        wipe_picture(&s->study.worst[i].in);
        wipe_picture(&s->study.worst[i].out);
    }
    bt_secret_wipe(&s->worn, sizeof s->worn);
    bt_secret_wipe(&s->faces, sizeof s->faces);
    if (s->study.sample) bt_secret_wipe(s->study.sample, s->study.room * sizeof *s->study.sample);
    free(s->study.sample);
    free(s);
}

static bt_status run(struct swapped *s, const char *clip, const char *folder) {
    const struct bt_app_options *o = &s->app->options;
    struct bt_app plain = *s->app; /* what only looks wears nobody's face */
    struct bt_source *source = NULL;
    char hash[PATH_MAX], page[PATH_MAX]; /* page: where pictures are kept, as the notice says it */
    plain.options.face = NULL;
    snprintf(hash, sizeof hash, "%s/frames.sha256", folder);
    snprintf(page, sizeof page, "%s/report.html", folder);
    const uint32_t purposes = BT_PURPOSE_WEAR_LIVE;
    bt_status status = bt_session_prepare(&s->session, s->app, purposes);
    if (!status) {
        /* Without pictures only figures and digests are kept, and the policy asks nobody. A person's face was lent to be worn,
           not to be kept. */
        s->shows = !s->session.worn.mask && (s->builtin || bt_terminal_attended());
        const struct bt_session_consent consent = {.origin = s->builtin ? BT_ORIGIN_BUILTIN : BT_ORIGIN_FILE,
                                                   .leaves_machine = s->shows, /* pictures, in the report */
                                                   .source_name = s->builtin ? "the built-in footage" : clip,
                                                   .record_path = s->shows && !s->builtin ? page : NULL,
                                                   .purposes = purposes,
                                                   .logged = !s->builtin || s->session.worn.mask};
        status = bt_session_consent(&s->session, &consent);
    }
    if (!status) status = know_worn(s, &plain);
    if (!status) status = open_clip(s, clip, &source);
    if (!status) {
        s->study.width_px = source->format.width_px;
        s->study.height_px = source->format.height_px;
        s->study.rate = (double)source->format.rate_num / (double)source->format.rate_den;
        status = open_probe(s, &plain);
        if (status) bt_source_destroy(&source);
    }
    if (!status) {
        const struct bt_session_run params = {.source = source, .hash = hash, .frames = o->frames, .observer = {s, on_frame}};
        status = bt_session_start(&s->session, &params);
    }
    if (!status) status = bt_session_run(&s->session);
    return s->failed ? s->failed : status;
}

static const char *figure(double v, char out[16]) {
    if (isfinite(v))
        snprintf(out, 16, "%.3f", v);
    else
        snprintf(out, 16, "-");
    return out;
}

static void print(const struct bt_swap_study *y, const char *folder) {
    struct bt_swap_figure f[BT_SWAP_MEASURES];
    char a[16], b[16];
    if (bt_swap_figures(y, f)) return;
    printf("%s, wearing %s: %" PRIu32 " frames, %" PRIu32 " masked (%.1f%%), %" PRIu32 " cards, %" PRIu32 " bare faces\n\n",
           y->clip, y->face, y->count, y->masked, y->count ? 100.0 * y->masked / y->count : 0.0, y->placards, y->leaks);
    printf("%-44s %9s %9s   %s\n", "", "median", "95 %", "frames");
    for (int m = 0; m < BT_SWAP_MEASURES; m++)
        printf("%-44s %9s %9s   %-6" PRIu32 " %s\n", bt_swap_measures[m].name, figure(f[m].median, a), figure(f[m].p95, b),
               f[m].frames, bt_swap_measures[m].unit);
    printf("\nreport   %s/report.html\nfigures  %s/report.json\ndigests  %s/frames.sha256\n", folder, folder, folder);
}

bt_status bt_app_evaluate_swap(struct bt_app *app) {
    static const enum bt_swap_measure worst[BT_SWAP_WORST] = {BT_SWAP_POSE, BT_SWAP_GAZE, BT_SWAP_JITTER, BT_SWAP_FLICKER,
                                                              BT_SWAP_SEAM, BT_SWAP_NECK, BT_SWAP_DRIVER};
    const struct bt_app_options *o = &app->options;
    const char *folder = o->output ? o->output : "evaluation", *clip = o->word[1];
    const int64_t began_ns = bt_clock_now_ns();
    if (o->words != 2) {
        bt_log_error(app->log, "bauta evaluate swap CLIP [--face NAME], or bauta evaluate swap demo for the built-in footage");
        return BT_E_ARGUMENT;
    }
    const bool builtin = !strcmp(clip, "demo");
    if (!builtin && access(clip, R_OK)) {
        bt_log_error(app->log, "cannot read %s", clip);
        return BT_E_NOT_FOUND;
    }
    struct swapped *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    s->app = app;
    s->builtin = builtin;
    s->study.clip = builtin ? "the built-in footage" : clip;
    for (int i = 0; i < BT_SWAP_WORST; i++) s->study.worst[i].measure = worst[i];
    bt_terminal_take_signals();
    bt_status status = bt_files_make_folder(app->log, folder);
    if (!status) status = run(s, clip, folder);
    if (!status && !s->study.count) {
        bt_log_error(app->log, "%s: no frame came out of it", clip);
        status = BT_E_FORMAT;
    }
    if (!status) status = bt_swap_expressions(s->study.sample, s->study.count);
    if (!status) {
        s->study.face = s->session.worn.mask ? "a person's face" : s->session.mask->name;
        s->study.device = bt_gpu_caps(s->session.gpu)->name;
        s->study.seconds = (double)(bt_clock_now_ns() - began_ns) * 1e-9;
        status = bt_swap_study_write(app->log, &s->study, folder, o->json);
    }
    if (!status && !o->json) print(&s->study, folder);
    if (!status && s->study.leaks) {
        bt_log_error(app->log, "%" PRIu32 " frames show a bare face: this must not be; report.json names them", s->study.leaks);
        status = BT_E_CONSENT;
    }
    bt_session_finish(&s->session, status);
    finish(s);
    return status;
}
