#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Every header compiles alone and twice over, as C17; public ones as C++ too. Only src/gpu includes vulkan.h, and so on."""
import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
CC = os.environ.get("CC", "cc")
# Which folder alone may include a library's header.
OWNERS = {
    r"vulkan/": ["src/gpu/", "tests/"],
    r"sodium": ["src/trust/vault/", "tests/"],
    r"linux/videodev2": ["src/pipeline/node/", "src/pipeline/capture/", "src/pipeline/output/", "tests/"],
    r"sys/(socket|un)": ["src/control/", "tests/unit/control_server"],
    r"(ft2build|hb)": ["src/pipeline/disclose/", "tests/"],
    r"(turbojpeg|jpeglib)": ["src/pipeline/capture/", "src/footage/", "tests/"],
}


def compiles(header, language):
    text = f'#include "{header}"\n#include "{header}"\nextern int bt_nothing;\n'
    flags = ["-std=c17"] if language == "c" else ["-std=c++17"]
    done = subprocess.run([CC, "-x", language, *flags, "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only",
                           f"-I{SOURCE}/src", f"-I{SOURCE}/include", f"-I{SOURCE}/shaders", f"-I{BUILD}/generated", f"-I{BUILD}/src/engine/onnx/proto", "-"],
                          input=text, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stderr


def main():
    failures = []
    public = sorted((SOURCE / "include").rglob("*.h"))
    shader = [h for h in sorted((SOURCE / "shaders").rglob("*.h"))]
    for header in sorted((SOURCE / "src").rglob("*.h")) + public + shader:
        good, said = compiles(header, "c")
        if not good:
            failures.append(f"{header}: does not compile alone\n{said[:600]}")
    cxx = subprocess.run([CC, "-x", "c++", "-fsyntax-only", "-"], input="", capture_output=True, text=True, check=False).returncode == 0
    for header in public if cxx else []:
        good, said = compiles(header, "c++")
        if not good:
            failures.append(f"{header}: not as C++\n{said[:600]}")
    files = [f for d in ("src", "tests", "include") for f in sorted((SOURCE / d).rglob("*.[ch]"))]
    for file in files:
        text = file.read_text()
        name = str(file.relative_to(SOURCE))
        if "SPDX-License-Identifier" not in text.splitlines()[0]:
            failures.append(f"{name}: the first line is no SPDX line")
        for library, owners in OWNERS.items():
            if re.search(rf'#include [<"]{library}', text) and not name.startswith(tuple(owners)):
                failures.append(f"{name}: includes {library}, which belongs to {' '.join(owners) or 'nobody'}")
        if len(text.splitlines()) > 1000:
            failures.append(f"{name}: {len(text.splitlines())} lines; split it")
    assert not compiles(SOURCE / "tests/wall/no_such_header.h", "c")[0]
    for failure in failures:
        print(failure)
    print(f"{len(files)} files, {len(failures)} failures; C++ {'tried' if cxx else 'not tried: no C++ compiler'}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
