/* SPDX-License-Identifier: MIT */
/* The report's parts that rest on what this installation keeps: consents, vault, session log, manifests. Read, never changed.
 */
#include "app/compliance.h"

#include "app/files.h"
#include "app/trust.h"
#include "base/clock.h"
#include "base/log.h"
#include "trust/audit/audit.h"
#include "trust/manifest/manifest.h"
#include "trust/vault/digest.h"

#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SHORT_KEY = 16 };
static const int64_t SECOND_NS = 1000000000;

struct bt_compliance_trust {
    struct bt_trust trust; /* its signer is NULL where nothing was ever signed: none is made */
    char sessions[PATH_MAX];
    int64_t now_s;
};

bt_status bt_compliance_trust_open(struct bt_app *app, struct bt_compliance_trust **out_trust) {
    char key[PATH_MAX + 16];
    struct bt_compliance_trust *t = calloc(1, sizeof *t);
    if (!t) return BT_E_MEMORY;
    t->trust.log = app->log;
    t->now_s = bt_clock_wall_ns() / SECOND_NS;
    bt_status status = bt_files_vault(t->trust.vault, sizeof t->trust.vault);
    if (!status) status = bt_files_receipts(t->trust.receipts, sizeof t->trust.receipts);
    if (!status) status = bt_files_audit(t->trust.audit, sizeof t->trust.audit);
    if (!status) status = bt_files_session(NULL, t->sessions, sizeof t->sessions);
    if (status) bt_log_error(app->log, "there is no home folder to report on: set HOME");
    snprintf(key, sizeof key, "%s/device.key", t->trust.vault);
    const struct bt_vault_params vault = bt_trust_vault(&t->trust);
    if (!status && !access(key, F_OK)) status = bt_vault_device_signer(&vault, &t->trust.signer);
    if (status)
        bt_compliance_trust_close(&t);
    else
        *out_trust = t;
    return status;
}

void bt_compliance_trust_close(struct bt_compliance_trust **trust) {
    if (!*trust) return;
    bt_trust_close(&(*trust)->trust);
    free(*trust);
    *trust = NULL;
}

json_t *bt_compliance_key(const struct bt_compliance_trust *t) {
    char fingerprint[BT_MANIFEST_FINGERPRINT] = "";
    const struct bt_signer *signer = t->trust.signer;
    if (signer && bt_manifest_fingerprint(bt_seal_signer_public(signer), fingerprint)) return NULL;
    return json_pack("{s:b,s:s}", "made", signer != NULL, "fingerprint", fingerprint);
}

static json_t *moment(int64_t s) {
    char text[BT_CLOCK_UTC_BYTES];
    return s && bt_clock_utc(s, text) ? json_string(text) : json_null();
}

/* --- consents --- */

static json_t *consent_of(const struct bt_receipt *r, const struct bt_consent_state *state) {
    char purposes[BT_RECEIPT_WORDS];
    const bool face = strcmp(r->identity_id, BT_RECEIPT_NO_FACE) != 0;
    bt_receipt_purposes(r->purposes, false, purposes);
    json_t *json =
        json_pack("{s:s,s:s,s:s,s:s,s:o,s:b,s:s?,s:s,s:o,s:b,s:s,s:i}", "record", r->record_id, "subject", r->subject, "about",
                  face ? "an enrolled face" : "sessions that start with nobody to ask", "last_event",
                  bt_receipt_event_word(r->event), "at", moment(r->event_s), "in_force", state->usable, "why_not",
                  state->usable ? NULL : state->why_not, "purposes", purposes, "valid_until", moment(r->valid_until_s), "adult",
                  r->adult, "liveness", r->liveness, "notice_version", (int)r->notice_version);
    if (json && *r->recipient) /* the key of another installation, no name */
        json_object_set_new(json, "lent_to_key", json_sprintf("%.*s", SHORT_KEY, r->recipient));
    if (json && r->match_threshold > 0)
        json_object_set_new(json, "matched",
                            json_pack("{s:f,s:f,s:s}", "threshold", (double)r->match_threshold, "fmr", (double)r->match_fmr,
                                      "claim", r->match_claim));
    return json;
}

static bt_status read_ledger(const struct bt_compliance_trust *t, struct bt_ledger **out_ledger) {
    const struct bt_ledger_params params = bt_trust_ledger(&t->trust);
    if (t->trust.signer) return bt_ledger_read(&params, out_ledger);
    return access(t->trust.receipts, F_OK) ? BT_OK : BT_E_FORMAT;
}

json_t *bt_compliance_consents(const struct bt_compliance_trust *t, json_t *attention) {
    struct bt_ledger *ledger = NULL;
    const bt_status status = read_ledger(t, &ledger);
    const uint32_t count = ledger ? bt_ledger_count(ledger) : 0;
    uint32_t in_force = 0;
    json_t *list = json_array();
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_receipt *r = bt_ledger_at(ledger, i);
        struct bt_consent_state state;
        if (bt_ledger_find(ledger, r->record_id) != r || bt_ledger_state(ledger, r->identity_id, t->now_s, &state)) continue;
        json_array_append_new(list, consent_of(r, &state));
        in_force += state.usable;
        if (!state.usable && (r->event == BT_RECEIPT_GIVEN || r->event == BT_RECEIPT_RENEWED))
            json_array_append_new(attention, json_sprintf("Consent %.8s is not in force: %s.", r->record_id, state.why_not));
    }
    if (status)
        json_array_append_new(attention, json_string("The consent receipts are not as they were left, or cannot be read: no "
                                                     "enrolled face is worn."));
    bt_ledger_free(&ledger);
    return json_pack("{s:b,s:i,s:i,s:o}", "whole", !status, "receipts", (int)count, "in_force", (int)in_force, "consents",
                     list);
}

/* --- vault --- */

json_t *bt_compliance_vault(const struct bt_compliance_trust *t, json_t *attention) {
    const struct bt_vault_params params = bt_trust_vault(&t->trust);
    struct bt_vault_entry *entries = NULL;
    uint32_t count = 0, faces = 0, lent = 0, gone = 0;
    struct stat st;
    if (!bt_vault_exists(t->trust.vault))
        return json_pack("{s:b,s:s}", "exists", 0, "state", "there is none: nobody has enrolled a face here");
    const bool private = !stat(t->trust.vault, &st) && !(st.st_mode & 077) && st.st_uid == geteuid();
    const bt_status status = bt_vault_list(&params, &entries, &count);
    for (uint32_t i = 0; i < count; i++) {
        gone += entries[i].gone;
        faces += !entries[i].gone && entries[i].kind == BT_VAULT_IDENTITY;
        lent += !entries[i].gone && entries[i].kind == BT_VAULT_LENT;
    }
    free(entries);
    if (!private) json_array_append_new(attention, json_string("Others than its owner may look into the vault's folder."));
    if (status && status != BT_E_BUSY)
        json_array_append_new(attention, json_string("The vault's list of records cannot be read."));
    json_t *out = json_pack("{s:b,s:s,s:b,s:s}", "exists", 1, "state",
                            !status               ? "locked: not opened for this report"
                            : status == BT_E_BUSY ? "locked, and in use by another bauta: not counted"
                                                  : "its list of records cannot be read",
                            "private", private, "cipher",
                            "XChaCha20-Poly1305, a key a record; under a passphrase by Argon2id, or the desktop's keyring");
    if (out && !status) {
        json_object_set_new(out, "faces", json_integer(faces));
        json_object_set_new(out, "faces_lent_here", json_integer(lent));
        json_object_set_new(out, "erased", json_integer(gone));
    }
    return out;
}

/* --- session log --- */

struct log_lines {
    json_t *events; /* how often each */
    char first[BT_CLOCK_UTC_BYTES], last[BT_CLOCK_UTC_BYTES], head[BT_VAULT_SHA256_HEX];
};

static bt_status count_line(void *user, const char *text) {
    struct log_lines *l = user;
    json_t *line = json_loads(text, 0, NULL);
    if (!line) return BT_E_MEMORY;
    const char *time = json_string_value(json_object_get(line, "time"));
    const char *event = json_string_value(json_object_get(line, "event"));
    if (!*l->first) snprintf(l->first, sizeof l->first, "%s", time ? time : "");
    snprintf(l->last, sizeof l->last, "%s", time ? time : "");
    if (event) json_object_set_new(l->events, event, json_integer(1 + json_integer_value(json_object_get(l->events, event))));
    json_decref(line);
    return bt_vault_sha256_hex(text, strlen(text), l->head);
}

json_t *bt_compliance_audit(const struct bt_compliance_trust *t, json_t *attention) {
    const struct bt_signer *signer = t->trust.signer;
    struct log_lines l = {.events = json_object()};
    struct bt_chain_report r = {0};
    bt_status status =
        bt_chain_walk(t->trust.log, t->trust.audit, signer ? bt_seal_signer_public(signer) : NULL, count_line, &l, &r);
    if (status == BT_E_NOT_FOUND) status = BT_OK; /* no session yet */
    const char *why = !status ? NULL : r.why ? r.why : "it cannot be read";
    if (status && r.bad_line)
        json_array_append_new(attention, json_sprintf("The session log was changed at line %" JSON_INTEGER_FORMAT ": %s.",
                                                      (json_int_t)r.bad_line, why));
    else if (status)
        json_array_append_new(attention, json_string("The session log cannot be read to its end."));
    if (r.unsigned_lines && signer)
        json_array_append_new(attention, json_sprintf("%" JSON_INTEGER_FORMAT " lines of the session log are from before lines "
                                                      "were signed.",
                                                      (json_int_t)r.unsigned_lines));
    return json_pack("{s:b,s:s?,s:I,s:I,s:I,s:s,s:s,s:s,s:o,s:i}", "whole", !status, "why_not", why, "bad_line",
                     (json_int_t)r.bad_line, "lines", (json_int_t)r.lines, "unsigned_lines", (json_int_t)r.unsigned_lines,
                     "first", l.first, "last", l.last, "head_sha256", l.head, "events", l.events, "kept_days_least",
                     BT_AUDIT_KEPT_DAYS);
}

/* --- sessions --- */

struct sums {
    uint64_t masked, held, pauses, placards[BAUTA_STATUS_COUNT];
    uint32_t read, foreign, unreadable, running, own, lent, nobodys;
    int64_t first_s, last_s;
};

static void add_manifest(const struct bt_compliance_trust *t, const char *name, struct sums *s) {
    char path[PATH_MAX + 300];
    struct bt_bytes bytes = {0};
    struct bt_manifest m;
    const char *why = NULL;
    snprintf(path, sizeof path, "%s/%s", t->sessions, name);
    const bool good = !bt_files_read(NULL, path, BT_MANIFEST_MOST_BYTES, &bytes) && !bt_manifest_read(bytes, &m, &why);
    free((void *)(uintptr_t)bytes.data);
    if (!good) {
        s->unreadable++;
        return;
    }
    if (!t->trust.signer || memcmp(m.key, bt_seal_signer_public(t->trust.signer), sizeof m.key) != 0) {
        s->foreign++; /* whatever it says, this installation does not */
        return;
    }
    s->read++;
    s->running += m.state == BT_MANIFEST_RUNNING;
    s->own += m.role == BT_MANIFEST_OWN;
    s->lent += m.role == BT_MANIFEST_LENT;
    s->nobodys += m.role == BT_MANIFEST_SYNTHETIC;
    s->masked += m.counts.masked;
    s->held += m.counts.held;
    s->pauses += m.counts.pauses;
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) s->placards[i] += m.counts.placards[i];
    if (!s->first_s || m.start_s < s->first_s) s->first_s = m.start_s;
    if (m.end_s > s->last_s) s->last_s = m.end_s;
}

json_t *bt_compliance_sessions(const struct bt_compliance_trust *t, json_t *attention) {
    struct sums s = {0};
    DIR *dir = opendir(t->sessions);
    const struct dirent *entry;
    while (dir && (entry = readdir(dir))) {
        const size_t size = strlen(entry->d_name);
        if (size > 5 && !strcmp(entry->d_name + size - 5, ".json")) add_manifest(t, entry->d_name, &s);
    }
    if (dir) closedir(dir);
    if (s.unreadable + s.foreign)
        json_array_append_new(attention, json_sprintf("%d session manifests are damaged, or not signed by this installation.",
                                                      (int)(s.unreadable + s.foreign)));
    json_t *placards = json_object();
    uint64_t cards = 0;
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++) {
        cards += s.placards[i];
        if (s.placards[i])
            json_object_set_new(placards, bauta_status_text((bauta_status)i), json_integer((json_int_t)s.placards[i]));
    }
    return json_pack("{s:i,s:i,s:i,s:i,s:o,s:o,s:{s:i,s:i,s:i},s:{s:I,s:I,s:I,s:I},s:o,s:I}", "manifests", (int)s.read,
                     "unreadable", (int)s.unreadable, "not_signed_here", (int)s.foreign, "running_or_cut_short", (int)s.running,
                     "first", moment(s.first_s), "last", moment(s.last_s), "faces_worn", "nobodys", (int)s.nobodys, "own",
                     (int)s.own, "lent", (int)s.lent, "frames", "total", (json_int_t)(s.masked + s.held + cards), "masked",
                     (json_int_t)s.masked, "held", (json_int_t)s.held, "placards", (json_int_t)cards, "placards_by_reason",
                     placards, "times_that_masked_frames_gave_way", (json_int_t)s.pauses);
}
