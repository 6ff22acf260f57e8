/* SPDX-License-Identifier: MIT */
/* What was measured: one page that stands alone, and the same as JSON. */
#include "app/evaluate_swap.h"

#include "base/log.h"
#include "evaluate/motion.h"
#include "evaluate/page.h"

#include <inttypes.h>
#include <libavutil/base64.h>
#include <libavutil/mem.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

bt_status bt_swap_figures(const struct bt_swap_study *y, struct bt_swap_figure out[BT_SWAP_MEASURES]) {
    double *values = malloc((y->count ? y->count : 1) * sizeof *values);
    if (!values) return BT_E_MEMORY;
    for (int m = 0; m < BT_SWAP_MEASURES; m++) {
        out[m].frames = 0;
        for (uint32_t i = 0; i < y->count; i++) {
            values[i] = y->sample[i].value[m];
            out[m].frames += isfinite(values[i]) != 0;
        }
        out[m].median = bt_evaluate_quantile(values, y->count, .5);
        for (uint32_t i = 0; i < y->count; i++) values[i] = y->sample[i].value[m];
        out[m].p95 = bt_evaluate_quantile(values, y->count, .95);
    }
    free(values);
    return BT_OK;
}

/* --- JSON --- */

static json_t *number(double v) {
    return isfinite(v) ? json_real(round(v * 1e5) / 1e5) : json_null();
}

static json_t *report_json(const struct bt_swap_study *y, const struct bt_swap_figure *f, const char *day) {
    json_t *measures = json_object(), *frames = json_array(), *leaks = json_array(), *worst = json_object(),
           *cards = json_object();
    for (int m = 0; m < BT_SWAP_MEASURES; m++)
        json_object_set_new(measures, bt_swap_measures[m].key,
                            json_pack("{s:s,s:s,s:I,s:o,s:o}", "what", bt_swap_measures[m].name, "unit",
                                      bt_swap_measures[m].unit, "frames", (json_int_t)f[m].frames, "median",
                                      number(f[m].median), "p95", number(f[m].p95)));
    for (uint32_t i = 0; i < y->count; i++) {
        const struct bt_swap_sample *s = &y->sample[i];
        json_t *frame = json_pack("{s:I,s:b,s:b,s:b,s:b,s:b}", "frame", (json_int_t)s->frame, "masked", s->masked, "seen",
                                  s->seen, "faded", s->faded, "label_on_face", s->covered, "bare", s->leak);
        for (int m = 0; m < BT_SWAP_MEASURES; m++)
            if (isfinite(s->value[m])) json_object_set_new(frame, bt_swap_measures[m].key, number(s->value[m]));
        json_array_append_new(frames, frame);
        if (s->leak) json_array_append_new(leaks, json_integer((json_int_t)s->frame));
    }
    for (int i = 0; i < BT_SWAP_WORST; i++)
        if (y->worst[i].found)
            json_object_set_new(
                worst, bt_swap_measures[y->worst[i].measure].key,
                json_pack("{s:I,s:o}", "frame", (json_int_t)y->worst[i].frame, "value", number(y->worst[i].value)));
    for (int i = 0; i < BAUTA_STATUS_COUNT; i++)
        if (y->placards_by_status[i])
            json_object_set_new(cards, bauta_status_text((bauta_status)i), json_integer((json_int_t)y->placards_by_status[i]));
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:f,s:I,s:I,s:f,s:I,s:I,s:I,s:I,s:o,s:o,s:I,s:o,s:I,s:I,s:I,s:I,s:o,s:o,s:o}", "clip", y->clip,
        "face", y->face, "date", day, "device", y->device, "seconds", round(y->seconds), "width", (json_int_t)y->width_px,
        "height", (json_int_t)y->height_px, "rate", y->rate, "frames", (json_int_t)y->count, "masked", (json_int_t)y->masked,
        "held", (json_int_t)y->held, "cards", (json_int_t)y->placards, "cards_by_reason", cards, "masked_share",
        number(y->count ? (double)y->masked / y->count : (double)NAN), "bare_faces", (json_int_t)y->leaks, "bare_frames", leaks,
        "label_on_face", (json_int_t)y->covered, "no_face_in_output", (json_int_t)y->lost, "compared", (json_int_t)y->compared,
        "taken_for_driver", (json_int_t)y->driver_again, "measures", measures, "worst", worst, "by_frame", frames);
}

/* --- the page --- */

struct group {
    const char *title, *says; /* what it can say, and what not */
    enum bt_swap_measure line[3];
    const char *name[3];
    int lines;
};

static const struct group groups[] = {
    {"Whom the output is alike: MobileFaceNet",
     "Cosine of templates, larger is more alike; one frame in three. The worn face is drawn as a head of its own, hair and "
     "all, so "
     "the output, which keeps the driver's hair, neck, eyes and expression, cannot reach 1. A net that was trained on "
     "photographs "
     "judges drawn skin with less than its usual accuracy.",
     {BT_SWAP_WORN, BT_SWAP_WORN_IN, BT_SWAP_DRIVER},
     {"output, worn face", "driver, worn face", "output, driver"},
     3},
    {"Whom the output is alike: ResNet",
     "Distance of templates, smaller is more alike. What was said of the other net holds. The output is meant to be far from "
     "the "
     "driver; it is not meant to make the driver impossible to know again, and these figures do not say that it does.",
     {BT_SWAP_WORN_FAR, BT_SWAP_WORN_IN_FAR, BT_SWAP_DRIVER_FAR},
     {"output, worn face", "driver, worn face", "output, driver"},
     3},
    {"Pose error",
     "Degrees of the turn between the head's pose in both pictures, each from landmarks that were found anew (Huynh 2009). The "
     "tracker's own error is in it, and a mask's other proportions are read as a small turn.",
     {BT_SWAP_POSE},
     {NULL},
     1},
    {"Gaze error",
     "Degrees between the eyes' lines of sight in the plane of the face, by the irises found in both pictures. An eyeball's "
     "radius is "
     "taken as .4 of the distance of the eye's corners. The driver's own eyes are kept, so most of it is where the tracker "
     "sees the "
     "corners of other lids. Shut eyes are left out.",
     {BT_SWAP_GAZE},
     {NULL},
     1},
    {"Expression error",
     "Mouth open and wide, brows, lids, over the eyes' distance and without the head's turn: each as it moves off its own "
     "median in the "
     "clip, in the output against the input; root mean square. A clip without much movement says little.",
     {BT_SWAP_EXPRESSION},
     {NULL},
     1},
    {"Jitter of landmarks",
     "Root mean square of the acceleration of what the net says, unfiltered, in thousandths of the eyes' distance. What the "
     "driver's "
     "landmarks do by themselves is the other line.",
     {BT_SWAP_JITTER_OUT, BT_SWAP_JITTER_IN},
     {"output", "driver"},
     2},
    {"Flicker",
     "Mean change, from one frame to the next, of the luma of the same points of the skin: the warping error of Lai and others "
     "(2018), "
     "with the tracked mesh for optical flow. The output's less the driver's is the flicker; below 0, paint is smoother than "
     "skin. The "
     "invisible mark is in it.",
     {BT_SWAP_FLICKER_OUT, BT_SWAP_FLICKER_IN},
     {"output", "driver"},
     2},
    {"Seam",
     "CIEDE2000 (Sharma and others 2005) between a spot inside and one outside of the outline, mean over the outline; the "
     "output's less "
     "the driver's is the seam. A mask of another skin colour steps where the driver's neck begins, seam or not; hair and "
     "ground are in "
     "both lines.",
     {BT_SWAP_SEAM_OUT, BT_SWAP_SEAM_IN},
     {"output", "driver"},
     2},
    {"Face and neck",
     "CIEDE2000 between the lower half of the face and a patch below the chin, each the median. Where a collar or a beard is "
     "there, only "
     "the difference of the lines says something.",
     {BT_SWAP_NECK_OUT, BT_SWAP_NECK_IN},
     {"output", "driver"},
     2},
    {"Unchanged points of the face",
     "Share of the painted face's points whose colour is nearer than CIEDE2000 2 to what the camera saw. A bare face would "
     "have nearly "
     "all: from .7 on a frame counts as one. A mask of much the driver's colours has some.",
     {BT_SWAP_UNCHANGED},
     {NULL},
     1},
};

/* Over time; gaps are frames that could not be measured. A line is drawn in pieces, so that it does not bridge them. */
static bt_status draw(FILE *out, const struct bt_swap_study *y, const struct group *g) {
    static const uint8_t colours[3] = {0, 1, 2};
    const uint32_t pieces_most = 64 * (uint32_t)g->lines;
    double *time = malloc((size_t)y->count * (1 + (size_t)g->lines) * sizeof *time), low = 0, high = 0;
    struct bt_chart_series *series = calloc(pieces_most, sizeof *series);
    uint32_t pieces = 0;
    bt_status status = time && series ? BT_OK : BT_E_MEMORY;
    for (int k = 0; !status && k < g->lines; k++) {
        double *v = time + (size_t)y->count * (1 + (size_t)k);
        const bool sparse = g->line[k] <= BT_SWAP_DRIVER_FAR; /* not of every frame: joined */
        double *t = time;
        uint32_t begin = 0, n = 0;
        bool named = false;
        if (k == 0)
            for (uint32_t i = 0; i < y->count; i++) t[i] = (double)y->sample[i].frame / y->rate;
        for (uint32_t i = 0; i <= y->count; i++) {
            const double value = i < y->count ? y->sample[i].value[g->line[k]] : (double)NAN;
            if (isfinite(value)) {
                v[i] = value;
                low = fmin(low, value);
                high = fmax(high, value);
                if (!n++) begin = i;
            } else if (sparse && n && i < y->count) {
                v[i] = v[i - 1];
                n++;
            } else if (n) {
                if (pieces < pieces_most)
                    series[pieces++] = (struct bt_chart_series){
                        .name = named ? NULL : g->name[k], .x = t + begin, .y = v + begin, .count = n, .colour = colours[k]};
                named = true;
                n = 0;
            }
        }
    }
    if (!status && pieces) {
        bt_page_section(out, g->title);
        bt_page_say(out, "<p>%s</p>\n", g->says);
        bt_page_chart(out, &(struct bt_chart){
                               .title = g->title,
                               .width_px = 940,
                               .height_px = 250,
                               .x = {"seconds", BT_CHART_LINEAR, 0, fmax((double)y->sample[y->count - 1].frame, 1) / y->rate},
                               .y = {bt_swap_measures[g->line[0]].unit, BT_CHART_LINEAR, low, high > low ? 1.08 * high : 1},
                               .series = series,
                               .count = pieces});
    }
    free(series);
    free(time);
    return status;
}

static bt_status embed(FILE *out, struct bt_log *log, const struct bt_picture_rgb *picture, const char *what) {
    struct bt_bytes png = {0};
    bt_status status = bt_picture_png(log, picture, &png);
    if (status) return status;
    const size_t room = AV_BASE64_SIZE(png.size);
    char *text = malloc(room);
    if (text && av_base64_encode(text, (int)room, png.data, (int)png.size)) {
        bt_page_say(out,
                    "<figure><img alt=\"%s\" width=\"%" PRIu32 "\" height=\"%" PRIu32 "\" src=\"data:image/png;base64,%s\">"
                    "<figcaption>%s</figcaption></figure>\n",
                    what, picture->width_px, picture->height_px, text, what);
    } else {
        status = BT_E_MEMORY;
    }
    free(text);
    free((void *)(uintptr_t)png.data);
    return status;
}

static bt_status worst_frames(FILE *out, struct bt_log *log, const struct bt_swap_study *y) {
    bt_status status = BT_OK;
    bool any = false;
    for (int i = 0; i < BT_SWAP_WORST; i++) any |= y->worst[i].out.rgb != NULL;
    bt_page_section(out, "The worst frames");
    if (!any)
        fputs("<p>No pictures are kept: a person's face was lent to be worn, not to be kept, and of a clip only whoever is "
              "asked at a "
              "terminal may have them kept.</p>\n",
              out);
    for (int i = 0; !status && i < BT_SWAP_WORST; i++) {
        const struct bt_swap_worst *w = &y->worst[i];
        if (!w->found) continue;
        bt_page_say(out, "<h3>%s: %.3g %s, frame %" PRIu64 " (%.2f s)</h3>\n", bt_swap_measures[w->measure].name, w->value,
                    bt_swap_measures[w->measure].unit, w->frame, (double)w->frame / y->rate);
        if (w->in.rgb) status = embed(out, log, &w->in, "as it went in");
        if (!status && w->out.rgb) status = embed(out, log, &w->out, "as it left");
    }
    return status;
}

static bt_status page(FILE *out, struct bt_log *log, const struct bt_swap_study *y, const struct bt_swap_figure *f,
                      const char *day) {
    bt_page_begin(out, "bauta: what the mask does to a clip", "What the mask does to a clip");
    bt_page_say(out,
                "<p>%s, wearing %s, %s, on %s, %.0f s. %" PRIu32 " &times; %" PRIu32 ", %g frames a second, %" PRIu32
                " frames: <b>%.1f&#8239;%%</b> masked, %" PRIu32 " cards, %" PRIu32 " held. <b>Bare faces: %" PRIu32
                "</b>. Label or banner lie on the face in %" PRIu32 " frames; no face was found again in %" PRIu32
                ". Of %" PRIu32 " that were compared, both matchers together take <b>%" PRIu32 "</b> for the driver.</p>\n",
                y->clip, y->face, day, y->device, y->seconds, y->width_px, y->height_px, y->rate, y->count,
                y->count ? 100.0 * y->masked / y->count : 0.0, y->placards, y->held, y->leaks, y->covered, y->lost, y->compared,
                y->driver_again);
    if (y->placards) {
        fputs("<p>Cards: ", out);
        for (int i = 0, n = 0; i < BAUTA_STATUS_COUNT; i++)
            if (y->placards_by_status[i])
                bt_page_say(out, "%s%" PRIu32 " %s", n++ ? ", " : "", y->placards_by_status[i],
                            bauta_status_text((bauta_status)i));
        fputs(".</p>\n", out);
    }
    fputs("<p class=\"note\">The pipeline ran as it always does; what left it, 8 bits, 4:2:0, labelled and marked, was tracked "
          "anew and "
          "held against what went in. What label and banner cover is left out; so are landmarks and likeness of frames "
          "where they lie on the face, and colours of frames that fade into the card. One "
          "clip under one mask: another face, light or camera has other figures. No figure here says that a viewer is, or is "
          "not, "
          "deceived: the label is there so that nobody is.</p>\n",
          out);
    bt_page_table_begin(out, BT_PAGE_FIGURES, "Over the frames that could be measured",
                        "measure|median|95th percentile|frames|unit");
    for (int m = 0; m < BT_SWAP_MEASURES; m++)
        if (f[m].frames)
            bt_page_row(out, "%s|%.3f|%.3f|%" PRIu32 "|%s", bt_swap_measures[m].name, f[m].median, f[m].p95, f[m].frames,
                        bt_swap_measures[m].unit);
        else
            bt_page_row(out, "%s|–|–|0|%s", bt_swap_measures[m].name, bt_swap_measures[m].unit);
    bt_page_table_end(out);
    bt_status status = worst_frames(out, log, y);
    for (size_t i = 0; !status && i < BT_COUNT(groups); i++) status = draw(out, y, &groups[i]);
    bt_page_end(out);
    return status;
}

bt_status bt_swap_study_write(struct bt_log *log, const struct bt_swap_study *y, const char *folder, bool json) {
    struct bt_swap_figure f[BT_SWAP_MEASURES];
    char day[BT_EVALUATION_DAY], *text = NULL;
    size_t size = 0;
    bt_evaluation_day(day);
    bt_status status = bt_swap_figures(y, f);
    if (status) return status;
    FILE *out = open_memstream(&text, &size);
    if (!out) return BT_E_MEMORY;
    status = page(out, log, y, f, day);
    if (fclose(out) && !status) status = BT_E_MEMORY;
    json_t *figures = status ? NULL : report_json(y, f, day);
    if (!status && json && figures) {
        char *dump = json_dumps(figures, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
        if (dump) puts(dump);
        free(dump);
    }
    if (!status) status = bt_evaluation_files(log, folder, figures, text, size);
    free(text);
    return status;
}
