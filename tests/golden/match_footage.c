/* SPDX-License-Identifier: MIT */
/* Enrolment's two halves on the built-in footage (NASA's portrait, animated: poses, expressions, lights) and on masks, faces
   that belong to nobody. The face that is made of the footage's pictures must look like her: by the nets, more than any mask
   does. Counted: how often pictures of one are called the same, and pictures of two. Masks without hair, on one grey ground, in
   one light, are more alike than people are; what people score is said in
   evaluate/README.md. */
#include "footage/footage.h"
#include "gpu/image.h"
#include "identity/identity.h"
#include "match/match.h"
#include "pipeline/capture/capture.h"
#include "pipeline/track/track.h"
#include "support/brief.h"
#include "support/half.h"
#include "support/mask_views.h"
#include "support/test_gpu.h"
#include "support/track_face.h"
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { W = 640, H = 480, RATE = 5, MASKS = 16, VIEWS = 3, MASK_PX = 320, TEMPLATES_MAX = 256, HER = -1 };

struct scene {
    struct test_gpu gpu;
    struct bt_rig *rig;
    struct bt_match *match;
    struct bt_mask *worn; /* made of the footage */
    struct bt_template template[TEMPLATES_MAX];
    int of[TEMPLATES_MAX]; /* a mask's number, or HER */
    uint32_t count;
};
static struct scene s;

static void open_scene(void) {
    assert_int_equal(test_gpu_open(&s.gpu), BT_OK);
    s.rig = track_rig_open();
    struct bt_bytes net[] = {track_file("face_id_mobile.onnx"), track_file("face_id_resnet.onnx")};
    const struct bt_match_params params = {.gpu = s.gpu.gpu, .log = s.gpu.log, .cosine_net = net[0], .euclid_net = net[1]};
    assert_int_equal(bt_match_create(&params, &s.match), BT_OK);
    struct bt_match *none = NULL;
    const struct bt_match_params swapped = {.gpu = s.gpu.gpu, .log = s.gpu.log, .cosine_net = net[1], .euclid_net = net[0]};
    assert_int_equal(bt_match_create(&swapped, &none), BT_E_FORMAT);
    for (uint32_t i = 0; i < BT_COUNT(net); i++) free((void *)(uintptr_t)net[i].data);
}

static void keep(const uint8_t *rgb, uint32_t w, uint32_t h, const struct bt_vec3 *landmark, int of) {
    assert_true(s.count < TEMPLATES_MAX);
    assert_int_equal(bt_match_template(s.match, rgb, w, h, landmark, &s.template[s.count]), BT_OK);
    s.of[s.count++] = of;
}

/* Every picture is offered to the builder; those not turned too far are matched, too. */
static void watch_footage(void) {
    struct bt_source *source = NULL;
    struct bt_capture *capture = NULL;
    struct bt_track *track = NULL;
    struct bt_identity_builder *builder = NULL;
    struct bt_identity *face = NULL;
    static struct bt_faces faces;
    uint16_t *half = malloc((size_t)W * H * 8);
    float *linear = malloc((size_t)W * H * 12);
    uint8_t *rgb = malloc((size_t)W * H * 3);
    assert_true(half && linear && rgb);
    struct bt_bytes file[] = {track_file("face_detector.onnx"), track_file("face_mesh.onnx"), track_file("selfie_matte.onnx"),
                              track_file("face_geometry.bin")};
    const struct bt_footage_params footage = {
        .log = s.gpu.log, .geometry = file[3], .width_px = W, .height_px = H, .rate = RATE, .frames = test_brief(0, 40)};
    assert_int_equal(bt_footage_create(&footage, &source), BT_OK);
    const struct bt_capture_params capturing = {.log = s.gpu.log, .gpu = s.gpu.gpu, .source = source};
    assert_int_equal(bt_capture_create(&capturing, &capture), BT_OK);
    const struct bt_track_params tracking = {.log = s.gpu.log,
                                             .gpu = s.gpu.gpu,
                                             .rig = s.rig,
                                             .detector = file[0],
                                             .mesh = file[1],
                                             .matte = file[2],
                                             .width_px = W,
                                             .height_px = H};
    assert_int_equal(bt_track_create(&tracking, &track), BT_OK);
    for (uint32_t i = 0; i < BT_COUNT(file); i++) free((void *)(uintptr_t)file[i].data);
    assert_int_equal(bt_identity_builder_create(s.gpu.log, s.rig, &builder), BT_OK);
    for (uint32_t frames = 0;; frames++) {
        struct bt_frame frame;
        const bt_status st = bt_capture_take(capture, &frame);
        if (st == BT_E_END) break;
        assert_int_equal(st, BT_OK);
        assert_int_equal(bt_track_faces(track, &frame, &faces), BT_OK);
        if (faces.wearer < 0) continue;
        assert_int_equal(bt_image_read(frame.linear, half, (size_t)W * H * 8), BT_OK);
        for (uint32_t i = 0; i < W * H * 3; i++) {
            linear[i] = test_half_to_float(half[i / 3 * 4 + i % 3]);
            rgb[i] = (uint8_t)(255.0f * powf(fminf(fmaxf(linear[i], 0), 1), 1 / 2.2f) + .5f);
        }
        const struct bt_vec3 *landmark = faces.face[faces.wearer].landmark;
        const struct bt_identity_picture picture = {linear, W, H, landmark};
        const bt_status added = bt_identity_builder_add(builder, &picture);
        assert_true(added == BT_OK || added == BT_E_POSE || added == BT_E_TOO_DARK);
        struct bt_pose pose;
        if (frames % 2 == 0 && bt_pose_fit(s.rig, landmark, bt_rig_mesh(s.rig)->canonical, &pose) &&
            fabsf(bt_pose_angles(&pose).yaw) < .5f)
            keep(rgb, W, H, landmark, HER);
    }
    print_message("%u pictures taken, coverage %.3f\n", bt_identity_builder_views(builder),
                  (double)bt_identity_builder_coverage(builder));
    assert_true(bt_identity_builder_coverage(builder) > .85f);
    assert_int_equal(bt_identity_builder_finish(builder, "portrait", &face), BT_OK);
    assert_int_equal(bt_identity_wear(face, &s.worn), BT_OK);
    bt_identity_destroy(&face);
    bt_identity_builder_destroy(&builder);
    bt_track_destroy(&track);
    bt_capture_destroy(&capture);
    free(half);
    free(linear);
    free(rgb);
}

static void look_at(const struct bt_mask *mask, uint8_t *rgb, int of) {
    for (int view = 0; view < VIEWS; view++) {
        struct bt_vec3 landmark[MASK_VIEW_LANDMARKS];
        const float turn = .25f * (float)(view - 1);
        assert_int_equal(mask_view(s.rig, mask, MASK_PX, turn, .4f * turn, rgb, landmark), BT_OK);
        keep(rgb, MASK_PX, MASK_PX, landmark, of);
    }
}

struct count {
    uint32_t pairs, same;
    double cosine, cosine_low, cosine_high, distance, distance_low, distance_high;
};

static void add_pair(struct count *c, struct bt_match_score score) {
    if (!c->pairs) *c = (struct count){.cosine_low = DBL_MAX, .cosine_high = -1, .distance_low = DBL_MAX};
    c->pairs++;
    c->same += score.same;
    c->cosine += (double)score.cosine;
    c->distance += (double)score.distance;
    c->cosine_low = fmin(c->cosine_low, (double)score.cosine);
    c->cosine_high = fmax(c->cosine_high, (double)score.cosine);
    c->distance_low = fmin(c->distance_low, (double)score.distance);
    c->distance_high = fmax(c->distance_high, (double)score.distance);
}

/* Of each picture the most alike other one, by both nets together, is of the same face. */
static uint32_t nearest_is_another(void) {
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < s.count; i++) {
        float best = -FLT_MAX;
        int of = s.of[i];
        for (uint32_t j = 0; j < s.count; j++) {
            const struct bt_match_score score = bt_match_compare(&s.template[i], &s.template[j]);
            if (j == i || score.cosine - score.distance < best) continue;
            best = score.cosine - score.distance;
            of = s.of[j];
        }
        wrong += of != s.of[i];
    }
    return wrong;
}

static void one_person_and_others(void **state) {
    (void)state;
    static const char *const name[] = {"her, her", "a mask, that mask", "her, a mask", "a mask, another"};
    struct count count[4] = {{0}};
    open_scene();
    watch_footage();
    const uint32_t hers = s.count;
    assert_true(hers >= (test_brief(0, 1) ? 5 : 20));
    struct bt_template mean;
    struct bt_match_score worst;
    bt_match_mean(s.template, hers, &mean, &worst);
    print_message("her worst picture against her mean: %.3f, %.3f\n", (double)worst.cosine, (double)worst.distance);
    assert_true(worst.same);

    uint8_t *rgb = malloc(MASK_PX * MASK_PX * 3);
    assert_non_null(rgb);
    for (int m = 0; m < MASKS; m++) {
        struct bt_mask *mask = NULL;
        if (m < (int)bt_mask_builtin_count())
            assert_int_equal(bt_mask_builtin_grow(s.rig, (uint32_t)m, &mask), BT_OK);
        else
            assert_int_equal(bt_mask_grow(s.rig, (uint64_t)m * 7919, "nobody", &mask), BT_OK);
        look_at(mask, rgb, m);
        bt_mask_destroy(&mask);
    }
    for (uint32_t i = 0; i < s.count; i++) {
        for (uint32_t j = i + 1; j < s.count; j++) {
            const int kind = s.of[i] == s.of[j] ? (s.of[i] == HER ? 0 : 1) : s.of[i] == HER || s.of[j] == HER ? 2 : 3;
            add_pair(&count[kind], bt_match_compare(&s.template[i], &s.template[j]));
        }
    }
    for (uint32_t k = 0; k < BT_COUNT(count); k++) {
        const struct count *c = &count[k];
        print_message("%-18s %5u pairs, %5u the same; cosine %.3f (%.3f ... %.3f), distance %.3f (%.3f ... %.3f)\n", name[k],
                      c->pairs, c->same, c->cosine / c->pairs, c->cosine_low, c->cosine_high, c->distance / c->pairs,
                      c->distance_low, c->distance_high);
    }
    const uint32_t wrong = nearest_is_another();
    print_message("most alike picture is of another: %u of %u\n", wrong, s.count);
    assert_int_equal(wrong, 0);
    assert_int_equal(count[0].same, count[0].pairs);
    assert_int_equal(count[1].same, count[1].pairs);
    assert_int_equal(count[2].same, 0);
    assert_true(count[3].same < count[3].pairs * 2 / 3); /* the limits are those of people: evaluate/README.md */

    /* What was made of her, drawn as the masks are: nearer to her than any of them. */
    float nearest = -FLT_MAX, own = 0;
    for (uint32_t i = hers; i < s.count; i++) nearest = fmaxf(nearest, bt_match_compare(&mean, &s.template[i]).cosine);
    s.count = hers;
    look_at(s.worn, rgb, HER);
    for (uint32_t i = hers; i < s.count; i++) own += bt_match_compare(&mean, &s.template[i]).cosine / VIEWS;
    print_message("her made face against her: %.3f; the nearest mask: %.3f\n", (double)own, (double)nearest);
    assert_true(own > nearest);
    free(rgb);
    bt_identity_unwear(&s.worn);
    bt_match_destroy(&s.match);
    bt_rig_destroy(&s.rig);
    test_gpu_close(&s.gpu);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_person_and_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
