#!/bin/bash
# SPDX-License-Identifier: MIT
# v4l2.sh: inside the guest of tests/system/vm, as root. PROGRAM is the built system_v4l2; GUEST_MODULES the modules' root.
# A webcam (vivid), a virtual camera as it should be loaded (video40), one without exclusive_caps (video41), and one that is called as
# a real camera might be (video42).
set -u
p=${PROGRAM:?} root=${GUEST_MODULES:?} size="640 360"
load() { modprobe -d "$root" "$@" || exit 9; }
load vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
load v4l2loopback video_nr=40,41,42 exclusive_caps=1,0,1 max_buffers=4 card_label=Bauta,Virtual,Webcam
camera=/dev/video0 faults=0
# says TEXT FILE: the file holds the text
says() {
    if grep -qF -- "$1" "$2"; then return; fi
    echo "FAILED: \"$1\" is not in $2:" && sed 's/^/    /' "$2"
    faults=$((faults + 1))
}

echo "the list"
"$p" list >list.txt
says "$camera|vivid|vivid|platform:vivid-000|capture picked|" list.txt
says "/dev/video40|Bauta|v4l2 loopback|platform:v4l2loopback-000|output loopback picked|" list.txt
says "/dev/video41|Virtual|v4l2 loopback|platform:v4l2loopback-001|capture output loopback " list.txt
says "pick $camera" list.txt

echo "a camera, and its lies about time"
"$p" read $camera 6 $size 30 >read.txt
says "frame 5" read.txt
says "status: ok" read.txt
if grep -q "BAD TIME" read.txt; then faults=$((faults + 1)) && echo "FAILED: times" && cat read.txt; fi

echo "a camera that somebody holds"
"$p" read $camera 400 $size 30 >/dev/null &
holder=$!
sleep 3
"$p" list >busy.txt
says "capture busy |system_v4l2 ($holder)|" busy.txt
"$p" read $camera 3 $size 30 >second.txt
says "in use by system_v4l2 ($holder)" second.txt
kill $holder
wait $holder 2>/dev/null

echo "nodes of the wrong kind"
"$p" read /dev/video40 1 $size 30 >wrong.txt
says "is a loopback that nobody writes to" wrong.txt
"$p" write $camera 1 $size >wrong.txt
says "is not a v4l2loopback node" wrong.txt

"$p" write /dev/video42 1 $size >wrong.txt
says "bauta poses as none" wrong.txt

echo "a camera that is unplugged: vivid plugs itself in again once nobody holds it"
"$p" read $camera 200 $size 30 >plug.txt &
reader=$!
sleep 4
v4l2-ctl -d $camera -c disconnect=1
wait $reader
says "unplugged" plug.txt
says "is back" plug.txt
says "frame 199" plug.txt
if grep -q "BAD TIME" plug.txt; then faults=$((faults + 1)) && echo "FAILED: times" && tail -5 plug.txt; fi

echo "the virtual camera, twice running: 0.12.7 locks out the second writer unless the first was careful"
for turn in 1 2; do
    "$p" write /dev/video40 5 $size >write$turn.txt
    says "sent 5, loopback 5, dropped 0" write$turn.txt
done
"$p" write /dev/video41 2 $size >shared.txt
says "loaded without exclusive_caps=1" shared.txt
says "sent 2, loopback 2" shared.txt

echo "readers of the virtual camera; and bauta does not read itself"
"$p" write /dev/video40 600 $size 50 >held.txt &
writer=$!
for _ in $(seq 60); do grep -q open held.txt && break || sleep 1; done
sleep 1
timeout 60 v4l2-ctl -d /dev/video40 --stream-mmap --stream-count=3 --stream-to=/tmp/got.yuv >/dev/null 2>&1
bytes=$(stat -c %s /tmp/got.yuv 2>/dev/null || echo 0)
if [ "$bytes" -lt $((640 * 360 * 2 * 3)) ]; then faults=$((faults + 1)) && echo "FAILED: a reader got $bytes bytes"; fi
"$p" read /dev/video40 1 $size 30 >self.txt
says "is bauta's own output" self.txt
kill $writer
wait $writer 2>/dev/null
"$p" write /dev/video40 1 $size >after.txt # a killed writer leaves no lock behind
says "sent 1, loopback 1" after.txt

echo "a hundred starts, without loading the module anew"
"$p" restart /dev/video40 100 $size /tmp/card.yuv >restart.txt
says "restarts 100" restart.txt
says "status: ok" restart.txt

echo "a writer dies: its readers are shown the card, by the module"
"$p" write /dev/video40 6000 $size 50 >killed.txt &
writer=$!
for _ in $(seq 60); do grep -q open killed.txt && break || sleep 1; done
sleep 1
v4l2-ctl -d /dev/video40 -P >parm.txt
says "30.000" parm.txt
rm -f /tmp/got.yuv
v4l2-ctl -d /dev/video40 --stream-mmap --stream-count=100000 --stream-to=/tmp/got.yuv >/dev/null 2>&1 &
reader=$!
sleep 3
kill -9 $writer
wait $writer 2>/dev/null
sleep 3
kill $reader
wait $reader 2>/dev/null
bytes=$((640 * 360 * 2))
whole=$(($(stat -c %s /tmp/got.yuv) / bytes))
if [ $whole -lt 3 ] || ! tail -c +$(((whole - 1) * bytes + 1)) /tmp/got.yuv | head -c $bytes | cmp -s - /tmp/card.yuv; then
    faults=$((faults + 1)) && echo "FAILED: the last of $whole frames is not the card"
fi
if head -c $bytes /tmp/got.yuv | cmp -s - /tmp/card.yuv; then faults=$((faults + 1)) && echo "FAILED: the card came too early"; fi
"$p" write /dev/video40 1 $size >after.txt
says "sent 1, loopback 1" after.txt

echo "faults: $faults"
exit $((faults > 0))
