/* SPDX-License-Identifier: MIT */
/* bauta report's page: one HTML file, no script, nothing fetched. */
#include "app/compliance.h"

#include "evaluate/chart.h"

#include <jansson.h>
#include <stdarg.h>
#include <string.h>

static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">"
    "<title>bauta: compliance report</title>\n<style>body{font:15px/1.45 sans-serif;max-width:1100px;margin:2em auto;padding:0 "
    "1em;color:#222}h2{margin:1.8em 0 .4em;border-bottom:2px solid #333}h3{margin:1.2em 0 .3em}table{border-collapse:collapse;"
    "margin:.6em 0;width:100%}th,td{padding:.3em .7em .3em 0;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}"
    "thead th{color:#555;font-weight:normal}tbody th{font-weight:600}code{font:12px "
    "monospace;overflow-wrap:anywhere}.s{color:#555;font-weight:normal;"
    "font-size:13px}.good{color:#05652f;font-weight:600}.bad{color:#a11212;font-weight:600}.note{background:#fff4d6;padding:."
    "6em "
    "1em;border-left:4px solid #e69f00}.fine{background:#e7f4ea;padding:.6em 1em;border-left:4px solid #05652f}"
    "@media print{body{margin:0}h2{break-after:avoid}tr{break-inside:avoid}}</style></head><body>\n";

/* A member by its path; NULL ends it. */
static const json_t *at(const json_t *json, ...) {
    va_list keys;
    va_start(keys, json);
    for (const char *key; json && (key = va_arg(keys, const char *));) json = json_object_get(json, key);
    va_end(keys);
    return json;
}

static void text(FILE *out, const json_t *value) {
    if (json_is_integer(value))
        fprintf(out, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    else if (json_is_real(value))
        fprintf(out, "%g", json_real_value(value));
    else if (json_is_boolean(value))
        fputs(json_is_true(value) ? "yes" : "no", out);
    else if (json_is_string(value) && *json_string_value(value))
        bt_chart_escape(out, json_string_value(value));
    else
        fputs("–", out);
}

static void cell(FILE *out, const json_t *row, const char *key) {
    fputs("<td>", out);
    text(out, json_object_get(row, key));
    fputs("</td>", out);
}

static void line(FILE *out, const char *name, const json_t *value) {
    fprintf(out, "<tr><th>%s</th><td>", name);
    text(out, value);
    fputs("</td></tr>\n", out);
}

static void verdict(FILE *out, bool good, const char *words) {
    fprintf(out, "<span class=\"%s\">", good ? "good" : "bad");
    bt_chart_escape(out, words);
    fputs("</span>", out);
}

static void begin(FILE *out, const char *const *columns) {
    fputs("<table><thead><tr>", out);
    for (; *columns; columns++) fprintf(out, "<th>%s</th>", *columns);
    fputs("</tr></thead><tbody>\n", out);
}

static void end(FILE *out) {
    fputs("</tbody></table>\n", out);
}

static void overview(FILE *out, const json_t *report) {
    const json_t *attention = at(report, "attention", NULL);
    size_t i;
    json_t *said;
    fprintf(out, "<h1>Compliance report</h1>\n<p>of one installation of bauta ");
    text(out, at(report, "software", "version", NULL));
    fputs(", made ", out);
    text(out, at(report, "made", NULL));
    fputs(". It names no person and shows no picture: people are pseudonyms that only the installation can link.", out);
    if (json_is_true(at(report, "key", "made", NULL))) {
        fputs(" The key that signs its records: <code>", out);
        text(out, at(report, "key", "fingerprint", NULL));
        fputs("</code>.", out);
    } else {
        fputs(" It has no signing key yet: nothing was recorded.", out);
    }
    fputs("</p>\n", out);
    if (!json_array_size(attention)) {
        fputs("<p class=\"fine\">Nothing needs looking at.</p>\n", out);
        return;
    }
    fputs("<div class=\"note\">To look at:<ul>\n", out);
    json_array_foreach(attention, i, said) {
        fputs("<li>", out);
        text(out, said);
        fputs("</li>\n", out);
    }
    fputs("</ul></div>\n", out);
}

static void policy(FILE *out, const json_t *p) {
    size_t i, k;
    json_t *profile, *instrument, *rule;
    fputs("<h2>Policy in force</h2>\n<p>The first profile is always kept to; others add to it, and none can weaken it.</p>\n",
          out);
    json_array_foreach(at(p, "profiles", NULL), i, profile) {
        fputs("<h3>", out);
        text(out, at(profile, "name", NULL));
        fputs("</h3>\n<p class=\"s\"><code>", out);
        text(out, at(profile, "id", NULL));
        fputs("</code>, ", out);
        text(out, at(profile, "jurisdiction", NULL));
        fputs("; ", out);
        text(out, at(profile, "status", NULL));
        fputs("; checked against its sources on ", out);
        text(out, at(profile, "checked_on", NULL));
        fputs(", confidence ", out);
        text(out, at(profile, "confidence", NULL));
        fputs(".</p>\n", out);
        begin(out, (const char *const[]){"instrument", "clause", "status", "in effect from", "published", "confidence", NULL});
        json_array_foreach(at(profile, "instruments", NULL), k, instrument) {
            fputs("<tr><th>", out);
            text(out, at(instrument, "title", NULL));
            fputs("<br><span class=\"s\">source: ", out);
            text(out, at(instrument, "source", NULL));
            fputs("</span></th>", out);
            cell(out, instrument, "clause");
            cell(out, instrument, "status");
            cell(out, instrument, "effective");
            cell(out, instrument, "published");
            cell(out, instrument, "confidence");
            fputs("</tr>\n", out);
        }
        end(out);
    }
    fputs("<h3>The rules of all of them together</h3>\n", out);
    begin(out, (const char *const[]){"", "rule", "met by", "how", NULL});
    json_array_foreach(at(p, "rules", NULL), i, rule) {
        const char *words = json_string_value(at(rule, "verdict", NULL));
        fputs("<tr><td>", out);
        verdict(out, words && !strcmp(words, "met"), words ? words : "");
        fputs("</td>", out);
        cell(out, rule, "asks");
        cell(out, rule, "by");
        cell(out, rule, "answer");
        fputs("</tr>\n", out);
    }
    end(out);
}

static void models(FILE *out, const json_t *m) {
    size_t i;
    json_t *file;
    fputs("<h2>Models</h2>\n<p>The list is signed (Ed25519) by the release key <code>", out);
    text(out, at(m, "signature", "release_key", NULL));
    fputs("</code>: ", out);
    if (json_is_true(at(m, "signature", "valid", NULL))) {
        verdict(out, true, "the signature holds");
    } else {
        verdict(out, false, "no list that it signed is here");
        fputs(" (", out);
        text(out, at(m, "signature", "why_not", NULL));
        fputs(")", out);
    }
    fputs(". A file that is not what was signed is not run.</p>\n", out);
    begin(out, (const char *const[]){"file", "state", "used for", "source and licence", "training data", NULL});
    json_array_foreach(at(m, "files", NULL), i, file) {
        const char *state = json_string_value(at(file, "state", NULL));
        fputs("<tr><th>", out);
        text(out, at(file, "file", NULL));
        fputs("<br><span class=\"s\">", out);
        text(out, at(file, "what", NULL));
        fputs("<br>", out);
        text(out, at(file, "bytes", NULL));
        fputs(" bytes, SHA-256 <code>", out);
        text(out, at(file, "sha256", NULL));
        fputs("</code></span></th><td>", out);
        verdict(out, state && !strcmp(state, "as signed"), state ? state : "");
        fputs("</td><td>", out);
        text(out, at(file, "use", NULL));
        fputs("; ", out);
        text(out, at(file, "needed_by", NULL));
        fputs("</td><td>npm ", out);
        text(out, at(file, "source", "package", NULL));
        fputs(" ", out);
        text(out, at(file, "source", "version", NULL));
        fputs("<br><span class=\"s\">", out);
        text(out, at(file, "licence", NULL));
        fputs("<br>SHA-512 <code>", out);
        text(out, at(file, "source", "sha512", NULL));
        fputs("</code></span></td><td>", out);
        text(out, at(file, "training", "data", NULL));
        fputs("<br><span class=\"s\">told by: ", out);
        text(out, at(file, "training", "told_by", NULL));
        fputs("</span></td></tr>\n", out);
    }
    end(out);
}

/* Whatever the figures are: a row a number, a nested object by its names. */
static void figures(FILE *out, const char *prefix, const json_t *object) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        char name[128], words[128];
        snprintf(name, sizeof name, "%s%s%s", prefix, *prefix ? ", " : "", key);
        if (json_is_object(value)) {
            figures(out, name, value);
            continue;
        }
        snprintf(words, sizeof words, "%s", name);
        for (char *c = words; *c; c++)
            if (*c == '_') *c = ' ';
        fputs("<tr><th>", out);
        bt_chart_escape(out, words);
        fputs("</th><td>", out);
        text(out, value);
        fputs("</td></tr>\n", out);
    }
}

static void rate(FILE *out, const json_t *run, const char *key) {
    char interval[32];
    snprintf(interval, sizeof interval, "%s_95", key);
    const json_t *range = json_object_get(run, interval);
    fputs("<td>", out);
    fprintf(out, "%.3g", json_real_value(json_object_get(run, key)));
    if (range)
        fprintf(out, "<br><span class=\"s\">%.3g … %.3g</span>", json_real_value(json_array_get(range, 0)),
                json_real_value(json_array_get(range, 1)));
    fputs("</td>", out);
}

static void error_rates(FILE *out, const json_t *e) {
    size_t i;
    json_t *run;
    fputs("<h2>Error rates in use</h2>\n<p>Two networks compare a consenting person with themselves; nobody is looked up. FMR: "
          "the "
          "share of comparisons of two people that are taken for one; FNMR: of one person that are taken for two; EER: where "
          "both "
          "are equal.</p>\n<table><tbody>\n",
          out);
    line(out, "decision", at(e, "decision", NULL));
    figures(out, "limit", at(e, "limits", NULL));
    figures(out, "claimed", at(e, "claimed", NULL));
    end(out);
    begin(out, (const char *const[]){"counted on", "comparisons of one person, of two", "EER", "FMR at the threshold, 95 %",
                                     "FNMR there, 95 %", NULL});
    json_array_foreach(at(e, "measured", NULL), i, run) {
        fputs("<tr><th>", out);
        text(out, at(run, "people", NULL));
        fputs("<br><span class=\"s\">", out);
        text(out, at(run, "subjects", NULL));
        fputs(" people, ", out);
        text(out, at(run, "pictures", NULL));
        fputs(" pictures, ", out);
        text(out, at(run, "date", NULL));
        fputs("</span></th><td>", out);
        text(out, at(run, "mated", NULL));
        fputs(", ", out);
        text(out, at(run, "non_mated", NULL));
        fputs("</td>", out);
        rate(out, run, "eer");
        rate(out, run, "fmr");
        rate(out, run, "fnmr");
        fputs("</tr>\n", out);
    }
    end(out);
    fputs("<p class=\"s\">", out);
    text(out, at(e, "note", NULL));
    fputs(".</p>\n", out);
}

static void consents(FILE *out, const json_t *c) {
    size_t i;
    json_t *one;
    fputs("<h2>Faces and consents</h2>\n<p>Receipts: ", out);
    text(out, at(c, "receipts", NULL));
    fputs("; consents in force: ", out);
    text(out, at(c, "in_force", NULL));
    fputs("; chain and signatures: ", out);
    verdict(out, json_is_true(at(c, "whole", NULL)), json_is_true(at(c, "whole", NULL)) ? "whole" : "damaged");
    fputs(".</p>\n", out);
    if (!json_array_size(at(c, "consents", NULL))) {
        fputs("<p>No face is enrolled here. Masks that belong to nobody need no consent of an owner; the wearer is asked for "
              "their own at each session.</p>\n",
              out);
        return;
    }
    begin(out, (const char *const[]){"who (pseudonym)", "about", "state", "for", "valid until", "last event", NULL});
    json_array_foreach(at(c, "consents", NULL), i, one) {
        const bool in_force = json_is_true(at(one, "in_force", NULL));
        fputs("<tr><th><code>", out);
        text(out, at(one, "subject", NULL));
        fputs("</code><br><span class=\"s\">consent <code>", out);
        text(out, at(one, "record", NULL));
        fputs("</code></span></th><td>", out);
        text(out, at(one, "about", NULL));
        if (at(one, "lent_to_key", NULL)) {
            fputs(", lent to key <code>", out);
            text(out, at(one, "lent_to_key", NULL));
            fputs("…</code>", out);
        }
        if (at(one, "matched", NULL)) {
            fputs("<br><span class=\"s\">matched at ", out);
            text(out, at(one, "matched", "threshold", NULL));
            fputs(", FMR ", out);
            text(out, at(one, "matched", "fmr", NULL));
            fputs(", ", out);
            text(out, at(one, "matched", "claim", NULL));
            fputs("</span>", out);
        }
        fputs("</td><td>", out);
        verdict(out, in_force, in_force ? "in force" : json_string_value(at(one, "why_not", NULL)));
        fputs("</td>", out);
        cell(out, one, "purposes");
        cell(out, one, "valid_until");
        fputs("<td>", out);
        text(out, at(one, "last_event", NULL));
        fputs("<br><span class=\"s\">", out);
        text(out, at(one, "at", NULL));
        fputs("</span></td></tr>\n", out);
    }
    end(out);
}

static void vault(FILE *out, const json_t *v) {
    fputs("<h2>Vault</h2>\n<table><tbody>\n", out);
    line(out, "state", at(v, "state", NULL));
    if (json_is_true(at(v, "exists", NULL))) {
        line(out, "its folder is its owner's alone", at(v, "private", NULL));
        line(out, "sealed by", at(v, "cipher", NULL));
        line(out, "enrolled faces", at(v, "faces", NULL));
        line(out, "faces lent to this installation", at(v, "faces_lent_here", NULL));
        line(out, "erased: their keys are destroyed", at(v, "erased", NULL));
    }
    end(out);
}

static void retention(FILE *out, const json_t *rows) {
    size_t i;
    json_t *row;
    fputs("<h2>Retention</h2>\n", out);
    begin(out, (const char *const[]){"what", "how long", "how that is kept to", NULL});
    json_array_foreach(rows, i, row) {
        fputs("<tr><th>", out);
        text(out, at(row, "what", NULL));
        fputs("</th>", out);
        cell(out, row, "how_long");
        cell(out, row, "by");
        fputs("</tr>\n", out);
    }
    end(out);
}

static void audit(FILE *out, const json_t *a) {
    const bool whole = json_is_true(at(a, "whole", NULL));
    fputs("<h2>Session log</h2>\n<table><tbody>\n<tr><th>chain and signatures</th><td>", out);
    verdict(out, whole, whole ? "whole and in order" : json_string_value(at(a, "why_not", NULL)));
    fputs("</td></tr>\n", out);
    line(out, "lines", at(a, "lines", NULL));
    line(out, "of them from before lines were signed", at(a, "unsigned_lines", NULL));
    line(out, "first", at(a, "first", NULL));
    line(out, "last", at(a, "last", NULL));
    fputs("<tr><th>SHA-256 of the last line</th><td><code>", out);
    text(out, at(a, "head_sha256", NULL));
    fputs("</code></td></tr>\n", out);
    figures(out, "event", at(a, "events", NULL));
    end(out);
}

static void sessions(FILE *out, const json_t *s) {
    fputs("<h2>Sessions</h2>\n<p>Summed over the manifests that are still there.</p>\n<table><tbody>\n", out);
    line(out, "manifests, signed here", at(s, "manifests", NULL));
    line(out, "running now, or cut short", at(s, "running_or_cut_short", NULL));
    line(out, "damaged", at(s, "unreadable", NULL));
    line(out, "not signed here", at(s, "not_signed_here", NULL));
    line(out, "first began", at(s, "first", NULL));
    line(out, "last ended", at(s, "last", NULL));
    figures(out, "face worn", at(s, "faces_worn", NULL));
    figures(out, "frames", at(s, "frames", NULL));
    figures(out, "card shown", at(s, "placards_by_reason", NULL));
    line(out, "times that masked frames gave way to cards", at(s, "times_that_masked_frames_gave_way", NULL));
    end(out);
}

void bt_compliance_page(FILE *out, const json_t *report) {
    size_t i;
    json_t *unknown;
    fputs(head, out);
    overview(out, report);
    policy(out, at(report, "policy", NULL));
    models(out, at(report, "models", NULL));
    error_rates(out, at(report, "error_rates", NULL));
    consents(out, at(report, "consents", NULL));
    vault(out, at(report, "vault", NULL));
    retention(out, at(report, "retention", NULL));
    audit(out, at(report, "audit", NULL));
    sessions(out, at(report, "sessions", NULL));
    fputs("<h2>Not known without the passphrase</h2>\n<ul>\n", out);
    json_array_foreach(at(report, "not_known_without_the_passphrase", NULL), i, unknown) {
        fputs("<li>", out);
        text(out, unknown);
        fputs("</li>\n", out);
    }
    fputs("</ul>\n<p class=\"s\">A reading aid made by the program about itself, not a legal opinion.</p>\n</body></html>\n",
          out);
}
