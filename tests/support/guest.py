# SPDX-License-Identifier: MIT
"""The emulated Linux guest of tests/system/vm, for tests that need kernel modules."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
MODELS = os.environ["BAUTA_TEST_MODELS"]
VM = SOURCE / "tests/system/vm"
GUEST = BUILD / "vm"


def skip(why):
    print(f"skipped: {why}")
    sys.exit(77)


def make_guest(*tools):
    for tool in ("qemu-system-x86_64", "cpio", *tools):
        if not shutil.which(tool):
            skip(f"{tool} is not installed")
    done = subprocess.run(["bash", VM / "setup.sh", GUEST], capture_output=True, text=True, check=False)
    if done.returncode == 77:
        skip(done.stdout.strip())
    assert done.returncode == 0, done.stdout + done.stderr


def plain_build():
    """A build without sanitizers: with them, an emulated guest is too slow for a frame to come in time."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    if re.search(r"^BAUTA_SANITIZE:STRING=$", cache, re.M):
        return BUILD
    plain = BUILD / "vm-build"
    for command in (["cmake", "-S", SOURCE, "-B", plain, "-G", "Ninja", "-DBUILD_TESTING=ON", "-DCMAKE_BUILD_TYPE=Release",
                     "-DBAUTA_SANITIZE=", f"-DBAUTA_MODELS={MODELS}"],
                    ["cmake", "--build", plain, "--target", "bauta", "system_v4l2", "label_check"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
    return plain


def run_guest(out, seconds, script, **variables):
    """What the guest said; it must end well."""
    done = subprocess.run(["bash", VM / "run.sh", GUEST, out, str(seconds), script] + [f"{k}={v}" for k, v in variables.items()],
                          capture_output=True, text=True, check=False)
    console = (out / "console").read_text(errors="replace")
    said = "\n".join(line for line in console.splitlines() if "wrong timeout value" not in line)  # vivid, about its own sleeping
    assert done.returncode == 0, f"{done.stdout}{done.stderr}{said[-4000:]}"
    return said


def labelled(frames, width, height):
    """Digests of whole frames of YUYV bytes, each of which carries the label."""
    done = subprocess.run([BUILD / "label_check", "yuyv", str(width), str(height), BUILD / "generated/disclose-font.otf"],
                          input=frames, capture_output=True, check=False)
    assert done.returncode == 0, f"a frame without label:\n{done.stdout.decode()}{done.stderr.decode()}"
    assert len(frames) % (2 * width * height) == 0, "frames are cut"
    return [line.split()[1] for line in done.stdout.decode().splitlines()]
