/* SPDX-License-Identifier: MIT */
/* bauta policy: which labelling rules there are, what they ask, and how this program meets them. */
#include "app/app.h"

#include "app/profiles.h"
#include "base/log.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the first instrument of the profile's own status: since when it holds, or what it is planned for. */
static int64_t effective_of(const struct bt_profile *p) {
    for (uint32_t i = 0; i < p->instruments; i++)
        if (p->instrument[i].status == p->status && p->instrument[i].effective) return p->instrument[i].effective;
    return 0;
}

static bool is_stale(const struct bt_profile *p) {
    return bt_profiles_today() - p->checked_on > BT_PROFILE_STALE_DAYS;
}

static json_t *day_json(int64_t day) {
    char text[11];
    bt_profile_day_text(day, text);
    return day ? json_string(text) : json_null();
}

static json_t *summary_json(const struct bt_profile *p) {
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:b}", "id", p->id, "name", p->name.at, "jurisdiction", p->jurisdiction.at,
                     "status", bt_profile_status_text(p->status), "confidence", bt_profile_confidence_text(p->confidence),
                     "effective", day_json(effective_of(p)), "checked_on", day_json(p->checked_on), "stale", is_stale(p));
}

static bt_status print_json(json_t *json) {
    if (!json) return BT_E_MEMORY;
    int failed = json_dumpf(json, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
    putchar('\n');
    json_decref(json);
    return failed ? BT_E_IO : BT_OK;
}

static bt_status list(struct bt_app *app, struct bt_profile *p) {
    struct bt_profiles_names *names = NULL;
    json_t *all = json_array();
    bt_status status = bt_profiles_list(app->log, &names);
    if (!status && !app->options.json)
        printf("%-24s %-10s %-12s %-12s %s\n", "profile", "status", "effective", "checked", "what");
    for (uint32_t i = 0; !status && i < names->count; i++) {
        char effective[11], checked[11];
        status = bt_profiles_load(app->log, names->name[i], p);
        if (status == BT_E_FORMAT)
            status = BT_OK; /* said; the others are listed all the same */
        else if (!status && app->options.json)
            json_array_append_new(all, summary_json(p));
        else if (!status) {
            bt_profile_day_text(effective_of(p), effective);
            bt_profile_day_text(p->checked_on, checked);
            printf("%-24s %-10s %-12s %-12s %s%s\n", p->id, bt_profile_status_text(p->status), effective, checked, p->name.at,
                   is_stale(p) ? " (checked long ago: look again)" : "");
        }
    }
    if (!status && app->options.json)
        status = print_json(json_incref(all));
    else if (!status)
        printf("\nThe first is always kept to; others add to it: --profile NAME, or profile = NAME in bauta.ini.\n");
    json_decref(all);
    free(names);
    return status;
}

static void print_lines(const char *what, const struct bt_profile_lines *lines) {
    for (uint32_t i = 0; i < lines->count; i++) printf("%s: %s\n", what, lines->line[i].at);
}

static void print_profile(const struct bt_profile *p, const struct bt_profile_finding *found, uint32_t count) {
    char day[11];
    bt_profile_day_text(p->checked_on, day);
    printf("%s: %s\n%s, %s, confidence %s, checked against its sources on %s%s\n", p->id, p->name.at, p->jurisdiction.at,
           bt_profile_status_text(p->status), bt_profile_confidence_text(p->confidence), day,
           is_stale(p) ? ", long ago: look again" : "");
    if (*p->applies_if.at) printf("applies if: %s\n", p->applies_if.at);
    print_lines("note", &p->note);
    print_lines("not verified", &p->unverified);
    putchar('\n');
    for (uint32_t i = 0; i < p->instruments; i++) {
        const struct bt_profile_instrument *n = &p->instrument[i];
        bt_profile_day_text(n->effective ? n->effective : n->published, day);
        printf("%s\n    %s\n    %s%s%s; %s confidence; %s\n", n->title.at, n->clause.at, bt_profile_status_text(n->status),
               n->effective   ? (n->status == BT_PROFILE_DRAFT ? ", planned for " : ", from ")
               : n->published ? ", published "
                              : "",
               n->effective || n->published ? day : "", bt_profile_confidence_text(n->confidence), n->source.at);
    }
    putchar('\n');
    for (uint32_t i = 0; i < count; i++)
        printf("%-8s %s %s\n         by the %s: %s\n", bt_profile_verdict_text(found[i].verdict), found[i].section,
               found[i].asks.text, found[i].by, found[i].answer.text);
}

/* Each profile is held against the label as it reads when that profile is chosen. */
static uint32_t judge(const struct bt_profile *p, struct bt_profile_finding found[BT_PROFILE_MOST_FINDINGS]) {
    struct bt_profiles_label label;
    const struct bt_profile_program program = bt_profiles_program(p, &label);
    return bt_profile_judge(p, &program, found);
}

json_t *bt_profiles_json(const struct bt_profile *p) {
    struct bt_profile_finding found[BT_PROFILE_MOST_FINDINGS];
    const uint32_t count = judge(p, found);
    json_t *out = summary_json(p), *instruments = json_array(), *rules = json_array(), *notes = json_array(),
           *unverified = json_array();
    for (uint32_t i = 0; i < p->note.count; i++) json_array_append_new(notes, json_string(p->note.line[i].at));
    for (uint32_t i = 0; i < p->unverified.count; i++) json_array_append_new(unverified, json_string(p->unverified.line[i].at));
    for (uint32_t i = 0; i < p->instruments; i++) {
        const struct bt_profile_instrument *n = &p->instrument[i];
        json_array_append_new(instruments, json_pack("{s:s,s:s,s:s,s:o,s:o,s:s,s:s}", "title", n->title.at, "clause",
                                                     n->clause.at, "status", bt_profile_status_text(n->status), "effective",
                                                     day_json(n->effective), "published", day_json(n->published), "source",
                                                     n->source.at, "confidence", bt_profile_confidence_text(n->confidence)));
    }
    for (uint32_t i = 0; i < count; i++)
        json_array_append_new(rules, json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "section", found[i].section, "key", found[i].key,
                                               "asks", found[i].asks.text, "by", found[i].by, "verdict",
                                               bt_profile_verdict_text(found[i].verdict), "answer", found[i].answer.text));
    json_object_set_new(out, "applies_if", json_string(p->applies_if.at));
    json_object_set_new(out, "notes", notes);
    json_object_set_new(out, "unverified", unverified);
    json_object_set_new(out, "instruments", instruments);
    json_object_set_new(out, "rules", rules);
    return out;
}

static bt_status show(struct bt_app *app, struct bt_profile *p) {
    struct bt_profile_finding found[BT_PROFILE_MOST_FINDINGS];
    bt_status status = bt_profiles_load(app->log, app->options.word[1], p);
    if (status) return status;
    if (app->options.json) return print_json(bt_profiles_json(p));
    print_profile(p, found, judge(p, found));
    return BT_OK;
}

/* One profile: what it asks for less than the default, what of its label the program cannot do, whether it is old. */
static bt_status check_one(struct bt_app *app, const char *name, const struct bt_profile *usual, struct bt_profile *p,
                           json_t *out) {
    struct bt_profile_said less[8];
    struct bt_profile_finding found[BT_PROFILE_MOST_FINDINGS];
    bt_status status = bt_profiles_load(app->log, name, p);
    if (status) return status;
    bool json = app->options.json;
    json_t *weaker = json_array(), *unmet = json_array();
    uint32_t lesser = bt_profile_less(p, usual, less, BT_COUNT(less)), count = judge(p, found), wrong = 0;
    if (!json) printf("%s: %s, a file as it should be\n", p->id, bt_profile_status_text(p->status));
    for (uint32_t i = 0; i < lesser && i < BT_COUNT(less); i++) {
        json_array_append_new(weaker, json_string(less[i].text));
        if (!json) printf("    %s: no effect\n", less[i].text);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (found[i].verdict == BT_PROFILE_MET) continue;
        bool label = !strcmp(found[i].section, "label");
        wrong += label;
        json_array_append_new(unmet, json_pack("{s:s,s:s,s:s,s:s}", "rule", found[i].asks.text, "verdict",
                                               bt_profile_verdict_text(found[i].verdict), "answer", found[i].answer.text, "by",
                                               found[i].by));
        if (!json)
            printf("    %s: %s; %s\n", bt_profile_verdict_text(found[i].verdict), found[i].asks.text, found[i].answer.text);
    }
    if (!json && !wrong) printf("    the label meets it\n");
    if (!json && is_stale(p)) printf("    checked more than %d days ago: look again\n", BT_PROFILE_STALE_DAYS);
    json_t *summary = summary_json(p);
    json_object_set_new(summary, "less_than_default", weaker);
    json_object_set_new(summary, "not_met", unmet);
    json_object_set_new(summary, "label_meets_it", json_boolean(!wrong));
    json_array_append_new(out, summary);
    if (wrong) bt_log_error(app->log, "profile %s asks for a label that this program cannot make", p->id);
    return wrong ? BT_E_UNSUPPORTED : BT_OK;
}

static bt_status check(struct bt_app *app, struct bt_profile *p) {
    struct bt_profile *usual = calloc(1, sizeof *usual);
    struct bt_profiles_names *names = NULL;
    json_t *out = json_array();
    bt_status status = usual ? bt_profiles_default(app->log, usual) : BT_E_MEMORY;
    if (!status && app->options.words == 2) {
        status = check_one(app, app->options.word[1], usual, p, out);
    } else if (!status) {
        status = bt_profiles_list(app->log, &names);
        for (uint32_t i = 0; names && i < names->count; i++) {
            bt_status one = check_one(app, names->name[i], usual, p, out);
            if (one) status = one;
        }
    }
    if (app->options.json) {
        bt_status printed = print_json(json_incref(out));
        if (!status) status = printed;
    }
    json_decref(out);
    free(names);
    free(usual);
    return status;
}

bt_status bt_app_policy(struct bt_app *app) {
    static const struct {
        const char *word;
        uint32_t least, most;
        bt_status (*run)(struct bt_app *app, struct bt_profile *scratch);
    } words[] = {{"list", 1, 1, list}, {"show", 2, 2, show}, {"check", 1, 2, check}};
    const struct bt_app_options *o = &app->options;
    for (size_t i = 0; i < BT_COUNT(words); i++)
        if (o->words >= words[i].least && o->words <= words[i].most && !strcmp(o->word[0], words[i].word)) {
            struct bt_profile *scratch = calloc(1, sizeof *scratch);
            bt_status status = scratch ? words[i].run(app, scratch) : BT_E_MEMORY;
            free(scratch);
            return status;
        }
    bt_log_error(app->log, "bauta policy list, show NAME, or check [FILE]");
    return BT_E_ARGUMENT;
}
