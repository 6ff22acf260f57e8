/* SPDX-License-Identifier: MIT */
#include "app/compliance.h"

#include "app/files.h"
#include "app/models.h"
#include "app/profiles.h"
#include "base/clock.h"
#include "base/log.h"
#include "match/figures.h"
#include "trust/audit/audit.h"
#include "trust/receipt/receipt.h"

#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const int64_t SECOND_NS = 1000000000;

/* --- which labelling rules --- */

static json_t *profile_of(const struct bt_profile *p, json_t *attention) {
    json_t *json = bt_profiles_json(p);
    /* The rules are judged together; notes are the profile's own prose. */
    static const char *const left_out[] = {"rules", "notes", "unverified", "applies_if"};
    for (size_t i = 0; i < BT_COUNT(left_out); i++) json_object_del(json, left_out[i]);
    if (json_is_true(json_object_get(json, "stale")))
        json_array_append_new(attention, json_sprintf("Profile %s was last checked against its sources more than %d days ago.",
                                                      p->id, BT_PROFILE_STALE_DAYS));
    if (p->status == BT_PROFILE_DRAFT || p->status == BT_PROFILE_STRUCK)
        json_array_append_new(attention, json_sprintf("Profile %s is %s: no rule in force.", p->id,
                                                      p->status == BT_PROFILE_DRAFT ? "a draft" : "struck down"));
    return json;
}

json_t *bt_compliance_policy(struct bt_app *app, json_t *attention) {
    struct bt_profiles_chosen *chosen = calloc(1, sizeof *chosen);
    struct bt_profile *p = calloc(1, sizeof *p);
    json_t *profiles = json_array(), *merged = NULL, *out = NULL;
    char name[PATH_MAX];
    if (!chosen || !p) goto done;
    const bool kept = !bt_profiles_choose(app->log, &app->options.profile, chosen);
    if (!kept)
        json_array_append_new(attention, json_string("The chosen labelling profiles cannot be kept to: no session starts."));
    if (!bt_profiles_default(app->log, p)) json_array_append_new(profiles, profile_of(p, attention));
    for (uint32_t i = 0; kept && !bt_profiles_name(&app->options.profile, i, name, sizeof name); i++)
        if (!bt_profiles_load(app->log, name, p) && strcmp(p->id, chosen->id[0]) != 0)
            json_array_append_new(profiles, profile_of(p, attention));
    merged = kept ? bt_profiles_json(&chosen->rules) : json_object();
    json_t *rules = json_object_get(merged, "rules"), *rule;
    size_t i;
    json_array_foreach(rules, i, rule) {
        const char *verdict = json_string_value(json_object_get(rule, "verdict"));
        if (strcmp(verdict, bt_profile_verdict_text(BT_PROFILE_MET)) != 0)
            json_array_append_new(
                attention,
                json_sprintf("A rule is %s: %s.",
                             !strcmp(verdict, bt_profile_verdict_text(BT_PROFILE_PARTLY)) ? "met in part only" : "not met",
                             json_string_value(json_object_get(rule, "asks"))));
    }
    out = json_pack("{s:b,s:O,s:O?}", "kept_to", kept, "profiles", profiles, "rules", rules);
done:
    json_decref(profiles);
    json_decref(merged);
    free(chosen);
    free(p);
    return out;
}

/* --- which networks --- */

json_t *bt_compliance_models(struct bt_app *app, json_t *attention) {
    struct bt_store store;
    uint8_t release[BT_SEAL_PUBLIC_BYTES];
    char key[2 * BT_SEAL_PUBLIC_BYTES + 1];
    const bool opened = !bt_store_open(NULL, app->options.models, &store);
    json_t *files = json_array();
    bt_models_release(release);
    bt_seal_hex_encode(release, sizeof release, key);
    if (!opened)
        json_array_append_new(attention, json_sprintf("The models cannot be used: %s. No session starts.",
                                                      store.why ? store.why : "there are none"));
    for (uint32_t i = 0; opened && i < bt_models_count(store.list); i++) {
        const struct bt_models_entry *e = bt_models_at(store.list, i);
        const enum bt_models_state state = bt_models_state_of(&store, e);
        json_array_append_new(files, bt_models_json(e, state));
        if (state == BT_MODELS_CHANGED || (state == BT_MODELS_MISSING && e->every_session))
            json_array_append_new(attention,
                                  json_sprintf("Model %s is %s: it is refused.", e->file, bt_models_state_word(state)));
    }
    json_t *out = json_pack("{s:{s:s,s:s,s:b,s:s?},s:o}", "signature", "scheme", "Ed25519", "release_key", key, "valid", opened,
                            "why_not",
                            opened      ? NULL
                            : store.why ? store.why
                                        : "there are no models",
                            "files", files);
    bt_store_close(&store);
    return out;
}

/* --- how often the matchers err --- */

static json_t *figures_of(const struct bt_match_figures *f) {
    return json_pack("{s:s,s:s,s:i,s:i,s:i,s:I,s:I,s:f,s:f,s:f,s:[f,f],s:f,s:[f,f]}", "people", f->people, "date", f->date,
                     "subjects", (int)f->subjects, "pictures", (int)f->templates, "failures_to_acquire", (int)f->failed,
                     "mated", (json_int_t)f->mated, "non_mated", (json_int_t)f->non_mated, "eer", f->eer, "threshold",
                     f->threshold, "fmr", f->fmr, "fmr_95", f->fmr_95[0], f->fmr_95[1], "fnmr", f->fnmr, "fnmr_95",
                     f->fnmr_95[0], f->fnmr_95[1]);
}

json_t *bt_compliance_error_rates(void) {
    const struct bt_match_limits *l = &bt_match_limits;
    return json_pack("{s:s,s:{s:f,s:f,s:f},s:{s:f,s:s},s:[o,o],s:s}", "decision",
                     "two networks together must say that it is one person, and neither alone may say otherwise", "limits",
                     "log_likelihood_ratio_at_least", (double)l->llr, "cosine_at_least", (double)l->cosine_least,
                     "distance_at_most", (double)l->distance_most, "claimed", "fmr", l->claimed, "by", l->rule, "measured",
                     figures_of(&bt_match_real), figures_of(&bt_match_synthetic), "note",
                     "The limits come from the first run; the second has a threshold of its own, for the networks find "
                     "rendered heads more alike than people. Each consent below says what held when it was given");
}

/* --- how long what is kept --- */

json_t *bt_compliance_retention(void) {
    char audit[64], consent[96], nonce[64];
    snprintf(audit, sizeof audit, "%d days at least; nothing removes a line", BT_AUDIT_KEPT_DAYS);
    snprintf(consent, sizeof consent, "as agreed, %d days at most; then it is not worn until renewed", BT_RECEIPT_DAYS_MOST);
    snprintf(nonce, sizeof nonce, "%d minutes", BT_RECEIPT_CHALLENGE_S / 60);
    const struct {
        const char *what, *how_long, *by;
    } rows[] = {
        {"camera pictures", "not stored", "memory only; a recording that the wearer asks for is masked and labelled"},
        {"enrolment pictures", "not stored", "locked memory, wiped; only the sealed face is kept"},
        {"pictures and templates of bauta evaluate", "not stored", "memory only; the reports hold numbers"},
        {"an enrolled face with its templates", "until its consent is withdrawn or void", "its key is destroyed at once"},
        {"the use of an enrolled face", consent, "checked at each start, and while it is worn"},
        {"the random challenge of an enrolment", nonce, "not accepted afterwards"},
        {"a face that was lent here", "until the day, the count of uses or the withdrawal that its owner set",
         "checked at each start"},
        {"consent receipts (pseudonyms)", "kept; nothing removes one", "they prove withdrawal too"},
        {"the session log (pseudonyms)", audit, "append-only, chained, signed"},
        {"session manifests (pseudonyms)", "until somebody removes the files", "needed to say whose a marked picture is"}};
    json_t *out = json_array();
    for (size_t i = 0; i < BT_COUNT(rows); i++)
        json_array_append_new(out,
                              json_pack("{s:s,s:s,s:s}", "what", rows[i].what, "how_long", rows[i].how_long, "by", rows[i].by));
    return out;
}

/* --- the whole --- */

static json_t *unknown(void) {
    return json_pack("[s,s,s,s]", "whose faces the pseudonyms are: names are inside of the sealed records",
                     "whether every sealed record can still be read: bauta vault check",
                     "until when, and how often, faces that were lent here may be worn",
                     "the faces and templates themselves, which no report shows");
}

/* Part after part, for what is to be looked at is said in this order. */
static json_t *gather(struct bt_app *app) {
    char now[BT_CLOCK_UTC_BYTES];
    struct bt_compliance_trust *trust = NULL;
    bt_clock_utc(bt_clock_wall_ns() / SECOND_NS, now);
    if (bt_compliance_trust_open(app, &trust)) return NULL;
    json_t *attention = json_array();
    json_t *out = json_pack("{s:s,s:i,s:s,s:{s:s,s:s},s:o}", "what", "bauta compliance report", "schema", 1, "made", now,
                            "software", "name", "bauta", "version", BAUTA_VERSION, "attention", attention);
    int failed = !out;
    if (out) {
        failed |= json_object_set_new(out, "key", bt_compliance_key(trust));
        failed |= json_object_set_new(out, "policy", bt_compliance_policy(app, attention));
        failed |= json_object_set_new(out, "models", bt_compliance_models(app, attention));
        failed |= json_object_set_new(out, "error_rates", bt_compliance_error_rates());
        failed |= json_object_set_new(out, "consents", bt_compliance_consents(trust, attention));
        failed |= json_object_set_new(out, "vault", bt_compliance_vault(trust, attention));
        failed |= json_object_set_new(out, "retention", bt_compliance_retention());
        failed |= json_object_set_new(out, "audit", bt_compliance_audit(trust, attention));
        failed |= json_object_set_new(out, "sessions", bt_compliance_sessions(trust, attention));
        failed |= json_object_set_new(out, "not_known_without_the_passphrase", unknown());
    }
    bt_compliance_trust_close(&trust);
    if (!failed) return out;
    json_decref(out);
    return NULL;
}

static bt_status write_both(struct bt_app *app, const json_t *report, const char *folder) {
    char path[PATH_MAX], *page = NULL,
                         *text = json_dumps(report, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
    size_t size = 0;
    bt_status status = text ? bt_files_make_folder(app->log, folder) : BT_E_MEMORY;
    if (!status && snprintf(path, sizeof path, "%s/report.json", folder) >= (int)sizeof path) status = BT_E_ARGUMENT;
    if (!status) status = bt_files_write(app->log, path, text, strlen(text));
    FILE *out = status ? NULL : open_memstream(&page, &size);
    if (!status && !out) status = BT_E_MEMORY;
    if (out) {
        bt_compliance_page(out, report);
        if (fclose(out)) status = BT_E_MEMORY;
    }
    if (!status && snprintf(path, sizeof path, "%s/report.html", folder) >= (int)sizeof path) status = BT_E_ARGUMENT;
    if (!status) status = bt_files_write(app->log, path, page, size);
    free(page);
    free(text);
    return status;
}

bt_status bt_app_report(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    const char *folder = o->output ? o->output : o->json ? NULL : "report";
    size_t i;
    json_t *said, *report = gather(app);
    bt_status status = report ? BT_OK : BT_E_MEMORY;
    if (!status && folder) status = write_both(app, report, folder);
    if (!status && o->json) {
        json_dumpf(report, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
        putchar('\n');
    } else if (!status) {
        const json_t *attention = json_object_get(report, "attention");
        printf(json_array_size(attention) ? "to look at:\n" : "nothing needs looking at\n");
        json_array_foreach(attention, i, said) printf("  - %s\n", json_string_value(said));
        printf("\nreport   %s/report.html\nfigures  %s/report.json\n", folder, folder);
    }
    json_decref(report);
    return status;
}
