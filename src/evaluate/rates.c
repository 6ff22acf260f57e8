/* SPDX-License-Identifier: MIT */
#include "evaluate/rates.h"
#include "base/rng.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

const double bt_rates_level[BT_RATES_LEVELS] = {1e-2, 1e-3, 1e-4, 1e-5};

struct trial {
    float score;
    uint32_t a, b;
};

struct bt_rates {
    struct trial *trial; /* scores falling */
    uint32_t count, subjects;
    uint64_t mated, non_mated;
};

static int falling(const void *left, const void *right) {
    const float l = ((const struct trial *)left)->score, r = ((const struct trial *)right)->score;
    return (l < r) - (l > r);
}

bt_status bt_rates_create(const struct bt_trials *trials, struct bt_rates **out_rates) {
    struct bt_rates *r = calloc(1, sizeof *r);
    bt_status status = BT_E_MEMORY;
    if (!r) goto fail;
    r->count = trials->count;
    r->subjects = trials->subjects;
    if (!(r->trial = malloc(((size_t)trials->count + 1) * sizeof *r->trial))) goto fail;
    status = BT_E_ARGUMENT;
    for (uint32_t i = 0; i < trials->count; i++) {
        const struct trial t = {trials->score[i], trials->a[i], trials->b[i]};
        if (!isfinite(t.score) || t.a >= trials->subjects || t.b >= trials->subjects) goto fail;
        r->trial[i] = t;
        if (t.a == t.b)
            r->mated++;
        else
            r->non_mated++;
    }
    if (!r->mated || !r->non_mated) goto fail;
    qsort(r->trial, r->count, sizeof *r->trial, falling);
    *out_rates = r;
    return BT_OK;
fail:
    bt_rates_destroy(&r);
    return status;
}

void bt_rates_destroy(struct bt_rates **rates) {
    if (!*rates) return;
    free((*rates)->trial);
    free(*rates);
    *rates = NULL;
}

uint64_t bt_rates_mated(const struct bt_rates *r) {
    return r->mated;
}

uint64_t bt_rates_non_mated(const struct bt_rates *r) {
    return r->non_mated;
}

uint64_t bt_rates_false_matches(const struct bt_rates *r, float threshold) {
    uint64_t n = 0;
    for (uint32_t i = 0; i < r->count && r->trial[i].score >= threshold; i++) n += r->trial[i].a != r->trial[i].b;
    return n;
}

uint64_t bt_rates_false_non_matches(const struct bt_rates *r, float threshold) {
    uint64_t n = 0;
    for (uint32_t i = r->count; i-- && r->trial[i].score < threshold;) n += r->trial[i].a == r->trial[i].b;
    return n;
}

float bt_rates_threshold(const struct bt_rates *r, double fmr) {
    const uint64_t most = (uint64_t)(fmr * (double)r->non_mated * (1 + 1e-12));
    uint64_t matches = 0;
    for (uint32_t i = 0; i < r->count; i++) {
        matches += r->trial[i].a != r->trial[i].b;
        if (matches > most) return nextafterf(r->trial[i].score, INFINITY); /* just above the one that is too many */
    }
    return r->trial[r->count - 1].score; /* all may be accepted */
}

static double weight_of(const struct trial *t, const uint16_t *weight) {
    if (!weight) return 1;
    return t->a == t->b ? weight[t->a] : (double)weight[t->a] * weight[t->b];
}

/* One walk down the scores. weight: how often each subject was drawn; NULL: once. False: it drew no mated, or no non-mated
   comparison. */
static bool walk(const struct bt_rates *r, const uint16_t *weight, float threshold, struct bt_figures *out) {
    double mated = (double)r->mated, non_mated = (double)r->non_mated;
    if (weight) {
        mated = non_mated = 0;
        for (uint32_t i = 0; i < r->count; i++) {
            const double w = weight_of(&r->trial[i], weight);
            if (r->trial[i].a == r->trial[i].b)
                mated += w;
            else
                non_mated += w;
        }
        if (mated <= 0 || non_mated <= 0) return false;
    }
    struct bt_figures f = {.fmr = 0, .fnmr = 1, .eer = .5, .eer_threshold = r->trial[0].score};
    for (uint32_t l = 0; l < BT_RATES_LEVELS; l++) {
        f.fnmr_at[l] = 1; /* nothing is accepted */
        f.threshold_at[l] = nextafterf(r->trial[0].score, INFINITY);
    }
    double accepted_mated = 0, accepted_non_mated = 0, nearest = 1;
    for (uint32_t i = 0; i < r->count;) {
        const float score = r->trial[i].score;
        do { /* what scores alike is accepted together */
            const double w = weight_of(&r->trial[i], weight);
            if (r->trial[i].a == r->trial[i].b)
                accepted_mated += w;
            else
                accepted_non_mated += w;
        } while (++i < r->count && r->trial[i].score == score);
        const double fmr = accepted_non_mated / non_mated, fnmr = 1 - accepted_mated / mated;
        if (score >= threshold) {
            f.fmr = fmr;
            f.fnmr = fnmr;
        }
        for (uint32_t l = 0; l < BT_RATES_LEVELS; l++)
            if (fmr <= bt_rates_level[l]) {
                f.fnmr_at[l] = fnmr;
                f.threshold_at[l] = score;
            }
        if (fabs(fmr - fnmr) < nearest - 1e-12) { /* of equals the highest threshold */
            nearest = fabs(fmr - fnmr);
            f.eer = (fmr + fnmr) / 2;
            f.eer_threshold = score;
        }
    }
    *out = f;
    return true;
}

struct bt_figures bt_rates_figures(const struct bt_rates *r, float threshold) {
    struct bt_figures f = {0};
    (void)walk(r, NULL, threshold, &f);
    return f;
}

void bt_rates_curve(const struct bt_rates *r, uint32_t count, struct bt_rates_point *out_points) {
    const double start = log(1 / (double)r->non_mated);
    uint64_t matches = 0, accepted = 0;
    uint32_t i = 0;
    struct bt_rates_point last = {r->trial[0].score, 0, 1};
    for (uint32_t p = 0; p < count; p++) { /* the furthest point whose FMR is at most this */
        const double most = count > 1 ? exp(start * (1 - (double)p / (count - 1))) : 1;
        while (i < r->count) {
            uint64_t m = matches, a = accepted;
            uint32_t k = i;
            const float score = r->trial[i].score;
            do {
                if (r->trial[k].a == r->trial[k].b)
                    a++;
                else
                    m++;
            } while (++k < r->count && r->trial[k].score == score);
            const double fmr = (double)m / (double)r->non_mated;
            if (fmr > most * (1 + 1e-12)) break;
            last = (struct bt_rates_point){score, fmr, 1 - (double)a / (double)r->mated};
            matches = m;
            accepted = a;
            i = k;
        }
        out_points[p] = last;
    }
}

/* --- bootstrap --- */

enum { FIGURES = 3 + BT_RATES_LEVELS };

static int rising(const void *left, const void *right) {
    const double l = *(const double *)left, r = *(const double *)right;
    return (l > r) - (l < r);
}

/* Percentiles 2.5 and 97.5, interpolated between the two nearest (Hyndman and Fan's type 7). */
static struct bt_interval middle_95(double *value, uint32_t count) {
    qsort(value, count, sizeof *value, rising);
    double edge[2];
    for (int i = 0; i < 2; i++) {
        const double at = (i ? .975 : .025) * (count - 1);
        const uint32_t below = (uint32_t)at;
        const double part = at - below;
        edge[i] = part > 0 ? value[below] + part * (value[below + 1] - value[below]) : value[below];
    }
    return (struct bt_interval){edge[0], edge[1]};
}

bt_status bt_rates_bootstrap(const struct bt_rates *r, float threshold, uint32_t replicates, uint64_t seed,
                             struct bt_figures_interval *out_interval) {
    if (!replicates) return BT_E_ARGUMENT;
    bt_status status = BT_E_MEMORY;
    uint16_t *weight = malloc(r->subjects * sizeof *weight);
    double *value = malloc((size_t)replicates * FIGURES * sizeof *value);
    struct bt_rng rng;
    if (!weight || !value) goto done;
    bt_rng_init(&rng, seed, 1);
    for (uint32_t n = 0; n < replicates;) {
        struct bt_figures f;
        memset(weight, 0, r->subjects * sizeof *weight);
        for (uint32_t i = 0; i < r->subjects; i++) weight[(uint64_t)bt_rng_u32(&rng) * r->subjects >> 32]++;
        if (!walk(r, weight, threshold, &f)) continue; /* of two subjects one was drawn twice: drawn again */
        const double figure[FIGURES] = {f.fmr, f.fnmr, f.eer, f.fnmr_at[0], f.fnmr_at[1], f.fnmr_at[2], f.fnmr_at[3]};
        for (uint32_t k = 0; k < FIGURES; k++) value[(size_t)k * replicates + n] = figure[k];
        n++;
    }
    struct bt_interval *out[FIGURES] = {&out_interval->fmr, &out_interval->fnmr, &out_interval->eer};
    for (uint32_t l = 0; l < BT_RATES_LEVELS; l++) out[3 + l] = &out_interval->fnmr_at[l];
    for (uint32_t k = 0; k < FIGURES; k++) *out[k] = middle_95(value + (size_t)k * replicates, replicates);
    status = BT_OK;
done:
    free(weight);
    free(value);
    return status;
}

struct bt_transaction bt_evaluate_transaction(double fmr, double fnmr, double fta) {
    return (struct bt_transaction){.far = fmr * (1 - fta), .frr = fta + fnmr * (1 - fta)};
}
