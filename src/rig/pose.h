/* SPDX-License-Identifier: MIT */
/* Where a head is: scale, rotation, translation between face space and frame space, and their filtering in time. */
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
/* The rotation nearest to a 3 x 3 matrix (Jacobi SVD). False: rank below 2. */
bool bt_rotation_nearest(const float matrix[9], float out_rotation[9]);

/* One-Euro filter (Casiez, Roussel, Vogel 2012) over `count` scalars: cut-off = mincut + beta * |filtered derivative|. */
void bt_one_euro(float *state, float *derivative, const float *sample, uint32_t count, float dt_s, float mincut_hz, float beta,
                 float derivative_cutoff_hz);

/* The recipe's filter on one face: rotation, scale, translation and the mesh in face space, each with its own constants.
   Frame-rate aware: intervals come from the time stamps. Init, no allocation; plain memory. */
struct bt_face_filter {
    int64_t last_ns;
    bool started;
    float rotation[3], rotation_d[3], scale, scale_d, place[3], place_d[3];
    float mesh[BT_RIG_VERTICES * 3], mesh_d[BT_RIG_VERTICES * 3];
};
void bt_face_filter_init(struct bt_face_filter *filter);
/* `reference`: what pose is fitted to: the canonical mesh, or later the driver's neutral. Gives the filtered pose and the
   filtered mesh in face space (468); bt_pose_denormalise makes frame points of them. A gap over .5 s or a step back in time
   starts anew. False: degenerate points, nothing changed. */
bool bt_face_filter_step(struct bt_face_filter *filter, const struct bt_rig *rig, const struct bt_vec3 *frame_points,
                         const struct bt_vec3 *reference, int64_t time_ns, struct bt_pose *out_pose, struct bt_vec3 *out_mesh);

#endif
