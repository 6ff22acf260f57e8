/* SPDX-License-Identifier: MIT */
/* Made-up answers of the attention mesh, and the rig, for tests of track. */
#ifndef BT_TESTS_TRACK_FACE_H
#define BT_TESTS_TRACK_FACE_H

#include "base/bytes.h"
#include "pipeline/track/refine.h"
#include "rig/pose.h"
#include <stdint.h>

struct track_face {
    float mesh[468 * 3], lips[160], left_eye[142], right_eye[142], left_iris[10], right_iris[10];
};

/* A model or geometry file from BAUTA_TEST_MODELS, malloc'ed. Fails the test when it is not there. */
struct bt_bytes track_file(const char *name);
struct bt_rig *track_rig_open(void);

void track_face_flat(struct track_face *face); /* every number different, none a face */
/* The canonical face in the middle of the crop, `px_a_cm` large, its refined points where the mesh has them. */
void track_face_of(struct track_face *face, const struct bt_rig *rig, float px_a_cm);
struct bt_mesh_outputs track_face_outputs(const struct track_face *face);
/* 478 frame points of the canonical face in this pose, the irises in the middle of the eyes' openings. */
void track_face_points(const struct bt_rig *rig, const struct bt_vec3 *mesh, const struct bt_pose *pose, struct bt_vec3 *out);

#endif
