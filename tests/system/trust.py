#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta vault, audit and consent, from outside: at a terminal, with a keyring, and with files that somebody changed."""
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

HOME = Path(tempfile.mkdtemp(prefix="bauta-trust-"))
ENV = {k: v for k, v in os.environ.items() if not k.startswith("XDG_") and k != "DBUS_SESSION_BUS_ADDRESS"}
ENV |= {"HOME": str(HOME), "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}  # of drivers and of GLib
VAULT = HOME / ".local/share/bauta/vault"
LOG = HOME / ".local/state/bauta/sessions.log"
ASKED = "Passphrase of the vault: "


def quietly(*words, env=ENV):
    return subprocess.run([BAUTA, *words], capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL)


def typed(words, *answers, env=ENV):
    return at_terminal([BAUTA, *words], [(prompt, (line + "\n").encode()) for prompt, line in answers], env=env)


def expect(got, code, *said):
    text = getattr(got, "text", None) or getattr(got, "said", None) or (got.stdout + got.stderr)
    given = getattr(got, "code", None)
    given = got.returncode if given is None else given
    assert given == code, f"exit code {given}, not {code}:\n{text}"
    for words in said:
        assert words in text, f"{words!r} was not said:\n{text}"
    return text


def vault():
    expect(quietly("vault", "check"), 4, "there is no vault yet")
    expect(quietly("vault", "init"), 3, "no terminal")
    new, again = "New passphrase", "The same again"
    expect(typed(["vault", "init"], (new, "short"), (new, "long enough"), (again, "long enouhg"), (new, "long enough"), (again, "long enough")),
           0, "too short", "not the same", "an empty vault")
    assert stat.S_IMODE(VAULT.stat().st_mode) == 0o700
    for file in VAULT.rglob("*"):
        assert stat.S_IMODE(file.stat().st_mode) & 0o077 == 0, file
    expect(quietly("vault", "init"), 5, "already")
    shown = expect(typed(["vault", "check"], (ASKED, "long enough")), 0, "0 records, 0 damaged")
    assert "long enough" not in shown, "the passphrase was shown"
    expect(typed(["vault", "check"], (ASKED, "a"), (ASKED, "b"), (ASKED, "c")), 3, "does not open the vault")
    copy = HOME / "copy"
    expect(typed(["vault", "backup", str(copy)], (ASKED, "long enough")), 0, "backed up")
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    expect(typed(["vault", "backup", str(copy)], (ASKED, "long enough")), 5, "exists already")
    expect(typed(["vault", "rekey"], (ASKED, "long enough"), (new, "quite another"), (again, "quite another")), 0, "new passphrase")
    expect(typed(["vault", "check"], (ASKED, "long enough"), (ASKED, "quite another")), 0, "0 records")
    keys = (VAULT / "keys").read_bytes()
    (VAULT / "keys").write_bytes(keys[:40] + bytes([keys[40] ^ 1]) + keys[41:])
    expect(quietly("vault", "check"), 3)
    expect(typed(["vault", "check"], (ASKED, "quite another")), 1, "damaged")
    shutil.move(VAULT, HOME / "away")
    asked = "Passphrase of the backup: "
    expect(typed(["vault", "restore", str(copy)], (asked, "quite another")), 3)
    expect(typed(["vault", "restore", str(HOME / "none")], (asked, "x")), 4, "no file")
    expect(typed(["vault", "restore", str(copy)], (asked, "long enough")), 0, "restored")
    expect(typed(["vault", "restore", str(copy)], (asked, "long enough")), 5, "not overwritten")
    expect(typed(["vault", "check"], (ASKED, "long enough")), 0, "0 records")


def keyring():
    """A whole desktop's keyring of its own, on a bus of its own."""
    if not shutil.which("dbus-run-session") or not shutil.which("gnome-keyring-daemon"):
        raise SystemExit("gnome-keyring and dbus are needed: see packaging/packages.txt")
    shutil.rmtree(VAULT)
    script = f"""
        echo -n test | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1 &
        for i in $(seq 100); do sleep .1; dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
            string:org.freedesktop.secrets 2>/dev/null | grep -q true && break; done
        {BAUTA} vault init --keyring && {BAUTA} vault check </dev/null
    """
    run = subprocess.run(["dbus-run-session", "--", "sh", "-c", script], capture_output=True, text=True, timeout=120,
                         env=ENV | {"XDG_RUNTIME_DIR": str(HOME)})
    expect(run, 0, "an empty vault", "0 records")
    expect(quietly("vault", "check"), 3, "no terminal")  # and without the keyring, nobody
    subprocess.run(["rm", "-rf", VAULT], check=True)
    expect(quietly("vault", "init", "--keyring"), 4, "no keyring")


def audit():
    expect(quietly("audit", "verify"), 0, "0 lines")
    clip = HOME / "clip.mkv"
    subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc=320x240:d=0.2", clip], check=True)
    models = os.environ["BAUTA_TEST_MODELS"]
    for answer, code in (("no", 3), ("yes", 0), ("yes", 0)):
        got = typed(["run", "--input", str(clip), "--record", str(HOME / "masked.mkv"), "--frames", "1", "--models", models], ("Type yes", answer))
        expect(got, code)
    text = expect(quietly("audit", "verify"), 0, "whole and in order")
    lines = int(text.split()[0])
    assert lines >= 5, text
    assert "before lines were signed" not in text
    expect(quietly("audit", "show"), 0, "consent.refused", "consent.given", "session.ended")
    shown = json.loads(quietly("audit", "show", "--json").stdout)
    assert len(shown) == lines and all(len(line["sig"]) == 128 for line in shown)
    out = HOME / "audit.json"
    expect(quietly("audit", "export", "--output", str(out)), 0)
    exported = json.loads(out.read_text())
    assert len(exported["lines"]) == lines and len(exported["public_key"]) == 64
    whole = LOG.read_text().splitlines(keepends=True)
    tries = {"changed": (whole[:1] + [whole[1].replace("consent", "consemt", 1)] + whole[2:], 2),
             "removed": (whole[:1] + whole[2:], 2),
             "exchanged": (whole[:1] + [whole[2], whole[1]] + whole[3:], 2),
             "cut off": (whole[:-1], lines),
             "emptied": ([], 1)}
    for how, (now, line) in tries.items():
        LOG.write_text("".join(now))
        expect(quietly("audit", "verify"), 1, f"line {line}:")
        assert quietly("audit", "export", "--output", str(HOME / "no.json")).returncode == 1
        assert not (HOME / "no.json").exists(), how
    LOG.write_text("".join(whole))
    expect(quietly("audit", "verify"), 0)


def consent():
    expect(quietly("consent", "list"), 0, "No face is enrolled here")
    assert json.loads(quietly("consent", "list", "--json").stdout) == []
    for words in (["show", "1"], ["export", "1", "--output", str(HOME / "x")], ["renew", "1"], ["withdraw", "1"]):
        expect(quietly("consent", *words), 4, "no consent begins so")
    for words in ([], ["show"], ["list", "1"], ["export", "1"], ["withdraw", "1", "--months", "2"], ["burn", "1"]):
        expect(quietly("consent", *words), 2)
    for words in ([], ["init", "x"], ["backup"], ["check", "--keyring"], ["open"]):
        expect(quietly("vault", *words), 2)
    for words in ([], ["export"], ["show", "--output", "x"], ["burn"]):
        expect(quietly("audit", *words), 2)


try:
    consent()
    vault()
    keyring()
    audit()
finally:
    shutil.rmtree(HOME, ignore_errors=True)
