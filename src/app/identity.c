/* SPDX-License-Identifier: MIT */
/* bauta identity: lending a face, borrowing one, and ending that. */
#include "app/app.h"

#include "app/files.h"
#include "app/person.h"
#include "app/terminal.h"
#include "base/clock.h"
#include "base/log.h"
#include "identity/identity.h"
#include "trust/consent/notice.h"
#include "trust/pack/pack.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const int64_t SECOND_NS = 1000000000;
static const size_t PACK_MOST_BYTES = BT_PACK_IDENTITY_MOST_BYTES + 4096;

static int64_t now_s(void) {
    return bt_clock_wall_ns() / SECOND_NS;
}

/* This installation's public key: what somebody needs to lend a face to it. */
static bt_status show_key(const struct bt_trust *trust) {
    char hex[2 * BT_SEAL_PUBLIC_BYTES + 1];
    bt_seal_hex_encode(bt_seal_signer_public(trust->signer), BT_SEAL_PUBLIC_BYTES, hex);
    printf("%s\n", hex);
    return BT_OK;
}

/* 2027-01-31: the end of that day, UTC. */
static bool parse_day(const char *text, int64_t *out_s) {
    struct tm utc = {0};
    char rest;
    if (sscanf(text, "%4d-%2d-%2d%c", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &rest) != 3) return false;
    int month = utc.tm_mon - 1, day = utc.tm_mday;
    utc.tm_year -= 1900;
    utc.tm_mon = month;
    *out_s = (int64_t)timegm(&utc) + 86399;
    return utc.tm_mon == month && utc.tm_mday == day; /* the 31st of February becomes a March day */
}

static bt_status parse_purposes(const struct bt_app *app, uint32_t *out_purposes) {
    static const struct {
        const char *word;
        uint32_t purpose;
    } known[] = {{"wear-live", BT_PURPOSE_WEAR_LIVE}, {"record", BT_PURPOSE_RECORD}, {"unattended", BT_PURPOSE_UNATTENDED}};
    const struct bt_app_texts *given = &app->options.purpose;
    uint32_t purposes = 0;
    for (uint32_t i = 0; i < given->count; i++) {
        size_t k = 0;
        while (k < BT_COUNT(known) && strcmp(given->at[i], known[k].word) != 0) k++;
        if (k == BT_COUNT(known)) {
            bt_log_error(app->log, "--purpose %s: wear-live, record or unattended", given->at[i]);
            return BT_E_ARGUMENT;
        }
        purposes |= known[k].purpose;
    }
    *out_purposes = purposes ? purposes : (uint32_t)BT_PURPOSE_WEAR_LIVE;
    return BT_OK;
}

static bt_status check_export(const struct bt_app *app, struct bt_pack_terms *terms) {
    const struct bt_app_options *o = &app->options;
    terms->made_s = now_s();
    if (!o->to || !o->until || !o->output) {
        bt_log_error(app->log,
                     "bauta identity export NAME --to PUBLICKEY --until YYYY-MM-DD --output FILE [--uses N] [--purpose P]");
        return BT_E_ARGUMENT;
    }
    if (bt_seal_hex_decode(o->to, terms->recipient, sizeof terms->recipient)) {
        bt_log_error(app->log, "--to %s: expected the 64 digits that `bauta identity key` prints at the recipient's", o->to);
        return BT_E_ARGUMENT;
    }
    if (!parse_day(o->until, &terms->until_s) || terms->until_s <= terms->made_s) {
        bt_log_error(app->log, "--until %s: expected a day to come, such as 2027-01-31", o->until);
        return BT_E_ARGUMENT;
    }
    if (o->uses > UINT32_MAX) {
        bt_log_error(app->log, "--uses: too many");
        return BT_E_ARGUMENT;
    }
    terms->uses_most = (uint32_t)o->uses;
    return parse_purposes(app, &terms->purposes);
}

static bt_status subject_of(struct bt_log *log, const struct bt_sealed *sealed, struct bt_signer **out_signer) {
    struct bt_secret *seed = NULL;
    bt_status status = bt_secret_create(log, sizeof sealed->seed, &seed);
    if (!status) {
        memcpy(bt_secret_data(seed), sealed->seed, sizeof sealed->seed);
        status = bt_seal_signer_create(log, seed, out_signer);
    }
    bt_secret_destroy(&seed);
    return status;
}

/* Lending is a purpose of its own, and nobody can lend more than they agreed to. */
static bt_status may_lend(const struct bt_trust *trust, const char *identity_id, const struct bt_pack_terms *terms,
                          struct bt_consent_state *out_state) {
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    struct bt_ledger *ledger = NULL;
    bt_status status = bt_ledger_read(&params, &ledger);
    if (!status) status = bt_ledger_state(ledger, identity_id, now_s(), out_state);
    bt_ledger_free(&ledger);
    if (status) return status;
    const struct bt_receipt *r = &out_state->last;
    const char *why = out_state->why_not;
    if (!why && !(r->purposes & BT_PURPOSE_LEND)) why = "its owner has not agreed to lending";
    if (!why && terms->purposes & ~r->purposes) why = "its owner has not agreed to that purpose";
    if (!why && terms->until_s > r->valid_until_s)
        why = "that is longer than the consent holds: bauta consent list says until when";
    if (!why) return BT_OK;
    bt_log_error(trust->log, "the face is not lent: %s", why);
    return BT_E_CONSENT;
}

static bt_status agree_to_lend(const struct bt_app *app, const struct bt_pack_terms *terms) {
    char answer[64] = "", purposes[BT_RECEIPT_WORDS], uses[32] = "as often as they like", prompt[1024];
    bt_receipt_purposes(terms->purposes, false, purposes);
    if (terms->uses_most) snprintf(uses, sizeof uses, "%" PRIu32 " times", terms->uses_most);
    snprintf(prompt, sizeof prompt,
             "\nWhoever has the key %.16s… can then wear your face: %s, %s, until %s.\n"
             "Their bauta keeps to that. You can withdraw it with `bauta identity withdraw`, and they must be told.\n\n"
             "Do you, whose face it is, agree? Type yes, anything else to leave: ",
             app->options.to, purposes, uses, app->options.until);
    bt_status status = bt_terminal_line(prompt, answer, sizeof answer);
    if (!status && !bt_notice_agrees(answer)) status = BT_E_CONSENT;
    if (status) bt_log_info(app->log, "nothing is lent");
    return status;
}

/* A lent face's record in the vault goes by the pack's own id: what is gone does not come back by the same file. */
static void vault_id_of(const char *pack_id, char out_id[BT_VAULT_ID_HEX]) {
    snprintf(out_id, BT_VAULT_ID_HEX, "%.8s%.4s%.4s%.4s%.12s", pack_id, pack_id + 9, pack_id + 14, pack_id + 19, pack_id + 24);
}

/* A receipt of its own: a consent that was asked for and given at once, for this recipient. */
static bt_status write_receipts(const struct bt_trust *trust, const struct bt_app *app, const struct bt_receipt *own,
                                const struct bt_pack_terms *terms) {
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    struct bt_receipt r = *own;
    memcpy(r.record_id, terms->pack_id, sizeof r.record_id);
    vault_id_of(terms->pack_id, r.identity_id);
    snprintf(r.recipient, sizeof r.recipient, "%s", app->options.to);
    r.purposes = terms->purposes;
    r.uses_most = terms->uses_most;
    r.valid_until_s = terms->until_s;
    r.event_s = terms->made_s;
    r.event = BT_RECEIPT_REQUESTED;
    r.receipt_id[0] = 0;
    bt_status status = bt_ledger_append(&params, &r);
    r.event = BT_RECEIPT_GIVEN;
    r.receipt_id[0] = 0;
    return status ? status : bt_ledger_append(&params, &r);
}

static bt_status lend(const struct bt_app *app, const struct bt_trust *trust, const char *name) {
    struct bt_pack_terms terms = {0};
    struct bt_vault *vault = NULL;
    struct bt_person person = {0};
    struct bt_signer *subject = NULL;
    struct bt_consent_state state;
    uint8_t *pack = NULL;
    size_t size = 0;
    bt_status status = check_export(app, &terms);
    if (!status) status = bt_trust_unlock(trust, &vault);
    if (!status) status = bt_person_find_name(trust, vault, name, &person);
    if (status == BT_E_NOT_FOUND && vault) bt_log_error(trust->log, "nobody called %s is enrolled here", name);
    bt_vault_close(&vault);
    if (!status) status = may_lend(trust, person.id, &terms, &state);
    if (!status) status = agree_to_lend(app, &terms);
    if (!status) {
        snprintf(terms.name, sizeof terms.name, "%s", name);
        memcpy(terms.record_id, person.sealed.record_id, sizeof terms.record_id);
        terms.lost = state.last.lost;
        status = subject_of(app->log, &person.sealed, &subject);
    }
    if (!status) status = bt_pack_make(app->log, subject, &terms, person.sealed.identity, &pack, &size);
    if (!status) status = write_receipts(trust, app, &state.last, &terms); /* on record before it can leave */
    if (!status) status = bt_files_write(app->log, app->options.output, pack, size);
    if (!status)
        printf("lent as %s, in %s\nTo end it: bauta identity withdraw %.8s --output FILE\n", terms.pack_id, app->options.output,
               terms.pack_id);
    free(pack);
    bt_seal_signer_destroy(&subject);
    bt_person_finish(&person);
    return status;
}

static bt_status borrow(const struct bt_app *app, const struct bt_trust *trust, struct bt_bytes file) {
    struct bt_pack_state state = {.last_s = now_s()};
    struct bt_secret *identity = NULL, *record = NULL;
    struct bt_identity *face = NULL;
    struct bt_vault *vault = NULL;
    char id[BT_VAULT_ID_HEX], purposes[BT_RECEIPT_WORDS];
    bt_status status = bt_pack_open(app->log, trust->signer, file, now_s(), &state.terms, &identity);
    if (!status) status = bt_identity_decode(app->log, bt_secret_bytes(identity), &face);
    bt_identity_destroy(&face);
    if (!status) status = bt_trust_unlock_or_make(trust, &vault);
    if (!status) status = bt_pack_keep(app->log, &state, bt_secret_bytes(identity), &record);
    if (!status) {
        vault_id_of(state.terms.pack_id, id);
        status = bt_vault_put_new(vault, id, BT_VAULT_LENT, 1, bt_secret_bytes(record));
        if (status == BT_E_BUSY) {
            bt_log_error(app->log,
                         "that face is here, or was: its uses are not counted anew, and what is gone does not come back");
            status = BT_E_CONSENT;
        }
    }
    bt_vault_close(&vault);
    bt_secret_destroy(&identity);
    bt_secret_destroy(&record);
    if (status) return status;
    bt_receipt_purposes(state.terms.purposes, false, purposes);
    printf("%s is lent to you: %s", state.terms.name, purposes);
    if (state.terms.uses_most) printf(", at most %" PRIu32 " sessions", state.terms.uses_most);
    printf(".\nWear it: bauta run --face %s\n", state.terms.name);
    return BT_OK;
}

static bt_status give_up(const struct bt_app *app, const struct bt_trust *trust, struct bt_bytes file) {
    char pack_id[BT_RECEIPT_UUID], id[BT_VAULT_ID_HEX];
    uint8_t subject[BT_SEAL_PUBLIC_BYTES];
    struct bt_vault *vault = NULL;
    struct bt_secret *record = NULL;
    struct bt_pack_state state;
    struct bt_bytes identity;
    uint32_t version = 0;
    bt_status status = bt_pack_withdrawal_read(app->log, file, pack_id, subject);
    if (!status) status = bt_trust_unlock(trust, &vault);
    if (!status) {
        vault_id_of(pack_id, id);
        status = bt_vault_get(vault, id, BT_VAULT_LENT, &version, &record);
        if (status == BT_E_NOT_FOUND) bt_log_error(app->log, "the face that this withdraws is not here");
    }
    if (!status) status = bt_pack_recall(app->log, bt_secret_bytes(record), &state, &identity);
    if (!status && memcmp(state.terms.subject, subject, sizeof subject) != 0) {
        bt_log_error(app->log, "the withdrawal is not signed by the face's owner");
        status = BT_E_CONSENT;
    }
    bt_secret_destroy(&record);
    if (!status) status = bt_vault_forget(vault, id);
    bt_vault_close(&vault);
    if (!status) printf("its owner has withdrawn it: its key is destroyed here\n");
    return status;
}

static bt_status import(const struct bt_app *app, const struct bt_trust *trust, const char *path) {
    struct bt_bytes file = {0};
    bt_status status = bt_files_read(app->log, path, PACK_MOST_BYTES, &file);
    if (!status) status = bt_pack_is_withdrawal(file) ? give_up(app, trust, file) : borrow(app, trust, file);
    free((void *)(uintptr_t)file.data);
    return status;
}

/* The note, signed by the face's owner. */
static bt_status sign_note(const struct bt_trust *trust, const struct bt_receipt *lent, uint8_t **out_note, size_t *out_size) {
    struct bt_vault *vault = NULL;
    struct bt_person person = {0};
    struct bt_signer *subject = NULL;
    bt_status status = bt_trust_unlock(trust, &vault);
    if (!status) status = bt_person_find_digest(trust, vault, lent->identity_sha256, &person);
    if (status == BT_E_NOT_FOUND && vault)
        bt_log_error(trust->log, "the face itself is no longer here, so nobody can sign its withdrawal");
    bt_vault_close(&vault);
    if (!status) status = subject_of(trust->log, &person.sealed, &subject);
    if (!status) status = bt_pack_withdrawal_make(trust->log, subject, lent->record_id, now_s(), out_note, out_size);
    bt_seal_signer_destroy(&subject);
    bt_person_finish(&person);
    return status;
}

/* By the owner: the receipt, and the note that whoever borrowed it imports. */
static bt_status withdraw(const struct bt_app *app, const struct bt_trust *trust, const char *letters) {
    const struct bt_ledger_params params = bt_trust_ledger(trust);
    struct bt_ledger *ledger = NULL;
    struct bt_receipt last;
    uint8_t *note = NULL;
    size_t size = 0;
    if (!app->options.output) {
        bt_log_error(app->log, "bauta identity withdraw ID --output FILE: the file is for whoever borrowed the face");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_ledger_read(&params, &ledger);
    const struct bt_receipt *found = status ? NULL : bt_ledger_find(ledger, letters);
    if (!status && (!found || !*found->recipient)) {
        bt_log_error(app->log, "%s: no face was lent under that ID; bauta consent list shows them", letters);
        status = BT_E_NOT_FOUND;
    }
    if (!status) last = *found;
    bt_ledger_free(&ledger);
    if (!status) status = sign_note(trust, &last, &note, &size);
    if (!status && (last.event == BT_RECEIPT_GIVEN || last.event == BT_RECEIPT_RENEWED))
        status = bt_trust_end(trust, &last, BT_RECEIPT_WITHDRAWN);
    if (!status) status = bt_files_write(app->log, app->options.output, note, size);
    free(note);
    if (!status)
        printf(
            "withdrawn. Give %s to whoever borrowed the face:\n`bauta identity import` ends it there, also while it is worn\n",
            app->options.output);
    return status;
}

bt_status bt_app_identity(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    struct bt_trust trust;
    const char *word = o->words ? o->word[0] : "";
    bool key = !strcmp(word, "key") && o->words == 1;
    bool others = (!strcmp(word, "export") || !strcmp(word, "import") || !strcmp(word, "withdraw")) && o->words == 2;
    if (!key && !others) {
        bt_log_error(app->log, "bauta identity key, export NAME …, import FILE, or withdraw ID --output FILE");
        return BT_E_ARGUMENT;
    }
    bt_status status = bt_secret_harden(app->log);
    if (!status) status = bt_trust_open(app->log, &trust);
    if (status) return status;
    if (key) status = show_key(&trust);
    if (*word == 'e') status = lend(app, &trust, o->word[1]);
    if (*word == 'i') status = import(app, &trust, o->word[1]);
    if (*word == 'w') status = withdraw(app, &trust, o->word[1]);
    bt_trust_close(&trust);
    return status;
}
