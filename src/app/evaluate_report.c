/* SPDX-License-Identifier: MIT */
/* What was counted: one page that stands alone, and the same as JSON. */
#include "app/evaluate.h"

#include "app/files.h"
#include "base/log.h"
#include "evaluate/page.h"

#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const matcher_name[BT_STUDY_SCORES] = {"MobileFaceNet (cosine)", "ResNet, 128 numbers (minus distance)",
                                                          "both, fused (log likelihood ratio)"};
static const char *const claim_name[] = {"refused", "rule of 3", "rule of 30"};
enum { POINTS = 240, HISTOGRAM = 60 };

static double rate(uint64_t errors, uint64_t of) {
    return of ? (double)errors / (double)of : NAN;
}

/* --- JSON --- */

static json_t *interval_json(struct bt_interval v) {
    return json_pack("[f,f]", v.low, v.high);
}

static json_t *count_json(const struct bt_study_count *c) {
    const struct bt_interval fmr = bt_evaluate_binomial(c->false_matches, c->non_mated, .95),
                             fnmr = bt_evaluate_binomial(c->false_non_matches, c->mated, .95);
    return json_pack("{s:f,s:I,s:I,s:f,s:o,s:I,s:I,s:f,s:o}", "threshold", c->threshold, "false_matches",
                     (json_int_t)c->false_matches, "non_mated", (json_int_t)c->non_mated, "fmr",
                     rate(c->false_matches, c->non_mated), "fmr_95", interval_json(fmr), "false_non_matches",
                     (json_int_t)c->false_non_matches, "mated", (json_int_t)c->mated, "fnmr",
                     rate(c->false_non_matches, c->mated), "fnmr_95", interval_json(fnmr));
}

static json_t *bins_json(const struct bt_study_score *s) {
    json_t *labels = json_object();
    for (uint32_t l = 0; l < BT_STUDY_LABELS; l++) {
        json_t *bins = json_array();
        for (uint32_t k = 0; k < BT_STUDY_BINS; k++) {
            const struct bt_study_bin *b = &s->bin[l][k];
            if (b->mated || b->non_mated)
                json_array_append_new(bins, json_pack("{s:f,s:f,s:I,s:I,s:I,s:I}", "low", (double)b->low, "high",
                                                      (double)b->high, "mated", (json_int_t)b->mated, "false_non_matches",
                                                      (json_int_t)b->false_non_matches, "non_mated", (json_int_t)b->non_mated,
                                                      "false_matches", (json_int_t)b->false_matches));
        }
        json_object_set_new(labels, bt_gallery_labels[l], bins);
    }
    return labels;
}

static json_t *score_json(const struct bt_evaluation *e, uint32_t m) {
    const struct bt_study_score *s = &e->study->score[m];
    const struct bt_transaction t = bt_evaluate_transaction(s->figures.fmr, s->figures.fnmr, e->study->fta);
    json_t *levels = json_array();
    for (uint32_t l = 0; l < BT_RATES_LEVELS; l++)
        json_array_append_new(
            levels,
            json_pack("{s:f,s:f,s:f,s:o,s:s}", "fmr", bt_rates_level[l], "threshold", (double)s->figures.threshold_at[l],
                      "fnmr", s->figures.fnmr_at[l], "fnmr_95", interval_json(s->bootstrap.fnmr_at[l]), "claim",
                      claim_name[bt_evaluate_claim(bt_rates_false_matches(s->rates, s->figures.threshold_at[l]),
                                                   bt_rates_non_mated(s->rates), bt_rates_level[l])]));
    return json_pack("{s:s,s:I,s:I,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:f,s:o,s:{s:o,s:o,s:o},s:{s:o,s:o},s:o,s:o,s:s,s:o}", "matcher",
                     matcher_name[m], "mated", (json_int_t)bt_rates_mated(s->rates), "non_mated",
                     (json_int_t)bt_rates_non_mated(s->rates), "eer", s->figures.eer, "eer_threshold",
                     (double)s->figures.eer_threshold, "threshold", (double)s->threshold, "fmr", s->figures.fmr, "fnmr",
                     s->figures.fnmr, "fta", e->study->fta, "far", t.far, "frr", t.frr, "fnmr_at_fmr", levels, "bootstrap_95",
                     "fmr", interval_json(s->bootstrap.fmr), "fnmr", interval_json(s->bootstrap.fnmr), "eer",
                     interval_json(s->bootstrap.eer), "binomial_95", "fmr", interval_json(s->fmr_binomial), "fnmr",
                     interval_json(s->fnmr_binomial), "hold_out", count_json(&s->hold_out), "k_fold", count_json(&s->k_fold),
                     "claim", claim_name[s->claim], "by_label", bins_json(s));
}

static json_t *fusion_json(const struct bt_study *s) {
    json_t *tried = json_array();
    for (uint32_t i = 0; i < BT_FUSION_STRENGTHS; i++)
        json_array_append_new(tried, json_pack("{s:f,s:f}", "l2", s->choice.strength[i], "cllr", s->choice.cllr[i]));
    return json_pack("{s:f,s:f,s:[f,f],s:[f,f],s:[f,f],s:f,s:o}", "l2", s->fusion.strength, "bias", s->fusion.bias, "weight",
                     s->fusion.weight[0], s->fusion.weight[1], "mean", s->fusion.mean[0], s->fusion.mean[1], "deviation",
                     s->fusion.deviation[0], s->fusion.deviation[1], "cllr", s->cllr, "tried", tried);
}

static json_t *report_json(const struct bt_evaluation *e, const char *day) {
    json_t *scores = json_array(), *suspects = json_array();
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) json_array_append_new(scores, score_json(e, m));
    for (uint32_t i = 0; i < e->study->suspects && i < BT_COUNT(e->study->suspect); i++) {
        const uint32_t picture = e->study->suspect[i];
        json_array_append_new(suspects, json_pack("{s:I,s:I}", "subject", (json_int_t)e->gallery->picture[picture].subject,
                                                  "picture", (json_int_t)e->gallery->origin[picture]));
    }
    return json_pack("{s:s,s:s,s:b,s:s,s:f,s:I,s:I,s:I,s:I,s:f,s:I,s:I,s:I,s:o,s:o,s:o,s:I,s:o}", "what", e->gallery->what,
                     "date", day, "synthetic", e->gallery->synthetic, "device", e->device, "seconds",
                     round(10 * e->seconds) / 10, "subjects", (json_int_t)e->gallery->subjects, "templates",
                     (json_int_t)e->gallery->pictures, "failures_to_acquire", (json_int_t)e->gallery->failed, "comparisons",
                     (json_int_t)e->gallery->pairs, "fmr_asked", e->params->fmr, "folds", (json_int_t)e->params->folds,
                     "bootstrap_replicates", (json_int_t)e->params->replicates, "seed", (json_int_t)e->params->seed, "in_use",
                     count_json(&e->in_use), "matchers", scores, "fusion", fusion_json(e->study), "suspects",
                     (json_int_t)e->study->suspects, "suspect", suspects);
}

/* --- HTML --- */

enum { CELL = 48 };

static const char *percent(double v, char out[CELL]) {
    if (isnan(v)) return "–";
    snprintf(out, CELL, v > 0 && v < .001 ? "%.2g\u202f%%" : "%.3f\u202f%%", 100 * v);
    return out;
}

static const char *percents(struct bt_interval v, char out[CELL]) {
    if (isnan(v.low) || isnan(v.high)) return "–";
    snprintf(out, CELL, "%.3g … %.3g\u202f%%", 100 * v.low, 100 * v.high);
    return out;
}

#define PERCENT(v)  percent(v, (char[CELL]){0})
#define PERCENTS(v) percents(v, (char[CELL]){0})

static void curves(FILE *out, const struct bt_evaluation *e) {
    static struct bt_rates_point point[POINTS];
    static double fmr[BT_STUDY_SCORES][POINTS], fnmr[BT_STUDY_SCORES][POINTS], tmr[BT_STUDY_SCORES][POINTS];
    struct bt_chart_series det[BT_STUDY_SCORES], roc[BT_STUDY_SCORES];
    double least = 1;
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) {
        const struct bt_rates *r = e->study->score[m].rates;
        bt_rates_curve(r, POINTS, point);
        for (uint32_t i = 0; i < POINTS; i++) {
            fmr[m][i] = point[i].fmr;
            fnmr[m][i] = point[i].fnmr;
            tmr[m][i] = 1 - point[i].fnmr;
        }
        least = fmin(least, 1 / (double)bt_rates_non_mated(r));
        det[m] =
            (struct bt_chart_series){.name = matcher_name[m], .x = fmr[m], .y = fnmr[m], .count = POINTS, .colour = (uint8_t)m};
        roc[m] =
            (struct bt_chart_series){.name = matcher_name[m], .x = fmr[m], .y = tmr[m], .count = POINTS, .colour = (uint8_t)m};
    }
    const struct bt_chart charts[2] = {{.title = "DET, detection error trade-off: errors against each other",
                                        .width_px = 520,
                                        .height_px = 420,
                                        .x = {"FMR, as a share; normal deviates", BT_CHART_NORMAL, fmax(least, 1e-6), .5},
                                        .y = {"FNMR, as a share; normal deviates", BT_CHART_NORMAL, 1e-4, .9},
                                        .series = det,
                                        .count = BT_STUDY_SCORES},
                                       {.title = "ROC, receiver operating characteristic",
                                        .width_px = 520,
                                        .height_px = 420,
                                        .x = {"FMR, as a share", BT_CHART_LOG, fmax(least, 1e-6), 1},
                                        .y = {"1 - FNMR, as a share", BT_CHART_LINEAR, 0, 1},
                                        .series = roc,
                                        .count = BT_STUDY_SCORES,
                                        .legend_low = true}};
    for (uint32_t i = 0; i < 2; i++) bt_page_chart(out, &charts[i]);
}

/* Shares of mated and non-mated comparisons by score, each summing to 1; and the threshold. */
static void histogram(FILE *out, const struct bt_evaluation *e, uint32_t m) {
    const struct bt_gallery *g = e->gallery;
    float low = INFINITY, high = -INFINITY;
    double share[2][2 * HISTOGRAM] = {{0}}, x[2 * HISTOGRAM], count[2] = {0}, most = 0;
    for (int pass = 0; pass < 2; pass++)
        for (uint32_t i = 0; i < g->pairs; i++) {
            const float s =
                m < BT_STUDY_MATCHERS ? g->pair[i].score[m] : (float)bt_fusion_llr(&e->study->fusion, g->pair[i].score);
            if (!pass) {
                low = fminf(low, s), high = fmaxf(high, s);
                continue;
            }
            const uint32_t bin = (uint32_t)fminf((s - low) / (high - low) * HISTOGRAM, HISTOGRAM - 1);
            const bool mated = g->picture[g->pair[i].a].subject == g->picture[g->pair[i].b].subject;
            share[mated][2 * bin]++;
            count[mated]++;
        }
    for (uint32_t k = 0; k < 2 * HISTOGRAM; k++) {
        x[k] = (double)low + (double)(high - low) * ((k + 1) / 2) / HISTOGRAM;
        for (uint32_t c = 0; c < 2; c++) {
            share[c][k] = k % 2 ? share[c][k - 1] : share[c][k] / count[c];
            most = fmax(most, share[c][k]);
        }
    }
    const double t = (double)e->study->score[m].threshold, line_x[2] = {t, t}, line_y[2] = {0, most};
    const struct bt_chart_series series[3] = {
        {.name = "two people", .x = x, .y = share[0], .count = 2 * HISTOGRAM, .colour = 1, .filled = true},
        {.name = "one person", .x = x, .y = share[1], .count = 2 * HISTOGRAM, .colour = 0, .filled = true},
        {.name = "threshold", .x = line_x, .y = line_y, .count = 2, .colour = 6}};
    const struct bt_chart chart = {.title = matcher_name[m],
                                   .width_px = 520,
                                   .height_px = 300,
                                   .x = {"score", BT_CHART_LINEAR, (double)low, (double)high},
                                   .y = {"share of the comparisons", BT_CHART_LINEAR, 0, 1.08 * most},
                                   .series = series,
                                   .count = 3,
                                   .legend_left = true};
    bt_page_chart(out, &chart);
}

static const char method_columns[] = "method|threshold|FMR|95\u202f% interval|errors|FNMR|95\u202f% interval|errors";

static void method_row(FILE *out, const char *name, const struct bt_study_count *c) {
    bt_page_row(out, "%s|%.4g|%s|%s|%" PRIu64 " of %" PRIu64 "|%s|%s|%" PRIu64 " of %" PRIu64, name, c->threshold,
                PERCENT(rate(c->false_matches, c->non_mated)),
                PERCENTS(bt_evaluate_binomial(c->false_matches, c->non_mated, .95)), c->false_matches, c->non_mated,
                PERCENT(rate(c->false_non_matches, c->mated)),
                PERCENTS(bt_evaluate_binomial(c->false_non_matches, c->mated, .95)), c->false_non_matches, c->mated);
}

static void matcher_section(FILE *out, const struct bt_evaluation *e, uint32_t m) {
    const struct bt_study_score *s = &e->study->score[m];
    bt_page_section(out, matcher_name[m]);
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Errors at the threshold", method_columns);
    method_row(out, "hold-out (7 of 10 learn)", &s->hold_out);
    method_row(out, "10 folds by person", &s->k_fold);
    bt_page_row(out, "all, people drawn anew (bootstrap)|%.4g|%s|%s|%" PRIu64 " of %" PRIu64 "|%s|%s|%" PRIu64 " of %" PRIu64,
                (double)s->threshold, PERCENT(s->figures.fmr), PERCENTS(s->bootstrap.fmr),
                bt_rates_false_matches(s->rates, s->threshold), bt_rates_non_mated(s->rates), PERCENT(s->figures.fnmr),
                PERCENTS(s->bootstrap.fnmr), bt_rates_false_non_matches(s->rates, s->threshold), bt_rates_mated(s->rates));
    bt_page_table_end(out);
    const struct bt_transaction t = bt_evaluate_transaction(s->figures.fmr, s->figures.fnmr, e->study->fta);
    bt_page_say(out,
                "<p>EER, where both errors are equal: %s (%s) at %.4g. Failure to acquire %s; so of whole attempts FAR, false "
                "accept rate, %s; FRR, false reject rate, %s. \"FMR at most %s\": <b>%s</b>.</p>\n",
                PERCENT(s->figures.eer), PERCENTS(s->bootstrap.eer), (double)s->figures.eer_threshold, PERCENT(e->study->fta),
                PERCENT(t.far), PERCENT(t.frr), PERCENT(e->params->fmr),
                s->claim == BT_CLAIM_REFUSED ? "not claimed: the comparisons do not carry it" : claim_name[s->claim]);
    bt_page_table_begin(out, BT_PAGE_FIGURES, "What FNMR is left where FMR is held to a level; intervals: people drawn anew",
                        "FMR held to|threshold|FNMR|95\u202f% interval|may be claimed");
    for (uint32_t l = 0; l < BT_RATES_LEVELS; l++) {
        const enum bt_claim claim = bt_evaluate_claim(bt_rates_false_matches(s->rates, s->figures.threshold_at[l]),
                                                      bt_rates_non_mated(s->rates), bt_rates_level[l]);
        bt_page_row(out, "%s|%.4g|%s|%s|%s", PERCENT(bt_rates_level[l]), (double)s->figures.threshold_at[l],
                    PERCENT(s->figures.fnmr_at[l]), PERCENTS(s->bootstrap.fnmr_at[l]), claim_name[claim]);
    }
    bt_page_table_end(out);
    histogram(out, e, m);
}

static void label_table(FILE *out, const struct bt_evaluation *e) {
    const struct bt_study_score *s = &e->study->score[BT_STUDY_FUSION];
    bt_page_section(out, "By what the picture is like");
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Fused score, at its threshold; both pictures in the same third",
                        "label|from|to|FNMR|95\u202f% interval|of|FMR|95\u202f% interval|of");
    for (uint32_t l = 0; l < BT_STUDY_LABELS; l++)
        for (uint32_t k = 0; k < BT_STUDY_BINS; k++) {
            const struct bt_study_bin *b = &s->bin[l][k];
            if (!b->mated && !b->non_mated) continue;
            bt_page_row(out, "%s|%.3g|%.3g|%s|%s|%" PRIu64 "|%s|%s|%" PRIu64, bt_gallery_labels[l], (double)b->low,
                        (double)b->high, PERCENT(rate(b->false_non_matches, b->mated)),
                        PERCENTS(bt_evaluate_binomial(b->false_non_matches, b->mated, .95)), b->mated,
                        PERCENT(rate(b->false_matches, b->non_mated)),
                        PERCENTS(bt_evaluate_binomial(b->false_matches, b->non_mated, .95)), b->non_mated);
        }
    bt_page_table_end(out);
}

static void page(FILE *out, const struct bt_evaluation *e, const char *day) {
    const struct bt_gallery *g = e->gallery;
    bt_page_begin(out, "bauta: errors of its matchers", "Errors of bauta's matchers");
    bt_page_say(out,
                "<p>%s. %s, on %s, %.0f s. %" PRIu32 " pictures gave a template, %" PRIu32 " did not (no face found). %" PRIu32
                " comparisons.</p>\n",
                g->what, day, e->device, e->seconds, g->pictures, g->failed, g->pairs);
    if (g->synthetic)
        fputs("<p class=\"note\">These people are made of numbers by bauta's own renderer: nobody's face was used. They stand "
              "for real ones only in part: hair, skin and light are simpler, and the nets, which learnt on photographs, find "
              "them more alike than people are. What is counted here is how the matchers, the fusion and the thresholds "
              "behave, and an upper bound on how well rendered masks can be told apart; it is <b>not</b> the error rate on "
              "real people.</p>\n",
              out);
    fputs("<p>FMR, false match rate: two people taken for one. FNMR, false non-match rate: one person taken for two. "
          "Thresholds are chosen on people who are not counted with them (hold-out, folds). Intervals of the first two rows "
          "are Clopper and Pearson's, exact for independent comparisons, which these are only in part, for they share people; "
          "the third row draws people anew instead. A rate is claimed only by the rule of 3 or the rule of 30 (ISO/IEC "
          "19795-1).</p>\n",
          out);
    curves(out, e);
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) matcher_section(out, e, m);
    bt_page_section(out, "Fusion");
    bt_page_say(out,
                "<p>Logistic regression, held small by L2, a penalty on the squares of its weights, of strength %g, chosen by "
                "folds that share nobody; Cllr, the cost of the log likelihood ratios, held out %.4f bits.</p>",
                e->study->fusion.strength, e->study->cllr);
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Strengths that were tried", "L2|Cllr held out, bits");
    for (uint32_t i = 0; i < BT_FUSION_STRENGTHS; i++)
        bt_page_row(out, "%g%s|%.4f", e->study->choice.strength[i], i == e->study->choice.chosen ? " (chosen)" : "",
                    e->study->choice.cllr[i]);
    bt_page_table_end(out);
    bt_page_section(out, "The limits in use");
    fputs("<p>What this program decides by itself, wherever it compares two pictures, on these comparisons. The limits were "
          "not chosen on them, unless this is the run that they come from.</p>",
          out);
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Errors at the limits in use", method_columns);
    method_row(out, "in use", &e->in_use);
    bt_page_table_end(out);
    label_table(out, e);
    bt_page_say(out, "<p>%" PRIu32 " pictures look more like somebody else than like their own person.</p>\n",
                e->study->suspects);
    bt_page_end(out);
}

void bt_evaluation_day(char out_day[BT_EVALUATION_DAY]) {
    const time_t now = time(NULL);
    struct tm utc;
    strftime(out_day, BT_EVALUATION_DAY, "%Y-%m-%d", gmtime_r(&now, &utc));
}

bt_status bt_evaluation_files(struct bt_log *log, const char *folder, json_t *figures, const char *page, size_t size) {
    char path[4096];
    char *dump = figures ? json_dumps(figures, JSON_INDENT(2) | JSON_REAL_PRECISION(9)) : NULL;
    bt_status status = dump ? BT_OK : BT_E_MEMORY;
    snprintf(path, sizeof path, "%s/report.json", folder);
    if (!status) status = bt_files_write(log, path, dump, strlen(dump));
    snprintf(path, sizeof path, "%s/report.html", folder);
    if (!status) status = bt_files_write(log, path, page, size);
    free(dump);
    json_decref(figures);
    return status;
}

bt_status bt_evaluation_write(struct bt_log *log, const struct bt_evaluation *e, const char *folder) {
    char day[BT_EVALUATION_DAY], *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    bt_evaluation_day(day);
    page(out, e, day);
    const bt_status status = fclose(out) ? BT_E_MEMORY : bt_evaluation_files(log, folder, report_json(e, day), text, size);
    free(text);
    return status;
}
