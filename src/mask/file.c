/* SPDX-License-Identifier: MIT */
/* The mask file. A door: nothing in it is believed before it is checked. */
#include "base/log.h"
#include "mask/internal.h"
#include <stdlib.h>
#include <string.h>

static const char magic[8] = "BTMASK1";

enum {
    HEAD_BYTES = 8 + BT_MASK_NAME_BYTES + 8 + 16 + 36,
    FILE_BYTES = HEAD_BYTES + BT_RIG_VERTICES * 12 + BT_MASK_TEXELS * 6 + 4
};

size_t bt_mask_encoded_bytes(void) {
    return FILE_BYTES;
}

void bt_mask_encode(const struct bt_mask *mask, uint8_t *out_bytes) {
    uint8_t *out = out_bytes;
    memcpy(out, magic, 8);
    memset(out + 8, 0, BT_MASK_NAME_BYTES); /* nothing after the name's end */
    memcpy(out + 8, mask->name, strlen(mask->name));
    out = bt_write_u32(out + 8 + BT_MASK_NAME_BYTES, (uint32_t)mask->seed);
    out = bt_write_u32(out, (uint32_t)(mask->seed >> 32));
    const float *parts[] = {&mask->traits.age, &mask->traits.masculine, &mask->traits.skin, &mask->traits.beard};
    for (uint32_t i = 0; i < BT_COUNT(parts); i++) out = bt_write_f32(out, *parts[i]);
    for (uint32_t k = 0; k < 3; k++) out = bt_write_f32(out, mask->skin[k]);
    for (uint32_t k = 0; k < 3; k++) out = bt_write_f32(out, mask->iris[k]);
    for (uint32_t k = 0; k < 3; k++) out = bt_write_f32(out, mask->hair[k]);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        out = bt_write_f32(out, mask->neutral[v].x);
        out = bt_write_f32(out, mask->neutral[v].y);
        out = bt_write_f32(out, mask->neutral[v].z);
    }
    for (uint32_t i = 0; i < BT_MASK_TEXELS * 3; i++) out = bt_write_u16(out, mask->ratio[i]);
    bt_write_u32(out, bt_crc32((struct bt_bytes){out_bytes, FILE_BYTES - 4}));
}

static float ranged(struct bt_reader *r, float low, float high, bool *good) {
    const float x = bt_read_f32(r);
    if (!(x >= low && x <= high)) *good = false; /* NaN too */
    return x;
}

bt_status bt_mask_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_mask **out_mask) {
    bt_status status = BT_E_FORMAT;
    const char *why = "not a mask file of this version";
    struct bt_mask *m = NULL;
    if (bytes.size != FILE_BYTES || memcmp(bytes.data, magic, 8) != 0) goto fail;
    struct bt_reader tail = bt_reader_of((struct bt_bytes){bytes.data + FILE_BYTES - 4, 4});
    why = "the checksum does not fit: the file is damaged";
    if (bt_read_u32(&tail) != bt_crc32((struct bt_bytes){bytes.data, FILE_BYTES - 4})) goto fail;
    why = "no memory";
    status = BT_E_MEMORY;
    m = calloc(1, sizeof(*m));
    if (!m) goto fail;
    status = BT_E_FORMAT;
    struct bt_reader r = bt_reader_of((struct bt_bytes){bytes.data + 8, FILE_BYTES - 12});
    bt_read_copy(&r, m->name, BT_MASK_NAME_BYTES);
    why = "its name is not made of a-z, 0-9 and -";
    if (!bt_mask_name_is_good(m->name, BT_MASK_NAME_BYTES)) goto fail;
    m->seed = bt_read_u32(&r);
    m->seed |= (uint64_t)bt_read_u32(&r) << 32;
    bool good = true;
    m->traits.age = ranged(&r, 0.0f, 120.0f, &good);
    m->traits.masculine = ranged(&r, 0.0f, 1.0f, &good);
    m->traits.skin = ranged(&r, 0.0f, 1.0f, &good);
    m->traits.beard = ranged(&r, 0.0f, 1.0f, &good);
    for (uint32_t k = 0; k < 3; k++) m->skin[k] = ranged(&r, 1e-3f, 1.0f, &good);
    for (uint32_t k = 0; k < 3; k++) m->iris[k] = ranged(&r, 0.0f, 1.0f, &good);
    for (uint32_t k = 0; k < 3; k++) m->hair[k] = ranged(&r, 0.0f, 1.0f, &good);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        m->neutral[v].x = ranged(&r, -20.0f, 20.0f, &good);
        m->neutral[v].y = ranged(&r, -20.0f, 20.0f, &good);
        m->neutral[v].z = ranged(&r, -20.0f, 20.0f, &good);
    }
    for (uint32_t i = 0; i < BT_MASK_TEXELS * 3; i++) m->ratio[i] = bt_read_u16(&r);
    why = "a number in it is out of range";
    if (!good || r.failed) goto fail;
    *out_mask = m;
    return BT_OK;
fail:
    bt_log_error(log, "mask: %s", why);
    free(m);
    return status;
}
