#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Models that are not what was signed: a flipped byte, two files swapped, a cut, no list, no signature, another key's signature, an
older list. Each is refused by every verb that loads it, before it is used, with a message that says which file and what to do;
bauta models verify and bauta doctor say the same of the same files.
"""
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
MODELS = Path(os.environ["BAUTA_TEST_MODELS"])
ROOT = Path(tempfile.mkdtemp(prefix="bauta-models-"))
FOLDER = ROOT / "models"
ENV = {**{k: v for k, v in os.environ.items() if not k.startswith("XDG_")}, "HOME": str(ROOT), "LC_ALL": "C.UTF-8", "ASAN_OPTIONS": "detect_leaks=0"}
MEND = "bauta-models"


def run(*words):
    return subprocess.run([BAUTA, *words, "--models", str(FOLDER)], capture_output=True, text=True, env=ENV, check=False, timeout=250,
                          stdin=subprocess.DEVNULL)


def whole():
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    for path in MODELS.iterdir():
        if path.suffix in (".onnx", ".bin", ".json", ".sig"):
            os.link(path, FOLDER / path.name) if path.stat().st_dev == ROOT.stat().st_dev else shutil.copy(path, FOLDER)


def put(name, data):
    (FOLDER / name).unlink()  # it may be a link to the real one
    (FOLDER / name).write_bytes(data)


def refused(words, *said):
    done = run(*words)
    assert done.returncode == 1 or (done.returncode == 4 and "models.json" in done.stderr), (words, done.returncode, done.stderr)
    for word in (*said, MEND):
        assert word in done.stderr, (words, word, done.stderr)
    return done


def states():
    done = run("models", "verify", "--json")
    return {m["file"]: m["state"] for m in json.loads(done.stdout)["models"]}, done.returncode


def doctor():
    return {f["id"]: f["detail"] for f in json.loads(run("doctor", "--json").stdout)["findings"]}


def as_it_should_be():
    listed = json.loads(run("models", "list", "--json").stdout)
    assert listed["signature"]["valid"] and len(listed["signature"]["release_key"]) == 64
    for m in listed["models"]:
        data = (FOLDER / m["file"]).read_bytes()
        assert hashlib.sha256(data).hexdigest() == m["sha256"] and len(data) == m["bytes"], m["file"]
        assert m["licence"] and m["training"]["data"] and m["source"]["sha512"], m
    found, code = states()
    assert code == 0 and set(found.values()) == {"as signed"} and len(found) == len(listed["models"]) == 6, found
    text = run("models", "list").stdout
    assert all(m["sha256"] in text and m["training"]["data"] in text for m in listed["models"])
    assert "models" in doctor()


def changed(name, data, verbs):
    put(name, data)
    expected = next(m["sha256"] for m in json.loads((FOLDER / "models.json").read_text())["models"] if m["file"] == name)
    for verb in verbs:
        refused(verb, f"{name} is not the model that was signed", expected, hashlib.sha256(data).hexdigest())
    found, code = states()
    assert code == 1 and found[name] == "changed" and list(found.values()).count("as signed") == 5, found
    assert doctor()["models-changed"] == name
    whole()


def main():
    whole()
    as_it_should_be()
    faces, demo = ["faces", "show", "mask-1", "--output", str(ROOT / "x.png")], ["demo", "--frames", "1", "--output", str(ROOT / "demo")]
    matte, detector, mesh = (bytearray((MODELS / f"{n}.onnx").read_bytes()) for n in ("selfie_matte", "face_detector", "face_mesh"))
    matte[len(matte) // 2] ^= 1
    changed("selfie_matte.onnx", bytes(matte), [demo])
    changed("face_mesh.onnx", bytes(mesh[:-1]), [demo])
    changed("face_detector.onnx", bytes(mesh), [demo])
    geometry = bytearray((MODELS / "face_geometry.bin").read_bytes())
    geometry[len(geometry) // 2] ^= 0x80
    changed("face_geometry.bin", bytes(geometry), [demo, faces])
    match = bytearray((MODELS / "face_id_mobile.onnx").read_bytes())
    match[1000] ^= 2
    changed("face_id_mobile.onnx", bytes(match), [["evaluate", "match", "--synthetic", "20", "--output", str(ROOT / "e")]])

    # The list itself.
    text = (FOLDER / "models.json").read_bytes()
    signature = (FOLDER / "models.sig").read_bytes()
    other = text.replace(hashlib.sha256(bytes(detector)).hexdigest().encode(), hashlib.sha256(b"mine").hexdigest().encode())
    assert other != text
    for name, data, said in (("models.json", other, "the signature is not the release key's"), ("models.json", text[:-1], "the signature is not the release key's"),
                             ("models.sig", signature[:100], "cut off"), ("models.sig", b"0" * 128 + b"\n", "the signature is not the release key's")):
        put(name, data)
        for verb in (demo, ["models", "list"], ["models", "verify"]):
            refused(verb, "are refused", said)
        assert said in doctor()["models-unsigned"]
        whole()
    if shutil.which("openssl"):  # somebody else's list of their own file, properly signed by their own key
        key = ROOT / "key.pem"
        subprocess.run(["openssl", "genpkey", "-algorithm", "ed25519", "-out", key], check=True)
        put("models.json", other)
        made = subprocess.run(["openssl", "pkeyutl", "-sign", "-rawin", "-inkey", key, "-in", FOLDER / "models.json"], capture_output=True, check=True)
        put("models.sig", made.stdout.hex().encode() + b"\n")
        refused(demo, "the signature is not the release key's")
        whole()
    for name in ("models.json", "models.sig"):
        (FOLDER / name).unlink()
        refused(demo, name, "is not there")
        whole()
    (FOLDER / "face_mesh.onnx").unlink()
    assert run(*demo).returncode == 4
    whole()
    # Nets that only enrolling needs may be left out; those of a session may not.
    (FOLDER / "face_id_resnet.onnx").unlink()
    found, code = states()
    assert code == 0 and found["face_id_resnet.onnx"] == "missing" and "models" in doctor(), found
    (FOLDER / "selfie_matte.onnx").unlink()
    assert states()[1] == 1 and doctor()["models-missing"] == "selfie_matte.onnx"
    assert not list(ROOT.rglob("*.mkv")), "something was masked with a model that nobody signed"
    assert run("models").returncode == 2 and run("models", "sign").returncode == 2
    return 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
