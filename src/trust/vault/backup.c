/* SPDX-License-Identifier: MIT */
/* The backup file, little-endian: magic "bautabak", u32 format, u64 bytes and contents of FOLDER/keys, 32 bytes of device.key
   sealed under the master key (nonce 24, sealed 48), then each live record's body in the order of the slots (their lengths
   follow from the slots), and BLAKE2b-256 of it all. */
#include "base/log.h"
#include "trust/vault/inside.h"
#include "trust/vault/vault.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FORMAT = 1, SUM_BYTES = 32, HEAD_BYTES = 8 + 4 + 8, DEVICE_BYTES = BT_TABLE_NONCE_BYTES + BT_TABLE_WRAPPED_BYTES };
static const char MAGIC[8] = {'b', 'a', 'u', 't', 'a', 'b', 'a', 'k'};
static const size_t BACKUP_MOST_BYTES = (size_t)1 << 32;

_Static_assert((int)BT_SEAL_SEED_BYTES == (int)BT_TABLE_KEY_BYTES, "the device's seed is sealed like a key");

/* Folder and name of a path. */
static bt_status split(const char *file, char *out_folder, size_t room, const char **out_name) {
    const char *slash = strrchr(file, '/');
    size_t length = slash ? (size_t)(slash - file) : 0;
    if (length >= room) return BT_E_ARGUMENT;
    *out_name = slash ? slash + 1 : file;
    snprintf(out_folder, room, "%.*s", slash ? (slash == file ? 1 : (int)length) : 1, slash ? file : ".");
    return **out_name ? BT_OK : BT_E_ARGUMENT;
}

static size_t bodies_bytes(const struct bt_vault_table *table) {
    size_t size = 0;
    for (uint32_t i = 0; i < table->count; i++) size += table->slot[i].gone ? 0 : bt_vault_body_bytes(table->slot[i].size);
    return size;
}

/* The device's key travels sealed: a backup is no weaker than the vault. */
static bt_status seal_device(struct bt_vault *vault, uint8_t *out) {
    uint8_t *seed = NULL;
    size_t size = 0;
    bt_status status = bt_vault_disk_read(&vault->disk, BT_VAULT_DEVICE, BT_SEAL_SEED_BYTES, &seed, &size);
    if (status == BT_E_NOT_FOUND) { /* none yet: a new one will be made where it is restored */
        memset(out, 0, DEVICE_BYTES);
        return BT_OK;
    }
    if (!status && size != BT_SEAL_SEED_BYTES) status = BT_E_FORMAT;
    if (!status) {
        randombytes_buf(out, BT_TABLE_NONCE_BYTES);
        crypto_aead_xchacha20poly1305_ietf_encrypt(out + BT_TABLE_NONCE_BYTES, NULL, seed, size, NULL, 0, NULL, out,
                                                   bt_secret_bytes(vault->master).data);
    }
    if (seed) bt_secret_wipe(seed, size);
    free(seed);
    return status;
}

bt_status bt_vault_backup(struct bt_vault *vault, const char *file) {
    struct bt_vault_disk disk = {.folder = -1};
    uint8_t *keys = NULL, *data = NULL;
    size_t keys_size = 0;
    char folder[4096];
    const char *name = NULL;
    bt_status status = split(file, folder, sizeof folder, &name);
    if (!status) status = bt_vault_disk_open(vault->log, folder, false, &disk);
    if (!status) status = bt_vault_table_encode(&vault->table, &keys, &keys_size);
    size_t size = HEAD_BYTES + keys_size + DEVICE_BYTES + bodies_bytes(&vault->table) + SUM_BYTES;
    if (!status) status = (data = malloc(size)) ? BT_OK : BT_E_MEMORY;
    if (status) goto done;
    memcpy(data, MAGIC, sizeof MAGIC);
    for (int i = 0; i < 4; i++) data[8 + i] = (uint8_t)(FORMAT >> 8 * i);
    for (int i = 0; i < 8; i++) data[12 + i] = (uint8_t)((uint64_t)keys_size >> 8 * i);
    memcpy(data + HEAD_BYTES, keys, keys_size);
    uint8_t *at = data + HEAD_BYTES + keys_size;
    status = seal_device(vault, at);
    at += DEVICE_BYTES;
    for (uint32_t i = 0; !status && i < vault->table.count; i++) {
        const struct bt_vault_slot *slot = &vault->table.slot[i];
        char body[BT_VAULT_BODY_NAME];
        uint8_t *bytes = NULL;
        size_t got = 0, wanted = bt_vault_body_bytes(slot->size);
        if (slot->gone) continue;
        bt_vault_body_name(slot, body);
        status = bt_vault_disk_read(&vault->disk, body, wanted, &bytes, &got);
        if (!status && got == wanted) {
            memcpy(at, bytes, got);
        } else if (!status || status == BT_E_NOT_FOUND) {
            bt_log_error(vault->log, "%s/%s is damaged: erase that record before a backup", vault->path, body);
            status = BT_E_FORMAT;
        }
        at += wanted;
        free(bytes);
    }
    if (status) goto done;
    crypto_generichash(at, SUM_BYTES, data, size - SUM_BYTES, NULL, 0);
    status = bt_vault_disk_write_new(&disk, name, (struct bt_bytes){data, size});
    if (status == BT_E_BUSY) bt_log_error(vault->log, "%s exists already: name another file", file);
done:
    if (status == BT_E_NOT_FOUND) bt_log_error(vault->log, "there is no folder %s", folder);
    free(keys);
    free(data);
    bt_vault_disk_close(&disk);
    return status;
}

bt_status bt_vault_backup_read(struct bt_log *log, const char *file, struct bt_bytes bytes,
                               struct bt_vault_contents *out_contents) {
    uint8_t sum[SUM_BYTES];
    char magic[sizeof MAGIC] = {0};
    struct bt_reader r = bt_reader_of(bytes);
    bt_read_copy(&r, magic, sizeof magic);
    uint32_t format = bt_read_u32(&r);
    uint64_t keys_size = bt_read_u32(&r);
    keys_size |= (uint64_t)bt_read_u32(&r) << 32;
    const char *why = NULL;
    if (r.failed || memcmp(magic, MAGIC, sizeof magic))
        why = "is not a backup of bauta's";
    else if (format > FORMAT)
        why = "was made by a newer bauta: use that one";
    else if (keys_size > BT_TABLE_MOST_BYTES || bytes.size < HEAD_BYTES + keys_size + DEVICE_BYTES + SUM_BYTES)
        why = "is cut short";
    if (!why) {
        crypto_generichash(sum, sizeof sum, bytes.data, bytes.size - SUM_BYTES, NULL, 0);
        if (format != FORMAT || sodium_memcmp(sum, bytes.data + bytes.size - SUM_BYTES, SUM_BYTES)) why = "is damaged";
    }
    if (why) {
        bt_log_error(log, "%s %s", file, why);
        return BT_E_FORMAT;
    }
    struct bt_vault_contents c = {.keys = {bytes.data + HEAD_BYTES, (size_t)keys_size}};
    c.device = (struct bt_bytes){c.keys.data + c.keys.size, DEVICE_BYTES};
    c.bodies =
        (struct bt_bytes){c.device.data + DEVICE_BYTES, bytes.size - HEAD_BYTES - c.keys.size - DEVICE_BYTES - SUM_BYTES};
    bt_status status = bt_vault_table_decode(log, file, c.keys, &c.table);
    if (!status && bodies_bytes(&c.table) != c.bodies.size) {
        bt_log_error(log, "%s is damaged", file);
        bt_vault_table_free(&c.table);
        status = BT_E_FORMAT;
    }
    if (!status) *out_contents = c;
    return status;
}

static bt_status restore_device(const struct bt_vault_disk *disk, const struct bt_vault_contents *c,
                                const struct bt_secret *master) {
    uint8_t seed[BT_SEAL_SEED_BYTES];
    if (sodium_is_zero(c->device.data, c->device.size)) return BT_OK;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(seed, NULL, NULL, c->device.data + BT_TABLE_NONCE_BYTES,
                                                   BT_TABLE_WRAPPED_BYTES, NULL, 0, c->device.data,
                                                   bt_secret_bytes(master).data))
        return BT_E_FORMAT;
    bt_status status = bt_vault_disk_write_new(disk, BT_VAULT_DEVICE, (struct bt_bytes){seed, sizeof seed});
    sodium_memzero(seed, sizeof seed);
    /* This machine has signed with a key of its own already: that one stays, for what it signed. */
    return status == BT_E_BUSY ? BT_OK : status;
}

bt_status bt_vault_restore(const struct bt_vault_params *params, const char *file, const struct bt_secret *passphrase) {
    struct bt_vault_disk from = {.folder = -1}, to = {.folder = -1};
    struct bt_vault_contents c = {0};
    struct bt_secret *master = NULL;
    uint8_t *data = NULL;
    size_t size = 0;
    int lock = -1;
    char folder[4096];
    const char *name = NULL;
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    bt_status status = split(file, folder, sizeof folder, &name);
    if (!status) status = bt_vault_disk_open(params->log, folder, false, &from);
    if (!status) status = bt_vault_disk_read(&from, name, BACKUP_MOST_BYTES, &data, &size);
    if (status == BT_E_NOT_FOUND) bt_log_error(params->log, "there is no file %s", file);
    if (!status) status = bt_vault_backup_read(params->log, file, (struct bt_bytes){data, size}, &c);
    if (!status) status = bt_vault_table_unlock(params->log, &c.table, passphrase, &master);
    if (!status) status = bt_vault_disk_open(params->log, params->path, true, &to);
    if (!status) status = bt_vault_disk_lock(&to, BT_VAULT_LOCK, params->wait_ns, &lock);
    if (!status && bt_vault_exists(params->path)) {
        bt_log_error(params->log, "there is a vault in %s already: it is not overwritten; move it away first", params->path);
        status = BT_E_BUSY;
    }
    if (!status) status = bt_vault_disk_make(&to, BT_VAULT_BODIES);
    const uint8_t *at = c.bodies.data;
    for (uint32_t i = 0; !status && i < c.table.count; i++) {
        char body[BT_VAULT_BODY_NAME];
        size_t length = bt_vault_body_bytes(c.table.slot[i].size);
        if (c.table.slot[i].gone) continue;
        bt_vault_body_name(&c.table.slot[i], body);
        status = bt_vault_disk_write(&to, body, (struct bt_bytes){at, length}, false);
        at += length;
    }
    if (!status) status = restore_device(&to, &c, master);
    if (!status) status = bt_vault_disk_write(&to, BT_VAULT_KEYS, c.keys, false); /* last: from here on it is a vault */
    bt_vault_disk_unlock(&lock);
    bt_vault_disk_close(&from);
    bt_vault_disk_close(&to);
    bt_vault_table_free(&c.table);
    bt_secret_destroy(&master);
    free(data);
    return status;
}
