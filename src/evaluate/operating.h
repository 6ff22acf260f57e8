/* SPDX-License-Identifier: MIT */
/* How well one number tells bad trials from others, and where to draw the line. Pure; plain memory. */
#ifndef BT_EVALUATE_OPERATING_H
#define BT_EVALUATE_OPERATING_H

#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_operating_trials {
    uint32_t count;
    const float *value; /* finite */
    const bool *bad;
    bool low_is_bad; /* else high values are */
};

/* Area under the ROC curve: the chance that a bad trial has the worse value than one that is not (ties count half). NaN where
   there is not one of each. */
double bt_operating_auc(const struct bt_operating_trials *trials);

/* A trial is stopped when its value is at the threshold or worse. */
struct bt_operating_point {
    float threshold;
    double caught, false_stops; /* shares of the bad, of the others */
};
/* The mildest threshold, half-way between two trials, that catches at least `caught` of the bad: so the one with the fewest
   false stops. BT_E_ARGUMENT: not one of each. BT_E_MEMORY. */
BT_CHECKED bt_status bt_operating_choose(const struct bt_operating_trials *trials, double caught,
                                         struct bt_operating_point *out_point);
struct bt_operating_point bt_operating_at(const struct bt_operating_trials *trials, float threshold);

/* Log odds of bad = bias + weight x value, by maximum likelihood with a ridge of 1e-3 on the standardised weight (Newton; the
   ridge keeps separable trials finite), each class weighing one half. BT_E_ARGUMENT: not one of each, or all values equal. */
struct bt_operating_logistic {
    double bias, weight;
};
BT_CHECKED bt_status bt_operating_fit(const struct bt_operating_trials *trials, struct bt_operating_logistic *out_fit);

#endif
