#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""bauta doctor on this very machine, and with faults that can be made on it without root: no driver, networks that are missing or
changed, a log from the future, a vault that is open to others, little memory to lock. It opens no video node and writes nothing.
(Faults of other machines are made of files in tests/unit/doctor.c.)
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
MODELS = Path(os.environ["BAUTA_TEST_MODELS"])
ROOT = Path(tempfile.mkdtemp(prefix="bauta-doctor-"))
ENV = {"PATH": os.environ["PATH"], "HOME": str(ROOT), "LC_ALL": "C.UTF-8", "XDG_RUNTIME_DIR": str(ROOT), "ASAN_OPTIONS": "detect_leaks=0"}
NETS = ["face_detector.onnx", "face_mesh.onnx", "selfie_matte.onnx", "face_geometry.bin"]


def run(*words, env=None, before=()):
    return subprocess.run([*before, BAUTA, "doctor", *words], capture_output=True, text=True, env=dict(ENV, **(env or {})), check=False, timeout=120)


def findings(*words, models=MODELS, **more):
    done = run("--json", "--models", str(models), *words, **more)
    report = json.loads(done.stdout)
    assert done.returncode == (1 if report["faults"] else 0), (done.returncode, report)
    assert report["healthy"] == (not report["faults"])
    for level, key in (("fault", "faults"), ("warning", "warnings")):
        assert report[key] == sum(f["level"] == level for f in report["findings"])
    for f in report["findings"]:
        assert (f["level"] == "ok") == (f["fix"] is None) and f["what"], f
    return {f["id"]: f for f in report["findings"]}


def main():
    usual = findings()
    text = run("--models", str(MODELS)).stdout
    for f in usual.values():
        assert f["what"] in text and (f["fix"] is None or f["fix"] in text), f
    assert "models" in usual and "clock" in usual and "control" in usual and "vault-none" in usual, list(usual)
    gone = {"VK_DRIVER_FILES": "/proc/nowhere", "VK_ICD_FILENAMES": "/proc/nowhere"}
    assert findings(env=gone)["gpu-none"]["level"] == "fault"

    nets = ROOT / "nets"
    nets.mkdir()
    assert "all of them" in findings(models=nets)["models-missing"]["detail"]
    for name in NETS:
        shutil.copy(MODELS / name, nets)
    assert "is not there" in findings(models=nets)["models-unsigned"]["detail"]
    for name in ("models.json", "models.sig"):
        shutil.copy(MODELS / name, nets)
    assert findings(models=nets)["models"]["level"] == "ok"
    net = bytearray((nets / NETS[2]).read_bytes())
    net[len(net) // 2] ^= 1
    (nets / NETS[2]).write_bytes(net)
    assert findings(models=nets)["models-changed"]["detail"] == NETS[2]
    (nets / NETS[0]).unlink()
    assert findings(models=nets)["models-missing"]["detail"] == NETS[0]

    log = ROOT / ".local/state/bauta/sessions.log"
    log.parent.mkdir(parents=True)
    log.write_text('{"n":1,"time":"2999-01-01T00:00:00Z","event":"session.ended"}\n')
    assert findings()["clock-behind"]["level"] == "fault"
    log.unlink()
    vault = ROOT / ".local/share/bauta/vault"
    vault.mkdir(parents=True)
    vault.chmod(0o755)
    assert "0755" in findings()["vault-open"]["detail"]
    vault.chmod(0o700)
    assert "vault" in findings()
    assert "control-none" in findings(env={"XDG_RUNTIME_DIR": ""})
    tried = "as root: permissions too"
    if os.geteuid() == 0 and shutil.which("setpriv") and shutil.which("prlimit"):
        nobody = ("prlimit", "--memlock=65536", "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")
        ROOT.chmod(0o755)
        if subprocess.run([*nobody, "test", "-x", BAUTA, "-a", "-r", str(MODELS / NETS[0])], check=False).returncode == 0:
            found = findings(before=nobody)
            assert "64 KiB" in found["memory-lock-low"]["detail"] and "control-none" in found, list(found)
            nodes = [n for n in Path("/dev").glob("video*") if not os.stat(n).st_mode & 0o006]
            assert bool(nodes) == any(i.endswith("-denied") for i in found if i.startswith(("camera", "virtual"))), (nodes, list(found))
    else:
        tried = "not as root: memory-lock-low not tried"
    if shutil.which("strace"):
        trace = ROOT / "trace"
        run("--models", str(MODELS), before=("strace", "-f", "-o", str(trace), "-e", "trace=open,openat,socket,execve"))
        lines = trace.read_text()
        assert not re.search(r'"/dev/video', lines)
        assert not re.search(r'openat?\([^)]*"(?!/dev|/proc|/sys)[^"]*"[^)]*O_(WRONLY|RDWR|CREAT)', lines.replace(str(ROOT / ".cache"), "/dev"))
    assert run("--models").returncode == 2 and run("now").returncode == 2
    print(f"here: {', '.join(usual)}; {tried}")
    return 0


try:
    sys.exit(main())
finally:
    shutil.rmtree(ROOT, ignore_errors=True)
