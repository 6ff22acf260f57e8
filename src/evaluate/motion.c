/* SPDX-License-Identifier: MIT */
#include "evaluate/motion.h"

#include <math.h>
#include <stdlib.h>

static const double degree = 180 / 3.14159265358979323846;

double bt_evaluate_turn_deg(const float a[9], const float b[9]) {
    double trace = 0;
    for (int i = 0; i < 9; i++) trace += (double)a[i] * (double)b[i];
    return acos(fmax(-1, fmin(1, (trace - 1) / 2))) * degree;
}

/* The unit vector of a line of sight. */
static void sight(struct bt_vec2 offset, double out[3]) {
    const double radius = 0.4;
    double x = (double)offset.x / radius, y = (double)offset.y / radius;
    const double out_by = hypot(x, y);
    if (out_by > 1) {
        x /= out_by;
        y /= out_by;
    }
    out[0] = x;
    out[1] = y;
    out[2] = sqrt(fmax(0, 1 - x * x - y * y));
}

double bt_evaluate_gaze_deg(struct bt_vec2 a, struct bt_vec2 b) {
    double u[3], v[3], dot = 0;
    sight(a, u);
    sight(b, v);
    for (int i = 0; i < 3; i++) dot += u[i] * v[i];
    return acos(fmax(-1, fmin(1, dot))) * degree;
}

double bt_evaluate_jitter(const struct bt_vec3 *p, const struct bt_vec3 *q, const struct bt_vec3 *r, uint32_t count,
                          double scale) {
    double sum = 0;
    for (uint32_t i = 0; i < count; i++) {
        const double x = (double)p[i].x - 2 * (double)q[i].x + (double)r[i].x,
                     y = (double)p[i].y - 2 * (double)q[i].y + (double)r[i].y;
        sum += x * x + y * y;
    }
    return sqrt(sum / count) / scale;
}

double bt_evaluate_warp_change(const float *now, const float *before, uint32_t count) {
    double sum = 0, n = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (!isfinite(now[i]) || !isfinite(before[i])) continue;
        sum += fabs((double)now[i] - (double)before[i]);
        n++;
    }
    return n > 0 ? sum / n : (double)NAN;
}

static int rising(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bt_evaluate_quantile(double *values, uint32_t count, double part) {
    uint32_t n = 0;
    for (uint32_t i = 0; i < count; i++)
        if (isfinite(values[i])) values[n++] = values[i];
    if (!n) return (double)NAN;
    qsort(values, n, sizeof *values, rising);
    const double at = part * (n - 1);
    const uint32_t low = (uint32_t)at, high = low + 1 < n ? low + 1 : low;
    return values[low] + (at - low) * (values[high] - values[low]);
}
