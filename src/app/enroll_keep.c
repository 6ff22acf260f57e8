/* SPDX-License-Identifier: MIT */
/* Vault and receipt, or nothing. */
#include "app/enroll.h"

#include "app/person.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "trust/vault/digest.h"

#include <stdio.h>
#include <string.h>

enum { LINE_BYTES = 128, TRIES = 3 };
static const int64_t second_ns = 1000000000;

static bt_status is_free(struct bt_enrolment *e, struct bt_vault *vault, bool *out_free) {
    struct bt_person person = {0};
    *out_free = false;
    if (!bt_enroll_name_is_valid(e->name) || bt_worn_is_nobodys(e->name)) return BT_OK;
    bt_status status = bt_person_find_name(&e->trust, vault, e->name, &person);
    bt_person_finish(&person);
    *out_free = status == BT_E_NOT_FOUND;
    return *out_free ? BT_OK : status;
}

static bt_status settle_name(struct bt_enrolment *e, struct bt_vault *vault) {
    for (int i = 0; i < TRIES; i++) {
        char line[LINE_BYTES];
        bool free_to_use = false;
        bt_status status = is_free(e, vault, &free_to_use);
        if (status || free_to_use) return status;
        status = bt_terminal_line(e->chinese ? "这个名称已被占用或不可用。请输入另一个名称(a-z、0-9 和 -):"
                                             : "That name is taken, or cannot be one. Another, of a-z, 0-9 and -: ",
                                  line, sizeof line);
        if (status) return status;
        snprintf(e->name, sizeof e->name, "%.*s", (int)sizeof e->name - 1, strlen(line) < sizeof e->name ? line : "");
        memcpy(e->identity->name, e->name, sizeof e->name);
    }
    return BT_E_CONSENT;
}

static bt_status seal(struct bt_enrolment *e, struct bt_secret **out_record) {
    struct bt_receipt *r = &e->receipt;
    struct bt_secret *identity = NULL, *record = NULL;
    struct bt_sealed sealed = {.templates = bt_secret_bytes(e->template)};
    bt_status status = bt_secret_create(e->log, bt_identity_encoded_bytes(), &identity);
    if (status) return status;
    bt_identity_encode(e->identity, bt_secret_data(identity));
    sealed.identity = bt_secret_bytes(identity);
    memcpy(sealed.record_id, r->record_id, sizeof sealed.record_id);
    memcpy(sealed.seed, bt_secret_data(e->seed), sizeof sealed.seed);
    status = bt_vault_sha256_hex(sealed.identity.data, sealed.identity.size, r->identity_sha256);
    if (!status) status = bt_vault_sha256_hex(sealed.templates.data, sealed.templates.size, r->template_sha256);
    if (!status) status = bt_secret_create(e->log, bt_sealed_bytes(&sealed), &record);
    if (!status) {
        bt_sealed_encode(&sealed, bt_secret_data(record));
        *out_record = record;
    }
    bt_secret_wipe(&sealed, sizeof sealed);
    bt_secret_destroy(&identity);
    return status;
}

bt_status bt_enroll_keep(struct bt_enrolment *e) {
    const struct bt_ledger_params ledger = bt_trust_ledger(&e->trust);
    struct bt_receipt *r = &e->receipt;
    struct bt_vault *vault = NULL;
    struct bt_secret *record = NULL;
    bt_status status = bt_trust_unlock_or_make(&e->trust, &vault);
    if (!status) status = settle_name(e, vault);
    if (!status) status = seal(e, &record);
    if (!status)
        status = bt_vault_put_new(vault, r->identity_id, BT_VAULT_IDENTITY, BT_SEALED_VERSION, bt_secret_bytes(record));
    if (!status) { /* the vault stays locked until then: see trust.c, settle */
        r->event = BT_RECEIPT_GIVEN;
        r->receipt_id[0] = 0;
        r->event_s = bt_clock_wall_ns() / second_ns;
        status = bt_ledger_append(&ledger, r);
        if (status && bt_vault_forget(vault, r->identity_id))
            bt_log_error(e->log, "the face could not be taken out of the vault again");
    }
    bt_secret_destroy(&record);
    bt_vault_close(&vault);
    return status;
}
