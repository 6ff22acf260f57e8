/* SPDX-License-Identifier: MIT */
/* The file FOLDER/keys: its bytes, and the keys that it wraps. No files here. Private to src/trust/vault.

   Little-endian: magic "bautakey", u32 format, vault id 16, u64 Argon2id operations, u64 Argon2id bytes, salt 16,
   nonce 24, master key wrapped 48; u32 count of slots; each slot: id 16, u32 kind, u32 version, u64 generation, u64 size,
   u32 gone, u64 time gone, nonce 24, record key wrapped 48; BLAKE2b-256 of all that. The checksum tells damage from a wrong
   passphrase; what protects is that each wrapping authenticates the fields before it. */
#ifndef BT_TRUST_VAULT_TABLE_H
#define BT_TRUST_VAULT_TABLE_H

#include "base/bytes.h"
#include "base/status.h"
#include "trust/vault/vault.h"

enum {
    BT_TABLE_ID_BYTES = 16,
    BT_TABLE_SALT_BYTES = 16,
    BT_TABLE_NONCE_BYTES = 24,
    BT_TABLE_KEY_BYTES = 32,
    BT_TABLE_WRAPPED_BYTES = 48,
    BT_TABLE_MOST_BYTES = 1 << 20
};

struct bt_vault_slot {
    uint8_t id[BT_TABLE_ID_BYTES];
    uint32_t kind, version;
    uint64_t generation, size;
    bool gone;
    int64_t gone_wall_ns;
    uint8_t nonce[BT_TABLE_NONCE_BYTES], wrapped[BT_TABLE_WRAPPED_BYTES]; /* zero when gone */
};

struct bt_vault_table {
    uint8_t id[BT_TABLE_ID_BYTES];
    uint64_t operations, memory_bytes;
    uint8_t salt[BT_TABLE_SALT_BYTES], nonce[BT_TABLE_NONCE_BYTES], wrapped[BT_TABLE_WRAPPED_BYTES];
    uint32_t count;
    struct bt_vault_slot *slot; /* room for one more than count */
};

/* A door. BT_E_FORMAT: the log says what is wrong with `name`. */
BT_CHECKED bt_status bt_vault_table_decode(struct bt_log *log, const char *name, struct bt_bytes bytes,
                                           struct bt_vault_table *out_table);
/* malloc'ed. */
BT_CHECKED bt_status bt_vault_table_encode(const struct bt_vault_table *table, uint8_t **out_data, size_t *out_size);
BT_CHECKED bt_status bt_vault_table_copy(const struct bt_vault_table *table, struct bt_vault_table *out_copy);
void bt_vault_table_free(struct bt_vault_table *table);
struct bt_vault_slot *bt_vault_table_find(const struct bt_vault_table *table, const char *id); /* NULL: no such id */
/* Takes the key out for good. */
void bt_vault_table_bury(struct bt_vault_slot *slot, int64_t wall_ns);

/* A new master key under a new salt. `weak`: see bt_vault_params. */
BT_CHECKED bt_status bt_vault_table_rekey(struct bt_log *log, struct bt_vault_table *table, const struct bt_secret *passphrase,
                                          bool weak, struct bt_secret **out_master);
/* BT_E_CONSENT: wrong passphrase. */
BT_CHECKED bt_status bt_vault_table_unlock(struct bt_log *log, const struct bt_vault_table *table,
                                           const struct bt_secret *passphrase, struct bt_secret **out_master);
void bt_vault_slot_wrap(const struct bt_vault_table *table, struct bt_vault_slot *slot, const struct bt_secret *master,
                        const struct bt_secret *key);
BT_CHECKED bt_status bt_vault_slot_unwrap(struct bt_log *log, const struct bt_vault_table *table,
                                          const struct bt_vault_slot *slot, const struct bt_secret *master,
                                          struct bt_secret **out_key);

/* The body of a record. */
BT_CHECKED bt_status bt_vault_body_seal(const struct bt_vault_table *table, const struct bt_vault_slot *slot,
                                        const struct bt_secret *key, struct bt_bytes plain, uint8_t **out_data,
                                        size_t *out_size);
/* BT_E_FORMAT: not what slot and key say. */
BT_CHECKED bt_status bt_vault_body_open(struct bt_log *log, const struct bt_vault_table *table,
                                        const struct bt_vault_slot *slot, const struct bt_secret *key, struct bt_bytes sealed,
                                        struct bt_secret **out_plain);
size_t bt_vault_body_bytes(uint64_t plain_bytes);

#endif
