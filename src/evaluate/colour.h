/* SPDX-License-Identifier: MIT */
/* How far apart two colours look, as CIE has it. Pure functions. */
#ifndef BT_EVALUATE_COLOUR_H
#define BT_EVALUATE_COLOUR_H

struct bt_lab {
    double l, a, b;
};

/* CIE 1976 L*a*b* of a colour as sRGB (IEC 61966-2-1) codes it, 0 … 255, seen under D65. Video's BT.709 has the same primaries
   and the same white. */
struct bt_lab bt_evaluate_lab(const double rgb[3]);

/* CIEDE2000 with all weights 1 (ISO/CIE 11664-6), by Sharma, Wu and Dalal 2005, "The CIEDE2000 color-difference formula:
   implementation notes", whose table of test pairs it meets. About 1 can just be seen, side by side. */
double bt_evaluate_delta_e(const struct bt_lab *x, const struct bt_lab *y);

#endif
