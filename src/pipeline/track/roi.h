/* SPDX-License-Identifier: MIT */
/* Where the nets look: letterboxes, turned squares around faces, and the checks that keep absurd ones out. Pure. */
#ifndef BT_PIPELINE_TRACK_ROI_H
#define BT_PIPELINE_TRACK_ROI_H

#include "base/geom.h"
#include <stdbool.h>
#include <stdint.h>

enum { BT_MESH_CROP_PX = 192 };

struct bt_roi {
    struct bt_vec2 centre_px;
    float size_px, angle_rad;
};

/* The whole frame inside net_w x net_h, centred, aspect kept, the rest outside the frame. */
struct bt_affine bt_track_roi_letterbox(uint32_t frame_w, uint32_t frame_h, uint32_t net_w, uint32_t net_h);
/* From a detector's box and the two eyes' centres (as the picture shows them: left, right). */
struct bt_roi bt_track_roi_from_detection(struct bt_rect box_px, struct bt_vec2 left_eye, struct bt_vec2 right_eye);
/* From the 468 mesh landmarks of the frame before. */
struct bt_roi bt_track_roi_from_landmarks(const struct bt_vec3 *landmark);
struct bt_affine bt_track_roi_frame_from_crop(const struct bt_roi *roi);
/* Finite, not tiny, not vast, and near enough to the frame to see something of it. */
bool bt_track_roi_sane(const struct bt_roi *roi, uint32_t frame_w, uint32_t frame_h);

struct bt_rect bt_track_landmarks_box(const struct bt_vec3 *landmark, uint32_t count);
/* Whether `landmark` (478) can be a face in this frame at all: finite, of a face's proportions, mostly inside. */
bool bt_track_landmarks_sane(const struct bt_vec3 *landmark, uint32_t frame_w, uint32_t frame_h);

float bt_track_rect_iou(const struct bt_rect *a, const struct bt_rect *b);
/* Intersection over the smaller of the two: 1 when one holds the other. A detector's box and a mesh's differ in size. */
float bt_track_rect_overlap(const struct bt_rect *a, const struct bt_rect *b);

#endif
