/* SPDX-License-Identifier: MIT */
/* Templates as bytes. A door: nothing in them is believed before it is checked. */
#include "base/log.h"
#include "match/match.h"
#include <math.h>
#include <string.h>

static const char magic[4] = "BTMT";

enum { VERSION = 1 };

void bt_match_encode(const struct bt_template *template, uint8_t *out_bytes) {
    uint8_t *out = bt_write_copy(out_bytes, magic, sizeof(magic));
    out = bt_write_u32(out, VERSION);
    for (uint32_t i = 0; i < BT_MATCH_COSINE; i++) out = bt_write_f32(out, template->cosine[i]);
    for (uint32_t i = 0; i < BT_MATCH_EUCLID; i++) out = bt_write_f32(out, template->euclid[i]);
}

/* Reads `count` numbers; false unless their length lies between. NaN: false. */
static bool read_part(struct bt_reader *r, float *out, uint32_t count, float low, float high) {
    float sum = 0.0f;
    for (uint32_t i = 0; i < count; i++) {
        out[i] = bt_read_f32(r);
        sum += out[i] * out[i];
    }
    return sum >= low * low && sum <= high * high;
}

bt_status bt_match_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_template *out_template) {
    struct bt_template t;
    struct bt_reader r = bt_reader_of(bytes);
    char head[sizeof(magic)];
    bt_read_copy(&r, head, sizeof(head));
    const bool known =
        bytes.size == BT_MATCH_TEMPLATE_BYTES && memcmp(head, magic, sizeof(magic)) == 0 && bt_read_u32(&r) == VERSION;
    /* A mean of unequal templates is shorter than one. */
    const bool good = known && read_part(&r, t.cosine, BT_MATCH_COSINE, 0.99f, 1.01f) &&
                      read_part(&r, t.euclid, BT_MATCH_EUCLID, 0.2f, 5.0f) && !r.failed;
    if (good)
        *out_template = t;
    else
        bt_log_error(log, "face template: %s", known ? "its numbers are no template's" : "not one of this version");
    explicit_bzero(&t, sizeof(t));
    return good ? BT_OK : BT_E_FORMAT;
}
