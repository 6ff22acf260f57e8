/* SPDX-License-Identifier: MIT */
/* What was measured: one page that stands alone, the same as JSON, and the gate's table. */
#include "app/evaluate_gate.h"

#include "app/files.h"
#include "evaluate/page.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DOTS_MOST = BT_GATE_AXES * BT_GATE_MOMENTS * BT_GATE_STEPS * BT_GATE_STEP_FRAMES };
static const double error_shown = 0.15; /* what is farther off is drawn at the edge */

const char *bt_gate_remark(const struct bt_gate_fit *fit) {
    return !fit->fitted   ? "nothing that was tried was bad"
           : fit->weak    ? "says too little: beyond all that was tried"
           : fit->floored ? "what the mask's light needs"
           : fit->backed  ? "held back for its false stops"
                          : "";
}

/* --- JSON --- */

static json_t *number(double v) {
    return isfinite(v) ? json_real(v) : json_null();
}

static json_t *report_json(const struct bt_gate_study *study, const char *day) {
    json_t *fits = json_object();
    for (uint32_t f = 0; f < BT_GATE_FITS; f++) {
        const struct bt_gate_fit *fit = &study->fit[f];
        json_object_set_new(fits, fit->name,
                            json_pack("{s:s,s:b,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:f,s:f,s:f,s:b,s:b,s:b,s:b}", "unit",
                                      fit->unit, "low_is_bad", fit->low_is_bad, "frames", (json_int_t)fit->trials, "bad",
                                      (json_int_t)fit->bad, "roc_area", number(fit->auc), "even_odds_at", number(fit->even),
                                      "caught", number(fit->point.caught), "false_stops", number(fit->point.false_stops),
                                      "stops_as_drawn", number(fit->clean_stops), "stops_of_fine", number(fit->fine_stops),
                                      "spread", number((double)fit->spread), "enter", (double)fit->enter, "leave",
                                      (double)fit->leave, "in_force", (double)fit->limit, "fitted", fit->fitted, "too_weak",
                                      fit->weak, "held_back", fit->backed, "what_swap_needs", fit->floored));
    }
    return json_pack("{s:s,s:s,s:f,s:f,s:f,s:f,s:f,s:I,s:I,s:o}", "date", day, "device", study->device, "seconds",
                     round(study->seconds), "error_most", (double)BT_GATE_ERROR_MOST, "caught", BT_GATE_CAUGHT,
                     "stops_as_drawn_most", BT_GATE_CLEAN_STOPS, "false_stops_most", BT_GATE_FALSE_STOPS, "frames",
                     (json_int_t)study->count, "lost", (json_int_t)study->lost, "measures", fits);
}

/* --- the table --- */

static void table(FILE *out, const struct bt_gate_study *study, const char *day) {
    fprintf(out,
            "/* SPDX-License-Identifier: MIT */\n"
            "/* The gate's thresholds: enter, leave. Written by `bauta evaluate gate` on %s, not by hand: the built-in footage "
            "made\n"
            "   worse in steps, frames bad where the landmarks' mean error is above %g of the eyes' distance. Beside each: the "
            "area\n"
            "   under its ROC curve, and how many of the bad frames it stops. */\n"
            "#ifndef BT_PIPELINE_GATE_FITTED_H\n#define BT_PIPELINE_GATE_FITTED_H\n\n// clang-format off\n",
            day, (double)BT_GATE_ERROR_MOST);
    for (uint32_t f = 0; f < BT_GATE_MEASURES; f++) {
        const struct bt_gate_fit *fit = &study->fit[f];
        fputs("#define BT_GATE_FITTED_", out);
        for (const char *c = fit->name; *c; c++) fputc(toupper((unsigned char)*c), out);
        fprintf(out, " %#.6gf, %#.6gf", (double)fit->enter, (double)fit->leave);
        fprintf(out, " /* %.3f, %.0f %% of %" PRIu32 "%s%s */\n", fit->auc, 100 * fit->point.caught, fit->bad,
                *bt_gate_remark(fit) ? "; " : "", bt_gate_remark(fit));
    }
    fputs("// clang-format on\n\n#endif\n", out);
}

/* --- the page --- */

/* Error against the measure: each frame a dot, the line in force and the limit. */
static void dots(FILE *out, const struct bt_gate_study *study, uint32_t f) {
    const struct bt_gate_fit *fit = &study->fit[f];
    double *x[2], *y[2], low = INFINITY, high = -INFINITY;
    double *room = malloc(4 * DOTS_MOST * sizeof *room);
    uint32_t n[2] = {0, 0};
    if (!room) return;
    for (int k = 0; k < 2; k++) x[k] = room + (size_t)2 * k * DOTS_MOST, y[k] = x[k] + DOTS_MOST;
    for (uint32_t i = 0; i < study->count; i++) {
        const struct bt_gate_sample *s = &study->sample[i];
        if (!bt_gate_counts(s, f)) continue;
        const int k = s->error > BT_GATE_ERROR_MOST;
        x[k][n[k]] = (double)s->value[f];
        y[k][n[k]++] = (double)s->error;
        low = fmin(low, (double)s->value[f]);
        high = fmax(high, (double)s->value[f]);
    }
    low = fmin(low, (double)fit->limit);
    high = fmax(high, (double)fit->limit);
    if (!(high > low)) high = low + 1;
    const double limit_x[2] = {(double)fit->limit, (double)fit->limit}, limit_y[2] = {0, error_shown};
    const double most_x[2] = {low, high}, most_y[2] = {(double)BT_GATE_ERROR_MOST, (double)BT_GATE_ERROR_MOST};
    const struct bt_chart_series series[4] = {{.name = "frame", .x = x[0], .y = y[0], .count = n[0], .dots = true},
                                              {.name = "bad", .x = x[1], .y = y[1], .count = n[1], .colour = 1, .dots = true},
                                              {.name = "stops at", .x = limit_x, .y = limit_y, .count = 2, .colour = 6},
                                              {.x = most_x, .y = most_y, .count = 2, .colour = 7}};
    bt_page_chart(out, &(struct bt_chart){.title = "error of the landmarks",
                                          .width_px = 560,
                                          .height_px = 300,
                                          .x = {fit->unit, BT_CHART_LINEAR, low, high},
                                          .y = {"mean error / eyes' distance", BT_CHART_LINEAR, 0, error_shown},
                                          .series = series,
                                          .count = 4});
    free(room);
}

static int rising(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* A point at each frame's value. */
static void roc(FILE *out, const struct bt_gate_study *study, uint32_t f) {
    double caught[DOTS_MOST + 1], stopped[DOTS_MOST + 1], line[DOTS_MOST];
    float value[DOTS_MOST];
    bool bad[DOTS_MOST];
    struct bt_operating_trials t = {.value = value, .bad = bad, .low_is_bad = study->fit[f].low_is_bad};
    for (uint32_t i = 0; i < study->count; i++) {
        const struct bt_gate_sample *s = &study->sample[i];
        if (!bt_gate_counts(s, f)) continue;
        line[t.count] = (double)s->value[f];
        value[t.count] = s->value[f];
        bad[t.count++] = s->error > BT_GATE_ERROR_MOST;
    }
    if (!study->fit[f].fitted) return;
    qsort(line, t.count, sizeof *line, rising);
    caught[0] = stopped[0] = 0;
    for (uint32_t i = 0; i < t.count; i++) { /* the worst value first */
        const struct bt_operating_point p = bt_operating_at(&t, (float)line[t.low_is_bad ? i : t.count - 1 - i]);
        caught[i + 1] = p.caught;
        stopped[i + 1] = p.false_stops;
    }
    const struct bt_operating_point now = bt_operating_at(&t, study->fit[f].limit);
    const struct bt_chart_series series[2] = {
        {.x = stopped, .y = caught, .count = t.count + 1},
        {.name = "in force", .x = &now.false_stops, .y = &now.caught, .count = 1, .colour = 1, .dots = true}};
    bt_page_chart(out, &(struct bt_chart){.title = "ROC",
                                          .width_px = 360,
                                          .height_px = 300,
                                          .x = {"stopped of the others", BT_CHART_LINEAR, 0, 1},
                                          .y = {"caught of the bad", BT_CHART_LINEAR, 0, 1},
                                          .series = series,
                                          .count = 2,
                                          .legend_low = true});
}

/* Error, lost and stopped by step. */
static void sweep(FILE *out, const struct bt_gate_study *study, uint32_t axis) {
    double step[BT_GATE_STEPS], middle[BT_GATE_STEPS], most[BT_GATE_STEPS], lost[BT_GATE_STEPS], stopped[BT_GATE_STEPS];
    for (uint32_t k = 0; k < BT_GATE_STEPS; k++) {
        double error[BT_GATE_MOMENTS * BT_GATE_STEP_FRAMES], all = 0;
        uint32_t n = 0;
        step[k] = k;
        lost[k] = stopped[k] = 0;
        for (uint32_t i = 0; i < study->count; i++) {
            const struct bt_gate_sample *s = &study->sample[i];
            if (s->axis != axis || s->step != k || !s->settled) continue;
            all++;
            lost[k] += !s->found;
            stopped[k] += s->stopped;
            if (s->found && isfinite(s->error)) error[n++] = (double)s->error;
        }
        qsort(error, n, sizeof *error, rising);
        middle[k] = n ? error[n / 2] : error_shown;
        most[k] = n ? error[n - 1] : error_shown;
        lost[k] = all > 0 ? lost[k] / all : 0;
        stopped[k] = all > 0 ? stopped[k] / all : 0;
    }
    char title[96], unit[64];
    snprintf(title, sizeof title, "%s", bt_gate_axes[axis].name);
    snprintf(unit, sizeof unit, "step: %g to %g %s", (double)bt_gate_axes[axis].level[0],
             (double)bt_gate_axes[axis].level[BT_GATE_STEPS - 1], bt_gate_axes[axis].unit);
    const struct bt_chart_series errors[2] = {{.name = "most", .x = step, .y = most, .count = BT_GATE_STEPS, .colour = 1},
                                              {.name = "median", .x = step, .y = middle, .count = BT_GATE_STEPS}};
    const struct bt_chart_series shares[2] = {
        {.name = "lost", .x = step, .y = lost, .count = BT_GATE_STEPS, .colour = 7},
        {.name = "stopped", .x = step, .y = stopped, .count = BT_GATE_STEPS, .colour = 2}};
    bt_page_chart(out, &(struct bt_chart){.title = title,
                                          .width_px = 460,
                                          .height_px = 240,
                                          .x = {unit, BT_CHART_LINEAR, 0, BT_GATE_STEPS - 1},
                                          .y = {"mean error / eyes' distance", BT_CHART_LINEAR, 0, error_shown},
                                          .series = errors,
                                          .count = 2,
                                          .legend_left = true});
    bt_page_chart(out, &(struct bt_chart){.title = "share of frames",
                                          .width_px = 460,
                                          .height_px = 240,
                                          .x = {unit, BT_CHART_LINEAR, 0, BT_GATE_STEPS - 1},
                                          .y = {"share", BT_CHART_LINEAR, 0, 1.02},
                                          .series = shares,
                                          .count = 2,
                                          .legend_left = true});
}

enum { CELL = 24 };

/* A dash for what could not be fitted. */
static const char *figure(const char *format, double v, char out[CELL]) {
    if (!isfinite(v)) return "–";
    snprintf(out, CELL, format, v);
    return out;
}

#define FIGURE(format, v) figure(format, v, (char[CELL]){0})
#define PERCENT(v)        FIGURE("%.1f\u202f%%", 100 * (v))

static void page(FILE *out, const struct bt_gate_study *study, const char *day) {
    bt_page_begin(out, "bauta: the gate's thresholds", "The gate's thresholds");
    bt_page_say(out,
                "<p>%s, on %s, %.0f s. %" PRIu32 " frames of the built-in footage, %d moments of it, each made worse along %d "
                "axes in %d steps. The tracker had lost the face in %" PRIu32
                " of them, and a placard stood there anyhow; they are not counted below.</p>\n",
                day, study->device, study->seconds, study->count, BT_GATE_MOMENTS, BT_GATE_AXES, BT_GATE_STEPS, study->lost);
    bt_page_say(
        out,
        "<p>A frame is <b>bad</b> where the landmarks are, in the mean, more than %g of the distance between the outer corners "
        "of the eyes from where they are in the same frame as drawn (of a turned head: from where the turn takes them). The "
        "field counts a face as failed above a tenth of the distance between the pupils, .07 of ours (Dantone and others 2012; "
        "Burgos-Artizzu and others 2013), by labels made by hand; this is counted from the net's own answer to the good "
        "picture, whose error comes on top, so less is allowed. The <b>threshold</b> is the mildest that stops %.0f&#8239;%% "
        "of "
        "the bad frames, and so has the fewest false stops, unless more than %.0f&#8239;%% of the frames as drawn, or "
        "%.0f&#8239;%% of "
        "those with half that error or less, would be stopped: then it gives way. It is left again a tenth, or twice the "
        "measure's own "
        "tremble, on the good side.</p>\n",
        (double)BT_GATE_ERROR_MOST, 100 * BT_GATE_CAUGHT, 100 * BT_GATE_CLEAN_STOPS, 100 * BT_GATE_FALSE_STOPS);
    fputs("<p class=\"note\">One person, an animated portrait: real cameras sharpen, smear and compress, other skin has other "
          "luma, and real hands look otherwise than a board. What is measured is where this tracker gives way, not how often "
          "that happens to people.</p>\n<p>The ROC (receiver operating characteristic) is the share of the bad frames that a "
          "threshold stops against the share of the others that it stops; the area under it is 1 for a measure that tells all "
          "apart, .5 for one that tells nothing. Even odds: where half the frames are bad, by a logistic fit.</p>\n",
          out);
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Each measure, the threshold chosen for it, and the one in force",
                        "measure|frames|bad|ROC area|even odds at|enter|leave|caught|false stops|of half the error|of "
                        "frames as drawn|in force|remark");
    for (uint32_t f = 0; f < BT_GATE_FITS; f++) {
        const struct bt_gate_fit *fit = &study->fit[f];
        bt_page_row(out,
                    "%s<br><span class=\"s\">%s</span>|%" PRIu32 "|%" PRIu32
                    "|%s|%s|%s|%s|%s|%s|%s|%s|%.3g|<span class=\"w\">%s%s</span>",
                    fit->name, fit->unit, fit->trials, fit->bad, FIGURE("%.3f", fit->auc), FIGURE("%.3g", fit->even),
                    FIGURE("%.3g", (double)fit->enter), FIGURE("%.3g", (double)fit->leave), PERCENT(fit->point.caught),
                    PERCENT(fit->point.false_stops), PERCENT(fit->fine_stops), PERCENT(fit->clean_stops), (double)fit->limit,
                    f >= BT_GATE_MEASURES ? "judged by swap. " : "", bt_gate_remark(fit));
    }
    bt_page_table_end(out);
    bt_page_section(out, "What each fault does");
    fputs("<p>Stopped: by the thresholds in force, without their delay, or by a lost face.</p>\n", out);
    for (uint32_t axis = 0; axis < BT_GATE_AXES; axis++) sweep(out, study, axis);
    for (uint32_t f = 0; f < BT_GATE_FITS; f++) {
        bt_page_section(out, study->fit[f].name);
        dots(out, study, f);
        roc(out, study, f);
    }
    bt_page_end(out);
}

/* --- files --- */

static bt_status write_with(struct bt_log *log, const struct bt_gate_study *study, const char *folder, const char *name,
                            const char *day, void (*say)(FILE *, const struct bt_gate_study *, const char *)) {
    char path[4096], *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    say(out, study, day);
    bt_status status = fclose(out) ? BT_E_MEMORY : BT_OK;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    if (!status) status = bt_files_write(log, path, text, size);
    free(text);
    return status;
}

static void json_text(FILE *out, const struct bt_gate_study *study, const char *day) {
    json_t *json = report_json(study, day);
    char *dump = json ? json_dumps(json, JSON_INDENT(2) | JSON_REAL_PRECISION(6)) : NULL;
    if (dump) fprintf(out, "%s\n", dump);
    free(dump);
    json_decref(json);
}

bt_status bt_gate_study_write(struct bt_log *log, const struct bt_gate_study *study, const char *folder) {
    char day[32];
    const time_t now = time(NULL);
    struct tm utc;
    strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&now, &utc));
    bt_status status = write_with(log, study, folder, "report.json", day, json_text);
    if (!status) status = write_with(log, study, folder, "report.html", day, page);
    if (!status) status = write_with(log, study, folder, "fitted.h", day, table);
    return status;
}
