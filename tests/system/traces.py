#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What a session leaves behind: every file that it opens for writing is one of those named here, none of them holds a face but
the vault, and no socket is opened but the machine's own. One session with a mask, one with a person's face out of the vault,
both recorded, under strace.

Who is enrolled is one of the shipped masks (support/enrolled.c). strace must also see what it is meant to see: a file and a
socket that a shell opens.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
BAUTA, ENROLLED = str(BUILD / "bauta"), str(BUILD / "test_enrolled")
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402
from traced import STRACE, faults, under_strace, written  # noqa: E402

WORD = "the passphrase"
LIVE_AND_RECORD = "3"
LOG_MOST_BYTES = 8192  # of what a session adds to a log; a template alone is larger when written as text

ROOT = Path(tempfile.mkdtemp(prefix="bauta-traces-"))
HOME, OUT = ROOT / "home", ROOT / "out"
STATE, DATA, CACHE = HOME / ".local/state/bauta", HOME / ".local/share/bauta", HOME / ".cache"
# Drivers look for their cache in the home that the system knows, not in HOME.
ENV = {"PATH": os.environ["PATH"], "HOME": str(HOME), "XDG_CACHE_HOME": str(CACHE), "XDG_RUNTIME_DIR": str(ROOT / "run"), "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
# A file is written beside the name that it gets when it is whole: with six letters, or as .unfinished.
WRITTEN = [
    re.escape(str(OUT)) + r"/(clip\.mkv|clip\.mkv\.manifest\.json|hashes|stats\.json|metrics\.prom)(\.\w{6})?",
    re.escape(str(STATE)) + r"/sessions/[0-9a-f]{32}\.json(\.\w{6})?",
    re.escape(str(STATE)) + r"/sessions\.log(\.head(\.unfinished)?)?",
    re.escape(str(DATA)) + r"/receipts\.log(\.head(\.unfinished)?)?",
    re.escape(str(DATA)) + r"/vault/[\w./-]+",
    re.escape(str(CACHE)) + r"/bauta/(kernels|tuning)\.bin(\.\w{6})?",
    re.escape(str(CACHE)) + r"/mesa_shader_cache(_db)?/[\w./-]+",
    r"/dev/(null|tty|shm/\w+|dri/\w+|udmabuf|pts/\d+)",
]

sessions = set()


def cached():
    return {path: path.read_bytes() for path in CACHE.rglob("*") if path.is_file()} if CACHE.exists() else {}


def session(face, *answers):
    for old in OUT.iterdir():
        old.unlink()
    command = [BAUTA, "run", "--input", ROOT / "clip.mkv", "--record", OUT / "clip.mkv", "--hash", OUT / "hashes", "--frames", "3",
               "--stats", OUT / "stats.json", "--metrics", OUT / "metrics.prom", "--face", face, "--models", MODELS]
    typed = [(prompt, (line + "\n").encode()) for prompt, line in answers]
    logs = [STATE / "sessions.log", DATA / "receipts.log"]
    before = [log.stat().st_size if log.exists() else 0 for log in logs]
    got, lines = under_strace(ROOT / "trace", map(str, command), lambda words: at_terminal(words, typed, env=ENV, timeout_s=240))
    assert got.code == 0 and "3 of 3 labelled" in got.said, got.said
    found = faults(lines, WRITTEN)
    assert not found, "\n".join([face, *found])
    paths = written(lines)
    assert OUT / "clip.mkv" in map(Path, paths) and any("sessions.log" in path for path in paths), paths  # it was looked at
    for log, size in zip(logs, before):
        grown = (log.stat().st_size if log.exists() else 0) - size
        assert 0 <= grown < LOG_MOST_BYTES, f"{log} grew by {grown} bytes"
    manifest_of(face)
    stray = {p for p in ROOT.rglob("*") if p.is_file()} - {ROOT / "trace", ROOT / "clip.mkv"}
    stray = sorted(str(p) for p in stray if not any(re.fullmatch(known, str(p)) for known in WRITTEN))
    assert not stray, stray
    return len(paths)


def manifest_of(face):
    """One a session, for the owner's eyes, with a pseudonym and no more; beside the recording the same."""
    kept = sorted((STATE / "sessions").iterdir(), key=lambda path: path.stat().st_mtime_ns)
    sessions.add(kept[-1].name)
    assert len(kept) == len(sessions), kept
    beside = OUT / "clip.mkv.manifest.json"
    assert kept[-1].read_bytes() == beside.read_bytes() and (STATE / "sessions").stat().st_mode & 0o777 == 0o700
    assert kept[-1].stat().st_mode & 0o777 == 0o600 and beside.stat().st_size < LOG_MOST_BYTES
    said = json.loads(beside.read_text())
    assert said["state"] == "ended" and said["frames"]["total"] == 3, said
    mask = face == "colombina"
    assert said["face"] == {"role": "synthetic" if mask else "own", "pseudonym": said["face"]["pseudonym"]}, said["face"]
    assert mask or (face not in said["face"]["pseudonym"] and re.fullmatch("[0-9a-f]{32}", said["face"]["pseudonym"])), said["face"]


def watcher_watches():
    run = lambda words: subprocess.run(words, env=ENV, capture_output=True, check=False)  # noqa: E731
    _, lines = under_strace(ROOT / "trace", ["bash", "-c", f"echo > {HOME}/left; echo > {OUT}/hashes; exec 3<>/dev/tcp/127.0.0.1/9"], run)
    assert faults(lines, WRITTEN) == [f"written: {HOME}/left", "a socket of AF_INET"], faults(lines, WRITTEN)
    (HOME / "left").unlink()


def main():
    if not STRACE:
        print("strace is not there")
        return 77
    for folder in (HOME, OUT, ROOT / "run"):
        folder.mkdir(mode=0o700)
    DATA.mkdir(parents=True, mode=0o700)
    watcher_watches()
    subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-i", SOURCE / "tests/golden/portrait.png", "-vf", "scale=320:320,format=yuv420p",
                    "-r", "10", "-t", "1", ROOT / "clip.mkv"], check=True)
    subprocess.run([ENROLLED, DATA, MODELS, "ada", "colombina", LIVE_AND_RECORD, "86400", WORD], env=ENV, check=True, capture_output=True)
    before, masks = None, 0
    for _ in range(5):  # until the driver has put all its kernels there, which it does on the side
        if before == (before := cached()) and masks:
            break
        masks = session("colombina", ("Type yes", "yes"))
    persons = session("ada", ("Passphrase of the vault: ", WORD), ("Type yes", "yes"))
    # What the caches hold is the same whoever's face is worn: it is no face.
    assert cached() == before, [str(p) for p in cached() if cached()[p] != before.get(p)]
    print(f"{masks} files written with a mask, {persons} with a person's face; {len(before)} files in the caches, the same for both")
    return 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
