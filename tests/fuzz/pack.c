/* SPDX-License-Identifier: MIT */
/* The doors of lent faces: packs, withdrawals, and what the vault keeps of them. The input is also sealed and signed as if it
   were a pack's inside, so that the fuzzer gets past the envelope. */
#include "trust/pack/pack.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bt_signer *signer;
    struct bt_secret *seed = NULL, *identity = NULL;
    struct bt_pack_terms terms;
    struct bt_pack_state state;
    struct bt_bytes rest;
    char id[BT_RECEIPT_UUID];
    uint8_t subject[BT_SEAL_PUBLIC_BYTES];
    enum { HEAD = 16 + BT_SEAL_PUBLIC_BYTES };
    if (!signer) {
        if (bt_secret_create(NULL, BT_SEAL_SEED_BYTES, &seed) || bt_seal_signer_create(NULL, seed, &signer)) abort();
        bt_secret_destroy(&seed);
    }
    if (!bt_pack_open(NULL, signer, (struct bt_bytes){data, size}, 0, &terms, &identity)) bt_secret_destroy(&identity);
    if (!bt_pack_recall(NULL, (struct bt_bytes){data, size}, &state, &rest) && rest.size > size) abort();
    (void)!bt_pack_withdrawal_read(NULL, (struct bt_bytes){data, size}, id, subject);
    uint8_t *inside = malloc(size + BT_SEAL_SIGNATURE_BYTES),
            *pack = malloc(HEAD + size + BT_SEAL_SIGNATURE_BYTES + BT_SEAL_OVERHEAD_BYTES);
    if (!inside || !pack) abort();
    if (size) memcpy(inside, data, size);
    if (size >= 136) memcpy(inside + 104, bt_seal_signer_public(signer), BT_SEAL_PUBLIC_BYTES); /* the subject's place */
    if (size >= 168) memcpy(inside + 136, bt_seal_signer_public(signer), BT_SEAL_PUBLIC_BYTES); /* the recipient's */
    bt_seal_sign(signer, (struct bt_bytes){inside, size}, inside + size);
    memcpy(pack, "bautapck\1\0\0\0\1\0\0\0", 16);
    memcpy(pack + 16, bt_seal_signer_public(signer), BT_SEAL_PUBLIC_BYTES);
    if (bt_seal_box(bt_seal_signer_public(signer), (struct bt_bytes){inside, size + BT_SEAL_SIGNATURE_BYTES}, pack + HEAD))
        abort();
    struct bt_bytes whole = {pack, HEAD + size + BT_SEAL_SIGNATURE_BYTES + BT_SEAL_OVERHEAD_BYTES};
    if (!bt_pack_open(NULL, signer, whole, 1000, &terms, &identity)) {
        if (terms.purposes & BT_PURPOSE_LEND || terms.until_s <= 1000) abort();
        bt_secret_destroy(&identity);
    }
    free(inside);
    free(pack);
    return 0;
}
