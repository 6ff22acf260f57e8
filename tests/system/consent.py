#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""No session without consent, from outside: what is asked, what counts, and that no camera is opened before the answer.

The camera is a path that does not exist: once it is agreed, opening it fails with exit code 4; before that, strace must not
show it being opened at all.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
MODELS = os.environ["BAUTA_TEST_MODELS"]
CAMERA = "/dev/video-of-the-test"
STRACE = shutil.which("strace")


class Case:
    def __init__(self, home):
        self.home = Path(home)
        self.count = 0

    def run(self, answers, locale="C.UTF-8", terminal=True, options=None):
        """Gives (session, trace): what was said, and the system calls in order."""
        self.count += 1
        state, trace = self.home / f"state{self.count}", self.home / f"trace{self.count}"
        env = {"PATH": os.environ["PATH"], "HOME": str(self.home), "XDG_STATE_HOME": str(state), "LC_ALL": locale, "ASAN_OPTIONS": "detect_leaks=0"}
        command = [BAUTA, "run", "--models", MODELS] + (options or ["--camera", CAMERA, "--hash", str(self.home / "h")])
        if STRACE:
            command = [STRACE, "-f", "-s", "300", "-o", str(trace), "-e", "trace=open,openat,fsync,socket,connect"] + command
        if terminal:
            session = at_terminal(command, answers, env)
        else:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, env=env, check=False)
            session = type("Session", (), {"said": done.stderr.decode(), "code": done.returncode})
        self.log = state / "bauta/sessions.log"
        return session, trace.read_text() if STRACE else ""


def never_opened(trace):
    return CAMERA not in trace


def events(log):
    return [json.loads(line)["event"] for line in log.read_text().splitlines()]


def main():
    with tempfile.TemporaryDirectory() as home:
        case = Case(home)
        session, trace = case.run([], terminal=False)
        assert session.code == 3, (session.code, session.said)
        assert never_opened(trace) and events(case.log) == ["consent.refused"]

        for answer in (b"no\n", b"y\n", b"\n", b"\x04", b"\x03", b"yes" * 100 + b"\n"):
            session, trace = case.run([("Type yes", answer)])
            assert session.code == 3, (answer, session.code, session.said)
            assert never_opened(trace), answer
            assert events(case.log) == ["consent.refused"], answer
        for phrase in (CAMERA, "What is captured", "What is stored", "No picture at all", "How to stop", "AI生成 · AI MODIFIED"):
            assert phrase in session.said, phrase

        session, trace = case.run([("Type yes", b"yes\n")])
        assert session.code == 4, (session.code, session.said)
        assert events(case.log) == ["consent.given", "session.ended"], events(case.log)
        if STRACE:
            opened = re.search(r"openat?\(.*" + re.escape(CAMERA), trace)
            logged = re.search(r"fsync\(", trace)
            assert opened and logged and logged.start() < opened.start(), "the log must be durable before the camera is opened"

        session, trace = case.run([("输入", "同意\n".encode())], locale="zh_CN.UTF-8")
        assert session.code == 4, (session.code, session.said)
        assert "采集什么" in session.said

        session, trace = case.run([("Type yes", b"no\n")], options=["--input", "/bin/sh", "--record", str(Path(home) / "out.mkv")])
        assert session.code == 3 and "the person in the file" in session.said, session.said
        assert not (Path(home) / "out.mkv").exists()
        if STRACE:
            assert not re.search(r'openat?\([^,]*, "/bin/sh"', trace), "the file was opened before consent"

        # No socket but the machine's own, ever.
        for line in trace.splitlines():
            assert not re.search(r"socket\(AF_INET", line), line
    print(f"{case.count} sessions" + ("" if STRACE else "; strace is not there, so that nothing is opened was not looked at"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
