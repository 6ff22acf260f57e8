/* SPDX-License-Identifier: MIT */
#include "evaluate/interval.h"
#include <math.h>

enum { STEPS_MOST = 400, HALVINGS = 120 };

/* The continued fraction by Lentz's method; converges fast for x < (a + 1) / (a + b + 2). */
static double fraction(double a, double b, double x) {
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double value = d;
    for (int m = 1; m <= STEPS_MOST; m++) {
        const double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        double step = 1;
        const double term[2] = {even, odd};
        for (int i = 0; i < 2; i++) {
            d = 1 + term[i] * d;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = 1 + term[i] / c;
            if (fabs(c) < tiny) c = tiny;
            step = c * d;
            value *= step;
        }
        if (fabs(step - 1) < 1e-15) break;
    }
    return value;
}

double bt_evaluate_beta(double a, double b, double x) {
    if (x <= 0) return 0;
    if (x >= 1) return 1;
    const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * fraction(a, b, x) / a : 1 - front * fraction(b, a, 1 - x) / b;
}

/* Where I_x(a, b) is p. */
static double quantile(double a, double b, double p) {
    double low = 0, high = 1;
    for (int i = 0; i < HALVINGS; i++) {
        const double middle = (low + high) / 2;
        if (bt_evaluate_beta(a, b, middle) < p)
            low = middle;
        else
            high = middle;
    }
    return (low + high) / 2;
}

struct bt_interval bt_evaluate_binomial(uint64_t errors, uint64_t trials, double confidence) {
    const double k = (double)errors, n = (double)trials, tail = (1 - confidence) / 2;
    return (struct bt_interval){.low = errors ? quantile(k, n - k + 1, tail) : 0,
                                .high = errors < trials ? quantile(k + 1, n - k, 1 - tail) : 1};
}

enum bt_claim bt_evaluate_claim(uint64_t errors, uint64_t trials, double rate) {
    if (!trials) return BT_CLAIM_REFUSED;
    if (!errors) return 3 <= rate * (double)trials ? BT_CLAIM_RULE_OF_3 : BT_CLAIM_REFUSED;
    return errors >= 30 && (double)errors <= rate * (double)trials ? BT_CLAIM_RULE_OF_30 : BT_CLAIM_REFUSED;
}
