/* SPDX-License-Identifier: MIT */
/* The library as a caller sees it: no grant without the person's own words, no session without a grant, figures that add up,
   and a stop that ends it. Links libbauta.so.1 alone, so that only what it exports can be called. */
#include "bauta/bauta.h"
#include "support/cmocka.h"
#include "support/video.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static char folder[256], clip[300], hash[300], record_path[300];

struct person {
    const char *types;
    bauta_status gives;
    int asked;
    char read[4096];
};

static bauta_status ask(void *user, const char *notice, char *out_answer, uint32_t answer_bytes) {
    struct person *p = user;
    p->asked++;
    snprintf(p->read, sizeof p->read, "%s", notice);
    snprintf(out_answer, answer_bytes, "%s", p->types);
    return p->gives;
}

static struct bauta_request request_of(enum bauta_source source, struct person *person) {
    struct bauta_request r;
    memset(&r, 0, sizeof r);
    r.bytes = sizeof r;
    r.source = source;
    r.source_path = source == BAUTA_SOURCE_FILE ? clip : NULL;
    r.hash = hash;
    r.models = getenv("BAUTA_TEST_MODELS");
    r.asker.ask = person ? ask : NULL;
    r.asker.user = person;
    r.width_px = 320, r.height_px = 240;
    return r;
}

static int lines(const char *path, const char *with) {
    FILE *file = fopen(path, "r");
    char line[4096];
    int n = 0;
    while (file && fgets(line, sizeof line, file)) n += strstr(line, with) != NULL;
    if (file) fclose(file);
    return n;
}

static struct bauta_progress progress_of(struct bauta_session *session) {
    struct bauta_progress p;
    memset(&p, 0, sizeof p);
    p.bytes = sizeof p;
    assert_int_equal(bauta_session_status(session, &p), BAUTA_OK);
    assert_int_equal(p.frames, p.masked + p.cards + p.held);
    return p;
}

static void footage_needs_nobodys_word(void **state) {
    struct bauta_request r = request_of(BAUTA_SOURCE_FOOTAGE, NULL);
    struct bauta_grant *grant = NULL;
    struct bauta_session *session = NULL;
    (void)state;
    r.frames = 20;
    r.profile = "kr";
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_OK);
    assert_int_equal(bauta_session_open(&grant, &session), BAUTA_OK);
    assert_null(grant);
    assert_int_equal(progress_of(session).state, BAUTA_STATE_READY);
    assert_int_equal(bauta_session_wait(session), BAUTA_E_ARGUMENT);
    assert_int_equal(bauta_session_start(session), BAUTA_OK);
    assert_int_equal(bauta_session_start(session), BAUTA_E_ARGUMENT);
    assert_int_equal(bauta_session_wait(session), BAUTA_OK);
    assert_int_equal(bauta_session_wait(session), BAUTA_OK);
    const struct bauta_progress p = progress_of(session);
    assert_int_equal(p.state, BAUTA_STATE_ENDED);
    assert_int_equal(p.result, BAUTA_OK);
    assert_int_equal(p.frames, 20);
    assert_int_equal(p.width_px, 320);
    bauta_session_destroy(&session);
    assert_null(session);
    assert_true(lines(hash, " ") >= 20);
    assert_int_equal(lines(hash, " frame "), (int)(p.masked + p.held));
}

static void no_grant_without_the_persons_own_words(void **state) {
    static const struct {
        const char *types;
        bauta_status gives;
    } tries[] = {{"", BAUTA_OK},     {"no", BAUTA_OK},         {"y", BAUTA_OK},
                 {"yes!", BAUTA_OK}, {"yes", BAUTA_E_CONSENT}, {"yes", BAUTA_E_IO}};
    struct bauta_grant *grant = NULL;
    (void)state;
    for (size_t i = 0; i < sizeof tries / sizeof *tries; i++) {
        struct person person = {.types = tries[i].types, .gives = tries[i].gives};
        struct bauta_request r = request_of(BAUTA_SOURCE_FILE, &person);
        r.record = record_path;
        assert_int_not_equal(bauta_grant_obtain(&r, &grant), BAUTA_OK);
        assert_null(grant);
        assert_int_equal(person.asked, 1);
        assert_non_null(strstr(person.read, clip));
        assert_non_null(strstr(person.read, record_path));
    }
    struct bauta_request nobody = request_of(BAUTA_SOURCE_FILE, NULL);
    nobody.record = record_path;
    assert_int_equal(bauta_grant_obtain(&nobody, &grant), BAUTA_E_CONSENT);
    nobody = request_of(BAUTA_SOURCE_CAMERA, NULL);
    nobody.source_path = "/dev/null";
    assert_int_equal(bauta_grant_obtain(&nobody, &grant), BAUTA_E_CONSENT);
    assert_int_equal(access(record_path, F_OK), -1);
}

static void nonsense_is_refused(void **state) {
    struct bauta_grant *grant = NULL;
    struct bauta_session *session = NULL;
    struct bauta_request r = request_of(BAUTA_SOURCE_FOOTAGE, NULL);
    (void)state;
    assert_int_equal(bauta_grant_obtain(NULL, &grant), BAUTA_E_ARGUMENT);
    r.bytes = 8;
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_E_ARGUMENT);
    r = request_of(BAUTA_SOURCE_FOOTAGE, NULL);
    r.hash = NULL;
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_E_ARGUMENT);
    r = request_of((enum bauta_source)7, NULL);
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_E_ARGUMENT);
    r = request_of(BAUTA_SOURCE_FOOTAGE, NULL);
    r.face = "nobody-has-this";
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_E_NOT_FOUND);
    r = request_of(BAUTA_SOURCE_FOOTAGE, NULL);
    r.profile = "nowhere";
    assert_int_not_equal(bauta_grant_obtain(&r, &grant), BAUTA_OK);
    r = request_of(BAUTA_SOURCE_FOOTAGE, NULL);
    r.virtual_camera = "/dev/null";
    r.hash = NULL;
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_OK);
    assert_int_not_equal(bauta_session_open(&grant, &session), BAUTA_OK); /* not a virtual camera */
    assert_null(grant);
    assert_null(session);
    assert_int_equal(bauta_session_open(&grant, &session), BAUTA_E_ARGUMENT);
    bauta_grant_destroy(&grant);
    bauta_session_destroy(&session);
    bauta_session_stop(NULL);
}

static void a_recording_by_consent_and_in_the_log(void **state) {
    struct person person = {.types = " Yes "};
    struct bauta_request r = request_of(BAUTA_SOURCE_FILE, &person);
    struct bauta_grant *grant = NULL;
    struct bauta_session *session = NULL;
    char log[400];
    (void)state;
    r.record = record_path;
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_OK);
    assert_int_equal(person.asked, 1);
    assert_int_equal(bauta_session_open(&grant, &session), BAUTA_OK);
    assert_int_equal(bauta_session_start(session), BAUTA_OK);
    assert_int_equal(bauta_session_wait(session), BAUTA_OK);
    const struct bauta_progress p = progress_of(session);
    assert_true(p.frames >= 5);
    assert_int_equal(p.masked, 0); /* grey: no face */
    assert_int_equal(p.why, BAUTA_E_NO_FACE);
    bauta_session_destroy(&session);
    assert_int_equal(access(record_path, F_OK), 0);
    snprintf(log, sizeof log, "%s/state/bauta/sessions.log", folder);
    assert_int_equal(lines(log, "\"consent.given\""), 1);
    assert_true(lines(log, "\"consent.refused\"") >= 1);
    assert_int_equal(lines(log, "\"session.ended\""), 1);
}

static void stopped_from_elsewhere(void **state) {
    struct bauta_request r = request_of(BAUTA_SOURCE_FOOTAGE, NULL);
    struct bauta_grant *grant = NULL;
    struct bauta_session *session = NULL;
    (void)state;
    r.frames = 100000;
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_OK);
    assert_int_equal(bauta_session_open(&grant, &session), BAUTA_OK);
    assert_int_equal(bauta_session_start(session), BAUTA_OK);
    while (progress_of(session).frames < 3) nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    bauta_session_stop(session);
    assert_int_equal(bauta_session_wait(session), BAUTA_OK);
    assert_true(progress_of(session).frames < 1000);
    bauta_session_destroy(&session);
    assert_int_equal(bauta_grant_obtain(&r, &grant), BAUTA_OK);
    assert_int_equal(bauta_session_open(&grant, &session), BAUTA_OK);
    bauta_session_destroy(&session); /* never started */
}

int main(void) {
    char state[300], data[300];
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(footage_needs_nobodys_word), cmocka_unit_test(no_grant_without_the_persons_own_words),
        cmocka_unit_test(nonsense_is_refused),        cmocka_unit_test(a_recording_by_consent_and_in_the_log),
        cmocka_unit_test(stopped_from_elsewhere),
    };
    test_folder(folder, sizeof folder);
    snprintf(clip, sizeof clip, "%s/clip.mkv", folder);
    snprintf(hash, sizeof hash, "%s/hash", folder);
    snprintf(record_path, sizeof record_path, "%s/kept.mkv", folder);
    snprintf(state, sizeof state, "%s/state", folder);
    snprintf(data, sizeof data, "%s/data", folder);
    setenv("HOME", folder, 1);
    setenv("XDG_STATE_HOME", state, 1);
    setenv("XDG_DATA_HOME", data, 1);
    const struct test_video video = {
        .path = clip, .encoder = "ffv1", .pixels = "yuv420p", .width_px = 320, .height_px = 240, .frames = 6, .rate = 25};
    if (!test_video_write(&video)) return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    char command[300];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command) || failed;
}
