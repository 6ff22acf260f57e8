/* SPDX-License-Identifier: MIT */
/* The faces that are being followed: where to look for each next, and what was last found there. No GPU in here. */
#ifndef BT_PIPELINE_TRACK_FOLLOW_H
#define BT_PIPELINE_TRACK_FOLLOW_H

#include "pipeline/faces.h"
#include "pipeline/track/detect.h"
#include "pipeline/track/refine.h"
#include "pipeline/track/roi.h"
#include "pipeline/track/smooth.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_followed {
    bool used;
    bool lost;         /* the last look found no face: given up unless the detector finds it again in the same tick */
    uint64_t tick;     /* of the last look */
    struct bt_roi roi; /* where to look next */
    struct bt_smooth smooth;
    struct bt_face face;
};

struct bt_follow {
    const struct bt_rig *rig;
    uint32_t width_px, height_px;
    uint32_t last_id;
    struct bt_followed slot[BT_FACES_MAX];
};

struct bt_look {
    struct bt_mesh_outputs outputs;
    float flag_logit;
    int64_t time_ns;
    uint64_t tick;
    bool restart; /* nothing seen before counts: no filtering over the jump */
};

void bt_track_follow_init(struct bt_follow *follow, const struct bt_rig *rig, uint32_t width_px, uint32_t height_px);
uint32_t bt_track_follow_count(const struct bt_follow *follow);
int32_t bt_track_follow_find(const struct bt_follow *follow, uint32_t id); /* slot, or -1 */
/* The slot whose face this detection shows again, or -1. */
int32_t bt_track_follow_match(const struct bt_follow *follow, const struct bt_detection *detection);
/* A new face, with a new id, in a free slot; -1: none free, or the detection is no place to look. */
int32_t bt_track_follow_add(struct bt_follow *follow, const struct bt_detection *detection);
/* Looks for a known face again where the detector saw it. false: that is no place to look. */
bool bt_track_follow_aim(struct bt_follow *follow, uint32_t slot, const struct bt_detection *detection);
/* Takes in what the mesh net said of slot's roi. false: no face there (the face flag, or landmarks that no face can have);
   the slot is then marked lost and its face is as it was. */
bool bt_track_follow_take(struct bt_follow *follow, uint32_t slot, const struct bt_look *look);
void bt_track_follow_drop(struct bt_follow *follow, uint32_t slot);
/* Drops what is lost, and the younger of two that have come to follow one face; `keep_id` is never the one dropped for that. */
void bt_track_follow_tidy(struct bt_follow *follow, uint32_t keep_id);

#endif
