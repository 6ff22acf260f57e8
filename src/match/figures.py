#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes figures.c from the kept reports of `bauta evaluate match`; with --check, says whether it is what they make."""
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPORT = HERE.parent / 'evaluate/report'
IN_USE = 1e-4  # the FMR that the limits in use are taken at


def run(name, symbol, people):
    r = json.loads((REPORT / name).read_text())
    m = r['matchers'][2]
    b = m['bootstrap_95']
    return r, f'''const struct bt_match_figures {symbol} = {{
    .date = "{r['date']}",
    .people = "{people}",
    .subjects = {r['subjects']},
    .templates = {r['templates']},
    .failed = {r['failures_to_acquire']},
    .mated = {m['mated']},
    .non_mated = {m['non_mated']},
    .eer = {m['eer']!r},
    .threshold = {m['threshold']!r},
    .fmr = {m['fmr']!r},
    .fmr_95 = {{{b['fmr'][0]!r}, {b['fmr'][1]!r}}},
    .fnmr = {m['fnmr']!r},
    .fnmr_95 = {{{b['fnmr'][0]!r}, {b['fnmr'][1]!r}}},
}};
'''


def text():
    real, first = run('match-real.json', 'bt_match_real', 'members of the United States Congress, official pictures')
    _, second = run('match-synthetic.json', 'bt_match_synthetic', 'people made of numbers')
    cosine, distance, fused = real['matchers']
    f = real['fusion']
    held = {x['fmr']: x for x in fused['fnmr_at_fmr']}[IN_USE]
    assert real['fmr_asked'] == IN_USE and held['claim'] != 'refused', held
    pair = lambda key: '{%r, %r}' % tuple(f[key])
    return f'''/* SPDX-License-Identifier: MIT */
/* Written by figures.py; not by hand. */
#include "match/figures.h"

// clang-format off
{first}{second}const struct bt_match_limits bt_match_limits = {{
    .bias = {f['bias']!r},
    .weight = {pair('weight')},
    .mean = {pair('mean')},
    .deviation = {pair('deviation')},
    .llr = {fused['threshold']!r}f,
    .cosine_least = {cosine['fnmr_at_fmr'][0]['threshold']!r}f,
    .distance_most = {-distance['fnmr_at_fmr'][0]['threshold']!r}f,
    .claimed = {IN_USE!r},
    .rule = "{held['claim']}",
}};
'''


if sys.argv[1:] == ['--check']:
    sys.exit(0 if (HERE / 'figures.c').read_text() == text() else 'src/match/figures.c is not what the reports make')
(HERE / 'figures.c').write_text(text())
