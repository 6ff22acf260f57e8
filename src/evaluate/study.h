/* SPDX-License-Identifier: MIT */
/* A study of two matchers and their fusion on one set of pictures: every comparison of a person with themselves, a sample of
   comparisons of two, and their error rates by three methods side by side. Plain memory; the templates are the caller's. */
#ifndef BT_EVALUATE_STUDY_H
#define BT_EVALUATE_STUDY_H

#include "base/status.h"
#include "evaluate/fusion.h"
#include "evaluate/rates.h"
#include <stdbool.h>
#include <stdint.h>

enum { BT_STUDY_MATCHERS = 2, BT_STUDY_SCORES = 3, BT_STUDY_LABELS = 6, BT_STUDY_BINS = 3 };
enum { BT_STUDY_FUSION = 2 }; /* the third of the scores */

/* What is known of a picture; NAN: not. */
struct bt_study_picture {
    uint32_t subject;
    float label[BT_STUDY_LABELS];
};

/* A pair of pictures and what each matcher says of it: larger is more alike. */
struct bt_study_pair {
    uint32_t a, b;
    float score[BT_STUDY_MATCHERS];
};

struct bt_study_params {
    const struct bt_study_picture *picture; /* those of which there is a template */
    uint32_t pictures, subjects;
    uint32_t failed; /* pictures from which none came */
    const struct bt_study_pair *pair;
    uint32_t pairs;
    const char *const *label; /* BT_STUDY_LABELS names; NULL: unused */
    double fmr;               /* the threshold is the least whose FMR is at most this where it is chosen */
    uint32_t folds, replicates;
    uint64_t seed;
};

/* Comparisons to make: all of one person with themselves, and, of two, every one up to `most`, else so many drawn at random
   without repeating a pair in a row of subjects. The caller frees. BT_E_MEMORY. BT_E_ARGUMENT: no mated or no non-mated one. */
BT_CHECKED bt_status bt_study_pairs(const struct bt_study_picture *picture, uint32_t pictures, uint32_t most, uint64_t seed,
                                    struct bt_study_pair **out_pair, uint32_t *out_count);

/* Errors of a threshold on comparisons that had no part in choosing it. */
struct bt_study_count {
    uint64_t false_matches, non_mated, false_non_matches, mated;
    double threshold; /* the mean of those that were chosen */
};
struct bt_study_bin { /* by a label: thirds of the pictures, or what few values there are */
    float low, high;
    uint64_t mated, non_mated, false_matches, false_non_matches; /* at the threshold; both pictures in the bin */
};
struct bt_study_score {
    struct bt_rates *rates; /* all comparisons */
    struct bt_figures figures;
    struct bt_figures_interval bootstrap;           /* 95 %, subjects drawn */
    struct bt_interval fmr_binomial, fnmr_binomial; /* Clopper-Pearson of the same counts */
    float threshold;                                /* chosen on all, at params.fmr */
    struct bt_study_count hold_out;                 /* learnt on 7 of 10 subjects, counted on the rest */
    struct bt_study_count k_fold;                   /* summed over the folds */
    enum bt_claim claim;                            /* of "FMR at most params.fmr", on the k folds' counts */
    struct bt_study_bin bin[BT_STUDY_LABELS][BT_STUDY_BINS];
};
struct bt_study {
    struct bt_study_score score[BT_STUDY_SCORES];
    struct bt_fusion fusion;
    struct bt_fusion_choice choice;
    double cllr;       /* the fusion's, held out */
    double fta;        /* pictures without a template, of all */
    uint32_t suspects; /* pictures that look like another subject more than like their own: labels that may be swapped */
    uint32_t suspect[32];
};

/* BT_E_ARGUMENT: too few subjects for the folds (each needs a mated and a non-mated comparison). BT_E_MEMORY. */
BT_CHECKED bt_status bt_study_run(const struct bt_study_params *params, struct bt_study **out_study);
void bt_study_destroy(struct bt_study **study);

/* Counts again what a threshold is said to do. False: that is not so (a wrong threshold, other data, swapped labels). */
bool bt_study_holds(const struct bt_study_params *params, const struct bt_study *study, uint32_t score, float threshold,
                    uint64_t false_matches, uint64_t false_non_matches);

#endif
