/* SPDX-License-Identifier: MIT */
#include "trust/pack/pack.h"

#include "base/log.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    FORMAT = 1,
    KIND_PACK = 1,
    KIND_WITHDRAWAL = 2,
    HEAD_BYTES = 8 + 4 + 4 + BT_SEAL_PUBLIC_BYTES,
    UUID_BYTES = BT_RECEIPT_UUID - 1,
    TERMS_BYTES = 2 * UUID_BYTES + BT_PACK_NAME_BYTES + 2 * BT_SEAL_PUBLIC_BYTES + 3 * 4 + 2 * 8,
    STATE_BYTES = 4 + TERMS_BYTES + 4 + 8 + 4,
    WITHDRAWAL_BYTES = HEAD_BYTES + UUID_BYTES + 8 + BT_SEAL_SIGNATURE_BYTES,
};
static const char MAGIC[8] = {'b', 'a', 'u', 't', 'a', 'p', 'c', 'k'};
static const int64_t DAY_S = 86400;

static uint8_t *put_head(uint8_t *at, uint32_t kind, const uint8_t key[BT_SEAL_PUBLIC_BYTES]) {
    return bt_write_copy(bt_write_u32(bt_write_u32(bt_write_copy(at, MAGIC, sizeof MAGIC), FORMAT), kind), key,
                         BT_SEAL_PUBLIC_BYTES);
}

/* NULL when it is a whole head of that kind. */
static const char *read_head(struct bt_reader *r, uint32_t kind, uint8_t out_key[BT_SEAL_PUBLIC_BYTES]) {
    char magic[sizeof MAGIC] = {0};
    bt_read_copy(r, magic, sizeof magic);
    uint32_t format = bt_read_u32(r), is = bt_read_u32(r);
    bt_read_copy(r, out_key, BT_SEAL_PUBLIC_BYTES);
    if (r->failed || memcmp(magic, MAGIC, sizeof magic)) return "it is not a lent face of bauta's";
    if (format > FORMAT) return "it was made by a newer bauta: use that one";
    if (format != FORMAT || is != kind) return is == KIND_WITHDRAWAL ? "it is a withdrawal, not a face" : "it is damaged";
    return NULL;
}

static void put_terms(uint8_t *at, const struct bt_pack_terms *t) {
    at = bt_write_copy(bt_write_copy(at, t->pack_id, UUID_BYTES), t->record_id, UUID_BYTES);
    at = bt_write_copy(at, t->name, sizeof t->name);
    at = bt_write_copy(bt_write_copy(at, t->subject, sizeof t->subject), t->recipient, sizeof t->recipient);
    at = bt_write_u32(bt_write_u32(bt_write_u32(at, t->purposes), t->uses_most), (uint32_t)t->lost);
    bt_write_u64(bt_write_u64(at, (uint64_t)t->made_s), (uint64_t)t->until_s);
}

static bool is_uuid(const char *text) {
    for (int i = 0; i < UUID_BYTES; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? text[i] != '-' : !strchr("0123456789abcdef", text[i]) || !text[i]) return false;
    }
    return !text[UUID_BYTES];
}

static bool is_name(const char name[BT_PACK_NAME_BYTES]) {
    size_t size = strnlen(name, BT_PACK_NAME_BYTES);
    if (!size || size == BT_PACK_NAME_BYTES) return false;
    for (size_t i = 0; i < BT_PACK_NAME_BYTES; i++) {
        if (i < size ? !strchr("abcdefghijklmnopqrstuvwxyz0123456789-", name[i]) : name[i]) return false;
    }
    return true;
}

/* What no pack may say. */
static const char *wrong_terms(const struct bt_pack_terms *t) {
    if (!is_uuid(t->pack_id) || !is_uuid(t->record_id)) return "its ids are not UUIDs";
    if (!is_name(t->name)) return "the name wants a-z, 0-9 and - only, and at most 31 of them";
    if (!t->purposes || t->purposes & ~(uint32_t)BT_PURPOSES_ALL) return "it names no purpose that there is";
    if (t->purposes & BT_PURPOSE_LEND) return "what is lent cannot be lent on";
    if (t->lost != BT_LOST_PLACARD && t->lost != BT_LOST_FREEZE) return "it does not say what is shown while the face is lost";
    if (t->until_s <= t->made_s || t->until_s - t->made_s > BT_RECEIPT_DAYS_MOST * DAY_S)
        return "it must end, and within 12 months";
    return NULL;
}

static void read_terms(struct bt_reader *r, struct bt_pack_terms *t) {
    bt_read_copy(r, t->pack_id, UUID_BYTES);
    bt_read_copy(r, t->record_id, UUID_BYTES);
    bt_read_copy(r, t->name, sizeof t->name);
    bt_read_copy(r, t->subject, sizeof t->subject);
    bt_read_copy(r, t->recipient, sizeof t->recipient);
    t->purposes = bt_read_u32(r);
    t->uses_most = bt_read_u32(r);
    uint32_t lost = bt_read_u32(r);
    t->lost = lost <= BT_LOST_FREEZE ? (enum bt_lost)lost : (enum bt_lost) - 1;
    t->made_s = (int64_t)bt_read_u64(r);
    t->until_s = (int64_t)bt_read_u64(r);
}

static bt_status refuse(struct bt_log *log, bt_status status, const char *why) {
    bt_log_error(log, "the lent face is refused: %s", why);
    return status;
}

bt_status bt_pack_make(struct bt_log *log, const struct bt_signer *subject, struct bt_pack_terms *inout_terms,
                       struct bt_bytes identity, uint8_t **out_bytes, size_t *out_size) {
    struct bt_pack_terms t = *inout_terms;
    struct bt_secret *plain = NULL;
    bt_status status = *t.pack_id ? BT_OK : bt_receipt_uuid(t.pack_id);
    if (status) return status;
    memcpy(t.subject, bt_seal_signer_public(subject), sizeof t.subject);
    const char *why = wrong_terms(&t);
    if (!why && identity.size > BT_PACK_IDENTITY_MOST_BYTES) why = "the face is too large";
    if (why) {
        bt_log_error(log, "the face cannot be lent so: %s", why);
        return BT_E_ARGUMENT;
    }
    size_t signed_size = TERMS_BYTES + identity.size, plain_size = signed_size + BT_SEAL_SIGNATURE_BYTES;
    size_t size = HEAD_BYTES + plain_size + BT_SEAL_OVERHEAD_BYTES;
    uint8_t *bytes = malloc(size);
    status = bytes ? bt_secret_create(log, plain_size, &plain) : BT_E_MEMORY;
    if (!status) {
        uint8_t *at = bt_secret_data(plain);
        put_terms(at, &t);
        if (identity.size) memcpy(at + TERMS_BYTES, identity.data, identity.size);
        bt_seal_sign(subject, (struct bt_bytes){at, signed_size}, at + signed_size);
        put_head(bytes, KIND_PACK, t.recipient);
        status = bt_seal_box(t.recipient, bt_secret_bytes(plain), bytes + HEAD_BYTES);
        if (status) bt_log_error(log, "the recipient's key is not a key of bauta's");
    }
    bt_secret_destroy(&plain);
    if (status) {
        free(bytes);
        return status;
    }
    *inout_terms = t;
    *out_bytes = bytes;
    *out_size = size;
    return BT_OK;
}

bt_status bt_pack_open(struct bt_log *log, const struct bt_signer *recipient, struct bt_bytes pack, int64_t now_s,
                       struct bt_pack_terms *out_terms, struct bt_secret **out_identity) {
    struct bt_reader r = bt_reader_of(pack);
    uint8_t key[BT_SEAL_PUBLIC_BYTES];
    struct bt_pack_terms t = {0};
    struct bt_secret *plain = NULL, *identity = NULL;
    const char *why = read_head(&r, KIND_PACK, key);
    if (why) return refuse(log, BT_E_FORMAT, why);
    if (memcmp(key, bt_seal_signer_public(recipient), sizeof key) != 0)
        return refuse(log, BT_E_CONSENT, "it is sealed to somebody else's key");
    bt_status status = bt_seal_open(log, recipient, r.left, &plain);
    if (status) return status == BT_E_FORMAT ? refuse(log, status, "it was changed on the way") : status;
    const struct bt_bytes inside = bt_secret_bytes(plain);
    size_t signed_size = inside.size < BT_SEAL_SIGNATURE_BYTES ? 0 : inside.size - BT_SEAL_SIGNATURE_BYTES;
    if (signed_size < TERMS_BYTES) {
        status = refuse(log, BT_E_FORMAT, "it is cut short");
        goto done;
    }
    r = bt_reader_of((struct bt_bytes){inside.data, TERMS_BYTES});
    read_terms(&r, &t);
    if (bt_seal_verify(t.subject, (struct bt_bytes){inside.data, signed_size}, inside.data + signed_size) ||
        memcmp(t.recipient, key, sizeof key) != 0) {
        status = refuse(log, BT_E_FORMAT, "its subject has not signed it");
    } else if ((why = wrong_terms(&t))) {
        status = refuse(log, BT_E_FORMAT, why);
    } else if (now_s >= t.until_s) {
        status = refuse(log, BT_E_CONSENT, "its time is over");
    } else if (now_s < t.made_s - BT_RECEIPT_SLACK_S) {
        status = refuse(log, BT_E_CONSENT, "the clock stands before the day it was made: set it right first");
    }
    if (!status) status = bt_secret_create(log, signed_size - TERMS_BYTES, &identity);
    if (!status) {
        memcpy(bt_secret_data(identity), inside.data + TERMS_BYTES, signed_size - TERMS_BYTES);
        *out_terms = t;
        *out_identity = identity;
    }
done:
    bt_secret_destroy(&plain);
    return status;
}

bt_status bt_pack_keep(struct bt_log *log, const struct bt_pack_state *s, struct bt_bytes identity,
                       struct bt_secret **out_record) {
    struct bt_secret *record = NULL;
    bt_status status = bt_secret_create(log, STATE_BYTES + identity.size, &record);
    if (status) return status;
    uint8_t *at = bt_write_u32(bt_secret_data(record), FORMAT);
    put_terms(at, &s->terms);
    at = bt_write_u32(bt_write_u64(bt_write_u32(at + TERMS_BYTES, s->uses), (uint64_t)s->last_s), s->withdrawn);
    if (identity.size) memcpy(at, identity.data, identity.size);
    *out_record = record;
    return BT_OK;
}

bt_status bt_pack_recall(struct bt_log *log, struct bt_bytes record, struct bt_pack_state *out_state,
                         struct bt_bytes *out_identity) {
    struct bt_reader r = bt_reader_of(record);
    struct bt_pack_state s = {0};
    uint32_t format = bt_read_u32(&r);
    read_terms(&r, &s.terms);
    s.uses = bt_read_u32(&r);
    s.last_s = (int64_t)bt_read_u64(&r);
    s.withdrawn = bt_read_u32(&r) != 0;
    if (r.failed || format != FORMAT || wrong_terms(&s.terms)) return refuse(log, BT_E_FORMAT, "its record is damaged");
    *out_state = s;
    *out_identity = r.left;
    return BT_OK;
}

bt_status bt_pack_use(struct bt_log *log, struct bt_pack_state *s, uint32_t purposes, int64_t now_s) {
    char why[200];
    if (s->withdrawn) return refuse(log, BT_E_CONSENT, "its owner has withdrawn it");
    if (now_s < s->last_s - BT_RECEIPT_SLACK_S || now_s < s->terms.made_s - BT_RECEIPT_SLACK_S)
        return refuse(log, BT_E_CONSENT, "the clock was set back: set it right first");
    if (now_s >= s->terms.until_s) return refuse(log, BT_E_CONSENT, "its time is over");
    if (s->terms.uses_most && s->uses >= s->terms.uses_most) {
        snprintf(why, sizeof why, "it was lent for %" PRIu32 " sessions, and all are used", s->terms.uses_most);
        return refuse(log, BT_E_CONSENT, why);
    }
    if (purposes & ~s->terms.purposes) {
        char words[BT_RECEIPT_WORDS];
        bt_receipt_purposes(purposes & ~s->terms.purposes, false, words);
        snprintf(why, sizeof why, "its owner has not lent it for this: %s", words);
        return refuse(log, BT_E_CONSENT, why);
    }
    s->uses++;
    if (now_s > s->last_s) s->last_s = now_s;
    return BT_OK;
}

bt_status bt_pack_withdrawal_make(struct bt_log *log, const struct bt_signer *subject, const char *pack_id, int64_t now_s,
                                  uint8_t **out_bytes, size_t *out_size) {
    if (!is_uuid(pack_id)) {
        bt_log_error(log, "%s: not the id of a lent face", pack_id);
        return BT_E_ARGUMENT;
    }
    uint8_t *bytes = malloc(WITHDRAWAL_BYTES);
    if (!bytes) return BT_E_MEMORY;
    uint8_t *at = put_head(bytes, KIND_WITHDRAWAL, bt_seal_signer_public(subject));
    at = bt_write_u64(bt_write_copy(at, pack_id, UUID_BYTES), (uint64_t)now_s);
    bt_seal_sign(subject, (struct bt_bytes){bytes, (size_t)(at - bytes)}, at);
    *out_bytes = bytes;
    *out_size = WITHDRAWAL_BYTES;
    return BT_OK;
}

bt_status bt_pack_withdrawal_read(struct bt_log *log, struct bt_bytes bytes, char out_pack_id[BT_RECEIPT_UUID],
                                  uint8_t out_subject[BT_SEAL_PUBLIC_BYTES]) {
    struct bt_reader r = bt_reader_of(bytes);
    uint8_t key[BT_SEAL_PUBLIC_BYTES];
    char id[BT_RECEIPT_UUID] = "";
    const char *why = read_head(&r, KIND_WITHDRAWAL, key);
    bt_read_copy(&r, id, UUID_BYTES);
    const size_t signed_size = WITHDRAWAL_BYTES - BT_SEAL_SIGNATURE_BYTES;
    if (!why && (bytes.size != WITHDRAWAL_BYTES || !is_uuid(id) ||
                 bt_seal_verify(key, (struct bt_bytes){bytes.data, signed_size}, bytes.data + signed_size)))
        why = "it was changed";
    if (why) {
        bt_log_error(log, "the withdrawal cannot be read: %s", why);
        return BT_E_FORMAT;
    }
    memcpy(out_pack_id, id, sizeof id);
    memcpy(out_subject, key, sizeof key);
    return BT_OK;
}

bool bt_pack_is_withdrawal(struct bt_bytes bytes) {
    struct bt_reader r = bt_reader_of(bytes);
    uint8_t key[BT_SEAL_PUBLIC_BYTES];
    return !read_head(&r, KIND_WITHDRAWAL, key);
}
