/* SPDX-License-Identifier: MIT */
/* A lent face: only its recipient opens it, nobody widens it, every limit has its own refusal. */
#include "trust/pack/pack.h"

#include "base/log.h"
#include "support/cmocka.h"
#include "support/new_signer.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NOW = 1790000000, DAY = 86400, SIZE = 3000 };

static struct bt_signer *subject, *recipient, *stranger;
static uint8_t face[SIZE];
static struct bt_log *log_of;
static char said[4096];

static void listen(void *user, enum bt_log_level level, const char *line) {
    (void)user;
    (void)level;
    snprintf(said, sizeof said, "%s", line);
}

static int setup(void **state) {
    (void)state;
    subject = new_signer();
    recipient = new_signer();
    stranger = new_signer();
    for (int i = 0; i < SIZE; i++) face[i] = (uint8_t)(i * 7 + (i >> 8));
    log_of = bt_log_create(listen, NULL, BT_LOG_ERROR);
    return log_of ? 0 : -1;
}

static int teardown(void **state) {
    (void)state;
    bt_seal_signer_destroy(&subject);
    bt_seal_signer_destroy(&recipient);
    bt_seal_signer_destroy(&stranger);
    bt_log_destroy(&log_of);
    return 0;
}

static struct bt_pack_terms terms(void) {
    struct bt_pack_terms t = {.record_id = "01234567-89ab-4cde-8f01-23456789abcd",
                              .name = "ada",
                              .purposes = BT_PURPOSE_WEAR_LIVE,
                              .uses_most = 2,
                              .lost = BT_LOST_FREEZE,
                              .made_s = NOW,
                              .until_s = NOW + 30 * DAY};
    memcpy(t.recipient, bt_seal_signer_public(recipient), sizeof t.recipient);
    return t;
}

static struct bt_bytes make(struct bt_pack_terms *t) {
    uint8_t *bytes = NULL;
    size_t size = 0;
    assert_int_equal(bt_pack_make(log_of, subject, t, (struct bt_bytes){face, SIZE}, &bytes, &size), BT_OK);
    return (struct bt_bytes){bytes, size};
}

static bt_status open_by(const struct bt_signer *who, struct bt_bytes pack, int64_t now_s, struct bt_pack_terms *out) {
    struct bt_secret *identity = NULL;
    said[0] = 0;
    bt_status status = bt_pack_open(log_of, who, pack, now_s, out, &identity);
    if (!status) {
        assert_int_equal(bt_secret_size(identity), SIZE);
        assert_memory_equal(bt_secret_data(identity), face, SIZE);
    }
    assert_int_equal(!status, identity != NULL);
    bt_secret_destroy(&identity);
    return status;
}

static void goes_to_its_recipient_alone(void **state) {
    (void)state;
    struct bt_pack_terms t = terms(), got;
    struct bt_bytes pack = make(&t);
    assert_int_equal(strlen(t.pack_id), 36);
    assert_int_equal(open_by(recipient, pack, NOW, &got), BT_OK);
    assert_memory_equal(&t, &got, sizeof t);
    assert_int_equal(open_by(stranger, pack, NOW, &got), BT_E_CONSENT);
    assert_non_null(strstr(said, "somebody else's key"));
    assert_int_equal(open_by(subject, pack, NOW, &got), BT_E_CONSENT);
    assert_int_equal(open_by(recipient, pack, NOW + 30 * DAY, &got), BT_E_CONSENT);
    assert_non_null(strstr(said, "time is over"));
    assert_int_equal(open_by(recipient, pack, NOW - DAY, &got), BT_E_CONSENT);
    assert_non_null(strstr(said, "clock"));
    assert_null(memmem(pack.data, pack.size, face, 32)); /* nothing of it in the clear */
    assert_null(memmem(pack.data, pack.size, t.record_id, 36));
    free((void *)(uintptr_t)pack.data);
}

static void any_changed_byte_is_refused(void **state) {
    (void)state;
    struct bt_pack_terms t = terms(), got;
    struct bt_bytes pack = make(&t);
    for (size_t i = 0; i < pack.size; i += i < 400 ? 1 : 37) {
        uint8_t *byte = (uint8_t *)(uintptr_t)pack.data + i;
        *byte ^= 0x40;
        assert_int_not_equal(open_by(recipient, pack, NOW, &got), BT_OK);
        assert_true(said[0]);
        *byte ^= 0x40;
    }
    for (size_t size = 0; size < pack.size; size += 61)
        assert_int_not_equal(open_by(recipient, (struct bt_bytes){pack.data, size}, NOW, &got), BT_OK);
    assert_int_equal(open_by(recipient, pack, NOW, &got), BT_OK);
    free((void *)(uintptr_t)pack.data);
}

/* The recipient opens it, widens the terms, and seals it anew to themselves: without the subject's signature it is nothing. */
static void the_recipient_cannot_widen_it(void **state) {
    (void)state;
    struct bt_pack_terms t = terms(), got;
    struct bt_bytes pack = make(&t);
    struct bt_secret *inside = NULL;
    const size_t head = 16 + BT_SEAL_PUBLIC_BYTES;
    assert_int_equal(bt_seal_open(NULL, recipient, (struct bt_bytes){pack.data + head, pack.size - head}, &inside), BT_OK);
    size_t uses_at = 72 + 32 + 64 + 4, until_at = 72 + 32 + 64 + 12 + 8;
    for (int way = 0; way < 3; way++) {
        uint8_t *changed = malloc(pack.size);
        uint8_t *plain = malloc(bt_secret_size(inside));
        memcpy(changed, pack.data, head);
        memcpy(plain, bt_secret_data(inside), bt_secret_size(inside));
        assert_int_equal(plain[uses_at], 2);
        if (way == 0) plain[uses_at] = 200;
        if (way == 1) plain[until_at + 3] ^= 1;
        if (way == 2) { /* signed by the recipient, as if the face were theirs */
            memcpy(plain + 104, bt_seal_signer_public(recipient), BT_SEAL_PUBLIC_BYTES);
            plain[uses_at] = 200;
        }
        assert_int_equal(
            bt_seal_box(bt_seal_signer_public(recipient), (struct bt_bytes){plain, bt_secret_size(inside)}, changed + head),
            BT_OK);
        assert_int_equal(open_by(recipient, (struct bt_bytes){changed, pack.size}, NOW, &got), BT_E_FORMAT);
        assert_non_null(strstr(said, "not signed it"));
        free(changed);
        free(plain);
    }
    bt_secret_destroy(&inside);
    free((void *)(uintptr_t)pack.data);
}

static void terms_that_no_pack_may_have(void **state) {
    (void)state;
    for (int wrong = 0; wrong < 8; wrong++) {
        struct bt_pack_terms t = terms();
        uint8_t *bytes = NULL;
        size_t size = 0;
        if (wrong == 0) t.purposes |= BT_PURPOSE_LEND;
        if (wrong == 1) t.purposes = 0;
        if (wrong == 2) t.purposes = 64;
        if (wrong == 3) t.until_s = t.made_s;
        if (wrong == 4) t.until_s = t.made_s + 400 * (int64_t)DAY;
        if (wrong == 5) memcpy(t.name, "../x", 5);
        if (wrong == 6) t.record_id[0] = 'Z';
        if (wrong == 7) t.name[0] = 0;
        assert_int_equal(bt_pack_make(log_of, subject, &t, (struct bt_bytes){face, SIZE}, &bytes, &size), BT_E_ARGUMENT);
        assert_null(bytes);
    }
}

static void every_limit_has_its_refusal(void **state) {
    (void)state;
    struct bt_pack_state fresh = {.terms = terms(), .last_s = NOW}, s = fresh;
    memcpy(fresh.terms.pack_id, fresh.terms.record_id, sizeof fresh.terms.pack_id);
    s = fresh;
    static const struct {
        uint32_t purposes;
        int64_t at_s;
        uint32_t uses;
        bool withdrawn;
        const char *why;
    } tries[] = {
        {BT_PURPOSE_RECORD, NOW, 0, false, "not lent it for this: record"},
        {BT_PURPOSE_WEAR_LIVE | BT_PURPOSE_UNATTENDED, NOW, 0, false, "unattended"},
        {BT_PURPOSE_WEAR_LIVE, NOW + 30 * DAY, 0, false, "time is over"},
        {BT_PURPOSE_WEAR_LIVE, NOW, 2, false, "2 sessions"},
        {BT_PURPOSE_WEAR_LIVE, NOW - BT_RECEIPT_SLACK_S - 1, 0, false, "clock"},
        {BT_PURPOSE_WEAR_LIVE, NOW, 0, true, "withdrawn"},
    };
    for (size_t i = 0; i < BT_COUNT(tries); i++) {
        s = fresh;
        s.uses = tries[i].uses;
        s.withdrawn = tries[i].withdrawn;
        said[0] = 0;
        assert_int_equal(bt_pack_use(log_of, &s, tries[i].purposes, tries[i].at_s), BT_E_CONSENT);
        assert_non_null(strstr(said, tries[i].why));
        assert_int_equal(s.uses, tries[i].uses);
    }
    s = fresh;
    assert_int_equal(bt_pack_use(log_of, &s, BT_PURPOSE_WEAR_LIVE, NOW + 10 * DAY), BT_OK);
    assert_int_equal(s.uses, 1);
    assert_int_equal(bt_pack_use(log_of, &s, BT_PURPOSE_WEAR_LIVE, NOW + 9 * DAY), BT_E_CONSENT); /* back in time */
    assert_int_equal(bt_pack_use(log_of, &s, BT_PURPOSE_WEAR_LIVE, NOW + 10 * DAY), BT_OK);
    assert_int_equal(bt_pack_use(log_of, &s, BT_PURPOSE_WEAR_LIVE, NOW + 10 * DAY), BT_E_CONSENT);
    /* And through the record. */
    struct bt_secret *record = NULL;
    struct bt_pack_state again;
    struct bt_bytes identity;
    assert_int_equal(bt_pack_keep(NULL, &s, (struct bt_bytes){face, SIZE}, &record), BT_OK);
    assert_int_equal(bt_pack_recall(log_of, bt_secret_bytes(record), &again, &identity), BT_OK);
    assert_int_equal(again.uses, 2);
    assert_int_equal(again.last_s, NOW + 10 * DAY);
    assert_int_equal(identity.size, SIZE);
    assert_memory_equal(identity.data, face, SIZE);
    for (size_t size = 0; size < 200; size++)
        assert_int_equal(bt_pack_recall(log_of, (struct bt_bytes){bt_secret_data(record), size}, &again, &identity),
                         BT_E_FORMAT);
    bt_secret_destroy(&record);
}

static void withdrawals_are_signed(void **state) {
    (void)state;
    struct bt_pack_terms t = terms();
    struct bt_bytes pack = make(&t);
    uint8_t *bytes = NULL, who[BT_SEAL_PUBLIC_BYTES];
    size_t size = 0;
    char id[BT_RECEIPT_UUID] = "";
    assert_int_equal(bt_pack_withdrawal_make(log_of, subject, t.pack_id, NOW, &bytes, &size), BT_OK);
    assert_true(bt_pack_is_withdrawal((struct bt_bytes){bytes, size}));
    assert_false(bt_pack_is_withdrawal(pack));
    assert_int_equal(bt_pack_withdrawal_read(log_of, (struct bt_bytes){bytes, size}, id, who), BT_OK);
    assert_string_equal(id, t.pack_id);
    assert_memory_equal(who, bt_seal_signer_public(subject), sizeof who);
    for (size_t i = 0; i < size; i++) {
        bytes[i] ^= 2;
        assert_int_equal(bt_pack_withdrawal_read(log_of, (struct bt_bytes){bytes, size}, id, who), BT_E_FORMAT);
        bytes[i] ^= 2;
        assert_int_equal(bt_pack_withdrawal_read(log_of, (struct bt_bytes){bytes, i}, id, who), BT_E_FORMAT);
    }
    assert_int_equal(bt_pack_withdrawal_make(log_of, subject, "x", NOW, &bytes, &size), BT_E_ARGUMENT);
    free(bytes);
    free((void *)(uintptr_t)pack.data);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(goes_to_its_recipient_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(any_changed_byte_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(the_recipient_cannot_widen_it, setup, teardown),
        cmocka_unit_test_setup_teardown(terms_that_no_pack_may_have, setup, teardown),
        cmocka_unit_test_setup_teardown(every_limit_has_its_refusal, setup, teardown),
        cmocka_unit_test_setup_teardown(withdrawals_are_signed, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
