#!/bin/bash
# SPDX-License-Identifier: MIT
# In the guest: bauta wears a mask from vivid's camera, then from a file, into a v4l2loopback node, which other programs read meanwhile.
# Leaves in its folder: still.* (camera) and moving.* (file): .hash as bauta wrote it, .yuyv as it was read back, .log.
set -u
modprobe -d "$GUEST_MODULES" vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
modprobe -d "$GUEST_MODULES" v4l2loopback devices=1 exclusive_caps=1 card_label=loopback video_nr=10 max_buffers=4
for _ in $(seq 50); do [ -e /dev/video0 ] && [ -e /dev/video10 ] && break; sleep 0.2; done

export XDG_STATE_HOME=/run/state

wear() { # NAME OPTIONS...
    local name=$1
    shift
    /usr/bin/python3 "$BAUTA_TEST_SOURCE/tests/system/vm/wear.py" "$PATIENCE" "$BAUTA" run --models "$BAUTA_TEST_MODELS" --output /dev/video10 \
        --hash "$name.hash" --stats "$name.json" "$@" >"$name.log" 2>&1
    echo $? >"$name.status"
}

# A reader that waits until there is a writer: until then the node is no camera (exclusive_caps).
when_on() {
    until v4l2-ctl -d /dev/video10 -D 2>/dev/null | grep -q 'Video Capture$'; do sleep 0.2; done
    "$@"
}

when_on timeout "$PATIENCE" v4l2-ctl -d /dev/video10 --stream-mmap=4 --stream-count=4 --stream-to=/run/still.yuyv >still.reader 2>&1 &
reader=$!
wear still --camera /dev/video0 --size 320x180 --frames 8
sleep 1
kill $reader 2>/dev/null
wait $reader
cp /run/still.yuyv .

when_on timeout "$PATIENCE" ffmpeg -nostdin -v warning -f v4l2 -input_format yuyv422 -i /dev/video10 -frames:v 6 -fps_mode passthrough \
    -c:v copy -f rawvideo -y /run/moving.yuyv >moving.reader 2>&1 &
reader=$!
wear moving --input "$CLIP" --mirror --frames 12
sleep 1
kill $reader 2>/dev/null
wait $reader
cp /run/moving.yuyv .
exit 0
