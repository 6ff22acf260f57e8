/* SPDX-License-Identifier: MIT */
/* Signatures and sealed envelopes: Ed25519, and X25519 with XChaCha20-Poly1305, all by libsodium. */
#ifndef BT_TRUST_VAULT_SEAL_H
#define BT_TRUST_VAULT_SEAL_H

#include "base/bytes.h"
#include "base/status.h"
#include "trust/vault/secret.h"

enum {
    BT_SEAL_SEED_BYTES = 32,
    BT_SEAL_PUBLIC_BYTES = 32,
    BT_SEAL_SIGNATURE_BYTES = 64,
    BT_SEAL_OVERHEAD_BYTES = 48,
    BT_SEAL_PSEUDONYM_HEX = 33
};

/* An Ed25519 key pair, from a seed of 32 bytes (kept in guarded memory). The same seed also gives an X25519 pair for envelopes.
 */
struct bt_signer;
BT_CHECKED bt_status bt_seal_new_seed(struct bt_log *log, struct bt_secret **out_seed);
BT_CHECKED bt_status bt_seal_signer_create(struct bt_log *log, const struct bt_secret *seed, struct bt_signer **out_signer);
void bt_seal_signer_destroy(struct bt_signer **signer);
const uint8_t *bt_seal_signer_public(const struct bt_signer *signer); /* 32 bytes */
void bt_seal_sign(const struct bt_signer *signer, struct bt_bytes message, uint8_t out_signature[BT_SEAL_SIGNATURE_BYTES]);
/* BT_E_FORMAT: not this key's signature of this message. */
BT_CHECKED bt_status bt_seal_verify(const uint8_t public_key[BT_SEAL_PUBLIC_BYTES], struct bt_bytes message,
                                    const uint8_t signature[BT_SEAL_SIGNATURE_BYTES]);

/* To one recipient, named by the public (Ed25519) key; anonymous sender: a signature goes inside. out_box holds
   plain.size + BT_SEAL_OVERHEAD_BYTES. */
BT_CHECKED bt_status bt_seal_box(const uint8_t recipient[BT_SEAL_PUBLIC_BYTES], struct bt_bytes plain, uint8_t *out_box);
/* BT_E_FORMAT: changed, or not for this key. */
BT_CHECKED bt_status bt_seal_open(struct bt_log *log, const struct bt_signer *recipient, struct bt_bytes box,
                                  struct bt_secret **out_plain);

/* A keyed hash (BLAKE2b; a key of 16 to 64 bytes) of a name: a pseudonym that only the key's holder can link. */
BT_CHECKED bt_status bt_seal_pseudonym(const struct bt_secret *key, const char *name, char out_hex[BT_SEAL_PSEUDONYM_HEX]);
BT_CHECKED bt_status bt_seal_hex_decode(const char *hex, uint8_t *out_bytes, size_t size_bytes); /* exactly; else BT_E_FORMAT */
void bt_seal_hex_encode(const uint8_t *bytes, size_t size_bytes, char *out_hex);                 /* 2 n + 1 */

#endif
