/* SPDX-License-Identifier: MIT */
/* The attention mesh's outputs as 478 landmarks: the refined lips, eyes and irises put over the plain mesh. Pure. */
#ifndef BT_PIPELINE_TRACK_REFINE_H
#define BT_PIPELINE_TRACK_REFINE_H

#include "base/geom.h"

/* As the net gives them, in px of its crop. */
struct bt_mesh_outputs {
    const float *mesh;                   /* 468 x, y, z */
    const float *lips;                   /* 80 x, y */
    const float *left_eye, *right_eye;   /* 71 x, y each; left in the picture */
    const float *left_iris, *right_iris; /* 5 x, y each */
};

/* Fills 478 landmarks in frame px. z is the mesh's own, scaled with the crop; an iris takes the mean of its eye's contour. */
void bt_track_refine_landmarks(const struct bt_mesh_outputs *outputs, const struct bt_affine *frame_from_crop,
                               struct bt_vec3 *out);

#endif
