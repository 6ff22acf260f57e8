/* SPDX-License-Identifier: MIT */
/* The pipeline with all of its threads: a live source on its own, paced output on its own, stopped and forbidden from others.
   What is asked for is what cannot be seen from one thread: that every start ends, whenever it is stopped; that nothing masked
   follows a withdrawal; that a placard is the last that leaves. Meant for ThreadSanitizer as much as for its own asserts. */
#include "base/clock.h"
#include "base/rng.h"
#include "footage/footage.h"
#include "mask/mask.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include "pipeline/pipeline.h"
#include "pipeline/swap/swap.h"
#include "pipeline/track/track.h"
#include "rig/rig.h"
#include "support/brief.h"
#include "support/cmocka.h"
#include "support/fake_v4l2.h"
#include "support/geometry_file.h"
#include "support/test_gpu.h"
#include "support/video.h"
#include "trust/audit/audit.h"
#include "trust/consent/consent.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { W = 320, H = 240, STARTS = 12, MODEL_BYTES = 16 << 20 };
#define MS         INT64_C(1000000)
#define GIVE_UP_NS (300000 * MS)

static struct test_gpu t;
static struct bt_rig *rig;
static struct bt_mask *mask;
static struct bt_audit *audit;
static struct bt_bytes model[3];
static char folder[256];
static atomic_uint released, reads; /* how often a camera was given back, and read */

/* ---- a camera that is not there: the footage in real time, or silence ---- */

struct camera {
    struct bt_source head;
    struct bt_source *footage;
    int64_t pause_ns;
    int given, last; /* BT_E_IO after so many; -1: never */
    bool silent;     /* blocks until it is interrupted */
    atomic_bool stop;
};

static void camera_destroy(struct bt_source *source) {
    struct camera *c = (struct camera *)source;
    bt_source_destroy(&c->footage);
    free(c);
}

static bt_status camera_read(struct bt_source *source, struct bt_picture *picture) {
    struct camera *c = (struct camera *)source;
    if (c->given == c->last) return BT_E_IO;
    do bt_clock_sleep_until_ns(bt_clock_now_ns() + c->pause_ns);
    while (c->silent && !atomic_load(&c->stop));
    if (atomic_load(&c->stop)) return BT_E_INTERRUPTED;
    bt_status st = c->footage->ops->read(c->footage, picture);
    picture->capture_ns = bt_clock_now_ns();
    c->given++;
    atomic_fetch_add(&reads, 1);
    return st;
}

static void camera_interrupt(struct bt_source *source) {
    atomic_store(&((struct camera *)source)->stop, true);
}

static void camera_release(struct bt_source *source) {
    struct camera *c = (struct camera *)source;
    atomic_store(&c->stop, false);
    atomic_fetch_add(&released, 1);
}

static const struct bt_source_ops camera_ops = {camera_destroy, camera_read, camera_interrupt, camera_release};

static struct bt_capture *open_camera(int64_t pause_ns, int last, bool silent) {
    struct camera *c = calloc(1, sizeof *c);
    uint8_t *geometry = malloc(GEOMETRY_FILE_MAX);
    assert_non_null(c);
    assert_non_null(geometry);
    const struct bt_footage_params footage = {.log = t.log, .geometry = geometry_file(geometry), .width_px = W, .height_px = H};
    assert_int_equal(bt_footage_create(&footage, &c->footage), BT_OK);
    free(geometry);
    c->head.ops = &camera_ops;
    c->head.format = c->footage->format;
    c->head.format.live = true;
    strcpy(c->head.name, "a camera of the test");
    c->pause_ns = pause_ns;
    c->last = last;
    c->silent = silent;
    atomic_init(&c->stop, false);
    struct bt_capture *capture = NULL;
    const struct bt_capture_params params = {.log = t.log, .gpu = t.gpu, .source = &c->head};
    assert_int_equal(bt_capture_create(&params, &capture), BT_OK);
    return capture;
}

static struct bt_disclose *open_disclose(void) {
    struct bt_disclose *disclose = NULL;
    const struct bt_disclose_params params = {
        .log = t.log, .gpu = t.gpu, .width_px = W, .height_px = H, .egress = BT_EGRESS_YUYV};
    assert_int_equal(bt_disclose_create(&params, &disclose), BT_OK);
    return disclose;
}

static struct bt_output *open_output(const struct bt_disclose *disclose, const char *hash, const char *loopback,
                                     struct bt_output_watch watch) {
    struct bt_output *output = NULL;
    const struct bt_output_params params = {.log = t.log,
                                            .disclose = disclose,
                                            .width_px = W,
                                            .height_px = H,
                                            .rate_num = 25,
                                            .rate_den = 1,
                                            .hash = hash,
                                            .loopback = loopback,
                                            .watch = watch,
                                            .paced = true};
    assert_int_equal(bt_output_create(&params, &output), BT_OK);
    return output;
}

/* ---- somebody else, on another thread ---- */

enum deed { STOP, WITHDRAW, BOTH, NOTHING, PAUSE };

struct other {
    pthread_t thread;
    enum deed deed;
    int64_t after_ns;
    atomic_uint *masked; /* waits for so much to have happened first */
    atomic_uint *paused_cards;
    uint32_t masked_before, masked_paused, masked_still, paused;
    int64_t asleep_ns[2], awake_ns[2];
    bool worked_asleep, gave_up;
    struct bt_pipeline *pipeline;
    struct bt_capture *capture; /* where there is no pipeline */
    struct bt_grant *grant;
    atomic_bool done;
};

/* Until so many cards of a pause have left: however slow the machine, what had begun before is through. */
static void await_cards(const struct other *o, unsigned count, int64_t give_up) {
    const unsigned then = atomic_load(o->paused_cards);
    while (atomic_load(o->paused_cards) - then < count && bt_clock_now_ns() < give_up)
        bt_clock_sleep_until_ns(bt_clock_now_ns() + MS);
}

static void *act(void *user) {
    struct other *o = user;
    const int64_t give_up = bt_clock_now_ns() + GIVE_UP_NS;
    while (o->masked && atomic_load(o->masked) < o->masked_before && bt_clock_now_ns() < give_up)
        bt_clock_sleep_until_ns(bt_clock_now_ns() + MS);
    bt_clock_sleep_until_ns(bt_clock_now_ns() + o->after_ns);
    if (o->deed == PAUSE) {
        bt_pipeline_pause(o->pipeline, BT_PAUSE_ASKED);
        bt_pipeline_pause(o->pipeline, BT_PAUSE_UNWATCHED);
        await_cards(o, 3, give_up);
        o->masked_paused = atomic_load(o->masked);
        bt_pipeline_resume(o->pipeline, BT_PAUSE_UNWATCHED); /* not what the wearer asked for */
        await_cards(o, 3, give_up);
        o->masked_still = atomic_load(o->masked);
        o->paused = bt_pipeline_paused(o->pipeline);
        bt_pipeline_resume(o->pipeline, BT_PAUSE_ASKED);
        while (atomic_load(o->masked) < o->masked_still + 3 && bt_clock_now_ns() < give_up)
            bt_clock_sleep_until_ns(bt_clock_now_ns() + MS);
    }
    if (o->deed == WITHDRAW || o->deed == BOTH) bt_grant_withdraw(o->grant);
    atomic_store(&o->done, true);
    if (o->deed == STOP || o->deed == BOTH || o->deed == PAUSE) {
        if (o->pipeline) bt_pipeline_stop(o->pipeline);
        if (o->capture) bt_capture_interrupt(o->capture);
    }
    return NULL;
}

static void send_other(struct other *o) {
    atomic_init(&o->done, false);
    assert_int_equal(pthread_create(&o->thread, NULL, act, o), 0);
}

/* ---- all stages ---- */

struct seen {
    struct other *other;
    atomic_uint masked, paused_cards;
    uint32_t masked_after; /* masked frames handed over after the other had done its deed */
};

static void watch(void *user, const struct bt_report *report) {
    struct seen *s = user;
    if (report->why == BT_E_PAUSED) atomic_fetch_add(&s->paused_cards, 1);
    if (report->why) return;
    atomic_fetch_add(&s->masked, 1);
    s->masked_after += atomic_load(&s->other->done);
}

static struct bt_grant *make_grant(void) {
    struct bt_grant *grant = NULL;
    const struct bt_consent_params params = {.log = t.log,
                                             .audit = audit,
                                             .facts = {.origin = BT_ORIGIN_BUILTIN, .owner = BT_OWNER_NOBODY},
                                             .face_name = mask->name,
                                             .source_name = "the built-in footage"};
    assert_int_equal(bt_consent_obtain(&params, &grant), BT_OK);
    return grant;
}

/* Whether the last frame that left was the placard, and how many left. */
static bool last_is_placard(const char *path, uint64_t *out_lines) {
    char line[256], last[256] = "";
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    for (*out_lines = 0; fgets(line, sizeof line, file); ++*out_lines) strcpy(last, line);
    fclose(file);
    return strstr(last, " placard ") != NULL;
}

struct session {
    struct bt_grant *grant;
    struct bt_capture *capture;
    struct bt_disclose *disclose;
    struct bt_track *track;
    struct bt_swap *swap;
    struct bt_output *output;
    struct bt_pipeline *pipeline;
    struct seen seen;
};

/* As src/app/session.c has it. */
static void sleep_or_wake(void *user, bool watched) {
    struct session *s = user;
    if (watched)
        bt_pipeline_resume(s->pipeline, BT_PAUSE_UNWATCHED);
    else
        bt_pipeline_pause(s->pipeline, BT_PAUSE_UNWATCHED);
}

static void open_session(struct session *s, struct other *other, int last, const char *hash, const char *loopback) {
    memset(s, 0, sizeof *s);
    atomic_init(&s->seen.masked, 0);
    atomic_init(&s->seen.paused_cards, 0);
    s->seen.other = other;
    s->grant = make_grant();
    s->capture = open_camera(test_brief(20, 400) * MS, last, false); /* the footage ends some time */
    s->disclose = open_disclose();
    const struct bt_track_params track = {.log = t.log,
                                          .gpu = t.gpu,
                                          .rig = rig,
                                          .detector = model[0],
                                          .mesh = model[1],
                                          .matte = model[2],
                                          .width_px = W,
                                          .height_px = H};
    assert_int_equal(bt_track_create(&track, &s->track), BT_OK);
    const struct bt_swap_params swap = {.log = t.log, .gpu = t.gpu, .rig = rig, .mask = mask, .width_px = W, .height_px = H};
    assert_int_equal(bt_swap_create(&swap, s->grant, &s->swap), BT_OK);
    s->output = open_output(s->disclose, hash, loopback, (struct bt_output_watch){s, loopback ? sleep_or_wake : NULL});
    const struct bt_pipeline_params params = {.log = t.log,
                                              .grant = s->grant,
                                              .capture = s->capture,
                                              .track = s->track,
                                              .swap = s->swap,
                                              .disclose = s->disclose,
                                              .output = s->output,
                                              .observer = {&s->seen, watch}};
    assert_int_equal(bt_pipeline_create(&params, &s->pipeline), BT_OK);
    other->pipeline = s->pipeline;
    other->grant = s->grant;
    other->masked = &s->seen.masked;
    other->paused_cards = &s->seen.paused_cards;
}

static void close_session(struct session *s) {
    bt_pipeline_destroy(&s->pipeline);
    bt_output_destroy(&s->output);
    bt_swap_destroy(&s->swap);
    bt_track_destroy(&s->track);
    bt_disclose_destroy(&s->disclose);
    bt_capture_destroy(&s->capture);
    bt_grant_destroy(&s->grant);
}

static void live(enum deed deed, uint32_t masked_before, int last, bt_status expected) {
    struct session s;
    struct other other = {.deed = deed, .after_ns = 7 * MS, .masked_before = masked_before};
    char hash[300];
    snprintf(hash, sizeof hash, "%s/hash", folder);
    open_session(&s, &other, last, hash, NULL);
    send_other(&other);
    const bt_status st = bt_pipeline_run(s.pipeline);
    pthread_join(other.thread, NULL);
    assert_int_equal(st, expected);
    assert_int_equal(bt_output_finish(s.output), BT_OK);
    const struct bt_pipeline_stats stats = bt_pipeline_stats_of(s.pipeline);
    const struct bt_output_stats out = bt_output_stats_of(s.output);
    uint64_t lines = 0;
    const bool placard = last_is_placard(hash, &lines);
    if (expected) assert_true(placard);
    assert_int_equal(stats.disclosed, stats.frames);
    assert_int_equal(out.hash_frames, lines);
    assert_int_equal(out.hash_frames + out.dropped, stats.frames);
    assert_int_equal(out.undisclosed, 0);
    if (deed == WITHDRAW || deed == BOTH) assert_true(s.seen.masked_after <= 1); /* the one that had been asked for before */
    close_session(&s);
    unlink(hash);
}

static void test_stopped_from_another_thread(void **state) {
    (void)state;
    live(STOP, 3, -1, BT_OK);
}

static void test_withdrawn_from_another_thread(void **state) {
    (void)state;
    live(WITHDRAW, 3, -1, BT_E_CONSENT);
}

static void test_withdrawn_before_the_first_frame(void **state) {
    (void)state;
    live(WITHDRAW, 0, -1, BT_E_CONSENT);
}

static void test_the_camera_goes_away(void **state) {
    (void)state;
    live(NOTHING, 0, 6, BT_E_IO);
}

static void test_paused_from_another_thread(void **state) {
    (void)state;
    struct session s;
    struct other other = {.deed = PAUSE, .after_ns = 7 * MS, .masked_before = 3};
    char hash[300], line[256], kinds[4096] = "";
    snprintf(hash, sizeof hash, "%s/hash", folder);
    atomic_store(&released, 0);
    open_session(&s, &other, -1, hash, NULL);
    send_other(&other);
    assert_int_equal(bt_pipeline_run(s.pipeline), BT_OK);
    pthread_join(other.thread, NULL);
    assert_int_equal(bt_output_finish(s.output), BT_OK);
    const struct bt_pipeline_stats stats = bt_pipeline_stats_of(s.pipeline);
    assert_true(other.masked_paused <= other.masked_before + 2 && other.masked_still == other.masked_paused);
    assert_int_equal(other.paused, BT_PAUSE_ASKED);
    assert_int_equal(bt_pipeline_paused(s.pipeline), 0);
    assert_true(stats.placards_by_status[BT_E_PAUSED] >= 6);
    assert_int_equal(atomic_load(&released), 1);
    FILE *file = fopen(hash, "r"); /* what left: masked, cards, masked */
    assert_non_null(file);
    for (size_t n = 0; fgets(line, sizeof line, file) && n + 1 < sizeof kinds;)
        if (!n || kinds[n - 1] != (strstr(line, " placard ") ? 'p' : 'm')) kinds[n++] = strstr(line, " placard ") ? 'p' : 'm';
    fclose(file);
    assert_non_null(strstr(kinds, "mpm"));
    close_session(&s);
    unlink(hash);
}

static void *watch_and_go(void *user) {
    struct other *o = user;
    const int64_t give_up = bt_clock_now_ns() + GIVE_UP_NS;
    while (atomic_load(o->masked) < 3 && bt_clock_now_ns() < give_up) bt_clock_sleep_until_ns(bt_clock_now_ns() + MS);
    for (int turn = 0; turn < 2; turn++) {
        const uint32_t given = atomic_load(&released);
        int64_t start = bt_clock_now_ns();
        fake_v4l2.readers = 0;
        fake_v4l2.events = 1;
        while (atomic_load(&released) == given && bt_clock_now_ns() < give_up) bt_clock_sleep_until_ns(bt_clock_now_ns() + MS);
        o->asleep_ns[turn] = bt_clock_now_ns() - start;
        await_cards(o, 2, give_up); /* what was on its way is through */
        o->masked_paused = atomic_load(o->masked);
        const uint32_t reads_then = atomic_load(&reads);
        await_cards(o, 2, give_up);
        o->worked_asleep |= atomic_load(o->masked) != o->masked_paused || atomic_load(&reads) != reads_then;
        start = bt_clock_now_ns();
        fake_v4l2.readers = 1;
        fake_v4l2.events = 1;
        while (atomic_load(&reads) == reads_then && bt_clock_now_ns() < give_up)
            bt_clock_sleep_until_ns(bt_clock_now_ns() + MS);
        o->awake_ns[turn] = bt_clock_now_ns() - start;
        while (atomic_load(o->masked) == o->masked_paused && bt_clock_now_ns() < give_up)
            bt_clock_sleep_until_ns(bt_clock_now_ns() + MS);
    }
    o->gave_up = bt_clock_now_ns() >= give_up;
    bt_pipeline_stop(o->pipeline);
    return NULL;
}

static void test_sleeps_while_nobody_watches(void **state) {
    (void)state;
    struct session s;
    struct other other = {.deed = NOTHING};
    atomic_store(&released, 0);
    fake_v4l2_reset("v4l2 loopback", V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE);
    memcpy(fake_v4l2.cap.card, "bauta", 6);
    fake_v4l2.readers = 1;
    fake_v4l2.events = 1;
    open_session(&s, &other, -1, NULL, FAKE_NODE);
    assert_int_equal(pthread_create(&other.thread, NULL, watch_and_go, &other), 0);
    assert_int_equal(bt_pipeline_run(s.pipeline), BT_OK);
    pthread_join(other.thread, NULL);
    assert_int_equal(bt_output_finish(s.output), BT_OK);
    assert_false(other.worked_asleep); /* neither camera nor GPU */
    for (int turn = 0; turn < 2; turn++) {
        print_message("asleep after %.0f ms, awake after %.0f ms\n", (double)other.asleep_ns[turn] / 1e6,
                      (double)other.awake_ns[turn] / 1e6);
    }
    assert_false(other.gave_up); /* 2 s and half a second are asked for: printed above, as no test asserts a time */
    assert_true(bt_pipeline_stats_of(s.pipeline).placards_by_status[BT_E_PAUSED] >= 8);
    close_session(&s);
}

/* ---- only what has threads of its own, often ---- */

static void test_many_starts_and_stops(void **state) {
    (void)state;
    struct bt_rng rng;
    char hash[300];
    snprintf(hash, sizeof hash, "%s/hash", folder);
    bt_rng_init(&rng, 20, 1);
    for (int k = 0; k < (int)test_brief(STARTS, 3); k++) {
        struct bt_capture *capture = open_camera(MS, -1, k % 4 == 3);
        struct bt_disclose *disclose = open_disclose();
        struct bt_output *output = open_output(disclose, hash, NULL, (struct bt_output_watch){0});
        struct other other = {.deed = STOP, .after_ns = (int64_t)(bt_rng_u32(&rng) % 60) * MS, .capture = capture};
        uint64_t frames = 0;
        bt_status st = BT_OK;
        if (k % 3 == 0) other.after_ns = 0;
        send_other(&other);
        while (!st) {
            struct bt_frame frame;
            struct bt_disclosed disclosed;
            st = bt_capture_take(capture, &frame);
            if (st) break;
            if (frames++ % 2)
                disclosed = bt_disclose_placard(disclose, BT_E_NO_FACE, frame.capture_ns, frame.sequence);
            else
                st = bt_disclose_apply(disclose, &frame, &disclosed);
            if (!st) st = bt_output_send(output, disclosed);
        }
        assert_int_equal(st, BT_E_INTERRUPTED);
        pthread_join(other.thread, NULL);
        assert_int_equal(bt_output_finish(output), BT_OK);
        const struct bt_output_stats out = bt_output_stats_of(output);
        assert_int_equal(out.hash_frames + out.dropped, frames);
        assert_int_equal(out.undisclosed, 0);
        bt_output_destroy(&output);
        bt_disclose_destroy(&disclose);
        bt_capture_destroy(&capture);
        unlink(hash);
    }
}

/* ---- what all share ---- */

static struct bt_bytes read_model(const char *name) {
    char path[1024];
    uint8_t *bytes = malloc(MODEL_BYTES);
    snprintf(path, sizeof path, "%s/%s.onnx", getenv("BAUTA_TEST_MODELS"), name);
    FILE *file = bytes ? fopen(path, "rb") : NULL;
    const size_t size = file ? fread(bytes, 1, MODEL_BYTES, file) : 0;
    if (file) fclose(file);
    return (struct bt_bytes){bytes, size};
}

static int set_up(void **state) {
    (void)state;
    static uint8_t geometry[GEOMETRY_FILE_MAX];
    static const char *const names[] = {"face_detector", "face_mesh", "selfie_matte"};
    test_folder(folder, sizeof folder);
    if (test_gpu_open(&t)) return 1;
    if (bt_rig_create(t.log, geometry_file(geometry), &rig)) return 1;
    if (bt_mask_builtin_grow(rig, 0, &mask)) return 1;
    if (bt_audit_open(t.log, NULL, NULL, &audit)) return 1;
    for (size_t i = 0; i < BT_COUNT(names); i++) {
        model[i] = read_model(names[i]);
        if (!model[i].size) return 1;
    }
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    for (size_t i = 0; i < BT_COUNT(model); i++) free((void *)model[i].data);
    bt_audit_close(&audit);
    bt_mask_destroy(&mask);
    bt_rig_destroy(&rig);
    test_gpu_close(&t);
    test_folder_remove(folder);
    return t.validation != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_many_starts_and_stops),         cmocka_unit_test(test_stopped_from_another_thread),
        cmocka_unit_test(test_withdrawn_from_another_thread), cmocka_unit_test(test_withdrawn_before_the_first_frame),
        cmocka_unit_test(test_the_camera_goes_away),          cmocka_unit_test(test_paused_from_another_thread),
        cmocka_unit_test(test_sleeps_while_nobody_watches),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
