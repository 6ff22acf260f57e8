#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta policy: what is shipped is as it should be and holds; a person's own file is checked line by line; what asks for less has
no effect; a session says in its manifest which profiles it keeps to."""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
MODELS = os.environ["BAUTA_TEST_MODELS"]
SHIPPED = SOURCE / "src/trust/policy/profiles"
DRAFTS = {"in-draft", "cn-digital-human-draft", "dk-draft"}


def bauta(home, *words):
    done = subprocess.run([BAUTA, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=home, check=False,
                          env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"})
    return done.returncode, done.stdout, done.stderr


def shipped(home):
    code, out, _ = bauta(home, "policy", "list", "--json")
    profiles = {p["id"]: p for p in json.loads(out)}
    assert code == 0 and set(profiles) == {f.stem for f in SHIPPED.glob("*.ini")}, sorted(profiles)
    assert list(profiles)[0] == "strictest-common"
    assert {name for name, p in profiles.items() if p["status"] == "draft"} == DRAFTS, profiles
    for name, p in profiles.items():
        assert p["checked_on"] and (p["status"] != "in_force" or p["effective"]), p
        code, out, said = bauta(home, "policy", "show", name, "--json")
        shown = json.loads(out)
        assert code == 0 and shown["instruments"] and shown["rules"], said
        for i in shown["instruments"]:
            assert i["title"] and i["clause"] and i["source"] and i["status"] and i["confidence"], i
        for r in shown["rules"]:
            assert r["asks"] and r["answer"] and r["by"] in {"label", "banner", "mark", "manifest", "consent", "vault", "log"}, r
            assert r["section"] != "label" or r["verdict"] == "met", (name, r)
    code, out, said = bauta(home, "policy", "check", "--json")
    assert code == 0 and all(p["label_meets_it"] for p in json.loads(out)), said


def own(home):
    text = (SHIPPED / "cn.ini").read_text()
    folder = home / ".config/bauta/profiles"
    folder.mkdir(parents=True)

    def check(name, changed, code, *words):
        path = folder / f"{name}.ini"
        path.write_text(changed)
        for asked in (name, str(path)):
            got, out, said = bauta(home, "policy", "check", asked)
            assert got == code and all(w in out + said for w in words), (name, got, out, said)

    def line_of(part):
        return 1 + next(i for i, line in enumerate(text.splitlines()) if line.startswith(part))

    check("mine", text, 0, "the label meets it")
    check("misspelt", text.replace("min_height", "min_hight"), 1, f"misspelt.ini:{line_of('min_height')}:", "[label] min_hight", "min_contrast")
    check("section", text.replace("[storage]", "[stores]"), 1, "[stores] is no section", "storage")
    check("value", text.replace("confidence = high", "confidence = sure", 1), 1, "confidence = sure: one of: low medium high")
    check("day", text.replace("effective = 2025-09-01", "effective = 2025-09-31"), 1, "a day such as")
    check("long", text.replace("source = text of the measures", "source = " + "x" * 400), 1, "longer than a line may be")
    check("twice", text.replace("languages = zh", "languages = zh\nlanguages = en"), 1, "twice")
    check("clause", "\n".join(line for line in text.splitlines() if not line.startswith("clause = labelling measures Art. 9")), 1, "[records] clause is missing")
    check("less", text.replace("min_height = 0.05", "min_height = 0.01"), 0, "min_height = 0.01 asks for less than the default's 0.055: no effect")
    check("old", text.replace("checked_on = 2026-11-22", "checked_on = 2025-01-01"), 0, "checked more than 180 days ago")
    check("contrast", text.replace("languages = zh", "languages = zh\nmin_contrast = 12"), 1, "not met: a contrast of at least 12")
    check("words", text.replace("all_of = 生成|合成", "all_of = 假的"), 1, "without 假的")
    check("hidden", text.replace("languages = zh", "languages = zh\nextra = a\u202eb"), 1, "turn or hide text")
    # A file in the person's own folder does not replace the default, which is inside the program.
    (folder / "strictest-common.ini").write_text(text.replace("min_height = 0.05", "min_height = 0.001"))
    _, out, _ = bauta(home, "policy", "show", "strictest-common")
    assert "5.5 %" in out and "China" not in out.splitlines()[0], out
    for words, code in ((["policy"], 2), (["policy", "show"], 2), (["policy", "show", "../no such file"], 4), (["policy", "show", "none"], 4),
                        (["policy", "list", "x"], 2), (["policy", "shine"], 2)):
        got, _, said = bauta(home, *words)
        assert got == code and said, (words, got, said)


def session(home):
    def demo(*words):
        code, _, said = bauta(home, "demo", "--output", str(home / "demo"), "--frames", "3", "--size", "320x240", "--models", MODELS, *words)
        return code, said

    code, said = demo("--profile", "kr,in", "--profile", "dk-draft", "--profile", "kr")
    assert code == 0 and "dk-draft is a draft" in said, said
    manifest = json.loads((home / "demo/demo.mkv.manifest.json").read_text())
    assert "strictest-common" in json.dumps(manifest) and manifest["profiles"] == ["strictest-common", "kr", "in", "dk-draft"], manifest
    figures = json.loads((home / "demo/demo.json").read_text())
    assert figures["profiles"] == "strictest-common, kr, in, dk-draft" and figures["mark"]["looks"] >= 1, figures
    code, said = demo("--profile", "contrast")
    assert code == 1 and "a contrast of at least 12" in said, said
    code, said = demo("--profile", "old")
    assert code == 0 and "days ago: look again" in said, said


def main():
    with tempfile.TemporaryDirectory() as home:
        shipped(Path(home))
        own(Path(home))
        session(Path(home))
    print("profiles shipped, a person's own, and a session's: as they should be")
    return 0


if __name__ == "__main__":
    sys.exit(main())
