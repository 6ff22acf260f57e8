/* SPDX-License-Identifier: MIT */
#include "evaluate/fusion.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWNS = BT_FUSION_SCORES_MOST + 1, STEPS_MOST = 60 };

static bool counts(const bool *used, uint32_t i) {
    return !used || used[i];
}

static bool standardise(const struct bt_fusion_trials *t, const bool *used, struct bt_fusion *f, double *out_each_class) {
    double n[2] = {0};
    for (uint32_t m = 0; m < t->scores; m++) f->mean[m] = f->deviation[m] = 0;
    for (uint32_t i = 0; i < t->count; i++)
        if (counts(used, i)) {
            n[t->a[i] == t->b[i]]++;
            for (uint32_t m = 0; m < t->scores; m++) f->mean[m] += (double)t->score[(size_t)i * t->scores + m];
        }
    if (n[0] < 1 || n[1] < 1) return false;
    for (uint32_t m = 0; m < t->scores; m++) f->mean[m] /= n[0] + n[1];
    for (uint32_t i = 0; i < t->count; i++)
        if (counts(used, i))
            for (uint32_t m = 0; m < t->scores; m++) {
                const double d = (double)t->score[(size_t)i * t->scores + m] - f->mean[m];
                f->deviation[m] += d * d;
            }
    for (uint32_t m = 0; m < t->scores; m++) {
        f->deviation[m] = sqrt(f->deviation[m] / (n[0] + n[1]));
        if (!(f->deviation[m] > 0)) return false;
    }
    out_each_class[0] = .5 / n[0];
    out_each_class[1] = .5 / n[1];
    return true;
}

/* Solves a x = b in place, a symmetric and positive definite. False when it is not. */
static bool cholesky(double a[UNKNOWNS][UNKNOWNS], double *b, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j <= i; j++) {
            double sum = a[i][j];
            for (uint32_t k = 0; k < j; k++) sum -= a[i][k] * a[j][k];
            if (i == j) {
                if (!(sum > 0)) return false;
                a[i][i] = sqrt(sum);
            } else {
                a[i][j] = sum / a[j][j];
            }
        }
    }
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t k = 0; k < i; k++) b[i] -= a[i][k] * b[k];
        b[i] /= a[i][i];
    }
    for (uint32_t i = n; i--;) {
        for (uint32_t k = i + 1; k < n; k++) b[i] -= a[k][i] * b[k];
        b[i] /= a[i][i];
    }
    return true;
}

/* log(1 + e^x), without overflow. */
static double softplus(double x) {
    return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

double bt_fusion_llr(const struct bt_fusion *f, const float *score) {
    double llr = f->bias;
    for (uint32_t m = 0; m < f->scores; m++) llr += f->weight[m] * ((double)score[m] - f->mean[m]) / f->deviation[m];
    return llr;
}

static double loss_of(const struct bt_fusion *f, const struct bt_fusion_trials *t, const bool *used, const double *each) {
    double loss = 0, size = 0;
    for (uint32_t i = 0; i < t->count; i++)
        if (counts(used, i)) {
            const bool mated = t->a[i] == t->b[i];
            const double llr = bt_fusion_llr(f, t->score + (size_t)i * t->scores);
            loss += each[mated] * softplus(mated ? -llr : llr);
        }
    for (uint32_t m = 0; m < f->scores; m++) size += f->weight[m] * f->weight[m];
    return loss + f->strength / 2 * size;
}

/* The loss's slope and curvature; the last unknown is the bias. */
static void derive(const struct bt_fusion *f, const struct bt_fusion_trials *t, const bool *used, const double *each,
                   double *out_slope, double out_curve[UNKNOWNS][UNKNOWNS]) {
    const uint32_t n = f->scores + 1;
    memset(out_slope, 0, UNKNOWNS * sizeof *out_slope);
    memset(out_curve, 0, UNKNOWNS * sizeof *out_curve);
    for (uint32_t i = 0; i < t->count; i++) {
        if (!counts(used, i)) continue;
        double x[UNKNOWNS], llr = f->bias;
        for (uint32_t m = 0; m < f->scores; m++) {
            x[m] = ((double)t->score[(size_t)i * t->scores + m] - f->mean[m]) / f->deviation[m];
            llr += f->weight[m] * x[m];
        }
        x[f->scores] = 1;
        const bool mated = t->a[i] == t->b[i];
        const double p = 1 / (1 + exp(-llr)), off = each[mated] * (p - mated), bend = each[mated] * p * (1 - p);
        for (uint32_t j = 0; j < n; j++) {
            out_slope[j] += off * x[j];
            for (uint32_t k = 0; k <= j; k++) out_curve[j][k] += bend * x[j] * x[k];
        }
    }
    for (uint32_t m = 0; m < f->scores; m++) {
        out_slope[m] += f->strength * f->weight[m];
        out_curve[m][m] += f->strength;
    }
    for (uint32_t j = 0; j < n; j++) out_curve[j][j] += 1e-12; /* where all is told apart the curvature vanishes */
}

bt_status bt_fusion_fit(const struct bt_fusion_trials *t, const bool *used, double strength, struct bt_fusion *out_fusion) {
    struct bt_fusion f = {.scores = t->scores, .strength = strength};
    double each[2];
    if (!t->scores || t->scores > BT_FUSION_SCORES_MOST || !standardise(t, used, &f, each)) return BT_E_ARGUMENT;
    double loss = loss_of(&f, t, used, each);
    for (int step = 0; step < STEPS_MOST; step++) {
        double slope[UNKNOWNS], curve[UNKNOWNS][UNKNOWNS];
        derive(&f, t, used, each, slope, curve);
        if (!cholesky(curve, slope, t->scores + 1)) break;
        struct bt_fusion next = f;
        double stride = 1, better = loss;
        for (int half = 0; half < 30; half++, stride /= 2) { /* a full step may overshoot */
            for (uint32_t m = 0; m < t->scores; m++) next.weight[m] = f.weight[m] - stride * slope[m];
            next.bias = f.bias - stride * slope[t->scores];
            better = loss_of(&next, t, used, each);
            if (better < loss) break;
        }
        if (!(better < loss)) break;
        const double gained = loss - better;
        f = next;
        loss = better;
        if (gained < 1e-12) break;
    }
    *out_fusion = f;
    return BT_OK;
}

double bt_fusion_cllr(const struct bt_fusion *f, const struct bt_fusion_trials *t, const bool *used) {
    double cost[2] = {0}, n[2] = {0};
    for (uint32_t i = 0; i < t->count; i++)
        if (counts(used, i)) {
            const bool mated = t->a[i] == t->b[i];
            const double llr = bt_fusion_llr(f, t->score + (size_t)i * t->scores);
            cost[mated] += softplus(mated ? -llr : llr);
            n[mated]++;
        }
    if (n[0] < 1 || n[1] < 1) return 1;
    return (cost[0] / n[0] + cost[1] / n[1]) / (2 * log(2));
}

/* --- folds --- */

void bt_fusion_folds(uint32_t subjects, uint32_t folds, uint64_t seed, uint8_t *out_fold) {
    struct bt_rng rng;
    bt_rng_init(&rng, seed, 2);
    for (uint32_t s = 0; s < subjects; s++) out_fold[s] = (uint8_t)(s % folds);
    for (uint32_t s = subjects; s > 1; s--) { /* Fisher and Yates */
        const uint32_t other = (uint32_t)((uint64_t)bt_rng_u32(&rng) * s >> 32);
        const uint8_t fold = out_fold[s - 1];
        out_fold[s - 1] = out_fold[other];
        out_fold[other] = fold;
    }
}

enum bt_fusion_part bt_fusion_part_of(const uint8_t *fold, uint32_t a, uint32_t b, uint32_t held_out) {
    const int in = (fold[a] == held_out) + (fold[b] == held_out);
    return in == 0 ? BT_FUSION_LEARN : in == 2 ? BT_FUSION_TEST : BT_FUSION_ACROSS;
}

uint32_t bt_fusion_leak(const struct bt_fusion_trials *t, const bool *learn, const bool *test, uint32_t subjects) {
    for (uint32_t s = 0; s < subjects; s++) {
        bool learnt = false, tested = false;
        for (uint32_t i = 0; i < t->count && !(learnt && tested); i++)
            if (t->a[i] == s || t->b[i] == s) {
                learnt |= learn[i];
                tested |= test[i];
            }
        if (learnt && tested) return s;
    }
    return UINT32_MAX;
}

static void split(const struct bt_fusion_trials *t, const uint8_t *fold, uint32_t held_out, bool *out_learn, bool *out_test) {
    for (uint32_t i = 0; i < t->count; i++) {
        const enum bt_fusion_part part = bt_fusion_part_of(fold, t->a[i], t->b[i], held_out);
        out_learn[i] = part == BT_FUSION_LEARN;
        out_test[i] = part == BT_FUSION_TEST;
    }
}

bt_status bt_fusion_choose(const struct bt_fusion_trials *t, const uint8_t *fold, uint32_t folds,
                           struct bt_fusion_choice *out_choice, struct bt_fusion *out_fusion) {
    static const double strengths[BT_FUSION_STRENGTHS] = {1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1, 10};
    struct bt_fusion_choice choice = {0};
    bool *learn = malloc(t->count ? t->count : 1), *test = malloc(t->count ? t->count : 1);
    bt_status status = learn && test ? BT_OK : BT_E_MEMORY;
    for (uint32_t k = 0; !status && k < folds; k++) {
        split(t, fold, k, learn, test);
        for (uint32_t s = 0; !status && s < BT_FUSION_STRENGTHS; s++) {
            struct bt_fusion f;
            if (!(status = bt_fusion_fit(t, learn, strengths[s], &f))) choice.cllr[s] += bt_fusion_cllr(&f, t, test) / folds;
        }
    }
    memcpy(choice.strength, strengths, sizeof strengths);
    for (uint32_t s = 1; s < BT_FUSION_STRENGTHS; s++)
        if (choice.cllr[s] < choice.cllr[choice.chosen]) choice.chosen = s;
    const double best = choice.cllr[choice.chosen];
    for (uint32_t s = choice.chosen + 1; s < BT_FUSION_STRENGTHS; s++)
        if (choice.cllr[s] <= best + 1e-3) choice.chosen = s;
    if (!status) status = bt_fusion_fit(t, NULL, strengths[choice.chosen], out_fusion);
    if (!status) *out_choice = choice;
    free(learn);
    free(test);
    return status;
}
