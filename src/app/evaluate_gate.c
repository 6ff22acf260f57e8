/* SPDX-License-Identifier: MIT */
#include "app/evaluate_gate.h"

#include "app/files.h"
#include "app/picture.h"
#include "app/session.h"
#include "base/clock.h"
#include "base/log.h"
#include "footage/footage.h"
#include "footage/script.h"
#include "gpu/device.h"
#include "pipeline/capture/capture.h"
#include "pipeline/swap/swap.h"
#include "pipeline/swap/turn.h"
#include "pipeline/track/track.h"
#include "rig/pose.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    W = 640,
    H = 480,
    RATE = 25,
    LENGTH = BT_GATE_STEPS * BT_GATE_STEP_FRAMES, /* of a pass: one moment, one axis */
    PASS = LENGTH + 1,                            /* a black frame before: whoever was followed is forgotten */
    PASSES = 1 + BT_GATE_AXES,                    /* the first as drawn */
    FRAMES = BT_GATE_MOMENTS * PASSES * PASS,
};
static const int64_t between_ns = INT64_C(5000000000);

const struct bt_gate_axis_text bt_gate_axes[BT_GATE_AXES] = {
    [BT_FOOTAGE_DARK] = {"light", "of the light", {1, .1f, .03f, .01f, .005f, .0025f, .0015f, .001f, .0006f, .0003f}},
    [BT_FOOTAGE_BRIGHT] = {"exposure", "times the light", {1, 1.5f, 2, 3, 4, 5, 6, 8, 10, 14}},
    [BT_FOOTAGE_HAZE] = {"contrast", "of the contrast", {1, .3f, .1f, .05f, .03f, .02f, .015f, .01f, .007f, .005f}},
    [BT_FOOTAGE_NOISE] = {"noise", "deviation", {0, .03f, .06f, .1f, .14f, .17f, .2f, .24f, .28f, .33f}},
    [BT_FOOTAGE_BLUR] = {"blur", "of the face's width", {0, .01f, .015f, .02f, .025f, .03f, .04f, .05f, .065f, .09f}},
    [BT_FOOTAGE_FAR] = {"size", "of the size", {1, .7f, .5f, .35f, .25f, .2f, .16f, .13f, .11f, .09f}},
    [BT_FOOTAGE_COVER] = {"cover", "of the face's height", {0, .15f, .25f, .35f, .45f, .55f, .65f, .75f, .85f, 1}},
    [BT_AXIS_YAW] = {"yaw", "rad", {0, .15f, .3f, .4f, .5f, .6f, .7f, .8f, .9f, 1}},
    [BT_AXIS_PITCH] = {"pitch", "rad", {0, .1f, .2f, .3f, .35f, .4f, .45f, .5f, .6f, .7f}},
};

/* Of the script: talking, turning as fast as a head does, looking up and down, leaning in with the head aside, in half the
   light from the side. */
static const double moment_s[BT_GATE_MOMENTS] = {2.0, 6.6, 8.9, 10.7, 13.2};

/* Where a frame stands in the plan. */
struct place {
    uint32_t moment, pass, frame; /* pass 0: as drawn; else the axis + 1 */
    bool black;
};

static struct place place_of(uint64_t index) {
    const uint32_t at = (uint32_t)(index % PASS);
    return (struct place){(uint32_t)(index / PASS / PASSES), (uint32_t)(index / PASS % PASSES), at ? at - 1 : 0, !at};
}

static float level_of(const struct place *p) {
    return p->pass ? bt_gate_axes[p->pass - 1].level[p->frame / BT_GATE_STEP_FRAMES] : 0;
}

static void pose(void *user, double time_s, struct bt_footage_pose *out) {
    const struct place p = place_of((uint64_t)lrint(time_s * RATE));
    (void)user;
    *out = bt_footage_pose_at(moment_s[p.moment] + (double)p.frame / RATE);
    if (p.pass < 1 + BT_FOOTAGE_FAULTS) return;
    out->yaw_rad = out->pitch_rad = out->roll_rad = 0;
    *(p.pass == 1 + BT_AXIS_YAW ? &out->yaw_rad : &out->pitch_rad) = level_of(&p) * (p.moment % 2 ? 1.0f : -1.0f);
}

/* The landmarks as drawn, of the moment that is being measured. */
struct truth {
    bool found;
    struct bt_vec3 landmark[BT_LANDMARKS];
};

struct worse {
    struct bt_source head;
    struct bt_source *inner;
    const struct truth *truth; /* of the frame that comes next; found false: as drawn */
    uint64_t index;
    uint8_t *scratch, *shown; /* shown: the last picture, as it was given */
};

static void worse_destroy(struct bt_source *source) {
    struct worse *w = (struct worse *)source;
    bt_source_destroy(&w->inner);
    free(w->scratch);
    free(w->shown);
    free(w);
}

static struct bt_rect box_of(const struct bt_vec3 *landmark) {
    struct bt_vec2 low = {landmark[0].x, landmark[0].y}, high = low;
    for (uint32_t i = 1; i < BT_MESH_LANDMARKS; i++) {
        low = (struct bt_vec2){fminf(low.x, landmark[i].x), fminf(low.y, landmark[i].y)};
        high = (struct bt_vec2){fmaxf(high.x, landmark[i].x), fmaxf(high.y, landmark[i].y)};
    }
    return (struct bt_rect){low.x, low.y, high.x - low.x, high.y - low.y};
}

static bt_status worse_read(struct bt_source *source, struct bt_picture *picture) {
    struct worse *w = (struct worse *)source;
    const struct place p = place_of(w->index);
    const bt_status status = w->inner->ops->read(w->inner, picture);
    if (status) return status;
    picture->capture_ns = (int64_t)w->index * 1000000000 / RATE + (int64_t)(w->index / PASS) * between_ns;
    if (p.black) {
        memset(picture->data, 16, (size_t)W * H);
        memset(picture->data + (size_t)W * H, 128, (size_t)W * H / 2);
    } else if (p.pass && p.pass <= BT_FOOTAGE_FAULTS && p.frame >= BT_GATE_STEP_FRAMES && w->truth->found) {
        bt_footage_degrade((enum bt_footage_fault)(p.pass - 1), level_of(&p), box_of(w->truth->landmark), w->index, W, H,
                           picture->data, w->scratch);
    }
    memcpy(w->shown, picture->data, (size_t)W * H * 3 / 2);
    w->index++;
    return BT_OK;
}

static void worse_interrupt(struct bt_source *source) {
    struct worse *w = (struct worse *)source;
    w->inner->ops->interrupt(w->inner);
}

static const struct bt_source_ops worse_ops = {worse_destroy, worse_read, worse_interrupt, NULL};

static bt_status open_source(struct bt_app *app, const struct bt_session *s, struct worse **out_worse) {
    struct bt_bytes geometry = {0};
    struct worse *w = calloc(1, sizeof *w);
    uint8_t *scratch = malloc((size_t)W * H * 3 / 2), *shown = malloc((size_t)W * H * 3 / 2);
    bt_status status = w && scratch && shown ? bt_store_read(&s->models, "face_geometry.bin", &geometry, NULL) : BT_E_MEMORY;
    const struct bt_footage_params params = {.log = app->log,
                                             .geometry = geometry,
                                             .width_px = W,
                                             .height_px = H,
                                             .rate = RATE,
                                             .frames = FRAMES,
                                             .driver = {NULL, pose}};
    if (!status) status = bt_footage_create(&params, &w->inner);
    free((void *)(uintptr_t)geometry.data);
    if (status) {
        free(scratch);
        free(shown);
        free(w);
        return status;
    }
    w->head = (struct bt_source){.ops = &worse_ops, .format = w->inner->format, .name = "degraded footage"};
    w->scratch = scratch;
    w->shown = shown;
    *out_worse = w;
    return BT_OK;
}

static float eyes(const struct bt_vec3 *p) {
    return hypotf(hypotf(p[33].x - p[263].x, p[33].y - p[263].y), p[33].z - p[263].z);
}

static float error_of(const struct bt_vec3 *got, const struct bt_vec3 *want) {
    double sum = 0;
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) sum += (double)hypotf(got[i].x - want[i].x, got[i].y - want[i].y);
    return (float)(sum / BT_MESH_LANDMARKS / (double)eyes(want));
}

/* What became of the frame's true landmarks. */
static void moved(const struct place *p, const struct truth *truth, struct bt_vec3 *out) {
    const enum bt_footage_fault fault = (enum bt_footage_fault)(p->pass - 1);
    const struct bt_rect box = box_of(truth->landmark);
    for (uint32_t i = 0; i < BT_LANDMARKS; i++) {
        const struct bt_vec2 to = p->frame < BT_GATE_STEP_FRAMES
                                      ? (struct bt_vec2){truth->landmark[i].x, truth->landmark[i].y}
                                      : bt_footage_degrade_point(fault, level_of(p), box,
                                                                 (struct bt_vec2){truth->landmark[i].x, truth->landmark[i].y});
        const float scale = fault == BT_FOOTAGE_FAR ? level_of(p) : 1;
        out[i] = (struct bt_vec3){to.x, to.y, truth->landmark[i].z * scale};
    }
}

/* The head as it was seen straight ahead, turned about its middle by what the footage turned it; z is not said by a picture. */
static bool turned(const struct bt_rig *rig, const struct place *p, const struct truth *ahead, const struct bt_vec3 *got,
                   struct bt_vec3 *out_got, struct bt_vec3 *out_want) {
    const float angle = level_of(p) * (p->moment % 2 ? 1.0f : -1.0f);
    const float vector[3] = {p->pass == 1 + BT_AXIS_PITCH ? angle : 0, p->pass == 1 + BT_AXIS_YAW ? angle : 0, 0};
    struct bt_pose from, to, turn = {.scale = 1};
    struct bt_vec3 shape[BT_LANDMARKS];
    const struct bt_vec3 *canonical = bt_rig_mesh(rig)->canonical;
    if (!bt_pose_fit(rig, ahead->landmark, canonical, &from) || !bt_pose_fit(rig, got, canonical, &to)) return false;
    bt_rotation_from_vector(vector, turn.rotation);
    bt_pose_normalise(&from, ahead->landmark, BT_LANDMARKS, shape);
    bt_pose_turn(&from, shape, BT_LANDMARKS, shape);
    bt_pose_turn(&turn, shape, BT_LANDMARKS, out_want);
    bt_pose_normalise(&to, got, BT_LANDMARKS, shape);
    bt_pose_turn(&to, shape, BT_LANDMARKS, out_got);
    struct bt_vec3 apart = {0, 0, 0};
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        apart.x += (out_want[i].x - out_got[i].x) / BT_MESH_LANDMARKS;
        apart.y += (out_want[i].y - out_got[i].y) / BT_MESH_LANDMARKS;
    }
    for (uint32_t i = 0; i < BT_LANDMARKS; i++) out_got[i].x += apart.x, out_got[i].y += apart.y;
    return true;
}

static void note(const struct bt_session *s, const struct place *p, const struct truth *truth, const struct bt_faces *faces,
                 bt_status swapped, struct bt_gate_sample *out) {
    const bool found = faces->wearer >= 0;
    struct bt_vec3 want[BT_LANDMARKS], got[BT_LANDMARKS];
    *out = (struct bt_gate_sample){.axis = (uint8_t)(p->pass ? p->pass - 1 : BT_AXIS_NONE),
                                   .step = (uint8_t)(p->frame / BT_GATE_STEP_FRAMES),
                                   .settled = p->frame % BT_GATE_STEP_FRAMES > 0,
                                   .moment = (uint8_t)p->moment,
                                   .frame = (uint8_t)p->frame,
                                   .found = found,
                                   .stopped = !found || swapped,
                                   .error = p->pass ? NAN : 0};
    if (!found) return;
    for (int m = 0; m < BT_GATE_MEASURES; m++) {
        out->value[m] = bt_gate_value(&faces->measures, (enum bt_gate_measure)m);
        out->stopped = out->stopped || bt_gate_bad((enum bt_gate_measure)m, out->value[m]);
    }
    out->value[BT_FIT_YAW] = fabsf(faces->measures.yaw);
    out->value[BT_FIT_PITCH] = fabsf(faces->measures.pitch);
    out->value[BT_FIT_COVER] = p->pass == 1 + BT_FOOTAGE_COVER ? bt_swap_covered(s->swap) : NAN; /* else it is not painted */
    const struct bt_vec3 *raw = faces->face[faces->wearer].raw;
    if (p->pass > BT_FOOTAGE_FAULTS) {
        if (turned(s->rig, p, truth, raw, got, want)) out->error = error_of(got, want);
    } else if (p->pass) {
        moved(p, truth, want);
        out->error = error_of(raw, want);
    }
}

/* What a person would say of the first moment: a row an axis, a column a step; green where it is let through. */
enum { CELL_W = 96, CELL_H = 72, EDGE = 3 };
static bt_status show(const struct worse *w, const struct place *p, bool stopped, struct bt_picture_rgb *sheet) {
    static const uint8_t colour[2][3] = {{0, 158, 115}, {213, 94, 0}};
    struct bt_picture_rgb cell = {0};
    if (!p->pass || p->moment || p->frame % BT_GATE_STEP_FRAMES != BT_GATE_STEP_FRAMES - 1) return BT_OK;
    const bt_status status = bt_picture_create(CELL_W - 2 * EDGE, CELL_H - 2 * EDGE, &cell);
    if (status) return status;
    const uint32_t x = p->frame / BT_GATE_STEP_FRAMES * CELL_W, y = (p->pass - 1) * CELL_H;
    for (uint32_t i = 0; i < CELL_W * CELL_H; i++)
        memcpy(&sheet->rgb[3 * ((y + i / CELL_W) * sheet->width_px + x + i % CELL_W)], colour[stopped], 3);
    bt_picture_from_i420(w->shown, W, H, false, &cell);
    bt_picture_paste(&cell, sheet, x + EDGE, y + EDGE);
    bt_picture_finish(&cell);
    return BT_OK;
}

static bt_status measure(struct bt_app *app, struct bt_session *s, struct worse *worse, struct bt_picture_rgb *sheet,
                         struct bt_gate_study *study) {
    bt_status status = BT_OK;
    struct bt_faces *faces = malloc(sizeof *faces);
    struct truth *truth = calloc(LENGTH + 1, sizeof *truth); /* the last: straight ahead */
    if (!faces || !truth) status = BT_E_MEMORY;
    for (uint64_t i = 0; !status && i < FRAMES; i++) {
        const struct place p = place_of(i);
        const bool pose_axis = p.pass > BT_FOOTAGE_FAULTS;
        struct bt_frame frame;
        struct truth *now = &truth[p.frame];
        bt_status swapped = BT_OK;
        worse->truth = now;
        status = bt_capture_take(s->capture, &frame);
        if (!status) status = bt_track_faces(s->track, &frame, faces);
        if (status || p.black) continue;
        const bool found = faces->wearer >= 0;
        struct truth *keep = !p.pass ? now : pose_axis && p.frame < BT_GATE_STEP_FRAMES ? &truth[LENGTH] : NULL;
        if (keep) {
            keep->found = found;
            if (found) memcpy(keep->landmark, faces->face[faces->wearer].raw, sizeof keep->landmark);
        }
        if (p.pass == 1 + BT_FOOTAGE_COVER && found) swapped = bt_swap_and_blend(s->swap, s->grant, &frame, faces);
        if (pose_axis && found)
            swapped = fabsf(faces->measures.yaw) > BT_SWAP_YAW_OUT || fabsf(faces->measures.pitch) > BT_SWAP_PITCH_OUT
                          ? BT_E_POSE
                          : BT_OK;
        if (!bt_gate_of_picture(swapped) && swapped) status = swapped;
        const struct truth *held = pose_axis ? &truth[LENGTH] : now;
        if (status || !held->found) continue; /* as drawn nobody is seen: nothing to be held to */
        struct bt_gate_sample *sample = &study->sample[study->count++];
        note(s, &p, held, faces, swapped, sample);
        study->lost += !found;
        status = show(worse, &p, sample->stopped, sheet);
        if (i % 300 == 299) bt_log_info(app->log, "%" PRIu64 " of %d frames", i + 1, FRAMES);
    }
    free(faces);
    free(truth);
    return status;
}

/* The stages up to swap, as in a session of the demo: the mask that is painted belongs to nobody. */
static bt_status open_stages(struct bt_app *app, struct bt_session *s, struct worse **out_worse) {
    const struct bt_session_consent consent = {.origin = BT_ORIGIN_BUILTIN, .source_name = "the built-in footage"};
    bt_status status = bt_session_prepare(s, app, 0);
    if (!status) status = bt_session_consent(s, &consent);
    if (!status) status = open_source(app, s, out_worse);
    if (status) return status;
    const struct bt_capture_params capture = {.log = app->log, .gpu = s->gpu, .source = &(*out_worse)->head};
    status = bt_capture_create(&capture, &s->capture);
    s->width_px = W;
    s->height_px = H;
    if (!status) status = bt_session_track(s);
    const struct bt_swap_params swap = {
        .log = app->log, .gpu = s->gpu, .rig = s->rig, .mask = s->mask, .width_px = W, .height_px = H};
    if (!status) status = bt_swap_create(&swap, s->grant, &s->swap);
    return status;
}

static void print(const struct bt_gate_study *study, const char *folder) {
    printf("%" PRIu32 " frames of %d moments; the tracker lost the face in %" PRIu32 "\n\n", study->count, BT_GATE_MOMENTS,
           study->lost);
    printf("%-11s %6s %5s %7s %9s %9s %8s %12s %9s\n", "", "frames", "bad", "ROC", "enter", "leave", "caught", "false stops",
           "in force");
    for (uint32_t f = 0; f < BT_GATE_FITS; f++) {
        const struct bt_gate_fit *fit = &study->fit[f];
        printf("%-11s %6" PRIu32 " %5" PRIu32 " %7.3f %9.3g %9.3g %7.1f%% %11.1f%% %9.3g  %s\n", fit->name, fit->trials,
               fit->bad, fit->auc, (double)fit->enter, (double)fit->leave, 100 * fit->point.caught,
               100 * fit->point.false_stops, (double)fit->limit, bt_gate_remark(fit));
    }
    printf("\nreport   %s/report.html\nfigures  %s/report.json\nframes   %s/frames.png\ntable    %s/fitted.h\n", folder, folder,
           folder, folder);
}

bt_status bt_app_evaluate_gate(struct bt_app *app) {
    const char *folder = app->options.output ? app->options.output : "evaluation";
    const int64_t began_ns = bt_clock_now_ns();
    struct bt_session session = {0};
    struct worse *worse = NULL;
    struct bt_picture_rgb sheet = {0};
    struct bt_gate_study study = {.sample = calloc(FRAMES, sizeof *study.sample)};
    char path[4096];
    snprintf(path, sizeof path, "%s/frames.png", folder);
    bt_status status = study.sample ? bt_files_make_folder(app->log, folder) : BT_E_MEMORY;
    if (!status) status = bt_picture_create(BT_GATE_STEPS * CELL_W, BT_GATE_AXES * CELL_H, &sheet);
    if (!status) status = open_stages(app, &session, &worse);
    if (!status) status = measure(app, &session, worse, &sheet, &study);
    if (!status) status = bt_gate_study_fit(&study);
    if (!status) {
        study.device = bt_gpu_caps(session.gpu)->name;
        study.seconds = (double)(bt_clock_now_ns() - began_ns) * 1e-9;
        status = bt_gate_study_write(app->log, &study, folder);
    }
    if (!status) status = bt_picture_write_png(app->log, &sheet, path);
    if (!status) print(&study, folder);
    bt_session_finish(&session, status);
    bt_picture_finish(&sheet);
    free(study.sample);
    return status;
}
