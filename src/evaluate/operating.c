/* SPDX-License-Identifier: MIT */
#include "evaluate/operating.h"

#include <math.h>
#include <stdlib.h>

static uint32_t bad_of(const struct bt_operating_trials *t) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->count; i++) n += t->bad[i];
    return n;
}

/* Larger is worse. */
static float worse(const struct bt_operating_trials *t, uint32_t i) {
    return t->low_is_bad ? -t->value[i] : t->value[i];
}

double bt_operating_auc(const struct bt_operating_trials *t) {
    const double bad = bad_of(t), others = (double)t->count - bad;
    double won = 0;
    if (!(bad > 0) || !(others > 0)) return NAN;
    for (uint32_t i = 0; i < t->count; i++)
        for (uint32_t k = 0; k < t->count; k++)
            if (t->bad[i] && !t->bad[k]) won += worse(t, i) > worse(t, k) ? 1 : worse(t, i) < worse(t, k) ? 0 : .5;
    return won / bad / others;
}

struct bt_operating_point bt_operating_at(const struct bt_operating_trials *t, float threshold) {
    const uint32_t bad = bad_of(t);
    uint32_t caught = 0, stopped = 0;
    for (uint32_t i = 0; i < t->count; i++)
        if (worse(t, i) >= (t->low_is_bad ? -threshold : threshold)) *(t->bad[i] ? &caught : &stopped) += 1;
    return (struct bt_operating_point){threshold, bad ? (double)caught / bad : NAN,
                                       bad < t->count ? (double)stopped / (t->count - bad) : NAN};
}

static int rising(const void *a, const void *b) {
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

bt_status bt_operating_choose(const struct bt_operating_trials *t, double caught, struct bt_operating_point *out_point) {
    const uint32_t bad = bad_of(t);
    if (!bad || bad == t->count) return BT_E_ARGUMENT;
    float *of_bad = malloc(bad * sizeof *of_bad);
    if (!of_bad) return BT_E_MEMORY;
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->count; i++)
        if (t->bad[i]) of_bad[n++] = worse(t, i);
    qsort(of_bad, bad, sizeof *of_bad, rising);
    uint32_t missed = (uint32_t)floor((1 - caught) * bad + 1e-9);
    if (missed >= bad) missed = bad - 1;
    const float least = of_bad[missed];
    free(of_bad);
    float below = -INFINITY; /* the next milder trial */
    for (uint32_t i = 0; i < t->count; i++)
        if (worse(t, i) < least) below = fmaxf(below, worse(t, i));
    const float line = isfinite(below) ? (least + below) / 2 : least;
    *out_point = bt_operating_at(t, t->low_is_bad ? -line : line);
    return BT_OK;
}

bt_status bt_operating_fit(const struct bt_operating_trials *t, struct bt_operating_logistic *out_fit) {
    enum { ROUNDS = 100 };
    const double ridge = 1e-3, bad = bad_of(t), others = (double)t->count - bad;
    double mean = 0, square = 0, b = 0, w = 0;
    if (!(bad > 0) || !(others > 0)) return BT_E_ARGUMENT;
    for (uint32_t i = 0; i < t->count; i++) mean += (double)t->value[i] / t->count;
    for (uint32_t i = 0; i < t->count; i++) square += pow((double)t->value[i] - mean, 2) / t->count;
    const double deviation = sqrt(square);
    if (!(deviation > 1e-9 * fabs(mean))) return BT_E_ARGUMENT; /* all the same, but for rounding */
    for (int round = 0; round < ROUNDS; round++) {
        double gb = 0, gw = ridge * w, hbb = 1e-12, hbw = 0, hww = ridge;
        for (uint32_t i = 0; i < t->count; i++) {
            const double x = ((double)t->value[i] - mean) / deviation, p = 1 / (1 + exp(-(b + w * x)));
            const double weight = t->bad[i] ? .5 / bad : .5 / others, miss = p - (t->bad[i] ? 1 : 0);
            gb += weight * miss;
            gw += weight * miss * x;
            hbb += weight * p * (1 - p);
            hbw += weight * p * (1 - p) * x;
            hww += weight * p * (1 - p) * x * x;
        }
        const double det = hbb * hww - hbw * hbw;
        double db = (hww * gb - hbw * gw) / det, dw = (hbb * gw - hbw * gb) / det;
        const double most = fmax(fabs(db), fabs(dw));
        if (most > 2) db *= 2 / most, dw *= 2 / most; /* far from the top Newton overshoots */
        b -= db;
        w -= dw;
        if (most < 1e-10) break;
    }
    *out_fit = (struct bt_operating_logistic){b - w * mean / deviation, w / deviation};
    return BT_OK;
}
