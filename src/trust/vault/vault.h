/* SPDX-License-Identifier: MIT */
/* The vault: records sealed on disk, each with a key of its own, in one folder (0700).

   FOLDER/keys: everything that opens the rest, in one file, so that every change is one rename: Argon2id's parameters and salt,
   the master key wrapped by the passphrase's key, each record's key wrapped by the master key, and the tombstones of what was
   erased.

   FOLDER/bodies/ID.N: a record, secretstream (XChaCha20-Poly1305); id, kind, version and N are authenticated.

   FOLDER/device.key: the installation's signing seed (0600), not under the passphrase: it signs the audit and the receipts,
   also where nobody types one (a withdrawal needs none).

   FOLDER/lock: one process at a time.

   Every write: temporary file, fsync, rename, fsync of the folder. Killed at any call, the vault opens with the old or with the
   new state. A face is destroyed by taking its key out of FOLDER/keys (crypto-erasure); the old file is overwritten before it
   is let go. */
#ifndef BT_TRUST_VAULT_VAULT_H
#define BT_TRUST_VAULT_VAULT_H

#include "base/bytes.h"
#include "base/status.h"
#include "trust/vault/seal.h"
#include "trust/vault/secret.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_vault;

enum { BT_VAULT_ID_HEX = 33, BT_VAULT_BODY_MOST_BYTES = 64 << 20, BT_VAULT_ENTRIES_MOST = 4096 };

/* Stored: never renumber. */
enum bt_vault_kind {
    BT_VAULT_IDENTITY = 1,  /* a face as it is worn */
    BT_VAULT_TEMPLATES = 2, /* what a face is matched by */
    BT_VAULT_LENT = 3,      /* a face that somebody lent us, with its count of uses */
    BT_VAULT_SUBJECT = 4,   /* a subject's signing seed and pseudonym key */
};

struct bt_vault_params {
    struct bt_log *log;
    const char *path; /* the folder */
    int64_t wait_ns;  /* for another process that holds it; the log says which */
    bool weak;        /* the least that Argon2id may cost: for tests; looked at when a vault is made */
};

struct bt_vault_entry {
    char id[BT_VAULT_ID_HEX];
    enum bt_vault_kind kind;
    uint32_t version; /* of the record's own format */
    bool gone;        /* a tombstone */
    int64_t gone_wall_ns;
    uint64_t size_bytes; /* of the plain record */
};

bool bt_vault_exists(const char *path);
/* BT_E_BUSY: it exists already, or somebody holds it. */
BT_CHECKED bt_status bt_vault_create(const struct bt_vault_params *params, const struct bt_secret *passphrase);
/* BT_E_NOT_FOUND: no vault there. BT_E_CONSENT: wrong passphrase. BT_E_FORMAT: changed, truncated, of a future version, or not
   a vault. BT_E_BUSY: held for longer than wait_ns. The log says which file and what to do. Hold it only while you work with
   it: somebody may want to withdraw. */
BT_CHECKED bt_status bt_vault_open(const struct bt_vault_params *params, const struct bt_secret *passphrase,
                                   struct bt_vault **out_vault);
void bt_vault_close(struct bt_vault **vault);

/* Under a new random id when inout_id is "", else in place of that record. Durable when BT_OK; as before on failure. */
BT_CHECKED bt_status bt_vault_put(struct bt_vault *vault, enum bt_vault_kind kind, uint32_t version, struct bt_bytes plain,
                                  char inout_id[BT_VAULT_ID_HEX]);
/* A new record under an id that is given, such as the one that a lent face came with. BT_E_BUSY: that id is in use, or was:
   what is erased does not come back by putting it again. */
BT_CHECKED bt_status bt_vault_put_new(struct bt_vault *vault, const char *id, enum bt_vault_kind kind, uint32_t version,
                                      struct bt_bytes plain);
/* BT_E_NOT_FOUND, also when it is gone; BT_E_FORMAT: its body was changed, or it is of another kind. */
BT_CHECKED bt_status bt_vault_get(struct bt_vault *vault, const char *id, enum bt_vault_kind kind, uint32_t *out_version,
                                  struct bt_secret **out_plain);
/* Needs no passphrase: who may write the folder may destroy, which is not to say read. Erasing what is gone is BT_OK. */
BT_CHECKED bt_status bt_vault_erase(const struct bt_vault_params *params, const char *id);
/* The same from inside. */
BT_CHECKED bt_status bt_vault_forget(struct bt_vault *vault, const char *id);
/* malloc'ed, in the order they were made, tombstones included. */
BT_CHECKED bt_status bt_vault_entries(const struct bt_vault *vault, struct bt_vault_entry **out_entries, uint32_t *out_count);
/* The same without a passphrase. */
BT_CHECKED bt_status bt_vault_list(const struct bt_vault_params *params, struct bt_vault_entry **out_entries,
                                   uint32_t *out_count);

/* The installation's signing key; made on first use, with no vault there too. */
BT_CHECKED bt_status bt_vault_device_signer(const struct bt_vault_params *params, struct bt_signer **out_signer);

struct bt_vault_report {
    uint32_t records, gone, damaged;
};
/* Reads and authenticates everything; each damaged record is named by a log line, the others are unharmed. */
BT_CHECKED bt_status bt_vault_check(struct bt_vault *vault, struct bt_vault_report *out_report);
/* A new passphrase and a new master key. */
BT_CHECKED bt_status bt_vault_rekey(struct bt_vault *vault, const struct bt_secret *passphrase, bool weak);
/* The whole vault, sealed as it is, in one file (0600; must not exist yet: BT_E_BUSY). */
BT_CHECKED bt_status bt_vault_backup(struct bt_vault *vault, const char *file);
/* Asks for the passphrase of that time. BT_E_BUSY: there is a vault already; nothing is overwritten. What was erased after the
   backup comes back as bytes, but not as a face that may be worn: its receipts say withdrawn. */
BT_CHECKED bt_status bt_vault_restore(const struct bt_vault_params *params, const char *file,
                                      const struct bt_secret *passphrase);

#endif
