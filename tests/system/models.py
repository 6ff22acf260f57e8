#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Checks the models that the program loads, and the way they are made: models.py SOURCE MODELS

Digests, names and shapes against packaging/models/manifest.json; that converting again gives the same bytes; that damage, a
missing npm and a registry out of reach each end with a message that says so. Without a network and without a kept tarball the
conversion parts are skipped; the files themselves are always checked.
"""
import json
import os
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SOURCE, MODELS = Path(sys.argv[1]), Path(sys.argv[2])
TOOLS = SOURCE / "packaging" / "models"
sys.dont_write_bytecode = True
sys.path.insert(0, str(TOOLS))

import build  # noqa: E402
import fetch  # noqa: E402
import geometry  # noqa: E402
import onnx  # noqa: E402
import sign  # noqa: E402

MANIFEST = build.load_manifest()
EXTRA = MANIFEST["extra"]
ALLOWED = set("Abs Add And AveragePool Cast Concat Conv ConvTranspose Div Flatten Gather GlobalAveragePool GreaterOrEqual GridSample HardSwish LessOrEqual "
              "MatMul MaxPool Mul PRelu Pad ReduceMax ReduceMin Relu Reshape Resize Sigmoid Slice Sqrt Sub Transpose".split())


def run(arguments, **environment):
    return subprocess.run([sys.executable, *map(str, arguments)], env={**os.environ, **environment}, capture_output=True,
                          text=True, check=False)


def kept(outputs):
    """The verified tarballs in the cache that `outputs` come from, by package; None if one is missing."""
    found = {}
    for name in sorted({output["package"] for output in outputs.values()}):
        package = MANIFEST["packages"][name]
        path = fetch.cache_folder() / (name.lstrip("@").replace("/", "-") + "-" + package["version"] + ".tgz")
        if not path.exists() or fetch.sha512(path) != package["sha512"]:
            return None
        found[name] = path
    return found


def described(values):
    return {v.name: [d.dim_value for d in v.type.tensor_type.shape.dim] for v in values}


class Models(unittest.TestCase):
    def test_names_and_shapes(self):
        for name, output in MANIFEST["outputs"].items():
            if not name.endswith(".onnx"):
                continue
            model = onnx.load(str(MODELS / name))
            onnx.checker.check_model(model)
            self.assertEqual(described(model.graph.input), dict(output["inputs"].values()), name)
            self.assertEqual(described(model.graph.output), dict(output["outputs"].values()), name)
            self.assertEqual([(o.domain, o.version) for o in model.opset_import], [("", 17)])
            self.assertLessEqual({node.op_type for node in model.graph.node}, ALLOWED, name)

    def test_signed_list(self):
        """What is signed is what manifest.json and the converted files say now, word by word: else somebody forgot sign.py."""
        self.assertEqual(json.loads((TOOLS / "models.json").read_text(encoding="utf-8")), sign.listed(MODELS))
        for name in build.SIGNED:
            self.assertEqual((TOOLS / name).read_bytes(), (MODELS / name).read_bytes(), name)
        self.assertEqual(build.unlike_signed(MODELS), [])
        with tempfile.TemporaryDirectory() as folder:
            for path in MODELS.iterdir():
                shutil.copy(path, folder)
            with open(Path(folder, "selfie_matte.onnx"), "ab") as longer:
                longer.write(b"?")
            self.assertEqual(build.unlike_signed(Path(folder)), ["selfie_matte.onnx"])

    def test_geometry(self):
        data = (MODELS / "face_geometry.bin").read_bytes()
        self.assertEqual(data[:8], geometry.MAGIC)
        self.assertEqual(int.from_bytes(data[8:12], "little"), geometry.VERTICES)
        self.assertEqual(int.from_bytes(data[12:16], "little"), geometry.TRIANGLES)
        self.assertEqual(len(data), 16 + geometry.VERTICES * (3 + 2 + 1) * 4 + geometry.TRIANGLES * 12)

    def test_same_bytes_twice(self):
        tarballs = kept(MANIFEST["outputs"])
        if not tarballs:
            self.skipTest("no kept tarballs")
        for name, output in MANIFEST["outputs"].items():
            tarball = tarballs[output["package"]]
            data = fetch.part(tarball, output)
            weights = fetch.part(tarball, output["weights"]) if "weights" in output else None
            self.assertTrue(build.make(name, output, data, weights) == (MODELS / name).read_bytes(), f"{name} differs from its conversion")

    def test_offline_and_idempotent(self):
        if not kept(MANIFEST["outputs"]):
            self.skipTest("no kept tarballs")
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder, "models")
            first = run([TOOLS / "build.py", out], PATH="/nonexistent")  # no npm in reach: the cache has to do
            self.assertEqual(first.returncode, 0, first.stderr)
            again = run([TOOLS / "build.py", out], PATH="/nonexistent", BAUTA_CACHE=folder + "/empty")
            self.assertEqual((again.returncode, again.stdout), (0, ""))
            with open(out / "face_mesh.onnx", "r+b") as damaged:
                damaged.write(b"?")
            mended = run([TOOLS / "build.py", out], PATH="/nonexistent")
            self.assertEqual(mended.returncode, 0, mended.stderr)
            self.assertTrue((out / "face_mesh.onnx").read_bytes() == (MODELS / "face_mesh.onnx").read_bytes())

    def test_extra(self):
        """The networks that only tests and benchmarks run: made beside the others, which stay as they are."""
        if not kept(EXTRA):
            self.skipTest("no kept tarballs")
        with tempfile.TemporaryDirectory() as folder:
            for _ in range(2):
                done = run([TOOLS / "build.py", folder, "--extra"], PATH="/nonexistent")
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(done.stdout, "")
            self.assertEqual({path.name for path in Path(folder).iterdir()}, {*EXTRA, "extra.stamp"})
            for name, output in EXTRA.items():
                model = onnx.load(str(Path(folder, name)))
                onnx.checker.check_model(model)
                self.assertEqual(described(model.graph.input), dict(output["inputs"].values()), name)
                self.assertEqual(described(model.graph.output), dict(output["outputs"].values()), name)

    def test_npm_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            done = run([TOOLS / "build.py", folder + "/models"], PATH="/nonexistent", BAUTA_CACHE=folder + "/cache")
            self.assertEqual(done.returncode, 1)
            self.assertIn("npm is missing", done.stderr)

    def test_no_network(self):
        if not shutil.which("npm"):
            self.skipTest("no npm")
        with tempfile.TemporaryDirectory() as folder:
            done = run([TOOLS / "build.py", folder + "/models"], BAUTA_CACHE=folder + "/cache", npm_config_cache=folder + "/npm",
                       npm_config_registry="http://127.0.0.1:9/", npm_config_fetch_retries="0")
            self.assertEqual(done.returncode, 1)
            self.assertIn("could not fetch", done.stderr)
            self.assertFalse(list(Path(folder).rglob("*.onnx")))

    def test_wrong_digest(self):
        """A client that hands out other bytes: refused, both digests shown, nothing kept."""
        with tempfile.TemporaryDirectory() as folder:
            npm = Path(folder, "npm")
            npm.write_text("#!/bin/sh\nprintf other > package.tgz\n")
            npm.chmod(0o755)
            done = run([TOOLS / "build.py", folder + "/models"], PATH=f"{folder}:/usr/bin:/bin", BAUTA_CACHE=folder + "/cache")
            self.assertEqual(done.returncode, 1)
            for word in ("wrong digest", "expected sha512-", "got      sha512-"):
                self.assertIn(word, done.stderr)
            self.assertEqual(list(Path(folder, "cache").rglob("*.tgz")), [])


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
