/* SPDX-License-Identifier: MIT */
/* A face is enrolled from a live camera only: not from one made of software, nor from a node that does not say what it is, nor
   from anything else that can be opened and read. */
#include "app/enroll.h"
#include "pipeline/capture/capture.h"
#include "support/cmocka.h"
#include "support/fake_v4l2.h"
#include "support/said.h"

#define CAMERA (V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING)

static bt_status open_from(const char *camera) {
    static struct bt_app app;
    static struct bt_enrolment e;
    struct bt_source *source = NULL;
    app.options.camera = camera;
    e.app = &app;
    e.log = said_log;
    said_clear();
    const bt_status status = bt_enroll_open_source(&e, &source);
    assert_true((source != NULL) == !status);
    if (source) bt_source_destroy(&source);
    return status;
}

static void be(const char *driver) {
    static const uint8_t frame[64 * 32 * 3 / 2];
    fake_v4l2_reset(driver, CAMERA);
    fake_v4l2.offers[0] = (struct v4l2_pix_format){.pixelformat = V4L2_PIX_FMT_NV12, .width = 64, .height = 32};
    fake_v4l2.offer_count = 1;
    fake_v4l2.frame = frame;
    fake_v4l2.frame_bytes = sizeof frame;
}

static void a_camera_is_taken(void **state) {
    (void)state;
    be("uvcvideo");
    assert_int_equal(open_from(FAKE_NODE), BT_OK);
}

static void software_is_not(void **state) {
    (void)state;
    static const char *const drivers[] = {"v4l2 loopback", "vivid", "vimc", "akvcam"};
    for (size_t i = 0; i < BT_COUNT(drivers); i++) {
        be(drivers[i]);
        assert_int_equal(open_from(FAKE_NODE), BT_E_CONSENT);
        assert_said("a live camera only");
        assert_int_equal(fake_v4l2.streamons, 0);
    }
}

static void nor_is_anything_else(void **state) {
    (void)state;
    be("uvcvideo");
    static const char *const paths[] = {"/dev/video-none", "/dev/zero", "/etc/hostname", "/"};
    for (size_t i = 0; i < BT_COUNT(paths); i++) assert_int_not_equal(open_from(paths[i]), BT_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_camera_is_taken), cmocka_unit_test(software_is_not),
                                       cmocka_unit_test(nor_is_anything_else)};
    return cmocka_run_group_tests(tests, said_set_up, said_tear_down);
}
