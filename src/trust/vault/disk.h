/* SPDX-License-Identifier: MIT */
/* Files in one folder, written whole and durably. Private to src/trust/vault. */
#ifndef BT_TRUST_VAULT_DISK_H
#define BT_TRUST_VAULT_DISK_H

#include "base/bytes.h"
#include "base/status.h"
#include <stdbool.h>

struct bt_log;

struct bt_vault_disk {
    struct bt_log *log;
    const char *path; /* of the folder, for messages */
    int folder;       /* -1: none */
};

/* Opens the folder, made 0700 with its parents when `make`. BT_E_NOT_FOUND. */
BT_CHECKED bt_status bt_vault_disk_open(struct bt_log *log, const char *path, bool make, struct bt_vault_disk *out_disk);
void bt_vault_disk_close(struct bt_vault_disk *disk);
BT_CHECKED bt_status bt_vault_disk_make(const struct bt_vault_disk *disk, const char *folder); /* durable */
/* Whole and durable, 0600, in place of what was there. The old file's blocks are overwritten first when `shred`. */
BT_CHECKED bt_status bt_vault_disk_write(const struct bt_vault_disk *disk, const char *name, struct bt_bytes bytes, bool shred);
/* The same, but BT_E_BUSY when it exists. */
BT_CHECKED bt_status bt_vault_disk_write_new(const struct bt_vault_disk *disk, const char *name, struct bt_bytes bytes);
/* malloc'ed. BT_E_NOT_FOUND (not logged); BT_E_FORMAT: larger than `most`, or not a plain file. */
BT_CHECKED bt_status bt_vault_disk_read(const struct bt_vault_disk *disk, const char *name, size_t most, uint8_t **out_data,
                                        size_t *out_size);
/* Absent is BT_OK. */
BT_CHECKED bt_status bt_vault_disk_remove(const struct bt_vault_disk *disk, const char *name);
/* Every name in FOLDER; those for which keep says no are removed. */
BT_CHECKED bt_status bt_vault_disk_sweep(const struct bt_vault_disk *disk, const char *folder,
                                         bool (*keep)(void *user, const char *name), void *user);
/* An exclusive lock on the file `name`, waited for; *out_lock is closed to let go. BT_E_BUSY names the holder in the log. */
BT_CHECKED bt_status bt_vault_disk_lock(const struct bt_vault_disk *disk, const char *name, int64_t wait_ns, int *out_lock);
void bt_vault_disk_unlock(int *lock);

#endif
