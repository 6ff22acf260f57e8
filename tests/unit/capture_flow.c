/* SPDX-License-Identifier: MIT */
/* bt_capture over sources made up here: order, dropping, silence, the end, interruption. */
#include "base/clock.h"
#include "gpu/image.h"
#include "pipeline/capture/capture.h"
#include "support/cmocka.h"
#include "support/half.h"
#include "support/test_gpu.h"
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { W = 34, H = 18 };

struct fake {
    struct bt_source head;
    atomic_int count; /* pictures given so far */
    atomic_int last;  /* after so many comes `then` */
    bt_status then;
    int64_t pause_ns;
    atomic_bool clocked; /* its times are true */
    atomic_bool stop;
    atomic_int released, *destroyed;
};

static void fake_destroy(struct bt_source *source) {
    struct fake *f = (struct fake *)source;
    atomic_fetch_add(f->destroyed, 1);
    free(f);
}

/* Picture k: luma of 16 + k, no colour; its time runs backwards now and then. */
static bt_status fake_read(struct bt_source *source, struct bt_picture *picture) {
    struct fake *f = (struct fake *)source;
    if (f->pause_ns) bt_clock_sleep_until_ns(bt_clock_now_ns() + f->pause_ns);
    if (atomic_load(&f->stop)) return BT_E_INTERRUPTED;
    if (f->count >= atomic_load(&f->last)) {
        if (f->then == BT_E_TIMEOUT) bt_clock_sleep_until_ns(bt_clock_now_ns() + 20000000);
        return f->then;
    }
    memset(picture->data, 16 + f->count, W * H);
    memset(picture->data + W * H, 128, W * H / 2);
    picture->capture_ns = 1000000 * (int64_t)f->count - (f->count % 4 == 3 ? 2500000 : 0);
    if (f->clocked) picture->capture_ns = bt_clock_now_ns();
    f->count++;
    return BT_OK;
}

static void fake_interrupt(struct bt_source *source) {
    atomic_store(&((struct fake *)source)->stop, true);
}

static void fake_release(struct bt_source *source) {
    atomic_store(&((struct fake *)source)->stop, false);
    atomic_fetch_add(&((struct fake *)source)->released, 1);
}

static const struct bt_source_ops fake_ops = {fake_destroy, fake_read, fake_interrupt, fake_release};
static struct test_gpu t;
static atomic_int destroyed;

static struct bt_capture *open_fake(bool live, int last, bt_status then, int64_t pause_ns, struct fake **out_fake) {
    struct fake *f = calloc(1, sizeof *f);
    f->head.ops = &fake_ops;
    f->head.format = (struct bt_source_format){
        .pixels = BT_PIXELS_I420, .width_px = W, .height_px = H, .rate_num = 30, .rate_den = 1, .live = live};
    atomic_init(&f->last, last);
    atomic_init(&f->released, 0);
    f->then = then;
    f->pause_ns = pause_ns;
    f->destroyed = &destroyed;
    atomic_init(&f->stop, false);
    struct bt_capture *capture = NULL;
    const struct bt_capture_params params = {.log = t.log, .gpu = t.gpu, .source = &f->head};
    assert_int_equal(bt_capture_create(&params, &capture), BT_OK);
    if (out_fake) *out_fake = f;
    return capture;
}

/* Which picture this is, by its brightness. */
static int number_of(const struct bt_frame *frame) {
    uint16_t texels[W * H * 4];
    assert_int_equal(bt_image_read(frame->linear, texels, sizeof texels), BT_OK);
    const float coded = powf(test_half_to_float(texels[0]), 1 / 2.2f);
    assert_int_equal(texels[0], texels[4 * (W * H - 1)]); /* one brightness all over */
    return (int)lroundf(coded * 219);
}

static int set_up(void **state) {
    (void)state;
    return test_gpu_open(&t) != BT_OK;
}

static int tear_down(void **state) {
    (void)state;
    test_gpu_close(&t);
    return t.validation != 0;
}

static void test_a_file_gives_every_frame_in_order(void **state) {
    (void)state;
    struct bt_capture *capture = open_fake(false, 20, BT_E_END, 0, NULL);
    int64_t last_ns = INT64_MIN;
    struct bt_frame frame = {0};
    for (int k = 0; k < 20; k++) {
        assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
        assert_int_equal(frame.sequence, k);
        assert_int_equal(frame.width_px, W);
        assert_int_equal(frame.height_px, H);
        assert_true(frame.capture_ns >= last_ns);
        last_ns = frame.capture_ns;
        assert_int_equal(number_of(&frame), k);
    }
    assert_int_equal(bt_capture_take(capture, &frame), BT_E_END);
    assert_int_equal(frame.sequence, 19); /* untouched on failure */
    assert_int_equal(bt_capture_dropped(capture), 0);
    const int before = atomic_load(&destroyed);
    bt_capture_destroy(&capture);
    assert_null(capture);
    assert_int_equal(atomic_load(&destroyed), before + 1);
    bt_capture_destroy(&capture);
    bt_capture_destroy(NULL);
}

static void test_live_gives_the_newest_and_counts_the_rest(void **state) {
    (void)state;
    struct bt_capture *capture = open_fake(true, 150, BT_E_IO, 1000000, NULL);
    struct bt_frame frame = {0};
    int last = -1, taken = 0;
    bt_status st;
    while (!(st = bt_capture_take(capture, &frame))) {
        const int number = number_of(&frame);
        assert_true(number > last);
        bt_clock_sleep_until_ns(bt_clock_now_ns() + 5000000); /* slower than the camera */
        assert_int_equal(number_of(&frame), number);          /* still the same while it is ours */
        last = number;
        assert_int_equal(frame.sequence, taken);
        taken++;
    }
    assert_int_equal(st, BT_E_IO); /* the reader's own reason */
    assert_int_equal(last, 149);   /* what was there is still given */
    assert_true(bt_capture_dropped(capture) > 0);
    assert_int_equal(taken + (int)bt_capture_dropped(capture), 150);
    assert_int_equal(bt_capture_take(capture, &frame), BT_E_IO);
    bt_capture_destroy(&capture);
}

static void test_silence_times_out_and_may_end(void **state) {
    (void)state;
    struct fake *fake = NULL;
    struct bt_capture *capture = open_fake(true, 1, BT_E_TIMEOUT, 0, &fake);
    struct bt_frame frame = {0};
    assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
    const int64_t start = bt_clock_now_ns();
    assert_int_equal(bt_capture_take(capture, &frame), BT_E_TIMEOUT);
    const int64_t took = bt_clock_now_ns() - start;
    assert_true(took > INT64_C(1900000000) && took < INT64_C(10000000000));
    bt_capture_destroy(&capture);
}

static void *interrupt_soon(void *user) {
    bt_clock_sleep_until_ns(bt_clock_now_ns() + 50000000);
    bt_capture_interrupt(user);
    return NULL;
}

static void test_interrupt_wakes_take(void **state) {
    (void)state;
    for (int live = 0; live < 2; live++) {
        struct bt_capture *capture = open_fake(live, 0, live ? BT_E_TIMEOUT : BT_E_END, live ? 0 : 100000000, NULL);
        struct bt_frame frame = {0};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, interrupt_soon, capture), 0);
        const int64_t start = bt_clock_now_ns();
        assert_int_equal(bt_capture_take(capture, &frame), BT_E_INTERRUPTED);
        assert_true(bt_clock_now_ns() - start < INT64_C(1500000000));
        pthread_join(thread, NULL);
        assert_int_equal(bt_capture_take(capture, &frame), BT_E_INTERRUPTED);
        bt_capture_destroy(&capture);
    }
}

static void test_a_pause_gives_the_camera_back(void **state) {
    (void)state;
    struct fake *fake = NULL;
    struct bt_capture *capture = open_fake(true, INT_MAX, BT_E_END, 5000000, &fake);
    struct bt_frame frame = {0};
    fake->clocked = true;
    for (int turn = 0; turn < 3; turn++) {
        do assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
        while (!fake->count);
        bt_clock_sleep_until_ns(bt_clock_now_ns() + 50000000); /* so that one waits to be taken */
        bt_capture_pause(capture);
        bt_capture_pause(capture);
        const int64_t asked = bt_clock_now_ns();
        bt_status st;
        while (!(st = bt_capture_take(capture, &frame))) assert_true(bt_clock_now_ns() < asked + INT64_C(500000000));
        assert_int_equal(st, BT_E_PAUSED);
        assert_true(bt_clock_now_ns() < asked + INT64_C(500000000));
        for (int k = 0; k < 3; k++) assert_int_equal(bt_capture_take(capture, &frame), BT_E_PAUSED);
        const int64_t four = bt_clock_now_ns() - asked; /* it is not said without end */
        assert_true(four > INT64_C(600000000) && four < INT64_C(3000000000));
        assert_true(atomic_load(&fake->released) > turn);
        const int count = fake->count;
        assert_int_equal(bt_capture_take(capture, &frame), BT_E_PAUSED);
        assert_int_equal(fake->count, count); /* nothing is read meanwhile */
        const int64_t again = bt_clock_now_ns();
        bt_capture_resume(capture);
        bt_capture_resume(capture);
        assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
        assert_true(bt_clock_now_ns() < again + INT64_C(500000000));
        assert_true(frame.capture_ns >= again); /* none from before */
    }
    bt_capture_pause(capture);
    bt_capture_interrupt(capture); /* also ends a pause */
    assert_int_equal(bt_capture_take(capture, &frame), BT_E_INTERRUPTED);
    bt_capture_destroy(&capture);
}

static void test_a_paused_file_waits(void **state) {
    (void)state;
    struct fake *fake = NULL;
    struct bt_capture *capture = open_fake(false, 10, BT_E_END, 0, &fake);
    struct bt_frame frame = {0};
    for (int k = 0; k < 10; k++) {
        assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
        assert_int_equal(number_of(&frame), k);
        if (k % 4) continue;
        bt_capture_pause(capture);
        assert_int_equal(bt_capture_take(capture, &frame), BT_E_PAUSED);
        assert_int_equal(bt_capture_take(capture, &frame), BT_E_PAUSED);
        bt_capture_resume(capture);
    }
    assert_int_equal(bt_capture_take(capture, &frame), BT_E_END);
    assert_int_equal(atomic_load(&fake->released), 0);
    bt_capture_destroy(&capture);
}

static void test_an_absent_camera_is_told_of_at_once(void **state) {
    (void)state;
    static const bt_status whys[] = {BT_E_NOT_FOUND, BT_E_BUSY};
    for (size_t i = 0; i < BT_COUNT(whys); i++) {
        struct fake *fake = NULL;
        struct bt_capture *capture = open_fake(true, 1, whys[i], 30000000, &fake);
        struct bt_frame frame = {0};
        assert_int_equal(bt_capture_take(capture, &frame), BT_OK);
        const int64_t start = bt_clock_now_ns();
        for (int k = 0; k < 4; k++) assert_int_equal(bt_capture_take(capture, &frame), whys[i]);
        const int64_t four = bt_clock_now_ns() - start;
        assert_true(four > INT64_C(600000000) && four < INT64_C(3000000000));
        atomic_store(&fake->last, INT_MAX); /* plugged in again */
        bt_status st;
        do st = bt_capture_take(capture, &frame);
        while (st == whys[i]);
        assert_int_equal(st, BT_OK);
        bt_capture_destroy(&capture);
    }
}

static void test_a_bad_format_is_refused_and_the_source_still_freed(void **state) {
    (void)state;
    const uint32_t sizes[][2] = {{33, 18}, {34, 17}, {0, 0}, {34, 9000}};
    for (size_t i = 0; i < BT_COUNT(sizes); i++) {
        struct fake *f = calloc(1, sizeof *f);
        f->head.ops = &fake_ops;
        f->head.format = (struct bt_source_format){.pixels = BT_PIXELS_YUYV, .width_px = sizes[i][0], .height_px = sizes[i][1]};
        f->destroyed = &destroyed;
        const int before = atomic_load(&destroyed);
        struct bt_capture *capture = NULL;
        const struct bt_capture_params params = {.log = t.log, .gpu = t.gpu, .source = &f->head};
        assert_int_equal(bt_capture_create(&params, &capture), BT_E_ARGUMENT);
        assert_null(capture);
        assert_int_equal(atomic_load(&destroyed), before + 1);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_file_gives_every_frame_in_order),
        cmocka_unit_test(test_live_gives_the_newest_and_counts_the_rest),
        cmocka_unit_test(test_silence_times_out_and_may_end),
        cmocka_unit_test(test_interrupt_wakes_take),
        cmocka_unit_test(test_a_pause_gives_the_camera_back),
        cmocka_unit_test(test_a_paused_file_waits),
        cmocka_unit_test(test_an_absent_camera_is_told_of_at_once),
        cmocka_unit_test(test_a_bad_format_is_refused_and_the_source_still_freed),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
