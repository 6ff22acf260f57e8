#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Real V4L2 nodes, in an emulated Linux guest with vivid (a camera) and v4l2loopback.

First the nodes by themselves (v4l2.sh). Then the program between them, from the camera and from a file: what v4l2-ctl and ffmpeg
read must be, in order and byte by byte, what left the program, and each frame must carry the label. Skipped, with the reason, where
the guest cannot be made. The first run takes minutes: the guest's software driver compiles every kernel.
"""
import json
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["BAUTA_TEST_SOURCE"], "tests/support"))
from guest import BUILD, MODELS, SOURCE, VM, labelled, make_guest, plain_build, run_guest, skip  # noqa: E402

PATIENCE_S = 900


def make_clip(program, folder):
    """A face to mask: the demo's own clip. The run mirrors it, so that its label is not where the new one belongs."""
    done = subprocess.run([program / "bauta", "demo", "--models", MODELS, "--frames", "16", "--size", "320x240", "--output", folder], check=False,
                          capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder / "demo.mkv"


def sent(path):
    lines = [line.split() for line in path.read_text().splitlines()]
    assert [int(line[0]) for line in lines] == sorted({int(line[0]) for line in lines}), "sequence numbers must rise"
    return [(kind, digest) for _, kind, digest in lines]


def in_order(got, left):
    """Each frame that was read is that which was read before (repeated where none came in time), or a later one of those that left.
    Where none came for long, and at the end, the module shows one other: the card that says so. Gives the kinds of the new ones."""
    at, kinds, card = -1, [], None
    for n, digest in enumerate(got):
        if digest == card or (at >= 0 and left[at][1] == digest):
            continue
        later = next((k for k in range(at + 1, len(left)) if left[k][1] == digest), None)
        if later is None:
            assert card is None and all(other != digest for _, other in left), f"frame {n} that was read never left, or left earlier"
            card = digest
            continue
        at = later
        kinds.append(left[at][0])
    return kinds


def check(out, name, width, height, least):
    said = (out / f"{name}.log").read_text()
    assert (out / f"{name}.status").read_text().strip() == "0", said
    left = sent(out / f"{name}.hash")
    got = labelled((out / f"{name}.yuyv").read_bytes(), width, height)
    assert len(got) >= least, f"{name}: only {len(got)} frames were read\n{(out / f'{name}.reader').read_text()}"
    kinds = in_order(got, left)
    print(f"{name}: {len(left)} frames left, {len(got)} read back in order: {kinds}")
    return left, kinds


def test_nodes(program):
    nodes = BUILD / "vm-nodes"
    nodes.mkdir(exist_ok=True)
    run_guest(nodes, 2 * PATIENCE_S, SOURCE / "tests/system/v4l2.sh", PROGRAM=program / "system_v4l2")
    print("nodes: as they should be", flush=True)


def test_worn(program):
    out = BUILD / "vm-out"
    out.mkdir(exist_ok=True)
    for old in list(out.glob("still.*")) + list(out.glob("moving.*")):
        old.unlink()
    clip = make_clip(program, BUILD / "vm-clip")
    run_guest(out, 4 * PATIENCE_S, VM / "loopback.sh", BAUTA=program / "bauta", CLIP=clip, BAUTA_TEST_SOURCE=SOURCE, BAUTA_TEST_MODELS=MODELS,
              PATIENCE=PATIENCE_S)
    left, _ = check(out, "still", 320, 180, 3)
    assert all(kind == "placard" for kind, _ in left), "vivid shows no face: nothing may be masked"
    left, kinds = check(out, "moving", 320, 240, 3)
    reasons = json.loads((out / "moving.json").read_text())["placards"]
    if all(kind == "placard" for kind, _ in left) and list(reasons) == ["nothing came in time"]:
        skip("the guest is too slow here: no frame was masked in time. All placards were read back, in order and labelled")
    assert any(kind == "frame" for kind, _ in left), f"no frame was masked in the guest: {reasons}"
    assert "frame" in kinds, "no masked frame was read back"


def main():
    make_guest("v4l2-ctl", "ffmpeg")
    program = plain_build()
    for part in sys.argv[1:] or ["nodes", "worn"]:
        {"nodes": test_nodes, "worn": test_worn}[part](program)
    return 0


if __name__ == "__main__":
    sys.exit(main())
