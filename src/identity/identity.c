/* SPDX-License-Identifier: MIT */
/* An identity as bytes. A door: nothing in them is believed before it is checked. */
#include "identity/identity.h"
#include "base/log.h"
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "BTFACE1";

enum {
    HEAD_BYTES = 8 + 4 + BT_MASK_NAME_BYTES + 4 + 24,
    FILE_BYTES = HEAD_BYTES + BT_RIG_VERTICES * 12 + BT_MASK_TEXELS * 7 + 4
};

void bt_identity_destroy(struct bt_identity **identity) {
    if (!identity || !*identity) return;
    explicit_bzero(*identity, sizeof(**identity));
    free(*identity);
    *identity = NULL;
}

size_t bt_identity_encoded_bytes(void) {
    return FILE_BYTES;
}

void bt_identity_encode(const struct bt_identity *identity, uint8_t *out_bytes) {
    char name[BT_MASK_NAME_BYTES] = {0}; /* nothing after the name's end */
    memcpy(name, identity->name, strlen(identity->name));
    uint8_t *out = bt_write_copy(out_bytes, magic, sizeof(magic));
    out = bt_write_u32(out, BT_IDENTITY_VERSION);
    out = bt_write_copy(out, name, sizeof(name));
    out = bt_write_u32(out, identity->views);
    for (uint32_t k = 0; k < 3; k++) out = bt_write_f32(out, identity->skin[k]);
    for (uint32_t k = 0; k < 3; k++) out = bt_write_f32(out, identity->iris[k]);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        out = bt_write_f32(out, identity->neutral[v].x);
        out = bt_write_f32(out, identity->neutral[v].y);
        out = bt_write_f32(out, identity->neutral[v].z);
    }
    for (uint32_t i = 0; i < BT_MASK_TEXELS * 3; i++) out = bt_write_u16(out, identity->ratio[i]);
    out = bt_write_copy(out, identity->seen, sizeof(identity->seen));
    bt_write_u32(out, bt_crc32((struct bt_bytes){out_bytes, FILE_BYTES - 4}));
}

static float ranged(struct bt_reader *r, float low, float high, bool *good) {
    const float x = bt_read_f32(r);
    if (!(x >= low && x <= high)) *good = false; /* NaN too */
    return x;
}

bt_status bt_identity_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_identity **out_identity) {
    bt_status status = BT_E_FORMAT;
    const char *why = "not an enrolled face of this version";
    struct bt_identity *f = NULL;
    if (bytes.size != FILE_BYTES || memcmp(bytes.data, magic, sizeof(magic)) != 0) goto fail;
    struct bt_reader r = bt_reader_of((struct bt_bytes){bytes.data + 8, FILE_BYTES - 12});
    struct bt_reader tail = bt_reader_of((struct bt_bytes){bytes.data + FILE_BYTES - 4, 4});
    if (bt_read_u32(&r) != BT_IDENTITY_VERSION) goto fail;
    why = "the checksum does not fit: it is damaged";
    if (bt_read_u32(&tail) != bt_crc32((struct bt_bytes){bytes.data, FILE_BYTES - 4})) goto fail;
    why = "no memory";
    status = BT_E_MEMORY;
    f = calloc(1, sizeof(*f));
    if (!f) goto fail;
    status = BT_E_FORMAT;
    bt_read_copy(&r, f->name, BT_MASK_NAME_BYTES);
    why = "its name is not made of a-z, 0-9 and -";
    if (!bt_mask_name_is_good(f->name, BT_MASK_NAME_BYTES)) goto fail;
    bool good = true;
    f->views = bt_read_u32(&r);
    for (uint32_t k = 0; k < 3; k++) f->skin[k] = ranged(&r, 1e-3f, 1.0f, &good);
    for (uint32_t k = 0; k < 3; k++) f->iris[k] = ranged(&r, 0.0f, 1.0f, &good);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        f->neutral[v].x = ranged(&r, -20.0f, 20.0f, &good);
        f->neutral[v].y = ranged(&r, -20.0f, 20.0f, &good);
        f->neutral[v].z = ranged(&r, -20.0f, 20.0f, &good);
    }
    for (uint32_t i = 0; i < BT_MASK_TEXELS * 3; i++) f->ratio[i] = bt_read_u16(&r);
    bt_read_copy(&r, f->seen, sizeof(f->seen));
    why = "a number in it is out of range";
    if (!good || r.failed) goto fail;
    *out_identity = f;
    f = NULL;
    status = BT_OK;
fail:
    if (status) bt_log_error(log, "enrolled face: %s", why);
    bt_identity_destroy(&f);
    return status;
}
