/* SPDX-License-Identifier: MIT */
/* However a picture is turned and mirrored on its way in, the label reads right: the tests' own reader reads it, at the top
   right, while the picture's bright corner goes where it should. */
#include "gpu/image.h"
#include "pipeline/capture/capture.h"
#include "pipeline/disclose/check.h"
#include "pipeline/disclose/overlay.h"
#include "support/cmocka.h"
#include "support/label_reader.h"
#include "support/test_gpu.h"
#include <stdlib.h>

enum { W = 320, H = 240 };

static void free_source(struct bt_source *source) {
    free(source);
}

/* Dark, with a bright lower left corner, where no label stands. */
static bt_status read_corner(struct bt_source *source, struct bt_picture *picture) {
    (void)source;
    memset(picture->data, 60, W * H);
    memset(picture->data + W * H, 128, W * H / 2);
    for (uint32_t y = H - H / 5; y < H; y++) memset(picture->data + y * W, 220, W / 5);
    picture->capture_ns = 0;
    return BT_OK;
}

static void go_on(struct bt_source *source) {
    (void)source;
}

static const struct bt_source_ops ops = {.destroy = free_source, .read = read_corner, .interrupt = go_on};

static void one(struct test_gpu *t, struct label_reader *reader, uint32_t turn, bool mirror) {
    struct bt_source *source = calloc(1, sizeof *source);
    assert_non_null(source);
    source->ops = &ops;
    source->format =
        (struct bt_source_format){.pixels = BT_PIXELS_I420, .width_px = W, .height_px = H, .rate_num = 30, .rate_den = 1};
    struct bt_capture *capture = NULL;
    const struct bt_capture_params into = {
        .log = t->log, .gpu = t->gpu, .source = source, .mirror = mirror, .turn_deg = 90 * turn};
    assert_int_equal(bt_capture_create(&into, &capture), BT_OK);
    const uint32_t w = bt_capture_format(capture)->width_px, h = bt_capture_format(capture)->height_px;
    assert_true(turn % 2 ? w == H && h == W : w == W && h == H);
    struct bt_disclose *disclose = NULL;
    const struct bt_disclose_params params = {
        .log = t->log, .gpu = t->gpu, .width_px = w, .height_px = h, .egress = BT_EGRESS_I420};
    assert_int_equal(bt_disclose_create(&params, &disclose), BT_OK);
    struct bt_frame frame;
    struct bt_disclosed out;
    assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
    assert_int_equal(bt_disclose_apply(disclose, &frame, &out), BT_OK);
    const struct bt_disclosed_view v = bt_disclose_bytes(disclose, out);
    assert_true(bt_disclose_check(&v, NULL));
    assert_true(v.label_x + bt_disclose_plate_of(w, h).w > w - 20 && v.label_y < 20);
    const struct label_picture picture = label_picture_planar(v.bytes, w, w, h);
    const struct label_reading r = label_reader_read(reader, &picture);
    if (!r.there) print_error("turned %u, mirrored %d: %s\n", turn, mirror, r.lacks);
    assert_true(r.there);
    /* The bright corner: lower left, upper left, upper right, lower right, as the turn goes clockwise; mirrored after that. */
    const bool left = (turn < 2) != mirror, low = turn == 0 || turn == 3;
    for (uint32_t c = 0; c < 4; c++) {
        const uint32_t x = c % 2 ? w - 6 : 5, y = c / 2 ? h - 6 : 5;
        const bool bright = left == (c % 2 == 0) && low == (c / 2 == 1);
        if (y < h / 2 && x > w / 2) continue; /* the label's */
        assert_int_equal(v.bytes[y * w + x] > 150, bright);
    }
    bt_disclose_destroy(&disclose); /* before the images that it has bound */
    bt_capture_destroy(&capture);
}

static void reads_right(void **state) {
    (void)state;
    struct test_gpu t;
    assert_int_equal(test_gpu_open(&t), BT_OK);
    const struct bt_bytes font = bt_disclose_overlay_font();
    struct label_reader *reader = label_reader_open(font.data, font.size);
    assert_non_null(reader);
    for (uint32_t turn = 0; turn < 4; turn++)
        for (int mirror = 0; mirror < 2; mirror++) one(&t, reader, turn, mirror);
    label_reader_close(reader);
    assert_int_equal(t.errors, 0);
    test_gpu_close(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_right)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
