/* SPDX-License-Identifier: MIT */
/* What is referred to a human and when, what an answer does, and what the session log keeps of it. The pipeline and the log are
   this test's own. */
#include "app/referral.h"
#include "base/clock.h"
#include "support/cmocka.h"
#include "trust/audit/audit.h"

#include <stdio.h>
#include <string.h>

#define S INT64_C(1000000000)

enum { LINES = 64, FRAME_MS = 40 };

static struct {
    bool paused, log_fails;
    int lines;
    char event[LINES][24], why[LINES][64], seconds[LINES][24];
    int64_t now_ns;
} t;

void __wrap_bt_pipeline_pause(struct bt_pipeline *pipeline, enum bt_pause why);
void __wrap_bt_pipeline_resume(struct bt_pipeline *pipeline, enum bt_pause why);
bt_status __wrap_bt_audit_append(struct bt_audit *audit, int64_t wall_ns, const char *event,
                                 const struct bt_audit_field *fields, uint32_t count);

void __wrap_bt_pipeline_pause(struct bt_pipeline *pipeline, enum bt_pause why) {
    (void)pipeline;
    assert_int_equal(why, BT_PAUSE_REFERRED);
    t.paused = true;
}

void __wrap_bt_pipeline_resume(struct bt_pipeline *pipeline, enum bt_pause why) {
    (void)pipeline;
    assert_int_equal(why, BT_PAUSE_REFERRED);
    t.paused = false;
}

bt_status __wrap_bt_audit_append(struct bt_audit *audit, int64_t wall_ns, const char *event,
                                 const struct bt_audit_field *fields, uint32_t count) {
    (void)audit;
    (void)wall_ns;
    if (t.log_fails) return BT_E_IO;
    assert_true(t.lines < LINES);
    assert_string_equal(fields[0].key, "session");
    snprintf(t.event[t.lines], sizeof t.event[0], "%s", event);
    for (uint32_t i = 1; i < count; i++) {
        if (!strcmp(fields[i].key, "why")) snprintf(t.why[t.lines], sizeof t.why[0], "%s", fields[i].value);
        if (!strcmp(fields[i].key, "seconds")) snprintf(t.seconds[t.lines], sizeof t.seconds[0], "%s", fields[i].value);
    }
    t.lines++;
    return BT_OK;
}

static struct bt_referral *open_referral(bool attended) {
    struct bt_referral *r = NULL;
    const struct bt_referral_params params = {.session = "0123", .attended = attended};
    memset(&t, 0, sizeof t);
    t.now_ns = bt_clock_now_ns();
    assert_int_equal(bt_referral_create(&params, &r), BT_OK);
    bt_referral_begin(r, (struct bt_pipeline *)&t); /* only handed back */
    return r;
}

/* Frames for so long; while it is paused they are the card of that. Gives for how long it was not paused, ms. */
static int64_t frames(struct bt_referral *r, bt_status why, int64_t ms) {
    int64_t until_paused = -1;
    for (int64_t at = 0; at < ms; at += FRAME_MS) {
        t.now_ns += FRAME_MS * INT64_C(1000000);
        bt_referral_step(r, t.paused ? BT_E_REFERRED : why, t.now_ns);
        if (t.paused && until_paused < 0) until_paused = at;
    }
    return until_paused < 0 ? ms : until_paused;
}

static int count_of(const char *event) {
    int count = 0;
    for (int i = 0; i < t.lines; i++) count += !strcmp(t.event[i], event);
    return count;
}

static void test_a_bad_picture_is_referred_after_20_s(void **state) {
    static const bt_status mendable[] = {BT_E_TOO_DARK,  BT_E_TOO_BRIGHT, BT_E_LOW_CONTRAST, BT_E_NOISY,    BT_E_BLURRED,
                                         BT_E_TOO_SMALL, BT_E_UNSTEADY,   BT_E_OCCLUDED,     BT_E_TWO_FACES};
    (void)state;
    for (size_t i = 0; i < BT_COUNT(mendable); i++) {
        struct bt_referral *r = open_referral(true);
        assert_int_equal(frames(r, mendable[i], 19900), 19900);
        frames(r, BT_OK, 40); /* better for a frame: it starts over */
        const int64_t took_ms = frames(r, mendable[i], 21000);
        assert_true(took_ms >= 20000 && took_ms < 20100);
        assert_true(t.paused);
        assert_int_equal(bt_referral_why(r), mendable[i]);
        assert_int_equal(count_of("gate.referred"), 1);
        frames(r, BT_OK, 120000); /* somebody is there to be asked: it waits */
        assert_true(t.paused);
        assert_int_equal(bt_referral_answer(r, mendable[i], BT_ANSWER_AGREED, "the test"), BT_E_CONSENT);
        assert_int_equal(bt_referral_answer(r, BT_E_STRANGER, BT_ANSWER_GO_ON, "the test"), BT_E_NOT_FOUND);
        assert_int_equal(bt_referral_answer(r, mendable[i], BT_ANSWER_GO_ON, "the test"), BT_OK);
        frames(r, BT_OK, 80);
        assert_false(t.paused);
        assert_int_equal(bt_referral_why(r), BT_OK);
        assert_int_equal(count_of("gate.approved"), 1);
        assert_int_equal(bt_referral_counts(r).referred, 1);
        assert_int_equal(bt_referral_counts(r).approved, 1);
        bt_referral_destroy(&r);
        assert_int_equal(count_of("gate.stopped"), 0);
    }
}

static void test_nobody_there_is_not_referred(void **state) {
    static const bt_status other[] = {BT_OK, BT_E_NO_FACE, BT_E_POSE, BT_E_PAUSED, BT_E_CHANGING, BT_E_NOT_FOUND, BT_E_TIMEOUT};
    (void)state;
    for (size_t i = 0; i < BT_COUNT(other); i++) {
        struct bt_referral *r = open_referral(true);
        assert_int_equal(frames(r, other[i], 60000), 60000);
        assert_int_equal(bt_referral_answer(r, BT_OK, BT_ANSWER_GO_ON, "the test"), BT_E_NOT_FOUND);
        bt_referral_destroy(&r);
        assert_int_equal(count_of("gate.referred"), 0);
    }
}

static void test_a_stranger_is_referred_at_once(void **state) {
    (void)state;
    struct bt_referral *r = open_referral(true);
    frames(r, BT_OK, 1000);
    assert_int_equal(frames(r, BT_E_STRANGER, 400), 0);
    assert_int_equal(bt_referral_answer(r, BT_E_STRANGER, BT_ANSWER_AGREED, "the test"),
                     BT_E_CONSENT); /* nobody is looked at */
    assert_int_equal(bt_referral_answer(r, BT_E_STRANGER, BT_ANSWER_GO_ON, "the test"), BT_OK);
    t.log_fails = true; /* what is decided is durable first */
    frames(r, BT_OK, 400);
    assert_true(t.paused);
    t.log_fails = false;
    assert_int_equal(bt_referral_answer(r, BT_E_STRANGER, BT_ANSWER_GO_ON, "the test"), BT_OK);
    frames(r, BT_E_STRANGER, 80); /* goes on, and is referred again */
    assert_true(t.paused);
    assert_int_equal(bt_referral_counts(r).strangers, 2);
    assert_int_equal(bt_referral_counts(r).approved, 1);
    bt_referral_destroy(&r);
    assert_int_equal(count_of("gate.stopped"), 1);
}

static void test_unattended_it_tries_again(void **state) {
    (void)state;
    struct bt_referral *r = open_referral(false);
    frames(r, BT_E_STRANGER, 29000);
    assert_int_equal(count_of("gate.referred"), 1);
    frames(r, BT_E_STRANGER, 2000);
    assert_int_equal(count_of("gate.referred"), 2);
    frames(r, BT_E_STRANGER, 3600000); /* ever more seldom: an hour is not a hundred lines */
    assert_true(count_of("gate.referred") >= 5 && count_of("gate.referred") <= 12);
    bt_referral_destroy(&r);
}

static void test_runs_of_cards_are_logged(void **state) {
    (void)state;
    struct bt_referral *r = open_referral(true);
    frames(r, BT_E_NO_FACE, 600); /* short ones are not */
    frames(r, BT_OK, 8000);
    assert_int_equal(t.lines, 0);
    frames(r, BT_E_NO_FACE, 3000);
    frames(r, BT_E_POSE, 6000);
    frames(r, BT_OK, 8000);
    assert_int_equal(count_of("gate.placard"), 2);
    assert_string_equal(t.why[0], bauta_status_text(BT_E_NO_FACE));
    assert_string_equal(t.seconds[0], "3.0");
    assert_string_equal(t.why[1], bauta_status_text(BT_E_POSE));
    for (int i = 0; i < 20; i++) { /* a minute of flicker: a line every 5 s at most */
        frames(r, BT_E_BLURRED, 1200);
        frames(r, BT_OK, 1800);
    }
    assert_true(count_of("gate.placard") >= 6 && count_of("gate.placard") <= 2 + 13);
    frames(r, BT_E_NO_FACE, 2000);
    const int before = count_of("gate.placard");
    bt_referral_destroy(&r); /* what still runs is kept too */
    assert_int_equal(count_of("gate.placard"), before + 1);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_bad_picture_is_referred_after_20_s),
        cmocka_unit_test(test_nobody_there_is_not_referred),
        cmocka_unit_test(test_a_stranger_is_referred_at_once),
        cmocka_unit_test(test_unattended_it_tries_again),
        cmocka_unit_test(test_runs_of_cards_are_logged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
