#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our engine's numbers beside onnxruntime's: every network of packaging/models, the extra ones included, on the same inputs.

    accuracy.py [--bauta BAUTA] [--models FOLDER] [--extra FOLDER] [--seeds N] [--half WHAT] [--most E] [--output FOLDER]

ours   bauta model run, on the Vulkan device that is there; --half storage or arithmetic: with float16
ort    onnxruntime's CPU path, from its npm package at a pinned version, fetched and checked by peers.py

Inputs are noise in the range that the network was made for, N seeds a network. Prints a table: network, output, the output's
range (largest less smallest value, over all seeds), the greatest difference, and what part of the range that is. Exits with 1 if
one is more than E (default 1e-3, with float16 2e-2), or an output is missing or not finite. Needs node, npm, python3-numpy, python3-onnx.
"""
import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(ROOT / "packaging/models")]

import build  # noqa: E402
from peers import Onnxruntime  # noqa: E402

# What the networks are given in use: packaging/models/README.md; MobileFaceNet and dlib's ResNet: (RGB - mean) / 128 and / 256.
RANGES = {"face_detector": (-1, 1), "face_id_mobile": (-1, 1), "face_id_resnet": (-0.5, 0.5)}


def noise(name, shape, seed):
    """Half fine and half coarse noise: a picture has both."""
    low, high = next((r for start, r in RANGES.items() if name.startswith(start)), (0, 1))
    random = np.random.default_rng(seed)
    fine, coarse = random.random(shape), random.random([*shape[:2], -(-shape[2] // 16), -(-shape[3] // 16)])
    coarse = coarse.repeat(16, 2).repeat(16, 3)[:, :, :shape[2], :shape[3]]
    return (low + (high - low) * (fine + coarse) / 2).astype(np.float32)


def run(command):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"accuracy: {' '.join(map(str, command))}: exit {done.returncode}\n{done.stderr.strip()[-800:]}")
    return done.stdout


def both(args, package, name, model, seed):
    """(ours, theirs), each a dict of arrays by output."""
    shape = dict(build.load_manifest()[model["group"]][name]["inputs"].values())["image"]
    folder = args.output / "accuracy" / Path(name).stem
    folder.mkdir(parents=True, exist_ok=True)
    for stale in [*folder.glob("*.npy"), *folder.glob("*.f32")]:
        stale.unlink()
    data = noise(name, shape, seed)
    data.tofile(folder / "input.f32")
    np.save(folder / "input.npy", data)
    said = json.loads(run(["node", HERE / "accuracy_onnxruntime.js", package, model["path"], folder / "input.f32", folder]))
    theirs = {output: np.fromfile(folder / f"{output}.f32", np.float32).reshape(size) for output, size in said["shapes"].items()}
    (folder / "ours").mkdir(exist_ok=True)
    for stale in (folder / "ours").glob("*.npy"):
        stale.unlink()
    run([args.bauta, "model", "run", model["path"], "--input", f"image={folder / 'input.npy'}", "--output", folder / "ours",
         "--half", args.half])
    return {path.stem: np.load(path) for path in (folder / "ours").glob("*.npy")}, theirs


def compare(args, package, name, model):
    """One row an output."""
    worst, low, high = {}, {}, {}
    for seed in range(args.seeds):
        ours, theirs = both(args, package, name, model, seed)
        if ours.keys() != theirs.keys():
            sys.exit(f"accuracy: {name}: our outputs are {sorted(ours)}, theirs {sorted(theirs)}")
        for output, want in theirs.items():
            got = ours[output]
            if got.shape != want.shape:
                sys.exit(f"accuracy: {name}: {output} is {got.shape}, theirs {want.shape}")
            off = np.abs(got.astype(np.float64) - want).max() if np.isfinite(got).all() else np.inf
            worst[output] = max(worst.get(output, 0), float(off))
            low[output] = min(low.get(output, np.inf), float(want.min()))
            high[output] = max(high.get(output, -np.inf), float(want.max()))
    rows = []
    for output, off in worst.items():
        # A single number has no range of its own: its size stands for it.
        span = high[output] - low[output] if theirs[output].size > 1 else max(abs(low[output]), abs(high[output]))
        rows.append((Path(name).stem, output, span, off, off / span if span > 0 else np.inf))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bauta", default=str(ROOT / "build/bauta"), help="the bauta program")
    parser.add_argument("--models", type=Path, default=ROOT / "build/models")
    parser.add_argument("--extra", type=Path, default=ROOT / "build/extra-models")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--half", choices=("off", "storage", "arithmetic"), default="off")
    parser.add_argument("--most", type=float)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench", help="for what is fetched, and for inputs and outputs")
    args = parser.parse_args()
    if args.most is None:
        args.most = 1e-3 if args.half == "off" else 2e-2
    manifest = build.load_manifest()
    models = {}
    for group, folder in (("outputs", args.models), ("extra", args.extra)):
        if build.build(folder, group):
            return 1
        models |= {name: {"group": group, "path": folder / name} for name in manifest[group] if name.endswith(".onnx")}
    args.output.mkdir(parents=True, exist_ok=True)
    ort = Onnxruntime(args.output / "onnxruntime")
    print(f"{time.strftime('%Y-%m-%d')}, onnxruntime {ort.version}, {args.seeds} inputs a network, float16: {args.half}\n")
    print("| network | output | range | greatest difference | part of the range |\n|---|---|---|---|---|")
    excess = 0
    for name, model in models.items():
        for network, output, span, off, part in compare(args, ort.package, name, model):
            bad = not part <= args.most
            excess += bad
            print(f"| {network} | {output} | {span:.4g} | {off:.2g} | {part:.1e}{' **too much**' if bad else ''} |", flush=True)
    return 1 if excess else 0


if __name__ == "__main__":
    sys.exit(main())
