/* SPDX-License-Identifier: MIT */
/* bauta report's page: one HTML file, no script, nothing fetched. */
#include "app/compliance.h"

#include "evaluate/page.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A member by its path; NULL ends it. */
static const json_t *at(const json_t *json, ...) {
    va_list keys;
    va_start(keys, json);
    for (const char *key; json && (key = va_arg(keys, const char *));) json = json_object_get(json, key);
    va_end(keys);
    return json;
}

enum { NUMBER = 32 };

/* A dash for what is not there. */
static const char *words(const json_t *value, char number[NUMBER]) {
    if (json_is_string(value)) return *json_string_value(value) ? json_string_value(value) : "–";
    if (json_is_boolean(value)) return json_is_true(value) ? "yes" : "no";
    if (json_is_integer(value))
        snprintf(number, NUMBER, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        snprintf(number, NUMBER, "%g", json_real_value(value));
    return *number ? number : "–";
}

#define WORDS(...) words(at(__VA_ARGS__, NULL), (char[NUMBER]){0})

/* The arguments of <span class="%s">%s</span>. */
#define VERDICT(good, said) (good) ? "good" : "bad", (said)

static void overview(FILE *out, const json_t *report) {
    const json_t *attention = at(report, "attention", NULL);
    size_t i;
    json_t *said;
    bt_page_say(out,
                "<p>of one installation of bauta %s, made %s. It names no person and shows no picture: people are pseudonyms "
                "that only the installation can link.",
                WORDS(report, "software", "version"), WORDS(report, "made"));
    if (json_is_true(at(report, "key", "made", NULL)))
        bt_page_say(out, " The key that signs its records: <code>%s</code>.", WORDS(report, "key", "fingerprint"));
    else
        fputs(" It has no signing key yet: nothing was recorded.", out);
    fputs("</p>\n", out);
    if (!json_array_size(attention)) {
        fputs("<p class=\"fine\">Nothing needs looking at.</p>\n", out);
        return;
    }
    fputs("<div class=\"note\">To look at:<ul>\n", out);
    json_array_foreach(attention, i, said) bt_page_say(out, "<li>%s</li>\n", WORDS(said));
    fputs("</ul></div>\n", out);
}

static void policy(FILE *out, const json_t *p) {
    size_t i, k;
    json_t *profile, *instrument, *rule;
    bt_page_section(out, "Policy in force");
    fputs("<p>The first profile is always kept to; others add to it, and none can weaken it.</p>\n", out);
    json_array_foreach(at(p, "profiles", NULL), i, profile) {
        bt_page_say(out,
                    "<h3>%s</h3>\n<p class=\"s\"><code>%s</code>, %s; %s; checked against its sources on %s, confidence "
                    "%s.</p>\n",
                    WORDS(profile, "name"), WORDS(profile, "id"), WORDS(profile, "jurisdiction"), WORDS(profile, "status"),
                    WORDS(profile, "checked_on"), WORDS(profile, "confidence"));
        bt_page_table_begin(out, BT_PAGE_WORDS, "Laws and standards that this profile is made from",
                            "instrument|clause|status|in effect from|published|confidence");
        json_array_foreach(at(profile, "instruments", NULL), k, instrument)
            bt_page_row(out, "%s<br><span class=\"s\">source: %s</span>|%s|%s|%s|%s|%s", WORDS(instrument, "title"),
                        WORDS(instrument, "source"), WORDS(instrument, "clause"), WORDS(instrument, "status"),
                        WORDS(instrument, "effective"), WORDS(instrument, "published"), WORDS(instrument, "confidence"));
        bt_page_table_end(out);
    }
    fputs("<h3>The rules of all of them together</h3>\n", out);
    bt_page_table_begin(out, BT_PAGE_WORDS, "What is asked, and how it is met", "rule|verdict|met by|how");
    json_array_foreach(at(p, "rules", NULL), i, rule) {
        const char *said = WORDS(rule, "verdict");
        bt_page_row(out, "%s|<span class=\"%s\">%s</span>|%s|%s", WORDS(rule, "asks"), VERDICT(!strcmp(said, "met"), said),
                    WORDS(rule, "by"), WORDS(rule, "answer"));
    }
    bt_page_table_end(out);
}

static void models(FILE *out, const json_t *m) {
    size_t i;
    json_t *file;
    const bool valid = json_is_true(at(m, "signature", "valid", NULL));
    bt_page_section(out, "Models");
    bt_page_say(
        out,
        "<p>The list is signed (Ed25519) by the release key <code>%s</code>: <span class=\"%s\">%s</span>%s%s%s. A file "
        "that is not what was signed is not run.</p>\n",
        WORDS(m, "signature", "release_key"), VERDICT(valid, valid ? "the signature holds" : "no list that it signed is here"),
        valid ? "" : " (", valid ? "" : WORDS(m, "signature", "why_not"), valid ? "" : ")");
    bt_page_table_begin(out, BT_PAGE_WORDS, "The files that the networks are read from",
                        "file|state|used for|source and licence|training data");
    json_array_foreach(at(m, "files", NULL), i, file) {
        const char *state = WORDS(file, "state");
        bt_page_row(out,
                    "%s<br><span class=\"s\">%s<br>%s bytes, SHA-256 <code>%s</code></span>|<span class=\"%s\">%s</span>|%s; "
                    "%s|npm package %s %s<br><span class=\"s\">%s<br>SHA-512 <code>%s</code></span>|%s<br><span "
                    "class=\"s\">told by: %s</span>",
                    WORDS(file, "file"), WORDS(file, "what"), WORDS(file, "bytes"), WORDS(file, "sha256"),
                    VERDICT(!strcmp(state, "as signed"), state), WORDS(file, "use"), WORDS(file, "needed_by"),
                    WORDS(file, "source", "package"), WORDS(file, "source", "version"), WORDS(file, "licence"),
                    WORDS(file, "source", "sha512"), WORDS(file, "training", "data"), WORDS(file, "training", "told_by"));
    }
    bt_page_table_end(out);
}

/* Whatever the figures are: a row a number, a nested object by its names. */
static void figures(FILE *out, const char *prefix, const json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        char name[128];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? ", " : "", key);
        if (json_is_object(value)) {
            figures(out, name, value);
            continue;
        }
        for (char *c = name; *c; c++)
            if (*c == '_') *c = ' ';
        bt_page_row(out, "%s|%s", name, WORDS(value));
    }
}

/* A share and its interval, in percent. */
static const char *rate(const json_t *run, const char *key, char room[NUMBER * 2]) {
    char interval[NUMBER];
    snprintf(interval, sizeof interval, "%s_95", key);
    const json_t *range = json_object_get(run, interval);
    const int size = snprintf(room, (size_t)NUMBER * 2, "%.3g\u202f%%", 100 * json_real_value(json_object_get(run, key)));
    if (range)
        snprintf(room + size, (size_t)(NUMBER * 2 - size), " (%.3g … %.3g\u202f%%)",
                 100 * json_real_value(json_array_get(range, 0)), 100 * json_real_value(json_array_get(range, 1)));
    return room;
}

#define RATE(run, key) rate(run, key, (char[NUMBER * 2]){0})

static void error_rates(FILE *out, const json_t *e) {
    size_t i;
    json_t *run;
    bt_page_section(out, "Error rates in use");
    fputs("<p>Two networks compare a consenting person with themselves; nobody is looked up. FMR, false match rate: the share "
          "of comparisons of two people that are taken for one; FNMR, false non-match rate: of one person that are taken for "
          "two; EER, equal error rate: where both are equal. In brackets: 95&#8239;% intervals.</p>\n",
          out);
    bt_page_table_begin(out, BT_PAGE_WORDS, "What decides, and what is claimed for it; rates are shares of 1", NULL);
    bt_page_row(out, "decision|%s", WORDS(e, "decision"));
    figures(out, "limit", at(e, "limits", NULL));
    figures(out, "claimed", at(e, "claimed", NULL));
    bt_page_table_end(out);
    bt_page_table_begin(out, BT_PAGE_WORDS, "What was counted",
                        "counted on|comparisons of one person|comparisons of two|EER|FMR at the threshold|FNMR there");
    json_array_foreach(at(e, "measured", NULL), i, run)
        bt_page_row(out, "%s<br><span class=\"s\">%s people, %s pictures, %s</span>|%s|%s|%s|%s|%s", WORDS(run, "people"),
                    WORDS(run, "subjects"), WORDS(run, "pictures"), WORDS(run, "date"), WORDS(run, "mated"),
                    WORDS(run, "non_mated"), RATE(run, "eer"), RATE(run, "fmr"), RATE(run, "fnmr"));
    bt_page_table_end(out);
    bt_page_say(out, "<p class=\"s\">%s.</p>\n", WORDS(e, "note"));
}

static void consents(FILE *out, const json_t *c) {
    size_t i;
    json_t *one;
    const bool whole = json_is_true(at(c, "whole", NULL));
    bt_page_section(out, "Faces and consents");
    bt_page_say(out, "<p>Receipts: %s; consents in force: %s; chain and signatures: <span class=\"%s\">%s</span>.</p>\n",
                WORDS(c, "receipts"), WORDS(c, "in_force"), VERDICT(whole, whole ? "whole" : "damaged"));
    if (!json_array_size(at(c, "consents", NULL))) {
        fputs("<p>No face is enrolled here. Masks that belong to nobody need no consent of an owner; the wearer is asked for "
              "their own at each session.</p>\n",
              out);
        return;
    }
    bt_page_table_begin(out, BT_PAGE_WORDS, "Consents, by the pseudonym of whoever gave them",
                        "who (pseudonym)|about|state|for|valid until|last event");
    json_array_foreach(at(c, "consents", NULL), i, one) {
        const bool in_force = json_is_true(at(one, "in_force", NULL));
        const json_t *lent = at(one, "lent_to_key", NULL), *matched = at(one, "matched", NULL);
        bt_page_say(out, "<tr><th scope=\"row\"><code>%s</code><br><span class=\"s\">consent <code>%s</code></span></th><td>%s",
                    WORDS(one, "subject"), WORDS(one, "record"), WORDS(one, "about"));
        if (lent) bt_page_say(out, ", lent to key <code>%s…</code>", WORDS(lent));
        if (matched)
            bt_page_say(out, "<br><span class=\"s\">matched at threshold %s, FMR %s, %s</span>", WORDS(matched, "threshold"),
                        WORDS(matched, "fmr"), WORDS(matched, "claim"));
        bt_page_say(out,
                    "</td><td><span class=\"%s\">%s</span></td><td>%s</td><td>%s</td><td>%s<br><span "
                    "class=\"s\">%s</span></td></tr>\n",
                    VERDICT(in_force, in_force ? "in force" : WORDS(one, "why_not")), WORDS(one, "purposes"),
                    WORDS(one, "valid_until"), WORDS(one, "last_event"), WORDS(one, "at"));
    }
    bt_page_table_end(out);
}

static void vault(FILE *out, const json_t *v) {
    bt_page_section(out, "Vault");
    bt_page_table_begin(out, BT_PAGE_WORDS, "Where enrolled faces are kept", NULL);
    bt_page_row(out, "state|%s", WORDS(v, "state"));
    if (json_is_true(at(v, "exists", NULL))) {
        bt_page_row(out, "its folder is its owner's alone|%s", WORDS(v, "private"));
        bt_page_row(out, "sealed by|%s", WORDS(v, "cipher"));
        bt_page_row(out, "enrolled faces|%s", WORDS(v, "faces"));
        bt_page_row(out, "faces lent to this installation|%s", WORDS(v, "faces_lent_here"));
        bt_page_row(out, "erased: their keys are destroyed|%s", WORDS(v, "erased"));
    }
    bt_page_table_end(out);
}

static void retention(FILE *out, const json_t *rows) {
    size_t i;
    json_t *row;
    bt_page_section(out, "Retention");
    bt_page_table_begin(out, BT_PAGE_WORDS, "What is kept, and for how long", "what|how long|how that is kept to");
    json_array_foreach(rows, i, row) bt_page_row(out, "%s|%s|%s", WORDS(row, "what"), WORDS(row, "how_long"), WORDS(row, "by"));
    bt_page_table_end(out);
}

static void audit(FILE *out, const json_t *a) {
    const bool whole = json_is_true(at(a, "whole", NULL));
    bt_page_section(out, "Session log");
    bt_page_table_begin(out, BT_PAGE_WORDS, "The log's chain, and how often each event is in it", NULL);
    bt_page_row(out, "chain and signatures|<span class=\"%s\">%s</span>",
                VERDICT(whole, whole ? "whole and in order" : WORDS(a, "why_not")));
    bt_page_row(out, "lines|%s", WORDS(a, "lines"));
    bt_page_row(out, "of them from before lines were signed|%s", WORDS(a, "unsigned_lines"));
    bt_page_row(out, "first|%s", WORDS(a, "first"));
    bt_page_row(out, "last|%s", WORDS(a, "last"));
    bt_page_row(out, "SHA-256 of the last line|<code>%s</code>", WORDS(a, "head_sha256"));
    figures(out, "event", at(a, "events", NULL));
    bt_page_table_end(out);
}

static void sessions(FILE *out, const json_t *s) {
    bt_page_section(out, "Sessions");
    bt_page_table_begin(out, BT_PAGE_WORDS, "Summed over the manifests that are still there", NULL);
    bt_page_row(out, "manifests, signed here|%s", WORDS(s, "manifests"));
    bt_page_row(out, "running now, or cut short|%s", WORDS(s, "running_or_cut_short"));
    bt_page_row(out, "damaged|%s", WORDS(s, "unreadable"));
    bt_page_row(out, "not signed here|%s", WORDS(s, "not_signed_here"));
    bt_page_row(out, "first began|%s", WORDS(s, "first"));
    bt_page_row(out, "last ended|%s", WORDS(s, "last"));
    bt_page_row(out, "sessions with a mask that is nobody's face|%s", WORDS(s, "faces_worn", "nobodys"));
    bt_page_row(out, "sessions with the wearer's own face|%s", WORDS(s, "faces_worn", "own"));
    bt_page_row(out, "sessions with a face that was lent|%s", WORDS(s, "faces_worn", "lent"));
    figures(out, "frames", at(s, "frames", NULL));
    figures(out, "frames with the card", at(s, "placards_by_reason", NULL));
    bt_page_row(out, "times that masked frames gave way to cards|%s", WORDS(s, "times_that_masked_frames_gave_way"));
    bt_page_table_end(out);
}

void bt_compliance_page(FILE *out, const json_t *report) {
    size_t i;
    json_t *unknown;
    bt_page_begin(out, "bauta: compliance report", "Compliance report");
    overview(out, report);
    policy(out, at(report, "policy", NULL));
    models(out, at(report, "models", NULL));
    error_rates(out, at(report, "error_rates", NULL));
    consents(out, at(report, "consents", NULL));
    vault(out, at(report, "vault", NULL));
    retention(out, at(report, "retention", NULL));
    audit(out, at(report, "audit", NULL));
    sessions(out, at(report, "sessions", NULL));
    bt_page_section(out, "Not known without the passphrase");
    fputs("<ul>\n", out);
    json_array_foreach(at(report, "not_known_without_the_passphrase", NULL), i, unknown)
        bt_page_say(out, "<li>%s</li>\n", WORDS(unknown));
    fputs("</ul>\n<p class=\"s\">A reading aid made by the program about itself, not a legal opinion.</p>\n", out);
    bt_page_end(out);
}
