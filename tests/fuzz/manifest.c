/* SPDX-License-Identifier: MIT */
/* A manifest's door. No fuzzer forges a signature, so the bytes are also signed anew, by a key of the fuzzer's own: what is
   read then is written again, and that is read the same. */
#include "trust/manifest/manifest.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The object as it is, with the signer's key and signature in place of its own. NULL: it is none. */
static char *signed_anew(const uint8_t *data, size_t size, const struct bt_signer *signer) {
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    char hex[2 * BT_SEAL_SIGNATURE_BYTES + 1], *text = NULL;
    json_t *root = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    json_t *key = json_object_get(root, "key");
    if (json_is_object(key)) {
        bt_seal_hex_encode(bt_seal_signer_public(signer), BT_SEAL_PUBLIC_BYTES, hex);
        json_object_set_new(key, "public", json_string(hex));
        json_object_del(root, "signature");
        char *bytes = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS);
        if (bytes) {
            bt_seal_sign(signer, (struct bt_bytes){(const uint8_t *)bytes, strlen(bytes)}, signature);
            bt_seal_hex_encode(signature, sizeof signature, hex);
            json_object_set_new(root, "signature", json_string(hex));
            text = json_dumps(root, JSON_COMPACT);
            free(bytes);
        }
    }
    json_decref(root);
    return text;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static struct bt_signer *signer;
    struct bt_manifest m, again;
    const char *why = NULL;
    char *text = NULL, *second = NULL, *anew;
    if (!signer) {
        struct bt_secret *seed = NULL;
        if (bt_seal_new_seed(NULL, &seed) || bt_seal_signer_create(NULL, seed, &signer)) abort();
        bt_secret_destroy(&seed);
    }
    if (bt_manifest_read((struct bt_bytes){data, size}, &m, &why) && !why) abort();
    anew = signed_anew(data, size, signer);
    if (anew && !bt_manifest_read((struct bt_bytes){(const uint8_t *)anew, strlen(anew)}, &m, &why)) {
        if (bt_manifest_make(&m, signer, true, &text)) abort();
        if (bt_manifest_read((struct bt_bytes){(const uint8_t *)text, strlen(text)}, &again, &why)) abort();
        if (bt_manifest_make(&again, signer, true, &second) || strcmp(text, second)) abort();
    }
    free(anew);
    free(text);
    free(second);
    return 0;
}
