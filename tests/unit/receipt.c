/* SPDX-License-Identifier: MIT */
/* Receipts: what is written is read again; the order of events and the state rule, over all pairs. */
#include "trust/receipt/receipt.h"

#include "support/cmocka.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { NOW = 1790000000, DAY = 86400 };
static const char DIGEST[] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

static char folder[64], path[96];
static struct bt_signer *signer;

static int setup(void **state) {
    (void)state;
    struct bt_secret *seed = NULL;
    snprintf(folder, sizeof folder, "/tmp/bauta-receipt-XXXXXX");
    if (!mkdtemp(folder) || bt_seal_new_seed(NULL, &seed) || bt_seal_signer_create(NULL, seed, &signer)) return -1;
    bt_secret_destroy(&seed);
    snprintf(path, sizeof path, "%s/receipts", folder);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    char command[96];
    bt_seal_signer_destroy(&signer);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    return system(command);
}

static struct bt_ledger_params params(void) {
    return (struct bt_ledger_params){.path = path, .signer = signer};
}

static struct bt_receipt sample(enum bt_receipt_event event) {
    struct bt_receipt r = {.event = event,
                           .event_s = NOW,
                           .identity_id = "00112233445566778899aabbccddeeff",
                           .subject = "ffeeddccbbaa99887766554433221100",
                           .role = BT_SUBJECT_OTHER,
                           .adult = true,
                           .purposes = BT_PURPOSE_WEAR_LIVE | BT_PURPOSE_LEND,
                           .lost = BT_LOST_FREEZE,
                           .valid_until_s = NOW + 90 * DAY,
                           .notice_version = 1,
                           .chinese = true,
                           .nonce = "0123456789abcdef0123456789abcdef",
                           .challenge_s = NOW - 60,
                           .liveness = "5 of 5 tasks, version 1",
                           .match_score = .71f,
                           .match_threshold = .3f,
                           .match_fmr = 1e-3f,
                           .match_fmr_95 = {8e-4f, 1.2e-3f},
                           .match_claim = "FMR at most 0.001 (rule of 30)",
                           .uses_most = 7,
                           .jurisdiction = "CN",
                           .controller = "Ada \"quoted\" 爱达"};
    memcpy(r.notice_sha256, DIGEST, sizeof DIGEST);
    memcpy(r.statement_sha256, DIGEST, sizeof DIGEST);
    memcpy(r.identity_sha256, DIGEST, sizeof DIGEST);
    memcpy(r.template_sha256, DIGEST, sizeof DIGEST);
    memcpy(r.recipient, DIGEST, sizeof DIGEST);
    return r;
}

static void reads_what_it_wrote(void **state) {
    (void)state;
    for (int event = 0; event < BT_RECEIPT_EVENTS; event++) {
        struct bt_receipt r = sample((enum bt_receipt_event)event), again;
        char *json = NULL, *text = NULL;
        assert_int_equal(bt_receipt_uuid(r.record_id), BT_OK);
        assert_int_equal(bt_receipt_uuid(r.receipt_id), BT_OK);
        assert_int_equal(r.record_id[14], '4');
        assert_int_equal(bt_receipt_json(&r, &json), BT_OK);
        memset(&again, 0xff, sizeof again);
        assert_int_equal(bt_receipt_parse(NULL, json, strlen(json), &again), BT_OK);
        char *json_again = NULL;
        assert_int_equal(bt_receipt_json(&again, &json_again), BT_OK);
        assert_string_equal(json, json_again);
        assert_int_equal(again.event_s, NOW);
        assert_int_equal(again.purposes, r.purposes);
        assert_int_equal(again.uses_most, 7);
        for (int chinese = 0; chinese < 2; chinese++) {
            assert_int_equal(bt_receipt_text(&r, chinese, &text), BT_OK);
            assert_non_null(strstr(text, r.record_id));
            free(text);
        }
        free(json);
        free(json_again);
    }
}

/* TS 27560's mandatory fields, by the names that a reader of that document would look for. */
static void has_every_mandatory_field(void **state) {
    (void)state;
    static const char *const fields[] = {"schema_version",          "record_id",         "receipt_id",      "pii_principal_id",
                                         "privacy_notice",          "language",          "purposes",        "pii_information",
                                         "pii_controllers",         "storage_locations", "retention_until", "jurisdiction",
                                         "recipient_third_parties", "withdrawal_method", "event",           "lawful_basis",
                                         "special_category",        "collection_method"};
    struct bt_receipt r = sample(BT_RECEIPT_GIVEN);
    char *json = NULL;
    assert_int_equal(bt_receipt_json(&r, &json), BT_OK);
    json_t *root = json_loads(json, 0, NULL);
    for (size_t i = 0; i < BT_COUNT(fields); i++) assert_non_null(json_object_get(root, fields[i]));
    assert_non_null(json_object_get(json_object_get(root, "event"), "valid_until"));
    static const char *const evidence[] = {"nonce",
                                           "issued_at",
                                           "expires_at",
                                           "liveness",
                                           "match_score",
                                           "match_threshold",
                                           "false_match_rate",
                                           "false_match_rate_95",
                                           "false_match_rate_claim"};
    for (size_t i = 0; i < BT_COUNT(evidence); i++)
        assert_non_null(json_object_get(json_object_get(root, "evidence"), evidence[i]));
    /* Each one missing, or of another kind, is refused. */
    void *next;
    const char *key;
    json_t *value;
    size_t refused = 0, kinds = 0;
    json_t *copy = json_deep_copy(root);
    json_object_foreach_safe(copy, next, key, value) {
        json_t *less = json_copy(root);
        json_object_del(less, key);
        char *text = json_dumps(less, 0);
        refused += bt_receipt_parse(NULL, text, strlen(text), &r) == BT_E_FORMAT;
        free(text);
        json_object_set_new(less, key, json_real(1e300));
        text = json_dumps(less, 0);
        kinds += bt_receipt_parse(NULL, text, strlen(text), &r) == BT_E_FORMAT;
        free(text);
        json_decref(less);
    }
    assert_true(refused >= 18);
    assert_true(kinds >= 17);
    json_decref(copy);
    json_decref(root);
    free(json);
}

/* What installations wrote before the interval and the claim were there. */
static void reads_the_first_schema(void **state) {
    (void)state;
    struct bt_receipt r = sample(BT_RECEIPT_GIVEN), back;
    char *json = NULL;
    assert_int_equal(bt_receipt_json(&r, &json), BT_OK);
    json_t *root = json_loads(json, 0, NULL), *evidence = json_object_get(root, "evidence");
    free(json);
    json_object_del(evidence, "false_match_rate_95");
    json = json_dumps(root, 0);
    assert_int_equal(bt_receipt_parse(NULL, json, strlen(json), &back), BT_E_FORMAT); /* of the second, it must be there */
    free(json);
    json_object_del(evidence, "false_match_rate_claim");
    json_object_set_new(root, "schema_version", json_string("ISO/IEC TS 27560:2023, bauta 1"));
    json = json_dumps(root, 0);
    assert_int_equal(bt_receipt_parse(NULL, json, strlen(json), &back), BT_OK);
    assert_true(back.match_fmr == r.match_fmr && back.match_fmr_95[1] == 0 && !*back.match_claim);
    free(json);
    json_object_set_new(root, "schema_version", json_string("ISO/IEC TS 27560:2023, bauta 3"));
    json = json_dumps(root, 0);
    assert_int_equal(bt_receipt_parse(NULL, json, strlen(json), &back), BT_E_FORMAT);
    free(json);
    json_decref(root);
}

/* Appends an event to the consent `record`, which may be "" for a new one. */
static bt_status append(char record[BT_RECEIPT_UUID], enum bt_receipt_event event, int64_t at_s) {
    struct bt_ledger_params p = params();
    struct bt_receipt r = sample(event);
    memcpy(r.record_id, record, BT_RECEIPT_UUID);
    r.event_s = at_s;
    if (event == BT_RECEIPT_RENEWED) r.valid_until_s = at_s + 90 * DAY;
    bt_status status = bt_ledger_append(&p, &r);
    if (!status) memcpy(record, r.record_id, BT_RECEIPT_UUID);
    return status;
}

static void events_follow_each_other(void **state) {
    (void)state;
    /* Which may follow which; the first row: nothing yet. */
    static const char *const may[] = {"requested",
                                      "given refused",
                                      "renewed withdrawn invalidated",
                                      "",
                                      "renewed withdrawn invalidated",
                                      "",
                                      "renewed withdrawn",
                                      ""};
    static const enum bt_receipt_event road[][4] = {
        [1] = {BT_RECEIPT_REQUESTED, BT_RECEIPT_EVENTS},
        [2] = {BT_RECEIPT_REQUESTED, BT_RECEIPT_GIVEN, BT_RECEIPT_EVENTS},
        [3] = {BT_RECEIPT_REQUESTED, BT_RECEIPT_REFUSED, BT_RECEIPT_EVENTS},
        [4] = {BT_RECEIPT_REQUESTED, BT_RECEIPT_GIVEN, BT_RECEIPT_RENEWED, BT_RECEIPT_EVENTS},
        [5] = {BT_RECEIPT_REQUESTED, BT_RECEIPT_GIVEN, BT_RECEIPT_WITHDRAWN, BT_RECEIPT_EVENTS},
        [7] = {BT_RECEIPT_REQUESTED, BT_RECEIPT_GIVEN, BT_RECEIPT_INVALIDATED, BT_RECEIPT_EVENTS},
    };
    for (int from = 0; from < 8; from++) {
        if (from == 6) continue; /* expired: below */
        for (int to = 0; to < BT_RECEIPT_EVENTS; to++) {
            char record[BT_RECEIPT_UUID] = "";
            for (int i = 0; from && road[from][i] != BT_RECEIPT_EVENTS; i++)
                assert_int_equal(append(record, road[from][i], NOW), BT_OK);
            const char *word = bt_receipt_event_word((enum bt_receipt_event)to);
            bool allowed = strstr(may[from], word) != NULL;
            assert_int_equal(append(record, (enum bt_receipt_event)to, NOW), allowed ? BT_OK : BT_E_ARGUMENT);
        }
    }
    char record[BT_RECEIPT_UUID] = "";
    assert_int_equal(append(record, BT_RECEIPT_REQUESTED, NOW), BT_OK);
    assert_int_equal(append(record, BT_RECEIPT_GIVEN, NOW), BT_OK);
    assert_int_equal(append(record, BT_RECEIPT_EXPIRED, NOW + 89 * DAY), BT_E_ARGUMENT);
    assert_int_equal(append(record, BT_RECEIPT_EXPIRED, NOW + 90 * DAY), BT_OK);
    assert_int_equal(append(record, BT_RECEIPT_GIVEN, NOW + 91 * DAY), BT_E_ARGUMENT);
    assert_int_equal(append(record, BT_RECEIPT_RENEWED, NOW + 91 * DAY), BT_OK);
    assert_int_equal(append(record, BT_RECEIPT_WITHDRAWN, NOW + 91 * DAY), BT_OK);
}

static void terms_that_nobody_may_agree_to(void **state) {
    (void)state;
    struct bt_ledger_params p = params();
    char record[BT_RECEIPT_UUID] = "";
    assert_int_equal(append(record, BT_RECEIPT_REQUESTED, NOW), BT_OK);
    for (int wrong = 0; wrong < 7; wrong++) {
        struct bt_receipt r = sample(BT_RECEIPT_GIVEN);
        memcpy(r.record_id, record, sizeof r.record_id);
        if (wrong == 0) r.adult = false;
        if (wrong == 1) r.purposes = 0;
        if (wrong == 2) r.purposes = 16;
        if (wrong == 3) r.valid_until_s = r.event_s + 367 * DAY;
        if (wrong == 4) r.valid_until_s = r.event_s;
        if (wrong == 5) r.template_sha256[0] = 0;
        if (wrong == 6) r.event_s = NOW - BT_RECEIPT_SLACK_S - 1; /* the clock was set back */
        assert_int_equal(bt_ledger_append(&p, &r), BT_E_CONSENT);
    }
}

static struct bt_consent_state state_at(int64_t now_s) {
    struct bt_ledger_params p = params();
    struct bt_ledger *ledger = NULL;
    struct bt_consent_state state;
    assert_int_equal(bt_ledger_read(&p, &ledger), BT_OK);
    assert_int_equal(bt_ledger_state(ledger, sample(0).identity_id, now_s, &state), BT_OK);
    assert_int_equal(state.usable, state.why_not == NULL);
    bt_ledger_free(&ledger);
    return state;
}

static void the_state_rule(void **state) {
    (void)state;
    struct bt_ledger_params p = params();
    struct bt_ledger *ledger = NULL;
    struct bt_consent_state s;
    char record[BT_RECEIPT_UUID] = "";
    assert_int_equal(bt_ledger_read(&p, &ledger), BT_OK); /* no file: empty */
    assert_int_equal(bt_ledger_state(ledger, "x", NOW, &s), BT_E_NOT_FOUND);
    bt_ledger_free(&ledger);
    assert_int_equal(append(record, BT_RECEIPT_REQUESTED, NOW), BT_OK);
    assert_false(state_at(NOW).usable);
    assert_int_equal(append(record, BT_RECEIPT_GIVEN, NOW), BT_OK);
    assert_true(state_at(NOW).usable);
    assert_true(state_at(NOW + 90 * DAY - 1).usable);
    assert_false(state_at(NOW + 90 * DAY).usable);
    assert_true(state_at(NOW - BT_RECEIPT_SLACK_S).usable);
    assert_false(state_at(NOW - BT_RECEIPT_SLACK_S - 1).usable);
    assert_int_equal(append(record, BT_RECEIPT_RENEWED, NOW + 80 * DAY), BT_OK);
    assert_true(state_at(NOW + 100 * DAY).usable);
    assert_int_equal(append(record, BT_RECEIPT_WITHDRAWN, NOW + 81 * DAY), BT_OK);
    assert_false(state_at(NOW + 81 * DAY).usable);
    /* By the first letters. */
    char letters[9] = "";
    memcpy(letters, record, 8);
    assert_int_equal(bt_ledger_read(&p, &ledger), BT_OK);
    assert_non_null(bt_ledger_find(ledger, letters));
    assert_int_equal(bt_ledger_find(ledger, letters)->event, BT_RECEIPT_WITHDRAWN);
    assert_null(bt_ledger_find(ledger, ""));
    assert_null(bt_ledger_find(ledger, "zz"));
    bt_ledger_free(&ledger);
}

static void a_changed_ledger_is_no_ledger(void **state) {
    (void)state;
    struct bt_ledger_params p = params();
    struct bt_ledger *ledger = NULL;
    char record[BT_RECEIPT_UUID] = "", command[300];
    assert_int_equal(append(record, BT_RECEIPT_REQUESTED, NOW), BT_OK);
    assert_int_equal(append(record, BT_RECEIPT_GIVEN, NOW), BT_OK);
    snprintf(command, sizeof command, "sed -i 's/\"valid_until\":\"20/\"valid_until\":\"21/' %s", path);
    assert_int_equal(system(command), 0);
    assert_int_equal(bt_ledger_read(&p, &ledger), BT_E_FORMAT);
    assert_null(ledger);
    assert_int_equal(append(record, BT_RECEIPT_WITHDRAWN, NOW), BT_E_FORMAT);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_what_it_wrote),
        cmocka_unit_test(has_every_mandatory_field),
        cmocka_unit_test(reads_the_first_schema),
        cmocka_unit_test_setup_teardown(events_follow_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(terms_that_nobody_may_agree_to, setup, teardown),
        cmocka_unit_test_setup_teardown(the_state_rule, setup, teardown),
        cmocka_unit_test_setup_teardown(a_changed_ledger_is_no_ledger, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
