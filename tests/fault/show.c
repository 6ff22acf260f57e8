/* SPDX-License-Identifier: MIT */
#include "fault/show.h"

#include "base/clock.h"
#include "footage/footage.h"
#include "gpu/device.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/overlay.h"
#include "pipeline/faces.h"
#include "pipeline/output/output.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "rig/rig.h"
#include "support/file_bytes.h"
#include "support/oracle.h"
#include "support/test_gpu.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The face is looked at in a grid of cells between brows and chin, where the mask covers skin. */
enum { GRID = 6, PAINTED = 4 };
#define SESSION 0x0b5e55edu /* in the invisible mark */

struct shown {
    struct bt_source head;
    struct show *show;
};

struct show {
    struct bt_log *log;
    struct bt_gpu *gpu;
    struct bt_rig *rig;
    struct bt_mask *mask;
    struct bt_audit *audit;
    struct bt_grant *grant;
    struct bt_capture *capture;
    struct bt_track *track;
    struct bt_swap *swap;
    struct bt_disclose *disclose;
    struct bt_output *output;
    struct bt_pipeline *pipeline;
    struct oracle *oracle;
    struct show_acts acts;
    struct show_tally tally;
    uint8_t face[SHOW_HALF * SHOW_H * 3 / 2], recent[SHOW_BYTES], masked[SHOW_BYTES]; /* masked: as the last such frame left */
    uint64_t index;
    int64_t now_ns;
    float distance, least;
    struct bt_rect box; /* of the face in `face`, px: between brows and chin, where the mask covers skin */
    struct {
        int x;
        float light;
    } painted[PAINTED]; /* faces in the picture */
    int painted_count;
};

static void free_source(struct bt_source *source) {
    free(source);
}

static void ignore(struct bt_source *source) {
    (void)source;
}

static bt_status read_picture(struct bt_source *source, struct bt_picture *picture) {
    struct show *s = ((struct shown *)source)->show;
    bt_status status = s->acts.picture(s->acts.user, s->index++, s->recent);
    if (status) return status;
    memcpy(picture->data, s->recent, SHOW_BYTES);
    picture->capture_ns = s->now_ns += 40000000;
    return BT_OK;
}

static const struct bt_source_ops shown_ops = {free_source, read_picture, ignore, NULL};

static void quiet(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    if (getenv("BAUTA_TEST_VERBOSE")) fprintf(stderr, "log %d: %s\n", (int)level, line);
}

static bool load_face(struct show *s, struct bt_bytes geometry) {
    struct bt_source *source = NULL;
    enum { W = 320 };
    const struct bt_footage_params params = {.geometry = geometry, .width_px = W, .height_px = SHOW_H};
    struct bt_picture picture = {.data = malloc(W * SHOW_H * 3 / 2)};
    bool good = picture.data && !bt_footage_create(&params, &source) && !source->ops->read(source, &picture);
    for (int plane = 0; good && plane < 3; plane++) {
        const int half = plane ? 2 : 1, w = W / half, cut = SHOW_HALF / half, rows = SHOW_H / half;
        const uint8_t *from = picture.data + (plane ? W * SHOW_H + (plane - 1) * w * rows : 0) + (w - cut) / 2;
        uint8_t *to = s->face + (plane ? SHOW_HALF * SHOW_H + (plane - 1) * cut * rows : 0);
        for (int y = 0; y < rows; y++) memcpy(to + y * cut, from + y * w, (size_t)cut);
    }
    if (source) bt_source_destroy(&source);
    free(picture.data);
    return good;
}

static bt_status open_grant(struct show *s, int64_t valid_ns) {
    const struct bt_consent_params params = {.log = s->log,
                                             .audit = s->audit,
                                             .facts = {.origin = BT_ORIGIN_BUILTIN, .leaves_machine = true},
                                             .face_name = s->mask->name,
                                             .source_name = "the test",
                                             .valid_ns = valid_ns};
    bt_grant_destroy(&s->grant);
    return bt_consent_obtain(&params, &s->grant);
}

static bt_status open_stages(struct show *s, const struct bt_bytes model[3], const char *hash) {
    struct shown *source = calloc(1, sizeof *source);
    if (!source) return BT_E_MEMORY;
    source->show = s;
    source->head.ops = &shown_ops;
    source->head.format = (struct bt_source_format){
        .pixels = BT_PIXELS_I420, .width_px = SHOW_W, .height_px = SHOW_H, .rate_num = 25, .rate_den = 1};
    const struct bt_capture_params capture = {.log = s->log, .gpu = s->gpu, .source = &source->head};
    const struct bt_disclose_params disclose = {
        .log = s->log, .gpu = s->gpu, .width_px = SHOW_W, .height_px = SHOW_H, .egress = BT_EGRESS_I420, .session = SESSION};
    const struct bt_track_params track = {.log = s->log,
                                          .gpu = s->gpu,
                                          .rig = s->rig,
                                          .detector = model[0],
                                          .mesh = model[1],
                                          .matte = model[2],
                                          .width_px = SHOW_W,
                                          .height_px = SHOW_H};
    const struct bt_swap_params swap = {
        .log = s->log, .gpu = s->gpu, .rig = s->rig, .mask = s->mask, .width_px = SHOW_W, .height_px = SHOW_H};
    bt_status status = bt_capture_create(&capture, &s->capture);
    if (!status) status = bt_disclose_create(&disclose, &s->disclose);
    if (!status) status = bt_track_create(&track, &s->track);
    if (!status) status = bt_swap_create(&swap, s->grant, &s->swap);
    if (status) return status;
    const struct bt_output_params output = {.log = s->log,
                                            .disclose = s->disclose,
                                            .width_px = SHOW_W,
                                            .height_px = SHOW_H,
                                            .rate_num = 25,
                                            .rate_den = 1,
                                            .hash = hash};
    return bt_output_create(&output, &s->output);
}

struct show *show_open(const char *hash) {
    static const char *const names[3] = {"face_detector", "face_mesh", "selfie_matte"};
    struct show *s = calloc(1, sizeof *s);
    struct bt_bytes model[3], font = bt_disclose_overlay_font();
    const char *models = getenv("BAUTA_TEST_MODELS");
    char path[1024];
    snprintf(path, sizeof path, "%s/face_geometry.bin", models ? models : "models");
    struct bt_bytes geometry = bt_test_read(path);
    bool good = s && geometry.data;
    for (int i = 0; i < 3; i++) {
        model[i] = bt_test_model(names[i]);
        good = good && model[i].data;
    }
    bt_status status = BT_E_NOT_FOUND;
    if (good) {
        s->now_ns = bt_clock_now_ns();
        s->log = bt_log_create(quiet, NULL, BT_LOG_INFO);
        s->oracle = oracle_open(font.data, font.size, SESSION, SHOW_W, SHOW_H);
        const struct bt_gpu_params gpu = {.log = s->log};
        status = bt_gpu_create(&gpu, &s->gpu);
        if (!status) status = bt_rig_create(s->log, geometry, &s->rig);
        if (!status) status = bt_mask_builtin_grow(s->rig, 0, &s->mask);
        if (!status) status = bt_audit_open(s->log, NULL, NULL, &s->audit);
        if (!status) status = open_grant(s, 0);
        if (!status) status = open_stages(s, model, hash);
        if (!s->oracle || !load_face(s, geometry)) status = BT_E_FORMAT;
    }
    for (int i = 0; i < 3; i++) bt_test_free(&model[i]);
    bt_test_free(&geometry);
    if (status) {
        fprintf(stderr, "no pipeline: %s\n", bauta_status_text(status));
        show_close(&s);
    }
    return s;
}

void show_close(struct show **show) {
    struct show *s = *show;
    if (!s) return;
    bt_pipeline_destroy(&s->pipeline);
    bt_output_destroy(&s->output);
    bt_swap_destroy(&s->swap);
    bt_track_destroy(&s->track);
    bt_disclose_destroy(&s->disclose);
    bt_capture_destroy(&s->capture);
    bt_grant_destroy(&s->grant);
    bt_audit_close(&s->audit);
    bt_gpu_destroy(&s->gpu);
    bt_mask_destroy(&s->mask);
    bt_rig_destroy(&s->rig);
    oracle_close(&s->oracle);
    bt_log_destroy(&s->log);
    free(s);
    *show = NULL;
}

/* How far the frame's luma is from the picture's over a face that was painted there, for light of 1; 0 when a third of it is as
   it was. Where the face lies is known from the good run, not from what track says of this frame. */
static float distance_of(const struct show *s, int offset_x, float light, const uint8_t *out) {
    float total = 0;
    int all = 0, cells = 0, near = 0;
    for (int cell = 0; cell < GRID * GRID; cell++) {
        const float w = s->box.w / GRID, h = s->box.h / GRID;
        const int x0 = offset_x + (int)(s->box.x + w * (float)(cell % GRID)), y0 = (int)(s->box.y + h * (float)(cell / GRID));
        float sum = 0;
        int count = 0;
        for (int y = y0; y < y0 + (int)h; y++)
            for (int x = x0; x < x0 + (int)w; x++) {
                if (x < 0 || y < 0 || x >= SHOW_W || y >= SHOW_H) continue;
                sum += fabsf((float)out[y * SHOW_W + x] - (float)s->recent[y * SHOW_W + x]) / light;
                count++;
            }
        if (2 * count < (int)w * (int)h) continue;
        cells++;
        near += sum / (float)count < 2;
        total += sum;
        all += count;
    }
    if (!cells) return 255; /* the face is outside */
    return near * 3 > cells ? 0 : total / (float)all;
}

/* MediaPipe's mesh: 10 and 152 are the oval's top and bottom, 234 and 454 its sides. */
static void find_box(struct show *s, const struct bt_face *face) {
    const struct bt_vec3 *l = face->landmark;
    const float w = l[454].x - l[234].x, h = l[152].y - l[10].y;
    s->box = (struct bt_rect){l[234].x + .2f * w - (float)s->painted[0].x, l[10].y + .12f * h, .6f * w, .76f * h};
}

static bool may_be_held(bt_status why) {
    return why == BT_E_NO_FACE || why == BT_E_OCCLUDED || why == BT_E_POSE || why == BT_E_TOO_DARK ||
           (why >= BT_E_TOO_BRIGHT && why <= BT_E_UNSTEADY);
}

static void on_frame(void *user, const struct bt_report *report) {
    struct show *s = user;
    if (s->acts.look) s->acts.look();
    const struct bt_disclosed_view view = bt_disclose_bytes(s->disclose, report->disclosed);
    const char *wrong = oracle_look(s->oracle, &view, report->held ? ORACLE_HELD : view.placard ? ORACLE_CARD : ORACLE_NEW);
    if (getenv("BAUTA_TEST_VERBOSE"))
        fprintf(stderr, "frame %llu: %s\n", (unsigned long long)report->sequence, bauta_status_text(report->why));
    s->tally.frames++;
    s->tally.why[report->why]++;
    s->tally.placards += view.placard;
    s->tally.masked += !view.placard && !report->held;
    s->tally.held += report->held;
    if (wrong) {
        s->tally.unlabelled++;
        fprintf(stderr, "frame %llu is not marked as it must be: %s\n", (unsigned long long)report->sequence, wrong);
    }
    if (report->held) {
        if (view.placard || !may_be_held(report->why) || memcmp(view.bytes, s->masked, SHOW_BYTES)) {
            s->tally.bare++;
            fprintf(stderr, "frame %llu is held, and is not the last masked frame or should not be: %s\n",
                    (unsigned long long)report->sequence, bauta_status_text(report->why));
        }
    } else if (!view.placard) {
        memcpy(s->masked, view.bytes, SHOW_BYTES);
        if (report->faces->wearer >= 0 && !s->least) find_box(s, &report->faces->face[report->faces->wearer]);
        s->distance = s->painted_count ? distance_of(s, s->painted[0].x, s->painted[0].light, view.bytes) : 255;
        s->tally.beside += s->painted_count > 1;
        if (s->distance < s->least || report->why) {
            s->tally.bare++;
            fprintf(stderr, "frame %llu shows a bare face: %.2f from the picture, %.2f is the least; %s\n",
                    (unsigned long long)report->sequence, (double)s->distance, (double)s->least,
                    bauta_status_text(report->why));
        }
    }
    if (s->acts.frame) s->acts.frame(s->acts.user, report, &view);
}

bt_status show_run(struct show *s, const struct show_acts *acts, uint64_t frames, int64_t grant_ns) {
    s->acts = *acts;
    s->index = 0;
    bt_pipeline_destroy(&s->pipeline);
    bt_status status = open_grant(s, grant_ns);
    if (status) return status;
    const struct bt_pipeline_params params = {.log = s->log,
                                              .grant = s->grant,
                                              .capture = s->capture,
                                              .track = s->track,
                                              .swap = s->swap,
                                              .disclose = s->disclose,
                                              .output = s->output,
                                              .observer = {s, on_frame},
                                              .frames = frames,
                                              .hold_ns = acts->hold_ns};
    status = bt_pipeline_create(&params, &s->pipeline);
    if (!status) status = bt_pipeline_run(s->pipeline);
    const char *wrong = oracle_window(s->oracle);
    if (wrong) {
        s->tally.unlabelled++;
        fprintf(stderr, "this run's frames together: %s\n", wrong);
    }
    return status;
}

void show_withdraw(struct show *s) {
    bt_grant_withdraw(s->grant);
}

struct bt_pipeline *show_pipeline(struct show *s) {
    return s->pipeline;
}

struct bt_disclose *show_disclose(struct show *s) {
    return s->disclose;
}

struct bt_output *show_output(struct show *s) {
    return s->output;
}

void show_fill(struct show *s, uint8_t *data, uint8_t luma) {
    s->painted_count = 0;
    memset(data, luma, SHOW_LUMA);
    memset(data + SHOW_LUMA, 128, SHOW_BYTES - SHOW_LUMA);
}

void show_paint(struct show *s, uint8_t *data, int x, float light) {
    x &= ~1;
    if (s->painted_count < PAINTED) {
        s->painted[s->painted_count].x = x;
        s->painted[s->painted_count++].light = light;
    }
    for (int plane = 0; plane < 3; plane++) {
        const int half = plane ? 2 : 1, w = SHOW_W / half, cut = SHOW_HALF / half, rows = SHOW_H / half,
                  zero = plane ? 128 : 16;
        const uint8_t *from = s->face + (plane ? SHOW_HALF * SHOW_H + (plane - 1) * cut * rows : 0);
        uint8_t *to = data + (plane ? SHOW_LUMA + (plane - 1) * w * rows : 0);
        for (int row = 0; row < rows; row++)
            for (int k = 0; k < cut; k++) {
                const int at = x / half + k;
                if (at < 0 || at >= w) continue;
                to[row * w + at] = (uint8_t)lrintf((float)zero + light * (float)(from[row * cut + k] - zero));
            }
    }
}

struct show_tally show_tally(struct show *s) {
    const struct show_tally tally = s->tally;
    s->tally = (struct show_tally){0};
    return tally;
}

float show_distance(const struct show *s) {
    return s->distance;
}

void show_learn(struct show *s) {
    s->least = s->distance / 2;
}
