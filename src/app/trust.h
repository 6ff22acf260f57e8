/* SPDX-License-Identifier: MIT */
/* Where this installation keeps its trust: the vault, the receipts, the session log, and the key that signs the last two. */
#ifndef BT_APP_TRUST_H
#define BT_APP_TRUST_H

#include "base/status.h"
#include "trust/receipt/receipt.h"
#include "trust/vault/vault.h"

#include <limits.h>

struct bt_log;

struct bt_trust {
    struct bt_log *log;
    char vault[PATH_MAX], receipts[PATH_MAX], audit[PATH_MAX];
    struct bt_signer *signer;
    bool keyring_only; /* nobody is asked for the vault's passphrase */
};

/* Finds the paths and opens (or, the first time, makes) the signing key; finishes what an earlier run left half done: an
   expired consent gets its receipt, and a face whose consent is withdrawn, void or was never given loses its key. Then close. */
BT_CHECKED bt_status bt_trust_open(struct bt_log *log, struct bt_trust *out_trust);
void bt_trust_close(struct bt_trust *trust);

struct bt_vault_params bt_trust_vault(const struct bt_trust *trust);
struct bt_ledger_params bt_trust_ledger(const struct bt_trust *trust);
/* The desktop's keyring if it holds this vault's passphrase, else the person at the terminal, who may try three times.
   BT_E_CONSENT: nobody to ask, or wrong three times. */
BT_CHECKED bt_status bt_trust_unlock(const struct bt_trust *trust, struct bt_vault **out_vault);
/* The same, and keeps the passphrase for opening it once more without asking. */
BT_CHECKED bt_status bt_trust_unlock_keep(const struct bt_trust *trust, struct bt_vault **out_vault,
                                          struct bt_secret **out_passphrase);
/* Unlocks, or makes the vault first, with a new passphrase, when there is none. */
BT_CHECKED bt_status bt_trust_unlock_or_make(const struct bt_trust *trust, struct bt_vault **out_vault);
/* Typed twice, 8 characters at least. */
BT_CHECKED bt_status bt_trust_new_passphrase(const struct bt_trust *trust, struct bt_secret **out_passphrase);
/* A receipt that ends a consent, then the face's key: durable in this order. */
BT_CHECKED bt_status bt_trust_end(const struct bt_trust *trust, const struct bt_receipt *last, enum bt_receipt_event event);

#endif
