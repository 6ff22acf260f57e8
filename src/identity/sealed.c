/* SPDX-License-Identifier: MIT */
#include "identity/sealed.h"
#include "base/log.h"
#include "identity/identity.h"
#include <string.h>

static const char magic[8] = "BTSEAL1";

enum { HEAD_BYTES = 8 + 4 + BT_SEALED_RECORD_ID + BT_SEALED_SEED_BYTES + 4 + 4 };

size_t bt_sealed_bytes(const struct bt_sealed *sealed) {
    return HEAD_BYTES + sealed->templates.size + sealed->identity.size + 4;
}

void bt_sealed_encode(const struct bt_sealed *sealed, uint8_t *out_bytes) {
    const size_t size = bt_sealed_bytes(sealed);
    uint8_t *out = bt_write_copy(out_bytes, magic, sizeof(magic));
    out = bt_write_u32(out, BT_SEALED_VERSION);
    out = bt_write_copy(out, sealed->record_id, BT_SEALED_RECORD_ID);
    out = bt_write_copy(out, sealed->seed, BT_SEALED_SEED_BYTES);
    out = bt_write_u32(out, (uint32_t)sealed->templates.size);
    out = bt_write_u32(out, (uint32_t)sealed->identity.size);
    out = bt_write_copy(out, sealed->templates.data, sealed->templates.size);
    out = bt_write_copy(out, sealed->identity.data, sealed->identity.size);
    bt_write_u32(out, bt_crc32((struct bt_bytes){out_bytes, size - 4}));
}

/* 36 of 0-9, a-f and '-', then the end: RFC 9562's text form, loosely; the ledger knows which exist. */
static bool record_id_is_good(const char *id) {
    for (uint32_t i = 0; i < BT_SEALED_RECORD_ID - 1; i++)
        if (!((id[i] >= '0' && id[i] <= '9') || (id[i] >= 'a' && id[i] <= 'f') || id[i] == '-')) return false;
    return id[BT_SEALED_RECORD_ID - 1] == 0;
}

bt_status bt_sealed_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_sealed *out_sealed) {
    const char *why = "not an enrolled person's record of this version";
    struct bt_sealed s = {.record_id = ""};
    if (bytes.size < HEAD_BYTES + 4 || memcmp(bytes.data, magic, sizeof(magic)) != 0) goto fail;
    struct bt_reader r = bt_reader_of((struct bt_bytes){bytes.data + 8, bytes.size - 12});
    struct bt_reader tail = bt_reader_of((struct bt_bytes){bytes.data + bytes.size - 4, 4});
    if (bt_read_u32(&r) != BT_SEALED_VERSION) goto fail;
    why = "the checksum does not fit: it is damaged";
    if (bt_read_u32(&tail) != bt_crc32((struct bt_bytes){bytes.data, bytes.size - 4})) goto fail;
    bt_read_copy(&r, s.record_id, BT_SEALED_RECORD_ID);
    bt_read_copy(&r, s.seed, BT_SEALED_SEED_BYTES);
    s.templates.size = bt_read_u32(&r);
    s.identity.size = bt_read_u32(&r);
    why = "its parts do not add up";
    if (!record_id_is_good(s.record_id) || s.templates.size > BT_SEALED_TEMPLATES_MOST_BYTES ||
        s.identity.size != bt_identity_encoded_bytes() || r.left.size != s.templates.size + s.identity.size)
        goto fail;
    s.templates.data = r.left.data;
    s.identity.data = r.left.data + s.templates.size;
    *out_sealed = s;
    explicit_bzero(&s, sizeof(s));
    return BT_OK;
fail:
    explicit_bzero(&s, sizeof(s));
    bt_log_error(log, "vault record: %s", why);
    return BT_E_FORMAT;
}
