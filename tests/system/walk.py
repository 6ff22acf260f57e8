#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A walk through everything that a person does with a face, at a terminal of 80 by 24 letters in tmux: Ada enrols hers, wears it,
lends it to Bob, who wears it; she takes it back from him, and then from the world. The program of tests enrols, whose camera is
the built-in portrait that does what it is asked.

Each screen is compared with tests/golden/walk.txt, and none has a line that the terminal had to break. Enrolling is under strace,
where it is there: no file is written but vault, receipts, log and caches, and no socket is opened but AF_UNIX.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from screens import golden, keep  # noqa: E402
from terminal import TMUX, Tmux  # noqa: E402
from traced import CALLS, STRACE, faults, written  # noqa: E402

# tmux's socket has a short name or none.
ROOT = Path(tempfile.mkdtemp(prefix="bauta-walk-"))
TRACE, CACHE, CLIP = ROOT / "trace", ROOT / "cache", ROOT / "clip.mkv"
STATEMENT = "I agree that bauta makes a mask of my face"
ADAS, BOBS = "correct horse", "quite another"
ASKED, NEW, AGAIN, YES = "Passphrase of the vault: ", "New passphrase", "The same again: ", ("Type yes", "yes")


class Person:
    def __init__(self, name, screens):
        self.home = ROOT / name
        self.data = self.home / ".local/share/bauta"
        self.home.mkdir(mode=0o700)
        # The driver frees on another thread than it allocates on: of a large quarantine the sanitizer makes gigabytes.
        env = {"PATH": f"{ROOT}/bin:{os.environ['PATH']}", "HOME": str(self.home), "XDG_CACHE_HOME": str(CACHE), "LC_ALL": "C.UTF-8",
               "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=16"}
        if "LP_NUM_THREADS" in os.environ:
            env["LP_NUM_THREADS"] = os.environ["LP_NUM_THREADS"]
        self.terminal = Tmux(self.home, env, 80, 24, ROOT)
        self.terminal.screens = screens

    def does(self, code, command, *answers, said=(), **more):
        got = self.terminal.run(f"bauta {command}", *answers, **more)
        text = self.terminal.said()
        assert got == code, f"{command}: exit code {got}, not {code}:\n{text}"
        for words in [said] if isinstance(said, str) else said:
            assert words in text, f"{command}: {words!r} was not said:\n{text}"
        assert not self.terminal.cut(), f"{command}: broken by the terminal: {self.terminal.cut()}"
        return text

    def receipts(self):
        return [json.loads(line) for line in (self.data / "receipts.log").read_text().splitlines()]

    def files(self):
        return [p for p in self.home.rglob("*") if p.is_file()]


def prepare():
    (ROOT / "bin").mkdir()
    (ROOT / "models").symlink_to(MODELS)
    strace = f"{STRACE} -f -y -s 400 -o {TRACE} -e trace={CALLS} " if STRACE else ""
    script = f'#!/bin/sh\ncase $1 in enroll) exec {strace}{BUILD}/bauta_test_enroll "$@";; *) exec {BUILD}/bauta "$@";; esac\n'
    (ROOT / "bin/bauta").write_text(script)
    (ROOT / "bin/bauta").chmod(0o755)
    subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-i", SOURCE / "tests/golden/portrait.png", "-vf", "scale=320:320,format=yuv420p", "-r", "10",
                    "-t", "1", CLIP], check=True)


def enrols(ada):
    ada.does(0, "enroll zerlina --models models --input portrait", ("Return goes on", ""), ("type this sentence", STATEMENT), ("18 or over?", "yes"),
             ("The numbers", "1 3"), ("For how many months", ""), ("The number (return", "2"), ("keep, again or leave", "keep"), (NEW, ADAS), (AGAIN, ADAS),
             said="zerlina is enrolled", timeout_s=1500, seen=["step 1 of", "Checking that all"])
    assert [r["event"]["type"] for r in ada.receipts()] == ["requested", "given"]
    requested, given = ada.receipts()
    assert requested["record_id"] == given["record_id"] and requested["receipt_id"] != given["receipt_id"]
    assert requested["identity_id"] == given["identity_id"]
    assert given["purposes"] == ["wear-live", "lend"] and given["adult"] and given["lost_face"] == "freeze" and given["language"] == "en"
    evidence = given["evidence"]
    assert evidence["liveness"].startswith("passed") and len(evidence["nonce"]) == 32 and evidence["match_score"] > evidence["match_threshold"] > 0
    for key in ("identity_sha256", "template_sha256"):
        assert given[key] and not requested[key], key
    assert len([p for p in ada.files() if "/vault/bodies/" in str(p)]) == 1
    for file in ada.files():  # the name is inside the sealed record, nowhere else
        assert b"zerlina" not in file.read_bytes(), file
    if STRACE:
        known = [re.escape(str(ada.data)) + r"/(vault/[\w./-]+|receipts\.log(\.head(\.unfinished)?)?)",
                 re.escape(str(ada.home)) + r"/\.local/state/bauta/sessions\.log(\.head(\.unfinished)?)?",
                 re.escape(str(CACHE)) + r"/(bauta|mesa_shader_cache(_db)?)/[\w./-]+", r"/dev/(null|tty|shm/\w+|dri/\w+|udmabuf|pts/\d+)"]
        lines = TRACE.read_text(errors="replace").splitlines()
        assert not faults(lines, known), "\n".join(faults(lines, known))
        assert any("receipts.log" in path for path in written(lines))
    return given["record_id"][:8]


def main():
    if not TMUX:
        raise SystemExit("tmux is needed: see packaging/packages.txt")
    prepare()
    screens = []
    ada, bob = Person("ada", screens), Person("bob", screens)
    wear = "run --input clip.mkv --hash hashes --face zerlina --frames 3 --models models"
    day = (datetime.now(timezone.utc) + timedelta(days=10)).strftime("%Y-%m-%d")
    try:
        record = enrols(ada)
        ada.does(0, wear, (ASKED, ADAS), YES, said="3 of 3 labelled")
        bob.does(0, "identity key > bob.key")
        said = ada.does(0, f"identity export zerlina --to $(cat bob.key) --until {day} --uses 2 --output pack", (ASKED, ADAS), YES, said="lent as ")
        lent = said.split("lent as ")[1][:8]
        bob.does(0, "identity import pack", (NEW, BOBS), (AGAIN, BOBS), said="zerlina is lent to you")
        bob.does(0, wear, (ASKED, BOBS), YES, said=["lent to you", "session 1 of 2", "3 of 3 labelled"])
        ada.does(0, "consent list", said=["may be worn", "lent"])
        ada.does(0, f"identity withdraw {lent} --output note", (ASKED, ADAS), said="withdrawn")
        bob.does(0, "identity import note", (ASKED, BOBS), said="key is destroyed")
        bob.does(4, wear, (ASKED, BOBS), said="no mask called zerlina")
        ada.does(0, f"consent show {record}", said="wear-live, lend")
        ada.does(0, f"consent export {record} --output receipts.json", said="receipts.json")
        exported = json.loads((ROOT / "receipts.json").read_text())
        own = [{k: v for k, v in r.items() if k not in ("n", "prev", "sig")} for r in ada.receipts() if r["record_id"] == exported[0]["record_id"]]
        assert exported == own and [r["event"]["type"] for r in exported] == ["requested", "given"]
        ada.does(0, f"consent withdraw {record}", YES, said="cannot be worn any more")
        ada.does(4, wear, (ASKED, ADAS), said="no mask called zerlina")
        assert not any((ada.data / "vault/bodies").iterdir()), "the sealed face is still there"
        ada.does(0, "consent list", said="withdrawn")
        ada.does(0, "audit verify", said="whole and in order")
        assert ADAS not in str(screens) and BOBS not in str(screens), "a passphrase was shown"
        golden(SOURCE, BUILD, "walk", screens)
        print(f"{len(screens)} screens")
    except BaseException:
        keep(BUILD, "walk", screens)
        raise
    finally:
        ada.terminal.close()
        bob.terminal.close()
        shutil.rmtree(ROOT, ignore_errors=True)


main()
