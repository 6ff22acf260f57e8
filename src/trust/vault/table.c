/* SPDX-License-Identifier: MIT */
#include "trust/vault/table.h"

#include "base/log.h"
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT = 1,
    HEAD_BYTES = 8 + 4 + 16 + 8 + 8 + 16, /* what the master key's wrapping authenticates */
    SLOTS_AT = HEAD_BYTES + BT_TABLE_NONCE_BYTES + BT_TABLE_WRAPPED_BYTES + 4,
    SLOT_BYTES = 16 + 4 + 4 + 8 + 8 + 4 + 8 + BT_TABLE_NONCE_BYTES + BT_TABLE_WRAPPED_BYTES,
    SLOT_HEAD_BYTES = 16 + 16 + 4 + 4 + 8 + 8,
    SUM_BYTES = 32,
    CHUNK_BYTES = 64 * 1024,
};
/* Bounds on what a file may ask of the machine: a changed file shall not make it swap for an hour. */
static const uint64_t OPERATIONS_MOST = 16, MEMORY_MOST = UINT64_C(2) << 30;
static const char MAGIC[8] = {'b', 'a', 'u', 't', 'a', 'k', 'e', 'y'};

_Static_assert(BT_TABLE_SALT_BYTES == crypto_pwhash_SALTBYTES, "salt");
_Static_assert(BT_TABLE_NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce");
_Static_assert(BT_TABLE_WRAPPED_BYTES == BT_TABLE_KEY_BYTES + crypto_aead_xchacha20poly1305_ietf_ABYTES, "wrapped");
_Static_assert(BT_TABLE_KEY_BYTES == crypto_secretstream_xchacha20poly1305_KEYBYTES, "record key");
_Static_assert(SLOTS_AT + (size_t)BT_VAULT_ENTRIES_MOST * SLOT_BYTES + SUM_BYTES <= BT_TABLE_MOST_BYTES,
               "the file holds them all");

static void write_head(const struct bt_vault_table *t, uint8_t out[HEAD_BYTES]) {
    uint8_t *at = bt_write_u32(bt_write_copy(out, MAGIC, sizeof MAGIC), FORMAT);
    at = bt_write_u64(bt_write_u64(bt_write_copy(at, t->id, sizeof t->id), t->operations), t->memory_bytes);
    bt_write_copy(at, t->salt, sizeof t->salt);
}

static void write_slot_head(const struct bt_vault_table *t, const struct bt_vault_slot *s, uint8_t out[SLOT_HEAD_BYTES]) {
    uint8_t *at = bt_write_copy(bt_write_copy(out, t->id, sizeof t->id), s->id, sizeof s->id);
    bt_write_u64(bt_write_u64(bt_write_u32(bt_write_u32(at, s->kind), s->version), s->generation), s->size);
}

static bt_status wrong(struct bt_log *log, const char *name, const char *why) {
    bt_log_error(log, "%s %s", name, why);
    return BT_E_FORMAT;
}

static void read_slot(struct bt_reader *r, struct bt_vault_slot *s) {
    bt_read_copy(r, s->id, sizeof s->id);
    s->kind = bt_read_u32(r);
    s->version = bt_read_u32(r);
    s->generation = bt_read_u64(r);
    s->size = bt_read_u64(r);
    s->gone = bt_read_u32(r) != 0;
    s->gone_wall_ns = (int64_t)bt_read_u64(r);
    bt_read_copy(r, s->nonce, sizeof s->nonce);
    bt_read_copy(r, s->wrapped, sizeof s->wrapped);
}

bt_status bt_vault_table_decode(struct bt_log *log, const char *name, struct bt_bytes bytes, struct bt_vault_table *out_table) {
    char magic[sizeof MAGIC] = {0};
    uint8_t sum[SUM_BYTES];
    struct bt_reader r = bt_reader_of(bytes);
    struct bt_vault_table t = {0};
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    bt_read_copy(&r, magic, sizeof magic);
    if (r.failed || memcmp(magic, MAGIC, sizeof magic)) return wrong(log, name, "is not a vault of bauta's");
    uint32_t format = bt_read_u32(&r);
    if (!r.failed && format > FORMAT) return wrong(log, name, "was made by a newer bauta: use that one");
    if (bytes.size < SLOTS_AT + SUM_BYTES) return wrong(log, name, "is cut short: restore it from a backup");
    crypto_generichash(sum, sizeof sum, bytes.data, bytes.size - SUM_BYTES, NULL, 0);
    if (format != FORMAT || sodium_memcmp(sum, bytes.data + bytes.size - SUM_BYTES, SUM_BYTES))
        return wrong(log, name, "is damaged: restore it from a backup");
    bt_read_copy(&r, t.id, sizeof t.id);
    t.operations = bt_read_u64(&r);
    t.memory_bytes = bt_read_u64(&r);
    bt_read_copy(&r, t.salt, sizeof t.salt);
    bt_read_copy(&r, t.nonce, sizeof t.nonce);
    bt_read_copy(&r, t.wrapped, sizeof t.wrapped);
    t.count = bt_read_u32(&r);
    if (t.operations < crypto_pwhash_OPSLIMIT_MIN || t.operations > OPERATIONS_MOST ||
        t.memory_bytes < crypto_pwhash_MEMLIMIT_MIN || t.memory_bytes > MEMORY_MOST)
        return wrong(log, name, "asks for more than a passphrase may cost: restore it from a backup");
    if (t.count > BT_VAULT_ENTRIES_MOST || bytes.size != SLOTS_AT + (size_t)t.count * SLOT_BYTES + SUM_BYTES)
        return wrong(log, name, "is damaged: restore it from a backup");
    t.slot = calloc((size_t)t.count + 1, sizeof *t.slot);
    if (!t.slot) return BT_E_MEMORY;
    for (uint32_t i = 0; i < t.count; i++) {
        read_slot(&r, &t.slot[i]);
        if (t.slot[i].size > BT_VAULT_BODY_MOST_BYTES) {
            free(t.slot);
            return wrong(log, name, "is damaged: restore it from a backup");
        }
    }
    *out_table = t;
    return BT_OK;
}

bt_status bt_vault_table_encode(const struct bt_vault_table *t, uint8_t **out_data, size_t *out_size) {
    size_t size = SLOTS_AT + (size_t)t->count * SLOT_BYTES + SUM_BYTES;
    uint8_t *data = malloc(size);
    if (!data) return BT_E_MEMORY;
    write_head(t, data);
    uint8_t *at = bt_write_copy(bt_write_copy(data + HEAD_BYTES, t->nonce, sizeof t->nonce), t->wrapped, sizeof t->wrapped);
    at = bt_write_u32(at, t->count);
    for (uint32_t i = 0; i < t->count; i++) {
        const struct bt_vault_slot *s = &t->slot[i];
        at = bt_write_u32(bt_write_u32(bt_write_copy(at, s->id, sizeof s->id), s->kind), s->version);
        at = bt_write_u64(bt_write_u64(at, s->generation), s->size);
        at = bt_write_u64(bt_write_u32(at, s->gone), (uint64_t)s->gone_wall_ns);
        at = bt_write_copy(bt_write_copy(at, s->nonce, sizeof s->nonce), s->wrapped, sizeof s->wrapped);
    }
    crypto_generichash(at, SUM_BYTES, data, size - SUM_BYTES, NULL, 0);
    *out_data = data;
    *out_size = size;
    return BT_OK;
}

bt_status bt_vault_table_copy(const struct bt_vault_table *table, struct bt_vault_table *out_copy) {
    struct bt_vault_slot *slot = calloc((size_t)table->count + 1, sizeof *slot);
    if (!slot) return BT_E_MEMORY;
    if (table->count) memcpy(slot, table->slot, table->count * sizeof *slot);
    *out_copy = *table;
    out_copy->slot = slot;
    return BT_OK;
}

void bt_vault_table_free(struct bt_vault_table *table) {
    free(table->slot);
    table->slot = NULL;
    table->count = 0;
}

struct bt_vault_slot *bt_vault_table_find(const struct bt_vault_table *table, const char *id) {
    uint8_t raw[BT_TABLE_ID_BYTES];
    if (bt_seal_hex_decode(id, raw, sizeof raw)) return NULL;
    for (uint32_t i = 0; i < table->count; i++) {
        if (!memcmp(table->slot[i].id, raw, sizeof raw)) return &table->slot[i];
    }
    return NULL;
}

void bt_vault_table_bury(struct bt_vault_slot *slot, int64_t wall_ns) {
    sodium_memzero(slot->nonce, sizeof slot->nonce);
    sodium_memzero(slot->wrapped, sizeof slot->wrapped);
    slot->generation = 0;
    slot->size = 0;
    slot->gone = true;
    slot->gone_wall_ns = wall_ns;
}

static bt_status passphrase_key(struct bt_log *log, const struct bt_vault_table *t, const struct bt_secret *passphrase,
                                struct bt_secret **out_key) {
    struct bt_secret *key = NULL;
    bt_status status = bt_secret_create(log, BT_TABLE_KEY_BYTES, &key);
    if (status) return status;
    struct bt_bytes p = bt_secret_bytes(passphrase);
    if (crypto_pwhash(bt_secret_data(key), BT_TABLE_KEY_BYTES, (const char *)p.data, p.size, t->salt, t->operations,
                      (size_t)t->memory_bytes, crypto_pwhash_ALG_ARGON2ID13)) {
        bt_log_error(log, "the passphrase needs %llu MiB of memory for a moment, and the machine has not got them",
                     (unsigned long long)(t->memory_bytes >> 20));
        bt_secret_destroy(&key);
        return BT_E_MEMORY;
    }
    *out_key = key;
    return BT_OK;
}

bt_status bt_vault_table_rekey(struct bt_log *log, struct bt_vault_table *table, const struct bt_secret *passphrase, bool weak,
                               struct bt_secret **out_master) {
    struct bt_secret *key = NULL, *master = NULL;
    uint8_t head[HEAD_BYTES];
    if (sodium_init() < 0) return BT_E_UNSUPPORTED;
    struct bt_vault_table t = *table;
    /* RFC 9106's second choice is 64 MiB and three passes; libsodium's "moderate" is 256 MiB and three. */
    t.operations = weak ? crypto_pwhash_OPSLIMIT_MIN : crypto_pwhash_OPSLIMIT_MODERATE;
    t.memory_bytes = weak ? crypto_pwhash_MEMLIMIT_MIN : crypto_pwhash_MEMLIMIT_MODERATE;
    randombytes_buf(t.salt, sizeof t.salt);
    randombytes_buf(t.nonce, sizeof t.nonce);
    bt_status status = passphrase_key(log, &t, passphrase, &key);
    if (!status) status = bt_secret_create(log, BT_TABLE_KEY_BYTES, &master);
    if (!status) {
        randombytes_buf(bt_secret_data(master), BT_TABLE_KEY_BYTES);
        write_head(&t, head);
        crypto_aead_xchacha20poly1305_ietf_encrypt(t.wrapped, NULL, bt_secret_data(master), BT_TABLE_KEY_BYTES, head,
                                                   sizeof head, NULL, t.nonce, bt_secret_data(key));
        *table = t;
        *out_master = master;
    }
    bt_secret_destroy(&key);
    return status;
}

bt_status bt_vault_table_unlock(struct bt_log *log, const struct bt_vault_table *t, const struct bt_secret *passphrase,
                                struct bt_secret **out_master) {
    struct bt_secret *key = NULL, *master = NULL;
    uint8_t head[HEAD_BYTES];
    bt_status status = passphrase_key(log, t, passphrase, &key);
    if (!status) status = bt_secret_create(log, BT_TABLE_KEY_BYTES, &master);
    if (!status) {
        write_head(t, head);
        if (crypto_aead_xchacha20poly1305_ietf_decrypt(bt_secret_data(master), NULL, NULL, t->wrapped, sizeof t->wrapped, head,
                                                       sizeof head, t->nonce, bt_secret_data(key))) {
            bt_log_error(log, "the passphrase does not open the vault");
            status = BT_E_CONSENT;
        }
    }
    bt_secret_destroy(&key);
    if (status)
        bt_secret_destroy(&master);
    else
        *out_master = master;
    return status;
}

void bt_vault_slot_wrap(const struct bt_vault_table *table, struct bt_vault_slot *slot, const struct bt_secret *master,
                        const struct bt_secret *key) {
    uint8_t head[SLOT_HEAD_BYTES];
    write_slot_head(table, slot, head);
    randombytes_buf(slot->nonce, sizeof slot->nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt(slot->wrapped, NULL, bt_secret_bytes(key).data, BT_TABLE_KEY_BYTES, head,
                                               sizeof head, NULL, slot->nonce, bt_secret_bytes(master).data);
}

bt_status bt_vault_slot_unwrap(struct bt_log *log, const struct bt_vault_table *table, const struct bt_vault_slot *slot,
                               const struct bt_secret *master, struct bt_secret **out_key) {
    struct bt_secret *key = NULL;
    uint8_t head[SLOT_HEAD_BYTES];
    bt_status status = bt_secret_create(log, BT_TABLE_KEY_BYTES, &key);
    if (status) return status;
    write_slot_head(table, slot, head);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(bt_secret_data(key), NULL, NULL, slot->wrapped, sizeof slot->wrapped, head,
                                                   sizeof head, slot->nonce, bt_secret_bytes(master).data)) {
        bt_secret_destroy(&key);
        return BT_E_FORMAT;
    }
    *out_key = key;
    return BT_OK;
}

static uint64_t chunks_of(uint64_t plain_bytes) {
    return plain_bytes ? (plain_bytes + CHUNK_BYTES - 1) / CHUNK_BYTES : 1;
}

size_t bt_vault_body_bytes(uint64_t plain_bytes) {
    return (size_t)(crypto_secretstream_xchacha20poly1305_HEADERBYTES + plain_bytes +
                    chunks_of(plain_bytes) * crypto_secretstream_xchacha20poly1305_ABYTES);
}

bt_status bt_vault_body_seal(const struct bt_vault_table *table, const struct bt_vault_slot *slot, const struct bt_secret *key,
                             struct bt_bytes plain, uint8_t **out_data, size_t *out_size) {
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t head[SLOT_HEAD_BYTES];
    size_t size = bt_vault_body_bytes(plain.size);
    uint8_t *data = malloc(size);
    if (!data) return BT_E_MEMORY;
    write_slot_head(table, slot, head);
    crypto_secretstream_xchacha20poly1305_init_push(&stream, data, bt_secret_bytes(key).data);
    uint8_t *to = data + crypto_secretstream_xchacha20poly1305_HEADERBYTES;
    for (uint64_t i = 0, n = chunks_of(plain.size); i < n; i++) {
        size_t from = (size_t)i * CHUNK_BYTES, part = i + 1 < n ? CHUNK_BYTES : plain.size - from;
        crypto_secretstream_xchacha20poly1305_push(&stream, to, NULL, plain.data + from, part, head, sizeof head,
                                                   i + 1 < n ? crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
                                                             : crypto_secretstream_xchacha20poly1305_TAG_FINAL);
        to += part + crypto_secretstream_xchacha20poly1305_ABYTES;
    }
    sodium_memzero(&stream, sizeof stream);
    *out_data = data;
    *out_size = size;
    return BT_OK;
}

bt_status bt_vault_body_open(struct bt_log *log, const struct bt_vault_table *table, const struct bt_vault_slot *slot,
                             const struct bt_secret *key, struct bt_bytes sealed, struct bt_secret **out_plain) {
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t head[SLOT_HEAD_BYTES];
    struct bt_secret *plain = NULL;
    if (sealed.size != bt_vault_body_bytes(slot->size)) return BT_E_FORMAT;
    bt_status status = bt_secret_create(log, (size_t)slot->size, &plain);
    if (status) return status;
    write_slot_head(table, slot, head);
    bool good = !crypto_secretstream_xchacha20poly1305_init_pull(&stream, sealed.data, bt_secret_bytes(key).data);
    const uint8_t *from = sealed.data + crypto_secretstream_xchacha20poly1305_HEADERBYTES;
    for (uint64_t i = 0, n = chunks_of(slot->size); good && i < n; i++) {
        size_t to = (size_t)i * CHUNK_BYTES, part = i + 1 < n ? CHUNK_BYTES : (size_t)slot->size - to;
        uint8_t tag = 0, wanted = i + 1 < n ? crypto_secretstream_xchacha20poly1305_TAG_MESSAGE
                                            : crypto_secretstream_xchacha20poly1305_TAG_FINAL;
        good = !crypto_secretstream_xchacha20poly1305_pull(&stream, bt_secret_data(plain) + to, NULL, &tag, from,
                                                           part + crypto_secretstream_xchacha20poly1305_ABYTES, head,
                                                           sizeof head) &&
               tag == wanted;
        from += part + crypto_secretstream_xchacha20poly1305_ABYTES;
    }
    sodium_memzero(&stream, sizeof stream);
    if (!good) {
        bt_secret_destroy(&plain);
        return BT_E_FORMAT;
    }
    *out_plain = plain;
    return BT_OK;
}
