#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""The man page against what the program says of itself: every command, option and exit code, both ways."""
import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BAUTA = Path(os.environ["BAUTA_TEST_BUILD"]) / "bauta"


def help_of(*words):
    return subprocess.run([BAUTA, *words, "--help"], capture_output=True, text=True, check=True).stdout


def main():
    page = (SOURCE / "packaging/man/bauta.1").read_text()
    plain = page.replace("\\-", "-")
    whole = help_of()
    commands = re.findall(r"^  ([a-z]+) +\S", whole.split("commands:")[1].split("exit codes:")[0], re.M)
    assert len(commands) >= 4, whole
    failures = []
    options = {"version"}
    for command in commands:
        text = help_of(command)
        options |= set(re.findall(r"^  --([a-z-]+)", text, re.M))
        if not re.search(rf"^\.TP\n\.B {command}$", plain, re.M):
            failures.append(f"the man page does not tell of the command {command}")
    documented = set(re.findall(r"^\.BI? --([a-z-]+)", plain.split(".SH OPTIONS")[1].split(".SH EXIT")[0], re.M))
    failures += [f"--{o} is not in the man page" for o in sorted(options - documented)]
    failures += [f"--{o} is in the man page, and the program does not know it" for o in sorted(documented - options)]
    said = re.findall(r"^  (\d)  ", whole, re.M)
    written = re.findall(r"^\.TP\n\.B (\d)$", plain.split(".SH EXIT STATUS")[1].split(".SH FILES")[0], re.M)
    if said != written:
        failures.append(f"exit codes: the program says {said}, the man page {written}")
    version = subprocess.run([BAUTA, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    if version not in page:
        failures.append(f"the man page is not of {version}")
    for failure in failures:
        print(failure)
    print(f"{len(commands)} commands, {len(options)} options, {len(said)} exit codes, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
