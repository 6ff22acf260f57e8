/* SPDX-License-Identifier: MIT */
/* The built-in footage: the animated public-domain portrait, as a source. Deterministic, pure C, no camera. */
#ifndef BT_FOOTAGE_H
#define BT_FOOTAGE_H

#include "base/bytes.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_source;       /* pipeline/capture/capture.h */
struct bt_footage_pose; /* footage/script.h */

/* Somebody else says what the person does, frame by frame, instead of the script. */
struct bt_footage_driver {
    void *user;
    void (*pose)(void *user, double time_s, struct bt_footage_pose *out_pose);
};

struct bt_footage_params {
    struct bt_log *log;
    struct bt_bytes geometry;        /* face_geometry.bin, borrowed during create */
    uint32_t width_px, height_px;    /* 0: 640 x 480 */
    uint32_t rate;                   /* 0: 25 frames a second */
    uint64_t frames;                 /* where it ends; 0: bt_footage_frames, with a driver never */
    struct bt_footage_driver driver; /* pose NULL: the script */
};

/* I420, not live. */
BT_CHECKED bt_status bt_footage_create(const struct bt_footage_params *params, struct bt_source **out_source);
uint64_t bt_footage_frames(void); /* of the whole script, at 25 frames a second */

/* What the script shows in a frame: the truth that tracking is held to. */
struct bt_footage_truth {
    bool visible;                                            /* enough of the face is in the picture to be found */
    float yaw_rad, pitch_rad, roll_rad, mouth, blink, light; /* mouth, blink 0 … 1; light 1 is as photographed */
};
struct bt_footage_truth bt_footage_truth(uint64_t frame);

#endif
