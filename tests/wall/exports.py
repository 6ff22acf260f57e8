#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""libbauta.so.1 lets out exactly what bauta.map promises and the headers declare, and nothing in the headers hands out a picture.
The example compiles against them as C and as C++."""
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
CC = os.environ.get("CC", "cc")
RELEASED = {  # never shrinks as long as the library is libbauta.so.1
    "bauta_grant_destroy", "bauta_grant_obtain", "bauta_session_destroy", "bauta_session_open", "bauta_session_start", "bauta_session_status",
    "bauta_session_stop", "bauta_session_wait", "bauta_status_text", "bauta_version",
}


def main():
    failures = []
    library = BUILD / "libbauta.so"
    nm = subprocess.run(["nm", "-D", "--defined-only", library], capture_output=True, text=True, check=True).stdout
    names = {}
    for line in nm.splitlines():
        name, _, version = line.split()[2].partition("@")
        if not name.startswith(("__asan", "__odr_asan", "__ubsan", "__tsan")) and name != version.strip("@") and not name.startswith("BAUTA_"):
            names[name] = version.strip("@")
    text = re.sub(r"/\*.*?\*/", "", (SOURCE / "src/api/bauta.map").read_text(), flags=re.S)
    promised = {name: node for node, body in re.findall(r"(BAUTA_[\d.]+) \{(.*?)\}", text, re.S) for name in re.findall(r"(bauta_\w+);", body)}
    if names != promised:
        failures.append(f"the library exports {names}, bauta.map promises {promised}")
    headers = "\n".join(re.sub(r"/\*.*?\*/", "", h.read_text(), flags=re.S) for h in sorted((SOURCE / "include/bauta").glob("*.h")))
    declared = set(re.findall(r"^[a-z][\w \*]*?\b(bauta_\w+)\(", headers, re.M))
    if declared != set(promised):
        failures.append(f"declared and not promised: {sorted(declared - set(promised))}; the other way: {sorted(set(promised) - declared)}")
    if RELEASED - set(promised):
        failures.append(f"released names are gone: {sorted(RELEASED - set(promised))}")
    pointers = set(re.findall(r"(?:uint8_t|unsigned char|void|float) \*\w*", headers))
    if pointers - {"void *user"}:
        failures.append(f"a header hands out memory: {sorted(pointers - {'void *user'})}")
    soname = re.search(r"SONAME.*\[(.*)\]", subprocess.run(["readelf", "-d", library], capture_output=True, text=True, check=True).stdout)[1]
    if soname != "libbauta.so.1":
        failures.append(f"the library calls itself {soname}")
    example = SOURCE / "packaging/example/footage.c"
    languages = ["c", "c++"] if shutil.which("c++") else ["c"]
    for language in languages:
        flags = ["-std=c99"] if language == "c" else ["-std=c++11", "-Wno-missing-field-initializers"]
        done = subprocess.run([CC, "-x", language, *flags, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", f"-I{SOURCE}/include", example],
                              capture_output=True, text=True, check=False)
        if done.returncode:
            failures.append(f"the example does not compile as {language}:\n{done.stderr[:800]}")
    for failure in failures:
        print(failure)
    print(f"{len(names)} exported names, example as {' and '.join(languages)}: {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
