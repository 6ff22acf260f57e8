/* SPDX-License-Identifier: MIT */
/* Recording and hashes over real disclosed frames; what cannot be opened; a disk that fills up; a label that is not there. */
#include "gpu/image.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include "support/cmocka.h"
#include "support/half.h"
#include "support/test_gpu.h"
#include "support/video.h"
#include "watermark/watermark.h"
#include <libavformat/avformat.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { W = 322, H = 182, FRAMES = 14 };

static struct test_gpu t;
static struct bt_image *image;
static char folder[256];

static const char *in_folder(const char *name) {
    static char paths[4][512];
    static unsigned turn;
    char *path = paths[turn++ % 4];
    snprintf(path, 512, "%s/%s", folder, name);
    return path;
}

static int set_up(void **state) {
    (void)state;
    test_folder(folder, sizeof folder);
    if (test_gpu_open(&t)) return 1;
    return bt_image_create(t.gpu, W, H, BT_IMAGE_RGBA16F, &image) != BT_OK;
}

static int tear_down(void **state) {
    (void)state;
    bt_image_destroy(&image);
    test_gpu_close(&t);
    test_folder_remove(folder);
    return t.validation != 0;
}

static struct bt_disclose *open_disclose(enum bt_egress egress) {
    struct bt_disclose *disclose = NULL;
    const struct bt_disclose_params params = {.log = t.log, .gpu = t.gpu, .width_px = W, .height_px = H, .egress = egress};
    assert_int_equal(bt_disclose_create(&params, &disclose), BT_OK);
    return disclose;
}

/* Frame k: a grey ramp that moves; every fifth is a placard. */
static struct bt_disclosed make_frame(struct bt_disclose *disclose, int k) {
    const int64_t ns = k * INT64_C(40000000);
    if (k % 5 == 4) return bt_disclose_placard(disclose, BT_E_NO_FACE, ns, (uint64_t)k);
    static uint16_t texels[W * H * 4];
    for (int y = 0; y < H; y++)
        for (int x = 0; x < W; x++)
            for (int i = 0; i < 4; i++) texels[4 * (y * W + x) + i] = test_half_of(i == 3 ? 1 : (float)((x + 10 * k) % W) / W);
    assert_int_equal(bt_image_write(image, texels, sizeof texels), BT_OK);
    struct bt_frame frame = {.linear = image, .width_px = W, .height_px = H, .capture_ns = ns, .sequence = (uint64_t)k};
    struct bt_disclosed disclosed;
    assert_int_equal(bt_disclose_apply(disclose, &frame, &disclosed), BT_OK);
    return disclosed;
}

static struct bt_output_params params_of(const struct bt_disclose *disclose) {
    return (struct bt_output_params){
        .log = t.log, .disclose = disclose, .width_px = W, .height_px = H, .rate_num = 25, .rate_den = 1};
}

/* The recording holds every frame, each with its label, and says in its metadata what it is. */
static void check_recording(const char *path) {
    struct bt_source *source = NULL;
    assert_int_equal(bt_source_open_file(t.log, path, &source), BT_OK);
    assert_int_equal(source->format.width_px, W);
    assert_int_equal(source->format.height_px, H);
    assert_false(source->format.full_range);
    assert_false(source->format.bt709);
    struct bt_disclose *reader = open_disclose(BT_EGRESS_I420); /* for what the label must look like */
    struct bt_picture picture = {.data = malloc(W * H * 3 / 2)};
    int64_t first = 0;
    for (int k = 0; k < FRAMES; k++) {
        assert_int_equal(source->ops->read(source, &picture), BT_OK);
        if (k == 0) first = picture.capture_ns;
        assert_true(llabs(picture.capture_ns - first - k * INT64_C(40000000)) < 1500000);
        struct bt_disclosed_view view = bt_disclose_bytes(reader, bt_disclose_placard(reader, BT_E_NO_FACE, 0, 0));
        float score = 0;
        view.bytes = picture.data;
        (void)bt_disclose_check(&view, &score); /* strict about what an encoder changes; the correlation is not */
        if (!(score > 0.98f)) fail_msg("%s, frame %d: no label (score %f)", path, k, (double)score);
    }
    assert_int_equal(source->ops->read(source, &picture), BT_E_END);
    free(picture.data);
    bt_disclose_destroy(&reader);
    bt_source_destroy(&source);
    AVFormatContext *format = NULL;
    assert_int_equal(avformat_open_input(&format, path, NULL, NULL), 0);
    const AVDictionaryEntry *comment = av_dict_get(format->metadata, "comment", NULL, 0);
    assert_non_null(comment);
    assert_non_null(strstr(comment->value, "AI MODIFIED"));
    assert_non_null(strstr(comment->value, bt_disclose_label_text()));
    avformat_close_input(&format);
}

static char *newest(void *user) {
    return strdup(user);
}

/* What a recording is told to say of itself is in its container: an .mp4 with what is known at its end. */
static void test_recordings_say_what_they_are(void **state) {
    (void)state;
    static const struct bt_output_tag tags[] = {{"AIGC", "{\"Label\":\"1\",\"ContentProducer\":\"人 & <7>\"}"},
                                                {"bauta_manifest", "{\"state\":\"running\"}"}};
    static char last[] = "{\"state\":\"ended\"}";
    const struct bt_output_about about = {
        .tag = tags, .tags = BT_COUNT(tags), .user = last, .last = newest, .last_key = "bauta_manifest"};
    static const char *const names[] = {"about.mkv", "about.mp4"};
    for (size_t i = 0; i < BT_COUNT(names); i++) {
        struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
        struct bt_output *output = NULL;
        struct bt_source *source = NULL;
        struct bt_output_params params = params_of(disclose);
        params.record = in_folder(names[i]);
        params.about = &about;
        assert_int_equal(bt_output_create(&params, &output), BT_OK);
        for (int k = 0; k < FRAMES; k++) assert_int_equal(bt_output_send(output, make_frame(disclose, k)), BT_OK);
        assert_int_equal(bt_output_finish(output), BT_OK);
        bt_output_destroy(&output);
        bt_disclose_destroy(&disclose);
        assert_int_equal(bt_source_open_file(t.log, params.record, &source), BT_OK);
        assert_string_equal(bt_source_file_tag(source, "AIGC"), tags[0].value);
        assert_string_equal(bt_source_file_tag(source, "bauta_manifest"), i ? last : tags[1].value);
        assert_non_null(strstr(bt_source_file_tag(source, "comment"), "AI MODIFIED"));
        assert_null(bt_source_file_tag(source, "no such tag"));
        assert_true(llabs(bt_source_file_length_ns(source) - FRAMES * INT64_C(40000000)) < 50000000);
        bt_source_destroy(&source);
    }
}

static void test_record_and_hash(void **state) {
    (void)state;
    static const struct {
        enum bt_egress egress;
        const char *record;
        bool paced;
    } cases[] = {{BT_EGRESS_I420, "a.mkv", false}, {BT_EGRESS_YUYV, "b.mp4", false}, {BT_EGRESS_NV12, "c.mkv", false}};
    size_t first_size = 0;
    uint8_t *first = NULL;
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_disclose *disclose = open_disclose(cases[i].egress);
        struct bt_output *output = NULL;
        struct bt_output_params params = params_of(disclose);
        const char *record = in_folder(cases[i].record), *hash = in_folder("hash.txt");
        params.record = record;
        params.hash = hash;
        assert_int_equal(bt_output_create(&params, &output), BT_OK);
        for (int k = 0; k < FRAMES; k++) assert_int_equal(bt_output_send(output, make_frame(disclose, k)), BT_OK);
        assert_int_equal(bt_output_finish(output), BT_OK);
        assert_int_equal(bt_output_finish(output), BT_OK);
        assert_int_equal(bt_output_send(output, (struct bt_disclosed){0}), BT_E_ARGUMENT);
        const struct bt_output_stats stats = bt_output_stats_of(output);
        assert_int_equal(stats.sent, FRAMES);
        assert_int_equal(stats.record_frames, FRAMES);
        assert_int_equal(stats.hash_frames, FRAMES);
        assert_int_equal(stats.loopback_frames, 0);
        assert_int_equal(stats.dropped, 0);
        assert_int_equal(stats.undisclosed, 0);
        bt_output_destroy(&output);
        assert_null(output);
        bt_output_destroy(&output);
        bt_output_destroy(NULL);
        bt_disclose_destroy(&disclose);
        check_recording(record);
        size_t size = 0;
        char *text = (char *)test_file_read(hash, &size), *at = text;
        for (int k = 0; k < FRAMES; k++) {
            char kind[16], digest[80];
            int number = -1, used = 0;
            assert_int_equal(sscanf(at, "%d %15s %79s%n", &number, kind, digest, &used), 3);
            assert_int_equal(number, k);
            assert_string_equal(kind, k % 5 == 4 ? "placard" : "frame");
            assert_int_equal(strlen(digest), 64);
            assert_int_equal(strspn(digest, "0123456789abcdef"), 64);
            at += used + 1;
        }
        assert_int_equal(at - text, size);
        if (i == 0) {
            first = (uint8_t *)text;
            first_size = size;
        } else {
            free(text);
        }
    }
    /* the same frames again, the same hashes */
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
    struct bt_output *output = NULL;
    struct bt_output_params params = params_of(disclose);
    params.hash = in_folder("again.txt");
    assert_int_equal(bt_output_create(&params, &output), BT_OK);
    for (int k = 0; k < FRAMES; k++) assert_int_equal(bt_output_send(output, make_frame(disclose, k)), BT_OK);
    bt_output_destroy(&output);
    bt_disclose_destroy(&disclose);
    size_t size = 0;
    uint8_t *again = test_file_read(in_folder("again.txt"), &size);
    assert_int_equal(size, first_size);
    assert_memory_equal(again, first, size);
    free(again);
    free(first);
}

static void test_paced_loses_count_of_nothing(void **state) {
    (void)state;
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_YUYV);
    struct bt_output *output = NULL;
    struct bt_output_params params = params_of(disclose);
    params.paced = true;
    params.record = in_folder("paced.mkv");
    assert_int_equal(bt_output_create(&params, &output), BT_OK);
    for (int k = 0; k < FRAMES; k++) assert_int_equal(bt_output_send(output, make_frame(disclose, k)), BT_OK);
    assert_int_equal(bt_output_finish(output), BT_OK);
    const struct bt_output_stats stats = bt_output_stats_of(output);
    assert_int_equal(stats.sent + stats.dropped, FRAMES);
    assert_int_equal(stats.sent, stats.record_frames);
    assert_true(stats.sent >= 1);
    bt_output_destroy(&output);
    bt_disclose_destroy(&disclose);
    struct bt_source *source = NULL;
    assert_int_equal(bt_source_open_file(t.log, params.record, &source), BT_OK);
    struct bt_picture picture = {.data = malloc(W * H * 3 / 2)};
    uint64_t count = 0;
    while (!source->ops->read(source, &picture)) count++;
    assert_int_equal(count, stats.record_frames);
    free(picture.data);
    bt_source_destroy(&source);
}

static void test_what_cannot_be_opened(void **state) {
    (void)state;
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
    static const struct {
        const char *loopback, *record, *hash;
        bt_status want;
        const char *says;
    } cases[] = {
        {NULL, NULL, NULL, BT_E_ARGUMENT, "no output"},
        {NULL, "/no/such/folder/a.mkv", NULL, BT_E_IO, "/no/such/folder/a.mkv"},
        {NULL, "/tmp/a.avi", NULL, BT_E_ARGUMENT, ".mkv or .mp4"},
        {NULL, "/dev/null.mkv/", NULL, BT_E_ARGUMENT, ".mkv or .mp4"},
        {NULL, NULL, "/no/such/folder/a.txt", BT_E_IO, "/no/such/folder/a.txt"},
        {"/dev/null", NULL, NULL, BT_E_UNSUPPORTED, "not a video device"},
        {"/dev/video-none", NULL, NULL, BT_E_NOT_FOUND, "/dev/video-none"},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_output *output = NULL;
        struct bt_output_params params = params_of(disclose);
        params.loopback = cases[i].loopback;
        params.record = cases[i].record;
        params.hash = cases[i].hash;
        const bt_status st = bt_output_create(&params, &output);
        if (st != cases[i].want) fail_msg("case %zu: %s", i, bauta_status_text(st));
        assert_null(output);
        assert_non_null(strstr(t.last, cases[i].says));
    }
    bt_disclose_destroy(&disclose);
}

static void test_a_full_disk(void **state) {
    (void)state;
    if (access("/dev/full", W_OK)) skip();
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
    struct bt_output *output = NULL;
    struct bt_output_params params = params_of(disclose);
    params.hash = "/dev/full";
    assert_int_equal(bt_output_create(&params, &output), BT_OK);
    bt_status st = BT_OK;
    for (int k = 0; k < FRAMES && !st; k++) st = bt_output_send(output, make_frame(disclose, k));
    const bt_status finished = bt_output_finish(output);
    assert_int_equal(st ? st : finished, BT_E_IO);
    assert_int_equal(finished, BT_E_IO);
    assert_non_null(strstr(t.last, "/dev/full"));
    bt_output_destroy(&output);
    bt_disclose_destroy(&disclose);
}

/* Files may not grow past 4 kB: write() fails midway, as on a full disk. */
static void test_a_recording_that_no_longer_fits(void **state) {
    (void)state;
    struct rlimit old, small;
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
    struct bt_output *output = NULL;
    struct bt_output_params params = params_of(disclose);
    params.record = in_folder("full.mkv");
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 4000;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    bt_status st = bt_output_create(&params, &output);
    for (int k = 0; k < 20 && !st; k++) st = bt_output_send(output, make_frame(disclose, k));
    const bt_status finished = bt_output_finish(output);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_true(st == BT_OK || st == BT_E_IO); /* what is buffered may only fail at the end */
    assert_int_equal(finished, BT_E_IO);
    assert_non_null(strstr(t.last, params.record));
    bt_output_destroy(&output);
    bt_disclose_destroy(&disclose);
}

static _Atomic bool blind;
bool __real_bt_disclose_check(const struct bt_disclosed_view *view, float *out_score);
bool __wrap_bt_disclose_check(const struct bt_disclosed_view *view, float *out_score);
bool __wrap_bt_disclose_check(const struct bt_disclosed_view *view, float *out_score) {
    const bool there = __real_bt_disclose_check(view, out_score);
    return there && !blind;
}

static void test_nothing_leaves_after_a_missing_label(void **state) {
    (void)state;
    for (int paced = 0; paced < 2; paced++) {
        struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
        struct bt_output *output = NULL;
        struct bt_output_params params = params_of(disclose);
        const char *path = in_folder("blind.txt");
        params.hash = path;
        params.paced = paced;
        assert_int_equal(bt_output_create(&params, &output), BT_OK);
        assert_int_equal(bt_output_send(output, make_frame(disclose, 0)), BT_OK);
        while (!bt_output_stats_of(output).sent) usleep(1000);
        const struct bt_disclosed second = make_frame(disclose, 1);
        blind = true;
        bt_status st = bt_output_send(output, second);
        for (int wait = 0; wait < 5000 && !bt_output_stats_of(output).undisclosed; wait++) usleep(1000);
        blind = false;
        if (!paced) assert_int_equal(st, BT_E_FORMAT);
        usleep(1000);
        for (int k = 2; k < 6; k++) assert_int_equal(bt_output_send(output, make_frame(disclose, k)), BT_E_FORMAT);
        assert_int_equal(bt_output_finish(output), BT_E_FORMAT);
        const struct bt_output_stats stats = bt_output_stats_of(output);
        assert_int_equal(stats.undisclosed, 1);
        assert_int_equal(stats.sent, 1);
        assert_int_equal(stats.hash_frames, 1);
        bt_output_destroy(&output);
        bt_disclose_destroy(&disclose);
    }
}

static _Atomic bool unmarked;
struct bt_disclosed_view __real_bt_disclose_bytes(const struct bt_disclose *disclose, struct bt_disclosed handle);
struct bt_disclosed_view __wrap_bt_disclose_bytes(const struct bt_disclose *disclose, struct bt_disclosed handle);
/* The same with the invisible mark taken out again, to within rounding: the label stays. */
struct bt_disclosed_view __wrap_bt_disclose_bytes(const struct bt_disclose *disclose, struct bt_disclosed handle) {
    static uint8_t copy[2 * W * H + BT_DISCLOSE_SLACK_BYTES];
    struct bt_disclosed_view view = __real_bt_disclose_bytes(disclose, handle);
    if (!unmarked) return view;
    memcpy(copy, view.bytes, view.size_bytes);
    struct bt_watermark_dose back = view.dose;
    back.sign = -back.sign;
    bt_watermark_embed(view.pattern, &back, copy, W, W, H);
    view.bytes = copy;
    return view;
}

/* One frame in 16 is asked; the sign turns in the first quarter of each second. */
static void test_nothing_leaves_after_a_missing_mark(void **state) {
    (void)state;
    for (int from = 0; from < 40; from += 13) {
        struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
        struct bt_output *output = NULL;
        struct bt_output_params params = params_of(disclose);
        bt_status st = BT_OK;
        int k = 0;
        params.hash = in_folder("unmarked.txt");
        assert_int_equal(bt_output_create(&params, &output), BT_OK);
        for (; k < from + 60 && !st; k++) {
            unmarked = k >= from;
            st = bt_output_send(output, make_frame(disclose, k));
        }
        unmarked = false;
        assert_int_equal(st, BT_E_FORMAT);
        assert_in_range(k, from + 1, from + 40);
        assert_int_equal(bt_output_send(output, make_frame(disclose, 100)), BT_E_FORMAT);
        assert_int_equal(bt_output_finish(output), BT_E_FORMAT);
        const struct bt_output_stats stats = bt_output_stats_of(output);
        assert_int_equal(stats.undisclosed, 1);
        assert_int_equal(stats.sent, k - 1);
        assert_true(stats.mark_looks >= 1 && stats.mark_seen <= stats.mark_looks);
        assert_non_null(strstr(t.last, "invisible mark"));
        bt_output_destroy(&output);
        bt_disclose_destroy(&disclose);
    }
}

static void test_a_forged_handle_gives_the_placard(void **state) {
    (void)state;
    struct bt_disclose *disclose = open_disclose(BT_EGRESS_I420);
    struct bt_output *output = NULL;
    struct bt_output_params params = params_of(disclose);
    const char *path = in_folder("forged.txt");
    params.hash = path;
    assert_int_equal(bt_output_create(&params, &output), BT_OK);
    const struct bt_disclosed forged[] = {{0, 0}, {5, 12345}, {UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < BT_COUNT(forged); i++) assert_int_equal(bt_output_send(output, forged[i]), BT_OK);
    bt_output_destroy(&output);
    bt_disclose_destroy(&disclose);
    size_t size = 0;
    char *text = (char *)test_file_read(path, &size);
    assert_null(strstr(text, "frame"));
    assert_non_null(strstr(text, "placard"));
    free(text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_record_and_hash),
        cmocka_unit_test(test_recordings_say_what_they_are),
        cmocka_unit_test(test_paced_loses_count_of_nothing),
        cmocka_unit_test(test_what_cannot_be_opened),
        cmocka_unit_test(test_a_full_disk),
        cmocka_unit_test(test_a_recording_that_no_longer_fits),
        cmocka_unit_test(test_nothing_leaves_after_a_missing_label),
        cmocka_unit_test(test_nothing_leaves_after_a_missing_mark),
        cmocka_unit_test(test_a_forged_handle_gives_the_placard),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
