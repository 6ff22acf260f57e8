/* SPDX-License-Identifier: MIT */
/* How often the matchers err, as counted by `bauta evaluate match`, and the limits that came of it. The numbers are written by
   figures.py from the reports in evaluate/report; a test holds both equal. */
#ifndef BT_MATCH_FIGURES_H
#define BT_MATCH_FIGURES_H

#include <stdint.h>

struct bt_match_figures {
    const char *date, *people;               /* of the run; whose pictures, in words */
    uint32_t subjects, templates, failed;    /* failed: pictures in which no face was found */
    uint64_t mated, non_mated;               /* comparisons */
    double eer;                              /* fused */
    double threshold;                        /* fused: the least whose FMR is at most what was asked for */
    double fmr, fmr_95[2], fnmr, fnmr_95[2]; /* there; intervals: people drawn anew */
};
extern const struct bt_match_figures bt_match_real;      /* the limits in use come from this run */
extern const struct bt_match_figures bt_match_synthetic; /* people made of numbers: more alike to the nets than people are */

/* Log likelihood ratio = bias + sum of weight * (score - mean) / deviation over the cosine and minus the distance. */
struct bt_match_limits {
    double bias, weight[2], mean[2], deviation[2];
    float llr;                         /* at least */
    float cosine_least, distance_most; /* neither net alone may say otherwise: where its own FMR is a hundredth */
    double claimed;                    /* the FMR that may be claimed, */
    const char *rule;                  /* by which of ISO/IEC 19795-1's rules */
};
extern const struct bt_match_limits bt_match_limits;

#endif
