#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Wearing an enrolled face, lending it, borrowing it, and taking it back: two installations, one machine, all of it at a terminal.

Who is enrolled is one of the shipped masks (support/enrolled.c); from there on everything is the program itself.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
BAUTA, ENROLLED = str(BUILD / "bauta"), str(BUILD / "test_enrolled")
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

ROOT = Path(tempfile.mkdtemp(prefix="bauta-lend-"))
WORD = "the passphrase"
ASKED = ("Passphrase of the vault: ", WORD)
YES = ("Type yes", "yes")
LIVE, RECORD, LEND, UNATTENDED = 1, 2, 4, 8


class Home:
    def __init__(self, name):
        self.path = ROOT / name
        self.data = self.path / ".local/share/bauta"
        self.data.mkdir(parents=True, mode=0o700)
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.path), "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}

    def enrol(self, name, mask, purposes, seconds=30 * 86400):
        done = subprocess.run([ENROLLED, self.data, MODELS, name, mask, str(purposes), str(seconds), WORD], capture_output=True,
                              text=True, check=True, env=self.env)
        return done.stdout.split()

    def quietly(self, *words):
        return subprocess.run([BAUTA, *map(str, words)], capture_output=True, text=True, env=self.env, stdin=subprocess.DEVNULL)

    def typed(self, words, *answers, timeout_s=180):
        return at_terminal([BAUTA, *map(str, words)], [(prompt, (line + "\n").encode()) for prompt, line in answers], env=self.env,
                           timeout_s=timeout_s)

    def run(self, face, *answers, frames=3, record=None, clip=None):
        out = ["--record", record] if record else ["--hash", self.path / "hashes"]
        stats = self.path / "stats.json"
        stats.unlink(missing_ok=True)
        got = self.typed(["run", "--input", clip or CLIP, *out, "--face", face, "--frames", frames, "--stats", stats, "--models", MODELS],
                         *answers)
        return got, json.loads(stats.read_text()) if stats.exists() else None


def expect(got, code, *said):
    text = got.said if hasattr(got, "said") else got.stdout + got.stderr
    given = got.code if hasattr(got, "code") else got.returncode
    assert given == code, f"exit code {given}, not {code}:\n{text}"
    for words in said:
        assert words in text, f"{words!r} was not said:\n{text}"
    return text


def day(days):
    return (datetime.now(timezone.utc) + timedelta(days=days)).strftime("%Y-%m-%d")


def own(home):
    record, identity = home.enrol("ada", "colombina", LIVE | LEND)
    got, stats = home.run("ada", ASKED, YES)
    expect(got, 0, '"ada", enrolled here', "wear-live, lend", "3 of 3 labelled")
    assert stats["swapped"] == 3 and stats["face"] == "a person's", stats
    log = (home.path / ".local/state/bauta/sessions.log").read_text()
    assert '"ada"' not in log and record in log, "the session log knows ids, not names"
    expect(home.run("ada", ASKED, ("Type yes", "no"))[0], 3)
    expect(home.run("ada", ("Passphrase", "wrong"), ("Passphrase", "wrong"), ("Passphrase", "wrong"))[0], 3)
    expect(home.run("eve", ASKED)[0], 4, "nobody enrolled")
    expect(home.quietly("run", "--input", CLIP, "--hash", home.path / "h", "--face", "ada", "--models", MODELS), 3)
    out = home.path / "clip.mkv"
    expect(home.run("ada", ASKED, YES, record=out)[0], 3, "no live consent of the face's owner")  # recording was not agreed to
    assert not out.exists()
    expect(home.quietly("demo", "--output", home.path / "demo", "--face", "ada", "--models", MODELS), 4)
    shown = home.quietly("consent", "show", record[:8]).stdout
    assert "given" in shown and '"ada"' not in shown
    return record


def lend(owner, friend, record):
    key = friend.quietly("identity", "key").stdout.strip()
    pack, other = ROOT / "pack", ROOT / "pack2"
    words = ["identity", "export", "ada", "--to", key, "--until", day(10), "--uses", "2", "--output", pack]
    expect(owner.typed(words, ASKED, ("Type yes", "no")), 3, "nothing is lent")
    assert not pack.exists()
    expect(owner.typed(words[:-4] + ["--purpose", "record", "--output", pack], ASKED), 3, "not agreed to that purpose")
    expect(owner.typed(words[:6] + [day(200), "--output", pack], ASKED), 3, "longer than the consent holds")
    for wrong in (["--to", "12", "--until", day(1)], ["--to", key, "--until", "2020-01-01"], ["--to", key, "--until", "2027-02-31"],
                  ["--to", key]):
        expect(owner.quietly("identity", "export", "ada", *wrong, "--output", pack), 2)
    expect(owner.typed(["identity", "export", "eve", *words[3:]], ASKED), 4, "nobody called eve")
    said = expect(owner.typed(words, ASKED, YES), 0, "lent as ")
    pack_id = said.split("lent as ")[1].split(",")[0]
    assert "given" in owner.quietly("consent", "show", pack_id[:8]).stdout

    new = ("New passphrase", WORD), ("The same again", WORD)
    stranger = Home("stranger")
    expect(stranger.quietly("identity", "import", pack), 3, "somebody else's key")
    bytes_ = bytearray(pack.read_bytes())
    bytes_[len(bytes_) // 2] ^= 1
    other.write_bytes(bytes_)
    expect(friend.quietly("identity", "import", other), 1, "changed on the way")
    expect(friend.quietly("identity", "import", CLIP), 1, "not a lent face")
    expect(friend.typed(["identity", "import", pack], *new), 0, "ada is lent to you", "at most 2 sessions")
    expect(friend.typed(["identity", "import", pack], ASKED), 3, "not counted anew")

    expect(friend.run("ada", ASKED, ("Type yes", "no"))[0], 3)  # not agreed to, and so not counted
    spare = ROOT / "spare"
    shutil.copytree(friend.data / "vault", spare)
    for session in (1, 2):
        got, stats = friend.run("ada", ASKED, YES)
        expect(got, 0, f"session {session} of 2", "lent to you")
        assert stats["swapped"] == 3, stats
    expect(friend.run("ada", ASKED)[0], 3, "2 sessions, and all are used")
    shutil.rmtree(friend.data / "vault")  # the vault of yesterday: the session log has counted too
    shutil.copytree(spare, friend.data / "vault")
    expect(friend.run("ada", ASKED)[0], 3, "2 sessions, and all are used")
    expect(friend.typed(["identity", "export", "ada", *words[3:]], ASKED), 4)  # not theirs to lend on
    return key


def watch(home, face, act, passphrase=ASKED):
    """A session under way while `act` happens in another process. Gives (session, seconds that it went on)."""
    begun = threading.Event()
    when = {}

    def other():
        begun.wait(120)
        time.sleep(2)
        act()
        when["done"] = time.monotonic()

    thread = threading.Thread(target=other)
    thread.start()
    log = home.path / ".local/state/bauta/sessions.log"
    before = log.read_text().count("consent.given") if log.exists() else 0

    def look():
        while not begun.is_set():
            if log.exists() and log.read_text().count("consent.given") > before:
                begun.set()
            time.sleep(.1)

    threading.Thread(target=look, daemon=True).start()
    got, _ = home.run(face, passphrase, YES, frames=100000, clip=LONG)
    ended = time.monotonic()
    begun.set()
    thread.join()
    return got, ended - when["done"]


def take_back(owner, friend, key):
    note, pack = ROOT / "note", ROOT / "pack3"
    said = expect(owner.typed(["identity", "export", "ada", "--to", key, "--until", day(10), "--output", pack], ASKED, YES), 0)
    pack_id = said.split("lent as ")[1].split(",")[0]
    expect(friend.typed(["identity", "import", pack], ASKED), 0)
    expect(owner.typed(["identity", "withdraw", pack_id[:8]], ASKED), 2)
    expect(owner.typed(["identity", "withdraw", pack_id[:8], "--output", note], ASKED), 0, "withdrawn")
    assert "withdrawn" in owner.quietly("consent", "show", pack_id[:8]).stdout
    forged = bytearray(note.read_bytes())
    forged[60] ^= 1
    (ROOT / "forged").write_bytes(forged)
    expect(friend.quietly("identity", "import", ROOT / "forged"), 1)
    got, after = watch(friend, "ada", lambda: expect(friend.typed(["identity", "import", note], ASKED), 0, "key is destroyed"))
    expect(got, 3, "does not agree any more")
    assert after < 20, after
    expect(friend.run("ada", ASKED)[0], 3)  # what is left is the one that is spent
    expect(friend.typed(["identity", "import", pack], ASKED), 3, "what is gone does not come back")


def withdraw(owner, record):
    assert owner.quietly("consent", "withdraw", record[:8]).returncode == 3  # nobody said yes
    got, after = watch(owner, "ada", lambda: expect(owner.typed(["consent", "withdraw", record[:8]], YES), 0, "cannot be worn any more"))
    expect(got, 3, "does not agree any more")
    assert after < 20, after
    expect(owner.run("ada", ASKED)[0], 4)
    assert not any((owner.data / "vault/bodies").iterdir()), "the sealed face is still there"
    expect(owner.typed(["consent", "renew", record[:8]], ASKED), 4, "no longer here")


def namesake(friend):
    """An own face beside a spent one of the same name: it is worn on its own terms, not on those of the other."""
    friend.enrol("ada", "colombina", LIVE)
    got, stats = friend.run("ada", ASKED, YES)
    expect(got, 0, '"ada", enrolled here')
    assert "lent to you" not in got.said and stats["swapped"] == 3, got.said


def expire(owner):
    record, _ = owner.enrol("eva", "colombina", LIVE, seconds=6)
    time.sleep(7)
    expect(owner.run("eva", ASKED)[0], 3, "expired")
    assert "expired" in owner.quietly("consent", "list").stdout
    expect(owner.typed(["consent", "renew", record[:8], "--months", "1"], ASKED, YES), 0, "renewed")
    expect(owner.run("eva", ASKED, YES)[0], 0)


def stand(home):
    """A standing consent: a session with no terminal opens the camera, and without one does not."""
    words = ["run", "--camera", "/dev/video-of-the-test", "--hash", home.path / "h", "--models", MODELS]
    expect(home.quietly(*words), 3, "no terminal to ask")
    expect(home.typed(["consent", "standing"], ("Type yes", "no")), 3)
    expect(home.quietly(*words), 3)
    said = expect(home.typed(["consent", "standing", "--months", "2"], YES), 0, "unattended for 2 months")
    expect(home.quietly(*words), 4, "/dev/video-of-the-test")  # agreed to, and so it was looked for
    expect(home.typed(["consent", "withdraw", said.split("withdraw ")[-1][:8]], YES), 0)
    expect(home.quietly(*words), 3)


try:
    CLIP, LONG = ROOT / "clip.mkv", ROOT / "long.mkv"
    portrait = SOURCE / "tests/golden/portrait.png"
    subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-i", portrait, "-vf", "scale=320:320,format=yuv420p", "-r", "10", "-t", "1", CLIP],
                   check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", "600", "-i", CLIP, "-c", "copy", LONG], check=True)
    ada, bob = Home("ada"), Home("bob")
    ada_record = own(ada)
    bobs_key = lend(ada, bob, ada_record)
    take_back(ada, bob, bobs_key)
    withdraw(ada, ada_record)
    namesake(bob)
    expire(ada)
    stand(bob)
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
