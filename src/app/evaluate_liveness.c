/* SPDX-License-Identifier: MIT */
/* bauta evaluate liveness: how often enrolment's challenge takes an attack for a living head (APCER), kind by kind, and a
   living head for an attack (BPCER), in the terms of ISO/IEC 30107-3. */
#include "app/evaluate.h"
#include "app/evaluate_attack.h"
#include "app/files.h"
#include "app/store.h"
#include "app/worn.h"
#include "base/clock.h"
#include "base/log.h"
#include "evaluate/interval.h"
#include "evaluate/page.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { EACH = 300, PEOPLE = 24 };

struct count {
    enum bt_attack kind;
    uint64_t tried, wrong; /* attacks that passed; of the living head: presentations that did not */
    uint64_t stopped[BT_FAILURE_COUNT];
};

/* Words for people, one a kind: what was held up, and what the figure means. */
static const char *const described[BT_ATTACK_KINDS] = {
    [BT_ATTACK_PHOTO] = "turned and tilted to follow the instructions, with a hand's tremor",
    [BT_ATTACK_EYES] = "the same, with living eyes that blink and close behind it",
    [BT_ATTACK_REPLAY] = "the person's own challenge of another day, on a screen: another order, other pauses",
    [BT_ATTACK_CLIPS] = "somebody reads the instruction and starts the clip that shows it",
    [BT_ATTACK_MASK] = "somebody wears a mask live and does what is asked",
    [BT_ATTACK_NONE] = "people who react, exaggerate, mistake and blink differently",
};

static double rate_of(const struct count *c) {
    return (double)c->wrong / (double)c->tried;
}

/* The lowest rate that may be claimed; above 1: none. */
static double claimable(const struct count *c) {
    const double rate = c->wrong ? rate_of(c) : 3.0 / (double)c->tried;
    return bt_evaluate_claim(c->wrong, c->tried, rate) == BT_CLAIM_REFUSED ? 2 : rate;
}

static int by_rate(const void *a, const void *b) {
    const double x = rate_of(a), y = rate_of(b);
    return (x < y) - (x > y);
}

/* --- what is written --- */

static json_t *count_json(const struct count *c, bool attack) {
    const struct bt_interval i = bt_evaluate_binomial(c->wrong, c->tried, .95);
    json_t *stopped = json_object();
    for (uint32_t f = 1; f < BT_FAILURE_COUNT; f++)
        if (c->stopped[f])
            json_object_set_new(stopped, bt_enroll_failure_text((enum bt_enroll_failure)f, false),
                                json_integer((json_int_t)c->stopped[f]));
    if (c->stopped[0]) json_object_set_new(stopped, "no rest was found", json_integer((json_int_t)c->stopped[0]));
    json_t *json = json_pack("{s:s,s:s,s:I,s:I,s:f,s:[f,f],s:o}", "name", bt_attack_name[c->kind], "described",
                             described[c->kind], "presentations", (json_int_t)c->tried, attack ? "passed" : "refused",
                             (json_int_t)c->wrong, attack ? "apcer" : "bpcer", rate_of(c), attack ? "apcer_95" : "bpcer_95",
                             i.low, i.high, "stopped_by", stopped);
    if (json && claimable(c) <= 1)
        json_object_set_new(json, "at_most_claimed",
                            json_pack("{s:f,s:s}", "rate", claimable(c), "by", c->wrong ? "rule of 30" : "rule of 3"));
    return json;
}

static json_t *report_json(const struct count *c, const char *day, uint64_t seed) {
    json_t *attacks = json_array();
    for (uint32_t k = 0; k < BT_ATTACKS; k++) json_array_append_new(attacks, count_json(&c[k], true));
    return json_pack("{s:s,s:s,s:i,s:I,s:i,s:o,s:o}", "what", "enrolment's challenge, by landmarks of heads made of numbers",
                     "date", day, "challenge_version", BT_ENROLL_VERSION, "seed", (json_int_t)seed, "people", PEOPLE, "attacks",
                     attacks, "bona_fide", count_json(&c[BT_ATTACK_NONE], false));
}

static void row(FILE *out, const struct count *c) {
    const struct bt_interval i = bt_evaluate_binomial(c->wrong, c->tried, .95);
    char claim[48] = "refused: too few errors for the rule of 30";
    if (claimable(c) <= 1)
        snprintf(claim, sizeof claim, "at most %.1f\u202f%% (rule of %s)", 100 * claimable(c), c->wrong ? "30" : "3");
    bt_page_row(
        out, "%s<br><span class=\"s\">%s</span>|<b>%.1f&#8239;%%</b>|%.1f … %.1f&#8239;%%|%" PRIu64 " of %" PRIu64 "|%s",
        bt_attack_name[c->kind], described[c->kind], 100 * rate_of(c), 100 * i.low, 100 * i.high, c->wrong, c->tried, claim);
}

static void stopped_table(FILE *out, const struct count *c) {
    char columns[512] = "rule";
    for (uint32_t k = 0; k < BT_ATTACK_KINDS; k++) {
        const size_t size = strlen(columns);
        snprintf(columns + size, sizeof columns - size, "|%s", bt_attack_name[c[k].kind]);
    }
    bt_page_section(out, "Which rule ended it");
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Presentations that each rule ended", columns);
    for (uint32_t f = 0; f < BT_FAILURE_COUNT; f++) {
        uint64_t any = 0;
        for (uint32_t k = 0; k < BT_ATTACK_KINDS; k++) any += c[k].stopped[f];
        if (!any) continue;
        bt_page_say(out, "<tr><th scope=\"row\">%s</th>",
                    f ? bt_enroll_failure_text((enum bt_enroll_failure)f, false) : "no rest was found");
        for (uint32_t k = 0; k < BT_ATTACK_KINDS; k++) bt_page_say(out, "<td>%" PRIu64 "</td>", c[k].stopped[f]);
        fputs("</tr>\n", out);
    }
    bt_page_table_end(out);
}

static void chart(FILE *out, const struct count *c) {
    double at[BT_ATTACKS], rate[BT_ATTACKS], x[BT_ATTACKS][2], y[BT_ATTACKS][2];
    struct bt_chart_series series[BT_ATTACKS + 1];
    for (uint32_t k = 0; k < BT_ATTACKS; k++) {
        const struct bt_interval i = bt_evaluate_binomial(c[k].wrong, c[k].tried, .95);
        at[k] = x[k][0] = x[k][1] = k + 1;
        rate[k] = 100 * rate_of(&c[k]), y[k][0] = 100 * i.low, y[k][1] = 100 * i.high;
        series[k] = (struct bt_chart_series){.x = x[k], .y = y[k], .count = 2, .colour = 1};
    }
    series[BT_ATTACKS] = (struct bt_chart_series){
        .name = "APCER, and its 95 % interval", .x = at, .y = rate, .count = BT_ATTACKS, .colour = 1, .dots = true};
    const struct bt_chart drawn = {.title = "Attacks that pass, in the order of the table",
                                   .width_px = 560,
                                   .height_px = 300,
                                   .x = {.title = "attack", .low = 0, .high = BT_ATTACKS + 1},
                                   .y = {.title = "APCER, %", .low = 0, .high = 100},
                                   .series = series,
                                   .count = BT_ATTACKS + 1};
    bt_page_chart(out, &drawn);
}

static void page(FILE *out, const struct count *c, const char *day) {
    bt_page_begin(out, "bauta: attacks on enrolment's challenge", "Attacks on enrolment's challenge");
    bt_page_say(out, "<p>Challenge version %d, %s.</p>\n", BT_ENROLL_VERSION, day);
    fputs("<p class=\"note\">The heads, the people who move them and the attackers are made of numbers, and what is judged are "
          "their landmarks, not pictures of them. Of a flat picture the worst is assumed: that the net reads a whole head's "
          "depth "
          "into it. These figures are those of the rules. They are <b>not</b> those of a camera, and this is no certified "
          "presentation attack detection.</p>\n<p>APCER, attack presentation classification error rate: attacks of that kind "
          "that pass, of all that were tried. BPCER: living heads that are refused in one try; enrolment "
          "gives three. Intervals are Clopper and Pearson's, 95&#8239;%.</p>\n",
          out);
    bt_page_say(out, "<p><b>Worst: %s, APCER %.1f&#8239;%%.</b></p>\n", bt_attack_name[c[0].kind], 100 * rate_of(&c[0]));
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Attacks, the worst first",
                        "attack|APCER|95\u202f% interval|passed|may be claimed");
    for (uint32_t k = 0; k < BT_ATTACKS; k++) row(out, &c[k]);
    bt_page_table_end(out);
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Living heads", "bona fide|BPCER|95\u202f% interval|refused|may be claimed");
    row(out, &c[BT_ATTACK_NONE]);
    bt_page_table_end(out);
    chart(out, c);
    stopped_table(out, c);
    fputs(
        "<p>Whoever answers live passes: a mask that is worn, as ours, by a living head turns, blinks and smiles as asked, and "
        "nothing in the landmarks tells it from its driver. So does somebody who has a clip of every movement and is quick. "
        "What stops our own masked output is its invisible mark, for which enrolment looks through all pictures of a try (not "
        "counted here), and the match with the person's other pictures.</p>\n",
        out);
    bt_page_end(out);
}

/* --- counting --- */

static bt_status count(struct bt_app *app, uint64_t each, uint64_t seed, struct count *c) {
    struct bt_store models = {0};
    struct bt_rig *rig = NULL;
    struct bt_mask *person[PEOPLE] = {NULL};
    struct bt_enroll_meter *meter = NULL;
    bt_status status = bt_store_open(app->log, app->options.models, &models);
    if (!status) status = bt_worn_rig(&models, &rig);
    if (!status) status = bt_enroll_meter_create(rig, &meter);
    for (uint32_t i = 0; !status && i < PEOPLE; i++) status = bt_mask_grow(rig, seed * 1000003 + i, "nobody", &person[i]);
    for (uint64_t n = 0; !status && n < each * BT_ATTACK_KINDS; n++) {
        struct count *to = &c[n % BT_ATTACK_KINDS];
        const struct bt_attack_trial trial = {.kind = to->kind,
                                              .rig = rig,
                                              .person = person[n / BT_ATTACK_KINDS % PEOPLE],
                                              .worn = person[(n / BT_ATTACK_KINDS + 7) % PEOPLE],
                                              .meter = meter,
                                              .seed = seed * 7919 + n / BT_ATTACK_KINDS};
        struct bt_attack_result result;
        status = bt_attack_run(&trial, &result);
        if (status) break;
        to->tried++;
        to->wrong += result.passed == (to->kind != BT_ATTACK_NONE);
        if (!result.passed) to->stopped[result.failure]++;
        bt_evaluation_say(app, "presentations", n + 1, each * BT_ATTACK_KINDS);
    }
    for (uint32_t i = 0; i < PEOPLE; i++) bt_mask_destroy(&person[i]);
    bt_enroll_meter_destroy(&meter);
    bt_rig_destroy(&rig);
    bt_store_close(&models);
    return status;
}

bt_status bt_app_evaluate_liveness(struct bt_app *app) {
    const struct bt_app_options *o = &app->options;
    const char *folder = o->output ? o->output : "evaluation";
    uint64_t each = EACH, seed = 1;
    struct count c[BT_ATTACK_KINDS] = {{.kind = BT_ATTACK_PHOTO}};
    char *text = NULL, day[BT_EVALUATION_DAY];
    size_t size = 0;
    for (uint32_t k = 0; k < BT_ATTACK_KINDS; k++) c[k].kind = (enum bt_attack)k;
    bt_status status = o->synthetic ? bt_evaluation_number(app, "--synthetic", o->synthetic, 1, 100000, &each) : BT_OK;
    if (!status && o->seed) status = bt_evaluation_number(app, "--seed", o->seed, 0, UINT32_MAX, &seed);
    if (!status) status = bt_files_make_folder(app->log, folder);
    if (!status) status = count(app, each, seed, c);
    if (status) return status;
    qsort(c, BT_ATTACKS, sizeof c[0], by_rate); /* the worst first */
    bt_evaluation_day(day);
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    page(out, c, day);
    if (fclose(out)) status = BT_E_MEMORY;
    if (!status) status = bt_evaluation_files(app->log, folder, report_json(c, day, seed), text, size);
    free(text);
    if (status) return status;
    for (uint32_t k = 0; k < BT_ATTACK_KINDS; k++) {
        const struct bt_interval i = bt_evaluate_binomial(c[k].wrong, c[k].tried, .95);
        printf("%-46s %s %6.2f%%  (%.2f to %.2f)  %" PRIu64 " of %" PRIu64 "\n", bt_attack_name[c[k].kind],
               k < BT_ATTACKS ? "APCER" : "BPCER", 100 * rate_of(&c[k]), 100 * i.low, 100 * i.high, c[k].wrong, c[k].tried);
    }
    printf("\nreport   %s/report.html\nfigures  %s/report.json\n", folder, folder);
    return BT_OK;
}
