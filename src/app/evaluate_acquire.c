/* SPDX-License-Identifier: MIT */
#include "app/evaluate.h"

#include "app/session.h"
#include "base/log.h"
#include "gpu/device.h"
#include "pipeline/capture/capture.h"
#include "pipeline/track/track.h"
#include "rig/pose.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = BT_ACQUIRE_SIDE_PX };
/* From one picture to the next: whoever was followed is forgotten, and the detector looks at each. */
static const int64_t between_ns = INT64_C(5000000000);

const char *const bt_gallery_labels[BT_STUDY_LABELS] = {"light (mean luma, 0 to 255)",
                                                        "contrast (deviation of luma)",
                                                        "sharpness (deviation of the Laplacian of luma)",
                                                        "turn (degrees of yaw, either way)",
                                                        "size (px between the eyes' corners)",
                                                        "noise (deviation added, of 255)"};

/* One picture, again and again; a blank one between. */
struct still {
    struct bt_source head;
    uint8_t i420[SIDE * SIDE * 3 / 2];
    int64_t ns;
};

struct bt_acquire {
    struct bt_session session;
    struct bt_match *match;
    struct still *still; /* the session's capture owns it */
};

static void still_destroy(struct bt_source *source) {
    free(source);
}

static bt_status still_read(struct bt_source *source, struct bt_picture *picture) {
    struct still *s = (struct still *)source;
    memcpy(picture->data, s->i420, sizeof s->i420);
    picture->pixels = BT_PIXELS_I420;
    picture->width_px = picture->height_px = SIDE;
    picture->full_range = picture->bt709 = false;
    picture->capture_ns = s->ns += between_ns;
    return BT_OK;
}

static void still_interrupt(struct bt_source *source) {
    (void)source; /* it never blocks */
}

static const struct bt_source_ops still_ops = {still_destroy, still_read, still_interrupt, NULL};

bt_status bt_acquire_create(struct bt_app *app, struct bt_acquire **out_acquire) {
    struct bt_acquire *a = calloc(1, sizeof *a);
    struct still *still = calloc(1, sizeof *still);
    bt_status status = a && still ? bt_session_prepare(&a->session, app, 0) : BT_E_MEMORY;
    if (!status) {
        still->head = (struct bt_source){
            .ops = &still_ops,
            .format = {.pixels = BT_PIXELS_I420, .width_px = SIDE, .height_px = SIDE, .rate_num = 1, .rate_den = 1},
            .name = "pictures"};
        a->still = still;
        const struct bt_capture_params capture = {.log = app->log, .gpu = a->session.gpu, .source = &still->head};
        still = NULL; /* taken over */
        status = bt_capture_create(&capture, &a->session.capture);
    }
    if (!status) {
        a->session.width_px = a->session.height_px = SIDE;
        status = bt_session_track(&a->session);
    }
    if (!status) status = bt_session_match(&a->session, &a->match);
    free(still);
    if (status)
        bt_acquire_destroy(&a);
    else
        *out_acquire = a;
    return status;
}

void bt_acquire_destroy(struct bt_acquire **acquire) {
    struct bt_acquire *a = *acquire;
    if (!a) return;
    bt_match_destroy(&a->match);
    bt_session_finish(&a->session, BT_OK);
    free(a);
    *acquire = NULL;
}

const char *bt_acquire_device(const struct bt_acquire *a) {
    return bt_gpu_caps(a->session.gpu)->name;
}

/* ITU-R BT.601-7, limited range; chroma of 2 x 2 pixels averaged. */
static void to_i420(const uint8_t *rgb, uint8_t *out) {
    uint8_t *u = out + SIDE * SIDE, *v = u + SIDE * SIDE / 4;
    for (uint32_t y = 0; y < SIDE; y += 2)
        for (uint32_t x = 0; x < SIDE; x += 2) {
            float mean[3] = {0};
            for (uint32_t k = 0; k < 4; k++) {
                const size_t at = (size_t)(y + k / 2) * SIDE + x + k % 2;
                const float r = rgb[3 * at], g = rgb[3 * at + 1], b = rgb[3 * at + 2];
                out[at] = (uint8_t)(16.5f + 219.0f / 255.0f * (0.299f * r + 0.587f * g + 0.114f * b));
                mean[0] += r / 4, mean[1] += g / 4, mean[2] += b / 4;
            }
            const float luma = 0.299f * mean[0] + 0.587f * mean[1] + 0.114f * mean[2];
            const size_t at = (size_t)(y / 2) * (SIDE / 2) + x / 2;
            u[at] = (uint8_t)(128.5f + 112.0f / 255.0f / (1 - 0.114f) * (mean[2] - luma));
            v[at] = (uint8_t)(128.5f + 112.0f / 255.0f / (1 - 0.299f) * (mean[0] - luma));
        }
}

static bt_status look(struct bt_acquire *a, struct bt_faces *out_faces) {
    struct bt_frame frame;
    bt_status status = bt_capture_take(a->session.capture, &frame);
    return status ? status : bt_track_faces(a->session.track, &frame, out_faces);
}

static float luma_at(const uint8_t *rgb, int32_t x, int32_t y) {
    const uint8_t *p = rgb + 3 * ((size_t)y * SIDE + (size_t)x);
    return 0.299f * p[0] + 0.587f * p[1] + 0.114f * p[2];
}

static int32_t inside(float v) {
    return v < 1 ? 1 : v > SIDE - 2 ? SIDE - 2 : (int32_t)v;
}

/* Over the landmarks' box. */
static void measure(const struct bt_acquire *a, const struct bt_face *face, const uint8_t *rgb, float *out) {
    float x0 = SIDE, y0 = SIDE, x1 = 0, y1 = 0;
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        x0 = fminf(x0, face->landmark[i].x), x1 = fmaxf(x1, face->landmark[i].x);
        y0 = fminf(y0, face->landmark[i].y), y1 = fmaxf(y1, face->landmark[i].y);
    }
    double n = 0, sum = 0, square = 0, edge = 0;
    for (int32_t y = inside(y0); y <= inside(y1); y++)
        for (int32_t x = inside(x0); x <= inside(x1); x++, n++) {
            const double l = luma_at(rgb, x, y), around = luma_at(rgb, x - 1, y) + luma_at(rgb, x + 1, y) +
                                                          luma_at(rgb, x, y - 1) + luma_at(rgb, x, y + 1);
            sum += l;
            square += l * l;
            edge += (4 * l - around) * (4 * l - around);
        }
    out[BT_LABEL_LIGHT] = (float)(sum / n);
    out[BT_LABEL_CONTRAST] = (float)sqrt(fmax(0, square / n - sum / n * (sum / n)));
    out[BT_LABEL_BLUR] = (float)sqrt(edge / n);
    const struct bt_vec3 *l = &face->landmark[33], *r = &face->landmark[263]; /* the outer corners of the eyes */
    out[BT_LABEL_SIZE] = hypotf(hypotf(l->x - r->x, l->y - r->y), l->z - r->z);
    struct bt_pose pose;
    out[BT_LABEL_YAW] = bt_pose_fit(a->session.rig, face->landmark, bt_rig_mesh(a->session.rig)->canonical, &pose)
                            ? fabsf(bt_pose_angles(&pose).yaw) * 57.29578f
                            : NAN;
}

bt_status bt_acquire_template(struct bt_acquire *a, const struct bt_picture_rgb *picture, struct bt_template *out_template,
                              float out_label[BT_STUDY_LABELS]) {
    struct bt_faces faces;
    memset(a->still->i420, 16, SIDE * SIDE);
    memset(a->still->i420 + SIDE * SIDE, 128, SIDE * SIDE / 2);
    bt_status status = look(a, &faces);
    if (!status) {
        to_i420(picture->rgb, a->still->i420);
        status = look(a, &faces);
    }
    if (status) return status;
    const struct bt_face *face = NULL;
    for (uint32_t i = 0; i < faces.count; i++)
        if (!face || faces.face[i].box_px.w > face->box_px.w) face = &faces.face[i];
    if (!face) return BT_E_NO_FACE;
    status = bt_match_template(a->match, picture->rgb, SIDE, SIDE, face->landmark, out_template);
    if (status) return status == BT_E_POSE ? BT_E_NO_FACE : status;
    measure(a, face, picture->rgb, out_label);
    return BT_OK;
}
