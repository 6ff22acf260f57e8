#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Completions and man pages say what the program says: made anew from its help they are those that would be installed, every shell
that is here offers exactly the commands and options, and man takes every page without a word."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
BAUTA = BUILD / "bauta"
MAKER = SOURCE / "packaging/words/words.py"
MADE = BUILD / "generated/words"

BASH = """source {file}; COMP_WORDS=(bauta {words} ''); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); compopt() {{ :; }}
_bauta; printf '%s\\n' "${{COMPREPLY[@]}}" """
FISH = "source {file}; complete -C 'bauta {words} {start}'"


def said_by(*words):
    return subprocess.run([BAUTA, *words, "--help"], capture_output=True, text=True, check=True).stdout


def offered(shell, script):
    done = subprocess.run([*shell, "-c", script], capture_output=True, text=True, check=False)
    return {line.split("\t")[0] for line in done.stdout.split("\n") if line}, done.stderr


def main():
    failures, tried = [], ["bash"]
    listed = said_by().split("commands:\n")[1].split("\n\n")[0]
    commands = {name: {"--" + o for o in re.findall(r"^  --([a-z0-9-]+)", said_by(name).split("options:\n")[1], re.M)}
                for name in re.findall(r"^  ([a-z-]+) +\S", listed, re.M)}
    assert len(commands) >= 10 and all("--help" in options for options in commands.values()), commands
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        made = subprocess.run([sys.executable, "-B", MAKER, BAUTA, SOURCE / "packaging/man/bauta.1", fresh], capture_output=True, text=True, check=False)
        if made.returncode:
            print(made.stderr)
            return 1
        names = sorted(str(p.relative_to(fresh)) for p in fresh.rglob("*") if p.is_file())
        wanted = sorted(["bash/bauta", "zsh/_bauta", "fish/bauta.fish", *(f"man/bauta-{c}.1" for c in commands)])
        if names != wanted:
            failures.append(f"made: {names}, wanted: {wanted}")
        for name in names:
            if not (MADE / name).exists() or (MADE / name).read_bytes() != (fresh / name).read_bytes():
                failures.append(f"{MADE / name} is stale: ninja words makes it anew")
        for page in [*fresh.glob("man/*.1"), SOURCE / "packaging/man/bauta.1"]:
            said = subprocess.run(["man", "--warnings", "-l", "-Tutf8", "-Z", page], capture_output=True, text=True, check=False,
                                  env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100"}) if shutil.which("man") else None
            if said and (said.returncode or said.stderr):
                failures.append(f"{page.name}: man says: {said.stderr[:300]}")
            for option in commands.get(page.stem.removeprefix("bauta-"), set()):
                if not re.search(rf"^\.BI? {re.escape(option)}\b", page.read_text().replace("\\-", "-"), re.M):
                    failures.append(f"{page.name} does not tell of {option}")
        shells = [(["bash", "--norc"], lambda words, start: BASH.format(file=fresh / "bash/bauta", words=words))]
        if shutil.which("fish"):
            shells.append((["fish", "--no-config"], lambda words, start: FISH.format(file=fresh / "fish/bauta.fish", words=words, start=start)))
        for shell, script in shells:
            got, said = offered(shell, script("", ""))
            got -= {"--help", "--version"}
            if got != set(commands):
                failures.append(f"{shell[0]} offers the commands {sorted(got)}, the program has {sorted(commands)} {said}")
            for command, options in commands.items():
                got, said = offered(shell, script(command, "--"))
                got = {o for o in got if o.startswith("--")}
                if got != options:
                    failures.append(f"{shell[0]} offers {sorted(got)} after {command}, the program takes {sorted(options)} {said}")
        if shutil.which("zsh"):
            said = subprocess.run(["zsh", "-n", fresh / "zsh/_bauta"], capture_output=True, text=True, check=False)
            if said.returncode:
                failures.append(f"zsh: {said.stderr}")
        zsh = (fresh / "zsh/_bauta").read_text()
        for command, options in commands.items():
            case = zsh.split(f"    {command})\n")[1].split(";;")[0]
            if {"--" + o for o in re.findall(r"'--([a-z0-9-]+)\[", case)} != options:
                failures.append(f"zsh offers other options after {command} than the program takes")
        tried += [s for s in ("fish", "zsh", "man") if shutil.which(s)]
    for failure in failures:
        print(failure)
    print(f"{len(commands)} commands, tried with {', '.join(tried)}: {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
