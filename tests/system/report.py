#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta report: of an installation where nothing happened, of one where somebody is enrolled and sessions ran, and of one where files
were changed. It says what is so, asks for nothing, changes nothing, and holds no name and no path; the page stands alone.
"""
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from html.parser import HTMLParser
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

ROOT = Path(tempfile.mkdtemp(prefix="bauta-report-"))
HOME = ROOT / "home-of-zerlina"
DATA, STATE = HOME / ".local/share/bauta", HOME / ".local/state/bauta"
ENV = {k: v for k, v in os.environ.items() if not k.startswith("XDG_") and k != "DBUS_SESSION_BUS_ADDRESS"}
ENV |= {"HOME": str(HOME), "USER": "zerlina", "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
WORD, FACE, OWN_MASK = "xylophone and zither", "zerlina", "masetto"


class Page(HTMLParser):
    """Every element is closed, nothing is fetched, nothing runs."""

    def __init__(self, page):
        super().__init__()
        self.open, self.text = [], []
        self.feed(page)
        assert not self.open, self.open
        self.said = re.sub(r"\s+", " ", " ".join(self.text))

    def handle_starttag(self, tag, attrs):
        assert tag not in ("script", "link", "img", "iframe") and not any(key in ("src", "href", "onload") for key, _ in attrs), (tag, attrs)
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


def bauta(*words):
    return subprocess.run([BUILD / "bauta", *words], capture_output=True, text=True, env=ENV, stdin=subprocess.DEVNULL, check=False, timeout=200)


def files():
    """The vault's lock says who held it last."""
    kept = (p for p in HOME.rglob("*") if p.is_file() and ".cache" not in p.parts and p.name != "lock")
    return {str(p): hashlib.sha256(p.read_bytes()).hexdigest() for p in kept}


def report(*more):
    """Both forms; nothing else is written, and neither holds anything personal."""
    before, folder = files(), ROOT / "out"
    shutil.rmtree(folder, ignore_errors=True)
    done = bauta("report", "--output", str(folder), "--models", MODELS, *more)
    assert done.returncode == 0, done.stderr
    after = files()
    assert after == before, f"a report changed {[p for p in before.keys() | after.keys() if before.get(p) != after.get(p)]}"
    figures, page = (folder / "report.json").read_text(), (folder / "report.html").read_text()
    for text in (figures, page, done.stdout.replace(str(folder), "")):
        for personal in (FACE, OWN_MASK, str(HOME), str(ROOT), WORD, "clip.mkv", MODELS):
            assert personal not in text, f"{personal} is in the report"
    found, said = json.loads(figures), Page(page).said
    for sentence in found["attention"]:
        assert re.sub(r"\s+", " ", sentence) in said and sentence in done.stdout, sentence
    printed = json.loads(bauta("report", "--json", "--models", MODELS, *more).stdout)
    assert {k: v for k, v in printed.items() if k != "made"} == {k: v for k, v in found.items() if k != "made"}
    return found, said


def looks(found, words):
    assert any(words in sentence for sentence in found["attention"]), (words, found["attention"])


def of_nothing():
    HOME.mkdir()
    found, said = report()
    assert not found["key"]["made"] and not found["vault"]["exists"] and not found["consents"]["consents"]
    assert found["audit"]["lines"] == found["sessions"]["manifests"] == 0 and found["audit"]["whole"]
    assert "nobody has enrolled a face here" in said and not DATA.exists()
    profile = found["policy"]["profiles"]
    assert [p["id"] for p in profile] == ["strictest-common"] and len(profile[0]["instruments"]) == 3
    assert len(found["models"]["files"]) == 6 and all(m["state"] == "as signed" for m in found["models"]["files"])
    for m in found["models"]["files"]:
        assert m["sha256"] in said and m["training"]["data"] in said and m["source"]["package"] in said, m
    rates = found["error_rates"]
    assert rates["claimed"]["fmr"] < 0.01 and rates["claimed"]["by"] in said and len(rates["measured"]) == 2, rates
    for run in rates["measured"]:
        assert run["fmr_95"][0] <= run["fmr"] <= run["fmr_95"][1] and run["people"] in said and run["date"] in said, run
    found, said = report("--profile", "eu,cn-digital-human-draft")
    assert [p["id"] for p in found["policy"]["profiles"]] == ["strictest-common", "eu", "cn-digital-human-draft"]
    assert "2026-08-02" in said
    looks(found, "is a draft")


def wear(face, *answers):
    command = [BUILD / "bauta", "run", "--input", HOME / "clip.mkv", "--hash", HOME / "hashes", "--face", face, "--models", MODELS]
    got = at_terminal(list(map(str, command)), [(prompt, (line + "\n").encode()) for prompt, line in answers], env=ENV, timeout_s=240)
    assert got.code == 0, got.said


def of_use():
    DATA.mkdir(parents=True, mode=0o700)
    subprocess.run([BUILD / "test_enrolled", DATA, MODELS, FACE, "colombina", "3", "86400", WORD], env=ENV, check=True, capture_output=True)
    assert bauta("faces", "new", "--seed", "7", "--name", OWN_MASK, "--models", MODELS).returncode == 0
    still = "scale=320:320,format=yuv420p,tpad=stop_duration=1:color=gray,fps=4"
    subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-r", "4", "-t", "1", "-i", SOURCE / "tests/golden/portrait.png", "-vf", still,
                    HOME / "clip.mkv"], check=True)
    wear(FACE, ("Passphrase of the vault: ", WORD), ("Type yes", "yes"))
    wear(OWN_MASK, ("Type yes", "yes"))
    found, said = report()
    receipt = json.loads((DATA / "receipts.log").read_text().splitlines()[-1])
    consent, = found["consents"]["consents"]
    assert found["consents"]["whole"] and consent["in_force"] and consent["purposes"] == "wear-live, record", consent
    assert consent["subject"] in json.dumps(receipt) and consent["subject"] in said and consent["record"] in said
    lines = (STATE / "sessions.log").read_text().splitlines()
    audit = found["audit"]
    assert audit["whole"] and audit["lines"] == len(lines) >= 4 and audit["events"]["session.ended"] == 2, audit
    assert (audit["first"], audit["last"]) == (json.loads(lines[0])["time"], json.loads(lines[-1])["time"])
    assert audit["head_sha256"] == hashlib.sha256(lines[-1].encode()).hexdigest() and audit["head_sha256"] in said
    manifests = [json.loads(p.read_text()) for p in (STATE / "sessions").glob("*.json")]
    sums = found["sessions"]
    assert sums["manifests"] == len(manifests) == 2 and sums["faces_worn"] == {"nobodys": 1, "own": 1, "lent": 0}
    assert sums["frames"]["masked"] == sum(m["frames"]["masked"] for m in manifests) > 0
    assert sums["placards_by_reason"]["no face in view"] == sum(m["placards"].get("no face in view", 0) for m in manifests) > 0
    vault = found["vault"]
    assert vault["faces"] == 1 and vault["private"] and "locked" in vault["state"] and found["key"]["made"]
    assert not any("consent" in s.lower() or "log" in s for s in found["attention"]), found["attention"]


def of_damage():
    def changed(path, data):
        kept = path.read_bytes()
        path.write_bytes(data)
        found, said = report()
        path.write_bytes(kept)
        return found, said

    log = (STATE / "sessions.log").read_bytes().splitlines(keepends=True)
    found, said = changed(STATE / "sessions.log", b"".join([log[0], log[1].replace(b"20", b"21", 1), *log[2:]]))
    assert not found["audit"]["whole"] and found["audit"]["bad_line"] == 2, found["audit"]
    looks(found, "The session log was changed at line 2")
    receipts = (DATA / "receipts.log").read_bytes()
    found, said = changed(DATA / "receipts.log", receipts.replace(b"wear", b"weer", 1))
    assert not found["consents"]["whole"]
    looks(found, "no enrolled face is worn")
    manifest = next((STATE / "sessions").glob("*.json"))
    found, said = changed(manifest, manifest.read_bytes().replace(b'"masked": ', b'"masked": 1', 1))
    assert found["sessions"]["manifests"] == found["sessions"]["unreadable"] == 1
    looks(found, "1 session manifests")
    (DATA / "vault").chmod(0o755)
    looks(report()[0], "may look into the vault")
    (DATA / "vault").chmod(0o700)
    assert bauta("consent", "withdraw", json.loads(receipts.splitlines()[-1])["record_id"][:8]).returncode != 0  # nobody to say yes


def main():
    of_nothing()
    of_use()
    of_damage()
    (ROOT / "empty").mkdir()
    done = bauta("report", "--json", "--models", str(ROOT / "empty"))
    found = json.loads(done.stdout)
    assert done.returncode == 0 and not found["models"]["signature"]["valid"]
    looks(found, "The models cannot be used")
    assert bauta("report", "now").returncode == 2
    return 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
