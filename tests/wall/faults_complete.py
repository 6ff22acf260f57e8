#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The fault tests miss no call: every Vulkan function that src/gpu calls and that can fail, and every destroyer, is swapped."""
import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
# These return nothing, or only properties and addresses.
CANNOT_FAIL = re.compile(r"^vk(Cmd|Get.*(Properties2?|Requirements|Features2|ProcAddr|DeviceQueue)$|UpdateDescriptorSets$|ResetQueryPool$)")


def main():
    swapped = set(re.findall(r"--wrap=(\w+)", (SOURCE / "tests/support/faults.wrap").read_text()))
    written = set(re.findall(r"__wrap_(\w+)\(|^(?:MAKE|DROP|CALL)\((\w+)|^FILE_CALL\([^,]+, (\w+)",
                             (SOURCE / "tests/support/faults_calls.c").read_text(), re.M))
    written = {name for names in written for name in names if name} - {"name"}
    failures = [f"{name} is swapped and not written, or the other way round" for name in sorted(swapped ^ written)]
    archives = (BUILD / "archives.txt").read_text().split()
    called = set()
    for archive in archives:
        symbols = subprocess.run(["nm", "-u", archive], capture_output=True, text=True, check=False).stdout
        called |= set(re.findall(r"^ +U (\w+)$", symbols, re.M))
    vulkan = {name for name in called if name.startswith("vk")}
    assert len(vulkan) > 50, "the archives are not built"
    failures += [f"{name} can fail, and the fault tests do not swap it" for name in sorted(vulkan - swapped) if not CANNOT_FAIL.match(name)]
    for name in ("malloc", "calloc", "realloc", "strdup", "strndup", "reallocarray", "aligned_alloc", "posix_memalign", "asprintf", "vasprintf"):
        if name in called and name not in swapped:
            failures.append(f"{name} allocates, and the fault tests do not swap it")
    for failure in failures:
        print(failure)
    print(f"{len(vulkan)} Vulkan functions called, {len(swapped)} calls swapped, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
