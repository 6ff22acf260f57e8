/* SPDX-License-Identifier: MIT */
/* The desktop's Secret Service (GNOME Keyring, KWallet), where one runs: it can hold the vault's passphrase. */
#ifndef BT_APP_KEYRING_H
#define BT_APP_KEYRING_H

#include "base/status.h"
#include "trust/vault/secret.h"

struct bt_log;

/* BT_E_NOT_FOUND: no keyring, or nothing in it for this vault. */
BT_CHECKED bt_status bt_keyring_read(struct bt_log *log, const char *vault, struct bt_secret **out_passphrase);
/* In place of what it holds for this vault. The passphrase is text without zeros. */
BT_CHECKED bt_status bt_keyring_keep(struct bt_log *log, const char *vault, const struct bt_secret *passphrase);
BT_CHECKED bt_status bt_keyring_forget(struct bt_log *log, const char *vault);

#endif
