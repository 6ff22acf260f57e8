/* SPDX-License-Identifier: MIT */
#include "app/store.h"

#include "app/files.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define MEND "sudo apt install --reinstall bauta-models; from the sources: sh packaging/quickstart.sh"

enum { MODEL_MOST_BYTES = 64 << 20, PATH_BYTES = 4096 + 80 };

static bt_status read_beside(const struct bt_store *store, const char *file, size_t most, struct bt_bytes *out_bytes) {
    char path[PATH_BYTES];
    snprintf(path, sizeof path, "%s/%s", store->folder, file);
    return bt_files_read(store->log, path, most, out_bytes);
}

bt_status bt_store_open(struct bt_log *log, const char *wanted, struct bt_store *out_store) {
    struct bt_bytes list = {0}, signature = {0};
    uint8_t key[BT_SEAL_PUBLIC_BYTES];
    *out_store = (struct bt_store){.log = log};
    bt_status status = bt_files_models(log, wanted, out_store->folder, sizeof out_store->folder);
    if (status) return status;
    out_store->why = "models.json or models.sig is not there";
    status = read_beside(out_store, "models.json", BT_MODELS_LIST_MOST_BYTES, &list);
    if (!status) status = read_beside(out_store, "models.sig", BT_MODELS_SIGNATURE_MOST_BYTES, &signature);
    if (!status) {
        bt_models_release(key);
        status = bt_models_read(list, signature, key, &out_store->list, &out_store->why);
    }
    if (status)
        bt_log_error(log, "the models in %s are refused: %s. Put them back: " MEND, out_store->folder, out_store->why);
    else
        out_store->why = NULL;
    free((void *)(uintptr_t)list.data);
    free((void *)(uintptr_t)signature.data);
    return status;
}

void bt_store_close(struct bt_store *store) {
    bt_models_free(&store->list);
}

bt_status bt_store_read(const struct bt_store *store, const char *file, struct bt_bytes *out_bytes,
                        char out_sha256[BT_VAULT_SHA256_HEX]) {
    const struct bt_models_entry *entry = bt_models_find(store->list, file);
    struct bt_bytes bytes = {0};
    char sha256[BT_VAULT_SHA256_HEX];
    if (!entry) {
        bt_log_error(store->log, "%s is in no signed list of models: refused", file);
        return BT_E_NOT_FOUND;
    }
    bt_status status = read_beside(store, file, MODEL_MOST_BYTES, &bytes);
    if (status) return status;
    status = bt_models_check(entry, bytes, sha256);
    if (status == BT_OK || status == BT_E_FORMAT)
        if (out_sha256) snprintf(out_sha256, BT_VAULT_SHA256_HEX, "%s", sha256);
    if (status == BT_E_FORMAT)
        bt_log_error(store->log,
                     "%s/%s is not the model that was signed: refused. Expected %" PRIu64
                     " bytes with SHA-256 %s, got %zu with %s. Put it back: " MEND,
                     store->folder, file, entry->size_bytes, entry->sha256, bytes.size, sha256);
    if (status)
        free((void *)(uintptr_t)bytes.data);
    else
        *out_bytes = bytes;
    return status;
}
