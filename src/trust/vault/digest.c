/* SPDX-License-Identifier: MIT */
#include "trust/vault/digest.h"

#include <sodium.h>

_Static_assert(BT_VAULT_SHA256_BYTES == crypto_hash_sha256_BYTES, "SHA-256");

bt_status bt_vault_sha256_hex(const void *data, size_t size_bytes, char out_hex[BT_VAULT_SHA256_HEX]) {
    unsigned char digest[crypto_hash_sha256_BYTES];
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    crypto_hash_sha256(digest, data, size_bytes);
    sodium_bin2hex(out_hex, BT_VAULT_SHA256_HEX, digest, sizeof digest);
    return BT_OK;
}

bt_status bt_vault_random_hex(size_t bytes, char *out_hex) {
    unsigned char raw[32];
    if (bytes > sizeof raw) return BT_E_ARGUMENT;
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    randombytes_buf(raw, bytes);
    sodium_bin2hex(out_hex, 2 * bytes + 1, raw, bytes);
    sodium_memzero(raw, sizeof raw);
    return BT_OK;
}
