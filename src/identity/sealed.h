/* SPDX-License-Identifier: MIT */
/* What the vault keeps for one enrolled person, in one record of kind BT_VAULT_IDENTITY, so that one erasure destroys it all.
 */
#ifndef BT_IDENTITY_SEALED_H
#define BT_IDENTITY_SEALED_H

#include "base/bytes.h"
#include "base/status.h"

struct bt_log;

enum {
    BT_SEALED_VERSION = 1, /* also the vault record's */
    BT_SEALED_SEED_BYTES = 32,
    BT_SEALED_RECORD_ID = 37, /* a receipt's: 36 characters and a 0 */
    BT_SEALED_TEMPLATES_MOST_BYTES = 4096
};

struct bt_sealed {
    char record_id[BT_SEALED_RECORD_ID]; /* the consent: 0-9, a-f, '-' */
    uint8_t seed[BT_SEALED_SEED_BYTES];  /* the subject's signing key: signs what is lent */
    struct bt_bytes templates;           /* bt_match_encode's bytes; borrowed */
    struct bt_bytes identity;            /* bt_identity_encode's bytes; borrowed */
};
size_t bt_sealed_bytes(const struct bt_sealed *sealed);
/* The parts must be as decode demands. `out_bytes`: bt_sealed_bytes of them, in memory that is wiped (bt_secret). */
void bt_sealed_encode(const struct bt_sealed *sealed, uint8_t *out_bytes);
/* A door, though only the vault's own bytes come to it; the parts point into `bytes`. BT_E_FORMAT. The parts' own doors are
   bt_match_decode and bt_identity_decode. */
BT_CHECKED bt_status bt_sealed_decode(struct bt_log *log, struct bt_bytes bytes, struct bt_sealed *out_sealed);

#endif
