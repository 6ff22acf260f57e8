#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta evaluate match: people made of numbers, a folder, a list of pairs; what cannot be counted is refused; nothing else is written."""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.dom.minidom
from pathlib import Path

BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
MODELS = os.environ["BAUTA_TEST_MODELS"]
SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
SHORT = ["--synthetic", "20"]


def bauta(home, *words):
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "LANG": "C.UTF-8", "LP_NUM_THREADS": "1", "ASAN_OPTIONS": "detect_leaks=0"}
    return subprocess.run([BAUTA, *words, "--models", MODELS], capture_output=True, text=True, env=env, cwd=home, stdin=subprocess.DEVNULL, check=False)


def evaluate(home, *words):
    return bauta(home, "evaluate", *words)


def well(done, folder):
    assert done.returncode == 0, (done.returncode, done.stderr)
    report = json.loads((folder / "report.json").read_text())
    page = (folder / "report.html").read_text()
    assert "http" not in page.replace("http://www.w3.org/2000/svg", ""), "the page must stand alone"
    assert "<script" not in page and "nan" not in page.lower().replace("finance", "")
    for chart in page.split("<svg")[1:]:
        xml.dom.minidom.parseString("<svg" + chart.split("</svg>")[0] + "</svg>")
    for m in report["matchers"]:
        for method in ("hold_out", "k_fold"):
            low, high = m[method]["fmr_95"]
            assert low <= m[method]["fmr"] <= high and m[method]["false_matches"] <= m[method]["non_mated"]
        assert m["fmr"] <= report["fmr_asked"] and 0 <= m["eer"] <= 1
        assert [level["fmr"] for level in m["fnmr_at_fmr"]] == [1e-2, 1e-3, 1e-4, 1e-5]
        # So few comparisons carry no such claim.
        assert m["fnmr_at_fmr"][2]["claim"] == "refused" and m["fnmr_at_fmr"][3]["claim"] == "refused"
    return report


def made_of_numbers(home):
    one = home / "one"
    report = well(evaluate(home, "match", *SHORT, "--output", str(one)), one)
    assert report["synthetic"] and report["subjects"] == 20 and report["templates"] + report["failures_to_acquire"] == 60, report
    assert report["comparisons"] == report["templates"] * (report["templates"] - 1) // 2
    assert report["templates"] >= 55 and "not</b> the error rate on real people" in (one / "report.html").read_text()
    fused = report["matchers"][2]
    assert fused["eer"] < .2 and fused["mated"] > 40


def a_folder(home):
    people = home / "people"
    for seed in range(1, 21):
        name = f"n{seed:02}"
        assert bauta(home, "faces", "new", "--seed", str(seed), "--name", name).returncode == 0
        both = home / "both.png"
        assert bauta(home, "faces", "show", name, "--output", str(both)).returncode == 0
        (people / name).mkdir(parents=True)
        for k, x in enumerate(("0", "iw/2")):
            subprocess.run(["ffmpeg", "-v", "error", "-y", "-i", both, "-vf", f"crop=iw/2:ih:{x}:0,scale=200:200", people / name / f"{k}.jpg"], check=True)
    subprocess.run(["ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=gray:s=120x90", "-frames:v", "1", people / "n03" / "2.png"], check=True)
    out = home / "out"
    pairs = home / "pairs.txt"
    rows = ["1\t20"] + [f"n{i:02}\t1\t2" for i in range(1, 21)]
    rows += [f"n{i:02}\t1\tn{k:02}\t2" for i in range(1, 21) for k in range(1, 21) if i != k]
    pairs.write_text("\n".join(rows) + "\n")
    report = well(evaluate(home, "match", str(people), "--pairs", str(pairs), "--output", str(out)), out)
    assert 300 < report["comparisons"] <= 400, report["comparisons"]
    assert report["subjects"] == 20 and report["failures_to_acquire"] >= 1 and not report["synthetic"], report
    for row, code, said in (("n01 1 9", 4, "line 2: there is no picture 9 of n01"), ("who 1 2", 4, "of who"), ("n01 x", 1, "line 2"), ("n01 1 n02", 1, "line 2")):
        pairs.write_text("1 20\n" + row + "\n")
        done = evaluate(home, "match", str(people), "--pairs", str(pairs), "--output", str(out))
        assert done.returncode == code and said in done.stderr, (row, done.returncode, done.stderr)
    (people / "n01" / "0.jpg").write_bytes(b"no picture at all")
    done = evaluate(home, "match", str(people), "--output", str(out))
    assert done.returncode == 1 and "0.jpg" in done.stderr, (done.returncode, done.stderr)
    shutil.rmtree(people / "n01")
    done = evaluate(home, "match", str(people), "--output", str(out))
    assert done.returncode == 2 and "too little to count" in done.stderr, (done.returncode, done.stderr)


def attacks(home):
    out = home / "liveness"
    done = evaluate(home, "liveness", "--synthetic", "6", "--output", str(out))
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text())
    rates = {a["name"]: a["apcer"] for a in report["attacks"]}
    assert list(rates.values()) == sorted(rates.values(), reverse=True) and len(rates) == 5, rates
    for a in [*report["attacks"], report["bona_fide"]]:
        low, high = a.get("apcer_95") or a["bpcer_95"]
        wrong = a.get("passed", a.get("refused"))
        stopped = sum(a["stopped_by"].values())
        assert a["presentations"] == 6 and low <= wrong / 6 <= high and stopped == (6 - wrong if "apcer" in a else wrong), a
        assert "at_most_claimed" not in a or a["at_most_claimed"]["by"] == "rule of 3", a  # nothing more can be said of six
    assert rates["printed photograph, moved by hand"] == 0 < rates["our own masked output"], rates
    page = (out / "report.html").read_text()
    assert "Worst: our own masked output" in page or "Worst: clips" in page, page[:2000]


def refused(home):
    for words, said in (((), "bauta evaluate match"), (("match",), "bauta evaluate match"), (("match", "x", "--synthetic", "30"), "bauta evaluate match"),
                        (("swop", "x"), "bauta evaluate match"), (("liveness", "x"), "bauta evaluate match"), (("liveness", "--synthetic", "0"), "from 1"), (("match", "--synthetic", "19"), "from 20"), (("match", "--synthetic", "many"), "from 20"),
                        (("match", *SHORT, "--fmr", "0"), "--fmr 0"), (("match", *SHORT, "--fmr", "x"), "--fmr x"), (("match", *SHORT, "--seed", "-1"), "--seed"),
                        (("match", *SHORT, "--pairs", "p"), "bauta evaluate match")):
        done = evaluate(home, *words)
        assert done.returncode == 2 and said in done.stderr, (words, done.returncode, done.stderr)
    done = evaluate(home, "match", str(home / "nowhere"))
    assert done.returncode == 4 and "nowhere" in done.stderr, (done.returncode, done.stderr)


def main():
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        refused(home)
        attacks(home)
        made_of_numbers(home)
        a_folder(home)
        kept = {p.name for p in home.rglob("*") if p.is_file() and "people" not in p.parts and ".cache" not in p.parts and p.suffix != ".mask"}
        assert kept <= {"report.json", "report.html", "both.png", "pairs.txt"}, kept
    print("people made of numbers, a folder, a list and attacks are counted; what cannot be is refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
