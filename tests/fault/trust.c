/* SPDX-License-Identifier: MIT */
/* Vault, logs, receipts and packs with each allocation refused in turn: an error, nothing leaked, nothing half given; and what
   lies on disk is whole afterwards (what happens when system calls fail: vault.c). */
#include "base/bytes.h"
#include "support/faults.h"
#include "trust/pack/pack.h"
#include "trust/receipt/receipt.h"
#include "trust/vault/vault.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SIZE = 3000, NOW = 1790000000 };

static struct {
    char folder[64], vault[96], receipts[96], spare[96];
    struct bt_secret *passphrase;
    struct bt_signer *signer;
    char id[BT_VAULT_ID_HEX];
    uint8_t face[SIZE];
    struct bt_bytes pack;
    struct bt_receipt receipt;
} with;

static struct bt_vault_params vault_params(void) {
    return (struct bt_vault_params){.path = with.vault, .weak = true};
}

static struct bt_ledger_params ledger_params(void) {
    return (struct bt_ledger_params){.path = with.receipts, .signer = with.signer};
}

static bt_status open_vault(void *user, void **out) {
    const struct bt_vault_params params = vault_params();
    (void)user;
    return bt_vault_open(&params, with.passphrase, (struct bt_vault **)out);
}

static void close_vault(void **made) {
    bt_vault_close((struct bt_vault **)made);
}

/* Puts a record in place of another, and reads it. */
static bt_status replace(void *user, void **out) {
    struct bt_vault *vault = NULL;
    struct bt_secret *plain = NULL;
    uint32_t version = 0;
    bt_status status = open_vault(user, (void **)&vault);
    if (!status) status = bt_vault_put(vault, BT_VAULT_IDENTITY, 1, (struct bt_bytes){with.face, SIZE}, with.id);
    if (!status) status = bt_vault_get(vault, with.id, BT_VAULT_IDENTITY, &version, &plain);
    bt_vault_close(&vault);
    if (!status) *out = plain;
    return status;
}

static void drop_secret(void **made) {
    bt_secret_destroy((struct bt_secret **)made);
}

static bt_status rekey(void *user, void **out) {
    struct bt_vault *vault = NULL;
    bt_status status = open_vault(user, (void **)&vault);
    if (!status) status = bt_vault_rekey(vault, with.passphrase, true);
    if (status)
        bt_vault_close(&vault);
    else
        *out = vault;
    return status;
}

static bt_status list(void *user, void **out) {
    const struct bt_vault_params params = vault_params();
    uint32_t count = 0;
    (void)user;
    return bt_vault_list(&params, (struct bt_vault_entry **)out, &count);
}

static void drop_plain(void **made) {
    free(*made);
    *made = NULL;
}

static bt_status device(void *user, void **out) {
    const struct bt_vault_params params = vault_params();
    (void)user;
    return bt_vault_device_signer(&params, (struct bt_signer **)out);
}

static void drop_signer(void **made) {
    bt_seal_signer_destroy((struct bt_signer **)made);
}

/* One more receipt of a new consent, then the whole ledger. */
static bt_status write_receipt(void *user, void **out) {
    const struct bt_ledger_params params = ledger_params();
    struct bt_receipt receipt = with.receipt;
    struct bt_ledger *ledger = NULL;
    (void)user;
    bt_status status = bt_ledger_append(&params, &receipt);
    if (!status) status = bt_ledger_read(&params, &ledger);
    if (!status) *out = ledger;
    return status;
}

static void drop_ledger(void **made) {
    bt_ledger_free((struct bt_ledger **)made);
}

static bt_status make_pack(void *user, void **out) {
    struct bt_pack_terms terms = {.record_id = "01234567-89ab-4cde-8f01-23456789abcd",
                                  .name = "ada",
                                  .purposes = BT_PURPOSE_WEAR_LIVE,
                                  .made_s = NOW,
                                  .until_s = NOW + 86400};
    size_t size = 0;
    uint8_t *bytes = NULL;
    memcpy(terms.recipient, bt_seal_signer_public(with.signer), sizeof terms.recipient);
    bt_status status = bt_pack_make(NULL, with.signer, &terms, (struct bt_bytes){with.face, SIZE}, &bytes, &size);
    if (status) return status;
    if (user) *(size_t *)user = size;
    *out = bytes;
    return BT_OK;
}

static bt_status open_pack(void *user, void **out) {
    struct bt_pack_terms terms;
    (void)user;
    return bt_pack_open(NULL, with.signer, with.pack, NOW, &terms, (struct bt_secret **)out);
}

static bool prepare(void) {
    const struct bt_vault_params params = vault_params();
    struct bt_secret *seed = NULL;
    struct bt_vault *vault = NULL;
    void *pack = NULL;
    size_t size = 0;
    snprintf(with.folder, sizeof with.folder, "/tmp/bauta-trust-XXXXXX");
    if (!mkdtemp(with.folder)) return false;
    snprintf(with.vault, sizeof with.vault, "%s/vault", with.folder);
    snprintf(with.receipts, sizeof with.receipts, "%s/receipts", with.folder);
    memset(with.face, 7, sizeof with.face);
    if (bt_secret_create(NULL, 4, &with.passphrase) || bt_seal_new_seed(NULL, &seed)) return false;
    if (bt_seal_signer_create(NULL, seed, &with.signer) || bt_vault_create(&params, with.passphrase)) return false;
    bt_secret_destroy(&seed);
    if (bt_vault_open(&params, with.passphrase, &vault)) return false;
    if (bt_vault_put(vault, BT_VAULT_IDENTITY, 1, (struct bt_bytes){with.face, SIZE}, with.id)) return false;
    bt_vault_close(&vault);
    with.receipt = (struct bt_receipt){.event = BT_RECEIPT_REQUESTED, .event_s = NOW, .identity_id = "x", .adult = true};
    if (make_pack(&size, &pack)) return false;
    with.pack = (struct bt_bytes){pack, size};
    return true;
}

/* Whatever was refused, the record is there and whole. */
static bool is_whole(void) {
    struct bt_vault *vault = NULL;
    struct bt_vault_report report = {0};
    const struct bt_ledger_params params = ledger_params();
    struct bt_ledger *ledger = NULL;
    bool good = !open_vault(NULL, (void **)&vault) && !bt_vault_check(vault, &report) && report.records == 1 && !report.damaged;
    bt_vault_close(&vault);
    good = good && !bt_ledger_read(&params, &ledger);
    bt_ledger_free(&ledger);
    return good;
}

int main(void) {
    static const struct fault_job jobs[] = {
        {"vault, opened", open_vault, close_vault, NULL, NULL, false},
        {"vault, a record replaced", replace, drop_secret, NULL, NULL, false},
        {"vault, rekeyed", rekey, close_vault, NULL, NULL, false},
        {"vault, listed", list, drop_plain, NULL, NULL, false},
        {"device key", device, drop_signer, NULL, NULL, false},
        {"receipt, written", write_receipt, drop_ledger, NULL, NULL, false},
        {"pack, made", make_pack, drop_plain, NULL, NULL, false},
        {"pack, opened", open_pack, drop_secret, NULL, NULL, false},
    };
    int failures = 0;
    if (!prepare()) return 1;
    for (size_t i = 0; i < BT_COUNT(jobs); i++) {
        const struct fault_tally tally = fault_sweep_again(&jobs[i], 1u << FAULT_MEMORY);
        const bool whole = is_whole();
        if (!whole) printf("%s: what lies on disk is not whole\n", jobs[i].name);
        failures += tally.bad || !tally.refused || !whole;
    }
    free((void *)(uintptr_t)with.pack.data);
    bt_secret_destroy(&with.passphrase);
    bt_seal_signer_destroy(&with.signer);
    char command[96];
    snprintf(command, sizeof command, "rm -rf %s", with.folder);
    return system(command) || failures;
}
