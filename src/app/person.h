/* SPDX-License-Identifier: MIT */
/* Finding an enrolled person's face in the vault. Names are inside the sealed records, nowhere else. */
#ifndef BT_APP_PERSON_H
#define BT_APP_PERSON_H

#include "app/trust.h"
#include "identity/sealed.h"

struct bt_person {
    char id[BT_VAULT_ID_HEX];
    struct bt_secret *record; /* all of it */
    struct bt_sealed sealed;  /* points into it */
};

/* Only who is enrolled here, not what was lent. Damaged records are passed over (the log says so). BT_E_NOT_FOUND: nobody (not
   logged). Finish what was found. */
BT_CHECKED bt_status bt_person_find_name(const struct bt_trust *trust, struct bt_vault *vault, const char *name,
                                         struct bt_person *out_person);
BT_CHECKED bt_status bt_person_find_digest(const struct bt_trust *trust, struct bt_vault *vault, const char *identity_sha256,
                                           struct bt_person *out_person);
void bt_person_finish(struct bt_person *person); /* wipes; safe on a zeroed one */

#endif
