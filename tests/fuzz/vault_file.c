/* SPDX-License-Identifier: MIT */
/* The vault's doors: the file of keys, and a backup. What decodes must encode to the same bytes. */
#include "trust/vault/inside.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_vault_table table = {0};
    struct bt_vault_contents contents = {0};
    uint8_t *again = NULL;
    size_t again_size = 0;
    if (!bt_vault_table_decode(NULL, "keys", (struct bt_bytes){data, size}, &table)) {
        if (bt_vault_table_encode(&table, &again, &again_size) == BT_OK && (again_size != size || memcmp(again, data, size)))
            abort();
        free(again);
        bt_vault_table_free(&table);
    }
    if (!bt_vault_backup_read(NULL, "backup", (struct bt_bytes){data, size}, &contents)) bt_vault_table_free(&contents.table);
    return 0;
}
