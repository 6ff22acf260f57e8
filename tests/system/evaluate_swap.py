#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta evaluate swap: a few frames of the built-in footage and of a clip are measured; figures are sane, the page stands alone, and
nothing of a clip is kept that nobody agreed to."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
MODELS = os.environ["BAUTA_TEST_MODELS"]


def swap(home, *words):
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "LP_NUM_THREADS": "1", "ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run([BAUTA, "evaluate", "swap", *words, "--models", MODELS], capture_output=True, text=True, env=env, cwd=home, stdin=subprocess.DEVNULL, check=False)


def well(done, folder, frames):
    assert done.returncode == 0, (done.returncode, done.stderr)
    report = json.loads((folder / "report.json").read_text())
    page = (folder / "report.html").read_text()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "") and "<script" not in page, "the page must stand alone"
    assert "nan" not in page.split("base64,")[0].lower()
    assert report["frames"] == frames == len(report["by_frame"]) and report["bare_faces"] == 0 and report["no_face_in_output"] == 0, report
    assert len((folder / "frames.sha256").read_text().splitlines()) == frames
    m = {k: v["median"] for k, v in report["measures"].items()}
    assert m["worn_cosine"] > m["worn_cosine_of_driver"] + .1 and m["worn_distance"] < m["worn_distance_of_driver"] - .05, m
    assert report["taken_for_driver"] == 0 and m["driver_cosine"] < .6 and m["unchanged"] < .5, m
    assert 0 < m["pose_error"] < 8 and 0 < m["gaze_error"] < 30 and m["expression_error"] < .1, m
    assert m["seam_output"] > 0 and abs(m["seam_added"]) < 6 and m["flicker_added"] < 3, m
    return report, page


def main():
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        for words, code, said in (((), 2, "bauta evaluate swap CLIP"), ((str(home / "none.mkv"),), 4, "none.mkv"),
                                  (("demo", "--face", "nobody-is-called-so", "--output", str(home / "x")), 4, "nobody-is-called-so")):
            done = swap(home, *words)
            assert done.returncode == code and said in done.stderr, (words, done.returncode, done.stderr)
        out = home / "demo"
        report, page = well(swap(home, "demo", "--frames", "5", "--size", "320x240", "--output", str(out)), out, 5)
        assert report["masked"] == 5 and page.count("data:image/png;base64,") >= 8 and page.count("<svg") >= 8
        bad = home / "bad.mkv"
        bad.write_bytes(b"no clip at all")
        done = swap(home, str(bad), "--output", str(home / "y"))
        assert done.returncode == 1 and "bad.mkv" in done.stderr, (done.returncode, done.stderr)
    print("frames are measured against what went in; what cannot be is refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
