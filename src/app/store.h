/* SPDX-License-Identifier: MIT */
/* The models' folder: its signed list, and its files, each held against the list before anybody uses it. */
#ifndef BT_APP_STORE_H
#define BT_APP_STORE_H

#include "base/bytes.h"
#include "base/status.h"
#include "trust/models/models.h"

struct bt_log;

/* Zero before it is opened. */
struct bt_store {
    struct bt_log *log;
    char folder[4096];
    struct bt_models *list;
    const char *why; /* where it could not be opened: static English; NULL: there is no folder */
};

/* `wanted` as bt_files_models. BT_E_NOT_FOUND: no folder, or no list in it. BT_E_FORMAT, BT_E_UNSUPPORTED: a list that the
   release key did not sign. The log says what to do. Also on failure, close. */
BT_CHECKED bt_status bt_store_open(struct bt_log *log, const char *wanted, struct bt_store *out_store);
void bt_store_close(struct bt_store *store);
/* One file of the list, whole; the caller frees out_bytes->data. BT_E_FORMAT: it is not what was signed, and the log says what
   was expected. out_sha256 (NULL: nobody asks) is the digest of what was read, also then. */
BT_CHECKED bt_status bt_store_read(const struct bt_store *store, const char *file, struct bt_bytes *out_bytes,
                                   char out_sha256[BT_VAULT_SHA256_HEX]);

#endif
