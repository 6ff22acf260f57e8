/* SPDX-License-Identifier: MIT */
/* The whole of track on one portrait, against what onnxruntime says of the same models (portrait_landmarks.txt). */
#include "gpu/memory.h"
#include "support/track_reference.h"
#include "support/track_scene.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Linked with --wrap: what our own code allocates (a driver's library is not ours to trap). */
static size_t allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size) {
    allocations++;
    return __real_realloc(old, size);
}

static const double MEAN_PX = .05; /* of points about 100 px apart, eye to eye */

struct state {
    struct test_gpu gpu;
    struct track_scene scene;
};

static int set_up(void **at) {
    struct state *s = calloc(1, sizeof *s);
    assert_non_null(s);
    assert_int_equal(test_gpu_open(&s->gpu), BT_OK);
    track_scene_open(&s->scene, s->gpu.gpu, s->gpu.log, 512, 512);
    track_scene_paste(&s->scene, 0, 0, 1);
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

static void read_golden(struct bt_vec3 *out) {
    char path[1024], line[512];
    const char *source = getenv("BAUTA_TEST_SOURCE");
    assert_non_null(source);
    snprintf(path, sizeof path, "%s/tests/golden/portrait_landmarks.txt", source);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    uint32_t count = 0;
    while (fgets(line, sizeof line, file)) {
        if (line[0] == '#') continue;
        assert_true(count < BT_LANDMARKS);
        assert_int_equal(sscanf(line, "%f %f %f", &out[count].x, &out[count].y, &out[count].z), 3);
        count++;
    }
    fclose(file);
    assert_int_equal(count, BT_LANDMARKS);
}

static void landmarks_agree(void **at) {
    struct state *s = *at;
    struct bt_vec3 want[BT_LANDMARKS];
    read_golden(want);
    track_scene_tick(&s->scene, 1);
    const struct bt_faces *f = &s->scene.faces;
    assert_int_equal(f->count, 1);
    assert_int_equal(f->wearer, 0);
    double sum = 0, worst = 0, depth = 0, parts[3] = {0};
    for (uint32_t i = 0; i < BT_LANDMARKS; i++) {
        const struct bt_vec3 *p = &f->face[0].raw[i];
        const double d = (double)hypotf(p->x - want[i].x, p->y - want[i].y);
        sum += d;
        worst = fmax(worst, d);
        depth += fabs((double)(p->z - want[i].z));
        parts[0] += (double)(p->x - want[i].x);
        parts[1] += (double)(p->y - want[i].y);
    }
    print_message("score %.4f, flag %.4f; off by %.4f px in the mean (%.4f %.4f), %.4f at worst, %.4f in depth\n",
                  (double)f->face[0].detector_score, (double)f->face[0].confidence, sum / BT_LANDMARKS, parts[0] / BT_LANDMARKS,
                  parts[1] / BT_LANDMARKS, worst, depth / BT_LANDMARKS);
    assert_true(sum / BT_LANDMARKS < MEAN_PX);
    assert_true(worst < 4 * MEAN_PX);
    assert_true(depth / BT_LANDMARKS < 2 * MEAN_PX);
    assert_true(fabsf(f->face[0].detector_score - .9370f) < 2e-3f);
    assert_true(f->face[0].confidence > .99f);
}

static void the_same_face_is_followed_without_the_detector(void **at) {
    struct state *s = *at;
    const uint32_t id = s->scene.faces.face[0].id;
    uint32_t searches = 0;
    double cpu = 0, mesh = 0, matte = 0, detect = 0;
    for (uint32_t i = 0; i < 30; i++) {
        track_scene_tick(&s->scene, 1);
        assert_int_equal(s->scene.faces.count, 1);
        assert_int_equal(s->scene.faces.wearer, 0);
        assert_int_equal(s->scene.faces.face[0].id, id);
        const struct bt_track_times t = bt_track_last_times(s->scene.track);
        searches += t.detect_ms > 0;
        cpu += (double)t.cpu_ms, mesh += (double)t.mesh_ms, matte += (double)t.matte_ms, detect += (double)t.detect_ms;
    }
    print_message("30 ticks: mesh %.2f ms, matte %.2f ms, detector %.2f ms, own CPU %.2f ms each; %u searches\n", mesh / 30,
                  matte / 30, detect / 30, cpu / 30, searches);
    assert_in_range(searches, 1, 3);
}

/* The matte says person on the face and on the suit, and not in the corners behind. */
static void the_matte_knows_the_person(void **at) {
    struct state *s = *at;
    const struct bt_faces *f = &s->scene.faces;
    assert_non_null(f->matte);
    const float *matte = (const float *)((const char *)bt_buffer_map(f->matte) + f->matte_offset_bytes);
    const struct {
        struct bt_vec2 px;
        bool person;
    } want[] = {{{225, 120}, true}, {{200, 95}, true}, {{250, 300}, true},
                {{225, 450}, true}, {{60, 30}, false}, {{470, 60}, false}};
    for (uint32_t i = 0; i < BT_COUNT(want); i++) {
        const struct bt_vec2 m = bt_affine_apply(&f->matte_from_frame, want[i].px);
        assert_true(m.x >= 0 && m.y >= 0 && m.x < (float)f->matte_w && m.y < (float)f->matte_h);
        const float v = matte[(uint32_t)m.y * f->matte_w + (uint32_t)m.x];
        print_message("matte at %.0f, %.0f: %.3f\n", (double)want[i].px.x, (double)want[i].px.y, (double)v);
        assert_true(want[i].person ? v > .9f : v < .1f);
    }
}

static void light_follows_exposure(void **at) {
    struct state *s = *at;
    track_scene_tick(&s->scene, 1);
    const float bright = s->scene.faces.measures.light;
    track_scene_tick(&s->scene, .25f);
    const float dim = s->scene.faces.measures.light;
    print_message("light %.3f, and a quarter of it %.3f\n", (double)bright, (double)dim);
    assert_true(bright > .5f && bright < .9f);
    assert_float_equal(dim / bright, powf(.25f, 1 / 2.2f), .01f);
    assert_int_equal(s->scene.faces.count, 1);
}

static void a_tick_allocates_nothing(void **at) {
    struct state *s = *at;
    struct track_scene *scene = &s->scene;
    track_scene_tick(scene, 1);
    const size_t before = allocations;
    for (uint32_t i = 0; i < 40; i++) { /* searches among them */
        assert_int_equal(bt_track_faces(scene->track, &scene->frame, &scene->faces), BT_OK);
        scene->frame.capture_ns += 33333333;
    }
    assert_int_equal(allocations, before);
    assert_true(before > 0);
    assert_int_equal(s->gpu.errors, 0);
    assert_int_equal(s->gpu.validation, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(landmarks_agree),
        cmocka_unit_test(the_same_face_is_followed_without_the_detector),
        cmocka_unit_test(the_matte_knows_the_person),
        cmocka_unit_test(light_follows_exposure),
        cmocka_unit_test(a_tick_allocates_nothing),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
