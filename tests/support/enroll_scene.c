/* SPDX-License-Identifier: MIT */
#include "support/enroll_scene.h"

#include "gpu/image.h"
#include "support/half.h"
#include "support/track_face.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
// clang-format off
#include <cmocka.h>
// clang-format on

const struct bt_footage_pose enroll_scene_rest = {.scale = 1, .smile = 0.3f, .light = 1, .visible = true};

/* The footage, and what a print of it would show. */
struct warped {
    struct bt_source head;
    struct bt_source *inner;
    struct enroll_scene *scene;
    uint8_t *print;
};

static void warped_destroy(struct bt_source *source) {
    struct warped *w = (struct warped *)source;
    bt_source_destroy(&w->inner);
    free(w->print);
    free(w);
}

static float at(const uint8_t *plane, int w, int h, float x, float y) {
    x -= 0.5f, y -= 0.5f;
    if (!(x > 0 && y > 0 && x < (float)w - 1 && y < (float)h - 1)) return 128;
    const int i = (int)x, k = (int)y;
    const float fx = x - (float)i, fy = y - (float)k;
    const uint8_t *p = plane + (size_t)k * (size_t)w + i;
    return (1 - fy) * ((1 - fx) * p[0] + fx * p[1]) + fy * ((1 - fx) * p[w] + fx * p[w + 1]);
}

/* A plane that turns about the picture's middle before a pinhole camera of 58 degrees: x = f X / (f + Z). */
static void warp(const uint8_t *from, uint8_t *to, int w, int h, float size, const struct bt_footage_pose *pose) {
    const float f = 0.9f * size * (float)w, cy = cosf(pose->yaw_rad), sy = sinf(pose->yaw_rad), cp = cosf(pose->pitch_rad),
                sp = sinf(pose->pitch_rad);
    for (int row = 0; row < h; row++)
        for (int col = 0; col < w; col++) {
            const float u = ((float)col + 0.5f - (float)w / 2 - pose->shift_x) / f,
                        v = ((float)row + 0.5f - (float)h / 2 - pose->shift_y) / f;
            /* The ray (u, v, 1) meets the plane through (0, 0, f) whose normal is turned. */
            const float nx = -sy * cp, ny = sp, nz = cy * cp;
            const float t = f * nz / (nx * u + ny * v + nz);
            const float x = t * u, y = t * v, z = t - f;
            const float px = x * cy + z * sy, pz = -x * sy + z * cy;
            const float py = y * cp - pz * sp;
            to[(size_t)row * (size_t)w + (size_t)col] =
                (uint8_t)lrintf(at(from, w, h, px / size + (float)w / 2, py / size + (float)h / 2));
        }
}

static void blur(uint8_t *plane, int w, int h, float sigma) {
    const int reach = (int)ceilf(3 * sigma);
    uint8_t *copy = malloc((size_t)w * (size_t)h);
    assert_non_null(copy);
    for (int pass = 0; pass < 2; pass++) {
        memcpy(copy, plane, (size_t)w * (size_t)h);
        for (int row = 0; row < h; row++)
            for (int col = 0; col < w; col++) {
                float sum = 0, total = 0;
                for (int k = -reach; k <= reach; k++) {
                    const int x = pass ? col : col + k, y = pass ? row + k : row;
                    if (x < 0 || y < 0 || x >= w || y >= h) continue;
                    const float weight = expf(-(float)(k * k) / (2 * sigma * sigma));
                    sum += weight * copy[(size_t)y * (size_t)w + (size_t)x];
                    total += weight;
                }
                plane[(size_t)row * (size_t)w + (size_t)col] = (uint8_t)lrintf(sum / total);
            }
    }
    free(copy);
}

static bt_status warped_read(struct bt_source *source, struct bt_picture *picture) {
    struct warped *w = (struct warped *)source;
    const int width = (int)source->format.width_px, height = (int)source->format.height_px;
    const size_t luma = (size_t)width * (size_t)height;
    uint8_t *data = picture->data;
    struct bt_picture print = *picture;
    print.data = w->print;
    const bt_status status = w->inner->ops->read(w->inner, &print);
    *picture = print;
    picture->data = data;
    if (status) return status;
    if (w->scene->flat) {
        struct bt_footage_pose half = w->scene->pose;
        warp(w->print, data, width, height, 1, &w->scene->pose);
        half.shift_x /= 2, half.shift_y /= 2;
        for (size_t plane = 0; plane < 2; plane++)
            warp(w->print + luma + plane * luma / 4, data + luma + plane * luma / 4, width / 2, height / 2, 1, &half);
    } else {
        memcpy(data, w->print, luma * 3 / 2);
    }
    if (w->scene->blur_px > 0) blur(data, width, height, w->scene->blur_px);
    return BT_OK;
}

static void warped_interrupt(struct bt_source *source) {
    struct warped *w = (struct warped *)source;
    w->inner->ops->interrupt(w->inner);
}

static const struct bt_source_ops ops = {warped_destroy, warped_read, warped_interrupt, NULL};

static void drive(void *user, double time_s, struct bt_footage_pose *out_pose) {
    const struct enroll_scene *scene = user;
    (void)time_s;
    *out_pose = scene->flat ? enroll_scene_rest : scene->pose;
}

void enroll_scene_open(struct enroll_scene *s, uint32_t width_px, uint32_t height_px) {
    memset(s, 0, sizeof *s);
    s->pose = enroll_scene_rest;
    s->rig = track_rig_open();
    assert_int_equal(test_gpu_open(&s->gpu), BT_OK);
    struct bt_bytes file[] = {track_file("face_detector.onnx"), track_file("face_mesh.onnx"), track_file("selfie_matte.onnx"),
                              track_file("face_geometry.bin")};
    struct warped *w = calloc(1, sizeof *w);
    assert_non_null(w);
    const struct bt_footage_params footage = {
        .log = s->gpu.log, .geometry = file[3], .width_px = width_px, .height_px = height_px, .driver = {s, drive}};
    assert_int_equal(bt_footage_create(&footage, &w->inner), BT_OK);
    w->head = *w->inner;
    w->head.ops = &ops;
    w->scene = s;
    w->print = malloc((size_t)width_px * height_px * 3 / 2);
    assert_non_null(w->print);
    const struct bt_capture_params capture = {.log = s->gpu.log, .gpu = s->gpu.gpu, .source = &w->head};
    assert_int_equal(bt_capture_create(&capture, &s->capture), BT_OK);
    const struct bt_track_params track = {.log = s->gpu.log,
                                          .gpu = s->gpu.gpu,
                                          .rig = s->rig,
                                          .detector = file[0],
                                          .mesh = file[1],
                                          .matte = file[2],
                                          .width_px = width_px,
                                          .height_px = height_px};
    assert_int_equal(bt_track_create(&track, &s->track), BT_OK);
    for (uint32_t i = 0; i < BT_COUNT(file); i++) free((void *)(uintptr_t)file[i].data);
}

void enroll_scene_close(struct enroll_scene *s) {
    bt_track_destroy(&s->track);
    bt_capture_destroy(&s->capture);
    test_gpu_close(&s->gpu);
    bt_rig_destroy(&s->rig);
}

bool enroll_scene_step(struct enroll_scene *s) {
    assert_int_equal(bt_capture_take(s->capture, &s->frame), BT_OK);
    assert_int_equal(bt_track_faces(s->track, &s->frame, &s->faces), BT_OK);
    return s->faces.wearer >= 0;
}

void enroll_scene_look(struct enroll_scene *s, struct bt_enroll_scene *out) {
    const uint32_t w = s->frame.width_px, h = s->frame.height_px;
    *out = (struct bt_enroll_scene){.faces = s->faces.count, .found = s->faces.wearer >= 0, .width_px = w, .height_px = h};
    if (!out->found) return;
    const struct bt_vec3 *p = s->faces.face[s->faces.wearer].landmark;
    float low[2] = {1e9f, 1e9f}, high[2] = {-1e9f, -1e9f};
    for (uint32_t i = 0; i < BT_MESH_LANDMARKS; i++) {
        low[0] = fminf(low[0], p[i].x), high[0] = fmaxf(high[0], p[i].x);
        low[1] = fminf(low[1], p[i].y), high[1] = fmaxf(high[1], p[i].y);
    }
    out->box_px = (struct bt_rect){low[0], low[1], high[0] - low[0], high[1] - low[1]};
    out->eye_px = hypotf(p[33].x - p[263].x, p[33].y - p[263].y);
    uint16_t *half = malloc((size_t)w * h * 8);
    uint8_t *luma = malloc((size_t)w * h);
    assert_non_null(half);
    assert_non_null(luma);
    assert_int_equal(bt_image_read(s->frame.linear, half, (size_t)w * h * 8), BT_OK);
    for (size_t i = 0; i < (size_t)w * h; i++) {
        const float r = test_half_to_float(half[4 * i]), g = test_half_to_float(half[4 * i + 1]),
                    b = test_half_to_float(half[4 * i + 2]), y = 0.2126f * r + 0.7152f * g + 0.0722f * b;
        luma[i] = (uint8_t)lrintf(255 * powf(fminf(1, fmaxf(0, y)), 1 / 2.2f));
    }
    const uint32_t x0 = (uint32_t)fmaxf(0, low[0]), y0 = (uint32_t)fmaxf(0, low[1]);
    const uint32_t x1 = (uint32_t)fminf((float)w, high[0]), y1 = (uint32_t)fminf((float)h, high[1]);
    if (x1 > x0 && y1 > y0) out->look = bt_enroll_look_at(luma + (size_t)y0 * w + x0, x1 - x0, y1 - y0, w);
    free(luma);
    free(half);
}
