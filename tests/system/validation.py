#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The demo under Khronos validation and synchronisation validation: not one message.

A layer that is not loaded says nothing either. So first it has to find two faults made on purpose (system/misuse.c), one of
them a missing barrier, and to stay silent about the same work done well.

BAUTA_VALIDATION_FRAMES: how many frames of the demo; 0 is all of it.
"""
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
LAYER = "VK_LAYER_KHRONOS_validation"
# Whatever says one of these is a message: bauta's own line for it, and the layer's forms when nobody listens.
SIGNS = ("vulkan validation", "VUID-", "SYNC-HAZARD", "UNASSIGNED-", "Validation Error", "Validation Warning")


def environment():
    env = dict(os.environ)
    env["VK_INSTANCE_LAYERS"] = LAYER
    # Layers before 1.3.250 take the first, later ones the second form of asking for synchronisation validation.
    env["VK_LAYER_ENABLES"] = "VK_VALIDATION_FEATURE_ENABLE_SYNCHRONIZATION_VALIDATION_EXT"
    env["VK_KHRONOS_VALIDATION_VALIDATE_SYNC"] = "true"
    # The layer's memory at exit is not looked at here, every other test looks at ours; the quarantine: packaging/cmake/bauta.cmake.
    env["ASAN_OPTIONS"] = env.get("ASAN_OPTIONS", "") + ":detect_leaks=0:quarantine_size_mb=1:thread_local_quarantine_size_kb=64"
    return env


def installed():
    folders = os.environ.get("VK_LAYER_PATH", "").split(":") if os.environ.get("VK_LAYER_PATH") else []
    for root in ("/usr/share", "/usr/local/share", "/etc", "/usr/local/etc", os.path.expanduser("~/.local/share")):
        folders.append(f"{root}/vulkan/explicit_layer.d")
    for manifest in (m for folder in folders for m in Path(folder).glob("*.json")):
        try:
            if LAYER in manifest.read_text(encoding="utf-8"):
                return True
        except (OSError, UnicodeDecodeError):
            continue
    return False


def run(command, asan=""):
    """Gives what was said about Vulkan, and all that was said."""
    env = environment()
    env["ASAN_OPTIONS"] += asan
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env, check=False)
    said = done.stdout.decode(errors="replace")
    if done.returncode:
        sys.exit(f"{said}\n{' '.join(map(str, command))} failed with {done.returncode}")
    return [line for line in said.splitlines() if any(sign in line for sign in SIGNS)], said


def main():
    if not installed():
        print(f"skipped: {LAYER} is not installed (Debian: vulkan-validationlayers)")
        return 77
    misuse = BUILD / "system_misuse"
    for what, sign in (("ordered", None), ("hazard", "SYNC-HAZARD-WRITE"), ("overlap", "VUID-vkCmdCopyBuffer")):
        # A copy onto itself is one in the CPU driver too, which ASan would end before the layer is asked.
        messages, said = run([misuse, what], ":replace_intrin=0")
        if sign and not any(sign in m for m in messages):
            sys.exit(f"the layer says nothing of {sign} in misuse {what}: it is not there, or deaf\n{said}")
        if not sign and messages:
            sys.exit("well-ordered work makes the layer speak:\n" + "\n".join(messages))
    frames = int(os.environ.get("BAUTA_VALIDATION_FRAMES", "60"))
    with tempfile.TemporaryDirectory() as folder:
        command = [BUILD / "bauta", "demo", "--models", os.environ["BAUTA_TEST_MODELS"], "--output", folder]
        messages, _ = run(command + (["--frames", str(frames)] if frames else []))
        figures = json.loads((Path(folder) / "demo.json").read_text())
    if messages:
        sys.exit(f"{len(messages)} validation messages, the first of them:\n" + "\n".join(messages[:10]))
    if not figures["swapped"]:
        sys.exit("no frame was masked: nothing was validated")
    print(f"{figures['frames']} frames, {figures['swapped']} masked, no validation message; the layer found both faults made for it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
