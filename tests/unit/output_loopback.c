/* SPDX-License-Identifier: MIT */
/* The v4l2loopback sink over a node that behaves like each version of the module, at its worst. */
#include "pipeline/output/sink.h"
#include "support/cmocka.h"
#include "support/fake_v4l2.h"
#include "support/said.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define OUT (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE)
enum { W = 64, H = 32, BYTES = W * H * 2 };

static uint8_t pixels[BYTES];

static int set_up(void **state) {
    for (size_t i = 0; i < sizeof pixels; i++) pixels[i] = (uint8_t)(i * 13);
    return said_set_up(state);
}

static bt_status open_fake(struct bt_sink **out_sink) {
    const struct bt_sink_params params = {
        .log = said_log, .path = FAKE_NODE, .width_px = W, .height_px = H, .rate_num = 30, .rate_den = 1};
    said_clear();
    return bt_sink_open_loopback(&params, out_sink);
}

static const struct bt_disclosed_view view = {
    .bytes = pixels, .size_bytes = BYTES, .width_px = W, .height_px = H, .egress = BT_EGRESS_YUYV};

static void test_frames_go_out_whole(void **state) {
    (void)state;
    struct bt_sink *s = NULL;
    fake_v4l2_reset("v4l2 loopback", OUT);
    fake_v4l2.fail_streamon = EINVAL; /* as 0.15.4: ignored */
    assert_int_equal(open_fake(&s), BT_OK);
    assert_int_equal(fake_v4l2.format.pixelformat, V4L2_PIX_FMT_YUYV);
    assert_int_equal(fake_v4l2.format.sizeimage, BYTES);
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
    fake_v4l2_reset("v4l2 loopback", OUT);
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
        fake_v4l2_reset("v4l2 loopback", OUT);
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
        fake_v4l2_reset(cases[i].driver, cases[i].caps);
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
    fake_v4l2_reset("v4l2 loopback", V4L2_CAP_READWRITE | V4L2_CAP_STREAMING);
    fake_v4l2.caps_after_streamon = OUT;
    assert_int_equal(open_fake(&s), BT_OK);
    assert_int_equal(fake_v4l2.opens, 2);
    s->ops->destroy(s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_go_out_whole),
        cmocka_unit_test(test_a_short_write_is_never_begun_again),
        cmocka_unit_test(test_errors_of_write),
        cmocka_unit_test(test_what_keeps_it_from_opening),
        cmocka_unit_test(test_a_node_left_closed_is_healed),
    };
    return cmocka_run_group_tests(tests, set_up, said_tear_down);
}
