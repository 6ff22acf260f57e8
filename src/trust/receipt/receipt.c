/* SPDX-License-Identifier: MIT */
/* A receipt's bytes. */
#include "trust/receipt/receipt.h"
#include "base/clock.h"

#include "base/log.h"
#include "trust/vault/digest.h"
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 2: evidence also has false_match_rate_95 and false_match_rate_claim. */
static const char SCHEMA[] = "ISO/IEC TS 27560:2023, bauta 2", SCHEMA_1[] = "ISO/IEC TS 27560:2023, bauta 1";

static const char *const event_words[BT_RECEIPT_EVENTS] = {"requested", "given",   "refused",    "renewed",
                                                           "withdrawn", "expired", "invalidated"};
static const struct {
    uint32_t bit;
    const char *word, *chinese;
} purpose_words[] = {
    {BT_PURPOSE_WEAR_LIVE, "wear-live", "实时佩戴"},
    {BT_PURPOSE_RECORD, "record", "录制"},
    {BT_PURPOSE_LEND, "lend", "出借"},
    {BT_PURPOSE_UNATTENDED, "unattended", "无人值守启动"},
};
static const char *const role_words[] = {"self", "other"};
static const char *const lost_words[] = {"placard", "freeze"};

const char *bt_receipt_event_word(enum bt_receipt_event event) {
    return event_words[event];
}

void bt_receipt_purposes(uint32_t purposes, bool chinese, char out_words[BT_RECEIPT_WORDS]) {
    size_t used = 0;
    *out_words = 0;
    for (size_t i = 0; i < BT_COUNT(purpose_words); i++) {
        if (!(purposes & purpose_words[i].bit)) continue;
        int wrote = snprintf(out_words + used, BT_RECEIPT_WORDS - used, "%s%s", used ? (chinese ? "、" : ", ") : "",
                             chinese ? purpose_words[i].chinese : purpose_words[i].word);
        used += (size_t)wrote;
    }
}

bt_status bt_receipt_uuid(char out_uuid[BT_RECEIPT_UUID]) {
    char hex[33];
    bt_status status = bt_vault_random_hex(16, hex);
    if (status) return status;
    hex[12] = '4';                 /* version */
    hex[16] = "89ab"[hex[16] & 3]; /* variant */
    snprintf(out_uuid, BT_RECEIPT_UUID, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
    return BT_OK;
}

static json_t *moment(int64_t s) {
    char text[BT_CLOCK_UTC_BYTES];
    return bt_clock_utc(s, text) ? json_string(text) : NULL;
}

static json_t *purposes_json(uint32_t purposes) {
    json_t *list = json_array();
    for (size_t i = 0; i < BT_COUNT(purpose_words); i++) {
        if (purposes & purpose_words[i].bit) json_array_append_new(list, json_string(purpose_words[i].word));
    }
    return list;
}

bt_status bt_receipt_json(const struct bt_receipt *r, char **out_json) {
    json_t *recipients = json_array();
    char withdraw[96];
    snprintf(withdraw, sizeof withdraw, "bauta consent withdraw %s", r->record_id);
    if (*r->recipient) json_array_append_new(recipients, json_string(r->recipient));
    json_t *json = json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:b,s:{s:i,s:s,s:s},s:s,s:o,s:[s,s,s],s:b,s:s,s:s,s:[{s:s,s:s,s:s}],s:[s],s:s,s:o,s:o,s:s,s:s,"
        "s:s,s:s,s:s,s:i,s:{s:s,s:o,s:o,s:s,s:s,s:f,s:f,s:f,s:[f,f],s:s},s:{s:s,s:o,s:s,s:o}}",
        "schema_version", SCHEMA, "record_id", r->record_id, "receipt_id", r->receipt_id, "pii_principal_id", r->subject,
        "subject_role", role_words[r->role], "adult", r->adult, "privacy_notice", "version", (int)r->notice_version, "sha256",
        r->notice_sha256, "statement_sha256", r->statement_sha256, "language", r->chinese ? "zh" : "en", "purposes",
        purposes_json(r->purposes), "pii_information", "face image", "face template", "written statement", "special_category",
        1, "lawful_basis", "explicit consent", "jurisdiction", r->jurisdiction, "pii_controllers", "name", r->controller,
        "contact", "at the machine itself", "type", "person", "storage_locations",
        "this machine only, encrypted (XChaCha20-Poly1305)", "collection_method", "live camera, with a liveness challenge",
        "retention_until", moment(r->valid_until_s), "recipient_third_parties", recipients, "withdrawal_method", withdraw,
        "identity_id", r->identity_id, "identity_sha256", r->identity_sha256, "template_sha256", r->template_sha256,
        "lost_face", lost_words[r->lost], "uses_most", (int)r->uses_most, "evidence", "nonce", r->nonce, "issued_at",
        moment(r->challenge_s), "expires_at", moment(r->challenge_s + BT_RECEIPT_CHALLENGE_S), "liveness", r->liveness,
        "method", "landmarks of a live head", "match_score", (double)r->match_score, "match_threshold",
        (double)r->match_threshold, "false_match_rate", (double)r->match_fmr, "false_match_rate_95", (double)r->match_fmr_95[0],
        (double)r->match_fmr_95[1], "false_match_rate_claim", r->match_claim, "event", "type", event_words[r->event], "time",
        moment(r->event_s), "entity",
        r->event == BT_RECEIPT_EXPIRED || r->event == BT_RECEIPT_INVALIDATED ? "bauta" : "subject", "valid_until",
        moment(r->valid_until_s));
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(json);
    if (!text) return BT_E_MEMORY;
    *out_json = text;
    return BT_OK;
}

struct parse {
    struct bt_log *log;
    json_t *root;
    const char *wrong; /* the first field that is not as it should be */
};

static const json_t *member(struct parse *p, const char *group, const char *key) {
    const json_t *from = group ? json_object_get(p->root, group) : p->root;
    const json_t *value = json_object_get(from, key);
    if (!value && !p->wrong) p->wrong = key;
    return value;
}

static const char *word_of(struct parse *p, const char *group, const char *key) {
    const char *text = json_string_value(member(p, group, key));
    if (!text && !p->wrong) p->wrong = key;
    return text ? text : "";
}

static void text_of(struct parse *p, const char *group, const char *key, char *out, size_t room) {
    const char *text = word_of(p, group, key);
    if (strlen(text) >= room && !p->wrong) p->wrong = key;
    snprintf(out, room, "%s", text);
}

static int64_t moment_of(struct parse *p, const char *group, const char *key) {
    struct tm utc = {0};
    char rest = 0;
    int fields = sscanf(word_of(p, group, key), "%4d-%2d-%2dT%2d:%2d:%2d%c", &utc.tm_year, &utc.tm_mon, &utc.tm_mday,
                        &utc.tm_hour, &utc.tm_min, &utc.tm_sec, &rest);
    utc.tm_year -= 1900;
    utc.tm_mon -= 1;
    if ((fields != 7 || rest != 'Z') && !p->wrong) p->wrong = key;
    return (int64_t)timegm(&utc);
}

static uint32_t number_of(struct parse *p, const char *group, const char *key) {
    const json_t *value = member(p, group, key);
    json_int_t n = json_integer_value(value);
    if ((!json_is_integer(value) || n < 0 || n > INT32_MAX) && !p->wrong) p->wrong = key;
    return (uint32_t)n;
}

static float real_of(struct parse *p, const char *group, const char *key) {
    const json_t *value = member(p, group, key);
    double v = json_number_value(value);
    if ((!json_is_number(value) || !isfinite((float)v)) && !p->wrong) p->wrong = key;
    return (float)v;
}

static uint32_t choice_of(struct parse *p, const char *group, const char *key, const char *const *words, uint32_t count) {
    const char *word = word_of(p, group, key);
    for (uint32_t i = 0; i < count; i++) {
        if (!strcmp(words[i], word)) return i;
    }
    if (!p->wrong) p->wrong = key;
    return 0;
}

static uint32_t purposes_of(struct parse *p) {
    const json_t *list = member(p, NULL, "purposes");
    uint32_t purposes = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *word = json_string_value(json_array_get(list, i));
        size_t k = 0;
        while (k < BT_COUNT(purpose_words) && (!word || strcmp(word, purpose_words[k].word))) k++;
        /* A purpose that this version does not know is one that it cannot keep. */
        if (k == BT_COUNT(purpose_words)) {
            if (!p->wrong) p->wrong = "purposes";
        } else {
            purposes |= purpose_words[k].bit;
        }
    }
    return purposes;
}

bt_status bt_receipt_parse(struct bt_log *log, const char *json, size_t size_bytes, struct bt_receipt *out_receipt) {
    struct bt_receipt r = {0};
    json_error_t error;
    struct parse p = {.log = log, .root = json_loadb(json, size_bytes, JSON_REJECT_DUPLICATES, &error)};
    if (!json_is_object(p.root)) {
        bt_log_error(log, "a receipt is not a JSON object: %s", p.root ? "another kind of value" : error.text);
        json_decref(p.root);
        return BT_E_FORMAT;
    }
    const char *schema = word_of(&p, NULL, "schema_version");
    const bool first = !strcmp(schema, SCHEMA_1);
    if (!first && strcmp(schema, SCHEMA) && !p.wrong) p.wrong = "schema_version";
    text_of(&p, NULL, "record_id", r.record_id, sizeof r.record_id);
    text_of(&p, NULL, "receipt_id", r.receipt_id, sizeof r.receipt_id);
    text_of(&p, NULL, "pii_principal_id", r.subject, sizeof r.subject);
    r.role = (enum bt_subject_role)choice_of(&p, NULL, "subject_role", role_words, BT_COUNT(role_words));
    const json_t *adult = member(&p, NULL, "adult");
    if (!json_is_boolean(adult) && !p.wrong) p.wrong = "adult";
    r.adult = json_is_true(adult);
    r.notice_version = number_of(&p, "privacy_notice", "version");
    text_of(&p, "privacy_notice", "sha256", r.notice_sha256, sizeof r.notice_sha256);
    text_of(&p, "privacy_notice", "statement_sha256", r.statement_sha256, sizeof r.statement_sha256);
    r.chinese = !strcmp(word_of(&p, NULL, "language"), "zh");
    r.purposes = purposes_of(&p);
    text_of(&p, NULL, "jurisdiction", r.jurisdiction, sizeof r.jurisdiction);
    const json_t *controller = json_array_get(member(&p, NULL, "pii_controllers"), 0);
    const char *name = json_string_value(json_object_get(controller, "name"));
    if ((!name || strlen(name) >= sizeof r.controller) && !p.wrong) p.wrong = "pii_controllers";
    snprintf(r.controller, sizeof r.controller, "%s", name ? name : "");
    text_of(&p, NULL, "identity_id", r.identity_id, sizeof r.identity_id);
    text_of(&p, NULL, "identity_sha256", r.identity_sha256, sizeof r.identity_sha256);
    text_of(&p, NULL, "template_sha256", r.template_sha256, sizeof r.template_sha256);
    r.lost = (enum bt_lost)choice_of(&p, NULL, "lost_face", lost_words, BT_COUNT(lost_words));
    r.uses_most = number_of(&p, NULL, "uses_most");
    const char *recipient = json_string_value(json_array_get(member(&p, NULL, "recipient_third_parties"), 0));
    if (recipient && strlen(recipient) >= sizeof r.recipient && !p.wrong) p.wrong = "recipient_third_parties";
    snprintf(r.recipient, sizeof r.recipient, "%s", recipient ? recipient : "");
    text_of(&p, "evidence", "nonce", r.nonce, sizeof r.nonce);
    r.challenge_s = moment_of(&p, "evidence", "issued_at");
    text_of(&p, "evidence", "liveness", r.liveness, sizeof r.liveness);
    r.match_score = real_of(&p, "evidence", "match_score");
    r.match_threshold = real_of(&p, "evidence", "match_threshold");
    r.match_fmr = real_of(&p, "evidence", "false_match_rate");
    if (!first) {
        const json_t *range = member(&p, "evidence", "false_match_rate_95");
        for (size_t i = 0; i < 2; i++) r.match_fmr_95[i] = (float)json_number_value(json_array_get(range, i));
        if ((json_array_size(range) != 2 || !(r.match_fmr_95[0] <= r.match_fmr_95[1])) && !p.wrong)
            p.wrong = "false_match_rate_95";
        text_of(&p, "evidence", "false_match_rate_claim", r.match_claim, sizeof r.match_claim);
    }
    r.event = (enum bt_receipt_event)choice_of(&p, "event", "type", event_words, BT_RECEIPT_EVENTS);
    r.event_s = moment_of(&p, "event", "time");
    r.valid_until_s = moment_of(&p, "event", "valid_until");
    json_decref(p.root);
    if (p.wrong) {
        bt_log_error(log, "a receipt's field %s is missing or not what it should be", p.wrong);
        return BT_E_FORMAT;
    }
    *out_receipt = r;
    return BT_OK;
}
