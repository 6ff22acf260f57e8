/* SPDX-License-Identifier: MIT */
/* When frames leave, and what the virtual camera is given meanwhile: over a node that is not there. */
#include "base/clock.h"
#include "pipeline/disclose/disclose.h"
#include "pipeline/output/output.h"
#include "support/cmocka.h"
#include "support/fake_v4l2.h"
#include "support/test_gpu.h"
#include "support/video.h"
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { W = 160, H = 120 };
#define MS  INT64_C(1000000)
#define OUT (V4L2_CAP_VIDEO_OUTPUT | V4L2_CAP_STREAMING | V4L2_CAP_READWRITE)

static struct test_gpu t;
static struct bt_disclose *disclose;
static char folder[256], hash[300];

struct watcher {
    atomic_int calls, watched;
};

static void changed(void *user, bool watched) {
    struct watcher *w = user;
    atomic_store(&w->watched, watched);
    atomic_fetch_add(&w->calls, 1);
}

static struct bt_output *open_output(bool paced, uint32_t rate, bool loopback, struct watcher *watcher) {
    struct bt_output *output = NULL;
    const struct bt_output_params params = {.log = t.log,
                                            .disclose = disclose,
                                            .width_px = W,
                                            .height_px = H,
                                            .rate_num = rate ? rate : 30,
                                            .rate_den = 1,
                                            .loopback = loopback ? FAKE_NODE : NULL,
                                            .hash = hash,
                                            .paced = paced,
                                            .at_rate = rate > 0,
                                            .watch = {watcher, watcher ? changed : NULL}};
    fake_v4l2_reset("v4l2 loopback", OUT);
    snprintf((char *)fake_v4l2.cap.card, sizeof fake_v4l2.cap.card, "bauta (AI face)");
    assert_int_equal(bt_output_create(&params, &output), BT_OK);
    return output;
}

static void wait_ms(int64_t ms) {
    bt_clock_sleep_until_ns(bt_clock_now_ns() + ms * MS);
}

static void send(struct bt_output *output, int64_t capture_ns, uint64_t sequence) {
    const bt_status whys[] = {BT_E_NO_FACE, BT_E_TWO_FACES, BT_E_CONSENT};
    assert_int_equal(bt_output_send(output, bt_disclose_placard(disclose, whys[sequence % 3], capture_ns, sequence)), BT_OK);
}

/* The sequence numbers that left, as the hash file has them. */
static size_t read_sequences(unsigned *out, size_t most) {
    FILE *file = fopen(hash, "r");
    char line[256];
    size_t n = 0;
    assert_non_null(file);
    while (n < most && fgets(line, sizeof line, file)) assert_int_equal(sscanf(line, "%u", &out[n++]), 1);
    fclose(file);
    return n;
}

static void test_silence_is_filled_but_not_for_ever(void **state) {
    (void)state;
    for (int paced = 0; paced < 2; paced++) {
        struct bt_output *output = open_output(paced, 0, true, NULL);
        send(output, bt_clock_now_ns(), 0);
        wait_ms(1600);
        struct bt_output_stats stats = bt_output_stats_of(output);
        assert_in_range(stats.repeated, 3, 7); /* more often than the module's time-out, which is under a second */
        if (paced) {
            wait_ms(4500);
            const uint64_t then = bt_output_stats_of(output).repeated;
            wait_ms(700);
            assert_int_equal(bt_output_stats_of(output).repeated, then); /* a frozen picture ends in the module's card */
            send(output, bt_clock_now_ns(), 1);
            wait_ms(700);
            assert_true(bt_output_stats_of(output).repeated > then);
        }
        assert_int_equal(bt_output_finish(output), BT_OK);
        stats = bt_output_stats_of(output);
        const uint64_t new = paced ? 2 : 1;
        assert_int_equal(stats.sent, new);
        assert_int_equal(stats.loopback_frames, new);
        assert_int_equal(stats.hash_frames, new);                     /* a file has each once */
        assert_int_equal(fake_v4l2.writes, new + stats.repeated + 1); /* and the card at the end */
        const struct bt_disclosed_view stopped = bt_disclose_card(disclose, BT_E_INTERRUPTED);
        assert_memory_equal(fake_v4l2.written, stopped.bytes, stopped.size_bytes);
        assert_memory_equal(fake_v4l2.timeout_image, stopped.bytes, stopped.size_bytes);
        bt_output_destroy(&output);
    }
}

static void test_who_watches_is_told(void **state) {
    (void)state;
    struct watcher watcher = {0};
    struct bt_output *output = open_output(true, 0, true, &watcher);
    wait_ms(1500);
    assert_int_equal(atomic_load(&watcher.calls), 0); /* readers may start only once there was a frame */
    for (int turn = 0; turn < 2; turn++) {
        fake_v4l2.readers = 0;
        fake_v4l2.events = 1;
        int64_t start = bt_clock_now_ns();
        for (uint64_t k = 0; atomic_load(&watcher.calls) == 2 * turn && bt_clock_now_ns() < start + 5000 * MS; k++) {
            send(output, bt_clock_now_ns(), k);
            wait_ms(20);
        }
        assert_int_equal(atomic_load(&watcher.calls), 2 * turn + 1);
        assert_false(atomic_load(&watcher.watched));
        assert_true(bt_clock_now_ns() - start > 900 * MS); /* who opens a camera only to ask does not make it sleep */
        assert_true(bt_clock_now_ns() - start < 1800 * MS);
        fake_v4l2.readers = 2;
        fake_v4l2.events = 1;
        start = bt_clock_now_ns();
        while (atomic_load(&watcher.calls) == 2 * turn + 1 && bt_clock_now_ns() < start + 5000 * MS) wait_ms(5);
        assert_true(atomic_load(&watcher.watched));
        assert_true(bt_clock_now_ns() - start < 400 * MS);
    }
    bt_output_destroy(&output);
}

static void test_an_old_module_is_taken_for_watched(void **state) {
    (void)state;
    struct watcher watcher = {0};
    struct bt_output *output = NULL;
    const struct bt_output_params params = {.log = t.log,
                                            .disclose = disclose,
                                            .width_px = W,
                                            .height_px = H,
                                            .rate_num = 30,
                                            .rate_den = 1,
                                            .loopback = FAKE_NODE,
                                            .paced = true,
                                            .watch = {&watcher, changed}};
    fake_v4l2_reset("v4l2 loopback", OUT);
    snprintf((char *)fake_v4l2.cap.card, sizeof fake_v4l2.cap.card, "bauta (AI face)");
    fake_v4l2.model_0_12_7 = true;
    assert_int_equal(bt_output_create(&params, &output), BT_OK);
    send(output, bt_clock_now_ns(), 0);
    wait_ms(1600);
    assert_int_equal(atomic_load(&watcher.calls), 0);
    bt_output_destroy(&output);
}

static void test_a_rate_of_its_own_live(void **state) {
    (void)state;
    static const struct {
        int64_t every_ms;
        uint32_t rate, least, most; /* of frames that leave in 2 s */
    } cases[] = {{10, 10, 15, 21}, {100, 40, 15, 21}};
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_output *output = open_output(true, cases[i].rate, true, NULL);
        uint64_t k = 0;
        for (const int64_t start = bt_clock_now_ns(); bt_clock_now_ns() < start + 2000 * MS; k++) {
            send(output, bt_clock_now_ns(), k);
            bt_clock_sleep_until_ns(start + (int64_t)(k + 1) * cases[i].every_ms * MS);
        }
        assert_int_equal(bt_output_finish(output), BT_OK);
        const struct bt_output_stats stats = bt_output_stats_of(output);
        assert_in_range(stats.hash_frames, cases[i].least, cases[i].most);
        assert_int_equal(stats.sent + stats.dropped, k);
        if (cases[i].rate == 40) assert_in_range(stats.hash_frames + stats.repeated, 60, 82);
        if (cases[i].rate == 10) assert_true(stats.dropped > k / 2);
        bt_output_destroy(&output);
    }
}

static void test_a_rate_of_its_own_for_a_file(void **state) {
    (void)state;
    static const struct {
        uint32_t from, to;
        unsigned want[12];
    } cases[] = {
        {30, 10, {0, 3, 6, 9}},
        {30, 30, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}},
        {25, 50, {0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5}},
        {30, 20, {0, 2, 3, 5, 6, 8, 9}},
    };
    for (size_t i = 0; i < BT_COUNT(cases); i++) {
        struct bt_output *output = open_output(false, cases[i].to, false, NULL);
        unsigned got[64];
        for (uint64_t k = 0; k <= 10; k++) send(output, (int64_t)(7 * 1000 + k * 1000000000 / cases[i].from), k);
        send(output, 8000000 * MS, 11); /* another clock: a card of a pause */
        assert_int_equal(bt_output_finish(output), BT_OK);
        const size_t n = read_sequences(got, 64);
        for (size_t k = 0; k < 12 && (!k || cases[i].want[k]); k++)
            if (got[k] != cases[i].want[k])
                fail_msg("%u to %u: frame %zu is %u, not %u", cases[i].from, cases[i].to, k, got[k], cases[i].want[k]);
        assert_int_equal(got[n - 1], 11);
        assert_int_equal(got[n - 2] == 11, 0);
        bt_output_destroy(&output);
    }
}

static int set_up(void **state) {
    (void)state;
    test_folder(folder, sizeof folder);
    snprintf(hash, sizeof hash, "%s/hash", folder);
    if (test_gpu_open(&t)) return 1;
    const struct bt_disclose_params params = {
        .log = t.log, .gpu = t.gpu, .width_px = W, .height_px = H, .egress = BT_EGRESS_YUYV};
    return bt_disclose_create(&params, &disclose) != BT_OK;
}

static int tear_down(void **state) {
    (void)state;
    bt_disclose_destroy(&disclose);
    test_gpu_close(&t);
    unlink(hash);
    test_folder_remove(folder);
    return t.validation != 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_silence_is_filled_but_not_for_ever), cmocka_unit_test(test_who_watches_is_told),
        cmocka_unit_test(test_an_old_module_is_taken_for_watched), cmocka_unit_test(test_a_rate_of_its_own_live),
        cmocka_unit_test(test_a_rate_of_its_own_for_a_file),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
