/* SPDX-License-Identifier: MIT */
#include "app/evaluate_gate.h"

#include "pipeline/swap/swap.h"
#include "pipeline/swap/turn.h"

#include <math.h>
#include <stdlib.h>

static const double LEFT_BY = .99;              /* of the frames as drawn are well past `leave` */
enum { EVERY = (1u << BT_FOOTAGE_FAULTS) - 1 }; /* what a fault does to tracking, whichever fault it is */

/* What is held against which of the degradations. */
static const struct {
    const char *name, *unit;
    uint32_t axes;
    bool low_is_bad;
} subjects[BT_GATE_FITS] = {
    [BT_GATE_LIGHT] = {"light", "mean luma of the face, 0 to 1", 1u << BT_FOOTAGE_DARK, true},
    [BT_GATE_BURNT] = {"burnt", "share of the face at .98 or more", 1u << BT_FOOTAGE_BRIGHT, false},
    [BT_GATE_CONTRAST] = {"contrast", "standard deviation of luma", 1u << BT_FOOTAGE_HAZE, true},
    [BT_GATE_SIZE] = {"size", "px between the eyes' outer corners", 1u << BT_FOOTAGE_FAR, true},
    [BT_GATE_SHARPNESS] = {"sharpness", "detail over contrast", 1u << BT_FOOTAGE_BLUR, true},
    [BT_GATE_NOISE] = {"noise", "over the contrast", 1u << BT_FOOTAGE_NOISE, false},
    [BT_GATE_CONFIDENCE] = {"confidence", "the mesh net's own, 0 to 1", EVERY, true},
    [BT_GATE_JITTER] = {"jitter", "of the shape, over the eyes' distance", EVERY, false},
    [BT_FIT_YAW] = {"yaw", "rad, either way", 1u << BT_AXIS_YAW, false},
    [BT_FIT_PITCH] = {"pitch", "rad, either way", 1u << BT_AXIS_PITCH, false},
    [BT_FIT_COVER] = {"cover", "share of the face that looks unlike itself", 1u << BT_FOOTAGE_COVER, false},
};

bool bt_gate_counts(const struct bt_gate_sample *s, uint32_t f) {
    return s->found && s->settled && s->axis != BT_AXIS_NONE && (subjects[f].axes >> s->axis & 1) && isfinite(s->error) &&
           isfinite(s->value[f]);
}

static bool clean(const struct bt_gate_sample *s, uint32_t f) {
    return s->found && s->axis == BT_AXIS_NONE && isfinite(s->value[f]);
}

static double clean_stops(const struct bt_gate_study *study, uint32_t f, float threshold) {
    uint32_t of = 0, stopped = 0;
    for (uint32_t i = 0; i < study->count; i++) {
        const struct bt_gate_sample *s = &study->sample[i];
        if (!clean(s, f)) continue;
        of++;
        stopped += subjects[f].low_is_bad ? s->value[f] <= threshold : s->value[f] >= threshold;
    }
    return of ? (double)stopped / of : 0;
}

/* Frames that nobody should stop: as drawn; as good as that. */
static bool fine(const struct bt_gate_sample *s, uint32_t f) {
    return bt_gate_counts(s, f) && s->error <= BT_GATE_ERROR_MOST / 2;
}

static double fine_stops(const struct bt_gate_study *study, uint32_t f, float threshold) {
    uint32_t of = 0, stopped = 0;
    for (uint32_t i = 0; i < study->count; i++) {
        const struct bt_gate_sample *s = &study->sample[i];
        if (!fine(s, f)) continue;
        of++;
        stopped += subjects[f].low_is_bad ? s->value[f] <= threshold : s->value[f] >= threshold;
    }
    return of ? (double)stopped / of : 0;
}

/* Where no more of them are stopped than may be. */
static float back(const struct bt_gate_study *study, uint32_t f, float threshold) {
    const float sign = subjects[f].low_is_bad ? -1 : 1;
    while (clean_stops(study, f, threshold) > BT_GATE_CLEAN_STOPS || fine_stops(study, f, threshold) > BT_GATE_FALSE_STOPS) {
        float next = INFINITY; /* the mildest value that is stopped */
        for (uint32_t i = 0; i < study->count; i++) {
            const struct bt_gate_sample *s = &study->sample[i];
            if ((clean(s, f) || fine(s, f)) && sign * s->value[f] >= sign * threshold) next = fminf(next, sign * s->value[f]);
        }
        threshold = sign * nextafterf(next, INFINITY);
    }
    return threshold;
}

/* The value that so large a share of the frames as drawn is no worse than. */
static float clean_quantile(const struct bt_gate_study *study, uint32_t f, double share) {
    float value = subjects[f].low_is_bad ? -INFINITY : INFINITY;
    for (uint32_t i = 0; i < study->count; i++) {
        const struct bt_gate_sample *s = &study->sample[i];
        const bool closer = subjects[f].low_is_bad ? s->value[f] > value : s->value[f] < value;
        if (clean(s, f) && closer && clean_stops(study, f, s->value[f]) <= 1 - share) value = s->value[f];
    }
    return value;
}

static float spread_of(const struct bt_gate_study *study, uint32_t f) {
    double sum = 0;
    uint32_t n = 0;
    for (uint32_t i = 1; i < study->count; i++) {
        const struct bt_gate_sample *a = &study->sample[i - 1], *b = &study->sample[i];
        if (!bt_gate_counts(a, f) || !bt_gate_counts(b, f) || a->axis != b->axis || a->step != b->step ||
            a->moment != b->moment || b->frame != a->frame + 1)
            continue;
        sum += (double)(b->value[f] - a->value[f]) * (double)(b->value[f] - a->value[f]) / 2;
        n++;
    }
    return n ? (float)sqrt(sum / n) : 0;
}

/* Three digits are more than the trials carry; of what lies just below 1, of the difference. */
static float rounded(float v) {
    if (v > .9f && v < 1) return 1 - rounded(1 - v);
    if (!(fabsf(v) > 0)) return v;
    const float unit = powf(10, floorf(log10f(fabsf(v))) - 2);
    return rintf(v / unit) * unit;
}

static bt_status fit(struct bt_gate_study *study, uint32_t f, float *value, bool *bad) {
    struct bt_gate_fit *fit = &study->fit[f];
    struct bt_operating_trials trials = {.value = value, .bad = bad, .low_is_bad = subjects[f].low_is_bad};
    struct bt_operating_logistic logistic = {0};
    float worst = subjects[f].low_is_bad ? INFINITY : -INFINITY;
    for (uint32_t i = 0; i < study->count; i++) {
        const struct bt_gate_sample *s = &study->sample[i];
        if (!bt_gate_counts(s, f)) continue;
        value[trials.count] = s->value[f];
        bad[trials.count++] = s->error > BT_GATE_ERROR_MOST;
        worst = subjects[f].low_is_bad ? fminf(worst, s->value[f]) : fmaxf(worst, s->value[f]);
        fit->bad += s->error > BT_GATE_ERROR_MOST;
    }
    fit->name = subjects[f].name;
    fit->unit = subjects[f].unit;
    fit->low_is_bad = subjects[f].low_is_bad;
    fit->trials = trials.count;
    fit->auc = bt_operating_auc(&trials);
    fit->even = bt_operating_fit(&trials, &logistic) ? NAN : -logistic.bias / logistic.weight;
    fit->spread = spread_of(study, f);
    bt_status status = bt_operating_choose(&trials, BT_GATE_CAUGHT, &fit->point);
    fit->fitted = !status;
    if (status == BT_E_ARGUMENT) { /* nothing that was tried was bad, or all was */
        fit->point.threshold = worst;
        status = BT_OK;
    }
    fit->weak = fit->auc < BT_GATE_AREA_LEAST;
    if (fit->weak) fit->point.threshold = worst;
    const float line = back(study, f, fit->point.threshold);
    fit->backed = line != fit->point.threshold || (f == BT_GATE_CONFIDENCE && line > BT_GATE_CONFIDENCE_MOST);
    fit->enter = rounded(f == BT_GATE_CONFIDENCE ? fminf(line, BT_GATE_CONFIDENCE_MOST) : line);
    /* Below it the mask's light fit follows noise, though landmarks may still hold: the stricter of both. */
    fit->floored = f == BT_GATE_LIGHT && fit->enter < BT_SWAP_DARK_IN;
    if (fit->floored) fit->enter = BT_SWAP_DARK_IN;
    /* A tenth of the way, or twice the tremble; but not where frames as drawn lie, or it would not be left again. */
    const float gap = fmaxf(0.1f * fabsf(fit->enter), 2 * fit->spread), sign = fit->low_is_bad ? 1 : -1;
    const float clear = f == BT_GATE_CONFIDENCE ? 1 : clean_quantile(study, f, LEFT_BY);
    const float most = fabsf(clear - fit->enter) / 2;
    fit->leave = rounded(fit->enter + sign * fminf(gap, most));
    fit->point = bt_operating_at(&trials, fit->enter);
    fit->clean_stops = clean_stops(study, f, fit->enter);
    fit->fine_stops = fine_stops(study, f, fit->enter);
    fit->limit = f < BT_GATE_MEASURES ? bt_gate_row((enum bt_gate_measure)f)->enter
                 : f == BT_FIT_YAW    ? BT_SWAP_YAW_OUT
                 : f == BT_FIT_PITCH  ? BT_SWAP_PITCH_OUT
                                      : BT_SWAP_COVERED_OUT;
    return status;
}

bt_status bt_gate_study_fit(struct bt_gate_study *study) {
    float *value = malloc((study->count + 1) * sizeof *value);
    bool *bad = malloc((study->count + 1) * sizeof *bad);
    bt_status status = value && bad ? BT_OK : BT_E_MEMORY;
    for (uint32_t f = 0; !status && f < BT_GATE_FITS; f++) status = fit(study, f, value, bad);
    free(value);
    free(bad);
    return status;
}
