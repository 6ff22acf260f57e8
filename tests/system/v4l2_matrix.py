#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Who can read our virtual camera: v4l2-ctl, ffmpeg, GStreamer and Chromium's getUserMedia, in an emulated guest (vm/matrix.sh).

What the first three read must be the very cards that were written, each with the label; what the browser's page has on its canvas must
carry the label too, and be of the same colours. v4l2-compliance must not find more wrong with the node while bauta writes to it than
while ffmpeg does: the rest is the module's own. Prints a table. The module is Debian's; others besides it, newer ones, are built from
the source folders that BAUTA_TEST_LOOPBACK names (with ':' between). Skipped, with the reason, where the guest cannot be made."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.environ["BAUTA_TEST_SOURCE"], "tests/support"))
from guest import BUILD, GUEST, SOURCE, VM, labelled, make_guest, plain_build, run_guest  # noqa: E402

import numpy as np  # noqa: E402

W, H, CARDS = 640, 360, 3
PATIENCE_S = 900
READERS = ("v4l2-ctl", "ffmpeg", "gstreamer")


def build_modules():
    """Paths of v4l2loopback.ko: the guest's own, then others."""
    modules = [GUEST / "loopback/v4l2loopback.ko"]
    headers = GUEST / "root/usr/src" / ("linux-headers-" + (GUEST / "release").read_text().strip())
    for n, source in enumerate(filter(None, os.environ.get("BAUTA_TEST_LOOPBACK", "").split(":"))):
        folder = GUEST / f"other-{n}"
        subprocess.run(["rm", "-rf", folder], check=True)
        subprocess.run(["cp", "-r", source, folder], check=True)
        done = subprocess.run(["make", "-s", "-C", headers, f"M={folder}", "KERNELRELEASE=", "modules"], capture_output=True,
                              text=True, check=False)
        assert done.returncode == 0, f"{source}: {done.stdout}{done.stderr}"
        modules.append(folder / "v4l2loopback.ko")
    return modules


def rgb_of(yuyv):
    """A card as a browser shows it: BT.601 or 709 of limited range; the nearer one counts. Two pictures, H x W x 3."""
    raw = np.frombuffer(yuyv, np.uint8).reshape(H, W // 2, 4).astype(np.float32)
    y = np.stack([raw[..., 0], raw[..., 2]], -1).reshape(H, W)
    u, v = (np.repeat(raw[..., k], 2, axis=1) - 128 for k in (1, 3))
    y = (y - 16) * 255 / 219
    pictures = []
    for kr, kb in ((0.299, 0.114), (0.2126, 0.0722)):
        red = y + v * 255 / 224 * 2 * (1 - kr)
        blue = y + u * 255 / 224 * 2 * (1 - kb)
        green = (y - kr * red - kb * blue) / (1 - kr - kb)
        pictures.append(np.clip(np.stack([red, green, blue], -1), 0, 255))
    return pictures


def yuyv_of(rgb):
    red, green, blue = (rgb[..., k].astype(np.float32) for k in range(3))
    y = 0.299 * red + 0.587 * green + 0.114 * blue
    u, v = (((c - y) / (2 * (1 - k)) * 224 / 255 + 128).reshape(H, W // 2, 2).mean(-1) for c, k in ((blue, 0.114), (red, 0.299)))
    y = (16 + y * 219 / 255).reshape(H, W // 2, 2)
    return np.clip(np.rint(np.stack([y[..., 0], u, y[..., 1], v], -1)), 0, 255).astype(np.uint8).tobytes()


def check_bytes(out, name, n, cards):
    """A reader of bytes: whole frames, each of them a card that was written, in their order."""
    path = out / f"{name}.{n}.yuyv"
    said = (out / f"{name}.{n}.log").read_text(errors="replace")
    assert path.exists() and path.stat().st_size, f"{name} read nothing: {said[-500:]}"
    got = labelled(path.read_bytes(), W, H)
    assert len(got) >= 3, f"{name} read {len(got)} frames: {said[-500:]}"
    unknown = [digest for digest in got if digest not in cards]
    assert not unknown, f"{name}: {len(unknown)} of {len(got)} frames are none that was written"
    return f"{len(got)} frames, byte for byte, labelled"


def check_browser(out, n, cards_rgb):
    said = [json.loads(line) for line in (out / f"chromium.{n}.log").read_text().splitlines() if line.startswith("{")]
    assert said and "error" not in said[0], f"the page could not read the camera: {said} {(out / f'browser.{n}.log').read_text(errors='replace')[-800:]}"
    assert said[0]["label"].startswith("bauta (AI face)"), said
    assert (said[0]["width"], said[0]["height"]) == (W, H), said
    picture = np.frombuffer((out / f"chromium.{n}.rgba").read_bytes(), np.uint8).reshape(H, W, 4)[..., :3]
    labelled(yuyv_of(picture), W, H)
    off = min(float(np.abs(picture - card).mean()) for card in cards_rgb)
    other = min(float(np.abs(picture[..., ::-1] - card).mean()) for card in cards_rgb)  # were red and blue swapped
    assert off < 3 and other > off, f"colours: {off:.2f} off, with red and blue swapped {other:.2f}"
    return f"\"{said[0]['label']}\", labelled, colours {off:.2f} of 255 off (red and blue swapped: {other:.2f})"


def faults(path):
    found = re.search(r"Succeeded: (\d+), Failed: (\d+)", path.read_text(errors="replace"))
    assert found, path.read_text(errors="replace")[-800:]
    return int(found[1]), int(found[2])


def main():
    make_guest("v4l2-ctl", "v4l2-compliance", "ffmpeg", "gst-launch-1.0", "chromium-headless-shell")
    modules = build_modules()
    program = plain_build()
    out = BUILD / "vm-matrix"
    out.mkdir(exist_ok=True)
    for old in out.glob("*.[0-9]*"):
        old.unlink()
    run_guest(out, 600 + len(modules) * PATIENCE_S * 2, VM / "matrix.sh", PROGRAM=program / "system_v4l2", BAUTA_TEST_SOURCE=SOURCE,
              MODULES=" ".join(str(m) for m in modules), PATIENCE=PATIENCE_S)
    wrong = []
    for n in range(1, len(modules) + 1):
        version = re.search(r'^PACKAGE_VERSION="?([^"\n]+)', (modules[n - 1].parent / "dkms.conf").read_text(), re.M)[1]
        raw = (out / f"cards.{n}").read_bytes()
        assert len(raw) == CARDS * 2 * W * H
        cards = labelled(raw, W, H)
        pictures = [rgb for k in range(CARDS) for rgb in rgb_of(raw[k * 2 * W * H:(k + 1) * 2 * W * H])]
        rows = [(name, lambda name=name: check_bytes(out, name, n, cards)) for name in READERS]
        rows.append(("chromium", lambda: check_browser(out, n, pictures)))

        def comply():
            ours, plain = faults(out / f"compliance.ours.{n}.log"), faults(out / f"compliance.plain.{n}.log")
            assert ours[1] <= plain[1], f"{ours[1]} faults, but {plain[1]} while ffmpeg writes"
            return f"{ours[0]} good, {ours[1]} bad; while ffmpeg writes {plain[0]} good, {plain[1]} bad"
        rows.append(("v4l2-compliance", comply))
        for name, check in rows:
            try:
                verdict = check()
            except (AssertionError, ValueError, OSError) as fault:
                verdict = f"FAILED: {fault}"
                wrong.append((version, name))
            print(f"| v4l2loopback {version} | {name} | {verdict} |", flush=True)
    assert not wrong, wrong
    return 0


if __name__ == "__main__":
    sys.exit(main())
