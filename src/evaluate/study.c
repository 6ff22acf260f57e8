/* SPDX-License-Identifier: MIT */
#include "evaluate/study.h"
#include "base/rng.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Every pair of pictures is scored once: fusion learns on at most so many of two people, or it takes minutes. */
enum { LEARN_MOST = 60000 };

/* Arrays that the methods share. */
struct work {
    const struct bt_study_params *p;
    float *score[BT_STUDY_SCORES]; /* pairs each */
    float *both;                   /* the two matchers' scores beside each other, for fusion */
    uint32_t *a, *b;               /* subjects */
    bool *learn, *test, *few;      /* which comparisons count; `few`: learn, thinned for fusion */
    uint8_t *fold;
};

/* --- which comparisons --- */

bt_status bt_study_pairs(const struct bt_study_picture *picture, uint32_t pictures, uint32_t most, uint64_t seed,
                         struct bt_study_pair **out_pair, uint32_t *out_count) {
    uint64_t mated = 0;
    for (uint32_t i = 0; i < pictures; i++)
        for (uint32_t k = 0; k < i; k++) mated += picture[i].subject == picture[k].subject;
    const uint64_t all = (uint64_t)pictures * (pictures ? pictures - 1 : 0) / 2, others = all - mated;
    const uint64_t take = others < most ? others : most;
    if (!mated || !others || mated + take > UINT32_MAX) return BT_E_ARGUMENT;
    struct bt_study_pair *pair = calloc(mated + take, sizeof *pair);
    if (!pair) return BT_E_MEMORY;
    struct bt_rng rng;
    uint32_t n = 0;
    uint64_t left = others, want = take;
    bt_rng_init(&rng, seed, 3);
    for (uint32_t i = 0; i < pictures; i++)
        for (uint32_t k = 0; k < i; k++) {
            bool in = picture[i].subject == picture[k].subject;
            if (!in) { /* Knuth's algorithm S: each of the rest with the same chance */
                in = (double)bt_rng_u32(&rng) / 4294967296.0 * (double)left < (double)want;
                left--;
                want -= in;
            }
            if (in) pair[n++] = (struct bt_study_pair){.a = i, .b = k};
        }
    *out_pair = pair;
    *out_count = n;
    return BT_OK;
}

/* --- set-up --- */

static void finish_work(struct work *w) {
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) free(w->score[m]);
    free(w->both);
    free(w->a);
    free(w->b);
    free(w->learn);
    free(w->test);
    free(w->few);
    free(w->fold);
}

static bt_status init_work(const struct bt_study_params *p, struct work *w) {
    const size_t n = p->pairs;
    *w = (struct work){.p = p};
    bool made = true;
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) made &= (w->score[m] = malloc(n * sizeof(float) + 1)) != NULL;
    made &= (w->both = malloc(n * BT_STUDY_MATCHERS * sizeof(float) + 1)) != NULL;
    made &= (w->a = malloc(n * sizeof(uint32_t) + 1)) != NULL;
    made &= (w->b = malloc(n * sizeof(uint32_t) + 1)) != NULL;
    made &= (w->learn = calloc(n + 1, 1)) != NULL;
    made &= (w->test = calloc(n + 1, 1)) != NULL;
    made &= (w->few = calloc(n + 1, 1)) != NULL;
    made &= (w->fold = malloc(p->subjects + 1)) != NULL;
    if (!made) return BT_E_MEMORY;
    for (uint32_t i = 0; i < p->pairs; i++) {
        w->a[i] = p->picture[p->pair[i].a].subject;
        w->b[i] = p->picture[p->pair[i].b].subject;
        for (uint32_t m = 0; m < BT_STUDY_MATCHERS; m++)
            w->score[m][i] = w->both[i * BT_STUDY_MATCHERS + m] = p->pair[i].score[m];
    }
    return BT_OK;
}

static struct bt_fusion_trials trials_of(const struct work *w) {
    return (struct bt_fusion_trials){.count = w->p->pairs, .scores = BT_STUDY_MATCHERS, .score = w->both, .a = w->a, .b = w->b};
}

/* Of what may be learnt from, all mated ones and enough of the others. */
static void thin(struct work *w, const bool *learn) {
    uint32_t others = 0, seen = 0;
    for (uint32_t i = 0; i < w->p->pairs; i++) others += (!learn || learn[i]) && w->a[i] != w->b[i];
    const uint32_t step = others / LEARN_MOST + 1;
    for (uint32_t i = 0; i < w->p->pairs; i++) {
        const bool in = !learn || learn[i];
        w->few[i] = in && (w->a[i] == w->b[i] || seen++ % step == 0);
    }
}

static void fuse(struct work *w, const struct bt_fusion *fusion) {
    for (uint32_t i = 0; i < w->p->pairs; i++)
        w->score[BT_STUDY_FUSION][i] = (float)bt_fusion_llr(fusion, w->both + (size_t)i * BT_STUDY_MATCHERS);
}

static bt_status rates_of(const struct work *w, uint32_t m, const bool *used, struct bt_rates **out_rates) {
    const uint32_t n = w->p->pairs;
    if (!used) return bt_rates_create(&(struct bt_trials){n, w->score[m], w->a, w->b, w->p->subjects}, out_rates);
    float *score = malloc(n * sizeof *score + 1);
    uint32_t *a = malloc(n * sizeof *a + 1), *b = malloc(n * sizeof *b + 1), count = 0;
    bt_status status = score && a && b ? BT_OK : BT_E_MEMORY;
    for (uint32_t i = 0; !status && i < n; i++)
        if (used[i]) score[count] = w->score[m][i], a[count] = w->a[i], b[count++] = w->b[i];
    if (!status) status = bt_rates_create(&(struct bt_trials){count, score, a, b, w->p->subjects}, out_rates);
    free(score);
    free(a);
    free(b);
    return status;
}

/* --- methods --- */

static void split(struct work *w, uint32_t held_out) {
    for (uint32_t i = 0; i < w->p->pairs; i++) {
        const enum bt_fusion_part part = bt_fusion_part_of(w->fold, w->a[i], w->b[i], held_out);
        w->learn[i] = part == BT_FUSION_LEARN;
        w->test[i] = part == BT_FUSION_TEST;
    }
}

/* Thresholds (and the fusion) from what may be learnt from, errors on the rest, added to `count`. */
static bt_status learn_and_count(struct work *w, double strength, struct bt_study_count *const count[BT_STUDY_SCORES],
                                 double *io_cllr) {
    const struct bt_fusion_trials t = trials_of(w);
    struct bt_fusion fusion;
    thin(w, w->learn);
    bt_status status = bt_fusion_fit(&t, w->few, strength, &fusion);
    if (!status) fuse(w, &fusion);
    if (!status && io_cllr) *io_cllr += bt_fusion_cllr(&fusion, &t, w->test);
    for (uint32_t m = 0; !status && m < BT_STUDY_SCORES; m++) {
        struct bt_rates *learn = NULL, *test = NULL;
        status = rates_of(w, m, w->learn, &learn);
        if (!status) status = rates_of(w, m, w->test, &test);
        if (!status) {
            const float threshold = bt_rates_threshold(learn, w->p->fmr);
            count[m]->threshold += (double)threshold;
            count[m]->mated += bt_rates_mated(test);
            count[m]->non_mated += bt_rates_non_mated(test);
            count[m]->false_matches += bt_rates_false_matches(test, threshold);
            count[m]->false_non_matches += bt_rates_false_non_matches(test, threshold);
        }
        bt_rates_destroy(&learn);
        bt_rates_destroy(&test);
    }
    return status;
}

static bt_status methods(struct work *w, struct bt_study *s) {
    struct bt_study_count *hold_out[BT_STUDY_SCORES], *k_fold[BT_STUDY_SCORES];
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) hold_out[m] = &s->score[m].hold_out, k_fold[m] = &s->score[m].k_fold;
    bt_fusion_folds(w->p->subjects, 10, w->p->seed + 1, w->fold);
    for (uint32_t i = 0; i < w->p->subjects; i++) w->fold[i] = w->fold[i] < 3; /* three tenths are held out */
    split(w, 1);
    bt_status status = learn_and_count(w, s->fusion.strength, hold_out, NULL);
    bt_fusion_folds(w->p->subjects, w->p->folds, w->p->seed, w->fold);
    for (uint32_t k = 0; !status && k < w->p->folds; k++) {
        split(w, k);
        status = learn_and_count(w, s->fusion.strength, k_fold, &s->cllr);
    }
    s->cllr /= w->p->folds;
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) {
        k_fold[m]->threshold /= w->p->folds;
        s->score[m].claim = bt_evaluate_claim(k_fold[m]->false_matches, k_fold[m]->non_mated, w->p->fmr);
    }
    return status;
}

/* --- by label --- */

static int rising(const void *left, const void *right) {
    const float l = *(const float *)left, r = *(const float *)right;
    return (l > r) - (l < r);
}

static bt_status bins_of(const struct work *w, struct bt_study *s) {
    const struct bt_study_params *p = w->p;
    float *value = malloc(p->pictures * sizeof *value + 1);
    if (!value) return BT_E_MEMORY;
    for (uint32_t l = 0; l < BT_STUDY_LABELS && p->label && p->label[l]; l++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < p->pictures; i++)
            if (!isnan(p->picture[i].label[l])) value[n++] = p->picture[i].label[l];
        if (!n) continue;
        qsort(value, n, sizeof *value, rising);
        for (uint32_t k = 0; k < BT_STUDY_BINS; k++) {
            const float low = value[(uint64_t)n * k / BT_STUDY_BINS], high = value[((uint64_t)n * (k + 1) - 1) / BT_STUDY_BINS];
            for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) {
                struct bt_study_bin *bin = &s->score[m].bin[l][k];
                *bin = (struct bt_study_bin){.low = low, .high = high};
                for (uint32_t i = 0; i < p->pairs; i++) {
                    const float a = p->picture[p->pair[i].a].label[l], b = p->picture[p->pair[i].b].label[l];
                    if (!(a >= low && a <= high && b >= low && b <= high)) continue;
                    const bool accepted = w->score[m][i] >= s->score[m].threshold;
                    if (w->a[i] == w->b[i])
                        bin->mated++, bin->false_non_matches += !accepted;
                    else
                        bin->non_mated++, bin->false_matches += accepted;
                }
            }
        }
    }
    free(value);
    return BT_OK;
}

/* A picture whose best comparison with another subject beats its best with its own, clearly, by the fused score. */
static bt_status suspects_of(const struct work *w, struct bt_study *s) {
    const struct bt_study_params *p = w->p;
    float *own = malloc(p->pictures * sizeof *own + 1), *other = malloc(p->pictures * sizeof *other + 1);
    bt_status status = own && other ? BT_OK : BT_E_MEMORY;
    if (status) goto done;
    for (uint32_t i = 0; i < p->pictures; i++) own[i] = other[i] = -INFINITY;
    for (uint32_t i = 0; i < p->pairs; i++) {
        float *best = w->a[i] == w->b[i] ? own : other;
        const float score = w->score[BT_STUDY_FUSION][i];
        const uint32_t picture[2] = {p->pair[i].a, p->pair[i].b};
        for (uint32_t k = 0; k < 2; k++)
            if (score > best[picture[k]]) best[picture[k]] = score;
    }
    for (uint32_t i = 0; i < p->pictures; i++)
        if (isfinite(own[i]) && isfinite(other[i]) && own[i] < 0 && other[i] > 0 && other[i] > own[i] + 2.3f) { /* tenfold */
            if (s->suspects < sizeof s->suspect / sizeof *s->suspect) s->suspect[s->suspects] = i;
            s->suspects++;
        }
done:
    free(own);
    free(other);
    return status;
}

bt_status bt_study_run(const struct bt_study_params *p, struct bt_study **out_study) {
    struct work w = {0};
    struct bt_study *s = calloc(1, sizeof *s);
    bt_status status = s ? init_work(p, &w) : BT_E_MEMORY;
    if (status) goto done;
    status = BT_E_ARGUMENT;
    if (p->folds < 2 || p->folds > BT_FUSION_FOLDS_MOST || p->subjects < 2 * p->folds) goto done;
    const struct bt_fusion_trials t = trials_of(&w);
    s->fta = p->pictures + p->failed ? (double)p->failed / ((double)p->pictures + p->failed) : 0;
    /* The strength is chosen on a thinned set. */
    struct bt_fusion_trials few = t;
    thin(&w, NULL);
    few.count = 0;
    float *score = malloc((size_t)t.count * BT_STUDY_MATCHERS * sizeof *score + 1);
    uint32_t *a = malloc(t.count * sizeof *a + 1), *b = malloc(t.count * sizeof *b + 1);
    status = score && a && b ? BT_OK : BT_E_MEMORY;
    for (uint32_t i = 0; !status && i < t.count; i++)
        if (w.few[i]) {
            memcpy(score + (size_t)few.count * BT_STUDY_MATCHERS, t.score + (size_t)i * BT_STUDY_MATCHERS,
                   BT_STUDY_MATCHERS * sizeof *score);
            a[few.count] = t.a[i], b[few.count++] = t.b[i];
        }
    few.score = score, few.a = a, few.b = b;
    bt_fusion_folds(p->subjects, p->folds, p->seed, w.fold);
    if (!status) status = bt_fusion_choose(&few, w.fold, p->folds, &s->choice, &s->fusion);
    free(score);
    free(a);
    free(b);
    if (!status) status = methods(&w, s);
    if (!status) fuse(&w, &s->fusion);
    for (uint32_t m = 0; !status && m < BT_STUDY_SCORES; m++) {
        struct bt_study_score *one = &s->score[m];
        if ((status = rates_of(&w, m, NULL, &one->rates))) break;
        one->threshold = bt_rates_threshold(one->rates, p->fmr);
        one->figures = bt_rates_figures(one->rates, one->threshold);
        one->fmr_binomial =
            bt_evaluate_binomial(bt_rates_false_matches(one->rates, one->threshold), bt_rates_non_mated(one->rates), .95);
        one->fnmr_binomial =
            bt_evaluate_binomial(bt_rates_false_non_matches(one->rates, one->threshold), bt_rates_mated(one->rates), .95);
        status = bt_rates_bootstrap(one->rates, one->threshold, p->replicates, p->seed + m, &one->bootstrap);
    }
    if (!status) status = bins_of(&w, s);
    if (!status) status = suspects_of(&w, s);
done:
    finish_work(&w);
    if (status)
        bt_study_destroy(&s);
    else
        *out_study = s;
    return status;
}

void bt_study_destroy(struct bt_study **study) {
    if (!*study) return;
    for (uint32_t m = 0; m < BT_STUDY_SCORES; m++) bt_rates_destroy(&(*study)->score[m].rates);
    free(*study);
    *study = NULL;
}

bool bt_study_holds(const struct bt_study_params *p, const struct bt_study *s, uint32_t which, float threshold,
                    uint64_t false_matches, uint64_t false_non_matches) {
    uint64_t matches = 0, non_matches = 0;
    for (uint32_t i = 0; i < p->pairs; i++) {
        const struct bt_study_pair *pair = &p->pair[i];
        const float score = which < BT_STUDY_MATCHERS ? pair->score[which] : (float)bt_fusion_llr(&s->fusion, pair->score);
        const bool mated = p->picture[pair->a].subject == p->picture[pair->b].subject;
        matches += !mated && score >= threshold;
        non_matches += mated && score < threshold;
    }
    return matches == false_matches && non_matches == false_non_matches;
}
