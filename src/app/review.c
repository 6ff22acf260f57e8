/* SPDX-License-Identifier: MIT */
/* bauta review: what was flagged during a session, when, how long and why, and what the wearer decided; out of the session log.
 */
#include "app/app.h"

#include "app/trust.h"
#include "base/log.h"
#include "trust/audit/audit.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough to name one session among many. */
enum { LEAST_DIGITS = 4, ID_BYTES = 40 };

/* What each event means to the person who reads; others are not listed. */
static const struct {
    const char *event, *words;
} events[] = {
    {"consent.given", "agreed to"},
    {"consent.not-needed", "began: no consent is needed for this"},
    {"consent.refused", "not agreed to"},
    {"live.approved", "the masked picture was approved, and went live"},
    {"face.changed", "another mask"},
    {"gate.placard", "card"},
    {"gate.referred", "referred to the wearer"},
    {"gate.approved", "went on"},
    {"gate.stopped", "not decided: the session ended"},
    {"consent.renewed", "somebody else agreed, and is the wearer from here on"},
    {"session.ended", "ended"},
};

struct review {
    const char *wanted;     /* NULL: the last */
    char session[ID_BYTES]; /* found */
    bool ambiguous;
    json_t *lines;
};

static const char *text_of(const json_t *line, const char *key) {
    const char *text = json_string_value(json_object_get(line, key));
    return text ? text : "";
}

static const char *words_of(const json_t *line) {
    for (size_t i = 0; i < BT_COUNT(events); i++)
        if (!strcmp(events[i].event, text_of(line, "event"))) return events[i].words;
    return NULL;
}

static bool begins_session(const char *event) {
    return !strcmp(event, "consent.given") || !strcmp(event, "consent.not-needed");
}

/* First pass: which session is meant. */
static bt_status find(void *user, const char *text) {
    struct review *r = user;
    json_t *line = json_loads(text, 0, NULL);
    if (!line) return BT_E_MEMORY;
    const char *id = text_of(line, "session");
    if (*id && (r->wanted ? !strncmp(id, r->wanted, strlen(r->wanted)) : begins_session(text_of(line, "event")))) {
        if (r->wanted && *r->session && strcmp(r->session, id) != 0) r->ambiguous = true;
        snprintf(r->session, sizeof r->session, "%s", id);
    }
    json_decref(line);
    return BT_OK;
}

static bt_status collect(void *user, const char *text) {
    struct review *r = user;
    json_t *line = json_loads(text, 0, NULL);
    if (!line) return BT_E_MEMORY;
    bt_status status = BT_OK;
    if (!strcmp(text_of(line, "session"), r->session) && words_of(line) && json_array_append(r->lines, line))
        status = BT_E_MEMORY;
    json_decref(line);
    return status;
}

static double seconds_of(const json_t *line) {
    return strtod(text_of(line, "seconds"), NULL);
}

static void say_line(const json_t *line) {
    const char *event = text_of(line, "event"), *times = text_of(line, "times");
    const bool card = !strcmp(event, "gate.placard");
    printf("%s  ", text_of(line, card ? "since" : "time"));
    if (card && strcmp(times, "1") != 0)
        printf("card for %s s in %s runs, the longest %s s: %s", text_of(line, "seconds"), times, text_of(line, "longest"),
               text_of(line, "why"));
    else if (card)
        printf("card for %s s: %s", text_of(line, "seconds"), text_of(line, "why"));
    else
        printf("%s", words_of(line));
    if (!card && strcmp(event, "consent.renewed") != 0) {
        static const struct {
            const char *key, *before;
        } more[] = {{"face", ", wearing "}, {"why", ": "},           {"hint", ". "},
                    {"by", ", by "},        {"frames", "; frames "}, {"masked", ", masked "}};
        for (size_t i = 0; i < BT_COUNT(more); i++)
            if (*text_of(line, more[i].key)) printf("%s%s", more[i].before, text_of(line, more[i].key));
    }
    putchar('\n');
}

static uint64_t count_of(const struct review *r, const char *event) {
    size_t i;
    json_t *line;
    uint64_t count = 0;
    json_array_foreach(r->lines, i, line) count += !strcmp(text_of(line, "event"), event);
    return count;
}

static void say(const struct review *r) {
    size_t i;
    json_t *line;
    double seconds = 0;
    printf("session %s\n\n", r->session);
    json_array_foreach(r->lines, i, line) {
        say_line(line);
        seconds += seconds_of(line);
    }
    const uint64_t referred = count_of(r, "gate.referred"),
                   went = count_of(r, "gate.approved") + count_of(r, "consent.renewed");
    if (!count_of(r, "gate.placard") && !referred)
        printf("\nNothing was flagged: no card stood for longer than a second for what was in the picture.\n");
    else
        printf("\nCards for %.1f s in all. Referred to the wearer %" PRIu64 " times, of which it went on %" PRIu64 " times.\n",
               seconds, referred, went);
    if (!count_of(r, "session.ended")) printf("The session has not ended, or was cut off.\n");
}

static bt_status say_json(const struct review *r) {
    size_t i;
    json_t *line;
    json_t *all = json_pack("{s:s,s:[]}", "session", r->session, "events");
    json_array_foreach(r->lines, i, line) {
        json_t *one = json_copy(line);
        json_object_del(one, "session");
        json_object_del(one, "prev");
        json_object_del(one, "sig");
        json_array_append_new(json_object_get(all, "events"), one);
    }
    const bool good = all && !json_dumpf(all, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    json_decref(all);
    putchar('\n');
    return good ? BT_OK : BT_E_MEMORY;
}

static bt_status check_word(struct bt_log *log, const struct bt_app_options *o) {
    const char *word = o->words == 1 ? o->word[0] : "";
    const size_t size = strlen(word);
    if (!strcmp(word, "last")) return BT_OK;
    if (size >= LEAST_DIGITS && size < ID_BYTES && strspn(word, "0123456789abcdef") == size) return BT_OK;
    bt_log_error(log, "which session? bauta review last, or the first %d digits or more of its number (bauta audit show)",
                 LEAST_DIGITS);
    return BT_E_ARGUMENT;
}

bt_status bt_app_review(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    struct bt_trust trust;
    struct bt_chain_report report = {0};
    struct review review = {0};
    bt_status status = check_word(app->log, o);
    if (!status) status = bt_trust_open(app->log, &trust);
    if (status) return status;
    review.wanted = strcmp(o->word[0], "last") ? o->word[0] : NULL;
    review.lines = json_array();
    const uint8_t *key = bt_seal_signer_public(trust.signer);
    status = review.lines ? bt_chain_walk(app->log, trust.audit, key, find, &review, &report) : BT_E_MEMORY;
    if (!status && !review.ambiguous && *review.session)
        status = bt_chain_walk(app->log, trust.audit, key, collect, &review, &report);
    if (status == BT_E_FORMAT && report.why)
        bt_log_error(app->log, "%s, line %" PRIu64 ": %s. What it says is not to be relied on: bauta audit verify", trust.audit,
                     report.bad_line, report.why);
    if (status == BT_E_NOT_FOUND || (!status && !*review.session)) {
        bt_log_error(app->log, "%s",
                     review.wanted ? "no session of that number is in the session log: bauta audit show lists them"
                                   : "there was no session yet");
        status = BT_E_NOT_FOUND;
    }
    if (!status && review.ambiguous) {
        bt_log_error(app->log, "more than one session's number begins so: give more digits");
        status = BT_E_ARGUMENT;
    }
    if (!status && o->json)
        status = say_json(&review);
    else if (!status)
        say(&review);
    json_decref(review.lines);
    bt_trust_close(&trust);
    return status;
}
