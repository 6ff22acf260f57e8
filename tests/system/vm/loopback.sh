#!/bin/bash
# SPDX-License-Identifier: MIT
# In the guest: bauta wears a mask from vivid's camera, then from a file, into a v4l2loopback node, which other programs read meanwhile.
# Leaves in its folder: still.* (camera) and moving.* (file): .hash as bauta wrote it, .yuyv as it was read back, .log.
set -u
modprobe -d "$GUEST_MODULES" vivid n_devs=1 node_types=0x1 num_inputs=1 input_types=0
modprobe -d "$GUEST_MODULES" v4l2loopback devices=1 exclusive_caps=1 card_label=loopback video_nr=10 max_buffers=4
for _ in $(seq 50); do [ -e /dev/video0 ] && [ -e /dev/video10 ] && break; sleep 0.2; done

export XDG_STATE_HOME=/run/state

# session NAME KIND OPTIONS...: the program with these options, and reader_NAME beside it. Tried again while it ends in an error or
# leaves no frame of that kind: at first the driver compiles, which may take longer than the program waits, and the next try goes on
# from there.
session() {
    local name=$1 kind=$2 reader
    shift 2
    for try in 1 2 3 4; do
        rm -f "/run/$name.yuyv"
        # Until there is a writer, the node is no camera (exclusive_caps).
        (until v4l2-ctl -d /dev/video10 -D 2>/dev/null | grep -q 'Video Capture$'; do sleep 0.2; done; reader_$name) >"$name.reader" 2>&1 &
        reader=$!
        /usr/bin/python3 "$BAUTA_TEST_SOURCE/tests/system/vm/wear.py" "$PATIENCE" "$BAUTA" run --models "$BAUTA_TEST_MODELS" \
            --output /dev/video10 --hash "$name.hash" --stats "$name.json" "$@" >"$name.log" 2>&1
        echo $? >"$name.status"
        sleep 1
        pkill -P $reader
        kill $reader 2>/dev/null
        wait $reader
        grep -q 0 "$name.status" && grep -q " $kind " "$name.hash" && break
        cp "$name.log" "$name.log.$try"
    done
    cp "/run/$name.yuyv" .
}

reader_still() {
    exec v4l2-ctl -d /dev/video10 --stream-mmap=4 --stream-count=4 --stream-to=/run/still.yuyv
}

# As many as come, until the session ends: where a frame takes seconds, the one before is shown 25 times in each.
reader_moving() {
    exec ffmpeg -nostdin -v warning -f v4l2 -input_format yuyv422 -i /dev/video10 -frames:v 1200 -fps_mode passthrough -c:v copy -f rawvideo \
        -flush_packets 1 -y /run/moving.yuyv
}

session still placard --camera /dev/video0 --size 320x180 --frames 8
session moving frame --input "$CLIP" --mirror --frames 16
exit 0
