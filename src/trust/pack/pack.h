/* SPDX-License-Identifier: MIT */
/* A lent face: an identity sealed to one recipient's key and signed by its subject's, with limits that the recipient's bauta
   enforces and cannot widen. Bytes in, bytes out.

   A pack, little-endian: magic "bautapck", u32 format, u32 kind, the recipient's public key (so that a wrong recipient is told
   so), then a sealed envelope that holds the terms, the identity's bytes, and the subject's signature of all that. A withdrawal
   has the same head with no envelope: the pack's id, the time, the subject's key and signature in the clear. */
#ifndef BT_TRUST_PACK_H
#define BT_TRUST_PACK_H

#include "base/bytes.h"
#include "base/status.h"
#include "trust/receipt/receipt.h"
#include "trust/vault/seal.h"

struct bt_log;

enum { BT_PACK_NAME_BYTES = 32, BT_PACK_IDENTITY_MOST_BYTES = 16 << 20 };

struct bt_pack_terms {
    char pack_id[BT_RECEIPT_UUID];
    char record_id[BT_RECEIPT_UUID]; /* the subject's consent that it rests on */
    char name[BT_PACK_NAME_BYTES];   /* what the subject calls the face: a-z, 0-9, '-' */
    uint8_t subject[BT_SEAL_PUBLIC_BYTES], recipient[BT_SEAL_PUBLIC_BYTES];
    uint32_t purposes;  /* of enum bt_purpose, never BT_PURPOSE_LEND */
    uint32_t uses_most; /* sessions; 0: as many as you like */
    enum bt_lost lost;
    int64_t made_s, until_s; /* UTC seconds */
};

/* terms->subject is filled in from the signer, pack_id when it is "". BT_E_ARGUMENT: terms that no pack may have (the log says
   which). out_bytes is malloc'ed. */
BT_CHECKED bt_status bt_pack_make(struct bt_log *log, const struct bt_signer *subject, struct bt_pack_terms *inout_terms,
                                  struct bt_bytes identity, uint8_t **out_bytes, size_t *out_size);
/* A door. BT_E_FORMAT: changed, or no pack; BT_E_CONSENT: for another key, or past its date. The log says which. */
BT_CHECKED bt_status bt_pack_open(struct bt_log *log, const struct bt_signer *recipient, struct bt_bytes pack, int64_t now_s,
                                  struct bt_pack_terms *out_terms, struct bt_secret **out_identity);

/* What the recipient's vault keeps, kind BT_VAULT_LENT: the terms, how often the face was worn, when last, and the face. */
struct bt_pack_state {
    struct bt_pack_terms terms;
    uint32_t uses;
    int64_t last_s; /* the latest time seen: the clock may not stand before it */
    bool withdrawn;
};
BT_CHECKED bt_status bt_pack_keep(struct bt_log *log, const struct bt_pack_state *state, struct bt_bytes identity,
                                  struct bt_secret **out_record);
/* out_identity is borrowed from `record`. */
BT_CHECKED bt_status bt_pack_recall(struct bt_log *log, struct bt_bytes record, struct bt_pack_state *out_state,
                                    struct bt_bytes *out_identity);
/* May it be worn now, for these purposes? Counts the use when BT_OK; the caller keeps the state durably before the face is
   worn. BT_E_CONSENT, each with its own message: spent, past its date, another purpose, clock set back, withdrawn. */
BT_CHECKED bt_status bt_pack_use(struct bt_log *log, struct bt_pack_state *inout_state, uint32_t purposes, int64_t now_s);

/* A signed note that a pack is withdrawn; for whoever holds it. malloc'ed. */
BT_CHECKED bt_status bt_pack_withdrawal_make(struct bt_log *log, const struct bt_signer *subject, const char *pack_id,
                                             int64_t now_s, uint8_t **out_bytes, size_t *out_size);
/* A door. BT_E_FORMAT: not a withdrawal, or changed. */
BT_CHECKED bt_status bt_pack_withdrawal_read(struct bt_log *log, struct bt_bytes bytes, char out_pack_id[BT_RECEIPT_UUID],
                                             uint8_t out_subject[BT_SEAL_PUBLIC_BYTES]);
/* By the first bytes: which of the two it is. */
bool bt_pack_is_withdrawal(struct bt_bytes bytes);

#endif
