#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What is shown while a worn face is lost is what its owner chose: the card, or the last masked frame for 5 s and then the card.
A mask that belongs to nobody: the card.

The clip shows a face for 4 s and nobody for 8 s, at two frames a second.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

ROOT = Path(tempfile.mkdtemp(prefix="bauta-lost-"))
DATA, STATS, HASHES = ROOT / ".local/share/bauta", ROOT / "stats.json", ROOT / "hashes"
ENV = {"PATH": os.environ["PATH"], "HOME": str(ROOT), "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
WORD, LIVE = "the passphrase", "1"
FACE, FRAMES, HELD = 8, 24, 9  # 5 s at two a second, less the end


def enrol(name, *lost):
    subprocess.run([BUILD / "test_enrolled", DATA, MODELS, name, "colombina", LIVE, "86400", WORD, *lost], env=ENV, check=True,
                   capture_output=True)


def wear(face, *answers):
    command = [BUILD / "bauta", "run", "--input", ROOT / "clip.mkv", "--hash", HASHES, "--stats", STATS, "--face", face, "--models", MODELS]
    got = at_terminal(list(map(str, command)), [(prompt, (line + "\n").encode()) for prompt, line in answers], env=ENV, timeout_s=240)
    assert got.code == 0 and f"{FRAMES} of {FRAMES} labelled" in got.said, got.said
    figures = json.loads(STATS.read_text())
    assert figures["swapped"] + figures["placard"] + figures["held"] == figures["frames"] == FRAMES, figures
    assert figures["swapped"] == FACE, figures
    return figures["held"], [line.split() for line in HASHES.read_text().splitlines()]


try:
    DATA.mkdir(parents=True, mode=0o700)
    still = "scale=320:320,format=yuv420p,tpad=stop_duration=8:color=gray,fps=2"
    subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-r", "2", "-t", "4", "-i", SOURCE / "tests/golden/portrait.png", "-vf", still,
                    ROOT / "clip.mkv"], check=True)
    enrol("ada", "freeze")
    enrol("eva")
    asked, yes = ("Passphrase of the vault: ", WORD), ("Type yes", "yes")
    held, lines = wear("ada", asked, yes)
    assert held == HELD, held
    cards = [("placard" in line) for line in lines]
    assert cards == [False] * (FACE + HELD) + [True] * (FRAMES - FACE - HELD), lines
    for face, answers in (("eva", (asked, yes)), ("colombina", (yes,))):
        held, lines = wear(face, *answers)
        assert held == 0, (face, held)
        assert [("placard" in line) for line in lines] == [False] * FACE + [True] * (FRAMES - FACE), lines
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
