# SPDX-License-Identifier: MIT
"""tesseract reads the label after a video call's codecs, a small JPEG and half the size: a few pictures of what bench/label.py
reads many of. And where it knows none, the bench says so: a clip whose label was painted over is not read."""
import os
import shutil
import sys
import tempfile

import numpy as np

SOURCE, BUILD = os.environ['BAUTA_TEST_SOURCE'], os.environ['BAUTA_TEST_BUILD']
os.environ['ASAN_OPTIONS'] = 'detect_leaks=0'  # of the driver, which is gone by then
sys.path.insert(0, os.path.join(SOURCE, 'tests/bench'))
sys.dont_write_bytecode = True
if not shutil.which('tesseract'):
    print('tesseract is not installed')
    sys.exit(77)
import label  # noqa: E402

FRAMES, EVERY = 24, 12
score = label.table(('demo', 'busy'), ('none', 'H.264 300 kbit/s', 'VP8 300 kbit/s', 'JPEG 40', 'half size', 'brightness 1.5'), FRAMES,
                    EVERY, None, BUILD, os.environ['BAUTA_TEST_MODELS'])
for attack, clips in score.items():
    for clip, (good, looked) in clips.items():
        assert good == looked == FRAMES // EVERY, (attack, clip, good, looked)

with tempfile.TemporaryDirectory() as folder:
    blank = os.path.join(folder, 'blank.png')
    gray = np.random.default_rng(1).integers(0, 255, (label.H, label.W)).astype(np.float32)
    label.crop_of(label.spoil('none', gray), (638, 20, 622, 84)).save(blank)
    chinese, english, *said = label.read([blank], folder)[0]
    assert not chinese and not english, said
