/* SPDX-License-Identifier: MIT */
/* What an error count says about the rate behind it. Pure functions. */
#ifndef BT_EVALUATE_INTERVAL_H
#define BT_EVALUATE_INTERVAL_H

#include <stdint.h>

struct bt_interval {
    double low, high;
};

/* Clopper and Pearson (1934): exact for independent trials, never too narrow. errors <= trials; confidence 0 … 1, as .95.
   No trials: 0 … 1. */
struct bt_interval bt_evaluate_binomial(uint64_t errors, uint64_t trials, double confidence);

/* The regularised incomplete beta function I_x(a, b), a and b above 0: DLMF 8.17.22, to about 1e-13. */
double bt_evaluate_beta(double a, double b, double x);

/* May "the rate is at most `rate`" be said of so many errors in so many independent trials? ISO/IEC 19795-1's two rules. */
enum bt_claim {
    BT_CLAIM_REFUSED,    /* neither rule carries it: more trials, or a better matcher */
    BT_CLAIM_RULE_OF_3,  /* no error, and 3 / trials <= rate: at 95 % */
    BT_CLAIM_RULE_OF_30, /* 30 errors at least, and errors / trials <= rate: within 30 % of the truth, at 90 % */
};
enum bt_claim bt_evaluate_claim(uint64_t errors, uint64_t trials, double rate);

#endif
