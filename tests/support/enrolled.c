/* SPDX-License-Identifier: MIT */
/* Makes a vault in which somebody is enrolled, for tests of what follows: the person is one of the shipped masks.
   test_enrolled DATA MODELS NAME MASK PURPOSES SECONDS PASSPHRASE [freeze]: DATA/vault and DATA/receipts.log; the consent holds
   for SECONDS, and says what is shown while the face is lost. */
#include "identity/identity.h"
#include "identity/sealed.h"
#include "mask/mask.h"
#include "match/match.h"
#include "support/file_bytes.h"
#include "trust/receipt/receipt.h"
#include "trust/vault/digest.h"
#include "trust/vault/vault.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static bt_status identity_of(const char *models, const char *name, const char *mask_name, struct bt_identity **out) {
    char path[1024];
    struct bt_rig *rig = NULL;
    struct bt_mask *mask = NULL;
    uint32_t index = 0;
    snprintf(path, sizeof path, "%s/face_geometry.bin", models);
    struct bt_bytes geometry = bt_test_read(path);
    if (!geometry.data || !bt_mask_builtin_find(mask_name, &index)) return BT_E_NOT_FOUND;
    bt_status status = bt_rig_create(NULL, geometry, &rig);
    if (!status) status = bt_mask_builtin_grow(rig, index, &mask);
    struct bt_identity *identity = calloc(1, sizeof *identity);
    if (!status && !identity) status = BT_E_MEMORY;
    if (!status) {
        snprintf(identity->name, sizeof identity->name, "%s", name);
        identity->views = 20;
        memcpy(identity->neutral, mask->neutral, sizeof identity->neutral);
        memcpy(identity->skin, mask->skin, sizeof identity->skin);
        memcpy(identity->iris, mask->iris, sizeof identity->iris);
        memcpy(identity->ratio, mask->ratio, sizeof identity->ratio);
        memset(identity->seen, 255, sizeof identity->seen);
        *out = identity;
    }
    bt_mask_destroy(&mask);
    bt_rig_destroy(&rig);
    bt_test_free(&geometry);
    return status;
}

int main(int argc, char **argv) {
    char vault_path[1024], receipts_path[1024];
    struct bt_identity *identity = NULL;
    struct bt_secret *passphrase = NULL, *record = NULL, *seed = NULL;
    struct bt_signer *device = NULL;
    struct bt_vault *vault = NULL;
    struct bt_template face = {0};
    uint8_t templates[BT_MATCH_TEMPLATE_BYTES];
    struct bt_receipt r = {.adult = true, .notice_version = 1, .liveness = "made for a test"};
    struct bt_sealed sealed = {.templates = {templates, sizeof templates}};
    if (argc != 8 && argc != 9) return 2;
    if (argc == 9) r.lost = BT_LOST_FREEZE;
    snprintf(vault_path, sizeof vault_path, "%s/vault", argv[1]);
    snprintf(receipts_path, sizeof receipts_path, "%s/receipts.log", argv[1]);
    const struct bt_vault_params params = {.path = vault_path, .weak = true};
    bt_status status = identity_of(argv[2], argv[3], argv[4], &identity);
    if (!status) status = bt_vault_device_signer(&params, &device);
    if (!status) status = bt_secret_create(NULL, strlen(argv[7]), &passphrase);
    if (status) return 1;
    memcpy(bt_secret_data(passphrase), argv[7], strlen(argv[7]));
    for (int i = 0; i < BT_MATCH_COSINE; i++) face.cosine[i] = 1 / sqrtf(BT_MATCH_COSINE);
    for (int i = 0; i < BT_MATCH_EUCLID; i++) face.euclid[i] = 1 / sqrtf(BT_MATCH_EUCLID);
    bt_match_encode(&face, templates);
    uint8_t *bytes = malloc(bt_identity_encoded_bytes());
    if (!bytes) return 1;
    bt_identity_encode(identity, bytes);
    sealed.identity = (struct bt_bytes){bytes, bt_identity_encoded_bytes()};
    status = bt_receipt_uuid(r.record_id);
    memcpy(sealed.record_id, r.record_id, sizeof sealed.record_id);
    if (!status) status = bt_seal_new_seed(NULL, &seed);
    if (!status) memcpy(sealed.seed, bt_secret_data(seed), sizeof sealed.seed);
    if (!status) status = bt_secret_create(NULL, bt_sealed_bytes(&sealed), &record);
    if (!status) bt_sealed_encode(&sealed, bt_secret_data(record));
    if (!status && !bt_vault_exists(vault_path)) status = bt_vault_create(&params, passphrase);
    if (!status) status = bt_vault_open(&params, passphrase, &vault);
    if (!status) status = bt_vault_put(vault, BT_VAULT_IDENTITY, BT_SEALED_VERSION, bt_secret_bytes(record), r.identity_id);
    bt_vault_close(&vault);
    if (!status) status = bt_vault_sha256_hex(sealed.identity.data, sealed.identity.size, r.identity_sha256);
    if (!status) status = bt_vault_sha256_hex(templates, sizeof templates, r.template_sha256);
    memcpy(r.notice_sha256, r.template_sha256, sizeof r.notice_sha256);
    memcpy(r.statement_sha256, r.template_sha256, sizeof r.statement_sha256);
    if (!status) status = bt_seal_pseudonym(seed, argv[3], r.subject);
    r.purposes = (uint32_t)atoi(argv[5]);
    r.event_s = (int64_t)time(NULL);
    r.valid_until_s = r.event_s + atoll(argv[6]);
    const struct bt_ledger_params ledger = {.path = receipts_path, .signer = device};
    r.event = BT_RECEIPT_REQUESTED;
    if (!status) status = bt_ledger_append(&ledger, &r);
    r.event = BT_RECEIPT_GIVEN;
    r.receipt_id[0] = 0;
    if (!status) status = bt_ledger_append(&ledger, &r);
    if (!status)
        printf("%s %s\n", r.record_id, r.identity_id);
    else
        fprintf(stderr, "%s\n", bauta_status_text(status));
    free(bytes);
    bt_identity_destroy(&identity);
    bt_secret_destroy(&record);
    bt_secret_destroy(&seed);
    bt_secret_destroy(&passphrase);
    bt_seal_signer_destroy(&device);
    return status ? 1 : 0;
}
