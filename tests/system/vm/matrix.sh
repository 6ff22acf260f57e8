#!/bin/bash
# SPDX-License-Identifier: MIT
# In the guest: who can read our virtual camera, and is it a V4L2 device like any other. For each v4l2loopback of MODULES (paths of .ko):
# PROGRAM (system_v4l2) writes cards, and v4l2-ctl, ffmpeg, GStreamer and Chromium each read some, in turns; v4l2-compliance looks
# at the node while PROGRAM writes, and at the same node while ffmpeg does: that is the module's own measure.
# Leaves in its folder, for the n-th module: cards.N.*, NAME.N.yuyv or .rgba, NAME.N.log, compliance.{ours,plain}.N.log.
set -u
p=${PROGRAM:?} source=${BAUTA_TEST_SOURCE:?} node=/dev/video40 size="640 360"
export XDG_RUNTIME_DIR=/run
# What the module rests on: the one that is installed is loaded with all of it, and taken out again.
modprobe -d "$GUEST_MODULES" v4l2loopback && rmmod v4l2loopback || exit 9
cp "$source/tests/system/vm/camera.html" "$source/tests/system/vm/camera.py" /run/

# start: the writer, and waits until it has begun
start() {
    "$p" write $node 100000 $size 100 "$PWD/cards.$n" >"writer.$n.log" 2>&1 &
    writer=$!
    for _ in $(seq 200); do grep -q '^open' "writer.$n.log" && break || sleep 0.5; done
    sleep 2
}
finish() {
    kill "$writer"
    wait "$writer" 2>/dev/null
}

# plug MODULE
plug() {
    insmod "$1" video_nr=40 exclusive_caps=1 max_buffers=4 card_label='"bauta (AI face)"' || exit 9
    sleep 1
}
unplug() {
    for _ in $(seq 20); do rmmod v4l2loopback && break || sleep 1; done
}

n=0
for module in $MODULES; do
    n=$((n + 1))
    echo "module $n: readers of bytes, v4l2-compliance"
    plug "$module"
    start
    timeout 120 v4l2-ctl -d $node --stream-mmap=4 --stream-count=3 --stream-to="v4l2-ctl.$n.yuyv" >"v4l2-ctl.$n.log" 2>&1
    timeout 180 ffmpeg -nostdin -v warning -f v4l2 -input_format yuyv422 -i $node -frames:v 3 -fps_mode passthrough -c:v copy \
        -f rawvideo -y "ffmpeg.$n.yuyv" >"ffmpeg.$n.log" 2>&1
    timeout 180 gst-launch-1.0 -q v4l2src device=$node num-buffers=3 ! video/x-raw,format=YUY2 ! \
        filesink location="gstreamer.$n.yuyv" >"gstreamer.$n.log" 2>&1
    timeout 120 v4l2-compliance -d $node >"compliance.ours.$n.log" 2>&1
    finish
    ffmpeg -nostdin -v error -re -f lavfi -i testsrc=size=640x360:rate=10 -pix_fmt yuyv422 -f v4l2 $node >"plain.$n.log" 2>&1 &
    writer=$!
    sleep 15
    timeout 120 v4l2-compliance -d $node >"compliance.plain.$n.log" 2>&1
    finish
    unplug
done

# Chromium without its windows: the same engine, and what pages see of a camera; a minute here, where the whole browser takes more
# than ten. Its page comes from this guest, which starts with its loopback down. Each module has a browser of its own.
ip link set lo up || exit 9
n=0
for module in $MODULES; do
    n=$((n + 1))
    echo "module $n: Chromium"
    plug "$module"
    start
    rm -f /run/end
    (cd /run && exec /usr/bin/python3 camera.py "$PWD/end" "$OLDPWD/chromium.$n.rgba") >"chromium.$n.log" 2>&1 &
    server=$!
    setsid chromium-headless-shell --no-sandbox --disable-gpu --disable-dev-shm-usage --use-fake-ui-for-media-stream \
        --user-data-dir="/run/browser.$n" --enable-logging=stderr http://127.0.0.1:8123/camera.html >"browser.$n.log" 2>&1 &
    browser=$!
    for _ in $(seq "${PATIENCE:-600}"); do
        [ -e /run/end ] && break
        kill -0 $browser || break
        sleep 1
    done
    kill -- -$browser # all its processes: one of them has the camera open
    kill $server
    wait $browser $server 2>/dev/null
    finish
    unplug
done
exit 0
