#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Our engine beside its peers: the same nets, on one thread, in one run, interleaved.

    peers.py [--ncnn BENCHNCNN [--ncnn-version TEXT]] [--bauta BAUTA] [--models FOLDER] [--extra FOLDER]
             [--runs N] [--rounds R] [--output FOLDER]

ours   bauta model bench, on the Vulkan device that is there
ncnn   its Vulkan path, by the benchncnn program whose path is given (nothing here builds it); without one its columns say so
ort    onnxruntime's CPU path, from its npm package at a pinned version, fetched and checked here

A round runs each net once in each peer, every one in a process of its own: other work on the machine then falls on all alike.
What counts is the CPU time of the whole process per inference, which other work disturbs least; wall time stands beside it.
ncnn computes in 32-bit floats like the others (--ncnn-fp16 lets it do as it would by itself, which is slower on a CPU driver).
benchncnn says no CPU time, so it is run twice, with 1 loop and with N more (up to 5 N in a small net), and the difference
taken: start-up, compilation and warming cancel out. Ratios are taken round by round. Writes peers.json and peers.md, the table,
to the output folder.

Needs node, npm, python3-numpy, python3-onnx.
"""
import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tarfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(HERE), str(ROOT / "packaging/models")]

ONNXRUNTIME = {
    "onnxruntime-node": {
        "version": "1.30.0",
        "sha512": "twhs1C2C/BFkz1yc5OY0KIU2GUq6DURO7hD4bx5Q2Qy3nAMJwRXW8xU3NVczE29VA9lolLOYepoD8fjTGOfIqw==",
    },
    "onnxruntime-common": {
        "version": "1.30.0",
        "sha512": "7fdVWjAID1dVhH/G8qK3APARunV4VkBFoCQAP7qp4Wkab0mrorvmc+sqiT+mKXOzDqdjN5j+/Z9nb4gzNPWcyA==",
    },
}
# Name in the table -> which option's folder it lies in, and its file; None: made here.
NETS = {
    "blazeface, full range": ("models", "face_detector.onnx"),
    "blazeface, short range": ("extra", "face_detector_short.onnx"),
    "mesh-478": ("models", "face_mesh.onnx"),
    "matte": ("models", "selfie_matte.onnx"),
    "mobilenet_v2": (None, "mobilenet_v2.onnx"),
}
LARGE_MMAC = 300
PEERS = ["ours", "ncnn", "ort"]
ONE_THREAD = {"LP_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}


class PeerError(Exception):
    """Says which program failed, and how."""


def spawn(command, more=()):
    """(stdout, stderr, CPU seconds of the process) of a program on one thread."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env={**os.environ, **ONE_THREAD, **dict(more)})
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    out, err = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if process.returncode != 0:
        raise PeerError(f"{' '.join(command)}: exit {process.returncode}\n{err.strip()[-800:]}")
    # One child at a time is waited for here, so all of the difference is its own.
    return out, err, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Ours:
    def __init__(self, program, cache):
        """With a cache of its own: choices that a user has measured (bauta model tune) are not the program's defaults."""
        self.program, self.device, self.cache = program, "", {"XDG_CACHE_HOME": str(cache.absolute())}

    def run(self, net, runs):
        out, _, _ = spawn([self.program, "model", "bench", net["model"], "--runs", str(runs), "--json"], self.cache)
        said = json.loads(out)
        self.device = said["device"]["driver"]
        return {"cpu_ms": said["cpu_ms"]["median"], "cpu_min_ms": said["cpu_ms"]["minimum"],
                "wall_ms": said["wall_ms"]["median"], "wall_min_ms": said["wall_ms"]["minimum"]}


class Onnxruntime:
    def __init__(self, folder):
        import fetch
        for name, package in ONNXRUNTIME.items():
            place = folder / "node_modules" / name
            if not (place / "package.json").exists():
                with tarfile.open(fetch.tarball(name, package, lambda line: print(line, file=sys.stderr))) as archive:
                    self._unpack(archive, place)
        self.package, self.version = folder / "node_modules/onnxruntime-node", ONNXRUNTIME["onnxruntime-node"]["version"]

    @staticmethod
    def _unpack(archive, place):
        """Without other systems' binaries, which are most of it. The member that says "whole" comes last."""
        members = [m for m in archive.getmembers() if m.isfile() and ("/bin/" not in m.name or "/linux/" in m.name)]
        for member in sorted(members, key=lambda m: m.name == "package/package.json"):
            path = (place / member.name.removeprefix("package/")).resolve()
            if not path.is_relative_to(place.resolve()):
                raise PeerError(f"{member.name}: leaves its folder")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(archive.extractfile(member).read())

    def run(self, net, runs):
        out, _, _ = spawn(["node", str(HERE / "peers_onnxruntime.js"), str(self.package), net["model"], str(runs)])
        said = json.loads(out)
        return {"cpu_ms": statistics.median(said["cpu_ms"]), "cpu_min_ms": min(said["cpu_ms"]),
                "wall_ms": statistics.median(said["wall_ms"]), "wall_min_ms": min(said["wall_ms"])}


class Ncnn:
    def __init__(self, program):
        self.program, self.warm = program, set()

    def _loops(self, net, loops):
        """benchncnn LOOPS THREADS POWERSAVE GPU COOLING: one thread, the first Vulkan device, no pause to cool."""
        _, err, cpu = spawn([self.program, str(loops), "1", "0", "0", "0", f"param={net['param']}", f"shape={net['shape']}"])
        found = re.search(r"min =\s*([\d.]+)\s+max =\s*[\d.]+\s+avg =\s*([\d.]+)", err)
        if not found:
            raise PeerError(f"{self.program}: no times in what it prints:\n{err.strip()[-800:]}")
        return cpu, float(found.group(1)), float(found.group(2))

    def run(self, net, runs):
        if net["param"] not in self.warm:
            self._loops(net, 1)  # fills the driver's shader cache, which would spoil the difference
            self.warm.add(net["param"])
        # Start-up takes a second or two and varies: a small net needs more loops to stand out from that.
        loops = runs * max(1, min(5, round(LARGE_MMAC / net["mmac"])))
        start, _, _ = self._loops(net, 1)
        cpu, wall_min, wall = self._loops(net, 1 + loops)
        cpu = (cpu - start) / loops * 1e3
        return {"cpu_ms": cpu, "cpu_min_ms": cpu, "wall_ms": wall, "wall_min_ms": wall_min}


def prepare(args):
    """Each net as a file for us and onnxruntime, and as ncnn's text."""
    import onnx

    import peers_mobilenet
    import peers_ncnn
    nets = {}
    for name, (group, file) in NETS.items():
        path = (getattr(args, group) if group else args.output) / file
        if not group:
            path.write_bytes(peers_mobilenet.make().SerializeToString(deterministic=True))
        if not path.exists():
            option = " --extra" if group == "extra" else ""
            raise PeerError(f"{path} is missing: packaging/models/build.py {path.parent}{option} makes it")
        model = onnx.load(path)
        text, left_out = peers_ncnn.convert(model, args.ncnn_fp16)
        param = args.output / path.with_suffix(".param").name
        param.write_text(text)
        _, c, h, w = [d.dim_value for d in model.graph.input[0].type.tensor_type.shape.dim]
        nets[name] = {"model": str(path), "param": str(param), "shape": f"[{w},{h},{c}]",
                      "mmac": peers_ncnn.macs(model) * 1e-6, "left_out": left_out}
    return nets


def first_line(command):
    try:
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip().splitlines()[0]
    except (OSError, IndexError):
        return ""


def machine(args):
    cpu = re.search(r"model name\s*:\s*(.*)", Path("/proc/cpuinfo").read_text())
    return {"cpu": cpu.group(1) if cpu else "unknown", "cores": os.cpu_count(), "kernel": os.uname().release,
            "node": first_line(["node", "--version"]),
            "commit": "a given program" if args.bauta else first_line(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"])}


def measure(nets, peers, runs, rounds):
    """net -> peer -> one result a round; and the load average at each round's start."""
    results = {net: {peer: [] for peer in peers} for net in nets}
    loads = []
    for r in range(rounds):
        loads.append(os.getloadavg()[0])
        for name, net in nets.items():
            for peer, runner in peers.items():
                result = runner.run(net, runs)
                results[name][peer].append(result)
                print(f"round {r + 1}/{rounds}  {name:22} {peer:5} cpu {result['cpu_ms']:8.2f} ms  "
                      f"wall {result['wall_ms']:8.2f} ms", file=sys.stderr)
    return results, loads


def over_rounds(rounds, key, least):
    values = [r[key] for r in rounds]
    return min(values) if least else statistics.median(values)


def summary(results):
    table = {}
    for net, peers in results.items():
        row = table[net] = {}
        for peer, rounds in peers.items():
            row[peer] = {key: over_rounds(rounds, key, "min" in key) for key in rounds[0]}
        for ratio, above, below in (("ours/ort", "ours", "ort"), ("ncnn/ours", "ncnn", "ours")):
            if above in peers and below in peers:
                values = [a["cpu_ms"] / b["cpu_ms"] for a, b in zip(peers[above], peers[below])]
                row[ratio] = {"median": statistics.median(values), "least": min(values), "most": max(values)}
    return table


def cell(row, name, form):
    return form.format(**row[name]) if name in row else "not given"


def markdown(said):
    m, versions, nets = said["machine"], said["versions"], said["nets"]
    times, ratio = "{cpu_ms:.1f} ({cpu_min_ms:.1f}) / {wall_min_ms:.1f}", "**{median:.1f}** ({least:.1f} to {most:.1f})"
    lines = [
        f"{said['date']}: {m['cpu']}, {m['cores']} cores, Linux {m['kernel']}, load {min(said['load']):.1f} to "
        f"{max(said['load']):.1f}; Vulkan on {said['device']}; bauta: {m['commit']}; ncnn {versions['ncnn']}; "
        f"onnxruntime {versions['ort']} under node {m['node']}. One thread each, {said['rounds']} "
        f"rounds of {said['runs']} inferences. Milliseconds an inference: CPU time, median (least) / least wall time.", "",
        "| net | MMAC | ours | ncnn, Vulkan | onnxruntime, CPU | ours : onnxruntime | ncnn : ours |",
        "|---|---|---|---|---|---|---|",
    ]
    for net, row in said["table"].items():
        cells = [cell(row, peer, times) for peer in PEERS] + [cell(row, name, ratio) for name in ("ours/ort", "ncnn/ours")]
        lines.append(f"| {net} | {nets[net]['mmac']:.0f} | {' | '.join(cells)} |")
    left_out = [f"{name}: {', '.join(f'{n} {op}' for op, n in net['left_out'].items())}" for name, net in nets.items()
                if net["left_out"]]
    if "ncnn" in said["table"][next(iter(nets))]:
        lines += ["", f"Left out of ncnn's nets, to its advantage: {'; '.join(left_out)}."]
    return "\n".join(lines) + "\n"


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ncnn", help="the benchncnn program")
    parser.add_argument("--ncnn-version", default="of unknown version", help="what the table calls it: benchncnn does not say")
    parser.add_argument("--ncnn-fp16", action="store_true", help="let ncnn keep maps and weights in 16-bit floats")
    parser.add_argument("--bauta", help="the bauta program; without it build/bauta, brought up to date first")
    parser.add_argument("--models", type=Path, default=ROOT / "build/models", help="the folder of the face nets")
    parser.add_argument("--extra", type=Path, default=ROOT / "build/extra-models", help="the folder of build.py --extra")
    parser.add_argument("--runs", type=int, default=20, help="inferences a round")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--output", type=Path, default=ROOT / "build/bench", help="where the table goes, and what is fetched")
    return parser.parse_args()


def main():
    args = arguments()
    if not args.bauta:
        subprocess.run(["cmake", "--build", str(ROOT / "build"), "--target", "bauta"], check=True, stdout=sys.stderr)
    args.output.mkdir(parents=True, exist_ok=True)
    peers = {"ours": Ours(args.bauta or str(ROOT / "build/bauta"), args.output / "cache")}
    if args.ncnn:
        peers["ncnn"] = Ncnn(args.ncnn)
    peers["ort"] = Onnxruntime(args.output / "onnxruntime")
    nets = prepare(args)
    results, loads = measure(nets, peers, args.runs, args.rounds)
    ncnn = f"{args.ncnn_version}, {'16-bit' if args.ncnn_fp16 else '32-bit'} floats" if args.ncnn else "not given"
    said = {"date": time.strftime("%Y-%m-%d"), "machine": machine(args), "load": loads, "runs": args.runs,
            "rounds": args.rounds, "device": peers["ours"].device, "versions": {"ncnn": ncnn, "ort": peers["ort"].version},
            "nets": nets, "table": summary(results), "rounds_raw": results}
    (args.output / "peers.json").write_text(json.dumps(said, indent=1) + "\n")
    (args.output / "peers.md").write_text(markdown(said))
    print(markdown(said), end="")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (PeerError, subprocess.CalledProcessError) as error:
        sys.exit(f"peers: {error}")
