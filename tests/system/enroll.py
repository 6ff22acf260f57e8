#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta enroll where it is refused, left, killed or fails: the program of tests, whose camera is the built-in portrait that does what
it is asked. What goes well: walk.py.

The case of a photograph is shown in Chinese, on a terminal of 120 by 40 letters in tmux, and compared with
tests/golden/enroll_zh.txt.
"""
import json
import os
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
from screens import golden, keep  # noqa: E402
from terminal import Tmux, at_terminal  # noqa: E402

STATEMENT = {"en": "I agree that bauta makes a mask of my face", "zh": "我同意 bauta 制作我的面部面具"}
ASKED = {"en": ["type this sentence", "18 or over", "The numbers", "For how many months", "The number (return"],
         "zh": ["请准确输入", "年满 18 岁", "例如 1 3", "有效几个月", "最长 5 秒,然后是卡片"]}


class Home:
    def __init__(self, path):
        self.path = Path(path)
        self.data = self.path / ".local/share/bauta"
        # Drivers look for their cache in the home that the system knows, not in HOME.
        self.env = {"PATH": os.environ["PATH"], "HOME": str(path), "XDG_CACHE_HOME": str(self.path / ".cache"), "ASAN_OPTIONS": "detect_leaks=0:quarantine_size_mb=16"}

    def enroll(self, answers, what="portrait", name="me", program=ENROLL, options=()):
        source = ["--input", what] if program == ENROLL and what else []
        answers = [(asked, (text + "\n").encode() if isinstance(text, str) else text) for asked, text in answers]
        return at_terminal([program, "enroll", name, "--models", MODELS, *source, *options], answers, self.env | {"LC_ALL": "C.UTF-8"}, 600)

    def receipts(self):
        file = self.data / "receipts.log"
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def events(self):
        return [r["event"]["type"] for r in self.receipts()]

    def files(self):
        """All that lies there now, but for the caches of the driver and of kernels."""
        return sorted(str(p.relative_to(self.path)) for p in self.path.rglob("*") if p.is_file() and ".cache" not in p.parts)


def agreed(language="en", last=()):
    words, yes = ASKED[language], "yes" if language == "en" else "是"
    return [(words[0], STATEMENT[language]), (words[1], yes), (words[2], "1 3"), (words[3], ""), (words[4], "2"), *last]


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
    # Killed there: the request stays unanswered, and nothing else is left.
    before = home.files()
    session = home.enroll(agreed(last=[("Look straight at the camera", lambda process: process.kill())]))
    assert session.code == -9 and home.files() == before, (session.code, home.files())
    assert home.events() == ["requested", "refused", "requested"], home.events()


def still(home):
    (home.path / "bin").mkdir()
    (home.path / "bin/bauta").symlink_to(ENROLL)
    (home.path / "models").symlink_to(MODELS)
    env = home.env | {"LC_ALL": "zh_CN.UTF-8", "PATH": f"{home.path}/bin:{home.env['PATH']}"}
    terminal = Tmux(home.path, env, 120, 40, home.path)
    try:
        code = terminal.run("bauta enroll me --models models --input still", *agreed("zh"), timeout_s=1500, seen=["第 1 步"])
        assert code == 3 and not terminal.cut(), (code, terminal.cut(), terminal.said())
        golden(SOURCE, BUILD, "enroll_zh", terminal.screens)
    except BaseException:
        keep(BUILD, "enroll_zh", terminal.screens)
        raise
    finally:
        terminal.close()
    assert home.events() == ["requested", "refused"]
    assert home.receipts()[1]["evidence"]["liveness"].startswith("failed")
    assert not [f for f in home.files() if "bodies" in f]


def masked(home):
    """Who does all that is asked, but as somebody's session shows them: the mark gives it away, and there is no second try."""
    session = home.enroll(agreed(), what="masked")
    assert session.code == 3 and session.said.count("this program's own mark") == 1, session.said[-3000:]
    assert home.events() == ["requested", "refused"] and "own mark" in home.receipts()[1]["evidence"]["liveness"]
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
    for case in (usage, refused, still, masked):
        with tempfile.TemporaryDirectory() as home:
            case(Home(home))
            print(f"{case.__name__}: as it should be", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
