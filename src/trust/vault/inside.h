/* SPDX-License-Identifier: MIT */
/* An open vault. Private to src/trust/vault. */
#ifndef BT_TRUST_VAULT_INSIDE_H
#define BT_TRUST_VAULT_INSIDE_H

#include "trust/vault/disk.h"
#include "trust/vault/table.h"

#define BT_VAULT_KEYS   "keys"
#define BT_VAULT_BODIES "bodies"
#define BT_VAULT_LOCK   "lock"
#define BT_VAULT_DEVICE "device.key"

enum { BT_VAULT_BODY_NAME = 80 };

struct bt_vault {
    struct bt_log *log;
    char *path;
    struct bt_vault_disk disk;
    int lock;
    struct bt_vault_table table;
    struct bt_secret *master;
};

void bt_vault_body_name(const struct bt_vault_slot *slot, char out_name[BT_VAULT_BODY_NAME]);
BT_CHECKED bt_status bt_vault_keys_read(const struct bt_vault_disk *disk, struct bt_vault_table *out_table);
/* Durable; then the table is what the vault holds. `shred`: the old file held a key that must go. */
BT_CHECKED bt_status bt_vault_keys_write(const struct bt_vault_disk *disk, const struct bt_vault_table *table, bool shred);

/* What a backup holds, pointing into its bytes; the table is the caller's to free. */
struct bt_vault_contents {
    struct bt_vault_table table;
    struct bt_bytes keys, device, bodies;
};
/* A door. BT_E_FORMAT: the log says what is wrong with `file`. */
BT_CHECKED bt_status bt_vault_backup_read(struct bt_log *log, const char *file, struct bt_bytes bytes,
                                          struct bt_vault_contents *out_contents);

#endif
