/* SPDX-License-Identifier: MIT */
#include "support/track_scene.h"
#include "base/rng.h"
#include "gpu/image.h"
#include "rig/rig.h"
#include "support/portrait.h"
#include "support/track_face.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

void track_scene_open(struct track_scene *s, struct bt_gpu *gpu, struct bt_log *log, uint32_t w, uint32_t h) {
    *s = (struct track_scene){.w = w, .h = h};
    s->rig = track_rig_open();
    s->portrait = portrait_read();
    s->rgb = calloc((size_t)w * h, 3);
    s->linear = calloc((size_t)w * h, 8);
    if (!s->portrait) fail_msg("tests/golden/portrait.png cannot be read: is BAUTA_TEST_SOURCE the source tree?");
    assert_non_null(s->rgb);
    assert_non_null(s->linear);
    struct bt_bytes net[] = {track_file("face_detector.onnx"), track_file("face_mesh.onnx"), track_file("selfie_matte.onnx")};
    const struct bt_track_params params = {.log = log,
                                           .gpu = gpu,
                                           .rig = s->rig,
                                           .detector = net[0],
                                           .mesh = net[1],
                                           .matte = net[2],
                                           .width_px = w,
                                           .height_px = h};
    assert_int_equal(bt_track_create(&params, &s->track), BT_OK);
    for (uint32_t i = 0; i < BT_COUNT(net); i++) free((void *)(uintptr_t)net[i].data);
    assert_int_equal(bt_image_create(gpu, w, h, BT_IMAGE_RGBA16F, &s->image), BT_OK);
    s->frame = (struct bt_frame){.linear = s->image, .width_px = w, .height_px = h, .capture_ns = 1000000000};
}

void track_scene_close(struct track_scene *s) {
    bt_track_destroy(&s->track);
    bt_image_destroy(&s->image);
    bt_rig_destroy(&s->rig);
    free(s->portrait);
    free(s->rgb);
    free(s->linear);
}

void track_scene_clear(struct track_scene *s) {
    memset(s->rgb, 0, (size_t)s->w * s->h * 3);
}

void track_scene_paste(struct track_scene *s, int x, int y, int shrink) {
    const int side = PORTRAIT_PX / shrink;
    for (int py = 0; py < side; py++) {
        for (int px = 0; px < side; px++) {
            if (x + px < 0 || y + py < 0 || x + px >= (int)s->w || y + py >= (int)s->h) continue;
            for (int c = 0; c < 3; c++) {
                int sum = 0;
                for (int i = 0; i < shrink * shrink; i++)
                    sum += s->portrait[((py * shrink + i / shrink) * PORTRAIT_PX + px * shrink + i % shrink) * 3 + c];
                s->rgb[((size_t)(y + py) * s->w + (size_t)(x + px)) * 3 + (size_t)c] = (uint8_t)(sum / (shrink * shrink));
            }
        }
    }
}

void track_scene_noise(struct track_scene *s, uint64_t seed, float deviation) {
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 1);
    for (size_t i = 0; i < (size_t)s->w * s->h * 3; i++)
        s->rgb[i] = (uint8_t)fminf(fmaxf((float)s->rgb[i] + bt_rng_normal(&rng) * deviation, 0), 255);
}

void track_scene_tick(struct track_scene *s, float exposure) {
    portrait_linear(s->rgb, s->w * s->h, exposure, s->linear);
    assert_int_equal(bt_image_write(s->image, s->linear, (size_t)s->w * s->h * 8), BT_OK);
    assert_int_equal(bt_track_faces(s->track, &s->frame, &s->faces), BT_OK);
    s->frame.capture_ns += 33333333;
    s->frame.sequence++;
}
