/* SPDX-License-Identifier: MIT */
/* Pictures as nobody wants them, through the whole pipeline: no face, two faces, a face that leaves, darkness, noise, a camera
   that is gone, a consent that ends. What comes out is masked and labelled, or the placard. */
#include "fault/show.h"
#include "pipeline/output/output.h"
#include "support/brief.h"
#include "support/cmocka.h"

#include <stdio.h>

static struct show *show;

struct scene {
    bt_status (*draw)(uint64_t index, uint8_t *data);
    uint64_t masked_at, placard_at; /* the last of each; UINT64_MAX: none */
    uint64_t first_placard, count;
    struct bt_disclosed recent[16];
    void (*after)(uint64_t index);
    int64_t hold_ns;
};

static bt_status picture(void *user, uint64_t index, uint8_t *data) {
    return ((struct scene *)user)->draw(index, data);
}

static void frame(void *user, const struct bt_report *report, const struct bt_disclosed_view *view) {
    struct scene *s = user;
    if (view->placard && s->first_placard == UINT64_MAX) s->first_placard = s->count;
    if (view->placard)
        s->placard_at = s->count;
    else if (!report->held)
        s->masked_at = s->count;
    s->recent[s->count % 16] = report->disclosed;
    if (s->after) s->after(s->count);
    s->count++;
}

static bt_status play(struct scene *s, uint64_t frames, int64_t grant_ns) {
    const struct show_acts acts = {picture, frame, NULL, s, s->hold_ns};
    s->masked_at = s->placard_at = s->first_placard = UINT64_MAX;
    s->count = 0;
    return show_run(show, &acts, frames, grant_ns);
}

/* Nothing without its label, no bare face; and every frame was sent. */
static struct show_tally check(void) {
    struct show_tally t = show_tally(show);
    assert_int_equal(t.unlabelled, 0);
    assert_int_equal(t.bare, 0);
    const struct bt_pipeline_stats stats = bt_pipeline_stats_of(show_pipeline(show));
    assert_int_equal(stats.disclosed, t.frames);
    assert_int_equal(stats.held, t.held);
    assert_int_equal(stats.swapped + stats.placard + stats.held, stats.frames);
    assert_int_equal(bt_output_stats_of(show_output(show)).undisclosed, 0);
    return t;
}

static bt_status good(uint64_t index, uint8_t *data) {
    (void)index;
    show_fill(show, data, 60);
    show_paint(show, data, 0, 1);
    return BT_OK;
}

/* Whatever came before: the pipeline finds a face again. */
static void recovers(void) {
    struct scene s = {.draw = good};
    assert_int_equal(play(&s, 40, 0), BT_OK);
    check();
    assert_int_equal(s.masked_at, 39);
}

/* On a CPU driver the detector looks for further people every 240 ms (track.c, SEARCH_NS): at 25 pictures a second, so many
   later at most. */
enum { SEEN_WITHIN = 7 };

static void test_a_good_picture_is_masked(void **state) {
    (void)state;
    struct scene s = {.draw = good};
    assert_int_equal(play(&s, 12, 0), BT_OK);
    show_learn(show);
    printf("a masked face differs from the bare one by %.1f codes of luma\n", (double)show_distance(show));
    struct show_tally t = check();
    assert_true(t.masked >= 10);
    assert_true(show_distance(show) > 4);
}

static bt_status black(uint64_t index, uint8_t *data) {
    (void)index;
    show_fill(show, data, 16);
    return BT_OK;
}

static bt_status white(uint64_t index, uint8_t *data) {
    (void)index;
    show_fill(show, data, 255);
    return BT_OK;
}

static bt_status noise(uint64_t index, uint8_t *data) {
    uint32_t r = (uint32_t)index + 1;
    show_fill(show, data, 0);
    for (int i = 0; i < SHOW_BYTES; i++) {
        r = r * 1664525 + 1013904223;
        data[i] = (uint8_t)(r >> 24);
    }
    return BT_OK;
}

static bt_status dark(uint64_t index, uint8_t *data) {
    (void)index;
    show_fill(show, data, 17);
    show_paint(show, data, 0, .03f);
    return BT_OK;
}

static bt_status two(uint64_t index, uint8_t *data) {
    (void)index;
    show_fill(show, data, 60);
    show_paint(show, data, 0, 1);
    show_paint(show, data, SHOW_HALF, 1);
    return BT_OK;
}

static void test_what_cannot_be_masked_is_the_placard(void **state) {
    (void)state;
    static const struct {
        bt_status (*draw)(uint64_t index, uint8_t *data);
        bt_status why[2];
    } cases[] = {{black, {BT_E_NO_FACE, BT_E_TOO_DARK}},
                 {white, {BT_E_NO_FACE, BT_E_NO_FACE}},
                 {noise, {BT_E_NO_FACE, BT_E_NO_FACE}},
                 {dark, {BT_E_TOO_DARK, BT_E_NO_FACE}},
                 {two, {BT_E_TWO_FACES, BT_E_TWO_FACES}}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i += test_brief(1, 2)) {
        struct scene s = {.draw = cases[i].draw};
        assert_int_equal(play(&s, 20, 0), BT_OK);
        struct show_tally t = check();
        assert_true(t.beside <= SEEN_WITHIN);
        assert_int_equal(t.placards, 20 - t.beside);
        assert_int_equal(t.why[cases[i].why[0]] + (cases[i].why[1] != cases[i].why[0] ? t.why[cases[i].why[1]] : 0),
                         t.placards);
        recovers();
    }
}

/* One face; from frame 10 on a second one. */
static bt_status second(uint64_t index, uint8_t *data) {
    show_fill(show, data, 60);
    show_paint(show, data, 0, 1);
    if (index >= 10) show_paint(show, data, SHOW_HALF, 1);
    return BT_OK;
}

static bt_status lost(uint64_t index, uint8_t *data) {
    show_fill(show, data, 60);
    if (index < 8 || index >= 14) show_paint(show, data, 0, 1);
    return BT_OK;
}

static bt_status leaving(uint64_t index, uint8_t *data) {
    show_fill(show, data, 60);
    show_paint(show, data, 100 - 12 * (int)index, 1);
    return BT_OK;
}

static bt_status jumping(uint64_t index, uint8_t *data) {
    show_fill(show, data, 60);
    show_paint(show, data, index / 3 % 2 ? SHOW_HALF : 0, 1);
    return BT_OK;
}

static bt_status fading(uint64_t index, uint8_t *data) {
    const float light = 1 - .06f * (float)index;
    show_fill(show, data, 20);
    show_paint(show, data, 0, light > .02f ? light : .02f);
    return BT_OK;
}

static void test_a_face_that_is_lost(void **state) {
    (void)state;
    struct scene s = {.draw = lost};
    assert_int_equal(play(&s, 24, 0), BT_OK);
    struct show_tally t = check();
    assert_true(t.why[BT_E_NO_FACE] >= 6);
    assert_int_equal(s.first_placard, 8);
    assert_int_equal(s.masked_at, 23);
    recovers();
}

static bt_status lost_for_long(uint64_t index, uint8_t *data) {
    show_fill(show, data, 60);
    if (index < 8 || (index >= 24 && index < 34)) show_paint(show, data, 0, 1);
    return BT_OK;
}

static void withdraw_while_held(uint64_t index) {
    if (index == 10) show_withdraw(show);
}

/* Where its owner agreed to it, the last masked frame stands for a lost face: so long, and for nothing else. */
static void test_a_lost_face_is_held(void **state) {
    (void)state;
    struct scene s = {.draw = lost, .hold_ns = 5000000000};
    assert_int_equal(play(&s, 24, 0), BT_OK);
    struct show_tally t = check();
    assert_true(t.held >= 6);
    assert_int_equal(t.held, t.why[BT_E_NO_FACE]);
    assert_int_equal(t.placards, 0);
    assert_int_equal(s.masked_at, 23);

    s = (struct scene){.draw = lost_for_long, .hold_ns = 400000000}; /* 40 ms a picture: nine more within that */
    assert_int_equal(play(&s, 44, 0), BT_OK);
    t = check();
    assert_int_equal(s.first_placard, 8 + 9);
    assert_int_equal(t.held, 9 + 9);
    assert_int_equal(s.placard_at, 43);

    s = (struct scene){.draw = lost, .hold_ns = 5000000000, .after = withdraw_while_held};
    assert_int_equal(play(&s, 24, 0), BT_E_CONSENT);
    t = check();
    assert_int_equal(s.placard_at, 11);
    assert_int_equal(t.frames, 12);
    assert_int_equal(t.why[BT_E_CONSENT], 1);

    static bt_status (*const never[])(uint64_t index, uint8_t * data) = {second, black};
    for (size_t i = 0; i < sizeof never / sizeof *never; i++) { /* two people; and nothing that was masked before */
        s = (struct scene){.draw = never[i], .hold_ns = 5000000000};
        assert_int_equal(play(&s, 20, 0), BT_OK);
        assert_int_equal(check().held, 0);
    }
    recovers();
}

static void test_a_second_face_comes(void **state) {
    (void)state;
    struct scene s = {.draw = second};
    assert_int_equal(play(&s, 30, 0), BT_OK);
    struct show_tally t = check();
    printf("a second face is seen after %d frames\n", (int)t.beside);
    assert_true(t.beside <= SEEN_WITHIN);
    assert_int_equal(s.first_placard, 10 + t.beside);
    assert_int_equal(t.why[BT_E_TWO_FACES], t.placards);
    assert_int_equal(t.placards, 20 - t.beside);
    recovers();
}

static void test_a_face_that_moves_as_none_does(void **state) {
    (void)state;
    bt_status (*const draws[])(uint64_t index, uint8_t * data) = {leaving, jumping, fading};
    for (size_t i = 0; i < sizeof draws / sizeof *draws; i++) {
        struct scene s = {.draw = draws[i]};
        assert_int_equal(play(&s, 24, 0), BT_OK);
        struct show_tally t = check();
        printf("scene %zu: %d masked, %d placards\n", i, (int)t.masked, (int)t.placards);
        recovers();
    }
}

static bt_status gone_with;
static bt_status gone(uint64_t index, uint8_t *data) {
    return index == 6 ? gone_with : good(index, data);
}

/* Whatever the source says: its end ends the run; silence, a camera that is gone, taken or given back for a pause is waited
   for behind a placard; all else is a placard and an error. */
static void test_a_source_that_goes_away(void **state) {
    (void)state;
    for (int status = 1; status < BAUTA_STATUS_COUNT; status += (int)test_brief(1, 6)) {
        struct scene s = {.draw = gone};
        gone_with = (bt_status)status;
        const bt_status ended = play(&s, 9, 0);
        struct show_tally t = check();
        if (status == BT_E_END || status == BT_E_INTERRUPTED) {
            assert_int_equal(ended, BT_OK);
            assert_int_equal(t.frames, 6);
        } else if (status == BT_E_TIMEOUT || status == BT_E_NOT_FOUND || status == BT_E_BUSY || status == BT_E_PAUSED) {
            assert_int_equal(ended, BT_OK);
            assert_int_equal(t.why[status], 1);
            assert_int_equal(t.frames, status == BT_E_PAUSED ? 10 : 9); /* a pause's cards do not count towards the limit */
        } else {
            assert_int_equal(ended, status);
            assert_int_equal(t.frames, 7);
            assert_int_equal(s.placard_at, 6);
            assert_true(t.why[status] >= 1);
        }
    }
    recovers();
}

static void withdraw_after(uint64_t index) {
    if (index == 6) show_withdraw(show);
}

static bt_status withdraw_within(uint64_t index, uint8_t *data) {
    if (index == 6) show_withdraw(show);
    return good(index, data);
}

static void test_a_consent_that_ends(void **state) {
    (void)state;
    struct scene s = {.draw = good, .after = withdraw_after};
    assert_int_equal(play(&s, 20, 0), BT_E_CONSENT);
    struct show_tally t = check();
    assert_int_equal(t.frames, 8);
    assert_int_equal(s.placard_at, 7);
    assert_int_equal(s.masked_at, 6);
    assert_int_equal(t.why[BT_E_CONSENT], 1);

    s = (struct scene){.draw = withdraw_within};
    assert_int_equal(play(&s, 20, 0), BT_E_CONSENT);
    t = check();
    assert_int_equal(t.frames, 7);
    assert_int_equal(s.placard_at, 6);
    assert_int_equal(s.masked_at, 5);

    s = (struct scene){.draw = good};
    assert_int_equal(play(&s, 0, 700000000), BT_E_CONSENT);
    t = check();
    assert_true(t.why[BT_E_CONSENT] == 1 || t.why[BT_E_CONSENT] == 2); /* 2: it ended within a tick */
    assert_int_equal(s.placard_at, t.frames - 1);
    assert_int_equal(t.masked, t.frames - t.why[BT_E_CONSENT]);
    recovers();
}

static void test_forged_and_old_handles(void **state) {
    (void)state;
    struct scene s = {.draw = good};
    assert_int_equal(play(&s, 14, 0), BT_OK);
    check();
    for (int age = BT_EGRESS_SLOTS; age < 14; age++)
        assert_true(bt_disclose_bytes(show_disclose(show), s.recent[13 - age]).placard);
    uint32_t r = 7;
    for (int i = 0; i < 200; i++) {
        r = r * 1664525 + 1013904223;
        const struct bt_disclosed forged = {i % 3 ? r % 9 : r, i % 5 ? r >> 20 : r};
        assert_int_equal(bt_output_send(show_output(show), forged), BT_OK);
    }
    assert_int_equal(bt_output_stats_of(show_output(show)).undisclosed, 0);
    recovers();
}

static int open_show(void **state) {
    (void)state;
    show = show_open("/dev/null");
    return !show;
}

static int close_show(void **state) {
    (void)state;
    show_close(&show);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_good_picture_is_masked), cmocka_unit_test(test_what_cannot_be_masked_is_the_placard),
        cmocka_unit_test(test_a_face_that_is_lost),      cmocka_unit_test(test_a_lost_face_is_held),
        cmocka_unit_test(test_a_second_face_comes),      cmocka_unit_test(test_a_face_that_moves_as_none_does),
        cmocka_unit_test(test_a_source_that_goes_away),  cmocka_unit_test(test_a_consent_that_ends),
        cmocka_unit_test(test_forged_and_old_handles),
    };
    return cmocka_run_group_tests(tests, open_show, close_show);
}
