/* SPDX-License-Identifier: MIT */
/* A camera that misbehaves in every way that cameras do. */
#include "base/clock.h"
#include "pipeline/capture/devices.h"
#include "pipeline/capture/internal.h"
#include "support/cmocka.h"
#include "support/fake_v4l2.h"
#include "support/said.h"
#include "support/video.h"
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define CAMERA (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING)

static uint8_t frame[1 << 20];

static int set_up(void **state) {
    for (size_t i = 0; i < sizeof frame; i++) frame[i] = (uint8_t)(i * 7 + i / 251);
    return said_set_up(state);
}

static void offer(uint32_t fourcc, uint32_t w, uint32_t h) {
    fake_v4l2_reset("uvcvideo", CAMERA);
    fake_v4l2.offers[0] = (struct v4l2_pix_format){.pixelformat = fourcc, .width = w, .height = h};
    fake_v4l2.offer_count = 1;
    fake_v4l2.frame = frame;
    fake_v4l2.frame_bytes = (size_t)w * h * (fourcc == V4L2_PIX_FMT_YUYV ? 4 : 3) / 2;
    said_clear();
}

static bt_status open_fake(struct bt_source **out_source) {
    const struct bt_camera_params params = {.log = said_log, .path = FAKE_NODE, .width_px = 64, .height_px = 32};
    return bt_source_open_camera(&params, out_source);
}

static void test_pictures_come_tight(void **state) {
    (void)state;
    static const struct {
        uint32_t fourcc, w, h, stride;
    } cases[] = {
        {V4L2_PIX_FMT_YUYV, 64, 32, 0}, {V4L2_PIX_FMT_YUYV, 64, 32, 160}, {V4L2_PIX_FMT_YUYV, 34, 19, 80},
        {V4L2_PIX_FMT_NV12, 64, 32, 0}, {V4L2_PIX_FMT_NV12, 34, 18, 64},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        const uint32_t w = cases[i].w, h = cases[i].h & ~1u;
        const bool yuyv = cases[i].fourcc == V4L2_PIX_FMT_YUYV;
        const uint32_t stride = cases[i].stride ? cases[i].stride : yuyv ? 2 * w : w;
        offer(cases[i].fourcc, w, cases[i].h);
        fake_v4l2.forced.bytesperline = cases[i].stride;
        fake_v4l2.frame_bytes = (size_t)stride * cases[i].h * (yuyv ? 2 : 3) / 2;
        struct bt_source *source = NULL;
        assert_int_equal(open_fake(&source), BT_OK);
        assert_true(source->format.live);
        assert_int_equal(source->format.width_px, w);
        assert_int_equal(source->format.height_px, h);
        assert_int_equal(source->format.rate_num, 30);
        assert_string_equal(source->name, "Fake");
        const size_t bytes = bt_picture_bytes(source->format.pixels, w, h), row = yuyv ? 2 * w : w;
        struct bt_picture picture = {.data = malloc(bytes)}; /* exact: a sanitizer sees a byte too many */
        for (int k = 0; k < 9; k++) {
            memset(picture.data, 0, bytes);
            assert_int_equal(source->ops->read(source, &picture), BT_OK);
            for (size_t y = 0; y < bytes / row; y++) {
                /* NV12's chroma follows the padded luma of the whole picture */
                const size_t from = !yuyv && y >= h ? (size_t)stride * cases[i].h + (y - h) * stride : y * stride;
                assert_memory_equal(picture.data + y * row, frame + from, row);
            }
        }
        assert_int_equal(fake_v4l2.queued, 4 + 9); /* each is given back */
        free(picture.data);
        bt_source_destroy(&source);
    }
}

/* Cameras that name ranges instead of lists: the nearest member of the range is asked for. */
static void test_ranges_are_kept_to(void **state) {
    (void)state;
    static const struct {
        uint32_t type;
        struct v4l2_frmsize_stepwise sizes;
        uint32_t wish_w, wish_h, w, h;
    } sizes[] = {
        {V4L2_FRMSIZE_TYPE_CONTINUOUS, {16, 4096, 1, 16, 2160, 1}, 1234, 567, 1234, 567},
        {V4L2_FRMSIZE_TYPE_STEPWISE, {48, 1920, 16, 32, 1080, 8}, 650, 365, 656, 368},
        {V4L2_FRMSIZE_TYPE_STEPWISE, {48, 640, 16, 32, 480, 8}, 1920, 1080, 640, 480},
        {V4L2_FRMSIZE_TYPE_STEPWISE, {320, 640, 160, 240, 480, 120}, 64, 64, 320, 240},
        {V4L2_FRMSIZE_TYPE_STEPWISE, {100, 190, 40, 100, 190, 40}, 190, 190, 180, 180}, /* the most is no member */
        {V4L2_FRMSIZE_TYPE_STEPWISE, {64, 64, 0, 64, 64, 0}, 640, 480, 64, 64},
    };
    static const struct {
        struct v4l2_frmival_stepwise intervals;
        uint32_t wish, num, den; /* the interval */
    } rates[] = {
        {{{1, 120}, {1, 1}, {1, 1}}, 50, 1, 50},
        {{{1, 30}, {1, 5}, {1, 1}}, 60, 1, 30},
        {{{1, 30}, {1, 5}, {1, 1}}, 2, 1, 5},
        {{{1001, 30000}, {1, 5}, {1, 30}}, 30, 1001, 30000},
    };
    for (size_t i = 0; i < BT_COUNT(sizes); i++)
        for (size_t k = 0; k < BT_COUNT(rates); k++) {
            offer(V4L2_PIX_FMT_YUYV, 64, 32);
            fake_v4l2.size_type = sizes[i].type;
            fake_v4l2.sizes = sizes[i].sizes;
            fake_v4l2.interval_type = k % 2 ? V4L2_FRMIVAL_TYPE_STEPWISE : V4L2_FRMIVAL_TYPE_CONTINUOUS;
            fake_v4l2.intervals = rates[k].intervals;
            struct bt_source *source = NULL;
            const struct bt_camera_params params = {.log = said_log,
                                                    .path = FAKE_NODE,
                                                    .width_px = sizes[i].wish_w,
                                                    .height_px = sizes[i].wish_h,
                                                    .rate = rates[k].wish};
            assert_int_equal(bt_source_open_camera(&params, &source), BT_OK);
            assert_int_equal(fake_v4l2.format.width, sizes[i].w);
            assert_int_equal(fake_v4l2.format.height, sizes[i].h);
            assert_int_equal(fake_v4l2.interval.numerator, rates[k].num);
            assert_int_equal(fake_v4l2.interval.denominator, rates[k].den);
            assert_int_equal(source->format.rate_num, rates[k].den);
            bt_source_destroy(&source);
        }
}

static void test_times_are_made_sane(void **state) {
    (void)state;
    static const struct {
        int64_t off_s;
        uint32_t flags;
    } cases[] = {{3600, V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC},
                 {-3600, V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC},
                 {0, V4L2_BUF_FLAG_TIMESTAMP_MONOTONIC},
                 {-1, V4L2_BUF_FLAG_TIMESTAMP_UNKNOWN}, /* could be true, but by another clock */
                 {1700000000, V4L2_BUF_FLAG_TIMESTAMP_COPY}};
    struct bt_picture picture = {.data = malloc(64 * 32 * 2)};
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_source *source = NULL;
        offer(V4L2_PIX_FMT_YUYV, 64, 32);
        fake_v4l2.clock_off_s = cases[i].off_s;
        fake_v4l2.clock_flags = cases[i].flags;
        assert_int_equal(open_fake(&source), BT_OK);
        int64_t before = bt_clock_now_ns() - 1000000000;
        for (int k = 0; k < 20; k++) {
            const int64_t asked = bt_clock_now_ns();
            if (k == 10) fake_v4l2.clock_off_s = -fake_v4l2.clock_off_s;
            assert_int_equal(source->ops->read(source, &picture), BT_OK);
            assert_true(picture.capture_ns <= bt_clock_now_ns());
            assert_true(picture.capture_ns >= before);
            if (cases[i].off_s) assert_true(picture.capture_ns >= asked); /* what cannot be true is not taken */
            before = picture.capture_ns;
        }
        bt_source_destroy(&source);
    }
    free(picture.data);
}

static void test_damaged_frames_are_skipped_and_counted(void **state) {
    (void)state;
    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    fake_v4l2.error_every = 3;
    fake_v4l2.fail_dqbuf = EIO;
    fake_v4l2.dqbuf_faults = 2;
    struct bt_source *source = NULL;
    assert_int_equal(open_fake(&source), BT_OK);
    struct bt_picture picture = {.data = malloc(64 * 32 * 2)};
    for (int k = 0; k < 10; k++) assert_int_equal(source->ops->read(source, &picture), BT_OK);
    assert_int_equal(fake_v4l2.dequeued, 14);
    bt_source_destroy(&source);
    assert_said("6 damaged frames"); /* two on the bus, four flagged */

    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    fake_v4l2.frame_bytes -= 1; /* every frame is a byte short */
    assert_int_equal(open_fake(&source), BT_OK);
    assert_int_equal(source->ops->read(source, &picture), BT_E_IO);
    assert_said("damaged frames in a row");
    bt_source_destroy(&source);

    offer(V4L2_PIX_FMT_MJPEG, 64, 32); /* and garbage for JPEG */
    assert_int_equal(open_fake(&source), BT_OK);
    assert_true(source->format.full_range);
    assert_int_equal(source->ops->read(source, &picture), BT_E_IO);
    bt_source_destroy(&source);
    free(picture.data);
}

/* Reads until it gives a picture or something else than `meanwhile`; how long that took. */
static int64_t read_until(struct bt_source *source, struct bt_picture *picture, bt_status meanwhile, bt_status want) {
    const int64_t start = bt_clock_now_ns();
    bt_status st;
    do st = source->ops->read(source, picture);
    while (st == meanwhile && bt_clock_now_ns() < start + INT64_C(10000000000));
    assert_int_equal(st, want);
    return bt_clock_now_ns() - start;
}

static void unplug(void) {
    fake_v4l2.fail_dqbuf = ENODEV;
    fake_v4l2.dqbuf_faults = UINT32_MAX;
    fake_v4l2.fail_open = ENOENT;
}

static void plug(void) {
    fake_v4l2.dqbuf_faults = 0;
    fake_v4l2.fail_open = 0;
}

static void test_unplugged_and_plugged_again(void **state) {
    (void)state;
    static const uint32_t kinds[] = {V4L2_PIX_FMT_YUYV, V4L2_PIX_FMT_NV12};
    for (size_t i = 0; i < BT_COUNT(kinds); i++) {
        offer(kinds[i], 64, 32);
        struct bt_source *source = NULL;
        assert_int_equal(open_fake(&source), BT_OK);
        struct bt_picture picture = {.data = malloc(64 * 32 * 2)};
        for (int turn = 0; turn < 3; turn++) {
            said_clear();
            assert_int_equal(source->ops->read(source, &picture), BT_OK);
            const int64_t before = picture.capture_ns;
            unplug();
            for (int k = 0; k < 4; k++) assert_int_equal(source->ops->read(source, &picture), BT_E_NOT_FOUND);
            assert_int_equal(assert_said("unplugged"), 1);
            assert_int_equal(fake_v4l2.open_now, 0); /* an open node would keep its number from it */
            plug();
            assert_true(read_until(source, &picture, BT_E_NOT_FOUND, BT_OK) < INT64_C(2000000000));
            assert_said("is back");
            assert_true(picture.capture_ns > before);
            assert_int_equal(fake_v4l2.format.pixelformat, kinds[i]);
        }
        free(picture.data);
        bt_source_destroy(&source);
    }
}

static void test_what_comes_in_its_place_is_not_taken(void **state) {
    (void)state;
    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    struct bt_source *source = NULL;
    assert_int_equal(open_fake(&source), BT_OK);
    struct bt_picture picture = {.data = malloc(64 * 32 * 2)};
    unplug();
    assert_int_equal(source->ops->read(source, &picture), BT_E_NOT_FOUND);
    plug();
    memcpy(fake_v4l2.cap.card, "Other", 6); /* another camera under its number */
    assert_int_equal(source->ops->read(source, &picture), BT_E_NOT_FOUND);
    memcpy(fake_v4l2.cap.card, "Fake", 5);
    memcpy(fake_v4l2.cap.bus_info, "usb-2", 6); /* one of the same name, elsewhere */
    assert_int_equal(source->ops->read(source, &picture), BT_E_NOT_FOUND);
    assert_int_equal(fake_v4l2.open_now, 0);
    memset(fake_v4l2.cap.bus_info, 0, sizeof fake_v4l2.cap.bus_info);
    assert_int_equal(source->ops->read(source, &picture), BT_OK);
    unplug();
    assert_int_equal(source->ops->read(source, &picture), BT_E_NOT_FOUND);
    plug();
    fake_v4l2.fail_s_fmt = EBUSY; /* somebody was faster */
    said_clear();
    for (int k = 0; k < 3; k++) assert_int_equal(source->ops->read(source, &picture), BT_E_BUSY);
    assert_int_equal(assert_said("in use by"), 1);
    fake_v4l2.fail_s_fmt = 0;
    assert_true(read_until(source, &picture, BT_E_BUSY, BT_OK) < INT64_C(2000000000));
    unplug();
    assert_int_equal(source->ops->read(source, &picture), BT_E_NOT_FOUND);
    plug();
    fake_v4l2.forced.width = 32; /* it cannot do any more what all was made for */
    assert_int_equal(source->ops->read(source, &picture), BT_E_UNSUPPORTED);
    assert_said("another format");
    free(picture.data);
    bt_source_destroy(&source);
}

static void test_given_back_and_taken_again(void **state) {
    (void)state;
    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    struct bt_source *source = NULL;
    assert_int_equal(open_fake(&source), BT_OK);
    struct bt_picture picture = {.data = malloc(64 * 32 * 2)};
    for (int k = 0; k < 3; k++) {
        assert_int_equal(source->ops->read(source, &picture), BT_OK);
        source->ops->interrupt(source);
        assert_int_equal(source->ops->read(source, &picture), BT_E_INTERRUPTED);
        source->ops->release(source);
        assert_int_equal(fake_v4l2.open_now, 0);
    }
    said_clear();
    assert_int_equal(source->ops->read(source, &picture), BT_OK); /* at once, and without a word */
    assert_string_equal(said_all, "");
    unplug();
    assert_int_equal(source->ops->read(source, &picture), BT_E_NOT_FOUND);
    source->ops->interrupt(source); /* also wakes who waits for it */
    assert_int_equal(source->ops->read(source, &picture), BT_E_INTERRUPTED);
    free(picture.data);
    bt_source_destroy(&source);
}

static void *interrupt_soon(void *user) {
    struct bt_source *source = user;
    bt_clock_sleep_until_ns(bt_clock_now_ns() + 50000000);
    source->ops->interrupt(source);
    return NULL;
}

static void test_silence_and_interruption(void **state) {
    (void)state;
    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    fake_v4l2.silent = true;
    struct bt_source *source = NULL;
    assert_int_equal(open_fake(&source), BT_OK);
    struct bt_picture picture = {.data = malloc(64 * 32 * 2)};
    assert_int_equal(source->ops->read(source, &picture), BT_E_TIMEOUT);
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, source), 0);
    const int64_t start = bt_clock_now_ns();
    assert_int_equal(source->ops->read(source, &picture), BT_E_INTERRUPTED);
    assert_true(bt_clock_now_ns() - start < 1500000000);
    pthread_join(thread, NULL);
    free(picture.data);
    bt_source_destroy(&source);
}

static void test_what_keeps_a_camera_from_opening(void **state) {
    (void)state;
    struct bt_source *source = NULL;
    static const struct {
        int s_fmt, reqbufs, streamon;
        bt_status want;
        const char *says;
    } cases[] = {
        {EBUSY, 0, 0, BT_E_BUSY, "in use"},          {0, EBUSY, 0, BT_E_BUSY, "in use"},
        {0, 0, ENOSPC, BT_E_IO, "USB bandwidth"},    {0, 0, EINVAL, BT_E_IO, "does not start"},
        {ENODEV, 0, 0, BT_E_NOT_FOUND, "unplugged"}, {0, ENOMEM, 0, BT_E_IO, "no buffers"},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        offer(V4L2_PIX_FMT_YUYV, 64, 32);
        fake_v4l2.fail_s_fmt = cases[i].s_fmt;
        fake_v4l2.fail_reqbufs = cases[i].reqbufs;
        fake_v4l2.fail_streamon = cases[i].streamon;
        assert_int_equal(open_fake(&source), cases[i].want);
        assert_null(source);
        assert_said(cases[i].says);
        assert_said(FAKE_NODE);
    }
    offer(V4L2_PIX_FMT_H264, 64, 32);
    assert_int_equal(open_fake(&source), BT_E_UNSUPPORTED);
    assert_said("motion JPEG");
    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    fake_v4l2.forced.pixelformat = V4L2_PIX_FMT_H264;
    assert_int_equal(open_fake(&source), BT_E_UNSUPPORTED);
    assert_said("H264");
    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    fake_v4l2.forced.width = 8;
    assert_int_equal(open_fake(&source), BT_E_UNSUPPORTED);
    assert_null(source);
}

static void test_software_is_told_from_hardware(void **state) {
    (void)state;
    static const struct {
        const char *driver;
        bool software;
    } cases[] = {{"uvcvideo", false}, {"bcm2835-unicam", false}, {"", false}, {"v4l2 loopback", true}, {"vivid", true},
                 {"vimc", true},      {"akvcam", true}};
    struct bt_device device;
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        fake_v4l2_reset(cases[i].driver, CAMERA);
        bt_devices_look(FAKE_NODE, &device);
        assert_int_equal(device.opened, BT_OK);
        assert_string_equal(device.driver, cases[i].driver);
        assert_int_equal(device.software, cases[i].software);
    }
    bt_devices_look("/dev/video-none", &device);
    assert_int_equal(device.opened, BT_E_NOT_FOUND);
    char long_name[200];
    memset(long_name, 'x', sizeof long_name);
    long_name[sizeof long_name - 1] = 0;
    bt_devices_look(long_name, &device);
    assert_int_equal(device.opened, BT_E_ARGUMENT);
}

/* A folder for /dev, one for /dev/v4l/by-id, one for /sys; only the camera itself is made up in the process. */
static void put_node(const char *folder, int number, const char *name, const char *link) {
    char path[512], target[64];
    snprintf(path, sizeof path, "%s/dev/video%d", folder, number);
    fclose(fopen(path, "w"));
    snprintf(path, sizeof path, "%s/sys/video%d", folder, number);
    mkdir(path, 0755);
    snprintf(path, sizeof path, "%s/sys/video%d/name", folder, number);
    FILE *file = fopen(path, "w");
    fprintf(file, "%s\n", name);
    fclose(file);
    if (!link) return;
    snprintf(path, sizeof path, "%s/dev/by-id/%s", folder, link);
    snprintf(target, sizeof target, "../video%d", number);
    assert_int_equal(symlink(target, path), 0);
}

static void remove_node(const char *folder, int number, const char *link) {
    char path[512];
    snprintf(path, sizeof path, "%s/dev/video%d", folder, number);
    unlink(path);
    snprintf(path, sizeof path, "%s/sys/video%d/name", folder, number);
    unlink(path);
    snprintf(path, sizeof path, "%s/sys/video%d", folder, number);
    rmdir(path);
    snprintf(path, sizeof path, "%s/dev/by-id/%s", folder, link ? link : "");
    unlink(path);
}

static void test_found_again_under_another_number(void **state) {
    (void)state;
    char folder[256], dev[300], links[300], sys[300], old[320], now[320], got[320];
    test_folder(folder, sizeof folder);
    snprintf(dev, sizeof dev, "%s/dev", folder);
    snprintf(links, sizeof links, "%s/dev/by-id", folder);
    snprintf(sys, sizeof sys, "%s/sys", folder);
    snprintf(old, sizeof old, "%s/video0", dev);
    snprintf(now, sizeof now, "%s/video7", dev);
    assert_int_equal(mkdir(dev, 0755) | mkdir(links, 0755) | mkdir(sys, 0755), 0);
    const struct bt_device_folders folders = {dev, links, sys};
    for (int with_link = 0; with_link < 2; with_link++) {
        const char *link = with_link ? "usb-Maker_Fake_123-video-index0" : NULL;
        struct bt_device_identity identity;
        offer(V4L2_PIX_FMT_YUYV, 64, 32);
        memcpy(fake_v4l2.cap.bus_info, "usb-1", 6);
        put_node(folder, 0, "Fake: more", link);
        fake_v4l2.path = old;
        bt_devices_identify_in(&folders, old, &fake_v4l2.cap, &identity);
        assert_int_equal(identity.link[0] != 0, with_link);
        assert_true(bt_devices_find_in(&folders, &identity, old, got, sizeof got));
        assert_string_equal(got, old);

        remove_node(folder, 0, link);
        fake_v4l2.path = now;
        assert_false(bt_devices_find_in(&folders, &identity, old, got, sizeof got));
        put_node(folder, 3, "Other", NULL); /* asked by /sys alone: opening would wake it */
        put_node(folder, 7, "Fake: more", link);
        fake_v4l2.opens = 0;
        assert_true(bt_devices_find_in(&folders, &identity, old, got, sizeof got));
        assert_string_equal(got, now);
        assert_int_equal(fake_v4l2.opens, 1);

        memcpy(fake_v4l2.cap.bus_info, "usb-9", 6); /* in another socket: known by its serial number alone */
        assert_int_equal(bt_devices_find_in(&folders, &identity, old, got, sizeof got), with_link);
        memcpy(fake_v4l2.cap.card, "Fakes", 6);
        assert_false(bt_devices_find_in(&folders, &identity, old, got, sizeof got));
        memcpy(fake_v4l2.cap.card, "Fake\0", 6);
        memcpy(fake_v4l2.cap.bus_info, "usb-1", 6);
        fake_v4l2.cap.device_caps = V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING; /* its other node */
        assert_false(bt_devices_find_in(&folders, &identity, old, got, sizeof got));
        assert_int_equal(fake_v4l2.open_now, 0);
        remove_node(folder, 3, NULL);
        remove_node(folder, 7, link);
    }
    rmdir(links);
    rmdir(dev);
    rmdir(sys);
    test_folder_remove(folder);
}

static void test_what_bauta_writes_is_not_read(void **state) {
    (void)state;
    struct bt_source *source = NULL;
    offer(V4L2_PIX_FMT_YUYV, 64, 32);
    memcpy(fake_v4l2.cap.driver, "v4l2 loopback", 14);
    assert_int_equal(open_fake(&source), BT_OK); /* another program's pictures */
    bt_source_destroy(&source);
    const int writer = open(FAKE_NODE, O_RDWR); /* as output does */
    assert_int_equal(flock(writer, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(open_fake(&source), BT_E_BUSY);
    assert_said("bauta's own output");
    close(writer);
    assert_int_equal(open_fake(&source), BT_OK);
    struct bt_picture picture = {.data = malloc(64 * 32 * 2)};
    assert_int_equal(source->ops->read(source, &picture), BT_OK);
    source->ops->release(source); /* nor once it began to write while the camera was given back */
    const int later = open(FAKE_NODE, O_RDWR);
    assert_int_equal(flock(later, LOCK_EX | LOCK_NB), 0);
    assert_int_equal(source->ops->read(source, &picture), BT_E_BUSY);
    close(later);
    free(picture.data);
    bt_source_destroy(&source);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pictures_come_tight),
        cmocka_unit_test(test_ranges_are_kept_to),
        cmocka_unit_test(test_times_are_made_sane),
        cmocka_unit_test(test_damaged_frames_are_skipped_and_counted),
        cmocka_unit_test(test_unplugged_and_plugged_again),
        cmocka_unit_test(test_what_comes_in_its_place_is_not_taken),
        cmocka_unit_test(test_given_back_and_taken_again),
        cmocka_unit_test(test_found_again_under_another_number),
        cmocka_unit_test(test_what_bauta_writes_is_not_read),
        cmocka_unit_test(test_silence_and_interruption),
        cmocka_unit_test(test_what_keeps_a_camera_from_opening),
        cmocka_unit_test(test_software_is_told_from_hardware),
    };
    return cmocka_run_group_tests(tests, set_up, said_tear_down);
}
