/* SPDX-License-Identifier: MIT */
/* The v4l2loopback sink over a node that behaves like each version of the module, at its worst. */
#include "pipeline/node/node.h"
#include "pipeline/output/sink.h"
#include "support/cmocka.h"
#include "support/fake_v4l2.h"
#include "support/said.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define OUT (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE)
enum { W = 64, H = 32, BYTES = W * H * 2 };

static uint8_t pixels[BYTES], card[BYTES];

static int set_up(void **state) {
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 13);
    for (size_t i = 0; i < sizeof card; i++) card[i] = (uint8_t)(i * 7 + 1);
    return said_set_up(state);
}

static void reset(const char *driver, uint32_t caps) {
    fake_v4l2_reset(driver, caps);
    snprintf((char *)fake_v4l2.cap.card, sizeof fake_v4l2.cap.card, "bauta (AI face)");
}

static bt_status open_as(enum bt_egress egress, bool with_card, struct bt_sink **out_sink) {
    const struct bt_sink_params params = {.log = said_log,
                                          .path = FAKE_NODE,
                                          .width_px = W,
                                          .height_px = H,
                                          .rate_num = 30000,
                                          .rate_den = 1001,
                                          .egress = egress,
                                          .stopped = {.bytes = with_card ? card : NULL,
                                                      .size_bytes = W * H * (egress == BT_EGRESS_YUYV ? 4 : 3) / 2,
                                                      .egress = egress}};
    said_clear();
    return bt_sink_open_loopback(&params, out_sink);
}

static bt_status open_fake(struct bt_sink **out_sink) {
    return open_as(BT_EGRESS_YUYV, false, out_sink);
}

static const struct bt_disclosed_view view = {
    .bytes = pixels, .size_bytes = BYTES, .width_px = W, .height_px = H, .egress = BT_EGRESS_YUYV};

static void test_frames_go_out_whole(void **state) {
    (void)state;
    struct bt_sink *s = NULL;
    reset("v4l2 loopback", OUT);
    fake_v4l2.fail_streamon = EINVAL; /* as 0.15.4: ignored */
    assert_int_equal(open_fake(&s), BT_OK);
    assert_int_equal(fake_v4l2.format.pixelformat, V4L2_PIX_FMT_YUYV);
    assert_int_equal(fake_v4l2.format.sizeimage, BYTES);
    assert_int_equal(fake_v4l2.interval.numerator, 1001); /* what readers are told */
    assert_int_equal(fake_v4l2.interval.denominator, 30000);
    assert_int_equal(fake_v4l2.streamons, 1);
    for (uint32_t k = 1; k <= 5; k++) {
        bool taken = false;
        assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
        assert_true(taken);
        assert_int_equal(fake_v4l2.writes, k); /* one call a frame */
        assert_int_equal(fake_v4l2.written_bytes, BYTES);
        assert_memory_equal(fake_v4l2.written, pixels, BYTES);
    }
    struct bt_disclosed_view other = view;
    bool taken = false;
    other.egress = BT_EGRESS_I420;
    assert_int_equal(s->ops->write(s, &other, &taken), BT_E_ARGUMENT);
    other = view;
    other.size_bytes--;
    assert_int_equal(s->ops->write(s, &other, &taken), BT_E_ARGUMENT);
    assert_false(taken);
    assert_int_equal(s->ops->finish(s), BT_OK);
    s->ops->destroy(s);
}

static void test_a_short_write_is_never_begun_again(void **state) {
    (void)state;
    struct bt_sink *s = NULL;
    reset("v4l2 loopback", OUT);
    assert_int_equal(open_fake(&s), BT_OK);
    fake_v4l2.write_most = 1000;
    fake_v4l2.short_writes = 1;
    bool taken = false;
    assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
    assert_false(taken);
    assert_int_equal(fake_v4l2.writes, 1); /* the rest would be a frame of its own */
    assert_int_equal(fake_v4l2.s_fmts, 2); /* the format is set anew */
    assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
    assert_true(taken);
    fake_v4l2.short_writes = UINT32_MAX;
    bt_status st = BT_OK;
    for (int k = 0; k < 3; k++) st = s->ops->write(s, &view, &taken);
    assert_int_equal(st, BT_E_IO);
    assert_said("cut");
    s->ops->destroy(s);
}

static void test_errors_of_write(void **state) {
    (void)state;
    static const struct {
        int error;
        bt_status want;
    } cases[] = {{EAGAIN, BT_OK}, {EBUSY, BT_E_BUSY}, {ENODEV, BT_E_IO}, {EIO, BT_E_IO}, {EINVAL, BT_E_IO}};
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_sink *s = NULL;
        reset("v4l2 loopback", OUT);
        assert_int_equal(open_fake(&s), BT_OK);
        fake_v4l2.fail_write = cases[i].error;
        bool taken = false;
        assert_int_equal(s->ops->write(s, &view, &taken), cases[i].want);
        assert_false(taken);
        s->ops->destroy(s);
    }
}

static void test_what_keeps_it_from_opening(void **state) {
    (void)state;
    static const struct {
        const char *driver;
        uint32_t caps;
        struct v4l2_pix_format forced;
        int s_fmt;
        bt_status want;
        const char *says;
    } cases[] = {
        {"uvcvideo", V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING, {0}, 0, BT_E_UNSUPPORTED, "not a v4l2loopback"},
        {"vivid", OUT, {0}, 0, BT_E_UNSUPPORTED, "not a v4l2loopback"},
        {"v4l2 loopback", V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING, {0}, 0, BT_E_BUSY, "another program writes"},
        {"v4l2 loopback", OUT, {.width = 320}, 0, BT_E_BUSY, "use its size"},
        {"v4l2 loopback", OUT, {.height = 31}, 0, BT_E_BUSY, "use its size"},
        {"v4l2 loopback", OUT, {.pixelformat = V4L2_PIX_FMT_BGR32}, 0, BT_E_BUSY, "BGR4"},
        {"v4l2 loopback", OUT, {.bytesperline = 4096}, 0, BT_E_BUSY, "use its size"},
        {"v4l2 loopback", OUT, {0}, EBUSY, BT_E_BUSY, "held by another"},
        {"v4l2 loopback", OUT, {0}, EINVAL, BT_E_UNSUPPORTED, "refused"},
        {"v4l2 loopback", V4L2_CAP_READWRITE, {0}, 0, BT_E_BUSY, "another program"}, /* closed, and STREAMON does not heal it */
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_sink *s = NULL;
        reset(cases[i].driver, cases[i].caps);
        fake_v4l2.forced = cases[i].forced;
        fake_v4l2.fail_s_fmt = cases[i].s_fmt;
        assert_int_equal(open_fake(&s), cases[i].want);
        assert_null(s);
        assert_said(cases[i].says);
        assert_int_equal(fake_v4l2.writes, 0);
    }
}

static void test_a_node_left_closed_is_healed(void **state) {
    (void)state;
    struct bt_sink *s = NULL;
    reset("v4l2 loopback", V4L2_CAP_READWRITE | V4L2_CAP_STREAMING);
    fake_v4l2.caps_after_streamon = OUT;
    assert_int_equal(open_fake(&s), BT_OK);
    assert_int_equal(fake_v4l2.opens, 2);
    s->ops->destroy(s);
}

static void test_other_pixels(void **state) {
    (void)state;
    static const struct {
        enum bt_egress egress;
        uint32_t fourcc, bytes, line;
    } cases[] = {{BT_EGRESS_YUYV, V4L2_PIX_FMT_YUYV, W * H * 2, 2 * W},
                 {BT_EGRESS_I420, V4L2_PIX_FMT_YUV420, W * H * 3 / 2, W},
                 {BT_EGRESS_NV12, V4L2_PIX_FMT_NV12, W * H * 3 / 2, W}};
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_sink *s = NULL;
        struct bt_disclosed_view frame = view;
        bool taken = false;
        reset("v4l2 loopback", OUT);
        assert_int_equal(open_as(cases[i].egress, true, &s), BT_OK);
        assert_int_equal(fake_v4l2.format.pixelformat, cases[i].fourcc);
        assert_int_equal(fake_v4l2.format.sizeimage, cases[i].bytes);
        assert_int_equal(fake_v4l2.format.bytesperline, cases[i].line);
        frame.egress = cases[i].egress;
        frame.size_bytes = cases[i].bytes;
        assert_int_equal(s->ops->write(s, &frame, &taken), BT_OK);
        assert_true(taken);
        assert_int_equal(fake_v4l2.written_bytes, cases[i].bytes);
        s->ops->destroy(s);
    }
}

static void test_the_module_shows_a_card_should_bauta_die(void **state) {
    (void)state;
    struct bt_sink *s = NULL;
    bool taken = false;
    reset("v4l2 loopback", OUT);
    fake_v4l2.timeout_ms = 2500; /* somebody's own wish */
    assert_int_equal(open_as(BT_EGRESS_YUYV, true, &s), BT_OK);
    assert_int_equal(fake_v4l2.timeout_images, 0); /* 0.15 has no room for it yet */
    for (int k = 0; k < 3; k++) assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
    assert_int_equal(fake_v4l2.timeout_images, 1);
    assert_memory_equal(fake_v4l2.timeout_image, card, BYTES);
    assert_true(fake_v4l2.timeout_ms >= 500 && fake_v4l2.timeout_ms < 1000);
    assert_int_equal(fake_v4l2.open_now, 1);
    fake_v4l2.write_most = 1000; /* its format was changed, so the image is gone with the buffers */
    fake_v4l2.short_writes = 1;
    assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
    assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
    assert_int_equal(fake_v4l2.timeout_images, 2);
    assert_int_equal(s->ops->finish(s), BT_OK);
    assert_int_equal(fake_v4l2.written_bytes, BYTES);
    assert_memory_equal(fake_v4l2.written, card, BYTES); /* and when it ends well, it is the last frame */
    assert_int_equal(fake_v4l2.timeout_ms, 2500);
    assert_int_equal(fake_v4l2.open_now, 0);
    s->ops->destroy(s);

    reset("v4l2 loopback", OUT); /* a module without */
    fake_v4l2.no_controls = true;
    assert_int_equal(open_as(BT_EGRESS_YUYV, true, &s), BT_OK);
    for (int k = 0; k < 3; k++) assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
    assert_int_equal(assert_said("no timeout image"), 1);
    s->ops->destroy(s);
}

static void test_who_reads(void **state) {
    (void)state;
    struct bt_sink *s = NULL;
    reset("v4l2 loopback", OUT);
    assert_int_equal(open_fake(&s), BT_OK);
    assert_int_equal(s->ops->readers(s), 0);
    for (uint32_t n = 0; n < 4; n++) {
        fake_v4l2.readers = n % 3;
        assert_int_equal(s->ops->readers(s), n ? (n - 1) % 3 : 0); /* nothing was said yet */
        fake_v4l2.events = 1 + n;
        assert_int_equal(s->ops->readers(s), n % 3);
        assert_int_equal(fake_v4l2.events, 0);
    }
    s->ops->destroy(s);
    reset("v4l2 loopback", OUT);
    fake_v4l2.model_0_12_7 = true;
    fake_v4l2.events = 1;
    assert_int_equal(open_fake(&s), BT_OK);
    assert_int_equal(s->ops->readers(s), -1);
    s->ops->destroy(s);
}

/* 0.12.7 gives its node to a next writer only where the last one was careful; whoever died before does not matter either. */
static void test_a_hundred_starts_without_loading_the_module_anew(void **state) {
    (void)state;
    struct bt_sink *s = NULL;
    bool taken = false;
    reset("v4l2 loopback", OUT);
    fake_v4l2.model_0_12_7 = true;
    for (int k = 0; k < 100; k++) {
        if (k % 7 == 3) { /* a writer that only writes, between: it leaves the node closed */
            const int fd = open(FAKE_NODE, O_RDWR);
            assert_int_equal(write(fd, pixels, 16), 16);
            close(fd);
        }
        if (open_as(BT_EGRESS_YUYV, true, &s)) fail_msg("start %d: %s", k, said_all);
        assert_int_equal(s->ops->write(s, &view, &taken), BT_OK);
        assert_true(taken);
        if (k % 2) assert_int_equal(s->ops->finish(s), BT_OK);
        s->ops->destroy(s); /* without finish: as if it died */
        assert_int_equal(fake_v4l2.open_now, 0);
    }
}

static void test_one_writer_at_a_time(void **state) {
    (void)state;
    struct bt_sink *first = NULL, *second = NULL;
    reset("v4l2 loopback", OUT); /* 0.12.7 would let both write, in turns */
    assert_int_equal(open_fake(&first), BT_OK);
    assert_int_equal(open_fake(&second), BT_E_BUSY);
    assert_said("another bauta");
    assert_null(second);
    first->ops->destroy(first);
    assert_int_equal(open_fake(&second), BT_OK);
    second->ops->destroy(second);
}

static void test_it_poses_as_no_hardware(void **state) {
    (void)state;
    static const struct {
        const char *card;
        enum bt_node_label want;
    } cases[] = {
        {"bauta (AI face)", BT_NODE_LABEL_GOOD},
        {"Bauta", BT_NODE_LABEL_GOOD},
        {"My AI camera", BT_NODE_LABEL_GOOD},
        {"AI", BT_NODE_LABEL_GOOD},
        {"Dummy video device (0x0000)", BT_NODE_LABEL_PLAIN},
        {"OBS Virtual Camera", BT_NODE_LABEL_PLAIN},
        {"v4l2loopback", BT_NODE_LABEL_PLAIN},
        {"Integrated Camera", BT_NODE_LABEL_POSES},
        {"HD Pro Webcam C920", BT_NODE_LABEL_POSES},
        {"AIR CAM", BT_NODE_LABEL_POSES},
        {"CHAI", BT_NODE_LABEL_POSES},
        {"", BT_NODE_LABEL_POSES},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_sink *s = NULL;
        assert_int_equal(bt_node_label_of(cases[i].card), cases[i].want);
        reset("v4l2 loopback", OUT);
        snprintf((char *)fake_v4l2.cap.card, sizeof fake_v4l2.cap.card, "%s", cases[i].card);
        const bt_status st = open_fake(&s);
        assert_int_equal(st, cases[i].want == BT_NODE_LABEL_POSES ? BT_E_UNSUPPORTED : BT_OK);
        if (st)
            assert_said("card_label=\"bauta (AI face)\""); /* how to mend it */
        else
            s->ops->destroy(s);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_go_out_whole),
        cmocka_unit_test(test_a_short_write_is_never_begun_again),
        cmocka_unit_test(test_errors_of_write),
        cmocka_unit_test(test_what_keeps_it_from_opening),
        cmocka_unit_test(test_a_node_left_closed_is_healed),
        cmocka_unit_test(test_other_pixels),
        cmocka_unit_test(test_the_module_shows_a_card_should_bauta_die),
        cmocka_unit_test(test_who_reads),
        cmocka_unit_test(test_a_hundred_starts_without_loading_the_module_anew),
        cmocka_unit_test(test_one_writer_at_a_time),
        cmocka_unit_test(test_it_poses_as_no_hardware),
    };
    return cmocka_run_group_tests(tests, set_up, said_tear_down);
}
