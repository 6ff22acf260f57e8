/* SPDX-License-Identifier: MIT */
/* The vault's doors: the file of keys, a backup, a record's body. What decodes must encode to the same bytes. Checksums are put
   right, or nothing would get past them. */
#include "trust/vault/inside.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SUM_BYTES = 32, HEAD_BYTES = 20, DEVICE_BYTES = BT_TABLE_NONCE_BYTES + BT_TABLE_WRAPPED_BYTES };

static void put_sum(uint8_t *bytes, size_t size) {
    if (size >= SUM_BYTES) crypto_generichash(bytes + size - SUM_BYTES, SUM_BYTES, bytes, size - SUM_BYTES, NULL, 0);
}

static void read_keys(uint8_t *bytes, size_t size) {
    struct bt_vault_table table = {0};
    uint8_t *again = NULL;
    size_t again_size = 0;
    put_sum(bytes, size);
    if (bt_vault_table_decode(NULL, "keys", (struct bt_bytes){bytes, size}, &table)) return;
    /* One bit of `gone` is kept, whatever stood there: what is written once is written the same again. */
    if (bt_vault_table_encode(&table, &again, &again_size) || again_size != size) abort();
    struct bt_vault_table second = {0};
    if (bt_vault_table_decode(NULL, "keys", (struct bt_bytes){again, again_size}, &second) || second.count != table.count)
        abort();
    struct bt_secret *key = NULL, *plain = NULL;
    if (table.count && !bt_secret_create(NULL, BT_TABLE_KEY_BYTES, &key)) {
        (void)!bt_vault_body_open(NULL, &table, &table.slot[0], key, (struct bt_bytes){bytes, size}, &plain);
        bt_secret_destroy(&plain);
        bt_secret_destroy(&key);
    }
    bt_vault_table_free(&second);
    bt_vault_table_free(&table);
    free(again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    struct bt_vault_contents contents = {0};
    if (sodium_init() < 0) abort();
    uint8_t *bytes = malloc(size + HEAD_BYTES + DEVICE_BYTES + SUM_BYTES);
    if (!bytes) abort();
    if (size) memcpy(bytes, data, size);
    read_keys(bytes, size);
    /* As it is, and as the keys inside of a backup. */
    if (size) memcpy(bytes, data, size);
    put_sum(bytes, size);
    if (!bt_vault_backup_read(NULL, "backup", (struct bt_bytes){bytes, size}, &contents)) bt_vault_table_free(&contents.table);
    memcpy(bytes, "bautabak\1\0\0\0", 12);
    for (int i = 0; i < 8; i++) bytes[12 + i] = (uint8_t)((uint64_t)size >> 8 * i);
    if (size) memcpy(bytes + HEAD_BYTES, data, size);
    put_sum(bytes + HEAD_BYTES, size);
    memset(bytes + HEAD_BYTES + size, 0, DEVICE_BYTES);
    put_sum(bytes, size + HEAD_BYTES + DEVICE_BYTES + SUM_BYTES);
    struct bt_bytes whole = {bytes, size + HEAD_BYTES + DEVICE_BYTES + SUM_BYTES};
    if (!bt_vault_backup_read(NULL, "backup", whole, &contents)) bt_vault_table_free(&contents.table);
    free(bytes);
    return 0;
}
