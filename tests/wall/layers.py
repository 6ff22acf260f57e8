#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Arrows run down only: every archive's symbols against src/layers.txt, and that file against the folders."""
import fnmatch
import os
import re
import subprocess
import sys
from pathlib import Path

SOURCE = Path(os.environ["BAUTA_TEST_SOURCE"])
BUILD = Path(os.environ["BAUTA_TEST_BUILD"])
SANITIZER = re.compile(r"^(__odr_asan|__asan|__ubsan|__tsan|__lsan|__sanitizer|__start_|__stop_|_GLOBAL_OFFSET)")


def read_rules(text):
    groups, drawers = {}, {}
    for line in text.splitlines():
        line = line.split("#")[0].strip()
        if not line:
            continue
        kind, name, *rest = line.split()
        if kind == "group":
            groups[name] = rest
        else:
            own, _, allowed = " ".join(rest).partition(":")
            arrows, _, used = allowed.partition(";")
            drawers[name] = (own.split(), arrows.split(), used.split())
    return groups, drawers


def symbols(archive):
    """Defined and undefined global symbols, the archive's own references resolved."""
    defined, undefined = set(), set()
    for line in subprocess.run(["nm", "-g", str(archive)], capture_output=True, text=True, check=True).stdout.splitlines():
        match = re.match(r"^(?:[0-9a-f]+)?\s+([A-Za-z])\s+(\S+)$", line)
        if match and not SANITIZER.match(match[2]):
            (undefined if match[1] == "U" else defined).add(match[2].split("@")[0])
    return defined, undefined - defined


def violations(groups, drawers, tables):
    owner = {symbol: name for name, (defined, _) in tables.items() for symbol in defined}
    for name, (defined, undefined) in sorted(tables.items()):
        if name not in drawers:
            yield f"{name}: not in layers.txt"
            continue
        prefixes, arrows, used = drawers[name]
        for symbol in sorted(defined):
            if not symbol.startswith(tuple(prefixes)):
                yield f"{name} defines {symbol}, which begins with none of: {' '.join(prefixes)}"
        for symbol in sorted(undefined):
            target = owner.get(symbol)
            if target and target not in arrows:
                yield f"{name} -> {target} ({symbol}): no such arrow"
            for group, patterns in groups.items():
                if not target and group not in used and any(fnmatch.fnmatchcase(symbol, p) for p in patterns):
                    yield f"{name} uses {symbol}: {group} are not for it"


def cycles(drawers):
    """The arrows themselves may not run in a circle."""
    done, path = set(), []

    def visit(name):
        if name in path:
            yield "a circle: " + " -> ".join(path[path.index(name):] + [name])
            return
        if name in done:
            return
        path.append(name)
        for below in drawers.get(name, ((), (), ()))[1]:
            yield from visit(below)
        path.pop()
        done.add(name)

    for name in drawers:
        yield from visit(name)


def main():
    groups, drawers = read_rules((SOURCE / "src/layers.txt").read_text())
    archives = [Path(line) for line in (BUILD / "archives.txt").read_text().split()]
    tables = {a.name.removeprefix("libbt_").removesuffix(".a"): symbols(a) for a in archives}
    found = list(violations(groups, drawers, tables)) + list(cycles({n: d for n, d in drawers.items() if n not in ("graph", "ref")}))
    # The test can fail: an archive that writes files and calls upwards is caught.
    bad = dict(tables, track=(tables["track"][0], tables["track"][1] | {"write", "bt_output_send", "socket"}))
    caught = [v for v in violations(groups, drawers, bad) if v.startswith("track")]
    assert len(caught) >= 3, caught
    for violation in found:
        print(violation)
    print(f"{len(tables)} archives, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
