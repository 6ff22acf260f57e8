/* SPDX-License-Identifier: MIT */
/* Track on the built-in footage, held to what its script says is shown: presence, turn, blinks, speech, light. */
#include "footage/footage.h"
#include "pipeline/capture/capture.h"
#include "support/brief.h"
#include "support/track_face.h"
#include "support/track_scene.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { W = 640, H = 480, FRAMES_MAX = 600 };

struct series {
    double x[FRAMES_MAX], y[FRAMES_MAX];
    uint32_t n;
};

static void add(struct series *s, double x, double y) {
    s->x[s->n] = x;
    s->y[s->n++] = y;
}

/* Of y against x, `late` frames earlier. */
static double correlation(const struct series *s, uint32_t late) {
    double mx = 0, my = 0, xx = 0, yy = 0, xy = 0;
    const uint32_t n = s->n - late;
    for (uint32_t i = 0; i < n; i++) mx += s->x[i] / n, my += s->y[i + late] / n;
    for (uint32_t i = 0; i < n; i++) {
        const double a = s->x[i] - mx, b = s->y[i + late] - my;
        xx += a * a, yy += b * b, xy += a * b;
    }
    return xy / sqrt(xx * yy);
}

static double gap(const struct bt_vec3 *p, uint32_t a, uint32_t b) {
    return (double)hypotf(p[a].x - p[b].x, p[a].y - p[b].y);
}

static struct series yaw, pitch, roll, mouth, blink, light;

static void the_script_is_seen(void **state) {
    (void)state;
    struct test_gpu gpu;
    struct bt_source *source = NULL;
    struct bt_capture *capture = NULL;
    struct bt_track *track = NULL;
    static struct bt_faces faces;
    struct bt_rig *rig = track_rig_open();
    assert_int_equal(test_gpu_open(&gpu), BT_OK);
    struct bt_bytes file[] = {track_file("face_detector.onnx"), track_file("face_mesh.onnx"), track_file("selfie_matte.onnx"),
                              track_file("face_geometry.bin")};
    assert_int_equal(bt_footage_create(
                         &(struct bt_footage_params){
                             .log = gpu.log, .geometry = file[3], .width_px = W, .height_px = H, .frames = test_brief(0, 12)},
                         &source),
                     BT_OK);
    assert_int_equal(bt_capture_create(&(struct bt_capture_params){.log = gpu.log, .gpu = gpu.gpu, .source = source}, &capture),
                     BT_OK);
    assert_int_equal(bt_track_create(&(struct bt_track_params){.log = gpu.log,
                                                               .gpu = gpu.gpu,
                                                               .rig = rig,
                                                               .detector = file[0],
                                                               .mesh = file[1],
                                                               .matte = file[2],
                                                               .width_px = W,
                                                               .height_px = H},
                                     &track),
                     BT_OK);
    for (uint32_t i = 0; i < BT_COUNT(file); i++) free((void *)(uintptr_t)file[i].data);

    uint32_t missed = 0, ghosts = 0, seen = 0, crowd = 0, ids = 0, last_id = 0, absences = 0, frames = 0;
    bool was_visible = false;
    for (;; frames++) {
        struct bt_frame frame;
        const bt_status st = bt_capture_take(capture, &frame);
        if (st == BT_E_END) break;
        assert_int_equal(st, BT_OK);
        assert_true(frames < FRAMES_MAX);
        assert_int_equal(bt_track_faces(track, &frame, &faces), BT_OK);
        const struct bt_footage_truth truth = bt_footage_truth(frames);
        const bool found = faces.wearer >= 0;
        if (getenv("BAUTA_TEST_VERBOSE"))
            print_message("%u: visible %d found %d of %u flag %.3f\n", frames, truth.visible, found, faces.count,
                          found ? (double)faces.face[faces.wearer].confidence : 0);
        missed += truth.visible && !found;
        ghosts += !truth.visible && found;
        crowd += faces.count > 1;
        if (truth.visible && !was_visible) absences++;
        was_visible = truth.visible;
        if (!found) continue;
        const struct bt_face *f = &faces.face[faces.wearer];
        if (f->id != last_id) ids++;
        last_id = f->id;
        struct bt_pose pose;
        if (!truth.visible || !bt_pose_fit(rig, f->landmark, bt_rig_mesh(rig)->canonical, &pose)) continue;
        seen++;
        const struct bt_angles a = bt_pose_angles(&pose);
        const double size = gap(f->landmark, 10, 152);
        add(&yaw, (double)truth.yaw_rad, (double)a.yaw);
        add(&pitch, (double)truth.pitch_rad, (double)a.pitch);
        add(&roll, (double)truth.roll_rad, (double)a.roll);
        add(&mouth, (double)truth.mouth, gap(f->landmark, 13, 14) / size);
        add(&blink, (double)truth.blink, -(gap(f->landmark, 159, 145) + gap(f->landmark, 386, 374)) / size);
        add(&light, (double)truth.light, (double)faces.measures.light);
    }
    print_message("%u frames: seen in %u, missed in %u, ghosts in %u, more than one in %u; %u appearances, %u ids\n", frames,
                  seen, missed, ghosts, crowd, absences, ids);
    if (frames == test_brief(0, 12)) { /* too few for what follows */
        assert_true(seen + 2 >= frames && !ghosts && !crowd);
        goto end;
    }
    assert_true(seen > 100);
    assert_true(missed <= 2 * absences + seen / 100);
    assert_true(ghosts <= 5 * absences); /* leaving and coming in, part of the face is there */
    assert_int_equal(crowd, 0);
    assert_in_range(ids, 1, 2 * absences);
    const struct {
        const char *name;
        const struct series *s;
        double least;
    } want[] = {{"yaw", &yaw, .97},     {"pitch", &pitch, .8}, {"roll", &roll, .9},
                {"mouth", &mouth, .85}, {"blink", &blink, .7}, {"light", &light, .8}};
    int poor = 0;
    for (uint32_t i = 0; i < BT_COUNT(want); i++) {
        const double now = correlation(want[i].s, 0), late = correlation(want[i].s, 1);
        print_message("%s: correlation %.3f, %.3f a frame later\n", want[i].name, now, late);
        poor += !(now >= want[i].least);
    }
    assert_int_equal(poor, 0);
end:
    bt_track_destroy(&track);
    bt_capture_destroy(&capture);
    test_gpu_close(&gpu);
    bt_rig_destroy(&rig);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_script_is_seen)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
