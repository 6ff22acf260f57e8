/* SPDX-License-Identifier: MIT */
/* The wearer, watched: heads of nobody, drawn before a camera, go through the whole pipeline. Who agreed is masked, also when
   they come back; somebody else in the chair never is, until they agree. The hooks' errors are cards, whatever they are. */
#include "app/referral.h"
#include "app/wearer.h"
#include "base/clock.h"
#include "mask/view.h"
#include "match/match.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "support/cmocka.h"
#include "support/file_bytes.h"
#include "support/test_gpu.h"
#include "support/test_rig.h"
#include "support/video.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    SIDE = 320,
    BYTES = SIDE * SIDE * 3 / 2,
    PEOPLE = 2,
    VIEWS = 3,
    TURNING = VIEWS,
    ASIDE = TURNING + 3,
    DRAWN,
    NOBODY = PEOPLE,
    FRAME_MS = 100,
    SCENES_MOST = 12
};

static struct test_gpu t;
static struct bt_mask *mask;
static struct bt_bytes model[5];
static uint8_t *picture[PEOPLE + 1][DRAWN];
static uint8_t *seen_rgb; /* the first one's head, view 1, and where track found it */
static struct bt_vec3 seen_landmark[BT_LANDMARKS];
static bool seen;
static char folder[256];

/* ---- who is before the camera, and for how many frames ---- */

struct scene {
    int who, frames;
    enum bt_answer answer;                         /* given as soon as it is referred */
    enum { FRONT, TURNS, LOOKS_ASIDE, FADES } how; /* FADES: slowly out of the scene before */
};

struct chair {
    const struct scene *scene;
    int scenes, at, shown;
    int64_t now_ns;
    struct bt_referral *referral;
    struct bt_pipeline *pipeline;
    uint32_t masked[SCENES_MOST], cards[SCENES_MOST][BAUTA_STATUS_COUNT];
    bt_status broken; /* what the hook says, where it fails */
    int32_t asked;
};

struct camera {
    struct bt_source head;
    struct chair *chair;
};

static void camera_destroy(struct bt_source *source) {
    free(source);
}

static bt_status camera_read(struct bt_source *source, struct bt_picture *out) {
    struct chair *c = ((struct camera *)source)->chair;
    while (c->at < c->scenes && c->shown == c->scene[c->at].frames) c->at++, c->shown = 0;
    if (c->at == c->scenes) return BT_E_END;
    const struct scene *now = &c->scene[c->at];
    const int view = now->how == FRONT || now->how == FADES            ? c->shown % VIEWS
                     : now->how == TURNS && TURNING + c->shown < ASIDE ? TURNING + c->shown
                                                                       : ASIDE;
    memcpy(out->data, picture[now->who][view], BYTES);
    for (int i = 0; now->how == FADES && i < BYTES; i++) {
        const int before = picture[now[-1].who][view][i];
        ((uint8_t *)out->data)[i] = (uint8_t)(before + ((int)picture[now->who][view][i] - before) * c->shown / now->frames);
    }
    c->shown++;
    out->capture_ns = c->now_ns += FRAME_MS * INT64_C(1000000);
    return BT_OK;
}

static void camera_interrupt(struct bt_source *source) {
    (void)source;
}

static const struct bt_source_ops camera_ops = {camera_destroy, camera_read, camera_interrupt, NULL};

/* Answers once for each scene that has an answer; a scene that has none and is referred is over. */
static void watch(void *user, const struct bt_report *report) {
    struct chair *c = user;
    const int at = c->at < c->scenes ? c->at : c->scenes - 1;
    if (report->why)
        c->cards[at][report->why]++;
    else
        c->masked[at]++;
    if (!report->why && !c->scene[at].who && (c->shown - 1) % VIEWS == 1) {
        memcpy(seen_landmark, report->faces->face[report->faces->wearer].landmark, sizeof seen_landmark);
        seen = true;
    }
    const bt_status why = c->referral ? bt_referral_why(c->referral) : BT_OK;
    if (!why || report->why != BT_E_REFERRED) return;
    if (c->at + 1 >= c->scenes) {
        bt_pipeline_stop(c->pipeline);
        return;
    }
    c->at++, c->shown = 0;
    assert_int_equal(bt_referral_answer(c->referral, why, c->scene[c->at].answer, "the test"), BT_OK);
}

static bt_status broken_hook(void *user, const struct bt_frame *frame, const struct bt_faces *faces) {
    struct chair *c = user;
    (void)frame;
    (void)faces;
    c->asked++;
    return c->broken;
}

static void draw(int who, int view, const struct bt_mask *head) {
    static uint8_t rgb[SIDE * SIDE * 3];
    struct bt_mask_view v = bt_mask_view_plain();
    v.hair_cm = 1.5f;
    v.width_cm = 34;
    v.yaw = view >= TURNING ? 0.1f * (float)(view - TURNING + 1) : 0.05f * (float)(view - 1);
    v.smile = view >= TURNING ? 0 : 0.2f * (float)view;
    for (int i = 0; i < 3; i++) v.ground[i] = 0.3f, v.clothes[i] = 0.1f;
    uint8_t *y = picture[who][view] = malloc(BYTES), *u = y + SIDE * SIDE;
    assert_non_null(y);
    if (head)
        assert_int_equal(bt_mask_draw(rig, head, &v, SIDE, rgb), BT_OK);
    else
        memset(rgb, 120, sizeof rgb);
    if (!who && view == 1) {
        seen_rgb = malloc(sizeof rgb);
        assert_non_null(seen_rgb);
        memcpy(seen_rgb, rgb, sizeof rgb);
    }
    /* ITU-R BT.601, limited range. */
    for (int i = 0; i < SIDE * SIDE; i++) {
        const uint8_t *p = rgb + 3 * i;
        y[i] = (uint8_t)(16.5f + (65.481f * p[0] + 128.553f * p[1] + 24.966f * p[2]) / 255);
    }
    for (int i = 0; i < SIDE * SIDE / 4; i++) {
        const uint8_t *p = rgb + 3 * (i / (SIDE / 2) * 2 * SIDE + i % (SIDE / 2) * 2);
        u[i] = (uint8_t)(128.5f + (-37.797f * p[0] - 74.203f * p[1] + 112.0f * p[2]) / 255);
        u[i + SIDE * SIDE / 4] = (uint8_t)(128.5f + (112.0f * p[0] - 93.786f * p[1] - 18.214f * p[2]) / 255);
    }
}

/* ---- a session ---- */

static struct bt_wearer *open_wearer(const struct bt_template *enrolled) {
    struct bt_match *match = NULL;
    struct bt_wearer *wearer = NULL;
    uint8_t bytes[BT_MATCH_TEMPLATE_BYTES];
    const struct bt_match_params params = {.gpu = t.gpu, .log = t.log, .cosine_net = model[3], .euclid_net = model[4]};
    assert_int_equal(bt_match_create(&params, &match), BT_OK);
    struct bt_wearer_params w = {.log = t.log, .gpu = t.gpu, .match = match, .width_px = SIDE, .height_px = SIDE};
    if (enrolled) {
        bt_match_encode(enrolled, bytes);
        w.enrolled = (struct bt_bytes){bytes, sizeof bytes};
        w.owned = true;
    }
    assert_int_equal(bt_wearer_create(&w, &wearer), BT_OK);
    return wearer;
}

static struct bt_referral_counts run(struct chair *c, const struct bt_template *enrolled, bool approve) {
    struct camera *camera = calloc(1, sizeof *camera);
    struct bt_audit *audit = NULL;
    struct bt_grant *grant = NULL;
    struct bt_capture *capture = NULL;
    struct bt_track *track = NULL;
    struct bt_swap *swap = NULL;
    struct bt_disclose *disclose = NULL;
    struct bt_output *output = NULL;
    struct bt_wearer *wearer = c->broken ? NULL : open_wearer(enrolled);
    char hash[300];
    snprintf(hash, sizeof hash, "%s/hash", folder);
    assert_non_null(camera);
    camera->chair = c;
    camera->head = (struct bt_source){
        .ops = &camera_ops,
        .format = {.pixels = BT_PIXELS_I420, .width_px = SIDE, .height_px = SIDE, .rate_num = 10, .rate_den = 1}};
    c->now_ns = bt_clock_now_ns();
    assert_int_equal(bt_audit_open(t.log, NULL, NULL, &audit), BT_OK);
    const struct bt_consent_params consent = {.log = t.log,
                                              .audit = audit,
                                              .facts = {.origin = BT_ORIGIN_BUILTIN, .owner = BT_OWNER_NOBODY},
                                              .face_name = mask->name,
                                              .source_name = "the test"};
    assert_int_equal(bt_consent_obtain(&consent, &grant), BT_OK);
    const struct bt_capture_params capturing = {.log = t.log, .gpu = t.gpu, .source = &camera->head};
    assert_int_equal(bt_capture_create(&capturing, &capture), BT_OK);
    const struct bt_disclose_params disclosing = {
        .log = t.log, .gpu = t.gpu, .width_px = SIDE, .height_px = SIDE, .egress = BT_EGRESS_YUYV};
    assert_int_equal(bt_disclose_create(&disclosing, &disclose), BT_OK);
    const struct bt_track_params tracking = {.log = t.log,
                                             .gpu = t.gpu,
                                             .rig = rig,
                                             .detector = model[0],
                                             .mesh = model[1],
                                             .matte = model[2],
                                             .width_px = SIDE,
                                             .height_px = SIDE};
    assert_int_equal(bt_track_create(&tracking, &track), BT_OK);
    const struct bt_swap_params swapping = {
        .log = t.log, .gpu = t.gpu, .rig = rig, .mask = mask, .width_px = SIDE, .height_px = SIDE};
    assert_int_equal(bt_swap_create(&swapping, grant, &swap), BT_OK);
    const struct bt_output_params out = {
        .log = t.log, .disclose = disclose, .width_px = SIDE, .height_px = SIDE, .rate_num = 10, .rate_den = 1, .hash = hash};
    assert_int_equal(bt_output_create(&out, &output), BT_OK);
    struct bt_pipeline_params params = {.log = t.log,
                                        .grant = grant,
                                        .capture = capture,
                                        .track = track,
                                        .swap = swap,
                                        .disclose = disclose,
                                        .output = output,
                                        .observer = {c, watch},
                                        .vouch = {c, broken_hook, NULL}};
    struct bt_referral_counts counts = {0};
    if (wearer) {
        const struct bt_referral_params refer = {.log = t.log,
                                                 .audit = audit,
                                                 .session = bt_grant_session(grant),
                                                 .approve = approve,
                                                 .attended = true,
                                                 .wearer = wearer,
                                                 .next = {c, watch}};
        assert_int_equal(bt_referral_create(&refer, &c->referral), BT_OK);
        params.observer = bt_referral_observer(c->referral);
        params.vouch = bt_referral_vouch(c->referral);
    }
    assert_int_equal(bt_pipeline_create(&params, &c->pipeline), BT_OK);
    if (wearer) bt_referral_begin(c->referral, c->pipeline);
    const bt_status ended = bt_pipeline_run(c->pipeline);
    if (!c->broken) assert_int_equal(ended, BT_OK);
    assert_int_equal(bt_output_finish(output), BT_OK);
    if (wearer) counts = bt_referral_counts(c->referral);
    bt_referral_destroy(&c->referral);
    bt_pipeline_destroy(&c->pipeline);
    bt_wearer_destroy(&wearer);
    bt_output_destroy(&output);
    bt_swap_destroy(&swap);
    bt_track_destroy(&track);
    bt_disclose_destroy(&disclose);
    bt_capture_destroy(&capture);
    bt_grant_destroy(&grant);
    bt_audit_close(&audit);
    unlink(hash);
    for (int i = 0; i < c->scenes; i++)
        for (int why = 0; why < BAUTA_STATUS_COUNT; why++)
            if (why ? c->cards[i][why] : c->masked[i])
                print_message("  scene %d (%d): %u %s\n", i, c->scene[i].who, why ? c->cards[i][why] : c->masked[i],
                              why ? bauta_status_text((bt_status)why) : "masked");
    return counts;
}

static void test_a_stranger_is_not_masked(void **state) {
    (void)state;
    const struct scene scenes[] = {
        {0, 12, 0, FRONT},               /* learnt and masked */
        {NOBODY, 12, 0, FRONT},          /* leaves */
        {0, 12, 0, FRONT},               /* comes back: masked again */
        {NOBODY, 12, 0, FRONT},          /* leaves */
        {1, 60, 0, FRONT},               /* somebody else sits down: referred, which ends the scene */
        {1, 60, BT_ANSWER_GO_ON, FRONT}, /* "go on" is not enough */
        {0, 12, BT_ANSWER_GO_ON, FRONT}, /* the wearer is back */
        {NOBODY, 12, 0, FRONT},
        {1, 60, 0, FRONT},                /* the other one again */
        {1, 12, BT_ANSWER_AGREED, FRONT}, /* who has read the notice now, and agreed */
        {NOBODY, 12, 0, FRONT},
        {0, 60, 0, FRONT}, /* the first one is the stranger now */
    };
    struct chair c = {.scene = scenes, .scenes = BT_COUNT(scenes)};
    const struct bt_referral_counts counts = run(&c, NULL, false);
    for (size_t i = 0; i < BT_COUNT(scenes); i++) {
        const bool known = i == 0 || i == 2 || i == 6 || i == 9;
        if (known)
            assert_true(c.masked[i] >= 4);
        else
            assert_int_equal(c.masked[i], 0);
    }
    assert_int_equal(counts.strangers, 4);
    assert_int_equal(counts.referred, 4);
    assert_int_equal(counts.approved, 3);
}

/* The same face id, somebody else: without a gap the tracker follows on, and the picture itself must say so. */
static void test_a_change_without_a_gap_is_noticed(void **state) {
    (void)state;
    const struct scene scenes[] = {{0, 12, 0, FRONT}, {1, 90, 0, FRONT}};
    struct chair c = {.scene = scenes, .scenes = BT_COUNT(scenes)};
    const struct bt_referral_counts counts = run(&c, NULL, false);
    assert_int_equal(counts.strangers, 1);
    assert_int_equal(c.masked[0], 12);
    assert_int_equal(c.masked[1], 0);
}

/* Nothing jumps: within a look's interval it is known all the same. */
static void test_a_slow_change_is_noticed(void **state) {
    (void)state;
    const struct scene scenes[] = {{0, 30, 0, FRONT}, {1, 30, 0, FADES}, {1, 90, 0, FRONT}};
    struct chair c = {.scene = scenes, .scenes = BT_COUNT(scenes)};
    const struct bt_referral_counts counts = run(&c, NULL, false);
    assert_int_equal(counts.strangers, 1);
    assert_int_equal(c.masked[0], 30);
    /* Half way through the person is neither: seconds are counted from there. */
    assert_true(((int)(c.masked[1] + c.masked[2]) - 15) * FRAME_MS <= BT_WEARER_EVERY_MS + 2 * BT_WEARER_AGAIN_MS);
}

/* A head that is turned cannot be compared: the wearer's stays masked, a changed one is not until it looks up. */
static void test_a_change_of_a_turned_head_is_noticed(void **state) {
    (void)state;
    const struct scene scenes[] = {{0, 30, 0, FRONT}, {0, 30, 0, TURNS}, {1, 60, 0, LOOKS_ASIDE}, {1, 30, 0, FRONT}};
    struct chair c = {.scene = scenes, .scenes = BT_COUNT(scenes)};
    const struct bt_referral_counts counts = run(&c, NULL, false);
    assert_int_equal(counts.strangers, 1);
    assert_int_equal(c.masked[0] + c.masked[1], 60);
    assert_int_equal(c.masked[2] + c.masked[3], 0);
}

static void test_an_owned_face_is_its_owners(void **state) {
    (void)state;
    struct bt_template another = {0};
    for (int i = 0; i < BT_MATCH_COSINE; i++) another.cosine[i] = i % 2 ? 0.07216878f : -0.07216878f; /* 1 / sqrt(192) */
    for (int i = 0; i < BT_MATCH_EUCLID; i++) another.euclid[i] = i % 2 ? 0.08838835f : -0.08838835f;
    const struct scene scenes[] = {{0, 60, 0, FRONT}, {0, 60, BT_ANSWER_GO_ON, FRONT}};
    struct chair c = {.scene = scenes, .scenes = BT_COUNT(scenes)};
    const struct bt_referral_counts counts = run(&c, &another, false);
    assert_int_equal(c.masked[0] + c.masked[1], 0);
    assert_int_equal(counts.strangers, 2);
}

/* As enrolled from a picture of another session; then somebody else, who cannot agree to it, and the owner again. */
static void test_the_owner_is_masked(void **state) {
    (void)state;
    struct bt_match *match = NULL;
    struct bt_template enrolled;
    const struct bt_match_params params = {.gpu = t.gpu, .log = t.log, .cosine_net = model[3], .euclid_net = model[4]};
    assert_true(seen); /* by the tests before */
    assert_int_equal(bt_match_create(&params, &match), BT_OK);
    assert_int_equal(bt_match_template(match, seen_rgb, SIDE, SIDE, seen_landmark, &enrolled), BT_OK);
    bt_match_destroy(&match);
    const struct scene scenes[] = {{0, 12, 0, FRONT},
                                   {NOBODY, 12, 0, FRONT},
                                   {1, 60, 0, FRONT},
                                   {1, 60, BT_ANSWER_GO_ON, FRONT},
                                   {0, 12, BT_ANSWER_GO_ON, FRONT}};
    struct chair c = {.scene = scenes, .scenes = BT_COUNT(scenes)};
    const struct bt_referral_counts counts = run(&c, &enrolled, false);
    assert_true(c.masked[0] >= 4 && c.masked[4] >= 4);
    assert_int_equal(c.masked[1] + c.masked[2] + c.masked[3], 0);
    assert_int_equal(counts.strangers, 2);
}

static void test_nothing_leaves_before_it_is_approved(void **state) {
    (void)state;
    const struct scene scenes[] = {{0, 200, 0, FRONT}, {0, 10, BT_ANSWER_GO_ON, FRONT}};
    struct chair c = {.scene = scenes, .scenes = BT_COUNT(scenes)};
    run(&c, NULL, true);
    assert_int_equal(c.masked[0], 0);
    assert_true(c.cards[0][BT_E_REFERRED] >= 30);
    assert_true(c.masked[1] >= 4);
}

static void test_any_error_of_the_hook_is_a_card(void **state) {
    (void)state;
    for (int error = 1; error < BAUTA_STATUS_COUNT; error++) {
        const struct scene scenes[] = {{0, 4, 0, FRONT}};
        struct chair c = {.scene = scenes, .scenes = 1, .broken = (bt_status)error};
        if (error != BT_E_ARGUMENT && error != BT_E_NO_FACE && error != BT_E_STRANGER && error != BT_E_END &&
            error != BT_E_CHANGING && error != BT_E_PAUSED)
            continue; /* one of each kind that the pipeline tells apart */
        run(&c, NULL, false);
        assert_true(c.asked > 0);
        assert_int_equal(c.masked[0], 0);
    }
}

static int set_up(void **state) {
    static const char *const names[] = {"face_detector", "face_mesh", "selfie_matte", "face_id_mobile", "face_id_resnet"};
    static const uint64_t seeds[PEOPLE] = {11, 4242};
    test_folder(folder, sizeof folder);
    if (test_gpu_open(&t) || rig_set_up(state)) return 1;
    if (bt_mask_builtin_grow(rig, 0, &mask)) return 1;
    for (size_t i = 0; i < BT_COUNT(names); i++) {
        model[i] = bt_test_model(names[i]);
        if (!model[i].data) return 1;
    }
    for (int who = 0; who <= PEOPLE; who++) {
        struct bt_mask *head = NULL;
        if (who < PEOPLE && bt_mask_grow(rig, seeds[who], "somebody", &head)) return 1;
        for (int view = 0; view < DRAWN; view++) draw(who, view, head);
        bt_mask_destroy(&head);
    }
    return 0;
}

static int tear_down(void **state) {
    for (size_t i = 0; i < BT_COUNT(model); i++) bt_test_free(&model[i]);
    for (int who = 0; who <= PEOPLE; who++)
        for (int view = 0; view < DRAWN; view++) free(picture[who][view]);
    free(seen_rgb);
    bt_mask_destroy(&mask);
    rig_tear_down(state);
    test_gpu_close(&t);
    test_folder_remove(folder);
    return t.validation != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_stranger_is_not_masked),
        cmocka_unit_test(test_a_change_without_a_gap_is_noticed),
        cmocka_unit_test(test_a_slow_change_is_noticed),
        cmocka_unit_test(test_a_change_of_a_turned_head_is_noticed),
        cmocka_unit_test(test_an_owned_face_is_its_owners),
        cmocka_unit_test(test_the_owner_is_masked),
        cmocka_unit_test(test_nothing_leaves_before_it_is_approved),
        cmocka_unit_test(test_any_error_of_the_hook_is_a_card),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
