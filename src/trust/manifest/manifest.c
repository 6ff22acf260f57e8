/* SPDX-License-Identifier: MIT */
#include "trust/manifest/manifest.h"
#include "base/clock.h"

#include "trust/vault/digest.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char WHAT[] = "bauta session manifest";
enum { SIGNATURE_HEX = 2 * BT_SEAL_SIGNATURE_BYTES + 1, KEY_HEX = 2 * BT_SEAL_PUBLIC_BYTES + 1 };
/* Larger whole numbers are not exact in every JSON reader (RFC 8785, 3.2.2.3). */
static const json_int_t NUMBER_MOST = INT64_C(9007199254740991);

static const char *const state_words[BT_MANIFEST_STATES] = {"running", "ended"};
static const char *const source_words[BT_MANIFEST_SOURCES] = {"camera", "file", "builtin"};
static const char *const role_words[BT_MANIFEST_ROLES] = {"synthetic", "own", "lent"};
static const char *const origin_words[BT_MANIFEST_ORIGINS] = {"installation", "ephemeral"};

uint32_t bt_manifest_payload(const char session[BT_MANIFEST_SESSION]) {
    char first[9];
    snprintf(first, sizeof first, "%.8s", session);
    return (uint32_t)strtoul(first, NULL, 16);
}

uint64_t bt_manifest_placards(const struct bt_manifest_counts *counts) {
    uint64_t sum = 0;
    for (size_t i = 0; i < BAUTA_STATUS_COUNT; i++) sum += counts->placards[i];
    return sum;
}

uint64_t bt_manifest_frames(const struct bt_manifest_counts *counts) {
    return counts->masked + counts->held + bt_manifest_placards(counts);
}

bt_status bt_manifest_fingerprint(const uint8_t key[BT_SEAL_PUBLIC_BYTES], char out_hex[BT_MANIFEST_FINGERPRINT]) {
    char digest[BT_VAULT_SHA256_HEX];
    bt_status status = bt_vault_sha256_hex(key, BT_SEAL_PUBLIC_BYTES, digest);
    if (!status) snprintf(out_hex, BT_MANIFEST_FINGERPRINT, "%.16s", digest);
    return status;
}

static json_t *moment(int64_t s) {
    char text[BT_CLOCK_UTC_BYTES];
    return bt_clock_utc(s, text) ? json_string(text) : NULL;
}

static json_t *number(uint64_t n) {
    return json_integer(n > (uint64_t)NUMBER_MOST ? NUMBER_MOST : (json_int_t)n);
}

static json_t *models_json(const struct bt_manifest *m) {
    json_t *models = json_object();
    for (uint32_t i = 0; models && i < m->models && i < BT_MANIFEST_MODELS; i++) {
        if (json_object_set_new(models, m->model[i].name, json_string(m->model[i].sha256))) {
            json_decref(models);
            return NULL;
        }
    }
    return models;
}

static json_t *profiles_json(const struct bt_manifest *m) {
    json_t *profiles = json_array();
    for (uint32_t i = 0; profiles && i < m->profiles && i < BT_MANIFEST_PROFILES; i++) {
        if (json_array_append_new(profiles, json_string(m->profile[i]))) {
            json_decref(profiles);
            return NULL;
        }
    }
    return profiles;
}

static json_t *placards_json(const struct bt_manifest_counts *counts) {
    json_t *placards = json_object();
    for (int i = 0; placards && i < BAUTA_STATUS_COUNT; i++) {
        if (counts->placards[i] &&
            json_object_set_new(placards, bauta_status_text((bauta_status)i), number(counts->placards[i]))) {
            json_decref(placards);
            return NULL;
        }
    }
    return placards;
}

/* The bytes that are signed, malloc'ed; NULL: no memory. */
static char *canonical(const json_t *object) {
    return json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
}

bt_status bt_manifest_make(const struct bt_manifest *m, const struct bt_signer *signer, bool compact, char **out_json) {
    const uint8_t *public_key = bt_seal_signer_public(signer);
    char payload[9], key[KEY_HEX], fingerprint[BT_MANIFEST_FINGERPRINT], hex[SIGNATURE_HEX];
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    const struct bt_manifest_counts *c = &m->counts;
    bt_status status = bt_manifest_fingerprint(public_key, fingerprint);
    if (status) return status;
    snprintf(payload, sizeof payload, "%08x", bt_manifest_payload(m->session));
    bt_seal_hex_encode(public_key, BT_SEAL_PUBLIC_BYTES, key);
    json_t *json =
        json_pack("{s:s,s:i,s:s,s:s,s:{s:s,s:o},s:o,s:o,s:s,s:{s:s,s:s,s:s},s:o,s:o,s:s,s:{s:s,s:s},s:s,"
                  "s:{s:o,s:o,s:o,s:o},s:o,s:o,s:{s:o,s:s},s:{s:s,s:s,s:s}}",
                  "what", WHAT, "schema", BT_MANIFEST_SCHEMA, "state", state_words[m->state], "session", m->session, "mark",
                  "payload", payload, "key", number(m->mark_key), "start", moment(m->start_s), "end", moment(m->end_s), "why",
                  bauta_status_text(m->why), "software", "name", m->software, "version", m->version, "sha256",
                  m->software_sha256, "models", models_json(m), "profiles", profiles_json(m), "source", source_words[m->source],
                  "face", "role", role_words[m->role], "pseudonym", m->pseudonym, "digital_source_type",
                  BT_MANIFEST_SOURCE_TYPE, "frames", "total", number(bt_manifest_frames(c)), "masked", number(c->masked),
                  "held", number(c->held), "placards", number(bt_manifest_placards(c)), "placards", placards_json(c), "pauses",
                  number(c->pauses), "audit", "lines", number(m->audit_lines), "head", m->audit_head, "key", "origin",
                  origin_words[m->origin], "public", key, "fingerprint", fingerprint);
    char *bytes = json ? canonical(json) : NULL, *text = NULL;
    if (bytes) {
        bt_seal_sign(signer, (struct bt_bytes){(const uint8_t *)bytes, strlen(bytes)}, signature);
        bt_seal_hex_encode(signature, sizeof signature, hex);
        if (!json_object_set_new(json, "signature", json_string(hex)))
            text = json_dumps(json, JSON_PRESERVE_ORDER | (compact ? (size_t)JSON_COMPACT : JSON_INDENT(1)));
    }
    free(bytes);
    json_decref(json);
    if (!text) return BT_E_MEMORY;
    *out_json = text;
    return BT_OK;
}

bt_status bt_manifest_aigc(const struct bt_manifest *m, char **out_json) {
    char producer[2 * BT_MANIFEST_WORDS];
    snprintf(producer, sizeof producer, "%s %s", m->software, m->version);
    /* Label 1: it is AI-generated or synthesised content. */
    json_t *json = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "Label", "1", "ContentProducer", producer, "ProduceID",
                             m->session, "ReservedCode1", "", "ContentPropagator", "", "PropagateID", "", "ReservedCode2", "");
    char *text = json ? json_dumps(json, JSON_PRESERVE_ORDER | JSON_COMPACT) : NULL;
    json_decref(json);
    if (!text) return BT_E_MEMORY;
    *out_json = text;
    return BT_OK;
}

/* ---- reading ---- */

struct parse {
    const json_t *root;
    bool wrong; /* some field is missing, or not what it should be */
};

static const json_t *member(struct parse *p, const char *group, const char *key) {
    const json_t *value = json_object_get(group ? json_object_get(p->root, group) : p->root, key);
    if (!value) p->wrong = true;
    return value;
}

static const char *text_at(struct parse *p, const char *group, const char *key) {
    const char *text = json_string_value(member(p, group, key));
    if (!text) p->wrong = true;
    return text ? text : "";
}

static void copy_text(struct parse *p, const char *text, char *out, size_t room) {
    if (!text || strlen(text) >= room) p->wrong = true;
    snprintf(out, room, "%s", text ? text : "");
}

static void text_of(struct parse *p, const char *group, const char *key, char *out, size_t room) {
    copy_text(p, text_at(p, group, key), out, room);
}

/* As many lower-case hex digits as there is room for. */
static void hex_of(struct parse *p, const char *group, const char *key, char *out, size_t room) {
    text_of(p, group, key, out, room);
    if (strspn(out, "0123456789abcdef") != room - 1) p->wrong = true;
}

static uint64_t count_in(struct parse *p, const json_t *value) {
    const json_int_t n = json_integer_value(value);
    if (!json_is_integer(value) || n < 0 || n > NUMBER_MOST) p->wrong = true;
    return (uint64_t)n;
}

static uint32_t small_of(struct parse *p, const char *group, const char *key) {
    const uint64_t n = count_in(p, member(p, group, key));
    if (n > UINT32_MAX) p->wrong = true;
    return (uint32_t)n;
}

static uint32_t choice_of(struct parse *p, const char *group, const char *key, const char *const *words, uint32_t count) {
    const char *word = text_at(p, group, key);
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(words[i], word)) return i;
    }
    p->wrong = true;
    return 0;
}

static int64_t moment_of(struct parse *p, const char *key) {
    struct tm utc = {0};
    char rest = 0;
    const int fields = sscanf(text_at(p, NULL, key), "%4d-%2d-%2dT%2d:%2d:%2d%c", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                              &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &rest);
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    if (fields != 7 || rest != 'Z') p->wrong = true;
    return (int64_t)timegm(&utc);
}

static bauta_status status_of(const char *text) {
    int i = 0;
    while (i < BAUTA_STATUS_COUNT && strcmp(bauta_status_text((bauta_status)i), text)) i++;
    return (bauta_status)i;
}

static void lists_of(struct parse *p, struct bt_manifest *m) {
    const json_t *models = member(p, NULL, "models"), *profiles = member(p, NULL, "profiles");
    const char *name;
    json_t *value;
    if (!json_is_object(models) || !json_is_array(profiles) || json_object_size(models) > BT_MANIFEST_MODELS ||
        json_array_size(profiles) > BT_MANIFEST_PROFILES) {
        p->wrong = true;
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)models, name, value) {
        struct bt_manifest_model *model = &m->model[m->models++];
        copy_text(p, name, model->name, sizeof model->name);
        copy_text(p, json_string_value(value), model->sha256, sizeof model->sha256);
    }
    size_t i;
    json_array_foreach(profiles, i, value) {
        copy_text(p, json_string_value(value), m->profile[m->profiles++], sizeof m->profile[0]);
    }
}

static void counts_of(struct parse *p, struct bt_manifest_counts *c) {
    const json_t *placards = member(p, NULL, "placards");
    const char *reason;
    json_t *value;
    c->masked = count_in(p, member(p, "frames", "masked"));
    c->held = count_in(p, member(p, "frames", "held"));
    c->pauses = count_in(p, member(p, NULL, "pauses"));
    if (!json_is_object(placards)) p->wrong = true;
    json_object_foreach((json_t *)(uintptr_t)placards, reason, value) {
        const bauta_status status = status_of(reason);
        if (status == BAUTA_STATUS_COUNT)
            p->wrong = true;
        else
            c->placards[status] = count_in(p, value);
    }
    if (!p->wrong && count_in(p, member(p, "frames", "total")) != bt_manifest_frames(c)) p->wrong = true;
}

static void fields_of(struct parse *p, struct bt_manifest *m) {
    m->state = (enum bt_manifest_state)choice_of(p, NULL, "state", state_words, BT_MANIFEST_STATES);
    hex_of(p, NULL, "session", m->session, sizeof m->session);
    m->mark_key = small_of(p, "mark", "key");
    m->start_s = moment_of(p, "start");
    m->end_s = moment_of(p, "end");
    m->why = status_of(text_at(p, NULL, "why"));
    if (m->why == BAUTA_STATUS_COUNT) p->wrong = true;
    text_of(p, "software", "name", m->software, sizeof m->software);
    text_of(p, "software", "version", m->version, sizeof m->version);
    text_of(p, "software", "sha256", m->software_sha256, sizeof m->software_sha256);
    m->source = (enum bt_manifest_source)choice_of(p, NULL, "source", source_words, BT_MANIFEST_SOURCES);
    m->role = (enum bt_manifest_role)choice_of(p, "face", "role", role_words, BT_MANIFEST_ROLES);
    text_of(p, "face", "pseudonym", m->pseudonym, sizeof m->pseudonym);
    m->audit_lines = count_in(p, member(p, "audit", "lines"));
    text_of(p, "audit", "head", m->audit_head, sizeof m->audit_head);
    m->origin = (enum bt_manifest_origin)choice_of(p, "key", "origin", origin_words, BT_MANIFEST_ORIGINS);
    lists_of(p, m);
    counts_of(p, &m->counts);
}

/* NULL, or why it is not the work of the key that it names. Takes "signature" out of `root`. */
static const char *forged(json_t *root, uint8_t out_key[BT_SEAL_PUBLIC_BYTES]) {
    const char *key = json_string_value(json_object_get(json_object_get(root, "key"), "public"));
    const char *hex = json_string_value(json_object_get(root, "signature"));
    uint8_t signature[BT_SEAL_SIGNATURE_BYTES];
    if (!key || bt_seal_hex_decode(key, out_key, BT_SEAL_PUBLIC_BYTES)) return "it names no key";
    if (!hex || bt_seal_hex_decode(hex, signature, sizeof signature)) return "it is not signed";
    json_object_del(root, "signature");
    char *bytes = canonical(root);
    const bool good = bytes && !bt_seal_verify(out_key, (struct bt_bytes){(const uint8_t *)bytes, strlen(bytes)}, signature);
    free(bytes);
    return good ? NULL : "it was changed after it was signed";
}

bt_status bt_manifest_read(struct bt_bytes bytes, struct bt_manifest *out_manifest, const char **out_why) {
    struct bt_manifest m = {0};
    const char *why = "it is too large";
    json_t *root = NULL;
    bt_status status = BT_E_FORMAT;
    if (bytes.size > BT_MANIFEST_MOST_BYTES) goto done;
    root = json_loadb((const char *)bytes.data, bytes.size, JSON_REJECT_DUPLICATES, NULL);
    const char *what = json_string_value(json_object_get(root, "what"));
    why = "it is not a session's manifest, or cut off";
    if (!what || strcmp(what, WHAT)) goto done;
    const json_t *schema = json_object_get(root, "schema");
    if (json_is_integer(schema) && json_integer_value(schema) > BT_MANIFEST_SCHEMA) {
        why = "it was written by a later bauta";
        status = BT_E_UNSUPPORTED;
        goto done;
    }
    why = forged(root, m.key);
    if (why) goto done;
    struct parse p = {.root = root, .wrong = !json_is_integer(schema) || json_integer_value(schema) != BT_MANIFEST_SCHEMA};
    fields_of(&p, &m);
    char payload[9];
    hex_of(&p, "mark", "payload", payload, sizeof payload);
    if (strncmp(payload, m.session, 8)) p.wrong = true;
    why = "a field is missing or not what it should be";
    if (p.wrong) goto done;
    *out_manifest = m;
    status = BT_OK;
done:
    json_decref(root);
    if (status) *out_why = why;
    return status;
}
