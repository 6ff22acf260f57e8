/* SPDX-License-Identifier: MIT */
/* Wearing a person's face: out of the vault, by the receipts or by what was lent. */
#include "app/person.h"

#include "app/worn.h"
#include "base/clock.h"
#include "base/log.h"
#include "identity/identity.h"
#include "trust/chain/chain.h"
#include "trust/vault/digest.h"

#include <stdlib.h>
#include <string.h>

static const int64_t SECOND_NS = 1000000000;
static const char ANOTHER_FACE[] = "the face is no longer the one that was agreed to";

static int64_t now_s(void) {
    return bt_clock_wall_ns() / SECOND_NS;
}

static bt_status digest_of(struct bt_bytes bytes, char out_hex[BT_RECEIPT_DIGEST]) {
    return bt_vault_sha256_hex(bytes.data, bytes.size, out_hex);
}

static bt_status wear(struct bt_log *log, struct bt_bytes bytes, const char *name, struct bt_worn *worn) {
    struct bt_identity *identity = NULL;
    bt_status status = bt_identity_decode(log, bytes, &identity);
    if (!status && strcmp(identity->name, name) != 0) status = BT_E_NOT_FOUND;
    if (!status) status = digest_of(bytes, worn->identity_sha256);
    if (!status) status = bt_identity_wear(identity, &worn->mask);
    bt_identity_destroy(&identity);
    return status;
}

/* The receipts must speak of these very bytes. */
static bt_status find_consent(const struct bt_trust *trust, const struct bt_sealed *sealed, struct bt_log *log,
                              struct bt_worn *worn) {
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    struct bt_ledger *ledger = NULL;
    char templates[BT_RECEIPT_DIGEST] = "";
    bt_status status = bt_ledger_read(&params, &ledger);
    if (!status) status = bt_ledger_state(ledger, worn->identity_id, now_s(), &worn->own);
    bt_ledger_free(&ledger);
    if (status == BT_E_NOT_FOUND) {
        bt_log_error(log, "no receipt says that this face's owner ever agreed: it is not worn");
        return BT_E_CONSENT;
    }
    if (!status) status = digest_of(sealed->templates, templates);
    if (status) return status;
    if (!worn->own.usable) {
        bt_log_error(log, "the face is not worn: %s", worn->own.why_not);
        return BT_E_CONSENT;
    }
    if (strcmp(worn->own.last.identity_sha256, worn->identity_sha256) != 0 ||
        strcmp(worn->own.last.template_sha256, templates) != 0 || strcmp(worn->own.last.record_id, sealed->record_id) != 0) {
        bt_log_error(log, "the face is not the one that its owner agreed to: its key is destroyed");
        worn->own.why_not = ANOTHER_FACE;
        return BT_E_CONSENT;
    }
    return BT_OK;
}

/* BT_E_NOT_FOUND: that record is somebody else's. */
static bt_status try_own(const struct bt_trust *trust, struct bt_bytes record, const char *name, struct bt_log *log,
                         struct bt_worn *worn) {
    struct bt_sealed sealed;
    bt_status status = bt_sealed_decode(trust->log, record, &sealed);
    if (!status) status = wear(trust->log, sealed.identity, name, worn);
    if (!status) status = find_consent(trust, &sealed, log, worn);
    if (!status) status = bt_secret_create(trust->log, sealed.templates.size, &worn->templates);
    if (!status) memcpy(bt_secret_data(worn->templates), sealed.templates.data, sealed.templates.size);
    return status;
}

struct counting {
    const char *pack_id;
    uint32_t uses;
};

static bt_status count_line(void *user, const char *line) {
    struct counting *c = user;
    c->uses += strstr(line, c->pack_id) && (strstr(line, "\"consent.given\"") || strstr(line, "\"consent.not-needed\""));
    return BT_OK;
}

/* The session log has counted too, and cannot be put back with the vault alone. */
static bt_status count_uses(const struct bt_trust *trust, struct bt_pack_state *state) {
    struct counting c = {.pack_id = state->terms.pack_id};
    struct bt_chain_report report;
    bt_status status = bt_chain_walk(trust->log, trust->audit, bt_seal_signer_public(trust->signer), count_line, &c, &report);
    if (status == BT_E_NOT_FOUND) return BT_OK;
    if (status == BT_E_FORMAT) {
        bt_log_error(trust->log, "the session log was changed, and so a lent face is not worn: bauta audit verify says where");
        return BT_E_CONSENT;
    }
    if (c.uses > state->uses) state->uses = c.uses;
    return status;
}

static bt_status try_lent(const struct bt_trust *trust, struct bt_bytes record, const char *name, uint32_t purposes,
                          struct bt_log *log, struct bt_worn *worn) {
    struct bt_pack_state state, tried;
    struct bt_bytes identity;
    bt_status status = bt_pack_recall(trust->log, record, &state, &identity);
    if (!status && strcmp(state.terms.name, name) != 0) return BT_E_NOT_FOUND;
    if (!status) status = count_uses(trust, &state);
    tried = state; /* counted only when the session is agreed to */
    if (!status) status = bt_pack_use(log, &tried, purposes, now_s());
    if (!status) {
        struct bt_identity *face = NULL;
        status = bt_identity_decode(trust->log, identity, &face);
        if (!status) status = digest_of(identity, worn->identity_sha256);
        if (!status) status = bt_identity_wear(face, &worn->mask);
        bt_identity_destroy(&face);
    }
    worn->lent = true;
    worn->pack = tried;
    return status;
}

/* One record, whatever was tried before it; BT_E_NOT_FOUND: it is somebody else's, or damaged (said; others may be whole).
   `log` is told why a face is refused. */
static bt_status try_record(const struct bt_trust *trust, struct bt_vault *vault, const struct bt_vault_entry *entry,
                            const char *name, uint32_t purposes, struct bt_log *log, struct bt_worn *worn) {
    struct bt_secret *record = NULL;
    uint32_t version = 0;
    bool own = entry->kind == BT_VAULT_IDENTITY;
    if (entry->gone || (!own && entry->kind != BT_VAULT_LENT)) return BT_E_NOT_FOUND;
    if (bt_vault_get(vault, entry->id, entry->kind, &version, &record)) return BT_E_NOT_FOUND;
    *worn = (struct bt_worn){.passphrase = worn->passphrase};
    memcpy(worn->identity_id, entry->id, sizeof worn->identity_id);
    bt_status status = own ? try_own(trust, bt_secret_bytes(record), name, log, worn)
                           : try_lent(trust, bt_secret_bytes(record), name, purposes, log, worn);
    bt_secret_destroy(&record);
    if (status) bt_identity_unwear(&worn->mask);
    return status == BT_E_FORMAT ? BT_E_NOT_FOUND : status;
}

bt_status bt_worn_person(const struct bt_trust *trust, const char *name, uint32_t purposes, struct bt_worn *out_worn) {
    struct bt_vault *vault = NULL;
    struct bt_vault_entry *entries = NULL;
    struct bt_worn worn = {0};
    uint32_t count = 0, refused = 0;
    bt_status status = bt_vault_exists(trust->vault) ? bt_trust_unlock_keep(trust, &vault, &worn.passphrase) : BT_E_NOT_FOUND;
    if (!status) status = bt_vault_entries(vault, &entries, &count);
    bt_status found = BT_E_NOT_FOUND;
    /* The same face may have been lent more than once: one that is spent does not stand before one that is not. */
    for (uint32_t i = 0; !status && i < count && (found == BT_E_NOT_FOUND || found == BT_E_CONSENT); i++) {
        bt_status tried = try_record(trust, vault, &entries[i], name, purposes, NULL, &worn);
        if (tried == BT_E_CONSENT) refused = i;
        if (tried != BT_E_NOT_FOUND) found = tried;
    }
    if (!status && found == BT_E_CONSENT)
        found = try_record(trust, vault, &entries[refused], name, purposes, trust->log, &worn);
    bt_vault_close(&vault);
    free(entries);
    if (!status && found == BT_E_CONSENT && worn.own.why_not == ANOTHER_FACE)
        status = bt_trust_end(trust, &worn.own.last, BT_RECEIPT_INVALIDATED);
    if (!status) status = found;
    if (status == BT_E_NOT_FOUND)
        bt_log_error(trust->log, "there is no mask called %s, and nobody enrolled or lent a face of that name", name);
    if (status)
        bt_worn_finish(&worn);
    else
        *out_worn = worn;
    return status;
}

static bt_status count_lent(const struct bt_trust *trust, struct bt_worn *worn, uint32_t purposes) {
    const struct bt_vault_params params = bt_trust_vault(trust);
    struct bt_vault *vault = NULL;
    struct bt_secret *record = NULL, *fresh = NULL;
    struct bt_pack_state state;
    struct bt_bytes identity;
    uint32_t version = 0;
    bt_status status = bt_vault_open(&params, worn->passphrase, &vault);
    if (!status) status = bt_vault_get(vault, worn->identity_id, BT_VAULT_LENT, &version, &record);
    if (!status) status = bt_pack_recall(trust->log, bt_secret_bytes(record), &state, &identity);
    /* As it is now: another session may have begun meanwhile. */
    if (!status) status = bt_pack_use(trust->log, &state, purposes, now_s());
    if (!status) status = bt_pack_keep(trust->log, &state, identity, &fresh);
    if (!status) status = bt_vault_put(vault, BT_VAULT_LENT, version, bt_secret_bytes(fresh), worn->identity_id);
    bt_secret_destroy(&fresh);
    bt_secret_destroy(&record);
    bt_vault_close(&vault);
    return status;
}

bt_status bt_worn_count(const struct bt_trust *trust, struct bt_worn *worn, uint32_t purposes) {
    bt_status status = worn->lent ? count_lent(trust, worn, purposes) : BT_OK;
    bt_secret_destroy(&worn->passphrase);
    return status;
}

bool bt_worn_holds(const struct bt_trust *trust, const struct bt_worn *worn) {
    const struct bt_vault_params params = bt_trust_vault(trust);
    const struct bt_ledger_params receipts = bt_trust_ledger(trust);
    struct bt_vault_entry *entries = NULL;
    struct bt_ledger *ledger = NULL;
    struct bt_consent_state state = {0};
    uint32_t count = 0;
    bool there = false, agreed = worn->lent;
    if (bt_vault_list(&params, &entries, &count)) return false;
    for (uint32_t i = 0; i < count; i++) there |= !strcmp(entries[i].id, worn->identity_id) && !entries[i].gone;
    free(entries);
    if (!worn->lent && !bt_ledger_read(&receipts, &ledger))
        agreed = !bt_ledger_state(ledger, worn->identity_id, now_s(), &state) && state.usable;
    bt_ledger_free(&ledger);
    return there && agreed;
}

void bt_worn_finish(struct bt_worn *worn) {
    bt_identity_unwear(&worn->mask);
    bt_secret_destroy(&worn->passphrase);
    bt_secret_destroy(&worn->templates);
}

static bt_status has_name(const struct bt_trust *trust, const struct bt_sealed *sealed, const char *name, bool *out_is) {
    struct bt_identity *identity = NULL;
    bt_status status = bt_identity_decode(trust->log, sealed->identity, &identity);
    if (!status) *out_is = !strcmp(identity->name, name);
    bt_identity_destroy(&identity);
    return status;
}

static bt_status has_digest(const struct bt_trust *trust, const struct bt_sealed *sealed, const char *wanted, bool *out_is) {
    char digest[BT_RECEIPT_DIGEST];
    (void)trust;
    bt_status status = digest_of(sealed->identity, digest);
    if (!status) *out_is = !strcmp(digest, wanted);
    return status;
}

static bt_status find(const struct bt_trust *trust, struct bt_vault *vault, const char *wanted,
                      bt_status (*look)(const struct bt_trust *, const struct bt_sealed *, const char *, bool *out_is),
                      struct bt_person *out_person) {
    struct bt_vault_entry *entries = NULL;
    uint32_t count = 0;
    bool found = false;
    bt_status status = bt_vault_entries(vault, &entries, &count);
    for (uint32_t i = 0; !status && !found && i < count; i++) {
        struct bt_person p = {0};
        uint32_t version = 0;
        if (entries[i].gone || entries[i].kind != BT_VAULT_IDENTITY) continue;
        memcpy(p.id, entries[i].id, sizeof p.id);
        status = bt_vault_get(vault, p.id, BT_VAULT_IDENTITY, &version, &p.record);
        if (!status) status = bt_sealed_decode(trust->log, bt_secret_bytes(p.record), &p.sealed);
        if (!status) status = look(trust, &p.sealed, wanted, &found);
        if (status == BT_E_FORMAT) status = BT_OK; /* damaged, as the log says: others may be whole */
        if (found)
            *out_person = p;
        else
            bt_person_finish(&p);
    }
    free(entries);
    return status ? status : found ? BT_OK : BT_E_NOT_FOUND;
}

bt_status bt_person_find_name(const struct bt_trust *trust, struct bt_vault *vault, const char *name,
                              struct bt_person *out_person) {
    return find(trust, vault, name, has_name, out_person);
}

bt_status bt_person_find_digest(const struct bt_trust *trust, struct bt_vault *vault, const char *identity_sha256,
                                struct bt_person *out_person) {
    return find(trust, vault, identity_sha256, has_digest, out_person);
}

void bt_person_finish(struct bt_person *person) {
    bt_secret_destroy(&person->record);
    bt_secret_wipe(person, sizeof *person);
}
