/* SPDX-License-Identifier: MIT */
/* The choice of a camera's format, and what is said of nodes that are no camera: pure functions over tables. */
#include "pipeline/capture/internal.h"
#include "support/cmocka.h"
#include <string.h>

#define Y V4L2_PIX_FMT_YUYV
#define N V4L2_PIX_FMT_NV12
#define J V4L2_PIX_FMT_MJPEG
#define H V4L2_PIX_FMT_H264

static void test_choice(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t w, h, rate; /* the wish */
        int want;
        struct bt_offer offers[6];
    } cases[] = {
        {"nothing", 0, 0, 0, -1, {{0}}},
        {"only what cannot be read", 0, 0, 0, -1, {{H, 1280, 720, 30, 1}}},
        {"the default wish is 720 lines at 30",
         0,
         0,
         0,
         1,
         {{Y, 640, 480, 30, 1}, {Y, 1280, 720, 30, 1}, {Y, 1920, 1080, 30, 1}}},
        {"raw slow, JPEG fast: the usual webcam",
         1280,
         720,
         30,
         2,
         {{Y, 640, 480, 30, 1}, {Y, 1280, 720, 10, 1}, {J, 1280, 720, 30, 1}}},
        {"raw wins a tie", 1280, 720, 30, 1, {{J, 1280, 720, 30, 1}, {Y, 1280, 720, 30, 1}, {N, 1280, 720, 30, 1}}},
        {"a small size in time before a large one too slow", 1280, 720, 30, 1, {{Y, 1280, 720, 5, 1}, {Y, 640, 480, 30, 1}}},
        {"25 for 30 is no reason to shrink", 1280, 720, 30, 0, {{Y, 1280, 720, 25, 1}, {Y, 640, 480, 30, 1}}},
        {"30000/1001 is 30", 640, 480, 30, 0, {{Y, 640, 480, 30000, 1001}, {J, 640, 480, 30, 1}}},
        {"nearest size", 640, 360, 30, 1, {{Y, 320, 240, 30, 1}, {Y, 640, 480, 30, 1}, {Y, 1280, 720, 30, 1}}},
        {"too small to use", 16, 16, 30, 1, {{Y, 8, 8, 30, 1}, {Y, 160, 120, 30, 1}}},
        {"too large to use", 8192, 8192, 30, 1, {{Y, 9000, 9000, 30, 1}, {Y, 160, 120, 30, 1}}},
        {"more frames than wished do no harm", 1280, 720, 30, 0, {{Y, 1280, 720, 60, 1}, {Y, 1280, 720, 15, 1}}},
        {"but the rate wished for is better", 1280, 720, 30, 1, {{Y, 1280, 720, 60, 1}, {Y, 1280, 720, 30, 1}}},
        {"no rate told", 1280, 720, 30, 0, {{Y, 1280, 720, 0, 0}, {Y, 640, 480, 0, 0}}},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        uint32_t count = 0;
        while (count < 6 && cases[i].offers[count].fourcc) count++;
        const struct bt_camera_params wish = {.width_px = cases[i].w, .height_px = cases[i].h, .rate = cases[i].rate};
        const int got = bt_offers_choose(cases[i].offers, count, &wish);
        if (got != cases[i].want) fail_msg("%s: %d, not %d", cases[i].name, got, cases[i].want);
    }
}

static void test_verdicts(void **state) {
    (void)state;
    static const struct {
        const char *driver;
        uint32_t caps;
        bt_status want;
        const char *says;
    } cases[] = {
        {"uvcvideo", V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING, BT_OK, NULL},
        {"vivid", V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE, BT_OK, NULL},
        {"old", V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_READWRITE, BT_E_UNSUPPORTED, "without streaming"},
        {"uvcvideo", V4L2_CAP_META_CAPTURE | V4L2_CAP_STREAMING, BT_E_UNSUPPORTED, "metadata"},
        {"codec", V4L2_CAP_VIDEO_M2M_MPLANE | V4L2_CAP_STREAMING, BT_E_UNSUPPORTED, "codec"},
        {"rkisp", V4L2_CAP_VIDEO_CAPTURE_MPLANE | V4L2_CAP_STREAMING, BT_E_UNSUPPORTED, "multi-planar"},
        {"v4l2 loopback", V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING, BT_E_UNSUPPORTED, "nobody writes"},
        {"v4l2 loopback", V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_STREAMING, BT_OK, NULL},
        {"vivid", V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING, BT_E_UNSUPPORTED, "output"},
        {"radio", V4L2_CAP_RADIO, BT_E_UNSUPPORTED, "radio"},
        {"none", 0, BT_E_UNSUPPORTED, "not a camera"},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++)
        for (int whole = 0; whole < 2; whole++) { /* with the node's own capabilities, and with the device's alone */
            struct v4l2_capability cap = {.capabilities = cases[i].caps};
            memcpy(cap.driver, cases[i].driver, strlen(cases[i].driver));
            if (!whole) {
                cap.capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE | V4L2_CAP_VIDEO_M2M | V4L2_CAP_STREAMING;
                cap.device_caps = cases[i].caps;
            }
            const char *why = NULL;
            assert_int_equal(bt_node_camera_verdict(&cap, &why), cases[i].want);
            if (cases[i].says) {
                assert_non_null(why);
                if (!strstr(why, cases[i].says)) fail_msg("\"%s\" does not say \"%s\"", why, cases[i].says);
            }
        }
}

static void test_names_are_fit_to_print(void **state) {
    (void)state;
    static const struct {
        const char *in, *want;
    } cases[] = {
        {"Integrated Camera", "Integrated Camera"},
        {"a\nb\x1b[2J", "a?b?[2J"},
        {"\xe6\x91\x84\xe5\x83\x8f\xe5\xa4\xb4", "\xe6\x91\x84\xe5\x83\x8f\xe5\xa4\xb4"},
        {"cut \xe6\x91", "cut ??"},
        {"\xc0\xaf\xff\xed\xa0\x80", "??????"}, /* overlong, stray, surrogate */
        {"\xf0\x9f\x91\x80!", "\xf0\x9f\x91\x80!"},
        {"\xc2\x85", "??"}, /* a C1 control */
        {"", ""},
    };
    char out[64];
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        bt_node_text(out, sizeof out, (const uint8_t *)cases[i].in, strlen(cases[i].in));
        assert_string_equal(out, cases[i].want);
    }
    bt_node_text(out, 5, (const uint8_t *)"abc\xe6\x91\x84", 6); /* no room for the last: left out whole */
    assert_string_equal(out, "abc");
    char name[5];
    bt_node_fourcc(V4L2_PIX_FMT_YUYV, name);
    assert_string_equal(name, "YUYV");
    bt_node_fourcc(0x01020304, name);
    assert_string_equal(name, "????");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_choice),
        cmocka_unit_test(test_verdicts),
        cmocka_unit_test(test_names_are_fit_to_print),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
