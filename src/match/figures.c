/* SPDX-License-Identifier: MIT */
/* Written by figures.py; not by hand. */
#include "match/figures.h"

// clang-format off
const struct bt_match_figures bt_match_real = {
    .date = "2026-11-23",
    .people = "members of the United States Congress, official pictures",
    .subjects = 879,
    .templates = 1628,
    .failed = 0,
    .mated = 749,
    .non_mated = 1000000,
    .eer = 0.00268961348,
    .threshold = 3.85321283,
    .fmr = 0.0001,
    .fmr_95 = {6.08401758e-05, 0.000154233324},
    .fnmr = 0.0267022697,
    .fnmr_95 = {0.0158810668, 0.0384373408},
};
const struct bt_match_figures bt_match_synthetic = {
    .date = "2026-11-23",
    .people = "people made of numbers",
    .subjects = 2000,
    .templates = 6000,
    .failed = 0,
    .mated = 6000,
    .non_mated = 1000000,
    .eer = 0.0206668333,
    .threshold = 2.9295783,
    .fmr = 0.001,
    .fmr_95 = {0.000847618854, 0.00116223938},
    .fnmr = 0.0908333333,
    .fnmr_95 = {0.0826666667, 0.0997541667},
};
const struct bt_match_limits bt_match_limits = {
    .bias = -11.9338823,
    .weight = {3.51506996, 2.23670372},
    .mean = {0.0573201472, -0.79669399},
    .deviation = {0.169194506, 0.100927254},
    .llr = 3.85321283f,
    .cosine_least = 0.382115334f,
    .distance_most = 0.601497114f,
    .claimed = 0.0001,
    .rule = "rule of 30",
};
