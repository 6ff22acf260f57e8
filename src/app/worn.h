/* SPDX-License-Identifier: MIT */
/* What can be worn: the shipped masks, those the user grew, and people's faces, by their consent. */
#ifndef BT_APP_WORN_H
#define BT_APP_WORN_H

#include "base/status.h"
#include "trust/pack/pack.h"
#include "trust/policy/policy.h"
#include "trust/receipt/receipt.h"
#include "trust/vault/vault.h"

struct bt_log;
struct bt_rig;
struct bt_mask;
struct bt_store;
struct bt_trust;

/* Made from the models' geometry. */
BT_CHECKED bt_status bt_worn_rig(const struct bt_store *models, struct bt_rig **out_rig);
/* Is there a mask of that name that belongs to nobody? NULL: the first shipped one. */
bool bt_worn_is_nobodys(const char *name);
/* By name; NULL is the first shipped one. A file of the user's is worn only if its seed grows the very same bytes: so no
   mask file can hold somebody's face. BT_E_NOT_FOUND, BT_E_FORMAT, BT_E_CONSENT (not what its seed grows). */
BT_CHECKED bt_status bt_worn_find(struct bt_log *log, const struct bt_rig *rig, const char *name, struct bt_mask **out_mask);

/* A person's face out of the vault, and what it rests on. Zero before it is found, and safe to finish at any point. */
struct bt_worn {
    struct bt_mask *mask;
    char identity_id[BT_VAULT_ID_HEX], identity_sha256[BT_RECEIPT_DIGEST];
    bool lent;
    struct bt_consent_state own; /* when enrolled here */
    struct bt_pack_state pack;   /* when lent */
    struct bt_secret *passphrase;
    struct bt_secret *templates; /* of the owner, when enrolled here: bt_match_encode's bytes */
};
/* Asks for the vault's passphrase. BT_E_NOT_FOUND: nobody is called that. BT_E_CONSENT: its owner does not agree (any more) to
   these purposes now; the log says why. */
BT_CHECKED bt_status bt_worn_person(const struct bt_trust *trust, const char *name, uint32_t purposes,
                                    struct bt_worn *out_worn);
/* Counts a session with a lent face, durably; to be done once it is agreed to, and before the face is shown. */
BT_CHECKED bt_status bt_worn_count(const struct bt_trust *trust, struct bt_worn *worn, uint32_t purposes);
/* Is it still agreed to? Reads receipts and vault, asks for nothing; false when in doubt. */
bool bt_worn_holds(const struct bt_trust *trust, const struct bt_worn *worn);
void bt_worn_finish(struct bt_worn *worn);

#endif
