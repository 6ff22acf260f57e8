/* SPDX-License-Identifier: MIT */
/* libFuzzer target for the doors of an enrolled person's record: the record, the face and the templates in it. Raw bytes seldom
   get past a checksum, so the input also becomes a face's numbers, which encode then sums. Build as tests/fuzz/onnx_import.c
   says. */
#include "identity/identity.h"
#include "identity/sealed.h"
#include "match/match.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void raw(struct bt_bytes bytes) {
    struct bt_identity *face = NULL;
    struct bt_sealed sealed;
    struct bt_template template;
    if (!bt_identity_decode(NULL, bytes, &face)) bt_identity_destroy(&face);
    if (!bt_sealed_decode(NULL, bytes, &sealed) && sealed.identity.data + sealed.identity.size + 4 != bytes.data + bytes.size)
        abort();
    if (!bt_match_decode(NULL, bytes, &template)) {
        uint8_t again[BT_MATCH_TEMPLATE_BYTES];
        bt_match_encode(&template, again);
        if (bytes.size != sizeof(again) || memcmp(again, bytes.data, sizeof(again)) != 0) abort();
    }
}

/* The input as a face, as that face's bytes after the checksum was mended, and as the head of a record around it. */
static void mended(const uint8_t *data, size_t size, struct bt_identity *face, uint8_t *bytes, uint8_t *again) {
    struct bt_identity *back = NULL;
    memcpy(face, data, size < sizeof(*face) ? size : sizeof(*face));
    face->name[BT_MASK_NAME_BYTES - 1] = 0;
    const size_t whole = bt_identity_encoded_bytes();
    bt_identity_encode(face, bytes);
    if (!bt_identity_decode(NULL, (struct bt_bytes){bytes, whole}, &back)) {
        bt_identity_encode(back, again);
        if (memcmp(bytes, again, whole) != 0) abort();
        bt_identity_destroy(&back);
    }
    struct bt_sealed sealed = {.templates = {data, size < 5000 ? size : 5000}, .identity = {bytes, whole}}, read;
    memcpy(sealed.record_id, data, size < sizeof(sealed.record_id) ? size : sizeof(sealed.record_id));
    const size_t all = bt_sealed_bytes(&sealed);
    uint8_t *record = malloc(all);
    if (!record) return;
    bt_sealed_encode(&sealed, record);
    if (!bt_sealed_decode(NULL, (struct bt_bytes){record, all}, &read) &&
        (read.identity.size != whole || memcmp(read.identity.data, bytes, whole) != 0))
        abort();
    free(record);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    raw((struct bt_bytes){data, size});
    if (!size || data[0] % 32) return 0; /* a whole face takes a hundred times as long */
    struct bt_identity *face = calloc(1, sizeof(*face));
    uint8_t *bytes = malloc(bt_identity_encoded_bytes()), *again = malloc(bt_identity_encoded_bytes());
    if (face && bytes && again) mended(data, size, face, bytes, again);
    free(face);
    free(bytes);
    free(again);
    return 0;
}
