/* SPDX-License-Identifier: MIT */
#include "trust/vault/vault.h"

#include "base/clock.h"
#include "base/log.h"
#include "trust/vault/inside.h"
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

void bt_vault_body_name(const struct bt_vault_slot *slot, char out_name[BT_VAULT_BODY_NAME]) {
    char id[BT_VAULT_ID_HEX];
    bt_seal_hex_encode(slot->id, sizeof slot->id, id);
    snprintf(out_name, BT_VAULT_BODY_NAME, BT_VAULT_BODIES "/%s.%" PRIu64, id, slot->generation);
}

bt_status bt_vault_keys_read(const struct bt_vault_disk *disk, struct bt_vault_table *out_table) {
    uint8_t *data = NULL;
    size_t size = 0;
    char name[512];
    bt_status status = bt_vault_disk_read(disk, BT_VAULT_KEYS, BT_TABLE_MOST_BYTES, &data, &size);
    if (status) return status;
    snprintf(name, sizeof name, "%s/" BT_VAULT_KEYS, disk->path);
    status = bt_vault_table_decode(disk->log, name, (struct bt_bytes){data, size}, out_table);
    free(data);
    return status;
}

bt_status bt_vault_keys_write(const struct bt_vault_disk *disk, const struct bt_vault_table *table, bool shred) {
    uint8_t *data = NULL;
    size_t size = 0;
    bt_status status = bt_vault_table_encode(table, &data, &size);
    if (!status) status = bt_vault_disk_write(disk, BT_VAULT_KEYS, (struct bt_bytes){data, size}, shred);
    free(data);
    return status;
}

bool bt_vault_exists(const char *path) {
    char keys[4096];
    struct stat info;
    return (size_t)snprintf(keys, sizeof keys, "%s/" BT_VAULT_KEYS, path) < sizeof keys && !stat(keys, &info);
}

/* Is a body's name one that the table speaks of? Everything else was left by a write that was cut short, or is erased. */
static bool is_wanted(void *user, const char *name) {
    const struct bt_vault_table *table = user;
    char wanted[BT_VAULT_BODY_NAME];
    for (uint32_t i = 0; i < table->count; i++) {
        bt_vault_body_name(&table->slot[i], wanted);
        if (!table->slot[i].gone && !strcmp(wanted + strlen(BT_VAULT_BODIES "/"), name)) return true;
    }
    return false;
}

/* Folder, lock, table: all but the passphrase. */
static bt_status enter(const struct bt_vault_params *params, bool make, struct bt_vault **out_vault) {
    struct bt_vault *vault = calloc(1, sizeof *vault);
    if (!vault) return BT_E_MEMORY;
    vault->log = params->log;
    vault->disk.folder = -1;
    vault->lock = -1;
    vault->path = strdup(params->path);
    bt_status status = vault->path ? BT_OK : BT_E_MEMORY;
    if (!status && sodium_init() < 0) status = BT_E_UNSUPPORTED;
    if (!status) status = bt_vault_disk_open(params->log, vault->path, make, &vault->disk);
    if (!status) status = bt_vault_disk_lock(&vault->disk, BT_VAULT_LOCK, params->wait_ns, &vault->lock);
    if (!status) {
        status = bt_vault_keys_read(&vault->disk, &vault->table);
        if (make && status == BT_E_NOT_FOUND)
            status = BT_OK;
        else if (make && !status)
            status = BT_E_BUSY;
    }
    if (status == BT_E_NOT_FOUND) bt_log_error(params->log, "there is no vault in %s", params->path);
    if (make && status == BT_E_BUSY) bt_log_error(params->log, "there is a vault in %s already", params->path);
    if (!status && !make) status = bt_vault_disk_sweep(&vault->disk, BT_VAULT_BODIES, is_wanted, &vault->table);
    if (status)
        bt_vault_close(&vault);
    else
        *out_vault = vault;
    return status;
}

void bt_vault_close(struct bt_vault **out_vault) {
    struct bt_vault *vault = *out_vault;
    if (!vault) return;
    bt_secret_destroy(&vault->master);
    bt_vault_table_free(&vault->table);
    bt_vault_disk_unlock(&vault->lock);
    bt_vault_disk_close(&vault->disk);
    free(vault->path);
    free(vault);
    *out_vault = NULL;
}

bt_status bt_vault_create(const struct bt_vault_params *params, const struct bt_secret *passphrase) {
    struct bt_vault *vault = NULL;
    bt_status status = enter(params, true, &vault);
    if (status) return status;
    randombytes_buf(vault->table.id, sizeof vault->table.id);
    status = bt_vault_table_rekey(params->log, &vault->table, passphrase, params->weak, &vault->master);
    if (!status) status = bt_vault_disk_make(&vault->disk, BT_VAULT_BODIES);
    if (!status) status = bt_vault_keys_write(&vault->disk, &vault->table, false);
    bt_vault_close(&vault);
    return status;
}

bt_status bt_vault_open(const struct bt_vault_params *params, const struct bt_secret *passphrase, struct bt_vault **out_vault) {
    struct bt_vault *vault = NULL;
    bt_status status = enter(params, false, &vault);
    if (status) return status;
    status = bt_vault_table_unlock(params->log, &vault->table, passphrase, &vault->master);
    if (status)
        bt_vault_close(&vault);
    else
        *out_vault = vault;
    return status;
}

/* Makes `table` what the vault holds, on disk first; or leaves both as they were. Takes it. */
static bt_status settle(struct bt_vault *vault, struct bt_vault_table *table, bool shred) {
    bt_status status = bt_vault_keys_write(&vault->disk, table, shred);
    if (status) {
        bt_vault_table_free(table);
        return status;
    }
    bt_vault_table_free(&vault->table);
    vault->table = *table;
    return BT_OK;
}

/* Seals `plain` for a slot of `table`, which becomes the vault's; frees the table otherwise. */
static bt_status fill_slot(struct bt_vault *vault, struct bt_vault_table *table, struct bt_vault_slot *slot, uint32_t version,
                           struct bt_bytes plain, bool replaces) {
    struct bt_secret *key = NULL;
    uint8_t *sealed = NULL;
    size_t sealed_size = 0;
    char name[BT_VAULT_BODY_NAME];
    slot->version = version;
    /* Never used before, also not by a write that was cut short: a body is never written over another. */
    randombytes_buf(&slot->generation, sizeof slot->generation);
    slot->size = plain.size;
    bt_status status = bt_secret_create(vault->log, BT_TABLE_KEY_BYTES, &key);
    if (!status) {
        randombytes_buf(bt_secret_data(key), BT_TABLE_KEY_BYTES);
        bt_vault_slot_wrap(table, slot, vault->master, key);
        bt_vault_body_name(slot, name);
        status = bt_vault_body_seal(table, slot, key, plain, &sealed, &sealed_size);
    }
    if (!status) status = bt_vault_disk_write(&vault->disk, name, (struct bt_bytes){sealed, sealed_size}, false);
    /* On failure nobody knows which of the two states the disk will show: both bodies stay until the next opening. */
    if (!status)
        status = settle(vault, table, replaces);
    else
        bt_vault_table_free(table);
    bt_secret_destroy(&key);
    free(sealed);
    return status;
}

bt_status bt_vault_put_new(struct bt_vault *vault, const char *id, enum bt_vault_kind kind, uint32_t version,
                           struct bt_bytes plain) {
    struct bt_vault_table table = {0};
    uint8_t raw[BT_TABLE_ID_BYTES];
    if (plain.size > BT_VAULT_BODY_MOST_BYTES || bt_seal_hex_decode(id, raw, sizeof raw)) return BT_E_ARGUMENT;
    if (bt_vault_table_find(&vault->table, id)) return BT_E_BUSY;
    if (vault->table.count == BT_VAULT_ENTRIES_MOST) {
        bt_log_error(vault->log, "the vault is full: %d records", BT_VAULT_ENTRIES_MOST);
        return BT_E_BUSY;
    }
    bt_status status = bt_vault_table_copy(&vault->table, &table);
    if (status) return status;
    struct bt_vault_slot *slot = &table.slot[table.count++];
    memcpy(slot->id, raw, sizeof raw);
    slot->kind = (uint32_t)kind;
    return fill_slot(vault, &table, slot, version, plain, false);
}

bt_status bt_vault_put(struct bt_vault *vault, enum bt_vault_kind kind, uint32_t version, struct bt_bytes plain,
                       char inout_id[BT_VAULT_ID_HEX]) {
    struct bt_vault_table table = {0};
    char old_name[BT_VAULT_BODY_NAME];
    if (!*inout_id) {
        uint8_t raw[BT_TABLE_ID_BYTES];
        char id[BT_VAULT_ID_HEX];
        randombytes_buf(raw, sizeof raw);
        bt_seal_hex_encode(raw, sizeof raw, id);
        bt_status status = bt_vault_put_new(vault, id, kind, version, plain);
        if (!status) memcpy(inout_id, id, sizeof id);
        return status;
    }
    if (plain.size > BT_VAULT_BODY_MOST_BYTES) return BT_E_ARGUMENT;
    bt_status status = bt_vault_table_copy(&vault->table, &table);
    if (status) return status;
    struct bt_vault_slot *slot = bt_vault_table_find(&table, inout_id);
    if (!slot || slot->gone || slot->kind != (uint32_t)kind) {
        bt_vault_table_free(&table);
        return BT_E_NOT_FOUND;
    }
    bt_vault_body_name(slot, old_name);
    status = fill_slot(vault, &table, slot, version, plain, true);
    /* The record is replaced; what is left of the old one goes now or at the next opening. */
    if (!status && bt_vault_disk_remove(&vault->disk, old_name))
        bt_log_debug(vault->log, "%s is left for the next opening", old_name);
    return status;
}

static bt_status read_slot(struct bt_vault *vault, const struct bt_vault_slot *slot, struct bt_secret **out_plain) {
    struct bt_secret *key = NULL;
    uint8_t *sealed = NULL;
    size_t sealed_size = 0;
    char name[BT_VAULT_BODY_NAME];
    bt_vault_body_name(slot, name);
    bt_status status = bt_vault_slot_unwrap(vault->log, &vault->table, slot, vault->master, &key);
    if (!status) status = bt_vault_disk_read(&vault->disk, name, bt_vault_body_bytes(slot->size), &sealed, &sealed_size);
    if (status == BT_E_NOT_FOUND) status = BT_E_FORMAT;
    if (!status)
        status = bt_vault_body_open(vault->log, &vault->table, slot, key, (struct bt_bytes){sealed, sealed_size}, out_plain);
    if (status == BT_E_FORMAT)
        bt_log_error(vault->log, "%s/%s is damaged or missing: restore it from a backup, or erase the record", vault->path,
                     name);
    free(sealed);
    bt_secret_destroy(&key);
    return status;
}

bt_status bt_vault_get(struct bt_vault *vault, const char *id, enum bt_vault_kind kind, uint32_t *out_version,
                       struct bt_secret **out_plain) {
    const struct bt_vault_slot *slot = bt_vault_table_find(&vault->table, id);
    if (!slot || slot->gone) return BT_E_NOT_FOUND;
    if (slot->kind != (uint32_t)kind) return BT_E_FORMAT;
    bt_status status = read_slot(vault, slot, out_plain);
    if (!status) *out_version = slot->version;
    return status;
}

bt_status bt_vault_forget(struct bt_vault *vault, const char *id) {
    struct bt_vault_table table = {0};
    char name[BT_VAULT_BODY_NAME];
    const struct bt_vault_slot *old = bt_vault_table_find(&vault->table, id);
    if (!old) return BT_E_NOT_FOUND;
    if (old->gone) return BT_OK;
    bt_vault_body_name(old, name);
    bt_status status = bt_vault_table_copy(&vault->table, &table);
    if (status) return status;
    bt_vault_table_bury(bt_vault_table_find(&table, id), bt_clock_wall_ns());
    status = settle(vault, &table, true);
    if (status) return status;
    /* Without its key the body is noise; should it not go now, the next opening takes it away. */
    if (bt_vault_disk_remove(&vault->disk, name)) bt_log_debug(vault->log, "%s is left for the next opening", name);
    return BT_OK;
}

bt_status bt_vault_erase(const struct bt_vault_params *params, const char *id) {
    struct bt_vault *vault = NULL;
    bt_status status = enter(params, false, &vault);
    if (status) return status;
    status = bt_vault_forget(vault, id);
    bt_vault_close(&vault);
    return status;
}

bt_status bt_vault_entries(const struct bt_vault *vault, struct bt_vault_entry **out_entries, uint32_t *out_count) {
    const struct bt_vault_table *table = &vault->table;
    struct bt_vault_entry *entries = calloc((size_t)table->count + 1, sizeof *entries);
    if (!entries) return BT_E_MEMORY;
    for (uint32_t i = 0; i < table->count; i++) {
        const struct bt_vault_slot *s = &table->slot[i];
        entries[i] = (struct bt_vault_entry){.kind = (enum bt_vault_kind)s->kind,
                                             .version = s->version,
                                             .gone = s->gone,
                                             .gone_wall_ns = s->gone_wall_ns,
                                             .size_bytes = s->size};
        bt_seal_hex_encode(s->id, sizeof s->id, entries[i].id);
    }
    *out_entries = entries;
    *out_count = table->count;
    return BT_OK;
}

bt_status bt_vault_list(const struct bt_vault_params *params, struct bt_vault_entry **out_entries, uint32_t *out_count) {
    struct bt_vault *vault = NULL;
    bt_status status = enter(params, false, &vault);
    if (!status) status = bt_vault_entries(vault, out_entries, out_count);
    bt_vault_close(&vault);
    return status;
}

bt_status bt_vault_check(struct bt_vault *vault, struct bt_vault_report *out_report) {
    struct bt_vault_report report = {0};
    for (uint32_t i = 0; i < vault->table.count; i++) {
        struct bt_secret *plain = NULL;
        if (vault->table.slot[i].gone) {
            report.gone++;
            continue;
        }
        bt_status status = read_slot(vault, &vault->table.slot[i], &plain);
        bt_secret_destroy(&plain);
        if (status && status != BT_E_FORMAT) return status;
        report.damaged += status == BT_E_FORMAT;
        report.records++;
    }
    *out_report = report;
    return BT_OK;
}

bt_status bt_vault_rekey(struct bt_vault *vault, const struct bt_secret *passphrase, bool weak) {
    struct bt_vault_table table = {0};
    struct bt_secret *master = NULL;
    bt_status status = bt_vault_table_copy(&vault->table, &table);
    if (!status) status = bt_vault_table_rekey(vault->log, &table, passphrase, weak, &master);
    for (uint32_t i = 0; !status && i < table.count; i++) {
        struct bt_secret *key = NULL;
        if (table.slot[i].gone) continue;
        status = bt_vault_slot_unwrap(vault->log, &vault->table, &vault->table.slot[i], vault->master, &key);
        if (!status) bt_vault_slot_wrap(&table, &table.slot[i], master, key);
        bt_secret_destroy(&key);
    }
    if (!status) {
        status = settle(vault, &table, true);
        if (!status) {
            bt_secret_destroy(&vault->master);
            vault->master = master;
            return BT_OK;
        }
    } else {
        bt_vault_table_free(&table);
    }
    bt_secret_destroy(&master);
    return status;
}

static bt_status read_seed(const struct bt_vault_disk *disk, struct bt_secret **out_seed) {
    uint8_t *data = NULL;
    size_t size = 0;
    struct bt_secret *seed = NULL;
    bt_status status = bt_vault_disk_read(disk, BT_VAULT_DEVICE, BT_SEAL_SEED_BYTES, &data, &size);
    if (!status && size != BT_SEAL_SEED_BYTES) status = BT_E_FORMAT;
    if (!status) status = bt_secret_create(disk->log, BT_SEAL_SEED_BYTES, &seed);
    if (!status) {
        memcpy(bt_secret_data(seed), data, size);
        *out_seed = seed;
    }
    if (status == BT_E_FORMAT)
        bt_log_error(disk->log, "%s/" BT_VAULT_DEVICE " is damaged: restore it from a backup", disk->path);
    if (data) bt_secret_wipe(data, size);
    free(data);
    return status;
}

bt_status bt_vault_device_signer(const struct bt_vault_params *params, struct bt_signer **out_signer) {
    struct bt_vault_disk disk = {.folder = -1};
    struct bt_secret *seed = NULL, *made = NULL;
    bt_status status = bt_vault_disk_open(params->log, params->path, true, &disk);
    if (!status) status = read_seed(&disk, &seed);
    if (status == BT_E_NOT_FOUND) {
        status = bt_seal_new_seed(params->log, &made);
        if (!status) status = bt_vault_disk_write_new(&disk, BT_VAULT_DEVICE, bt_secret_bytes(made));
        /* Somebody else may have been quicker: there is one key, whoever made it. */
        if (!status || status == BT_E_BUSY) status = read_seed(&disk, &seed);
    }
    if (!status) status = bt_seal_signer_create(params->log, seed, out_signer);
    bt_secret_destroy(&made);
    bt_secret_destroy(&seed);
    bt_vault_disk_close(&disk);
    return status;
}
