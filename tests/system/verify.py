#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta verify and the manifests that it reads: a session's recording, copies of it, screenshots; manifests that are another
session's, edited, of a key that is not known, or of a session that was killed; files that are none; what recordings carry.
"""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

SOURCE, BUILD = Path(os.environ["BAUTA_TEST_SOURCE"]), Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
BAUTA, MARKER = str(BUILD / "bauta"), str(BUILD / "test_marker")
sys.path.insert(0, str(SOURCE / "tests/support"))
sys.dont_write_bytecode = True
from terminal import at_terminal  # noqa: E402

ROOT = Path(tempfile.mkdtemp(prefix="bauta-verify-"))
HOME, AWAY = ROOT / "home", ROOT / "away"  # the installation that made it, and another one
SESSIONS = HOME / ".local/state/bauta/sessions"
SIZE, RATE, FRAMES = "640x480", 30, 75
NOTHING = "proves nothing"


def env(home=HOME):
    return {"PATH": os.environ["PATH"], "HOME": str(home), "XDG_CACHE_HOME": str(ROOT / "cache"), "LC_ALL": "C.UTF-8",
            "ASAN_OPTIONS": "detect_leaks=0"}


def verify(*words, home=HOME):
    got = subprocess.run([BAUTA, "verify", *map(str, words)], env=env(home), capture_output=True, text=True, timeout=600, check=False)
    assert "AddressSanitizer" not in got.stderr and "runtime error" not in got.stderr, got.stderr
    assert not re.search(r"not (an? )?AI|no AI|real footage|authentic", got.stdout + got.stderr, re.I), got.stdout
    return got


def expect(code, *says, of):
    text = of.stdout + of.stderr
    assert of.returncode == code and all(word in text for word in says), f"{of.returncode}, not {code} with {says}:\n{text}"
    return of.stdout


def as_json(code, *words, home=HOME):
    return json.loads(expect(code, of=verify(*words, "--json", home=home)))


def ffmpeg(*words, **more):
    return subprocess.run(["ffmpeg", "-v", "error", "-y", *map(str, words)], check=True, **more)


def tags(path):
    got = subprocess.run(["ffprobe", "-v", "error", "-show_entries", "format_tags", "-of", "json", path], capture_output=True, check=True)
    return {key.lower(): value for key, value in json.loads(got.stdout)["format"]["tags"].items()}


def demo(folder):
    subprocess.run([BAUTA, "demo", "--frames", str(FRAMES), "--size", SIZE, "--models", MODELS, "--output", folder], env=env(), check=True,
                   capture_output=True, timeout=600)
    return folder / "demo.mkv", json.loads((folder / "demo.mkv.manifest.json").read_text())


def run(source, *words):
    command = [BAUTA, "run", "--input", source, "--models", MODELS, *words]
    return at_terminal([str(word) for word in command], [("Type yes", b"yes\n")], env=env(), timeout_s=600)


def recording_carries(path, manifest, ended):
    """What the container says, as ffprobe reads it."""
    found = tags(path)
    aigc = json.loads(found["aigc"])
    assert list(aigc) == ["Label", "ContentProducer", "ProduceID", "ReservedCode1", "ContentPropagator", "PropagateID", "ReservedCode2"], aigc
    assert aigc["Label"] == "1" and aigc["ProduceID"] == manifest["session"] and aigc["ContentProducer"].startswith("bauta "), aigc
    assert found["digitalsourcetype"] == manifest["digital_source_type"] and found["bauta_session"] == manifest["session"], found
    assert "AI MODIFIED" in found["comment"] and manifest["session"] in found["comment"], found
    inside = json.loads(found["bauta_manifest"])
    assert inside["session"] == manifest["session"] and inside["key"] == manifest["key"], inside
    assert inside["frames"]["total"] == (manifest["frames"]["total"] if ended else 0), inside["frames"]


def the_demo(clip, manifest):
    recording_carries(clip, manifest, ended=False)
    assert manifest["state"] == "ended" and manifest["frames"]["total"] == FRAMES and manifest["key"]["origin"] == "ephemeral"
    assert not SESSIONS.exists() and not (HOME / ".local/share").exists()  # nothing of the installation was opened
    text = expect(0, "marked by bauta", manifest["session"], "made for that session alone", of=verify(clip))
    assert "NOT VALID" not in text and "DOES NOT FIT" not in text
    assert not (HOME / ".local/share").exists()  # verifying makes no key
    (found,) = as_json(0, clip)
    (mark,) = found["marks"]
    assert mark["session"] == manifest["mark"]["payload"] == manifest["session"][:8] and mark["key"] == manifest["mark"]["key"]
    assert mark["from_s"] < 0.1 and mark["to_s"] > 2.3 and mark["log10_false_alarm"] <= -6 and abs(mark["scale"] - 1) < 0.02, mark
    assert [claim["where"] for claim in found["manifests"]] == ["beside", "inside"] and all(c["fits"] for c in found["manifests"]), found
    assert found["pictures"] == FRAMES and found["verdict"] == "marked"


def copies(clip, sidecar):
    folder = ROOT / "copies"
    folder.mkdir()
    bare = ["-map_metadata", "-1", "-fflags", "+bitexact"]
    ffmpeg("-i", clip, *bare, "-vf", "scale=iw*3/4:-2", "-crf", "20", "-preset", "veryfast", folder / "copy.mp4")
    # Each second the mark's sign turns within a quarter of one, and a picture taken then shows little of it: of two moments 0.4 s
    # apart, one is not then. A screenshot of that one must be read.
    for at in ("1", "1.4"):
        ffmpeg("-ss", at, "-i", clip, *bare, "-frames:v", "1", "-y", folder / "shot.png")
        ffmpeg("-ss", at, "-i", clip, *bare, "-frames:v", "1", "-q:v", "4", "-y", folder / "shot.jpg")
        if verify(folder / "shot.png").returncode == 0:
            break
    expect(0, "whose session it was cannot be told", of=verify(folder / "copy.mp4"))
    for name in ("copy.mp4", "shot.png", "shot.jpg"):
        (found,) = as_json(0, folder / name, "--manifest", sidecar)
        assert found["taken"] == 0 and found["manifests"][0]["where"] == "given", found
    expect(0, "3 of 3 pictures marked", of=verify(folder))
    ffmpeg("-i", SOURCE / "tests/golden/portrait.png", "-vf", "scale=640:480", folder / "unmarked.png")
    (folder / "note.txt").write_text("x")
    got = expect(0, "note.txt: is not a video", "3 of 4 pictures marked", NOTHING, of=verify(folder))
    assert got.count("marked by bauta") == 3
    (ROOT / "none").mkdir()
    expect(1, "no picture in it", of=verify(ROOT / "none"))


def manifests_that_do_not_fit(clip, sidecar, others):
    expect(1, "DOES NOT FIT", "another session's", of=verify(clip, "--manifest", others))
    (found,) = as_json(1, clip, "--manifest", others)
    assert found["verdict"] == "mismatch", found
    said = json.loads(sidecar.read_text())
    edited = ROOT / "edited.json"
    for change in ({"end": "2030-01-01T00:00:00Z"}, {"face": {"role": "own", "pseudonym": "x"}}, {"frames": said["frames"] | {"masked": 1}}):
        edited.write_text(json.dumps(said | change))
        expect(1, "NOT VALID", "changed after it was signed", of=verify(clip, "--manifest", edited))
    edited.write_text(json.dumps(said, sort_keys=True, indent=3))  # another form of the same
    expect(0, of=verify(clip, "--manifest", edited))
    edited.write_text(sidecar.read_text()[:-200])
    expect(1, "cut off", of=verify(clip, "--manifest", edited))
    expect(4, of=verify(clip, "--manifest", ROOT / "nowhere.json"))
    beside = Path(f"{clip}.manifest.json")
    kept = beside.read_bytes()
    beside.write_bytes(others.read_bytes())
    expect(1, "DOES NOT FIT", of=verify(clip))
    beside.write_bytes(kept)
    expect(1, "another key signed it", of=verify(clip, "--key", "ab" * 32))
    expect(0, "the key that you gave", of=verify(clip, "--key", said["key"]["public"]))
    expect(0, "the key that you gave", of=verify(clip, "--key", said["key"]["fingerprint"].upper()))
    expect(2, "hex digits", of=verify(clip, "--key", "xyz"))


def absence():
    clip = ROOT / "plain.mkv"
    ffmpeg("-loop", "1", "-i", SOURCE / "tests/golden/portrait.png", "-vf", "scale=640:480,noise=alls=4:allf=t,format=yuv420p", "-r", RATE, "-t", "3",
           clip)
    expect(1, "no mark found", NOTHING, of=verify(clip))
    (found,) = as_json(1, clip)
    assert found["verdict"] == "no mark found" and not found["marks"] and NOTHING in found["note"], found
    return clip


def mark(source, target, session):
    """By the plain C reference, frame after frame."""
    raw = ffmpeg("-i", source, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-", stdout=subprocess.PIPE).stdout
    marked = subprocess.run([MARKER, *SIZE.split("x"), str(RATE), session], input=raw, stdout=subprocess.PIPE, check=True).stdout
    ffmpeg("-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", SIZE, "-r", RATE, "-i", "-", "-crf", "20", "-preset", "veryfast", target, input=marked)


def two_sessions(plain):
    """A file put together of two sessions, with nothing between them marked."""
    parts = []
    for name, session in (("a", "0badf00d"), ("b", None), ("c", "5eed5eed")):
        parts.append(ROOT / f"part-{name}.mkv")
        if session:
            mark(plain, parts[-1], session)
        else:
            ffmpeg("-i", plain, "-crf", "20", "-preset", "veryfast", parts[-1])
    (ROOT / "parts.txt").write_text("".join(f"file '{part}'\n" for part in parts))
    ffmpeg("-f", "concat", "-safe", "0", "-i", ROOT / "parts.txt", "-c", "copy", ROOT / "both.mkv")
    (found,) = as_json(0, ROOT / "both.mkv")
    spans = {m["session"]: (m["from_s"], m["to_s"]) for m in found["marks"]}
    assert set(spans) == {"0badf00d", "5eed5eed"}, spans
    assert spans["0badf00d"][0] < 0.1 and 1.5 < spans["0badf00d"][1] < 4.2 and 5.5 < spans["5eed5eed"][0] < 8.2 < spans["5eed5eed"][1], spans


def the_installation(plain):
    """A session of its own: its key, its folder of sessions, an .mp4 that carries the newest manifest; and a killed one."""
    clip = ROOT / "own.mp4"
    got = run(plain, "--record", clip)
    assert got.code == 0, got.said
    (kept,) = SESSIONS.iterdir()
    manifest = json.loads(kept.read_text())
    assert kept.name == f"{manifest['session']}.json" and kept.stat().st_mode & 0o777 == 0o600 and SESSIONS.stat().st_mode & 0o777 == 0o700
    assert manifest["state"] == "ended" and manifest["source"] == "file" and manifest["key"]["origin"] == "installation", manifest
    log = [json.loads(line) for line in (HOME / ".local/state/bauta/sessions.log").read_text().splitlines()]
    assert manifest["audit"]["lines"] == len(log) and log[-1]["event"] == "session.ended" and log[-1]["session"] == manifest["session"]
    recording_carries(clip, manifest, ended=True)
    beside = Path(f"{clip}.manifest.json")
    expect(0, "signed by this installation", manifest["session"], of=verify(clip))
    beside.unlink()
    (found,) = as_json(0, clip)
    assert [(c["where"], c["signed_by"]) for c in found["manifests"]] == [("inside", "own"), ("sessions", "own")], found
    bare = ROOT / "bare.mp4"
    ffmpeg("-i", clip, "-map_metadata", "-1", "-c", "copy", bare)
    (found,) = as_json(0, bare)
    assert [c["where"] for c in found["manifests"]] == ["sessions"] and found["taken"] == 0, found
    expect(0, "none that fits", of=verify(bare, home=AWAY))
    expect(0, "a key that is not known here", of=verify(clip, home=AWAY))
    key = subprocess.run([BAUTA, "identity", "key"], env=env(), capture_output=True, text=True, check=True).stdout.strip()
    expect(0, "the key that you gave", of=verify(bare, "--manifest", kept, "--key", key, home=AWAY))
    expect(1, of=verify(bare, "--key", key, home=AWAY))  # nobody signed anything
    assert not (AWAY / ".local").exists()


def a_killed_session(plain):
    """SIGKILL, while frames are written: the manifest says that the session ran, and the recording still leads to it."""
    ffmpeg("-stream_loop", "100", "-i", plain, "-c", "copy", ROOT / "long.mkv")
    clip, before = ROOT / "killed.mkv", set(SESSIONS.iterdir())
    told = {}

    def kill():
        """Once a good part is on disk."""
        until = time.monotonic() + 300
        while time.monotonic() < until and not (clip.exists() and clip.stat().st_size > 300000):
            time.sleep(0.05)
        for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
            if str(clip) in Path(f"/proc/{pid}/cmdline").read_text():
                os.kill(int(pid), signal.SIGKILL)
                told["killed"] = pid

    killer = threading.Thread(target=kill)
    killer.start()
    got = run(ROOT / "long.mkv", "--record", clip)
    killer.join()
    assert "killed" in told and got.code == -signal.SIGKILL, got.said
    (kept,) = set(SESSIONS.iterdir()) - before
    manifest = json.loads(kept.read_text())
    assert manifest["state"] == "running", manifest
    expect(0, "it still ran, or was cut short", manifest["session"], of=verify(clip))
    assert subprocess.run([BAUTA, "audit", "verify"], env=env(), capture_output=True, check=False).returncode == 0


def what_is_no_picture(clip):
    whole = clip.read_bytes()
    files = {"cut.mkv": whole[:400], "empty.mkv": b"", "noise.mp4": os.urandom(5000), "text.png": b"\x89PNG\r\n\x1a\nnot at all"}
    for name, data in files.items():
        (ROOT / name).write_bytes(data)
    ffmpeg("-f", "lavfi", "-i", "sine=d=1", ROOT / "sound.mka")
    ffmpeg("-f", "lavfi", "-i", "color=s=32x32:d=0.04", "-frames:v", "1", ROOT / "tiny.png")
    ffmpeg("-f", "lavfi", "-i", "color=s=16384x64:d=0.04", "-frames:v", "1", ROOT / "wide.png")
    (ROOT / "claims.bmp").write_bytes(b"BM" + (54).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
                                      + (60000).to_bytes(4, "little") * 2 + (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(24))
    for name in (*files, "sound.mka", "tiny.png", "wide.png", "claims.bmp"):
        expect(1, "could not be looked at", "error:", of=verify(ROOT / name))
    expect(4, "No such file", of=verify(ROOT / "nowhere.mkv"))
    expect(2, "FILE...", of=verify())
    expect(2, of=verify(clip, "--face", "x"))
    half = ROOT / "half.mkv"
    half.write_bytes(whole[:len(whole) * 2 // 3])  # cut off: what is there is looked at
    expect(0, "marked by bauta", of=verify(half))


def at_the_terminal(plain):
    """A bar for a person, none for a file; Ctrl-C ends it, and does not look like success."""
    long = ROOT / "long.mkv"
    got = at_terminal([BAUTA, "verify", str(plain)], [], env=env(), timeout_s=300)
    assert got.code == 1 and re.search(r"\[[#.]+\] +\d+ %", got.said), got.said
    assert "[#" not in verify(plain).stderr
    began = time.monotonic()
    got = at_terminal([BAUTA, "verify", str(long)], [("[", b"\x03")], env=env(), timeout_s=120)
    assert got.code == 1 and "stopped" in got.said and NOTHING not in got.said, got.said
    assert time.monotonic() - began < 60


def main():
    if not shutil.which("ffmpeg") or not shutil.which("ffprobe"):
        print("ffmpeg is not there")
        return 77
    for folder in (HOME, AWAY):
        folder.mkdir(mode=0o700)
    clip, manifest = demo(ROOT / "demo")
    _, others = demo(ROOT / "others")
    sidecar = Path(f"{clip}.manifest.json")
    assert manifest["session"] != others["session"]
    the_demo(clip, manifest)
    copies(clip, sidecar)
    manifests_that_do_not_fit(clip, sidecar, ROOT / "others/demo.mkv.manifest.json")
    plain = absence()
    two_sessions(plain)
    the_installation(plain)
    a_killed_session(plain)
    what_is_no_picture(clip)
    at_the_terminal(plain)
    print("recordings, copies, screenshots, folders; foreign, edited, unknown and unfinished manifests; no pictures; Ctrl-C")
    return 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
