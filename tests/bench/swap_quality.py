#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""What the shipped masks do to three clips, as `bauta evaluate swap` measures it: medians, as the table that src/evaluate/README.md keeps.
usage: swap_quality.py BAUTA MODELS [FRAMES [MASK...]]
The clips: the built-in footage (640 x 480), the public-domain portrait of tests/golden turned and moved (480 x 480), and the same in a third of the
light, warm and noisy, at 720 x 720."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PORTRAIT = Path(__file__).parents[1] / "golden" / "portrait.png"
COLUMNS = ("worn_cosine", "driver_cosine", "pose_error", "gaze_error", "expression_error", "jitter_added", "flicker_added", "seam_added", "neck_added", "unchanged")
MOVED = "rotate=0.12*sin(2*PI*t/1.7):fillcolor=gray,crop=480:480:16+12*sin(2*PI*t/2.3):16+8*sin(2*PI*t/1.9)"
CLIPS = {"portrait, moved": MOVED, "portrait, dark, warm, noisy": MOVED + ",scale=720:720,format=gbrp,colorchannelmixer=rr=.40:gg=.33:bb=.22,noise=alls=6:allf=t"}


def main():
    bauta, models = (str(Path(p).resolve()) for p in sys.argv[1:3])
    frames = sys.argv[3] if len(sys.argv) > 3 else "60"
    print("| clip | mask | masked | bare | taken for driver | " + " | ".join(COLUMNS) + " |\n|" + "---|" * (5 + len(COLUMNS)), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        env = {**os.environ, "HOME": folder}
        masks = sys.argv[4:] or [m["name"] for m in json.loads(subprocess.run([bauta, "faces", "--json"], capture_output=True, text=True, env=env, check=True).stdout) if m["shipped"]]
        clips = {"demo": "demo"}
        for name, filters in CLIPS.items():
            clips[name] = str(home / f"{len(clips)}.mkv")
            subprocess.run(["ffmpeg", "-v", "error", "-loop", "1", "-framerate", "25", "-i", PORTRAIT, "-vf", filters + ",format=yuv420p", "-frames:v", frames, "-c:v", "ffv1",
                            clips[name]], check=True)
        for name, clip in clips.items():
            for mask in masks:
                done = subprocess.run([bauta, "evaluate", "swap", clip, "--face", mask, "--frames", frames, "--models", models, "--output", str(home / "out"), "--json"],
                                      capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, check=False)
                if done.returncode:
                    sys.exit(f"{name}, {mask}: {done.stderr}")
                r = json.loads(done.stdout)
                numbers = [r["measures"][c]["median"] for c in COLUMNS]
                print(f"| {name} | {mask} | {100 * r['masked_share']:.0f} % | {r['bare_faces']} | {r['taken_for_driver']} of {r['compared']} | " +
                      " | ".join("–" if v is None else f"{v:.3f}" for v in numbers) + " |", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
