# SPDX-License-Identifier: MIT
"""What a program opens, as strace sees it."""
import os
import re
import shutil

STRACE = shutil.which("strace")
CALLS = "open,openat,openat2,creat,rename,renameat,renameat2,link,linkat,socket,socketpair"


def under_strace(trace, command, run):
    """Runs it by run(words), with the calls written to the file `trace`; gives what run gave, and the calls, one a line."""
    got = run([STRACE, "-f", "-y", "-s", "400", "-o", str(trace), "-e", f"trace={CALLS}", *command])
    return got, trace.read_text(errors="replace").splitlines()


def written(lines):
    """Paths that were opened for writing, made, or given as a new name."""
    paths = set()
    for line in lines:
        call = re.match(r"\d+ +(\w+)\((.*)", line)
        if not call or " = -1 " in line:
            continue
        name, rest = call.groups()
        if name.startswith("open") and not re.search(r"O_WRONLY|O_RDWR|O_CREAT|O_TMPFILE|O_TRUNC|O_APPEND", rest):
            continue
        if not re.match(r"open|creat|rename|link", name):
            continue
        ends = re.findall(r'(?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"((?:[^"\\]|\\.)*)"', rest)
        folder, path = ends[-1]
        paths.add(os.path.normpath(os.path.join(folder or os.getcwd(), path)))
    return paths


def faults(lines, known):
    """Files written that no pattern of `known` names, and sockets that are not the machine's own."""
    found = [f"written: {path}" for path in sorted(written(lines)) if not any(re.fullmatch(k, path) for k in known)]
    sockets = {call.group(1) for line in lines if (call := re.search(r"\bsocket(?:pair)?\((\w+)", line))}
    return found + [f"a socket of {family}" for family in sorted(sockets - {"AF_UNIX", "AF_LOCAL"})]
