/* SPDX-License-Identifier: MIT */
#include "trust/policy/profile.h"

#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One row a key: reading, merging and comparing go by it. */
enum kind {
    TEXT,   /* one line */
    LINES,  /* may stand on several lines */
    WORDS,  /* of `choices`, or any where there are none; merged: all of both */
    PLACES, /* of `choices`; merged: those of both */
    NUMBER,
    CHOICE, /* of `choices`, which count up from 1 */
    DAY,
};
enum { NEEDED = 1, ADDED = 2 }; /* must be there; merged texts are joined */

struct key {
    const char *section, *key;
    enum kind kind;
    size_t offset;
    const char *choices;
    double least, most;
    int flags;
};

#define AT(field)   offsetof(struct bt_profile, field)
#define IN(field)   offsetof(struct bt_profile_instrument, field)
#define STATUSES    "struck draft voluntary in_force"
#define CONFIDENCES "low medium high"
#define YES         "no yes"
#define CLAUSE(where)                                                                                                          \
    { #where, "clause", TEXT, AT(where.clause), NULL, 0, 0, 0 }

static const struct key keys[] = {
    {"profile", "name", TEXT, AT(name), NULL, 0, 0, NEEDED},
    {"profile", "jurisdiction", TEXT, AT(jurisdiction), NULL, 0, 0, NEEDED},
    {"profile", "status", CHOICE, AT(status), STATUSES, 0, 0, NEEDED},
    {"profile", "checked_on", DAY, AT(checked_on), NULL, 0, 0, NEEDED},
    {"profile", "confidence", CHOICE, AT(confidence), CONFIDENCES, 0, 0, NEEDED},
    {"profile", "applies_if", TEXT, AT(applies_if), NULL, 0, 0, 0},
    {"profile", "note", LINES, AT(note), NULL, 0, 0, 0},
    {"profile", "unverified", LINES, AT(unverified), NULL, 0, 0, 0},
    {"instrument", "title", TEXT, IN(title), NULL, 0, 0, NEEDED},
    {"instrument", "clause", TEXT, IN(clause), NULL, 0, 0, NEEDED},
    {"instrument", "status", CHOICE, IN(status), STATUSES, 0, 0, NEEDED},
    {"instrument", "effective", DAY, IN(effective), NULL, 0, 0, 0},
    {"instrument", "published", DAY, IN(published), NULL, 0, 0, 0},
    {"instrument", "source", TEXT, IN(source), NULL, 0, 0, NEEDED},
    {"instrument", "confidence", CHOICE, IN(confidence), CONFIDENCES, 0, 0, NEEDED},
    CLAUSE(label),
    {"label", "all_of", LINES, AT(label.all_of), NULL, 0, 0, 0},
    {"label", "extra", TEXT, AT(label.extra), NULL, 0, 0, ADDED},
    {"label", "languages", WORDS, AT(label.languages), NULL, 0, 0, 0},
    {"label", "min_height", NUMBER, AT(label.min_height), NULL, 0.001, 0.2, 0},
    {"label", "min_contrast", NUMBER, AT(label.min_contrast), NULL, 1, 21, 0},
    {"label", "anchor", PLACES, AT(label.anchor), "top_right top_left bottom_right bottom_left", 0, 0, 0},
    {"label", "persistence", CHOICE, AT(label.persistence), "start intervals continuous", 0, 0, 0},
    {"label", "first_s", NUMBER, AT(label.first_s), NULL, 0, 60, 0},
    {"label", "banner_s", NUMBER, AT(label.banner_s), NULL, 0, 60, 0},
    {"label", "permanent", CHOICE, AT(label.permanent), YES, 0, 0, 0},
    CLAUSE(implicit),
    {"implicit", "schema", WORDS, AT(implicit.schema), "AIGC c2pa latent", 0, 0, 0},
    {"implicit", "required", WORDS, AT(implicit.required), NULL, 0, 0, 0},
    CLAUSE(watermark),
    {"watermark", "demand", CHOICE, AT(watermark.demand), "encouraged required", 0, 0, 0},
    {"watermark", "detector", CHOICE, AT(watermark.detector), YES, 0, 0, 0},
    CLAUSE(consent),
    {"consent", "separate", CHOICE, AT(consent.separate), YES, 0, 0, 0},
    {"consent", "edited_person", CHOICE, AT(consent.edited_person), YES, 0, 0, 0},
    {"consent", "guardian_under", NUMBER, AT(consent.guardian_under), NULL, 1, 21, 0},
    {"consent", "deceased", CHOICE, AT(consent.deceased), "heirs refuse", 0, 0, 0},
    {"consent", "withdraw", WORDS, AT(consent.withdraw), "delete deregister", 0, 0, 0},
    CLAUSE(storage),
    {"storage", "on_device_only", CHOICE, AT(storage.on_device_only), YES, 0, 0, 0},
    {"storage", "encrypt", CHOICE, AT(storage.encrypt), YES, 0, 0, 0},
    {"storage", "retention", CHOICE, AT(storage.retention), "any shortest", 0, 0, 0},
    CLAUSE(records),
    {"records", "min_days", NUMBER, AT(records.min_days), NULL, 1, 3660, 0},
};
_Static_assert(BT_COUNT(keys) <= 64, "a bit each in bt_profile.given");

static bool is_rule(const struct key *k) {
    return strcmp(k->section, "profile") != 0 && strcmp(k->section, "instrument") != 0;
}

#define SAY(out, ...)                                                                                                          \
    do {                                                                                                                       \
        if (snprintf((out)->text, sizeof(out)->text, __VA_ARGS__) < 0) (out)->text[0] = 0;                                     \
    } while (0)

/* UTF-8 (RFC 3629) without control characters, and without those that turn or hide text (Unicode's bidi controls, zero-width
   spaces; the joiners, which Indic scripts need, may stay). */
static bool is_text(const char *text) {
    static const uint32_t least[4] = {0, 0x80, 0x800, 0x10000};
    for (const uint8_t *p = (const uint8_t *)text; *p;) {
        uint32_t more = *p >= 0xf0 ? 3 : *p >= 0xe0 ? 2 : *p >= 0xc0 ? 1 : 0;
        uint32_t c = more ? *p & (0x3fu >> more) : *p;
        if (*p >= 0xf8 || (!more && *p >= 0x80)) return false;
        p++;
        for (uint32_t i = 0; i < more; i++, p++) {
            if ((*p & 0xc0) != 0x80) return false;
            c = c << 6 | (*p & 0x3fu);
        }
        if (c < least[more] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) return false;
        if (c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x200b || (c >= 0x200e && c <= 0x200f) ||
            (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff)
            return false;
    }
    return true;
}

/* Which of `choices`, from 1; 0: none. */
static uint32_t choose(const char *choices, const char *word, size_t size) {
    uint32_t n = 1;
    for (const char *c = choices; *c; n++) {
        size_t length = strcspn(c, " ");
        if (length == size && !memcmp(c, word, size)) return n;
        c += length + strspn(c + length, " ");
    }
    return 0;
}

/* Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms": days_from_civil, for years from 1970 to 9999. */
static int64_t day_of(int year, int month, int day) {
    int64_t y = year - (month <= 2), era = y / 400, of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* civil_from_days, the other way. */
void bt_profile_day_text(int64_t day, char out[11]) {
    const bool known = day > 0 && day <= 2932896; /* 9999-12-31 */
    int64_t z = (known ? day : 0) + 719468, era = z / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365, doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, d = doy - (153 * mp + 2) / 5 + 1, m = mp < 10 ? mp + 3 : mp - 9;
    if (!known ||
        snprintf(out, 11, "%04d-%02d-%02d", (int)(yoe + era * 400 + (m <= 2)) % 10000, (int)m % 100, (int)d % 100) != 10)
        memcpy(out, "-", 2);
}

static bool read_day(const char *text, int64_t *out) {
    int y, m, d, used = 0;
    char back[11];
    if (strlen(text) != 10 || sscanf(text, "%4d-%2d-%2d%n", &y, &m, &d, &used) != 3 || used != 10) return false;
    if (y < 1970 || m < 1 || m > 12 || d < 1 || d > 31) return false;
    int64_t day = day_of(y, m, d);
    bt_profile_day_text(day, back);
    if (strcmp(back, text) != 0) return false; /* the 31st of a short month */
    *out = day;
    return true;
}

static bool add_word(struct bt_profile_words *words, const char *word, size_t size) {
    for (uint32_t i = 0; i < words->count; i++)
        if (strlen(words->word[i]) == size && !memcmp(words->word[i], word, size)) return true;
    if (words->count == BT_PROFILE_MOST_WORDS || size >= sizeof words->word[0]) return false;
    memcpy(words->word[words->count], word, size);
    words->word[words->count++][size] = 0;
    return true;
}

static bool add_line(struct bt_profile_lines *lines, const char *text) {
    for (uint32_t i = 0; i < lines->count; i++)
        if (!strcmp(lines->line[i].at, text)) return true;
    if (lines->count == BT_PROFILE_MOST_LINES) return false;
    snprintf(lines->line[lines->count++].at, sizeof lines->line[0].at, "%s", text);
    return true;
}

static bt_status set_words(const struct key *k, struct bt_profile_words *words, const char *value,
                           struct bt_profile_said *out_why) {
    for (const char *w = value + strspn(value, " "); *w;) {
        size_t size = strcspn(w, " ");
        if (k->choices && !choose(k->choices, w, size)) {
            SAY(out_why, "[%s] %s = %s: words of: %s", k->section, k->key, value, k->choices);
            return BT_E_FORMAT;
        }
        if (!add_word(words, w, size)) {
            SAY(out_why, "[%s] %s: at most %d words of at most %d bytes", k->section, k->key, BT_PROFILE_MOST_WORDS,
                (int)sizeof words->word[0] - 1);
            return BT_E_FORMAT;
        }
        w += size + strspn(w + size, " ");
    }
    return BT_OK;
}

static bt_status set_field(const struct key *k, void *field, const char *value, struct bt_profile_said *out_why) {
    char *end;
    double number;
    uint32_t chosen;
    switch (k->kind) {
    case TEXT:
        snprintf(((struct bt_profile_text *)field)->at, BT_PROFILE_TEXT_BYTES, "%s", value);
        return BT_OK;
    case LINES:
        if (add_line(field, value)) return BT_OK;
        SAY(out_why, "[%s] %s: at most %d such lines", k->section, k->key, BT_PROFILE_MOST_LINES);
        return BT_E_FORMAT;
    case WORDS:
    case PLACES:
        return set_words(k, field, value, out_why);
    case NUMBER:
        number = strtod(value, &end);
        if (*value >= '0' && *value <= '9' && !value[strspn(value, "0123456789.")] && !*end && number >= k->least &&
            number <= k->most) {
            *(double *)field = number;
            return BT_OK;
        }
        SAY(out_why, "[%s] %s = %s: a number from %g to %g", k->section, k->key, value, k->least, k->most);
        return BT_E_FORMAT;
    case CHOICE:
        chosen = choose(k->choices, value, strlen(value));
        if (chosen) {
            *(uint32_t *)field = chosen;
            return BT_OK;
        }
        SAY(out_why, "[%s] %s = %s: one of: %s", k->section, k->key, value, k->choices);
        return BT_E_FORMAT;
    case DAY:
        if (read_day(value, field)) return BT_OK;
        SAY(out_why, "[%s] %s = %s: a day such as 2026-11-22", k->section, k->key, value);
        return BT_E_FORMAT;
    }
    return BT_E_FORMAT;
}

static bt_status unknown(const char *section, const char *key, struct bt_profile_said *out_why) {
    char allowed[200] = "";
    size_t n = 0;
    bool section_known = false;
    for (size_t i = 0; i < BT_COUNT(keys); i++) section_known |= !strcmp(keys[i].section, section);
    for (size_t i = 0; i < BT_COUNT(keys); i++) {
        bool first_of_section = !i || strcmp(keys[i].section, keys[i - 1].section) != 0;
        const char *word = section_known ? keys[i].key : keys[i].section;
        if (section_known ? strcmp(keys[i].section, section) != 0 : !first_of_section) continue;
        if (n < sizeof allowed) n += (size_t)snprintf(allowed + n, sizeof allowed - n, " %s", word);
    }
    if (section_known)
        SAY(out_why, "[%s] %.60s is no key of a profile; there are:%s", section, key, allowed);
    else
        SAY(out_why, "[%.60s] is no section of a profile; there are:%s", section, allowed);
    return BT_E_FORMAT;
}

bt_status bt_profile_set(struct bt_profile *p, const char *section, const char *key, const char *value,
                         struct bt_profile_said *out_why) {
    const struct key *k = NULL;
    for (size_t i = 0; i < BT_COUNT(keys) && !k; i++)
        if (!strcmp(keys[i].section, section) && !strcmp(keys[i].key, key)) k = &keys[i];
    if (!is_text(section) || !is_text(key) || !is_text(value)) {
        SAY(out_why, "not plain UTF-8 text: control characters and those that turn or hide text are not allowed");
        return BT_E_FORMAT;
    }
    if (!k) return unknown(section, key, out_why);
    if (!*value || strlen(value) >= BT_PROFILE_TEXT_BYTES) {
        SAY(out_why, "[%s] %s: a value of 1 to %d bytes", section, key, BT_PROFILE_TEXT_BYTES - 1);
        return BT_E_FORMAT;
    }
    bool of_instrument = !strcmp(section, "instrument");
    if (of_instrument && !strcmp(key, "title")) { /* a title begins an instrument: a new one may be said again */
        if (p->instruments == BT_PROFILE_MOST_INSTRUMENTS) {
            SAY(out_why, "[instrument]: at most %d of them", BT_PROFILE_MOST_INSTRUMENTS);
            return BT_E_FORMAT;
        }
        p->instruments++;
        for (size_t i = 0; i < BT_COUNT(keys); i++)
            if (!strcmp(keys[i].section, section)) p->given &= ~(UINT64_C(1) << i);
    }
    if (of_instrument && !p->instruments) {
        SAY(out_why, "[instrument] %s: an instrument begins with its title", key);
        return BT_E_FORMAT;
    }
    uint64_t bit = UINT64_C(1) << (k - keys);
    if (p->given & bit && k->kind != LINES) {
        SAY(out_why, "[%s] %s stands there twice", section, key);
        return BT_E_FORMAT;
    }
    void *base = of_instrument ? (void *)&p->instrument[p->instruments - 1] : (void *)p;
    bt_status status = set_field(k, (char *)base + k->offset, value, out_why);
    if (!status) p->given |= bit;
    return status;
}

static bool is_empty(const struct key *k, const void *base) {
    const void *field = (const char *)base + k->offset;
    switch (k->kind) {
    case TEXT:
        return !*((const struct bt_profile_text *)field)->at;
    case LINES:
        return !((const struct bt_profile_lines *)field)->count;
    case WORDS:
    case PLACES:
        return !((const struct bt_profile_words *)field)->count;
    case NUMBER:
        return !(*(const double *)field > 0);
    case CHOICE:
        return !*(const uint32_t *)field;
    case DAY:
        return !*(const int64_t *)field;
    }
    return true;
}

static bt_status lacks(const char *section, const char *key, const char *why, struct bt_profile_said *out_why) {
    SAY(out_why, "[%s] %s is missing%s", section, key, why);
    return BT_E_FORMAT;
}

bt_status bt_profile_complete(const struct bt_profile *p, struct bt_profile_said *out_why) {
    bool status_found = false;
    if (!p->instruments) return lacks("instrument", "title", ": at least one law, standard or code", out_why);
    for (size_t i = 0; i < BT_COUNT(keys); i++) {
        const struct key *k = &keys[i];
        bool of_instrument = !strcmp(k->section, "instrument");
        for (uint32_t n = 0; k->flags & NEEDED && n < (of_instrument ? p->instruments : 1); n++)
            if (is_empty(k, of_instrument ? (const void *)&p->instrument[n] : (const void *)p))
                return lacks(k->section, k->key, "", out_why);
        /* A rule says where it comes from. */
        if (is_rule(k) && !is_empty(k, p))
            for (size_t c = 0; c < BT_COUNT(keys); c++)
                if (!strcmp(keys[c].section, k->section) && !strcmp(keys[c].key, "clause") && is_empty(&keys[c], p))
                    return lacks(k->section, "clause", ": a rule says where it stands", out_why);
    }
    for (uint32_t n = 0; n < p->instruments; n++) {
        const struct bt_profile_instrument *i = &p->instrument[n];
        status_found |= i->status == p->status;
        if (i->status == BT_PROFILE_IN_FORCE && !i->effective)
            return lacks("instrument", "effective", ": what is in force is so from a day on", out_why);
        if (i->status == BT_PROFILE_DRAFT && !i->effective && !i->published)
            return lacks("instrument", "published", ": a draft has a day", out_why);
    }
    if (!status_found) {
        SAY(out_why, "[profile] status = %s, and no [instrument] is", bt_profile_status_text(p->status));
        return BT_E_FORMAT;
    }
    if (*p->label.extra.at && !p->label.languages.count)
        return lacks("label", "languages", ": of the extra words, such as ko", out_why);
    return BT_OK;
}

uint32_t bt_profile_less(const struct bt_profile *p, const struct bt_profile *than, struct bt_profile_said *out_said,
                         uint32_t most) {
    uint32_t n = 0;
    for (size_t i = 0; i < BT_COUNT(keys); i++) {
        const struct key *k = &keys[i];
        const void *mine = (const char *)p + k->offset, *theirs = (const char *)than + k->offset;
        bool said = !is_empty(k, p) || p->given >> i & 1; /* 0 s can be said, too */
        if (!is_rule(k) || !said || is_empty(k, than)) continue;
        bool less = (k->kind == NUMBER && *(const double *)mine < *(const double *)theirs) ||
                    (k->kind == CHOICE && *(const uint32_t *)mine < *(const uint32_t *)theirs);
        if (!less) continue;
        if (n < most && k->kind == NUMBER)
            SAY(&out_said[n], "[%s] %s = %g asks for less than the default's %g", k->section, k->key, *(const double *)mine,
                *(const double *)theirs);
        else if (n < most)
            SAY(&out_said[n], "[%s] %s asks for less than the default", k->section, k->key);
        n++;
    }
    return n;
}

static bt_status merge_text(const struct key *k, struct bt_profile_text *mine, const struct bt_profile_text *theirs,
                            struct bt_profile_said *out_why) {
    size_t used = strlen(mine->at);
    if (!*theirs->at || strstr(mine->at, theirs->at)) return BT_OK;
    if (used && !(k->flags & ADDED)) return BT_OK; /* clauses: the first's; each profile shows its own */
    int more = snprintf(mine->at + used, sizeof mine->at - used, "%s%s", used ? " · " : "", theirs->at);
    if (more >= 0 && (size_t)more < sizeof mine->at - used) return BT_OK;
    SAY(out_why, "[%s] %s: the words of all profiles together are too long", k->section, k->key);
    return BT_E_UNSUPPORTED;
}

static bt_status merge_words(const struct key *k, struct bt_profile_words *mine, const struct bt_profile_words *theirs,
                             struct bt_profile_said *out_why) {
    struct bt_profile_words both = {.count = 0};
    if (k->kind == PLACES && mine->count && theirs->count) {
        for (uint32_t i = 0; i < mine->count; i++)
            for (uint32_t j = 0; j < theirs->count; j++)
                if (!strcmp(mine->word[i], theirs->word[j]) && !add_word(&both, mine->word[i], strlen(mine->word[i])))
                    return BT_E_UNSUPPORTED;
        *mine = both;
        if (both.count) return BT_OK;
        SAY(out_why, "[%s] %s: no place suits all profiles", k->section, k->key);
        return BT_E_UNSUPPORTED;
    }
    for (uint32_t i = 0; i < theirs->count; i++)
        if (!add_word(mine, theirs->word[i], strlen(theirs->word[i]))) {
            SAY(out_why, "[%s] %s: more than %d words together", k->section, k->key, BT_PROFILE_MOST_WORDS);
            return BT_E_UNSUPPORTED;
        }
    return BT_OK;
}

bt_status bt_profile_merge(struct bt_profile *inout, const struct bt_profile *with, struct bt_profile_said *out_why) {
    for (size_t i = 0; i < BT_COUNT(keys); i++) {
        const struct key *k = &keys[i];
        void *mine = (char *)inout + k->offset;
        const void *theirs = (const char *)with + k->offset;
        bt_status status = BT_OK;
        if (!is_rule(k)) continue;
        switch (k->kind) {
        case TEXT:
            status = merge_text(k, mine, theirs, out_why);
            break;
        case LINES:
            for (uint32_t n = 0; !status && n < ((const struct bt_profile_lines *)theirs)->count; n++)
                if (!add_line(mine, ((const struct bt_profile_lines *)theirs)->line[n].at)) {
                    SAY(out_why, "[%s] %s: more than %d such lines together", k->section, k->key, BT_PROFILE_MOST_LINES);
                    status = BT_E_UNSUPPORTED;
                }
            break;
        case WORDS:
        case PLACES:
            status = merge_words(k, mine, theirs, out_why);
            break;
        case NUMBER:
            *(double *)mine = fmax(*(double *)mine, *(const double *)theirs);
            break;
        case CHOICE:
            if (*(const uint32_t *)theirs > *(uint32_t *)mine) *(uint32_t *)mine = *(const uint32_t *)theirs;
            break;
        case DAY:
            break;
        }
        if (status) return status;
    }
    return BT_OK;
}

const char *bt_profile_status_text(uint32_t status) {
    static const char *const text[] = {"unknown", "struck", "draft", "voluntary", "in_force"};
    return text[status < BT_COUNT(text) ? status : 0];
}

const char *bt_profile_confidence_text(uint32_t confidence) {
    static const char *const text[] = {"unknown", "low", "medium", "high"};
    return text[confidence < BT_COUNT(text) ? confidence : 0];
}
