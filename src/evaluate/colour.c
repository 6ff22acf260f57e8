/* SPDX-License-Identifier: MIT */
#include "evaluate/colour.h"

#include <math.h>

static const double pi = 3.14159265358979323846;

static double linear_of(double code) {
    const double v = code / 255;
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double lab_of(double t) {
    const double d = 6.0 / 29;
    return t > d * d * d ? cbrt(t) : t / (3 * d * d) + 4.0 / 29;
}

struct bt_lab bt_evaluate_lab(const double rgb[3]) {
    /* IEC 61966-2-1's matrix; the white is what it makes of (1, 1, 1). */
    static const double m[3][3] = {{0.4124, 0.3576, 0.1805}, {0.2126, 0.7152, 0.0722}, {0.0193, 0.1192, 0.9505}};
    double f[3];
    for (int i = 0; i < 3; i++) {
        double v = 0, white = 0;
        for (int k = 0; k < 3; k++) {
            v += m[i][k] * linear_of(rgb[k]);
            white += m[i][k];
        }
        f[i] = lab_of(v / white);
    }
    return (struct bt_lab){116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])};
}

static double hue(double a, double b) {
    if (a == 0 && b == 0) return 0;
    const double h = atan2(b, a);
    return h < 0 ? h + 2 * pi : h;
}

static double degrees(double v) {
    return v * pi / 180;
}

static double power7(double v) {
    return v * v * v * v * v * v * v;
}

double bt_evaluate_delta_e(const struct bt_lab *x, const struct bt_lab *y) {
    const double c_mean = (hypot(x->a, x->b) + hypot(y->a, y->b)) / 2;
    const double g = 0.5 * (1 - sqrt(power7(c_mean) / (power7(c_mean) + power7(25))));
    const double ax = (1 + g) * x->a, ay = (1 + g) * y->a;
    const double cx = hypot(ax, x->b), cy = hypot(ay, y->b), hx = hue(ax, x->b), hy = hue(ay, y->b);
    const double dl = y->l - x->l, dc = cy - cx;
    double turn = hy - hx, h = hx + hy;
    if (cx * cy == 0) {
        turn = 0;
    } else {
        if (turn > pi) turn -= 2 * pi;
        if (turn < -pi) turn += 2 * pi;
        if (fabs(hx - hy) > pi) h += h < 2 * pi ? 2 * pi : -2 * pi;
        h /= 2;
    }
    const double dh = 2 * sqrt(cx * cy) * sin(turn / 2), l = (x->l + y->l) / 2, c = (cx + cy) / 2;
    const double t =
        1 - 0.17 * cos(h - degrees(30)) + 0.24 * cos(2 * h) + 0.32 * cos(3 * h + degrees(6)) - 0.20 * cos(4 * h - degrees(63));
    const double around = (h / pi * 180 - 275) / 25;
    const double rc = 2 * sqrt(power7(c) / (power7(c) + power7(25)));
    const double rt = -sin(degrees(60 * exp(-around * around))) * rc;
    const double sl = 1 + 0.015 * (l - 50) * (l - 50) / sqrt(20 + (l - 50) * (l - 50)), sc = 1 + 0.045 * c,
                 sh = 1 + 0.015 * c * t;
    const double el = dl / sl, ec = dc / sc, eh = dh / sh;
    return sqrt(el * el + ec * ec + eh * eh + rt * ec * eh);
}
