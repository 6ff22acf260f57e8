#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta enroll from outside, at a terminal: the program of tests, whose camera is the built-in portrait that does what it is asked.
Under strace, where it is there: no file is written but vault, receipts, log and caches, and no socket is opened but AF_UNIX.

What the person reads is compared with tests/golden/enroll_*.txt; figures, bars and the random order are masked.
BAUTA_TEST_WRITE_GOLDEN=1 writes these files anew.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
BAUTA, ENROLL = str(BUILD / "bauta"), str(BUILD / "bauta_test_enroll")
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402
from traced import STRACE, faults, under_strace, written  # noqa: E402

STATEMENT = {"en": "I agree that bauta makes a mask of my face", "zh": "我同意 bauta 制作我的面部面具"}
ASKED = {"en": ["type this sentence", "18 or over", "The numbers", "For how many months", "The number (return", "keep, again or leave", "New passphrase", "The same again"],
         "zh": ["请准确输入", "年满 18 岁", "例如 1 3", "有效几个月", "直接回车:1):\0", "输入“保留”", "New passphrase", "The same again"]}
TASKS = {"en": ["Turn your head to your left", "Turn your head to your right", "Look up a little", "Look down a little", "Smile broadly", "Open your mouth",
                "Raise your eyebrows", "Close both eyes for a moment", "Look straight at the camera, relaxed"],
         "zh": ["请向您的左边转头", "请向您的右边转头", "请稍微抬头", "请稍微低头", "请露出大大的微笑", "请张开嘴巴", "请扬起眉毛", "请闭上双眼片刻", "请放松,正视摄像头"]}
LOCALE = {"en": "C.UTF-8", "zh": "zh_CN.UTF-8"}


class Home:
    def __init__(self, path):
        self.path = Path(path)
        self.data = self.path / ".local/share/bauta"
        # Drivers look for their cache in the home that the system knows, not in HOME.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(path), "XDG_CACHE_HOME": str(self.path / ".cache"), "ASAN_OPTIONS": "detect_leaks=0"}

    def enroll(self, answers, what="portrait", language="en", name="me", program=ENROLL, timeout_s=1500, options=(), traced=False):
        source = ["--input", what] if program == ENROLL and what else []
        command = [program, "enroll", name, "--models", MODELS, *source, *options]
        trace, known = self.path / "trace", [re.escape(str(self.data)) + r"/(vault/[\w./-]+|receipts\.log(\.head(\.unfinished)?)?)",
                                             re.escape(str(self.path)) + r"/\.local/state/bauta/sessions\.log(\.head(\.unfinished)?)?",
                                             re.escape(str(self.path)) + r"/\.cache/(bauta|mesa_shader_cache(_db)?)/[\w./-]+",
                                             r"/dev/(null|tty|shm/\w+|dri/\w+|udmabuf|pts/\d+)"]
        answers = [(asked, text if isinstance(text, bytes) else (text + "\n").encode()) for asked, text in answers]
        run = lambda words: at_terminal(words, answers, self.env | {"LC_ALL": LOCALE[language]}, timeout_s)  # noqa: E731
        if not traced or not STRACE:
            return run(command)
        session, lines = under_strace(trace, command, run)
        trace.unlink()
        assert not faults(lines, known), "\n".join(faults(lines, known))
        assert not session.code or any("receipts.log" in path for path in written(lines))
        return session

    def receipts(self):
        file = self.data / "receipts.log"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def events(self):
        return [r["event"]["type"] for r in self.receipts()]

    def files(self):
        """All that lies there now, but for the caches of the driver and of kernels."""
        return sorted(str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.is_file() and ".cache" not in p.parts)


def masked(said, language):
    """The words, once each, without what changes from run to run; and every instruction that was shown."""
    said = re.sub(r"\x1b\[\d+;2;[\d;]*m▀|\x1b\[38;2;[^m]*m▀", "▀", said)
    said = re.sub(r"\x1b\[[0-9;]*[a-zA-Z]", "", said)
    shown, lines = set(), []
    for line in said.splitlines():
        line = line.rstrip()
        if line.startswith("  ▶ "):
            shown.add(line[4:])
            line = "  ▶ <what is asked>"
        if "▀" in line:
            line = "<picture>"
        line = re.sub(r"[█░]{30}", "<bar>", line)
        line = re.sub(r"(██|▒▒|··)", "··", line)
        if language == "en" or "步" in line or "次" in line or "画面 " in line:
            line = re.sub(r"\d+", "N", line) if re.match(r"  Try|    <bar>|    \d+ pictures|  第|    画面", line) else line
        line = re.sub(r"withdraw [0-9a-f]{8}", "withdraw <record>", line)
        # What the log says of this machine is not what the person is told.
        if line.startswith(("bauta: GPU:", "bauta: enrolled face:")) or (line.startswith("bauta: warning:") and "FOR TESTS" not in line):
            continue
        lines.append(line)
    # A screen is drawn again and again: each line of it once.
    out, seen = [], set()
    for line in lines:
        if line and line in seen and not line.startswith("> "):
            continue
        seen.add(line)
        if line or (out and out[-1]):
            out.append(line)
    return "\n".join(out).strip() + "\n", shown


def golden(name, text):
    file = SOURCE / f"tests/golden/{name}.txt"
    if os.environ.get("BAUTA_TEST_WRITE_GOLDEN"):
        file.write_text(text)
    want = file.read_text()
    if text != want:
        (BUILD / f"{name}.now.txt").write_text(text)
        subprocess.run(["diff", "-u", str(file), str(BUILD / f"{name}.now.txt")], check=False)
        raise AssertionError(f"{name}: not what the golden text says")


def agreed(language="en", last=()):
    words = ASKED[language]
    yes = "yes" if language == "en" else "是"
    return [(words[0], STATEMENT[language]), (words[1], yes), (words[2], "1 3"), (words[3], ""), (words[4].rstrip("\0"), "2"), *last]


def whole(home):
    words = ASKED["en"]
    session = home.enroll(agreed(last=[(words[5], "keep"), (words[6], "correct horse"), (words[7], "correct horse")]), name="zerlina", traced=True)
    assert session.code == 0, session.said[-3000:]
    text, shown = masked(session.said, "en")
    golden("enroll_en", text)
    assert shown <= set(TASKS["en"]) and len(shown) >= 6, shown
    assert "correct horse" not in session.said
    assert home.events() == ["requested", "given"]
    requested, given = home.receipts()
    assert requested["record_id"] == given["record_id"] and requested["receipt_id"] != given["receipt_id"]
    assert given["purposes"] == ["wear-live", "lend"] and given["adult"] and given["lost_face"] == "freeze" and given["language"] == "en"
    evidence = given["evidence"]
    assert evidence["liveness"].startswith("passed") and len(evidence["nonce"]) == 32 and evidence["match_score"] > evidence["match_threshold"] > 0
    assert requested["identity_id"] == given["identity_id"]
    for key in ("identity_sha256", "template_sha256"):
        assert given[key] and not requested[key], key
    bodies = [f for f in home.files() if "/vault/bodies/" in f]
    others = [f for f in home.files() if "/vault/" not in f and not f.endswith((".log", ".log.head"))]
    assert len(bodies) == 1 and not others, home.files()
    checked = at_terminal([BAUTA, "vault", "check"], [("Passphrase", b"correct horse\n")], home.env | {"LC_ALL": "C.UTF-8"})
    assert checked.code == 0 and "1 record" in checked.said, checked.said
    for file in home.files():  # the name is inside the sealed record, nowhere else
        assert b"zerlina" not in (home.path / file).read_bytes(), file


def refused(home):
    words = ASKED["en"]
    before = home.files()
    for answers in ([(words[0], "yes")], [(words[0], STATEMENT["en"].lower())], [(words[0], b"\x03")], [(words[0], b"\x04")],
                    [(words[0], STATEMENT["en"]), (words[1], "no")], [(words[0], STATEMENT["en"]), (words[1], "yes"), (words[2], b"\x03")]):
        session = home.enroll(answers)
        assert session.code == 3, (answers, session.code, session.said[-2000:])
        assert home.files() == before or not before, home.files()
        before = home.files()
    assert home.events() == []
    session = home.enroll([(words[0], STATEMENT["en"]), (words[1], "yes"), (words[2], "7"), (words[2], "x"), (words[2], "1 9")])
    assert session.code == 3 and session.said.count("not understood") == 3, session.said[-2000:]
    # Ctrl-C before the camera: nothing of the face is kept, and the request is answered.
    session = home.enroll(agreed(last=[("Look straight at the camera", b"\x03")]))
    assert session.code == 3 and "nothing is kept" in session.said, session.said[-2000:]
    assert home.events() == ["requested", "refused"], home.events()
    assert not [f for f in home.files() if "bodies" in f]


def still(home):
    session = home.enroll(agreed("zh"), what="still", language="zh")
    assert session.code == 3, session.said[-2000:]
    text, shown = masked(session.said, "zh")
    golden("enroll_zh", text)
    assert shown <= set(TASKS["zh"]), shown
    assert home.events() == ["requested", "refused"]
    assert home.receipts()[1]["evidence"]["liveness"].startswith("failed")
    assert not [f for f in home.files() if "bodies" in f]


def usage(home):
    for program, name, options, code, said in ((BAUTA, "me", ["--input", "portrait"], 2, "no such option"), (BAUTA, "Me", [], 2, "a name for the face"),
                                               (BAUTA, "../x", [], 2, "a name for the face"), (BAUTA, "colombina", [], 2, "choose another"),
                                               (BAUTA, "x" * 40, [], 2, "a name for the face")):
        session = home.enroll([], what=None, name=name, program=program, options=options)
        assert session.code == code and said in session.said, (name, session.code, session.said)
    quiet = subprocess.run([BAUTA, "enroll", "me", "--models", MODELS], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=home.env, check=False)
    assert quiet.returncode == 3 and "terminal" in quiet.stderr, quiet
    assert "BAUTA_TEST" not in subprocess.run(["strings", BAUTA], capture_output=True, text=True, check=False).stdout
    assert "THIS BUILD IS FOR TESTS" not in Path(BAUTA).read_bytes().decode(errors="ignore"), "the program itself must not take files"


def main():
    for case in (usage, refused, still, whole):
        with tempfile.TemporaryDirectory() as home:
            case(Home(home))
            print(f"{case.__name__}: as it should be", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
