/* SPDX-License-Identifier: MIT */
/* Where a head is: scale, rotation and translation between face space and frame space. */
#ifndef BT_RIG_POSE_H
#define BT_RIG_POSE_H

#include "rig/rig.h"

/* frame = scale * R * face + translation, then (x, -y, -z). */
struct bt_pose {
    float scale;       /* px a centimetre */
    float rotation[9]; /* R, row-major; column k is where face axis k points. R[8] is cos of the turn away from the camera */
    struct bt_vec3 translation; /* px, before the flip: y up, z nearer larger */
};

/* Weighted Procrustes (Umeyama 1991) of 468 frame-space points to `reference` (468, face space) over the anchors. False when
   the points are degenerate; out_pose is then untouched. */
bool bt_pose_fit(const struct bt_rig *rig, const struct bt_vec3 *frame_points, const struct bt_vec3 *reference,
                 struct bt_pose *out_pose);
/* Frame points to face space, and back. In place is allowed. */
void bt_pose_normalise(const struct bt_pose *pose, const struct bt_vec3 *frame_points, uint32_t count,
                       struct bt_vec3 *out_face);
void bt_pose_denormalise(const struct bt_pose *pose, const struct bt_vec3 *face, uint32_t count, struct bt_vec3 *out_frame);
void bt_pose_turn(const struct bt_pose *pose, const struct bt_vec3 *directions, uint32_t count,
                  struct bt_vec3 *out); /* R only */

/* Radians: yaw positive when the nose points to the picture's right, pitch positive when it points down, roll positive when the
   head's top leans to the picture's right. */
struct bt_angles {
    float yaw, pitch, roll;
};
struct bt_angles bt_pose_angles(const struct bt_pose *pose);

void bt_rotation_from_vector(const float vector[3], float out_rotation[9]); /* Rodrigues */
void bt_rotation_to_vector(const float rotation[9], float out_vector[3]);

#endif
