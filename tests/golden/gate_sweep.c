/* SPDX-License-Identifier: MIT */
/* Darkness, blur and a board before the face, a step at a time on the built-in footage: what the gate looks at goes one way,
   its decision is the right one at both ends, and changes once each way. */
#include "footage/degrade.h"
#include "footage/footage.h"
#include "footage/script.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/gate/gate.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "support/test_gpu.h"
#include "support/track_face.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { W = 480, H = 360, STEPS = 8, FRAMES_A_STEP = 3, STAY = 10, MS = 1000000 };

/* The footage, and what is done to its next picture. */
struct worse {
    struct bt_source head;
    struct bt_source *inner;
    enum bt_footage_fault fault;
    float level;
    bool touched;
    struct bt_rect face_px;
    uint64_t index;
    uint8_t scratch[W * H * 3 / 2];
};

static void worse_destroy(struct bt_source *source) {
    struct worse *w = (struct worse *)source;
    bt_source_destroy(&w->inner);
    free(w);
}

static bt_status worse_read(struct bt_source *source, struct bt_picture *picture) {
    struct worse *w = (struct worse *)source;
    const bt_status status = w->inner->ops->read(w->inner, picture);
    if (status) return status;
    picture->capture_ns = (int64_t)w->index++ * 40 * MS;
    if (w->touched) bt_footage_degrade(w->fault, w->level, w->face_px, w->index, W, H, picture->data, w->scratch);
    return BT_OK;
}

static void worse_interrupt(struct bt_source *source) {
    (void)source; /* it never blocks */
}

static const struct bt_source_ops worse_ops = {worse_destroy, worse_read, worse_interrupt, NULL};

/* Somebody who sits and talks. */
static void pose(void *user, double time_s, struct bt_footage_pose *out) {
    (void)user;
    *out = bt_footage_pose_at(2 + fmod(time_s, 1.5));
}

static struct test_gpu t;
static struct bt_rig *rig;
static struct bt_mask *mask;
static struct bt_audit *audit;
static struct bt_grant *grant;
static struct bt_track *track;
static struct bt_swap *swap;
static struct bt_capture *capture;
static struct worse *worse;
static struct bt_faces faces;

static int open_all(void **state) {
    (void)state;
    rig = track_rig_open();
    assert_int_equal(test_gpu_open(&t), BT_OK);
    assert_int_equal(bt_mask_builtin_grow(rig, 0, &mask), BT_OK);
    assert_int_equal(bt_audit_open(t.log, NULL, NULL, &audit), BT_OK);
    const struct bt_consent_params consent = {.log = t.log,
                                              .audit = audit,
                                              .facts = {.origin = BT_ORIGIN_BUILTIN, .owner = BT_OWNER_NOBODY},
                                              .face_name = mask->name,
                                              .source_name = "the built-in footage"};
    assert_int_equal(bt_consent_obtain(&consent, &grant), BT_OK);
    struct bt_bytes file[] = {track_file("face_detector.onnx"), track_file("face_mesh.onnx"), track_file("selfie_matte.onnx"),
                              track_file("face_geometry.bin")};
    worse = calloc(1, sizeof *worse);
    assert_non_null(worse);
    const struct bt_footage_params footage = {
        .log = t.log, .geometry = file[3], .width_px = W, .height_px = H, .driver = {NULL, pose}};
    assert_int_equal(bt_footage_create(&footage, &worse->inner), BT_OK);
    worse->head = (struct bt_source){.ops = &worse_ops, .format = worse->inner->format, .name = "worse"};
    assert_int_equal(
        bt_capture_create(&(struct bt_capture_params){.log = t.log, .gpu = t.gpu, .source = &worse->head}, &capture), BT_OK);
    const struct bt_track_params params = {.log = t.log,
                                           .gpu = t.gpu,
                                           .rig = rig,
                                           .detector = file[0],
                                           .mesh = file[1],
                                           .matte = file[2],
                                           .width_px = W,
                                           .height_px = H};
    assert_int_equal(bt_track_create(&params, &track), BT_OK);
    const struct bt_swap_params worn = {.log = t.log, .gpu = t.gpu, .rig = rig, .mask = mask, .width_px = W, .height_px = H};
    assert_int_equal(bt_swap_create(&worn, grant, &swap), BT_OK);
    for (uint32_t i = 0; i < BT_COUNT(file); i++) free((void *)(uintptr_t)file[i].data);
    return 0;
}

static int close_all(void **state) {
    (void)state;
    bt_swap_destroy(&swap);
    bt_track_destroy(&track);
    bt_capture_destroy(&capture);
    bt_grant_destroy(&grant);
    bt_audit_close(&audit);
    bt_mask_destroy(&mask);
    test_gpu_close(&t);
    bt_rig_destroy(&rig);
    return 0;
}

/* As the pipeline's tick judges. */
static bt_status tick(struct bt_gate *gate) {
    struct bt_frame frame;
    assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
    assert_int_equal(bt_track_faces(track, &frame, &faces), BT_OK);
    bt_status status = bt_gate_judge(gate, &faces, frame.capture_ns);
    if (!status) status = bt_swap_and_blend(swap, grant, &frame, &faces);
    assert_true(!status || bt_gate_of_picture(status));
    return status;
}

/* `measure` BT_GATE_MEASURES: what swap sees covered. The last level is held until every delay is over, then all is well again.
 */
static void sweep(enum bt_footage_fault fault, const float level[STEPS], enum bt_gate_measure measure, bt_status want) {
    struct bt_gate gate = {0};
    float curve[STEPS];
    uint32_t changes = 0;
    bt_status before = BT_OK, status = BT_OK;
    worse->touched = false;
    for (int i = 0; i < 12; i++) status = tick(&gate);
    assert_int_equal(status, BT_OK);
    worse->face_px = faces.face[faces.wearer].box_px;
    worse->fault = fault;
    worse->touched = true;
    for (int k = 0; k < STEPS; k++) {
        worse->level = level[k];
        curve[k] = 0;
        for (int i = 0; i < FRAMES_A_STEP; i++) {
            status = tick(&gate);
            changes += status != before;
            before = status;
            assert_true(status == BT_OK || status == want);
            if (i) /* swap says what it saw in the frame before */
                curve[k] += (measure == BT_GATE_MEASURES ? bt_swap_covered(swap) : bt_gate_value(&faces.measures, measure)) /
                            (FRAMES_A_STEP - 1);
        }
        print_message("%g: %.4f %s\n", (double)level[k], (double)curve[k], bauta_status_text(status));
        if (k == 0) assert_int_equal(status, BT_OK);
    }
    for (int i = 0; i < STAY; i++) {
        status = tick(&gate);
        changes += status != before;
        before = status;
    }
    assert_int_equal(status, want);
    assert_int_equal(changes, 1);
    for (int k = 1; k < STEPS; k++)
        assert_true(measure == BT_GATE_MEASURES ? curve[k] > curve[k - 1] - .01f : curve[k] < curve[k - 1]);
    worse->touched = false;
    for (int i = 0; i < 2 * STAY; i++) {
        status = tick(&gate);
        changes += status != before;
        before = status;
    }
    assert_int_equal(status, BT_OK);
    assert_int_equal(changes, 2);
}

static void it_gets_dark(void **state) {
    (void)state;
    sweep(BT_FOOTAGE_DARK, (const float[STEPS]){1, .4f, .15f, .06f, .02f, .01f, .004f, .0015f}, BT_GATE_LIGHT, BT_E_TOO_DARK);
}

static void it_gets_blurred(void **state) {
    (void)state;
    sweep(BT_FOOTAGE_BLUR, (const float[STEPS]){0, .005f, .009f, .013f, .018f, .024f, .032f, .042f}, BT_GATE_SHARPNESS,
          BT_E_BLURRED);
}

static void something_comes_before_it(void **state) {
    (void)state;
    sweep(BT_FOOTAGE_COVER, (const float[STEPS]){0, .08f, .16f, .24f, .34f, .42f, .5f, .58f}, BT_GATE_MEASURES, BT_E_OCCLUDED);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_gets_dark), cmocka_unit_test(it_gets_blurred),
                                       cmocka_unit_test(something_comes_before_it)};
    return cmocka_run_group_tests(tests, open_all, close_all);
}
