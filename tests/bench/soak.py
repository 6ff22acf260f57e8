#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""A long session, by a file's frames into digests (nothing leaves the machine, so nobody is asked): is memory flat, is the order
kept, is every placard one that the same frame of the clip always gets?

    soak.py PROGRAM MODELS WORK [--frames 100000] [--size 320x240] [--minutes M]

PROGRAM is build/bauta, or one built with sanitizers. The demo's clip is made once and repeated without being encoded again. --minutes
stops it by Ctrl-C after so long: what had left by then is judged. Prints a line a minute; exit status 1 when something does not hold."""
import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))
from terminal import at_terminal  # noqa: E402

LOOP = 500  # frames of the demo's clip
FLAT = 1.02  # the last quarter's resident memory by the second's


def clip_of(program, models, work, size, frames):
    once = work / f"once-{size}"
    if not (once / "demo.mkv").exists():
        subprocess.run([program, "demo", "--models", models, "--size", size, "--output", once], check=True, capture_output=True)
    long = work / f"long-{size}-{frames}.mkv"
    if not long.exists():
        subprocess.run(["ffmpeg", "-v", "error", "-stream_loop", str(frames // LOOP - 1), "-i", once / "demo.mkv", "-c", "copy", long],
                       check=True)
    return long


def watch(done, memory, state):
    """Resident memory, twice a second."""
    began = told = time.monotonic()
    while not done.wait(0.5):
        try:
            pages = int(Path(f"/proc/{state['pid']}/statm").read_text().split()[1])
        except (OSError, KeyError, IndexError):
            continue
        memory.append(pages * os.sysconf("SC_PAGE_SIZE"))
        if time.monotonic() - told >= 60:
            told = time.monotonic()
            print(f"{(told - began) / 60:4.0f} min, {memory[-1] / 2**20:.1f} MiB", flush=True)


def judge(work, memory, wanted):
    lines = [line.split() for line in (work / "hash").read_text().splitlines()]
    faults = []
    if [int(line[0]) for line in lines] != list(range(len(lines))):
        faults.append("frames are missing or out of order")
    if wanted and len(lines) != wanted:
        faults.append(f"{len(lines)} frames left of {wanted}")
    kinds = [line[1] for line in lines]
    settled = kinds[LOOP:2 * LOOP]  # the first turn begins with a face that has not been seen before
    # Ctrl-C ends consent: what leaves after it is one card, the last frame.
    judged = len(kinds) if wanted or kinds[-1] != "placard" else len(kinds) - 1
    odd = [n for n in range(2 * LOOP, judged) if kinds[n] != settled[n % LOOP]]
    if odd:
        faults.append(f"{len(odd)} frames are a placard in some turns only, first {odd[:5]}")
    quarter = len(memory) // 4
    early, late = statistics.median(memory[quarter:2 * quarter]), statistics.median(memory[-quarter:])
    if late > FLAT * early:
        faults.append("memory grows")
    print(json.dumps({"frames": len(lines), "masked": kinds.count("frame"), "placards": kinds.count("placard"),
                      "resident_MiB": {"second_quarter": round(early / 2**20, 2), "last_quarter": round(late / 2**20, 2)},
                      "faults": faults}))
    return faults


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("program")
    p.add_argument("models")
    p.add_argument("work", type=Path)
    p.add_argument("--frames", type=int, default=100000)
    p.add_argument("--size", default="320x240")
    p.add_argument("--minutes", type=float)
    args = p.parse_args()
    args.work.mkdir(parents=True, exist_ok=True)
    clip = clip_of(args.program, args.models, args.work, args.size, args.frames // LOOP * LOOP)
    state, memory, done = {}, [], threading.Event()

    def told(process):
        state["pid"] = process.pid
        if args.minutes:
            threading.Timer(60 * args.minutes, process.send_signal, [signal.SIGINT]).start()
    digests = args.work / "hash"
    digests.unlink(missing_ok=True)
    watcher = threading.Thread(target=watch, args=(done, memory, state))
    watcher.start()
    env = dict(os.environ, XDG_STATE_HOME=str(args.work / "state"))
    session = at_terminal([args.program, "run", "--models", args.models, "--input", str(clip), "--hash", str(digests), "--stats",
                           str(args.work / "stats.json")], [("wearing", told)], env, 86400)
    done.set()
    watcher.join()
    if session.code:
        print(session.said[-3000:])
        return 1
    print((args.work / "stats.json").read_text())
    return 1 if judge(args.work, memory, None if args.minutes else args.frames // LOOP * LOOP) else 0


if __name__ == "__main__":
    sys.exit(main())
