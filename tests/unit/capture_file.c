/* SPDX-License-Identifier: MIT */
#include "base/log.h"
#include "base/rng.h"
#include "pipeline/capture/internal.h"
#include "support/cmocka.h"
#include "support/video.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[256];
static char last_error[512];

static void sink(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    if (level == BT_LOG_ERROR) snprintf(last_error, sizeof last_error, "%.500s", line);
}

static struct bt_log *log_of_test;

static int set_up(void **state) {
    (void)state;
    test_folder(folder, sizeof folder);
    log_of_test = bt_log_create(sink, NULL, BT_LOG_DEBUG);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    test_folder_remove(folder);
    bt_log_destroy(&log_of_test);
    return 0;
}

static const char *in_folder(const char *name) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

/* Reads to the end; returns the number of pictures. */
static int read_all(struct bt_source *source, bt_status *out_last) {
    struct bt_picture picture = {
        .data = malloc(bt_picture_bytes(source->format.pixels, source->format.width_px, source->format.height_px))};
    int count = 0;
    while (!(*out_last = source->ops->read(source, &picture))) count++;
    free(picture.data);
    return count;
}

static void test_frames_come_whole_and_in_order(void **state) {
    (void)state;
    static const struct {
        const char *name, *encoder, *pixels;
        int w, h, tolerance;
        bool required;
    } cases[] = {
        {"a.mp4", "mpeg4", "yuv420p", 64, 48, 4, true},    {"a.mkv", "libx264", "yuv420p", 64, 48, 4, false},
        {"a.avi", "mjpeg", "yuvj420p", 66, 34, 4, true},   {"b.avi", "mjpeg", "yuvj422p", 64, 48, 4, true},
        {"b.mkv", "ffv1", "yuv422p10le", 64, 48, 2, true}, {"c.mkv", "ffv1", "gray", 64, 48, 2, true},
        {"d.mkv", "ffv1", "bgr0", 35, 19, 2, true},        {"e.mkv", "ffv1", "yuv444p", 641, 361, 2, true},
        {"f.nut", "rawvideo", "rgb24", 17, 16, 2, true},   {"g.mkv", "ffv1", "bgr0", 722, 722, 2, true},
        {"h.mov", "png", "rgba", 40, 40, 2, true},         {"i.mkv", "ffv1", "yuva420p", 48, 48, 2, true},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        const struct test_video video = {
            in_folder(cases[i].name), cases[i].encoder, cases[i].pixels, cases[i].w, cases[i].h, 12, 25};
        if (!test_video_write(&video)) {
            if (cases[i].required) fail_msg("%s could not be made", cases[i].name);
            continue;
        }
        struct bt_source *source = NULL;
        assert_int_equal(bt_source_open_file(log_of_test, video.path, &source), BT_OK);
        assert_int_equal(source->format.width_px, cases[i].w & ~1);
        assert_int_equal(source->format.height_px, cases[i].h & ~1);
        assert_int_equal(source->format.pixels, BT_PIXELS_I420);
        assert_false(source->format.live);
        assert_false(source->format.full_range);
        assert_int_equal(source->format.bt709, cases[i].h >= 720);
        assert_int_equal(source->format.rate_num, 25 * source->format.rate_den);
        assert_string_equal(source->name, cases[i].name);
        const size_t luma = (size_t)source->format.width_px * source->format.height_px, bytes = luma + luma / 2;
        struct bt_picture picture = {.data = malloc(bytes)};
        int64_t first = 0;
        for (int k = 0; k < 12; k++) {
            memset(picture.data, 0, bytes);
            assert_int_equal(source->ops->read(source, &picture), BT_OK);
            const int want = 16 + (test_video_grey(k) * 219 + 127) / 255; /* limited range */
            for (size_t p = 0; p < bytes; p++) {
                const int off = picture.data[p] - (p < luma ? want : 128);
                if (off > cases[i].tolerance || off < -cases[i].tolerance)
                    fail_msg("%s frame %d byte %zu: %d, not %d", cases[i].name, k, p, picture.data[p], p < luma ? want : 128);
            }
            if (k == 0) first = picture.capture_ns;
            const int64_t late = picture.capture_ns - first - k * INT64_C(40000000);
            assert_true(late > -1500000 && late < 1500000); /* Matroska counts milliseconds */
        }
        assert_int_equal(source->ops->read(source, &picture), BT_E_END);
        assert_int_equal(source->ops->read(source, &picture), BT_E_END);
        free(picture.data);
        bt_source_destroy(&source);
        assert_null(source);
    }
    bt_source_destroy(NULL);
}

static void refused(const char *path, bt_status want) {
    struct bt_source *source = NULL;
    last_error[0] = 0;
    const bt_status got = bt_source_open_file(log_of_test, path, &source);
    if (got != want) fail_msg("%s: %s, not %s", path, bauta_status_text(got), bauta_status_text(want));
    assert_null(source);
    assert_non_null(strstr(last_error, path)); /* the message names the file */
}

static void test_what_is_no_video_is_refused(void **state) {
    (void)state;
    refused(in_folder("missing.mkv"), BT_E_NOT_FOUND);
    refused(folder, BT_E_ARGUMENT);
    refused("/dev/null", BT_E_ARGUMENT);
    test_file_write(in_folder("empty.mkv"), "", 0);
    refused(in_folder("empty.mkv"), BT_E_FORMAT);
    test_file_write(in_folder("text.mp4"), "hello, this is no video at all\n", 31);
    refused(in_folder("text.mp4"), BT_E_FORMAT);
    struct bt_rng rng;
    bt_rng_init(&rng, 4, 2);
    uint8_t noise[8192];
    for (int i = 0; i < 30; i++) {
        for (size_t k = 0; k < sizeof noise; k++) noise[k] = (uint8_t)bt_rng_u32(&rng);
        test_file_write(in_folder("noise.mkv"), noise, sizeof noise);
        refused(in_folder("noise.mkv"), BT_E_FORMAT);
    }
    /* playlists would open what they name */
    const struct test_video real = {in_folder("real.mkv"), "mpeg4", "yuv420p", 64, 48, 3, 25};
    assert_true(test_video_write(&real));
    const char *list = "ffconcat version 1.0\nfile real.mkv\n",
               *hls = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nreal.mkv\n#EXT-X-ENDLIST\n";
    test_file_write(in_folder("list.ffconcat"), list, strlen(list));
    refused(in_folder("list.ffconcat"), BT_E_FORMAT);
    test_file_write(in_folder("list.m3u8"), hls, strlen(hls));
    refused(in_folder("list.m3u8"), BT_E_FORMAT);
    const struct test_video small = {in_folder("small.mkv"), "ffv1", "bgr0", 8, 8, 3, 25};
    assert_true(test_video_write(&small));
    refused(in_folder("small.mkv"), BT_E_FORMAT);
    /* a huge picture in a header of a few bytes */
    const char *huge = "YUV4MPEG2 W60000 H60000 F25:1 Ip A1:1 C420jpeg\nFRAME\n";
    test_file_write(in_folder("huge.y4m"), huge, strlen(huge));
    refused(in_folder("huge.y4m"), BT_E_FORMAT);
}

static void test_cut_off_anywhere(void **state) {
    (void)state;
    static const char *const kinds[][3] = {{"c.mp4", "mpeg4", "yuv420p"},
                                           {"c.mkv", "mpeg4", "yuv420p"},
                                           {"c.avi", "mjpeg", "yuvj420p"},
                                           {"d.mkv", "ffv1", "yuv420p"}};
    for (size_t i = 0; i < BT_COUNT(kinds); i++) {
        const struct test_video video = {in_folder(kinds[i][0]), kinds[i][1], kinds[i][2], 48, 32, 8, 25};
        assert_true(test_video_write(&video));
        size_t size = 0;
        uint8_t *bytes = test_file_read(video.path, &size);
        int opened = 0, most = 0;
        const size_t step = size / 60 + 1;
        for (size_t cut = 0; cut < size; cut += cut < 32 ? 4 : step) {
            struct bt_source *source = NULL;
            test_file_write(in_folder("cut.bin"), bytes, cut);
            const bt_status st = bt_source_open_file(log_of_test, in_folder("cut.bin"), &source);
            if (st) {
                if (st != BT_E_FORMAT && st != BT_E_UNSUPPORTED) fail_msg("%s cut at %zu: %s", kinds[i][0], cut, last_error);
                continue;
            }
            bt_status last = BT_OK;
            const int count = read_all(source, &last);
            assert_int_equal(last, BT_E_END);
            assert_true(count >= 1 && count <= 8);
            if (count > most) most = count;
            opened++;
            bt_source_destroy(&source);
        }
        /* MP4 keeps its index at the end; the others give what is there. */
        if (strcmp(kinds[i][0], "c.mp4")) assert_true(opened > 10 && most >= 6);
        free(bytes);
    }
}

static void test_wrong_bytes_anywhere(void **state) {
    (void)state;
    static const char *const kinds[][3] = {{"w.mp4", "mpeg4", "yuv420p"},
                                           {"w.mkv", "mpeg4", "yuv420p"},
                                           {"w.avi", "mjpeg", "yuvj420p"},
                                           {"w.nut", "rawvideo", "yuv420p"}};
    struct bt_rng rng;
    bt_rng_init(&rng, 31, 3);
    for (size_t i = 0; i < BT_COUNT(kinds); i++) {
        const struct test_video video = {in_folder(kinds[i][0]), kinds[i][1], kinds[i][2], 48, 32, 6, 25};
        assert_true(test_video_write(&video));
        size_t size = 0;
        uint8_t *bytes = test_file_read(video.path, &size);
        for (int round = 0; round < 60; round++) {
            uint8_t *copy = malloc(size);
            memcpy(copy, bytes, size);
            for (int k = 0; k < 1 + round % 20; k++)
                copy[bt_rng_u32(&rng) % (round & 1 ? size : size < 600 ? size : 600)] = (uint8_t)bt_rng_u32(&rng);
            test_file_write(in_folder("wrong.bin"), copy, size);
            free(copy);
            struct bt_source *source = NULL;
            const bt_status st = bt_source_open_file(log_of_test, in_folder("wrong.bin"), &source);
            if (st) continue;
            bt_status last = BT_OK;
            (void)read_all(source, &last);
            assert_int_equal(last, BT_E_END);
            bt_source_destroy(&source);
        }
        free(bytes);
    }
}

static void test_interrupt(void **state) {
    (void)state;
    const struct test_video video = {in_folder("i.mkv"), "mpeg4", "yuv420p", 64, 48, 30, 25};
    assert_true(test_video_write(&video));
    struct bt_source *source = NULL;
    assert_int_equal(bt_source_open_file(log_of_test, video.path, &source), BT_OK);
    struct bt_picture picture = {.data = malloc(64 * 48 * 3 / 2)};
    assert_int_equal(source->ops->read(source, &picture), BT_OK);
    source->ops->interrupt(source);
    assert_int_equal(source->ops->read(source, &picture), BT_E_INTERRUPTED);
    free(picture.data);
    bt_source_destroy(&source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_come_whole_and_in_order),
        cmocka_unit_test(test_what_is_no_video_is_refused),
        cmocka_unit_test(test_cut_off_anywhere),
        cmocka_unit_test(test_wrong_bytes_anywhere),
        cmocka_unit_test(test_interrupt),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
