/* SPDX-License-Identifier: MIT */
/* The list of models, behind its signature: no fuzzer forges one, so the bytes are signed by a key of the fuzzer's own. */
#include "trust/models/models.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bt_signer *signer;
    const struct bt_bytes list = {data, size};
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES], key[BT_SEAL_PUBLIC_BYTES];
    char hex[2 * BT_SEAL_SIGNATURE_BYTES + 1];
    struct bt_models *models = NULL;
    const char *why = NULL;
    if (!signer) {
        struct bt_secret *seed = NULL;
        if (bt_seal_new_seed(NULL, &seed) || bt_seal_signer_create(NULL, seed, &signer)) abort();
        bt_secret_destroy(&seed);
    }
    bt_seal_sign(signer, list, signature);
    bt_seal_hex_encode(signature, sizeof signature, hex);
    if (!bt_models_read(list, (struct bt_bytes){(const uint8_t *)hex, strlen(hex)}, bt_seal_signer_public(signer), &models,
                        &why)) {
        for (uint32_t i = 0; i < bt_models_count(models); i++) {
            const struct bt_models_entry *e = bt_models_at(models, i);
            if (bt_models_find(models, e->file) != e || !e->size_bytes || strchr(e->file, '/')) abort();
        }
        bt_models_free(&models);
    } else if (!why) {
        abort();
    }
    bt_models_release(key);
    if (!bt_models_read(list, list, key, &models, &why)) abort();
    return 0;
}
