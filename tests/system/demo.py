#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds a demo folder to what the README promises of it: python3 demo.py FOLDER"""
import json
import pathlib
import shutil
import statistics
import subprocess
import sys


def fades_to_a_card(clip, size):
    """Some card is come to and left softly. Read from the left edge, where neither label nor banner lies: its mean luma in each frame."""
    width, height = (int(side) for side in size.split("x"))
    edge = width // 20 // 2 * 2
    luma = subprocess.run(["ffmpeg", "-v", "error", "-i", str(clip), "-vf", f"crop={edge}:{height}:0:0,extractplanes=y", "-vsync", "passthrough",
                           "-f", "rawvideo", "-"], capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
    assert luma and len(luma) % (edge * height) == 0, f"{len(luma)} bytes are no whole edges of {edge}x{height}"
    gray = [round(sum(luma[k:k + edge * height]) / (edge * height)) for k in range(0, len(luma), edge * height)]
    ground = statistics.median(sorted(gray)[:10])  # of the cards: a noisy code less or more is still one
    card = [v <= ground + 3 for v in gray]
    first = 0
    while first < len(gray):
        length = (card[first:] + [False]).index(False)
        last = first + length  # the first frame that is none
        if length >= 6 and 4 <= first and last + 8 <= len(gray):
            low, before, after = ground + 3, list(gray[first - 4:first]), list(gray[last:last + 8])
            falls = [v for v in before if low < v < 0.9 * max(before)]
            rises = [v for v in after if low < v < 0.9 * max(after)]
            if len(falls) >= 2 and falls == sorted(falls, reverse=True) and len(rises) >= 5 and rises == sorted(rises):
                return True
        first = last + 1
    print(f"the left edge's luma, frame by frame, ground {ground}: {gray}", file=sys.stderr)
    return False


def main(folder):
    folder = pathlib.Path(folder)
    d = json.loads((folder / "demo.json").read_text())
    for key in ("frames", "swapped", "placard", "disclosed", "size", "fps", "latency_ms", "stages_ms", "device", "with_face"):
        assert key in d, f"demo.json lacks {key}"
    assert d["frames"] > 0
    assert d["disclosed"] == d["frames"], f"{d['frames'] - d['disclosed']} frames were not disclosed"
    assert d["swapped"] + d["placard"] == d["frames"], "a frame was neither masked nor a placard"
    assert d["swapped"] >= 0.95 * d["with_face"], f"only {d['swapped']} of {d['with_face']} frames with a face were masked"
    assert (folder / "demo.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    count = subprocess.run(["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v", "-show_entries",
                            "stream=nb_read_frames", "-of", "csv=p=0", str(folder / "demo.mkv")],
                           capture_output=True, text=True, check=False) if shutil.which("ffprobe") else None
    if count:
        assert int(count.stdout.strip().strip(",")) == d["frames"], "demo.mkv does not hold every frame"
    if shutil.which("ffmpeg") and d["placards"].get("the head is turned too far"):
        assert fades_to_a_card(folder / "demo.mkv", d["size"]), "the turn cuts to the card and back"
    print(f"demo: {d['frames']} frames, {d['swapped']} masked of {d['with_face']} with a face, {d['placard']} placards, all disclosed")


if __name__ == "__main__":
    main(sys.argv[1])
