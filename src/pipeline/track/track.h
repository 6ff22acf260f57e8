/* SPDX-License-Identifier: MIT */
/* Finds faces (full-range detector), follows them (attention mesh), and cuts people out (selfie matte). */
#ifndef BT_PIPELINE_TRACK_H
#define BT_PIPELINE_TRACK_H

#include "base/bytes.h"
#include "base/status.h"
#include "pipeline/faces.h"
#include "pipeline/frame.h"

struct bt_log;
struct bt_gpu;
struct bt_rig;
struct bt_tuning;
struct bt_track;

struct bt_track_params {
    struct bt_log *log;
    struct bt_gpu *gpu;
    const struct bt_rig *rig;              /* borrowed, outlives the track */
    struct bt_bytes detector, mesh, matte; /* ONNX files' bytes, borrowed during create */
    const struct bt_tuning *tuning;        /* as in bt_net_params: borrowed during create, may be NULL */
    uint32_t width_px, height_px;          /* of the frames */
};

struct bt_track_times {
    float detect_ms, mesh_ms, matte_ms,
        cpu_ms; /* GPU time of the last tick, 0 where nothing ran; CPU time outside the driver's waits */
};

BT_CHECKED bt_status bt_track_create(const struct bt_track_params *params, struct bt_track **out_track);
void bt_track_destroy(struct bt_track **track);
/* Submits and waits. BT_OK also when nobody is in view: then count is 0 and wearer -1. Why the wearer may not be masked is the
   pipeline's to judge, from `out_faces`. Allocates nothing. */
BT_CHECKED bt_status bt_track_faces(struct bt_track *track, const struct bt_frame *frame, struct bt_faces *out_faces);
struct bt_track_times bt_track_last_times(const struct bt_track *track);

#endif
