/* SPDX-License-Identifier: MIT */
/* Nobody, several, coming and going: whole track on made-up scenes. */
#include "support/brief.h"
#include "support/late_gpu.h"
#include "support/track_scene.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

struct state {
    struct test_gpu gpu;
    struct track_scene scene; /* 640 x 360 */
};

static int set_up(void **at) {
    struct state *s = calloc(1, sizeof *s);
    assert_non_null(s);
    assert_int_equal(test_gpu_open(&s->gpu), BT_OK);
    track_scene_open(&s->scene, s->gpu.gpu, s->gpu.log, 640, 360);
    *at = s;
    return 0;
}

static int tear_down(void **at) {
    struct state *s = *at;
    if (!s) return 0; /* set-up failed */
    track_scene_close(&s->scene);
    test_gpu_close(&s->gpu);
    free(s);
    return 0;
}

static void forget(struct track_scene *scene) {
    track_scene_clear(scene);
    scene->frame.capture_ns += 3000000000;
    for (uint32_t i = 0; i < 3; i++) track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.count, 0);
    scene->frame.capture_ns += 3000000000;
}

static void nobody(void **at) {
    struct track_scene *scene = &((struct state *)*at)->scene;
    track_scene_clear(scene);
    for (uint32_t i = 0; i < 4; i++) {
        track_scene_tick(scene, 1);
        assert_int_equal(scene->faces.count, 0);
        assert_int_equal(scene->faces.wearer, -1);
        assert_float_equal(scene->faces.measures.light, 0, 1e-6f);
    }
    for (uint32_t i = 0; i < 4; i++) {
        track_scene_clear(scene);
        track_scene_noise(scene, i, i % 2 ? 20 : 200);
        track_scene_tick(scene, 1);
        assert_int_equal(scene->faces.count, 0);
    }
    track_scene_clear(scene);
    track_scene_paste(scene, 100, 0, 1);
    track_scene_tick(scene, 1e-5f); /* lens cap on, nearly: 8-bit zeros */
    assert_int_equal(scene->faces.count, 0);
}

/* Portraits at half size, the second comes later: it is noticed within .6 s, and the first stays the wearer. */
static void two_faces(void **at) {
    struct track_scene *scene = &((struct state *)*at)->scene;
    forget(scene);
    track_scene_paste(scene, 100, 60, 2);
    track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.count, 1);
    assert_int_equal(scene->faces.wearer, 0);
    const uint32_t id = scene->faces.face[0].id;
    track_scene_paste(scene, 380, 60, 2);
    uint32_t noticed = 0;
    for (uint32_t i = 1; i <= test_brief(60, 20); i++) {
        track_scene_tick(scene, 1);
        assert_in_range(scene->faces.wearer, 0, 1);
        assert_int_equal(scene->faces.face[scene->faces.wearer].id, id);
        assert_in_range(scene->faces.count, noticed ? 2 : 1, 2);
        if (scene->faces.count == 2 && !noticed) noticed = i;
    }
    print_message("second face noticed after %u frames\n", noticed);
    assert_in_range(noticed, 1, 18);
    const struct bt_face *a = &scene->faces.face[0], *b = &scene->faces.face[1];
    assert_true(a->id != b->id);
    double off = 0;
    for (uint32_t i = 0; i < BT_LANDMARKS; i++)
        off += (double)hypotf(fabsf(a->landmark[i].x - b->landmark[i].x) - 280, a->landmark[i].y - b->landmark[i].y);
    print_message("two copies of one face, 280 px apart: off by %.3f px\n", off / BT_LANDMARKS);
    assert_true(off / BT_LANDMARKS < .3);
}

static void lost_and_found(void **at) {
    struct track_scene *scene = &((struct state *)*at)->scene;
    forget(scene);
    track_scene_paste(scene, 100, 60, 2);
    for (uint32_t i = 0; i < 5; i++) track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.wearer, 0);
    const uint32_t first = scene->faces.face[0].id;
    track_scene_clear(scene);
    track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.count, 0); /* in the very frame */
    assert_int_equal(scene->faces.wearer, -1);
    track_scene_paste(scene, 120, 50, 2);
    track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.wearer, 0); /* and back in the very frame */
    assert_true(scene->faces.face[0].id != first);
    /* A leap within the frame is caught by the detector in the same tick: still the same face. */
    const uint32_t second = scene->faces.face[0].id;
    track_scene_clear(scene);
    track_scene_paste(scene, 136, 62, 2);
    track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.wearer, 0);
    assert_int_equal(scene->faces.face[0].id, second);
    /* A bystander does not get the mask within the second that follows the wearer's leaving. */
    track_scene_paste(scene, 384, 60, 2);
    for (uint32_t i = 0; i < 20; i++) track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.count, 2);
    track_scene_clear(scene);
    track_scene_paste(scene, 384, 60, 2);
    for (uint32_t i = 0; i < 28; i++) {
        track_scene_tick(scene, 1);
        assert_int_equal(scene->faces.count, 1);
        assert_int_equal(scene->faces.wearer, -1);
    }
    for (uint32_t i = 0; i < 4; i++) track_scene_tick(scene, 1);
    assert_int_equal(scene->faces.wearer, 0);
}

/* 8 px a frame sideways with noise on top: followed without a gap, by the same id. */
static void a_moving_noisy_face(void **at) {
    struct track_scene *scene = &((struct state *)*at)->scene;
    forget(scene);
    uint32_t id = 0;
    double lag = 0;
    for (uint32_t i = 0; i < test_brief(40, 12); i++) {
        track_scene_clear(scene);
        track_scene_paste(scene, 20 + 8 * (int)i, 60 + (int)(i % 5), 2);
        track_scene_noise(scene, i, 6);
        track_scene_tick(scene, 1);
        assert_int_equal(scene->faces.count, 1);
        assert_int_equal(scene->faces.wearer, 0);
        if (!id) id = scene->faces.face[0].id;
        assert_int_equal(scene->faces.face[0].id, id);
        const struct bt_face *f = &scene->faces.face[0];
        double d = 0;
        for (uint32_t k = 0; k < BT_LANDMARKS; k++)
            d += (double)hypotf(f->landmark[k].x - f->raw[k].x, f->landmark[k].y - f->raw[k].y);
        if (i >= 5) lag = fmax(lag, d / BT_LANDMARKS);
    }
    print_message("240 px/s: filtered landmarks at most %.2f px from the net's\n", lag);
    assert_true(lag < 1.5);
}

/* Camera noise on a still face: frame-to-frame steps, by the real nets. */
static void a_still_noisy_face(void **at) {
    struct track_scene *scene = &((struct state *)*at)->scene;
    forget(scene);
    static struct bt_face last;
    double raw = 0, smooth = 0;
    for (uint32_t i = 0; i < test_brief(40, 18); i++) {
        track_scene_clear(scene);
        track_scene_paste(scene, 200, 60, 2);
        track_scene_noise(scene, i, 6);
        track_scene_tick(scene, 1);
        assert_int_equal(scene->faces.count, 1);
        const struct bt_face *f = &scene->faces.face[0];
        for (uint32_t k = 0; k < BT_LANDMARKS && i >= 10; k++) {
            raw += (double)hypotf(f->raw[k].x - last.raw[k].x, f->raw[k].y - last.raw[k].y) / BT_LANDMARKS / 30;
            smooth += (double)hypotf(f->landmark[k].x - last.landmark[k].x, f->landmark[k].y - last.landmark[k].y) /
                      BT_LANDMARKS / 30;
        }
        last = *f;
    }
    print_message("still face, noise of 6 in 255: steps of %.3f px raw, %.3f px filtered\n", raw, smooth);
    assert_true(smooth < .5 * raw);
}

static void a_crowd_is_cut_at_four(void **at) {
    struct state *s = *at;
    struct track_scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    track_scene_open(scene, s->gpu.gpu, s->gpu.log, 768, 512);
    for (int i = 0; i < 6; i++) track_scene_paste(scene, i % 3 * 256, i / 3 * 256, 2);
    uint32_t most = 0, wearer = 0;
    for (uint32_t i = 0; i < 60; i++) {
        track_scene_tick(scene, 1);
        if (scene->faces.count > most) most = scene->faces.count;
        assert_true(scene->faces.count >= 1 && scene->faces.count <= BT_FACES_MAX && scene->faces.wearer >= 0);
        const uint32_t id = scene->faces.face[scene->faces.wearer].id;
        if (i == 0) wearer = id;
        assert_int_equal(id, wearer);
    }
    print_message("of six faces %u are followed\n", most);
    assert_int_equal(most, BT_FACES_MAX);
    track_scene_close(scene);
    free(scene);
}

static void tiny_frames_and_wrong_ones(void **at) {
    struct state *s = *at;
    struct track_scene *scene = calloc(1, sizeof *scene);
    assert_non_null(scene);
    track_scene_open(scene, s->gpu.gpu, s->gpu.log, 16, 16);
    for (uint32_t i = 0; i < 5; i++) {
        track_scene_noise(scene, i, 60);
        track_scene_tick(scene, 1);
        assert_int_equal(scene->faces.count, 0);
    }
    struct bt_frame wrong = scene->frame;
    wrong.width_px = 15;
    assert_int_equal(bt_track_faces(scene->track, &wrong, &scene->faces), BT_E_ARGUMENT);
    wrong = scene->frame;
    wrong.linear = NULL;
    assert_int_equal(bt_track_faces(scene->track, &wrong, &scene->faces), BT_E_ARGUMENT);
    track_scene_close(scene);
    free(scene);
}

static void taken_down_while_the_gpu_is_at_it(void **at) {
    struct state *s = *at;
    struct track_scene *scene = &s->scene;
    late_gpu = true;
    late_gpu_destroyed = 0;
    assert_int_equal(bt_track_faces(scene->track, &scene->frame, &scene->faces), BT_E_TIMEOUT);
    bt_track_destroy(&scene->track);
    late_gpu = false;
    assert_int_equal(late_gpu_destroyed, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody),
        cmocka_unit_test(two_faces),
        cmocka_unit_test(lost_and_found),
        cmocka_unit_test(a_moving_noisy_face),
        cmocka_unit_test(a_still_noisy_face),
        cmocka_unit_test(a_crowd_is_cut_at_four),
        cmocka_unit_test(tiny_frames_and_wrong_ones),
        cmocka_unit_test(taken_down_while_the_gpu_is_at_it),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
