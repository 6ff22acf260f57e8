#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real V4L2 nodes, in an emulated Linux guest with vivid (a camera) and v4l2loopback.

First the nodes by themselves (v4l2.sh). Then the program between them, from the camera and from a file: what v4l2-ctl and ffmpeg
read must be, in order and byte by byte, what left the program, and each frame must carry the label. Skipped, with the reason, where
the guest cannot be made. The first run takes minutes: the guest's software driver compiles every kernel.
"""
import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
VM = SOURCE / "tests/system/vm"
GUEST = BUILD / "vm"
BAUTA = os.environ.get("BAUTA_TEST_PROGRAM", str(BUILD / "bauta"))
PATIENCE_S = 900


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def make_guest():
    for tool in ("qemu-system-x86_64", "v4l2-ctl", "ffmpeg", "cpio"):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    done = subprocess.run(["bash", VM / "setup.sh", GUEST], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr


def run_guest(out, seconds, script, **variables):
    done = subprocess.run(["bash", VM / "run.sh", GUEST, out, str(seconds), script] + [f"{k}={v}" for k, v in variables.items()],
                          capture_output=True, text=True, check=False)
    console = (out / "console").read_text()
    said = "\n".join(line for line in console.splitlines() if "wrong timeout value" not in line) # vivid, about its own sleeping
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{said[-4000:]}"
    return said


def make_clip(folder):
    """A face to mask: the demo's own clip. The run mirrors it, so that its label is not where the new one belongs."""
    subprocess.run([BAUTA, "demo", "--models", MODELS, "--frames", "12", "--size", "320x240", "--output", folder], check=True,
                   capture_output=True)
    return folder / "demo.mkv"


def sent(path):
    lines = [line.split() for line in path.read_text().splitlines()]
    assert [int(line[0]) for line in lines] == sorted({int(line[0]) for line in lines}), "sequence numbers must rise"
    return [(kind, digest) for _, kind, digest in lines]


def read_back(path, width, height):
    """Digests of whole frames, each of which carries the label."""
    done = subprocess.run([BUILD / "label_check", "yuyv", str(width), str(height), BUILD / "generated/disclose-font.otf"],
                          stdin=path.open("rb"), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{path.name}: a frame without label:\n{done.stdout}{done.stderr}"
    assert path.stat().st_size % (2 * width * height) == 0, f"{path.name}: frames are cut"
    return [line.split()[1] for line in done.stdout.splitlines()]


def in_order(got, left):
    """Each frame that was read is a later one of those that left than the one read before. Gives their kinds."""
    at, kinds = 0, []
    for n, digest in enumerate(got):
        while at < len(left) and left[at][1] != digest:
            at += 1
        assert at < len(left), f"frame {n} that was read never left, or left earlier"
        kinds.append(left[at][0])
        at += 1
    return kinds


def check(out, name, width, height, least):
    said = (out / f"{name}.log").read_text()
    assert (out / f"{name}.status").read_text().strip() == "0", said
    left = sent(out / f"{name}.hash")
    got = read_back(out / f"{name}.yuyv", width, height)
    assert len(got) >= least, f"{name}: only {len(got)} frames were read\n{(out / f'{name}.reader').read_text()}"
    kinds = in_order(got, left)
    print(f"{name}: {len(left)} frames left, {len(got)} read back in order: {kinds}")
    return left, kinds


def main():
    make_guest()
    nodes = BUILD / "vm-nodes"
    nodes.mkdir(exist_ok=True)
    run_guest(nodes, PATIENCE_S, SOURCE / "tests/system/v4l2.sh", PROGRAM=BUILD / "system_v4l2", ASAN_OPTIONS="detect_leaks=0")
    print("nodes: as they should be")

    out = BUILD / "vm-out"
    out.mkdir(exist_ok=True)
    for old in list(out.glob("still.*")) + list(out.glob("moving.*")):
        old.unlink()
    clip = make_clip(BUILD / "vm-clip")
    run_guest(out, 2 * PATIENCE_S + 120, VM / "loopback.sh", BAUTA=BAUTA, CLIP=clip, BAUTA_TEST_SOURCE=SOURCE, BAUTA_TEST_MODELS=MODELS,
              PATIENCE=PATIENCE_S, ASAN_OPTIONS="detect_leaks=0")
    left, _ = check(out, "still", 320, 180, 3)
    assert all(kind == "placard" for kind, _ in left), "vivid shows no face: nothing may be masked"
    left, kinds = check(out, "moving", 320, 240, 3)
    assert any(kind == "frame" for kind, _ in left), "no frame was masked in the guest"
    assert "frame" in kinds, "no masked frame was read back"
    return 0


if __name__ == "__main__":
    sys.exit(main())
