#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The limits that decide whether two pictures are of one person are what the kept reports make, and a changed one is seen."""
import subprocess
import sys
import tempfile
from pathlib import Path
from shutil import copytree

SOURCE = Path(__file__).resolve().parents[2]


def checked(root):
    return subprocess.run([sys.executable, '-B', root / 'src/match/figures.py', '--check'], capture_output=True).returncode


assert checked(SOURCE) == 0, 'run src/match/figures.py'
with tempfile.TemporaryDirectory() as folder:
    copytree(SOURCE / 'src/match', Path(folder, 'src/match'))
    copytree(SOURCE / 'src/evaluate/report', Path(folder, 'src/evaluate/report'))
    assert checked(Path(folder)) == 0
    figures = Path(folder, 'src/match/figures.c')
    text = figures.read_text()
    llr = next(line for line in text.splitlines() if '.llr = ' in line)
    figures.write_text(text.replace(llr, '    .llr = 1.0f,'))
    assert checked(Path(folder)) != 0
print('the limits are the reports\'')
