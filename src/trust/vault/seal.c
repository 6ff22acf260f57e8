/* SPDX-License-Identifier: MIT */
#include "trust/vault/seal.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(BT_SEAL_SEED_BYTES == crypto_sign_SEEDBYTES, "seed");
_Static_assert(BT_SEAL_PUBLIC_BYTES == crypto_sign_PUBLICKEYBYTES, "public key");
_Static_assert(BT_SEAL_SIGNATURE_BYTES == crypto_sign_BYTES, "signature");
_Static_assert(BT_SEAL_OVERHEAD_BYTES == crypto_box_curve25519xchacha20poly1305_SEALBYTES, "envelope");

struct bt_signer {
    struct bt_secret *sign, *open; /* Ed25519 and X25519 */
    uint8_t public_key[BT_SEAL_PUBLIC_BYTES];
    uint8_t open_public_key[crypto_scalarmult_curve25519_BYTES];
};

bt_status bt_seal_new_seed(struct bt_log *log, struct bt_secret **out_seed) {
    struct bt_secret *seed = NULL;
    bt_status status = bt_secret_create(log, BT_SEAL_SEED_BYTES, &seed);
    if (status) return status;
    randombytes_buf(bt_secret_data(seed), BT_SEAL_SEED_BYTES);
    *out_seed = seed;
    return BT_OK;
}

bt_status bt_seal_signer_create(struct bt_log *log, const struct bt_secret *seed, struct bt_signer **out_signer) {
    if (bt_secret_size(seed) != BT_SEAL_SEED_BYTES) return BT_E_ARGUMENT;
    struct bt_signer *signer = calloc(1, sizeof *signer);
    if (!signer) return BT_E_MEMORY;
    bt_status status = bt_secret_create(log, crypto_sign_SECRETKEYBYTES, &signer->sign);
    if (!status) status = bt_secret_create(log, crypto_scalarmult_curve25519_BYTES, &signer->open);
    if (status) {
        bt_seal_signer_destroy(&signer);
        return status;
    }
    crypto_sign_seed_keypair(signer->public_key, bt_secret_data(signer->sign), bt_secret_bytes(seed).data);
    if (crypto_sign_ed25519_sk_to_curve25519(bt_secret_data(signer->open), bt_secret_data(signer->sign)) ||
        crypto_sign_ed25519_pk_to_curve25519(signer->open_public_key, signer->public_key)) {
        bt_seal_signer_destroy(&signer);
        return BT_E_FORMAT;
    }
    *out_signer = signer;
    return BT_OK;
}

void bt_seal_signer_destroy(struct bt_signer **signer) {
    if (!*signer) return;
    bt_secret_destroy(&(*signer)->sign);
    bt_secret_destroy(&(*signer)->open);
    free(*signer);
    *signer = NULL;
}

const uint8_t *bt_seal_signer_public(const struct bt_signer *signer) {
    return signer->public_key;
}

void bt_seal_sign(const struct bt_signer *signer, struct bt_bytes message, uint8_t out_signature[BT_SEAL_SIGNATURE_BYTES]) {
    crypto_sign_detached(out_signature, NULL, message.data, message.size, bt_secret_bytes(signer->sign).data);
}

bt_status bt_seal_verify(const uint8_t public_key[BT_SEAL_PUBLIC_BYTES], struct bt_bytes message,
                         const uint8_t signature[BT_SEAL_SIGNATURE_BYTES]) {
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    return crypto_sign_verify_detached(signature, message.data, message.size, public_key) ? BT_E_FORMAT : BT_OK;
}

bt_status bt_seal_box(const uint8_t recipient[BT_SEAL_PUBLIC_BYTES], struct bt_bytes plain, uint8_t *out_box) {
    uint8_t key[crypto_scalarmult_curve25519_BYTES];
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    if (crypto_sign_ed25519_pk_to_curve25519(key, recipient) ||
        crypto_box_curve25519xchacha20poly1305_seal(out_box, plain.data, plain.size, key))
        return BT_E_FORMAT;
    return BT_OK;
}

bt_status bt_seal_open(struct bt_log *log, const struct bt_signer *recipient, struct bt_bytes box,
                       struct bt_secret **out_plain) {
    struct bt_secret *plain = NULL;
    if (box.size < BT_SEAL_OVERHEAD_BYTES) return BT_E_FORMAT;
    bt_status status = bt_secret_create(log, box.size - BT_SEAL_OVERHEAD_BYTES, &plain);
    if (status) return status;
    if (crypto_box_curve25519xchacha20poly1305_seal_open(bt_secret_data(plain), box.data, box.size, recipient->open_public_key,
                                                         bt_secret_bytes(recipient->open).data)) {
        bt_secret_destroy(&plain);
        return BT_E_FORMAT;
    }
    *out_plain = plain;
    return BT_OK;
}

bt_status bt_seal_pseudonym(const struct bt_secret *key, const char *name, char out_hex[BT_SEAL_PSEUDONYM_HEX]) {
    uint8_t hash[(BT_SEAL_PSEUDONYM_HEX - 1) / 2];
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    if (crypto_generichash(hash, sizeof hash, (const uint8_t *)name, strlen(name), bt_secret_bytes(key).data,
                           bt_secret_size(key)))
        return BT_E_ARGUMENT;
    bt_seal_hex_encode(hash, sizeof hash, out_hex);
    return BT_OK;
}

bt_status bt_seal_hex_decode(const char *hex, uint8_t *out_bytes, size_t size_bytes) {
    size_t size = strlen(hex), got = 0;
    if (size != 2 * size_bytes) return BT_E_FORMAT;
    return sodium_hex2bin(out_bytes, size_bytes, hex, size, NULL, &got, NULL) || got != size_bytes ? BT_E_FORMAT : BT_OK;
}

void bt_seal_hex_encode(const uint8_t *bytes, size_t size_bytes, char *out_hex) {
    sodium_bin2hex(out_hex, 2 * size_bytes + 1, bytes, size_bytes);
}
