/* SPDX-License-Identifier: MIT */
/* Labelling profiles: what the reader of a file takes and refuses, that rules only add, merging, and the judgement of each
 * rule. */
#include "trust/policy/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct bt_profile_said why;

static bt_status set(struct bt_profile *p, const char *section, const char *key, const char *value) {
    memset(&why, 0, sizeof why);
    return bt_profile_set(p, section, key, value, &why);
}

/* All that every profile must have. */
static struct bt_profile *whole(const char *id) {
    static const char *const said[][3] = {{"profile", "name", "a rule"},
                                          {"profile", "jurisdiction", "XX"},
                                          {"profile", "status", "in_force"},
                                          {"profile", "checked_on", "2026-11-22"},
                                          {"profile", "confidence", "high"},
                                          {"instrument", "title", "an act"},
                                          {"instrument", "clause", "1"},
                                          {"instrument", "status", "in_force"},
                                          {"instrument", "effective", "2026-01-01"},
                                          {"instrument", "source", "its text"},
                                          {"instrument", "confidence", "high"},
                                          {"label", "clause", "2"}};
    struct bt_profile *p = calloc(1, sizeof *p);
    assert_non_null(p);
    for (size_t i = 0; i < BT_COUNT(said); i++) assert_int_equal(set(p, said[i][0], said[i][1], said[i][2]), BT_OK);
    strcpy(p->id, id);
    assert_int_equal(bt_profile_complete(p, &why), BT_OK);
    return p;
}

static void every_key_is_checked(void **state) {
    (void)state;
    /* section, key, value, a word of the complaint; NULL: taken */
    static const char *const table[][4] = {
        {"label", "min_height", "0.06", NULL},
        {"label", "min_height", "0.5", "from 0.001 to 0.2"},
        {"label", "min_height", "-1", "from"},
        {"label", "min_height", "nan", "from"},
        {"label", "min_height", "0x1p-4", "from"},
        {"label", "min_height", "0.06 ", "from"},
        {"label", "min_height", "1e-2", "from"},
        {"label", "min_contrast", "4.5", NULL},
        {"label", "min_contrast", "22", "from 1 to 21"},
        {"label", "anchor", "top_left top_right", NULL},
        {"label", "anchor", "top_left nowhere", "top_right top_left bottom_right bottom_left"},
        {"label", "persistence", "continuous", NULL},
        {"label", "persistence", "never", "start intervals continuous"},
        {"label", "permanent", "yes", NULL},
        {"label", "permanent", "true", "no yes"},
        {"label", "banner_s", "61", "from 0 to 60"},
        {"label", "extra", "AI 생성", NULL},
        {"label", "extra", "एआई-जनित", NULL},
        {"label", "extra",
         "a\xe2\x80\xae"
         "b",
         "turn or hide"}, /* right-to-left override */
        {"label", "extra",
         "a\xe2\x80\x8b"
         "b",
         "turn or hide"}, /* zero-width space */
        {"label", "extra", "a\x07", "control"},
        {"label", "extra", "\xff", "UTF-8"},
        {"label", "extra", "\xc0\x80", "UTF-8"},     /* overlong */
        {"label", "extra", "\xed\xa0\x80", "UTF-8"}, /* a surrogate */
        {"label", "extra", "", "1 to"},
        {"label", "colour", "red", "all_of"},
        {"lable", "extra", "x", "label"},
        {"profile", "checked_on", "2026-02-29", "a day such as"},
        {"profile", "checked_on", "2028-02-29", NULL},
        {"profile", "checked_on", "2026-13-01", "a day"},
        {"profile", "checked_on", "26-01-01", "a day"},
        {"profile", "checked_on", "2026-1-001", "a day"},
        {"profile", "status", "valid", "struck draft voluntary in_force"},
        {"instrument", "clause", "1", "begins with its title"},
        {"implicit", "schema", "AIGC c2pa", NULL},
        {"implicit", "schema", "exif", "AIGC c2pa latent"},
        {"watermark", "demand", "required", NULL},
        {"consent", "guardian_under", "14", NULL},
        {"consent", "deceased", "allow", "heirs refuse"},
        {"consent", "withdraw", "delete deregister", NULL},
        {"storage", "retention", "shortest", NULL},
        {"records", "min_days", "180", NULL},
    };
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        struct bt_profile *p = calloc(1, sizeof *p);
        bt_status status = set(p, table[i][0], table[i][1], table[i][2]);
        if (status != (table[i][3] ? BT_E_FORMAT : BT_OK) || (table[i][3] && !strstr(why.text, table[i][3])))
            fail_msg("[%s] %s = %s: status %d, \"%s\"", table[i][0], table[i][1], table[i][2], (int)status, why.text);
        free(p);
    }
}

static void a_key_stands_once_and_nothing_is_missing(void **state) {
    (void)state;
    char long_value[BT_PROFILE_TEXT_BYTES + 1];
    struct bt_profile *p = whole("x");
    assert_int_equal(set(p, "profile", "name", "again"), BT_E_FORMAT);
    assert_non_null(strstr(why.text, "twice"));
    assert_int_equal(set(p, "profile", "note", "one"), BT_OK);
    assert_int_equal(set(p, "profile", "note", "two"), BT_OK);
    assert_int_equal(p->note.count, 2);
    memset(long_value, 'a', sizeof long_value - 1);
    long_value[sizeof long_value - 1] = 0;
    assert_int_equal(set(p, "profile", "applies_if", long_value), BT_E_FORMAT);
    /* a rule without the place it stands at; a draft without a day; a status that no instrument has */
    assert_int_equal(set(p, "records", "min_days", "30"), BT_OK);
    assert_int_equal(bt_profile_complete(p, &why), BT_E_FORMAT);
    assert_non_null(strstr(why.text, "[records] clause"));
    assert_int_equal(set(p, "records", "clause", "3"), BT_OK);
    assert_int_equal(set(p, "instrument", "title", "a bill"), BT_OK);
    assert_int_equal(set(p, "instrument", "clause", "all"), BT_OK);
    assert_int_equal(set(p, "instrument", "status", "draft"), BT_OK);
    assert_int_equal(set(p, "instrument", "source", "its text"), BT_OK);
    assert_int_equal(set(p, "instrument", "confidence", "low"), BT_OK);
    assert_int_equal(bt_profile_complete(p, &why), BT_E_FORMAT);
    assert_non_null(strstr(why.text, "published"));
    assert_int_equal(set(p, "instrument", "published", "2026-04-21"), BT_OK);
    assert_int_equal(bt_profile_complete(p, &why), BT_OK);
    p->status = BT_PROFILE_STRUCK;
    assert_int_equal(bt_profile_complete(p, &why), BT_E_FORMAT);
    p->status = BT_PROFILE_DRAFT;
    assert_int_equal(bt_profile_complete(p, &why), BT_OK);
    assert_int_equal(set(p, "label", "extra", "AI 생성"), BT_OK);
    assert_int_equal(bt_profile_complete(p, &why), BT_E_FORMAT);
    assert_non_null(strstr(why.text, "languages"));
    free(p);
}

static void rules_only_add(void **state) {
    (void)state;
    struct bt_profile_said less[8];
    struct bt_profile *usual = whole("usual"), *weak = whole("weak");
    assert_int_equal(set(usual, "label", "min_height", "0.055") | set(weak, "label", "min_height", "0.01"), BT_OK);
    assert_int_equal(set(usual, "label", "banner_s", "5") | set(weak, "label", "banner_s", "0"), BT_OK);
    assert_int_equal(set(usual, "label", "persistence", "continuous") | set(weak, "label", "persistence", "start"), BT_OK);
    assert_int_equal(set(usual, "label", "permanent", "yes") | set(weak, "label", "permanent", "no"), BT_OK);
    assert_int_equal(set(usual, "label", "min_contrast", "4.5") | set(weak, "label", "min_contrast", "7"), BT_OK);
    assert_int_equal(bt_profile_less(weak, usual, less, BT_COUNT(less)), 4);
    assert_non_null(strstr(less[0].text, "min_height = 0.01"));
    assert_int_equal(bt_profile_less(weak, usual, less, 1), 4);
    assert_int_equal(bt_profile_less(usual, usual, less, BT_COUNT(less)), 0);
    struct bt_profile merged = *usual;
    assert_int_equal(bt_profile_merge(&merged, weak, &why), BT_OK);
    assert_true(merged.label.min_height == 0.055 && merged.label.banner_s == 5 && merged.label.min_contrast == 7);
    assert_int_equal(merged.label.persistence, BT_PROFILE_CONTINUOUS);
    assert_int_equal(merged.label.permanent, BT_PROFILE_YES);
    assert_string_equal(merged.id, "usual");
    assert_int_equal(bt_profile_less(&merged, usual, less, BT_COUNT(less)), 0);
    free(usual);
    free(weak);
}

static void merging_takes_the_stricter_of_each(void **state) {
    (void)state;
    struct bt_profile *a = whole("a"), *b = whole("b");
    assert_int_equal(set(a, "label", "extra", "AI 생성") | set(b, "label", "extra", "एआई-जनित"), BT_OK);
    assert_int_equal(set(a, "label", "anchor", "top_left bottom_left") | set(b, "label", "anchor", "top_right bottom_left"),
                     BT_OK);
    assert_int_equal(set(a, "label", "all_of", "AI") | set(b, "label", "all_of", "AI"), BT_OK);
    assert_int_equal(set(b, "label", "all_of", "生成|合成"), BT_OK);
    assert_int_equal(set(a, "watermark", "demand", "required") | set(b, "watermark", "demand", "encouraged"), BT_OK);
    assert_int_equal(set(b, "consent", "guardian_under", "14"), BT_OK);
    struct bt_profile one = *a, other = *b;
    assert_int_equal(bt_profile_merge(&one, b, &why) | bt_profile_merge(&other, a, &why), BT_OK);
    assert_string_equal(one.label.extra.at, "AI 생성 · एआई-जनित");
    assert_int_equal(one.label.anchor.count, 1);
    assert_string_equal(one.label.anchor.word[0], "bottom_left");
    assert_int_equal(one.label.all_of.count, 2);
    assert_int_equal(one.watermark.demand, BT_PROFILE_REQUIRED);
    /* the order does not matter to any rule that has a measure */
    assert_true(one.consent.guardian_under == 14 && other.consent.guardian_under == 14);
    assert_int_equal(other.watermark.demand, BT_PROFILE_REQUIRED);
    assert_int_equal(other.label.anchor.count, 1);
    /* the same again changes nothing */
    struct bt_profile again = one;
    assert_int_equal(bt_profile_merge(&again, b, &why), BT_OK);
    assert_memory_equal(&again, &one, sizeof one);
    struct bt_profile *c = whole("c");
    assert_int_equal(set(c, "label", "anchor", "top_right"), BT_OK);
    assert_int_equal(bt_profile_merge(&one, c, &why), BT_E_UNSUPPORTED);
    assert_non_null(strstr(why.text, "no place"));
    free(a);
    free(b);
    free(c);
}

static enum bt_profile_verdict verdict_of(const struct bt_profile *p, const struct bt_profile_program *does, const char *key) {
    struct bt_profile_finding found[BT_PROFILE_MOST_FINDINGS];
    for (uint32_t i = 0, n = bt_profile_judge(p, does, found); i < n; i++) {
        assert_true(*found[i].asks.text && *found[i].answer.text);
        if (!strcmp(found[i].key, key)) return found[i].verdict;
    }
    fail_msg("nothing is said of %s", key);
    return BT_PROFILE_NOT_MET;
}

static void each_rule_is_judged(void **state) {
    (void)state;
    const struct bt_profile_program does = {.label = "AI生成 · AI MODIFIED",
                                            .anchors = "top_right top_left",
                                            .height_frac = 0.055,
                                            .contrast = 4.5,
                                            .banner_s = 5,
                                            .manifest = true,
                                            .adult_age = 18};
    /* section, key, value, verdict */
    static const struct {
        const char *section, *key, *value;
        enum bt_profile_verdict verdict;
    } table[] = {
        {"label", "all_of", "AI|人工智能", BT_PROFILE_MET},
        {"label", "all_of", "人工智能|合成", BT_PROFILE_NOT_MET},
        {"label", "all_of", "|", BT_PROFILE_NOT_MET},
        {"label", "extra", "AI 생성", BT_PROFILE_NOT_MET}, /* not chosen: it does not stand there */
        {"label", "extra", "AI MODIFIED", BT_PROFILE_MET},
        {"label", "languages", "zh en", BT_PROFILE_MET},
        {"label", "languages", "ko", BT_PROFILE_NOT_MET},
        {"label", "min_height", "0.05", BT_PROFILE_MET},
        {"label", "min_height", "0.06", BT_PROFILE_NOT_MET},
        {"label", "min_contrast", "7", BT_PROFILE_NOT_MET},
        {"label", "anchor", "top_left top_right bottom_left", BT_PROFILE_MET},
        {"label", "anchor", "top_right", BT_PROFILE_NOT_MET},
        {"label", "persistence", "continuous", BT_PROFILE_MET},
        {"label", "banner_s", "6", BT_PROFILE_NOT_MET},
        {"implicit", "schema", "c2pa", BT_PROFILE_PARTLY},
        {"watermark", "demand", "required", BT_PROFILE_NOT_MET},
        {"watermark", "detector", "yes", BT_PROFILE_NOT_MET},
        {"consent", "guardian_under", "14", BT_PROFILE_MET},
        {"consent", "guardian_under", "21", BT_PROFILE_NOT_MET},
        {"consent", "withdraw", "delete", BT_PROFILE_MET},
        {"storage", "encrypt", "yes", BT_PROFILE_MET},
        {"records", "min_days", "180", BT_PROFILE_MET},
    };
    for (size_t i = 0; i < BT_COUNT(table); i++) {
        struct bt_profile *p = calloc(1, sizeof *p);
        assert_int_equal(set(p, table[i].section, table[i].key, table[i].value), BT_OK);
        if (verdict_of(p, &does, table[i].key) != table[i].verdict)
            fail_msg("[%s] %s = %s", table[i].section, table[i].key, table[i].value);
        free(p);
    }
}

static void days_are_written_as_they_were_read(void **state) {
    (void)state;
    char text[11];
    static const char *const days[] = {"1970-01-02", "1999-12-31", "2000-02-29", "2026-11-22", "9999-12-31"};
    for (size_t i = 0; i < BT_COUNT(days); i++) {
        struct bt_profile *p = calloc(1, sizeof *p);
        assert_int_equal(set(p, "profile", "checked_on", days[i]), BT_OK);
        bt_profile_day_text(p->checked_on, text);
        assert_string_equal(text, days[i]);
        free(p);
    }
    bt_profile_day_text(20779, text); /* date -d 2026-11-22 +%s / 86400 */
    assert_string_equal(text, "2026-11-22");
    bt_profile_day_text(INT64_MAX, text);
    assert_string_equal(text, "-");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_is_checked), cmocka_unit_test(a_key_stands_once_and_nothing_is_missing),
        cmocka_unit_test(rules_only_add),       cmocka_unit_test(merging_takes_the_stricter_of_each),
        cmocka_unit_test(each_rule_is_judged),  cmocka_unit_test(days_are_written_as_they_were_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
