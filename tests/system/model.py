#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta model from outside: results against ONNX's own test data, every stage's text, the figures' form, and bad input of every
kind, which is refused with a reason and leaves no file."""
import io
import json
import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BUILD, SOURCE = Path(os.environ["BAUTA_TEST_BUILD"]), Path(os.environ["BAUTA_TEST_SOURCE"])
MODELS = Path(os.environ["BAUTA_TEST_MODELS"])
BAUTA = str(BUILD / "bauta")
DATA = Path("/usr/share/libonnx-testdata/data")
# One of each kind: elementwise, broadcast, bool out, windows, matrices, views, reductions, small nets with several outputs.
CASES = ["node/test_relu", "node/test_add_bcast", "node/test_greater_equal_bcast", "node/test_prelu_example", "node/test_maxpool_2d_pads",
         "node/test_averagepool_2d_default", "node/test_matmul_3d", "node/test_transpose_all_permutations_3", "node/test_concat_3d_axis_1",
         "node/test_reduce_mean_keepdims_random", "node/test_depthtospace_example", "node/test_gemm_all_attributes",
         "pytorch-operator/test_operator_chunk", "pytorch-operator/test_operator_symbolic_override", "pytorch-converted/test_Linear_no_bias"]
WEIGHTED = ["node/test_basic_conv_with_padding", "node/test_conv_with_strides_padding"]  # their weights come as an input


class Model:
    """The program, at work in one folder."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.count = 0

    def __call__(self, *words, code=0, env=None, says=None):
        around = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "TMPDIR": str(self.folder), "ASAN_OPTIONS": "detect_leaks=0"}
        around.update(env or {})
        done = subprocess.run([BAUTA, "model", *map(str, words)], capture_output=True, text=True, env=around, stdin=subprocess.DEVNULL,
                              cwd=self.folder, timeout=280, check=False)
        assert done.returncode == code, (words, done.returncode, done.stdout[-500:], done.stderr)
        assert not code or "error:" in done.stderr, (words, done.stderr)
        assert not says or re.search(says, done.stderr), (words, says, done.stderr)
        return done.stdout

    def run(self, model, inputs, *more):
        """Output arrays by file name."""
        self.count += 1
        out = self.folder / f"out{self.count}"
        words = []
        for i, (name, array) in enumerate(inputs.items()):
            path = self.folder / f"in{i}.npy"
            np.save(path, array)
            words += ["--input", f"{name}={path}"]
        self("run", model, "--output", out, *words, *more)
        assert all(p.suffix == ".npy" for p in out.iterdir()), list(out.iterdir())
        return {p.stem: np.load(p) for p in out.iterdir()}


def tensors(folder, what):
    return [numpy_helper.to_array(onnx.load_tensor(str(p))) for p in sorted((folder / "test_data_set_0").glob(f"{what}_*.pb"))]


def bound(folder, path):
    """The model with its second input made a constant, as weights are."""
    whole = onnx.load(str(folder / "model.onnx"))
    weights = onnx.load_tensor(str(folder / "test_data_set_0/input_1.pb"))
    weights.name = whole.graph.input[1].name
    whole.graph.initializer.append(weights)
    onnx.save(whole, str(path))
    return path


def check_results(model):
    for case in CASES + WEIGHTED:
        folder = DATA / case
        net = bound(folder, model.folder / "bound.onnx") if case in WEIGHTED else folder / "model.onnx"
        graph = onnx.load(str(net)).graph
        made = {t.name for t in graph.initializer}
        names = [i.name for i in graph.input if i.name not in made]
        given, want = tensors(folder, "input"), tensors(folder, "output")
        got = model.run(net, dict(zip(names, given)))
        assert len(got) == len(want) == len(graph.output), case
        for array, output in zip(want, graph.output):
            mine = got[re.sub(r"[^A-Za-z0-9_.-]", "_", output.name)]
            assert mine.dtype == (bool if array.dtype == bool else np.float32) and mine.shape == array.shape, (case, mine.dtype, mine.shape)
            assert np.allclose(mine, array, rtol=1e-3, atol=1e-5), (case, np.abs(mine - array).max())


def save(path, inputs, outputs, nodes):
    def info(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    graph = helper.make_graph(nodes, "test", [info(*i) for i in inputs], [info(*o) for o in outputs])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)]), str(path))
    return path


def pcg32(seed, stream, count):
    """O'Neill 2014, in Python: what the man page says that random inputs are."""
    mask, state, increment, out = (1 << 64) - 1, 0, (stream << 1) | 1, []

    def step():
        nonlocal state
        old = state
        state = (old * 6364136223846793005 + increment) & mask
        word, turn = (((old >> 18) ^ old) >> 27) & 0xFFFFFFFF, old >> 59
        return ((word >> turn) | (word << (-turn & 31))) & 0xFFFFFFFF

    step()
    state = (state + seed) & mask
    step()
    for _ in range(count):
        out.append((step() >> 8) * 2.0**-24)
    return np.array(out, np.float32)


def check_inputs(model, folder):
    two = save(folder / "two.onnx", [("a", ["N", 3, 5, 7]), ("b=c", [3, 5, 7])], [("x/y", [1, 3, 5, 7]), ("X:Y", [1, 3, 5, 7]), ("../.z", [1, 3, 5, 7])],
               [helper.make_node("Relu", ["a"], ["x/y"]), helper.make_node("Add", ["a", "b=c"], ["X:Y"]), helper.make_node("Neg", ["a"], ["../.z"])])
    a, b = pcg32(5, 0, 105).reshape(1, 3, 5, 7), pcg32(5, 1, 105).reshape(3, 5, 7)
    got = model.run(two, {}, "--seed", 5)
    assert set(got) == {"x_y-0", "X_Y-1", "_._.z"}, got.keys()
    assert np.array_equal(got["x_y-0"], a) and np.allclose(got["X_Y-1"], a + b, atol=1e-6) and np.array_equal(got["_._.z"], -a)
    assert not np.array_equal(model.run(two, {}, "--seed", 6)["x_y-0"], a)
    for kind in (np.float16, np.float64, np.int32, np.int64, np.uint8, bool):
        given = (b * 100).astype(kind)
        for variant in ("texels", "storage"):
            got = model.run(two, {"a": a, "b=c": given}, "--variant", variant)
            assert np.allclose(got["X_Y-1"], a + given.astype(np.float32), atol=1e-5), kind
    return two


def check_refused(model, folder, two):
    out = folder / "never"

    def refused(code, says, *words):
        model(*words, code=code, says=says)
        assert not out.exists() or not any(out.iterdir()), words

    def npy(name, data):
        (folder / name).write_bytes(data)
        return f"b=c={folder / name}"

    def saved(array, **how):
        stream = io.BytesIO()
        np.lib.format.write_array(stream, array, **how)
        return stream.getvalue()

    good = saved(np.ones((3, 5, 7), np.float32))
    run = ("run", two, "--output", out)
    refused(1, "cut off", *run, "--input", npy("cut.npy", good[:-1]))
    refused(1, "cut off", *run, "--input", npy("cut.npy", good[:40]))
    refused(1, "behind the data", *run, "--input", npy("long.npy", good + b"x"))
    refused(1, "Fortran", *run, "--input", npy("fortran.npy", saved(np.asfortranarray(np.ones((3, 5, 7), np.float32)))))
    refused(1, "big endian", *run, "--input", npy("big.npy", saved(np.ones((3, 5, 7), ">f4"))))
    refused(1, "not of float16", *run, "--input", npy("complex.npy", saved(np.ones((3, 5, 7), np.complex64))))
    refused(1, "too long", *run, "--input", npy("header.npy", b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 31) + good[10:]))
    refused(1, "another version", *run, "--input", npy("three.npy", saved(np.ones((3, 5, 7), np.float32), version=(3, 0))))
    refused(1, "not a .npy", *run, "--input", npy("text.npy", b"1 2 3\n"))
    refused(2, r"float32\[3,5\].*wants float32\[3,5,7\]", *run, "--input", npy("shape.npy", saved(np.ones((3, 5), np.float32))))
    fine = npy("good.npy", good)
    refused(2, "twice", *run, "--input", fine, "--input", fine)
    refused(2, "name of an input", *run, "--input", f"nobody={folder / 'good.npy'}")
    refused(2, "name of an input", *run, "--input", folder / "good.npy")
    refused(4, "cannot read", *run, "--input", f"b=c={folder / 'nowhere.npy'}")
    refused(2, "--output", "run", two)
    refused(2, "seed", *run, "--seed", "-1")
    refused(2, "variant", *run, "--variant", "fast")
    refused(2, "--runs", *run, "--runs", "3")
    refused(4, "", *run, "--device", "no such device")
    refused(4, "cannot read", "run", folder / "nowhere.onnx", "--output", out)
    refused(1, "cannot write", "run", two, "--output", two)
    refused(2, "see bauta model", "run")
    refused(2, "see bauta model", "walk", two)
    refused(2, "--after", "dump", two)
    refused(2, "--after", "dump", two, "--after", "lunch")
    refused(2, "--seed", "dump", two, "--after", "plan", "--seed", "1")
    refused(2, "--runs", "bench", two, "--runs", "100001")
    refused(2, "--runs", "bench", two, "--runs", "0")
    whole = two.read_bytes()
    for size in (0, 1, len(whole) // 2, len(whole) - 1):
        (folder / "torn.onnx").write_bytes(whole[:size])
        refused(1, "", "run", folder / "torn.onnx", "--output", out)
    erf = save(folder / "erf.onnx", [("a", [1, 3])], [("b", [1, 3])], [helper.make_node("Erf", ["a"], ["b"], name="the_node")])
    for words in (("run", erf, "--output", out), ("dump", erf, "--after", "import"), ("bench", erf), ("first", erf)):
        refused(1, "the_node.*Erf|Erf.*the_node", *words)


def check_dump(model, folder, two):
    net = MODELS / "selfie_matte.onnx"
    golden = (SOURCE / "tests/golden/engine/selfie_matte.txt").read_text()
    fused = model("dump", net, "--after", "fuse")
    assert golden.startswith(fused) and fused.count("\n") > 50, "not what tests/golden/engine has"
    plan = model("dump", net, "--after", "plan")
    assert plan.startswith("plan ") and "without sharing" in plan.splitlines()[-1], plan[-300:]
    assert model("dump", two, "--after", "import") == (
        "model test: opset 13, 3 nodes\ninput  %a f32[1,3,5,7]\ninput  %b=c f32[3,5,7]\n"
        "%x/y = Relu(%a)\n%X:Y = Add(%a, %b=c)\n%../.z = Neg(%a)\noutput %x/y\noutput %X:Y\noutput %../.z\n")
    assert "f32[1,3,5,7] = Add(" in model("dump", two, "--after", "graph")
    nowhere = {"VK_DRIVER_FILES": "/nowhere", "VK_ICD_FILENAMES": "/nowhere"}
    imagined = model("dump", net, "--after", "emit", "--variant", "storage", env=nowhere, says="imagined")
    real = model("dump", net, "--after", "emit")
    for text in (imagined, real):
        assert re.match(r"   0 \w+ +(lanes|texels|storage) +\[", text) and re.search(r"^arena \d+ bytes$", text, re.M), text[:300]
    assert "texels " not in imagined
    assert model("dump", net, "--after", "plan", env=nowhere) == plan, "the plan must not look for a device"
    model("dump", net, "--after", "emit", "--device", "x", env=nowhere, code=4)


def check_bench(model, folder):
    case = DATA / "node/test_conv_with_strides_padding"
    net = bound(case, folder / "conv.onnx")
    got = json.loads(model("bench", net, "--runs", 5, "--json"))
    assert set(got) == {"model", "device", "variant", "half", "runs", "macs", "barriers", "pipelines", "wall_ms", "cpu_ms", "gpu_ms", "gflops",
                        "memory_bytes", "first_result_ms", "dispatches"}, got.keys()
    assert got["model"] == str(net) and got["runs"] == 5 and got["variant"] == "auto" and got["half"] == "off" and set(got["device"]) == {"name", "driver"}
    for what in ("wall_ms", "cpu_ms"):
        assert set(got[what]) == {"median", "minimum", "p99"} and 0 < got[what]["minimum"] <= got[what]["median"] <= got[what]["p99"], got
    memory = got["memory_bytes"]
    assert memory["peak"] == sum(memory[k] for k in ("constants", "inputs", "outputs", "scratch")) and memory["peak"] > 0, memory
    assert memory["scratch"] <= memory["scratch_unshared"]
    for which in ("cold", "warm"):
        start = got["first_result_ms"][which]
        assert set(start) == {"total", "device", "net", "run", "cpu"}
        parts = start["device"] + start["net"] + start["run"]
        assert 0 < parts <= start["total"] + 0.01 and start["cpu"] > 0, start
    assert got["dispatches"]
    for dispatch in got["dispatches"]:
        assert set(dispatch) == {"name", "op", "kernel", "reads", "macs", "us", "gflops"} and dispatch["reads"] in ("texels", "storage"), dispatch
    # The figures fit each other: what the graph's shapes say, and one rate from the other.
    weights = onnx.load(str(net)).graph.initializer[0].dims
    outputs = tensors(case, "output")[0].size
    assert got["macs"] == sum(d["macs"] for d in got["dispatches"]) >= outputs * int(np.prod(weights[1:])), got["macs"]
    assert abs(got["gflops"] * got["wall_ms"]["median"] / (got["macs"] * 2e-6) - 1) < 1e-3
    gpu_ms = got["gpu_ms"] or 0.0  # null: no timestamps
    assert abs(sum(d["us"] for d in got["dispatches"]) * 1e-3 - gpu_ms) <= 1e-3 * gpu_ms
    table = model("bench", net, "--runs", 3)
    assert "submitted to done" in table and "cold" in table and "Conv" in table
    first = json.loads(model("first", net, "--json"))
    assert set(first) == {"total", "device", "net", "run", "cpu"}
    model("bench", net, "--runs", 1, env={"TMPDIR": "/proc/nowhere"}, code=1, says="empty caches")
    assert not [p for p in folder.iterdir() if p.name.startswith("bauta-")], "the empty caches' folder is left behind"


def main():
    if not DATA.is_dir():
        print("libonnx-testdata is not installed")
        return 77
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        model = Model(folder)
        check_results(model)
        two = check_inputs(model, folder)
        check_refused(model, folder, two)
        check_dump(model, folder, two)
        check_bench(model, folder)
    print(f"{len(CASES + WEIGHTED)} models as ONNX's test data has them; inputs, stages, figures, refusals")
    return 0


if __name__ == "__main__":
    sys.exit(main())
