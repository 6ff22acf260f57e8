#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A session before a live camera, at a terminal: the masked picture is approved before anything leaves, somebody else in the chair is
never masked, and what was decided is in the session log, where bauta review finds it. The camera is the program of tests', which takes
a recording for one: the portrait, then a head of nobody.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
BAUTA, WATCHED = str(BUILD / "bauta"), str(BUILD / "bauta_test_enroll")
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

ROOT = Path(tempfile.mkdtemp(prefix="bauta-watched-"))
RUNTIME = ROOT / "run"
ENV = {"PATH": os.environ["PATH"], "HOME": str(ROOT), "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(RUNTIME),
       "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")), "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=16"}
if "LP_NUM_THREADS" in os.environ:
    ENV["LP_NUM_THREADS"] = os.environ["LP_NUM_THREADS"]
CONSENT, APPROVE, OFF = "Type yes to agree", "Type yes to go live", "The mask is off: Not the wearer"


def bauta(*words, code=0):
    done = subprocess.run([BAUTA, *words], capture_output=True, text=True, env=ENV, timeout=60, check=False)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def events():
    return [json.loads(line) for line in (ROOT / ".local/state/bauta/sessions.log").read_text().splitlines()]


def session(*answers, frames=None):
    """Gives what was said, and the kinds of frames that left, in order, without repetitions."""
    hashes = ROOT / "hashes"
    command = [WATCHED, "run", "--models", MODELS, "--input", str(ROOT / "clip.mkv"), "--hash", str(hashes)] + (["--frames", str(frames)] if frames else [])
    done = at_terminal(command, answers, ENV, 300)
    kinds = []
    for line in hashes.read_text().splitlines():
        kind = line.split()[1]
        if not kinds or kinds[-1] != kind:
            kinds.append(kind)
    return done, kinds


def prepare():
    RUNTIME.mkdir(mode=0o700)
    bauta("faces", "show", "pantalone", "--models", MODELS, "--output", str(ROOT / "head.png"))
    # Of the two views that are drawn of a mask, the first, with room around it.
    for name, picture, seconds, shape in (("first", SOURCE / "tests/golden/portrait.png", 10, "scale=320:320"),
                                          ("second", ROOT / "head.png", 12, "crop=480:480:0:0,scale=220:220,pad=320:320:50:50:color=0xa6a6aa")):
        subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-i", picture, "-vf", f"{shape},format=yuv420p", "-r", "10", "-t", str(seconds),
                        "-c:v", "mjpeg", "-q:v", "4", ROOT / f"{name}.mkv"], check=True)
    (ROOT / "list").write_text("file first.mkv\nfile second.mkv\n")
    subprocess.run(["ffmpeg", "-v", "error", "-f", "concat", "-i", ROOT / "list", "-c", "copy", ROOT / "clip.mkv"], check=True)


def refused():
    """Nothing leaves but the card when the wearer does not like the picture."""
    done, kinds = session((CONSENT, b"yes\n"), (APPROVE, b"no\n"), (APPROVE, b"\n"), (APPROVE, b"stop\n"))
    assert done.code == 0 and kinds == ["placard"], (done.code, kinds, done.said[-2000:])
    assert "\033[" in done.said.split(APPROVE)[0], "no picture was shown"
    done, kinds = session((CONSENT, b"yes\n"), (APPROVE, b"\x03"))
    assert done.code == 0 and kinds == ["placard"], (done.code, kinds, done.said[-2000:])
    assert not [e for e in events() if e["event"] == "live.approved"]


def from_outside(seen):
    """What bauta ctl says and does while the wearer is waited for."""
    def act(_process):
        def ask():
            try:
                seen["status"] = json.loads(bauta("ctl", "status", "--json"))
                seen["top"] = bauta("top")
                seen["approve"] = bauta("ctl", "approve")
            except BaseException as error:  # noqa: B902: told by the main thread
                seen["error"] = error
        threading.Thread(target=ask).start()
    return act


def watched():
    seen = {}
    done, kinds = session((CONSENT, b"yes\n"), (APPROVE, b"yes\n"),
                          (OFF, from_outside(seen)),  # "go on": somebody else still sits there
                          (OFF, b"new\n"), (CONSENT, b"no\n"), (OFF, b"new\n"), (CONSENT, b"yes\n"),
                          (APPROVE, b"yes\n"))
    assert "error" not in seen, seen["error"]
    assert done.code == 0, (done.code, done.said[-3000:])
    assert kinds[:3] == ["placard", "frame", "placard"] and "frame" in kinds[3:], (kinds, done.said[-3000:])
    now = seen["status"]
    assert now["state"] == "referred" and now["why"] == "somebody else is in the chair" and "Only the person who agreed" in now["hint"], now
    assert "bauta ctl approve" in seen["top"], seen["top"]
    named = [e["event"] for e in events()]
    last = named[len(named) - named[::-1].index("consent.given") - 1:]
    assert [e for e in last if e != "gate.placard"] == ["consent.given", "live.approved", "gate.referred", "gate.approved", "gate.referred",
                                                        "consent.renewed", "live.approved", "session.ended"], last
    assert bauta("audit", "verify")
    said = bauta("review", "last")
    for words in ("agreed to", "approved, and went live", "referred to the wearer: somebody else is in the chair", "by bauta ctl", "somebody else agreed",
                  "Referred to the wearer 2 times, of which it went on 2 times"):
        assert words in said, (words, said)
    told = json.loads(bauta("review", "last", "--json"))
    assert [e["event"] for e in told["events"]] == last, told
    assert bauta("review", told["session"][:8]) == said
    return said


def misuse():
    bauta("review", code=2)
    bauta("review", "xyz", code=2)
    assert "no session of that number" in bauta("review", "0000000000", code=4)
    assert "nothing waits" not in bauta("ctl", "approve", code=4)  # no session runs at all
    log = ROOT / ".local/state/bauta/sessions.log"
    log.write_text(log.read_text().replace("gate.referred", "gate.approved", 1))
    assert "audit verify" in bauta("review", "last", code=1)


def main():
    prepare()
    assert "there was no session yet" in bauta("review", "last", code=4)
    refused()
    said = watched()
    misuse()
    print(said)
    return 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
