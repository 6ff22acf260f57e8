/* SPDX-License-Identifier: MIT */
#include "pipeline/track/roi.h"
#include "pipeline/faces.h"
#include <math.h>

/* Margins of both crops: mediapipe/modules/face_landmark/face_detection_front_detection_to_roi.pbtxt and
   face_landmark_landmarks_to_roi.pbtxt, scale_x, scale_y and square_long. */
static const float ROI_SCALE = 1.5f;
enum { LEFT_EYE_CORNER = 33, RIGHT_EYE_CORNER = 263 }; /* the outer corners, in the picture's left and right */

static const float FACE_MIN_PX = 12, ROI_MIN_PX = 16;

struct bt_affine bt_track_roi_letterbox(uint32_t frame_w, uint32_t frame_h, uint32_t net_w, uint32_t net_h) {
    const float w = (float)frame_w, h = (float)frame_h, nw = (float)net_w, nh = (float)net_h;
    const float scale = fmaxf(w / nw, h / nh);
    return (struct bt_affine){{scale, 0, (w - nw * scale) / 2, 0, scale, (h - nh * scale) / 2}};
}

struct bt_roi bt_track_roi_from_detection(struct bt_rect box_px, struct bt_vec2 left_eye, struct bt_vec2 right_eye) {
    return (struct bt_roi){
        .centre_px = {box_px.x + box_px.w / 2, box_px.y + box_px.h / 2},
        .size_px = fmaxf(box_px.w, box_px.h) * ROI_SCALE,
        .angle_rad = atan2f(right_eye.y - left_eye.y, right_eye.x - left_eye.x),
    };
}

struct bt_roi bt_track_roi_from_landmarks(const struct bt_vec3 *landmark) {
    const struct bt_vec3 *l = &landmark[LEFT_EYE_CORNER], *r = &landmark[RIGHT_EYE_CORNER];
    const struct bt_rect box = bt_track_landmarks_box(landmark, BT_MESH_LANDMARKS);
    return bt_track_roi_from_detection(box, (struct bt_vec2){l->x, l->y}, (struct bt_vec2){r->x, r->y});
}

struct bt_affine bt_track_roi_frame_from_crop(const struct bt_roi *roi) {
    return bt_affine_crop(roi->centre_px, roi->size_px, roi->angle_rad, BT_MESH_CROP_PX);
}

static bool near_frame(struct bt_rect box, float frame_w, float frame_h, float share) {
    const float w = fminf(box.x + box.w, frame_w) - fmaxf(box.x, 0), h = fminf(box.y + box.h, frame_h) - fmaxf(box.y, 0);
    return w > 0 && h > 0 && w * h >= share * box.w * box.h;
}

bool bt_track_roi_sane(const struct bt_roi *roi, uint32_t frame_w, uint32_t frame_h) {
    const float side = roi->size_px, longest = fmaxf((float)frame_w, (float)frame_h);
    if (!isfinite(roi->centre_px.x) || !isfinite(roi->centre_px.y) || !isfinite(side) || !isfinite(roi->angle_rad))
        return false;
    if (side < ROI_MIN_PX || side > 4 * longest) return false;
    const struct bt_rect box = {roi->centre_px.x - side / 2, roi->centre_px.y - side / 2, side, side};
    return near_frame(box, (float)frame_w, (float)frame_h, .05f);
}

struct bt_rect bt_track_landmarks_box(const struct bt_vec3 *landmark, uint32_t count) {
    struct bt_vec2 low = {landmark[0].x, landmark[0].y}, high = low;
    for (uint32_t i = 1; i < count; i++) {
        low.x = fminf(low.x, landmark[i].x);
        low.y = fminf(low.y, landmark[i].y);
        high.x = fmaxf(high.x, landmark[i].x);
        high.y = fmaxf(high.y, landmark[i].y);
    }
    return (struct bt_rect){low.x, low.y, high.x - low.x, high.y - low.y};
}

bool bt_track_landmarks_sane(const struct bt_vec3 *landmark, uint32_t frame_w, uint32_t frame_h) {
    for (uint32_t i = 0; i < BT_LANDMARKS; i++)
        if (!isfinite(landmark[i].x) || !isfinite(landmark[i].y) || !isfinite(landmark[i].z)) return false;
    const struct bt_rect box = bt_track_landmarks_box(landmark, BT_MESH_LANDMARKS);
    const float longest = fmaxf((float)frame_w, (float)frame_h);
    if (fminf(box.w, box.h) < FACE_MIN_PX || fmaxf(box.w, box.h) > 3 * longest) return false;
    if (box.w > 3 * box.h || box.h > 3 * box.w) return false;
    const struct bt_vec3 *l = &landmark[LEFT_EYE_CORNER], *r = &landmark[RIGHT_EYE_CORNER];
    if (hypotf(r->x - l->x, r->y - l->y) < .08f * fmaxf(box.w, box.h)) return false; /* less than any profile leaves */
    return near_frame(box, (float)frame_w, (float)frame_h, .3f);
}

static float intersection(const struct bt_rect *a, const struct bt_rect *b) {
    const float w = fminf(a->x + a->w, b->x + b->w) - fmaxf(a->x, b->x);
    const float h = fminf(a->y + a->h, b->y + b->h) - fmaxf(a->y, b->y);
    return w > 0 && h > 0 ? w * h : 0;
}

float bt_track_rect_iou(const struct bt_rect *a, const struct bt_rect *b) {
    const float i = intersection(a, b), u = a->w * a->h + b->w * b->h - i;
    return u > 0 ? i / u : 0;
}

float bt_track_rect_overlap(const struct bt_rect *a, const struct bt_rect *b) {
    const float smaller = fminf(a->w * a->h, b->w * b->h);
    return smaller > 0 ? intersection(a, b) / smaller : 0;
}
