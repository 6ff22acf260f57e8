/* SPDX-License-Identifier: MIT */
#include "app/trust.h"

#include "app/files.h"
#include "app/keyring.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PASSPHRASE_LEAST = 8, TRIES = 3 };
static const int64_t WAIT_NS = 10000000000, SECOND_NS = 1000000000;

struct bt_vault_params bt_trust_vault(const struct bt_trust *trust) {
    return (struct bt_vault_params){.log = trust->log, .path = trust->vault, .wait_ns = WAIT_NS};
}

struct bt_ledger_params bt_trust_ledger(const struct bt_trust *trust) {
    return (struct bt_ledger_params){.log = trust->log, .path = trust->receipts, .signer = trust->signer};
}

bt_status bt_trust_end(const struct bt_trust *trust, const struct bt_receipt *last, enum bt_receipt_event event) {
    const struct bt_ledger_params ledger = bt_trust_ledger(trust);
    const struct bt_vault_params vault = bt_trust_vault(trust);
    struct bt_receipt receipt = *last;
    receipt.receipt_id[0] = 0;
    receipt.event = event;
    receipt.event_s = bt_clock_wall_ns() / SECOND_NS;
    bt_status status = bt_ledger_append(&ledger, &receipt);
    if (status || event == BT_RECEIPT_EXPIRED || !bt_vault_exists(trust->vault)) return status;
    status = bt_vault_erase(&vault, last->identity_id);
    return status == BT_E_NOT_FOUND ? BT_OK : status;
}

static bool ends_the_face(enum bt_receipt_event event) {
    return event == BT_RECEIPT_WITHDRAWN || event == BT_RECEIPT_INVALIDATED || event == BT_RECEIPT_REFUSED;
}

/* Is the face's key still there? */
static bool is_kept(const struct bt_vault_entry *entries, uint32_t count, const char *id) {
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(entries[i].id, id)) return !entries[i].gone;
    }
    return false;
}

/* What must happen to a consent whose last receipt is `r`. */
static bt_status settle_one(const struct bt_trust *trust, const struct bt_receipt *r, bool kept) {
    const struct bt_vault_params vault = bt_trust_vault(trust);
    if ((r->event == BT_RECEIPT_GIVEN || r->event == BT_RECEIPT_RENEWED) && bt_clock_wall_ns() / SECOND_NS >= r->valid_until_s)
        return bt_trust_end(trust, r, BT_RECEIPT_EXPIRED);
    if (kept && r->event == BT_RECEIPT_REQUESTED) {
        bt_log_warning(trust->log, "an enrolment was cut short: the face that nobody agreed to is erased (consent %.8s)",
                       r->record_id);
        return bt_trust_end(trust, r, BT_RECEIPT_REFUSED);
    }
    return kept && ends_the_face(r->event) ? bt_vault_erase(&vault, r->identity_id) : BT_OK;
}

/* An enrolment holds the vault from its record to the receipt that it is given (enroll_keep.c). Receipts that are read after
   the list of records therefore answer for every record in it, or nobody ever will: whoever wrote it is gone. */
static bt_status settle(const struct bt_trust *trust) {
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    const struct bt_vault_params vault = bt_trust_vault(trust);
    struct bt_ledger *ledger = NULL;
    struct bt_vault_entry *entries = NULL;
    uint32_t count = 0;
    bt_status status = BT_OK;
    if (!access(trust->receipts, F_OK) && bt_vault_exists(trust->vault)) status = bt_vault_list(&vault, &entries, &count);
    if (!status) status = bt_ledger_read(&params, &ledger);
    for (uint32_t i = 0; !status && i < bt_ledger_count(ledger); i++) {
        const struct bt_receipt *r = bt_ledger_at(ledger, i);
        if (bt_ledger_find(ledger, r->record_id) == r) /* the last of its consent */
            status = settle_one(trust, r, is_kept(entries, count, r->identity_id));
    }
    free(entries);
    bt_ledger_free(&ledger);
    return status;
}

bt_status bt_trust_open(struct bt_log *log, struct bt_trust *out_trust) {
    struct bt_trust trust = {.log = log};
    bt_status status = bt_files_vault(trust.vault, sizeof trust.vault);
    if (!status) status = bt_files_receipts(trust.receipts, sizeof trust.receipts);
    if (!status) status = bt_files_audit(trust.audit, sizeof trust.audit);
    if (status) {
        bt_log_error(log, "there is no home folder to keep consent in: set HOME");
        return status;
    }
    const struct bt_vault_params vault = bt_trust_vault(&trust);
    status = bt_vault_device_signer(&vault, &trust.signer);
    trust.log = log;
    if (!status) status = settle(&trust);
    if (status)
        bt_trust_close(&trust);
    else
        *out_trust = trust;
    return status;
}

void bt_trust_close(struct bt_trust *trust) {
    bt_seal_signer_destroy(&trust->signer);
}

bt_status bt_trust_unlock_keep(const struct bt_trust *trust, struct bt_vault **out_vault, struct bt_secret **out_passphrase) {
    const struct bt_vault_params params = bt_trust_vault(trust);
    struct bt_secret *passphrase = NULL;
    bt_status status = bt_secret_harden(trust->log);
    if (status) return status;
    if (!bt_vault_exists(trust->vault)) {
        bt_log_error(trust->log,
                     "there is no vault yet: nobody has enrolled a face here (bauta vault init makes an empty one)");
        return BT_E_NOT_FOUND;
    }
    status = bt_keyring_read(trust->log, trust->vault, &passphrase);
    if (!status) {
        status = bt_vault_open(&params, passphrase, out_vault);
        if (!status) *out_passphrase = passphrase;
        if (!status) return BT_OK;
        bt_secret_destroy(&passphrase);
        if (status != BT_E_CONSENT) return status;
        bt_log_warning(trust->log, "the keyring's passphrase is not this vault's");
    }
    if (trust->keyring_only) {
        bt_log_error(trust->log, "no keyring holds the vault's passphrase (bauta vault init --keyring makes such a vault)");
        return BT_E_CONSENT;
    }
    status = BT_E_CONSENT;
    for (int i = 0; i < TRIES && status == BT_E_CONSENT; i++) {
        if (bt_terminal_secret(trust->log, "Passphrase of the vault: ", &passphrase)) return BT_E_CONSENT;
        status = bt_vault_open(&params, passphrase, out_vault);
        if (status)
            bt_secret_destroy(&passphrase);
        else
            *out_passphrase = passphrase;
    }
    return status;
}

bt_status bt_trust_unlock(const struct bt_trust *trust, struct bt_vault **out_vault) {
    struct bt_secret *passphrase = NULL;
    bt_status status = bt_trust_unlock_keep(trust, out_vault, &passphrase);
    bt_secret_destroy(&passphrase);
    return status;
}

bt_status bt_trust_new_passphrase(const struct bt_trust *trust, struct bt_secret **out_passphrase) {
    for (int i = 0; i < TRIES; i++) {
        struct bt_secret *first = NULL, *second = NULL;
        bt_status status = bt_terminal_secret(trust->log, "New passphrase (8 characters at least): ", &first);
        if (!status && bt_secret_size(first) < PASSPHRASE_LEAST) {
            bt_log_error(trust->log, "that is too short");
            bt_secret_destroy(&first);
            continue;
        }
        if (!status) status = bt_terminal_secret(trust->log, "The same again: ", &second);
        bool same = !status && bt_secret_size(first) == bt_secret_size(second) &&
                    !memcmp(bt_secret_data(first), bt_secret_data(second), bt_secret_size(first));
        bt_secret_destroy(&second);
        if (same) {
            *out_passphrase = first;
            return BT_OK;
        }
        bt_secret_destroy(&first);
        if (status) return status;
        bt_log_error(trust->log, "those were not the same");
    }
    return BT_E_CONSENT;
}

bt_status bt_trust_unlock_or_make(const struct bt_trust *trust, struct bt_vault **out_vault) {
    const struct bt_vault_params params = bt_trust_vault(trust);
    struct bt_secret *passphrase = NULL;
    if (bt_vault_exists(trust->vault)) return bt_trust_unlock(trust, out_vault);
    bt_status status = bt_secret_harden(trust->log);
    if (!status) status = bt_trust_new_passphrase(trust, &passphrase);
    if (!status) status = bt_vault_create(&params, passphrase);
    if (!status) status = bt_vault_open(&params, passphrase, out_vault);
    bt_secret_destroy(&passphrase);
    return status;
}
