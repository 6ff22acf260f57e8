/* SPDX-License-Identifier: MIT */
/* No session without consent: who is asked, what counts as an answer, what the log holds, when a grant ends. */
#include "trust/consent/consent.h"
#include "base/clock.h"
#include "support/chain_lines.h"
#include "trust/audit/audit.h"
#include "trust/consent/notice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct script {
    const char *answer;
    bt_status status;
    int asked;
    char notice[BT_NOTICE_BYTES];
};

static bt_status scripted(void *user, const char *notice, char *out_answer, uint32_t bytes) {
    struct script *s = user;
    s->asked++;
    snprintf(s->notice, sizeof s->notice, "%s", notice);
    if (!s->status) snprintf(out_answer, bytes, "%s", s->answer);
    return s->status;
}

static bt_status obtain(struct script *s, enum bt_origin origin, bool attended, bool chinese, int64_t valid_ns,
                        struct bt_grant **grant) {
    struct bt_audit *audit = NULL;
    struct bt_asker asker = {s, scripted};
    assert_int_equal(bt_audit_open(NULL, NULL, NULL, &audit), BT_OK);
    struct bt_consent_params p = {.audit = audit,
                                  .asker = &asker,
                                  .facts = {.origin = origin, .wearer_attended = attended, .leaves_machine = true},
                                  .face_name = "colombina",
                                  .source_name = "/dev/video7",
                                  .chinese = chinese,
                                  .valid_ns = valid_ns};
    bt_status status = bt_consent_obtain(&p, grant);
    bt_audit_close(&audit);
    return status;
}

static void only_a_typed_yes_agrees(void **state) {
    (void)state;
    static const char *const yes[] = {"yes", "YES\n", "  yes \r\n", "同意", "是\n", "是的"};
    static const char *const no[] = {"",  "\n",   "y",       "yess",   "yes please", "no",  "ja",
                                     "1", "true", "yes\nno", "不同意", "同",         "YE S"};
    for (size_t i = 0; i < BT_COUNT(yes); i++) {
        struct script s = {.answer = yes[i]};
        struct bt_grant *grant = NULL;
        assert_int_equal(obtain(&s, BT_ORIGIN_CAMERA, true, i % 2, 0, &grant), BT_OK);
        assert_int_equal(s.asked, 1);
        assert_true(bt_grant_live(grant, bt_clock_now_ns()));
        assert_string_equal(bt_grant_face(grant), "colombina");
        assert_int_equal(strlen(bt_grant_session(grant)), 32);
        bt_grant_destroy(&grant);
        assert_null(grant);
    }
    for (size_t i = 0; i < BT_COUNT(no); i++) {
        struct script s = {.answer = no[i]};
        struct bt_grant *grant = NULL;
        assert_int_equal(obtain(&s, BT_ORIGIN_CAMERA, true, false, 0, &grant), BT_E_CONSENT);
        assert_null(grant);
    }
}

static void nobody_to_ask_is_a_refusal(void **state) {
    (void)state;
    struct script s = {.answer = "yes"};
    struct bt_grant *grant = NULL;
    assert_int_equal(obtain(&s, BT_ORIGIN_CAMERA, false, false, 0, &grant), BT_E_CONSENT);
    assert_int_equal(s.asked, 0);
    s = (struct script){.answer = "yes", .status = BT_E_CONSENT};
    assert_int_equal(obtain(&s, BT_ORIGIN_CAMERA, true, false, 0, &grant), BT_E_CONSENT);
    assert_null(grant);
}

static void the_demo_asks_nothing(void **state) {
    (void)state;
    struct script s = {.answer = "no"};
    struct bt_grant *grant = NULL;
    assert_int_equal(obtain(&s, BT_ORIGIN_BUILTIN, false, false, 0, &grant), BT_OK);
    assert_int_equal(s.asked, 0);
    bt_grant_destroy(&grant);
}

/* A person's face: worn only by what its owner agreed to, for that, until then. */
static void a_persons_face_needs_its_owner(void **state) {
    (void)state;
    enum { NOW = 1790000000, DAY = 86400 };
    for (int wrong = 0; wrong < 9; wrong++) {
        struct script s = {.answer = "yes"};
        struct bt_asker asker = {&s, scripted};
        struct bt_grant *grant = NULL;
        struct bt_audit *audit = NULL;
        struct bt_consent_state own = {.usable = true,
                                       .last = {.purposes = BT_PURPOSE_WEAR_LIVE,
                                                .valid_until_s = NOW + 3600,
                                                .identity_sha256 = "ab",
                                                .record_id = "01234567-89ab-4cde-8f01-23456789abcd"}};
        struct bt_pack_state lent = {.terms = {.purposes = BT_PURPOSE_WEAR_LIVE, .until_s = NOW + DAY, .uses_most = 3},
                                     .uses = 1};
        assert_int_equal(bt_audit_open(NULL, NULL, NULL, &audit), BT_OK);
        struct bt_consent_params p = {
            .audit = audit,
            .asker = &asker,
            .facts = {.owner = BT_OWNER_PERSON, .receipt_live = true, .wearer_attended = true, .leaves_machine = true},
            .owner = {.own = &own, .identity_sha256 = "ab"},
            .purposes = BT_PURPOSE_WEAR_LIVE,
            .now_s = NOW,
            .face_name = "ada",
            .source_name = "/dev/video7"};
        if (wrong == 1) p.owner.own = NULL; /* the facts alone say nothing */
        if (wrong == 2) own.usable = false;
        if (wrong == 3) p.owner.identity_sha256 = "ac"; /* another face than was agreed to */
        if (wrong == 4) p.purposes |= BT_PURPOSE_RECORD;
        if (wrong == 5) p.now_s = NOW + 3600;
        if (wrong == 6) p.facts.wearer_attended = false;
        if (wrong == 7) p.owner = (struct bt_consent_owner){.lent = &lent}, lent.withdrawn = true;
        if (wrong == 8) p.owner = (struct bt_consent_owner){.lent = &lent}, p.now_s = NOW + DAY;
        bt_status status = bt_consent_obtain(&p, &grant);
        assert_int_equal(status, wrong ? BT_E_CONSENT : BT_OK);
        assert_int_equal(s.asked, wrong == 0);
        if (!wrong) { /* the notice names the terms; the grant ends with them */
            assert_non_null(strstr(s.notice, "enrolled here"));
            assert_non_null(strstr(s.notice, "wear-live"));
            assert_non_null(strstr(s.notice, "2026-"));
            assert_false(bt_grant_live(grant, bt_clock_now_ns() + INT64_C(3601) * 1000000000));
        }
        bt_grant_destroy(&grant);
        if (wrong == 8) {
            p.now_s = NOW;
            assert_int_equal(bt_consent_obtain(&p, &grant), BT_OK);
            assert_non_null(strstr(s.notice, "session 1 of 3"));
            bt_grant_destroy(&grant);
        }
        bt_audit_close(&audit);
    }
}

/* At enrolment a person sees their face before it is kept: on the built-in footage, to themselves, on their own request. */
static void an_owner_may_look_first(void **state) {
    (void)state;
    for (int wrong = 0; wrong < 7; wrong++) {
        struct bt_audit *audit = NULL;
        struct bt_grant *grant = NULL;
        struct bt_receipt request = {.event = BT_RECEIPT_REQUESTED, .adult = true};
        assert_int_equal(bt_audit_open(NULL, NULL, NULL, &audit), BT_OK);
        struct bt_consent_params p = {.audit = audit,
                                      .facts = {.origin = BT_ORIGIN_BUILTIN, .owner = BT_OWNER_PERSON, .wearer_attended = true},
                                      .owner = {.request = &request},
                                      .now_s = 1790000000,
                                      .face_name = "ada",
                                      .source_name = "the footage",
                                      .valid_ns = 1000};
        if (wrong == 1) p.facts.origin = BT_ORIGIN_CAMERA;
        if (wrong == 2) p.facts.leaves_machine = true;
        if (wrong == 3) p.facts.wearer_attended = false;
        if (wrong == 4) request.event = BT_RECEIPT_REFUSED;
        if (wrong == 5) request.adult = false;
        if (wrong == 6) p.owner.request = NULL, p.facts.enrolling = true; /* the facts alone say nothing */
        assert_int_equal(bt_consent_obtain(&p, &grant), wrong ? BT_E_CONSENT : BT_OK);
        bt_grant_destroy(&grant);
        bt_audit_close(&audit);
    }
}

/* With nobody to ask, only a standing consent of the wearer's starts a session, and only before a camera. */
static void a_standing_consent_is_its_own(void **state) {
    (void)state;
    struct bt_consent_state standing = {.usable = true, .last = {.purposes = BT_PURPOSE_UNATTENDED}};
    for (int wrong = 0; wrong < 4; wrong++) {
        struct script s = {.answer = "yes"};
        struct bt_grant *grant = NULL;
        struct bt_audit *audit = NULL;
        assert_int_equal(bt_audit_open(NULL, NULL, NULL, &audit), BT_OK);
        standing.usable = wrong != 1;
        standing.last.purposes = wrong == 2 ? BT_PURPOSE_WEAR_LIVE : BT_PURPOSE_UNATTENDED;
        struct bt_consent_params p = {
            .audit = audit,
            .facts = {.origin = wrong == 3 ? BT_ORIGIN_FILE : BT_ORIGIN_CAMERA, .leaves_machine = true},
            .standing = &standing,
            .face_name = "colombina"};
        assert_int_equal(bt_consent_obtain(&p, &grant), wrong ? BT_E_CONSENT : BT_OK);
        assert_int_equal(s.asked, 0);
        bt_grant_destroy(&grant);
        bt_audit_close(&audit);
    }
}

static void the_notice_says_what_matters(void **state) {
    (void)state;
    static const char *const english[] = {"/dev/video7",          "colombina", "No picture at all",
                                          "AI生成 · AI MODIFIED", "Ctrl-C",    "Type yes"};
    static const char *const chinese[] = {"/dev/video7",          "colombina", "不保存任何画面",
                                          "AI生成 · AI MODIFIED", "Ctrl-C",    "同意"};
    for (int zh = 0; zh < 2; zh++) {
        struct script s = {.answer = "no"};
        struct bt_grant *grant = NULL;
        assert_int_equal(obtain(&s, BT_ORIGIN_CAMERA, true, zh, 0, &grant), BT_E_CONSENT);
        for (size_t i = 0; i < BT_COUNT(english); i++) assert_non_null(strstr(s.notice, zh ? chinese[i] : english[i]));
    }
    char text[BT_NOTICE_BYTES];
    struct bt_consent_params p = {.face_name = "x\033[2Jy", .source_name = "a\nb", .record_path = "/tmp/clip.mkv"};
    bt_notice_write(&p, text, sizeof text);
    assert_null(strchr(text, '\033'));
    assert_non_null(strstr(text, "/tmp/clip.mkv"));
    assert_null(strstr(text, "No picture at all"));
    assert_null(strstr(text, "would pass"));
    /* Where a match decides, how often it errs. */
    const struct bt_consent_match match = {1e-4, {8e-5, 1.25e-4}, 1000000, 879, "2026-11-23"};
    p.match = &match;
    bt_notice_write(&p, text, sizeof text);
    assert_non_null(strstr(text,
                           "Of 10,000 other people about 1.0 would pass for you (95 %: 0.8 to 1.2; 1000000 comparisons of "
                           "879 people, 2026-11-23)"));
    p.chinese = true;
    bt_notice_write(&p, text, sizeof text);
    assert_non_null(
        strstr(text, "每 10,000 个其他人中约有 1.0 人会被误认为您(95% 区间 0.8 至 1.2;879 人的 1000000 次比对,2026-11-23)"));
}

static void a_grant_ends(void **state) {
    (void)state;
    struct script s = {.answer = "yes"};
    struct bt_grant *grant = NULL;
    assert_int_equal(obtain(&s, BT_ORIGIN_CAMERA, true, false, 1000000000, &grant), BT_OK);
    int64_t now = bt_clock_now_ns();
    assert_true(bt_grant_live(grant, now));
    assert_false(bt_grant_live(grant, now + 1000000001));
    bt_grant_withdraw(grant);
    assert_false(bt_grant_live(grant, now));
    bt_grant_destroy(&grant);
    assert_false(bt_grant_live(NULL, now));
}

/* The line is on disk before the grant is: a log that cannot be written means no session. */
/* By the consent that stands, to another mask of nobody's: the log first, then the grant; and never from or to a person's face.
 */
static void a_grant_changes_to_another_mask(void **state) {
    (void)state;
    char path[] = "/tmp/bauta-change-XXXXXX", line[4096];
    struct script s = {.answer = "yes"};
    struct bt_asker asker = {&s, scripted};
    struct bt_audit *audit = NULL;
    struct bt_grant *grant = NULL;
    int fd = mkstemp(path), lines = 0;
    assert_true(fd >= 0 && !close(fd));
    assert_int_equal(bt_audit_open(NULL, path, NULL, &audit), BT_OK);
    struct bt_consent_params p = {.audit = audit,
                                  .asker = &asker,
                                  .facts = {.origin = BT_ORIGIN_CAMERA, .wearer_attended = true, .leaves_machine = true},
                                  .face_name = "colombina",
                                  .source_name = "/dev/video7"};
    assert_int_equal(bt_consent_obtain(&p, &grant), BT_OK);
    assert_non_null(strstr(s.notice, "you may change to another mask that is nobody's"));
    assert_int_equal(bt_consent_change(NULL, audit, grant, "zanni"), BT_OK);
    assert_string_equal(bt_grant_face(grant), "zanni");
    char much[100];
    memset(much, 'x', sizeof much - 1);
    much[sizeof much - 1] = 0;
    assert_int_equal(bt_consent_change(NULL, audit, grant, much), BT_E_ARGUMENT);
    bt_grant_withdraw(grant);
    assert_int_equal(bt_consent_change(NULL, audit, grant, "diana"), BT_E_CONSENT);
    assert_string_equal(bt_grant_face(grant), "zanni");
    FILE *file = fopen(path, "r");
    while (fgets(line, sizeof line, file)) {
        if (lines++ == 0) continue;
        assert_non_null(strstr(line, "face.changed"));
        assert_non_null(strstr(line, "zanni"));
        assert_non_null(strstr(line, bt_grant_session(grant)));
        assert_non_null(strstr(line, "another mask that belongs to nobody"));
    }
    fclose(file);
    assert_int_equal(lines, 2);
    bt_grant_destroy(&grant);
    bt_audit_close(&audit);
    unlink(path);
    snprintf(line, sizeof line, "%s.head", path);
    unlink(line);
}

static void no_log_no_session(void **state) {
    (void)state;
    struct script s = {.answer = "yes"};
    struct bt_asker asker = {&s, scripted};
    struct bt_grant *grant = NULL;
    struct bt_consent_params p = {
        .asker = &asker, .facts = {.wearer_attended = true, .leaves_machine = true}, .face_name = "x"};
    assert_int_equal(bt_consent_obtain(&p, &grant), BT_E_ARGUMENT);
    char folder[] = "/tmp/bauta-consent-XXXXXX", path[64];
    uint64_t lines = 0, line = 0;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/log", folder);
    assert_int_equal(bt_audit_open(NULL, path, NULL, &p.audit), BT_OK);
    assert_int_equal(bt_consent_obtain(&p, &grant), BT_OK);
    assert_int_equal(chain_lines(path, NULL, &lines, &line), BT_OK);
    assert_int_equal(lines, 1);
    s.answer = "no";
    struct bt_grant *second = NULL;
    assert_int_equal(bt_consent_obtain(&p, &second), BT_E_CONSENT);
    assert_int_equal(chain_lines(path, NULL, &lines, &line), BT_OK);
    assert_int_equal(lines, 2);
    p.face_name = "\xff"; /* cannot be logged: not UTF-8 */
    s.answer = "yes";
    assert_int_not_equal(bt_consent_obtain(&p, &second), BT_OK);
    assert_null(second);
    bt_grant_destroy(&grant);
    bt_audit_close(&p.audit);
    unlink(path);
    rmdir(folder);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_typed_yes_agrees),         cmocka_unit_test(nobody_to_ask_is_a_refusal),
        cmocka_unit_test(the_demo_asks_nothing),           cmocka_unit_test(a_persons_face_needs_its_owner),
        cmocka_unit_test(an_owner_may_look_first),         cmocka_unit_test(a_standing_consent_is_its_own),
        cmocka_unit_test(the_notice_says_what_matters),    cmocka_unit_test(a_grant_ends),
        cmocka_unit_test(a_grant_changes_to_another_mask), cmocka_unit_test(no_log_no_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
