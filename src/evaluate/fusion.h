/* SPDX-License-Identifier: MIT */
/* Several matchers' scores to one calibrated log likelihood ratio: logistic regression with L2 regularisation, both classes
   weighing one half (so the prior is even and the log odds are the ratio). Scores are standardised first; the strength is
   chosen by cross-validation whose folds share no subject. Pure; plain memory. */
#ifndef BT_EVALUATE_FUSION_H
#define BT_EVALUATE_FUSION_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

enum { BT_FUSION_SCORES_MOST = 4, BT_FUSION_FOLDS_MOST = 32, BT_FUSION_STRENGTHS = 8 };

/* Comparisons with a score by each matcher: score[i * scores + m]. Borrowed. */
struct bt_fusion_trials {
    uint32_t count, scores;
    const float *score;
    const uint32_t *a, *b; /* the subjects compared; the same: mated */
};

struct bt_fusion {
    uint32_t scores;
    double mean[BT_FUSION_SCORES_MOST], deviation[BT_FUSION_SCORES_MOST];
    double weight[BT_FUSION_SCORES_MOST], bias; /* of standardised scores */
    double strength;                            /* of the L2 term */
};

/* Newton's method on: mean over classes of the mean log loss + strength / 2 * |weight|^2 (the bias is free). `used` (NULL: all)
   says which comparisons count. BT_E_ARGUMENT: not both classes, or a score that is always the same. */
BT_CHECKED bt_status bt_fusion_fit(const struct bt_fusion_trials *trials, const bool *used, double strength,
                                   struct bt_fusion *out_fusion);
/* Natural log of P(scores | mated) / P(scores | non-mated). */
double bt_fusion_llr(const struct bt_fusion *fusion, const float *score);

/* The cost of log likelihood ratios, bits (Bruemmer and du Preez 2006): 0 perfect, 1 says nothing, above 1 misleads. */
double bt_fusion_cllr(const struct bt_fusion *fusion, const struct bt_fusion_trials *trials, const bool *used);

/* fold[s], 0 … folds - 1, for each of `subjects`: dealt out at random, sizes differ by one at most. */
void bt_fusion_folds(uint32_t subjects, uint32_t folds, uint64_t seed, uint8_t *out_fold);
enum bt_fusion_part {
    BT_FUSION_LEARN,  /* neither subject is of that fold */
    BT_FUSION_TEST,   /* both are */
    BT_FUSION_ACROSS, /* one is: belongs to neither, or a subject would leak */
};
enum bt_fusion_part bt_fusion_part_of(const uint8_t *fold, uint32_t a, uint32_t b, uint32_t held_out);
/* The first subject that is in a comparison of both; UINT32_MAX: none. Whoever splits by something else is caught here. */
uint32_t bt_fusion_leak(const struct bt_fusion_trials *trials, const bool *learn, const bool *test, uint32_t subjects);

/* What was tried, for the report. */
struct bt_fusion_choice {
    double strength[BT_FUSION_STRENGTHS], cllr[BT_FUSION_STRENGTHS]; /* mean over the folds' held-out parts */
    uint32_t chosen;
};
/* Tries strengths 1e-6 … 10, fits all with the best (the strongest within a thousandth of the best: the plainest of equals).
   BT_E_ARGUMENT: as fit, in any fold. BT_E_MEMORY. */
BT_CHECKED bt_status bt_fusion_choose(const struct bt_fusion_trials *trials, const uint8_t *fold, uint32_t folds,
                                      struct bt_fusion_choice *out_choice, struct bt_fusion *out_fusion);

#endif
