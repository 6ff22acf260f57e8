/* SPDX-License-Identifier: MIT */
/* Error rates of a comparison, in the terms of ISO/IEC 19795-1: false match (FMR), false non-match (FNMR), where they are equal
   (EER), and FNMR where the FMR is held. Comparisons only: a picture from which no template came (failure to acquire, FTA) is
   counted by bt_evaluate_transaction. One thread. */
#ifndef BT_EVALUATE_RATES_H
#define BT_EVALUATE_RATES_H

#include "base/status.h"
#include "evaluate/interval.h"
#include <stdint.h>

/* Comparisons of one picture with another: a larger score is more alike. Of one subject with itself: mated. Borrowed. */
struct bt_trials {
    uint32_t count;
    const float *score;    /* finite */
    const uint32_t *a, *b; /* the subjects compared, below `subjects` */
    uint32_t subjects;
};

/* Where FNMR is asked for: FMR at most 1e-2 … 1e-5. */
enum { BT_RATES_LEVELS = 4 };
extern const double bt_rates_level[BT_RATES_LEVELS];

struct bt_figures {
    double fmr, fnmr; /* at the threshold that was asked for */
    double eer;       /* mean of both where they are nearest */
    float eer_threshold;
    /* The least threshold whose FMR is at most the level's, and its FNMR. A level finer than one error in all non-mated
       comparisons is answered by the first threshold without an error. */
    double fnmr_at[BT_RATES_LEVELS];
    float threshold_at[BT_RATES_LEVELS];
};
struct bt_figures_interval {
    struct bt_interval fmr, fnmr, eer, fnmr_at[BT_RATES_LEVELS];
};

struct bt_rates;
/* Sorts a copy. BT_E_ARGUMENT: no mated, or no non-mated comparison; a subject out of range; a score that is not finite.
   BT_E_MEMORY. */
BT_CHECKED bt_status bt_rates_create(const struct bt_trials *trials, struct bt_rates **out_rates);
void bt_rates_destroy(struct bt_rates **rates);
uint64_t bt_rates_mated(const struct bt_rates *rates);
uint64_t bt_rates_non_mated(const struct bt_rates *rates);
/* Accepted: score >= threshold. */
uint64_t bt_rates_false_matches(const struct bt_rates *rates, float threshold);
uint64_t bt_rates_false_non_matches(const struct bt_rates *rates, float threshold);
/* The least threshold whose FMR is at most `fmr`. */
float bt_rates_threshold(const struct bt_rates *rates, double fmr);
struct bt_figures bt_rates_figures(const struct bt_rates *rates, float threshold);

/* `count` points of the curve from the highest threshold to the lowest, evenly spaced in the logarithm of the FMR (the last at
   FMR 1): what DET and ROC are drawn from. */
struct bt_rates_point {
    float threshold;
    double fmr, fnmr;
};
void bt_rates_curve(const struct bt_rates *rates, uint32_t count, struct bt_rates_point *out_points);

/* Subjects are drawn with replacement, `replicates` times; a comparison weighs as often as its subjects were drawn (mated once
   for its subject, non-mated the product). 95 %, by percentiles. Comparisons that share people are not independent: this is the
   interval for them. BT_E_MEMORY. */
BT_CHECKED bt_status bt_rates_bootstrap(const struct bt_rates *rates, float threshold, uint32_t replicates, uint64_t seed,
                                        struct bt_figures_interval *out_interval);

/* FAR and FRR of one attempt: FAR = FMR (1 - FTA), FRR = FTA + FNMR (1 - FTA). */
struct bt_transaction {
    double far, frr;
};
struct bt_transaction bt_evaluate_transaction(double fmr, double fnmr, double fta);

#endif
