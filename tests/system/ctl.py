#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A session steered from outside: bauta ctl, bauta top, the metrics file and the journal's lines, on real sessions with a file as
their source and a terminal for the consent. Also what goes wrong: no folder, a socket that a killed session left, a second
session, another user, clients that talk nonsense.
"""
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
BAUTA, CHECK, FONT = str(BUILD / "bauta"), str(BUILD / "label_check"), str(BUILD / "generated/disclose-font.otf")
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

ROOT = Path(tempfile.mkdtemp(prefix="bauta-ctl-"))
RUNTIME = ROOT / "run"
SOCKET = RUNTIME / "bauta/ctl.sock"
ENV = {"PATH": os.environ["PATH"], "HOME": str(ROOT), "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(RUNTIME),
       "XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache")), "ASAN_OPTIONS": "detect_leaks=0"}
SIZE = 320


class Session:
    """bauta run at a terminal of its own, in the background."""

    def __init__(self, *options, env=None):
        command = [BAUTA, "run", "--models", MODELS, "--input", str(ROOT / "clip.mkv"), *options]
        self.result = None
        self.thread = threading.Thread(target=self.run, args=(command, env or ENV), daemon=True)
        self.thread.start()

    def run(self, command, env):
        self.result = at_terminal(command, [("Type yes", b"yes\n")], env, 280)

    def end(self):
        self.thread.join(timeout=120)
        assert self.result, "the session does not end"
        return self.result


def bauta(*words, env=None, **more):
    return subprocess.run([BAUTA, *words], capture_output=True, text=True, env=env or ENV, timeout=60, check=False, **more)


def ctl(*words, code=0, env=None):
    done = bauta("ctl", *words, env=env)
    assert done.returncode == code, (words, done.returncode, done.stdout, done.stderr)
    return done.stdout + done.stderr


def status(*words):
    return json.loads(ctl("status", "--json", *words))


def wait_for(what, condition, seconds=60):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if got := condition():
            return got
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s: {what}")


def state_is(*states):
    return lambda: (now := status())["state"] in states and now


def say(*lines):
    """Raw bytes to the socket; all that comes back until it is silent."""
    with socket.socket(socket.AF_UNIX) as s:
        s.settimeout(5)
        s.connect(str(SOCKET))
        s.sendall(b"".join(lines))
        s.shutdown(socket.SHUT_WR)
        said = b""
        while got := s.recv(65536):
            said += got
    return said


def parse_metrics(text):
    """Strictly by the text exposition format 0.0.4, and promtool's rules on names: {(name, labels): value}."""
    assert text.endswith("\n") and "\n\n" not in text and "\r" not in text
    types, helps, samples, last = {}, {}, {}, None
    label = r'[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"'
    for line in text.splitlines():
        if m := re.fullmatch(r"# (HELP|TYPE) ([a-z_:][a-z0-9_:]*) (.+)", line):
            kind, name, rest = m.groups()
            table = helps if kind == "HELP" else types
            assert name not in table, f"twice: {line}"
            assert kind == "HELP" or (rest in ("counter", "gauge") and name in helps), line
            assert not any(n == name for n, _ in samples), f"after its samples: {line}"
            table[name], last = rest, name
            continue
        m = re.fullmatch(rf"([a-z_:][a-z0-9_:]*)(?:\{{({label}(?:,{label})*)\}})? (-?\d+(?:\.\d+)?(?:e[+-]?\d+)?)", line)
        assert m, f"no sample: {line}"
        name, labels, value = m.groups()
        assert name == last and name in types, f"not under its own head: {line}"
        assert (name, labels) not in samples, f"twice: {line}"
        assert name.endswith("_total") == (types[name] == "counter"), line
        assert types[name] != "counter" or float(value) >= 0, line
        samples[name, labels] = float(value)
    assert set(types) == set(helps) == {name for name, _ in samples}
    return samples


def labelled(path):
    raw = subprocess.Popen(["ffmpeg", "-v", "error", "-i", path, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-"], stdout=subprocess.PIPE)
    said = subprocess.run([CHECK, "i420", str(SIZE), str(SIZE), FONT], stdin=raw.stdout, capture_output=True, text=True, check=False)
    raw.wait()
    lines = said.stdout.splitlines()
    return len(lines), [line for line in lines if " label " not in line]


def audit():
    return [json.loads(line) for line in (ROOT / ".local/state/bauta/sessions.log").read_text().splitlines()]


def steered():
    """One session through everything that ctl can do."""
    session = Session("--record", str(ROOT / "out.mkv"), "--hash", str(ROOT / "hashes"), "--metrics", str(ROOT / "bauta.prom"),
                      "--face", "colombina")
    wait_for("the socket", SOCKET.exists, 120)
    assert SOCKET.stat().st_mode & 0o777 == 0o600 and SOCKET.parent.stat().st_mode & 0o777 == 0o700
    now = wait_for("a masked frame", state_is("live"))
    assert now["face"] == "colombina" and now["width_px"] == SIZE and now["frames"] >= 1 and now["undisclosed"] == 0, now
    wait_for("rates", lambda: status()["fps"] > 0)
    now = status()
    assert now["rss_bytes"] > 10 << 20 and now["gpu_bytes"] > 1 << 20 and now["stages_ms"]["mesh"] > 0, now
    assert 0 < now["latency_p50_ms"] <= now["latency_p99_ms"], now
    assert now["masked"] + now["held"] + now["placards"] == now["frames"], now
    assert sum(now["placards_by_reason"].values()) == now["placards"], now

    text = ctl("status")
    assert "colombina" in text and all(len(line) <= 80 for line in text.splitlines()) and "\033" not in text, text
    assert bauta("top").stdout.count("\n") >= 10  # no terminal: once
    screen = at_terminal([BAUTA, "top"], [("q quits", b"x"), ("q quits", b"q")], ENV, 30)
    assert screen.code == 0 and "colombina" in screen.said and screen.said.rstrip().endswith("\033[?1049l"), screen.said[-300:]
    assert at_terminal([BAUTA, "top"], [("q quits", b"\x03")], ENV, 30).code == 0

    before = parse_metrics((ROOT / "bauta.prom").read_text())
    wait_for("newer metrics", lambda: parse_metrics((ROOT / "bauta.prom").read_text())["bauta_frames_total", None] > 5, 30)
    assert before["bauta_session_state", 'state="ended"'] == 0

    ctl("pause")
    wait_for("paused", state_is("paused"))
    frames = status()["masked"]
    time.sleep(1)
    now = status()
    assert now["state"] == "paused" and now["masked"] == frames and now["placards_by_reason"]["paused"] >= 2, now
    ctl("face", "pantalone")  # also while it is paused
    assert status()["state"] == "paused"
    ctl("resume")
    wait_for("resumed", state_is("live"))
    wait_for("the other face", lambda: status()["face"] == "pantalone")
    ctl("face", "pantalone")  # it is worn: nothing to do
    ctl("face", "colombina")
    now = wait_for("live again", lambda: (s := status())["state"] == "live" and s["face"] == "colombina" and s)
    assert now["placards_by_reason"]["the mask is being changed"] >= 1, now

    assert "agreed to at the terminal" in ctl("face", "ada", code=3)
    ctl("face", "../../etc/passwd", code=2)
    ctl("face", code=2)
    ctl("unmask", code=2)
    ctl("status", "--session", "1", code=4)
    ctl("status", "--session", str(now["pid"]))
    said = say(b"\x00\xff\n", b'{"do":"label off"}\n', b'{"do":"status"}\n').splitlines()
    assert [json.loads(line)["ok"] for line in said] == [False, False, True], said
    assert b"511 bytes" in say(b"x" * 512)
    assert status()["state"] == "live"

    ctl("stop")
    result = session.end()
    assert result.code == 0 and "wearing pantalone" in result.said and "asked to stop" in result.said, result.said
    assert not SOCKET.exists()
    ended = parse_metrics((ROOT / "bauta.prom").read_text())
    assert ended["bauta_session_state", 'state="ended"'] == 1
    assert all(ended[key] >= value for key, value in before.items() if key[0].endswith("_total")), "a counter went backwards"
    frames, lacks = labelled(str(ROOT / "out.mkv"))
    assert frames > 10 and not lacks, (frames, lacks)
    events = [(line["event"], line.get("face")) for line in audit()]
    assert events == [("consent.given", "colombina"), ("face.changed", "pantalone"), ("face.changed", "colombina"),
                      ("session.ended", None)], events
    assert len({line["session"] for line in audit()}) == 1
    assert bauta("audit", "verify").returncode == 0
    manifest = json.loads((ROOT / "out.mkv.manifest.json").read_text())
    assert manifest["face"]["pseudonym"] == "colombina, pantalone", manifest["face"]
    return int(ended["bauta_frames_total", None])


def several():
    """A second session (with a log of its own: a log has one writer) has a socket of its own; one that was killed leaves a socket
    that the next takes over."""
    def other_log(name):
        return dict(ENV, XDG_STATE_HOME=str(ROOT / name))
    first = Session("--hash", str(ROOT / "h1"))
    wait_for("the socket", SOCKET.exists, 120)
    second = Session("--hash", str(ROOT / "h2"), env=other_log("two"))
    other = wait_for("a second socket", lambda: list(SOCKET.parent.glob("ctl-*.sock")), 120)[0]
    pid = int(other.stem.split("-")[1])
    wait_for("its answer", lambda: status("--session", str(pid))["pid"] == pid)
    one = status()["pid"]
    assert one != pid
    os.kill(one, signal.SIGKILL)
    first.end()
    assert SOCKET.exists()  # nobody is behind it
    assert status()["pid"] == pid  # the only one there is
    third = Session("--hash", str(ROOT / "h3"), env=other_log("three"))
    wait_for("taken over", lambda: bauta("ctl", "status", "--json").returncode == 0 and status()["pid"] != pid, 120)
    ctl("stop", "--session", str(pid))
    second.end()
    ctl("stop")
    assert "taken over" in third.end().said
    ctl("status", code=4)


def without_a_folder():
    env = {k: v for k, v in ENV.items() if k != "XDG_RUNTIME_DIR"}
    assert "XDG_RUNTIME_DIR" in ctl("status", code=4, env=env)
    for value in (None, "relative", "/proc/nowhere"):
        around = dict(env, **({"XDG_RUNTIME_DIR": value} if value else {}))
        result = Session("--hash", str(ROOT / "h"), "--frames", "2", env=around).end()
        assert result.code == 0 and "2 of 2 labelled" in result.said, result.said
        assert ("cannot reach" in result.said) == (value == "/proc/nowhere"), result.said
    result = Session("--hash", str(ROOT / "h"), "--frames", "2", "--metrics", str(ROOT / "alone.prom"), env=env).end()
    assert result.code == 0 and parse_metrics((ROOT / "alone.prom").read_text())["bauta_frames_total", None] == 2
    result = Session("--hash", str(ROOT / "h"), "--frames", "2", "--metrics", "/proc/nowhere/x").end()
    assert result.code == 1 and "cannot write /proc/nowhere/x" in result.said, result.said


def another_user():
    """Even where the socket is open to all, who asks is looked at."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return False
    session = Session("--hash", str(ROOT / "h"))
    wait_for("the socket", SOCKET.exists, 120)
    for path in (ROOT, RUNTIME, SOCKET.parent):
        path.chmod(0o755)
    SOCKET.chmod(0o777)
    ask = ("import socket; s = socket.socket(socket.AF_UNIX); s.connect(%r); s.sendall(b'{\"do\":\"stop\"}\\n'); "
           "s.settimeout(5); print('said', s.recv(999))" % str(SOCKET))
    done = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "/usr/bin/python3", "-c", ask],
                          capture_output=True, text=True, check=False)
    turned_away = "said b''" in done.stdout or re.search("Connection reset|Broken pipe", done.stderr)
    assert turned_away, (done.stdout, done.stderr)
    SOCKET.parent.chmod(0o700)
    assert status()["state"] != "ended"
    ctl("stop")
    assert "another user was turned away" in session.end().said
    return True


def journal():
    """Into the journal go levels, not names; elsewhere, names."""
    def run(stream_of):
        read, write = os.pipe()
        st = os.fstat(write if stream_of else read)
        inode = st.st_ino + (0 if stream_of else 1)
        env = dict(ENV, JOURNAL_STREAM=f"{st.st_dev}:{inode}")
        code = subprocess.run([BAUTA, "ctl", "status"], stderr=write, env=env, check=False).returncode
        os.close(write)
        with os.fdopen(read) as said:
            return code, said.read()
    assert run(True) == (4, "<3>no session is running: bauta run starts one\n"), run(True)
    assert run(False) == (4, "bauta: error: no session is running: bauta run starts one\n"), run(False)
    assert bauta("ctl", "status", "--log-level", "loud").returncode == 2
    frames = ("--hash", str(ROOT / "h"), "--frames", "2")
    assert "wearing" in Session(*frames).end().said
    assert "wearing" not in Session(*frames, "--log-level", "warning").end().said


def main():
    RUNTIME.mkdir(mode=0o700)
    subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-i", SOURCE / "tests/golden/portrait.png", "-vf",
                    f"scale={SIZE}:{SIZE},format=yuv420p", "-c:v", "mjpeg", "-q:v", "8", "-r", "25", "-t", "4", ROOT / "short.mkv"], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", "300", "-i", ROOT / "short.mkv", "-c", "copy", ROOT / "clip.mkv"], check=True)
    began = time.monotonic()
    frames = steered()
    several()
    without_a_folder()
    journal()
    users = another_user()
    print(f"{frames} frames in the steered session; another user {'turned away' if users else 'not tried: only as root'}; "
          f"{time.monotonic() - began:.0f} s")
    return 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
