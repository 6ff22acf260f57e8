/* SPDX-License-Identifier: MIT */
/* Digests and random bytes. trust/vault is the only user of libsodium. */
#ifndef BT_TRUST_VAULT_DIGEST_H
#define BT_TRUST_VAULT_DIGEST_H

#include "base/status.h"
#include <stddef.h>
#include <stdint.h>

enum { BT_VAULT_SHA256_BYTES = 32, BT_VAULT_SHA256_HEX = 65 };

/* SHA-256 (FIPS 180-4) as lower-case hex with a closing zero. */
BT_CHECKED bt_status bt_vault_sha256_hex(const void *data, size_t size_bytes, char out_hex[BT_VAULT_SHA256_HEX]);
/* `bytes` random bytes from the system as hex; `out_hex` holds 2 * bytes + 1; at most 32 bytes. */
BT_CHECKED bt_status bt_vault_random_hex(size_t bytes, char *out_hex);

#endif
