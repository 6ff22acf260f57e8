/* SPDX-License-Identifier: MIT */
/* The list of the models that this program may run: what each file is, where it comes from, on what it was trained, and its
   SHA-256; signed by the release key, whose public half is inside the program (packaging/models/sign.py). Bytes in, no files.
 */
#ifndef BT_TRUST_MODELS_H
#define BT_TRUST_MODELS_H

#include "base/bytes.h"
#include "base/status.h"
#include "trust/vault/digest.h"
#include "trust/vault/seal.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_models;

enum { BT_MODELS_SCHEMA = 1, BT_MODELS_MOST = 32, BT_MODELS_LIST_MOST_BYTES = 64 * 1024, BT_MODELS_SIGNATURE_MOST_BYTES = 256 };

/* One file. The texts are the list's. */
struct bt_models_entry {
    const char *file, *sha256, *what, *use, *licence, *training, *training_source;
    const char *package, *version, *sha512; /* npm's; sha512 as npm writes it, base64 */
    uint64_t size_bytes;
    bool every_session; /* needed by each; the others only where people are compared */
};

/* The key that this build takes a list from. */
void bt_models_release(uint8_t out_key[BT_SEAL_PUBLIC_BYTES]);

/* A door. `signature`: 128 hex digits, of the list's very bytes. BT_E_FORMAT, BT_E_UNSUPPORTED (a later schema): then *out_why
   says what, in static English. Nothing of a list is looked at before its signature holds. */
BT_CHECKED bt_status bt_models_read(struct bt_bytes list, struct bt_bytes signature, const uint8_t key[BT_SEAL_PUBLIC_BYTES],
                                    struct bt_models **out_models, const char **out_why);
void bt_models_free(struct bt_models **models);
uint32_t bt_models_count(const struct bt_models *models);
const struct bt_models_entry *bt_models_at(const struct bt_models *models, uint32_t index);
const struct bt_models_entry *bt_models_find(const struct bt_models *models, const char *file); /* NULL: not in the list */

/* BT_E_FORMAT: these are other bytes. out_sha256 is theirs also then. */
BT_CHECKED bt_status bt_models_check(const struct bt_models_entry *entry, struct bt_bytes bytes,
                                     char out_sha256[BT_VAULT_SHA256_HEX]);

#endif
