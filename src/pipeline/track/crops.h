/* SPDX-License-Identifier: MIT */
/* The kernels that read the frame for track: crops into the nets' inputs, and the light on the face. */
#ifndef BT_PIPELINE_TRACK_CROPS_H
#define BT_PIPELINE_TRACK_CROPS_H

#include "base/geom.h"
#include "base/status.h"
#include "pipeline/faces.h"
#include <stdint.h>

struct bt_commands;
struct bt_gpu;
struct bt_image;
struct bt_tensor;
struct bt_crops;

enum bt_crop_role { BT_CROP_MESH, BT_CROP_MATTE, BT_CROP_DETECT, BT_CROP_ROLES };

enum { BT_CROP_TAPS_MAX = 4 };

struct bt_crop_target {
    const struct bt_tensor *input; /* C4, 1 x 3 x h x w; borrowed */
    float scale, offset;           /* what the net wants of gamma-coded [0, 1] */
    uint32_t taps_limit;           /* 1 ... BT_CROP_TAPS_MAX: how many texels a side a strongly shrunk pixel may cost */
};

BT_CHECKED bt_status bt_track_crops_create(struct bt_gpu *gpu, const struct bt_crop_target target[BT_CROP_ROLES],
                                           struct bt_crops **out_crops);
void bt_track_crops_destroy(struct bt_crops **crops);

/* Points the kernels at this frame. The first time an image is seen its descriptors are made, and kept by the image's address
   (eight of them): only images that outlive the crops may be given, or bt_track_crops_forget is called when they go. The GPU is
   done with everything that was recorded here before. */
BT_CHECKED bt_status bt_track_crops_aim(struct bt_crops *crops, struct bt_image *frame);
void bt_track_crops_forget(struct bt_crops *crops);

/* Into a recording, for the frame last aimed at. */
void bt_track_crops_record(struct bt_crops *crops, struct bt_commands *commands, enum bt_crop_role role,
                           const struct bt_affine *frame_from_crop);
/* Measures the part of the frame that the unit square maps to. */
void bt_track_crops_record_light(struct bt_crops *crops, struct bt_commands *commands, const struct bt_affine *frame_from_unit);
/* Of what was last measured, once the submission is done: light … sharpness; all 0 if nothing lay in the frame. */
struct bt_measures bt_track_crops_light(struct bt_crops *crops);

#endif
