#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Masks from outside: the same seed gives the same bytes, and no file that its seed does not grow is worn."""
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

BAUTA = str(Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta")
MODELS = os.environ["BAUTA_TEST_MODELS"]


def faces(home, *words):
    env = {"PATH": os.environ["PATH"], "HOME": str(home)}
    models = ["--models", MODELS] if words and words[0] in ("new", "show") else []
    return subprocess.run([BAUTA, "faces", *words, *models], capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, check=False)


def main():
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        listed = json.loads(faces(one, "--json").stdout)
        assert len([f for f in listed if f["shipped"]]) >= 8, listed
        assert len({f["description"] for f in listed}) == len(listed)

        kept = [Path(home) / ".local/share/bauta/faces/seven.mask" for home in (one, other)]
        for home in (one, other):
            done = faces(home, "new", "--seed", "7", "--name", "seven")
            assert done.returncode == 0, done.stderr
        assert kept[0].read_bytes() == kept[1].read_bytes(), "the same seed must give the same bytes"
        assert faces(one, "new", "--seed", "8", "--name", "eight").returncode == 0
        assert kept[0].with_name("eight.mask").read_bytes() != kept[0].read_bytes()
        assert {"seven", "eight"} <= {f["name"] for f in json.loads(faces(one, "--json").stdout)}

        picture = Path(one) / "seven.png"
        assert faces(one, "show", "seven", "--output", str(picture)).returncode == 0
        assert picture.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"

        # Another face under the same name, with a checksum that fits: only the seed tells.
        forged = bytearray(kept[0].read_bytes())
        forged[len(forged) // 2] ^= 1
        forged[-4:] = struct.pack("<I", zlib.crc32(bytes(forged[:-4])))
        kept[0].write_bytes(forged)
        done = faces(one, "show", "seven")
        assert done.returncode == 3 and "seed" in done.stderr, (done.returncode, done.stderr)
        kept[0].write_bytes(forged[: len(forged) // 3])
        assert faces(one, "show", "seven").returncode == 1

        for words, code in ((("new",), 2), (("new", "--seed", "-1"), 2), (("new", "--seed", "x"), 2), (("new", "--seed", "1", "--name", "A b"), 2),
                            (("new", "--seed", "1", "--name", "colombina"), 2), (("show",), 2), (("show", "nobody"), 4),
                            (("show", "../../etc/passwd"), 4)):
            done = faces(one, *words)
            assert done.returncode == code and done.stderr, (words, done.returncode, done.stderr)
    print(f"{len(listed)} masks shipped; same seed, same bytes; forged and torn files refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())
