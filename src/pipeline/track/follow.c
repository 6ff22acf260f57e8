/* SPDX-License-Identifier: MIT */
#include "pipeline/track/follow.h"
#include <math.h>
#include <string.h>

static const float FLAG_THRESHOLD = .5f; /* min_score_thresh in mediapipe/modules/face_landmark/face_landmark_gpu.pbtxt */
static const float SAME_FACE = .5f;      /* overlap */

void bt_track_follow_init(struct bt_follow *follow, const struct bt_rig *rig, uint32_t width_px, uint32_t height_px) {
    memset(follow, 0, sizeof *follow);
    follow->rig = rig;
    follow->width_px = width_px;
    follow->height_px = height_px;
}

uint32_t bt_track_follow_count(const struct bt_follow *follow) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < BT_FACES_MAX; i++) count += follow->slot[i].used && !follow->slot[i].lost;
    return count;
}

int32_t bt_track_follow_find(const struct bt_follow *follow, uint32_t id) {
    for (uint32_t i = 0; i < BT_FACES_MAX; i++)
        if (follow->slot[i].used && follow->slot[i].face.id == id) return (int32_t)i;
    return -1;
}

int32_t bt_track_follow_match(const struct bt_follow *follow, const struct bt_detection *detection) {
    int32_t best = -1;
    float best_overlap = SAME_FACE;
    for (uint32_t i = 0; i < BT_FACES_MAX; i++) {
        if (!follow->slot[i].used) continue;
        const float overlap = bt_track_rect_overlap(&follow->slot[i].face.box_px, &detection->box_px);
        if (overlap > best_overlap) {
            best = (int32_t)i;
            best_overlap = overlap;
        }
    }
    return best;
}

bool bt_track_follow_aim(struct bt_follow *follow, uint32_t slot, const struct bt_detection *detection) {
    const struct bt_roi roi = bt_track_roi_from_detection(detection->box_px, detection->keypoint[BT_DETECT_LEFT_EYE],
                                                          detection->keypoint[BT_DETECT_RIGHT_EYE]);
    if (!bt_track_roi_sane(&roi, follow->width_px, follow->height_px)) return false;
    follow->slot[slot].roi = roi;
    follow->slot[slot].face.detector_score = detection->score;
    return true;
}

int32_t bt_track_follow_add(struct bt_follow *follow, const struct bt_detection *detection) {
    for (uint32_t i = 0; i < BT_FACES_MAX; i++) {
        struct bt_followed *f = &follow->slot[i];
        if (f->used) continue;
        if (!bt_track_follow_aim(follow, i, detection)) return -1;
        f->used = true;
        f->lost = false;
        f->face.id = ++follow->last_id;
        f->face.box_px = detection->box_px;
        bt_track_smooth_init(&f->smooth);
        return (int32_t)i;
    }
    return -1;
}

bool bt_track_follow_take(struct bt_follow *follow, uint32_t slot, const struct bt_look *look) {
    struct bt_followed *f = &follow->slot[slot];
    struct bt_vec3 raw[BT_LANDMARKS];
    const struct bt_affine frame_from_crop = bt_track_roi_frame_from_crop(&f->roi);
    const float flag = 1 / (1 + expf(-look->flag_logit));
    f->tick = look->tick;
    f->lost = true;
    if (!(flag >= FLAG_THRESHOLD)) return false; /* so written that NaN is no face */
    bt_track_refine_landmarks(&look->outputs, &frame_from_crop, raw);
    if (!bt_track_landmarks_sane(raw, follow->width_px, follow->height_px)) return false;
    const struct bt_roi next = bt_track_roi_from_landmarks(raw);
    if (!bt_track_roi_sane(&next, follow->width_px, follow->height_px)) return false;
    f->lost = false;
    f->roi = next;
    f->face.confidence = flag;
    f->face.box_px = bt_track_landmarks_box(raw, BT_MESH_LANDMARKS);
    f->face.frame_from_crop = frame_from_crop;
    memcpy(f->face.raw, raw, sizeof raw);
    if (look->restart) bt_track_smooth_init(&f->smooth);
    bt_track_smooth_step(&f->smooth, follow->rig, raw, look->time_ns, f->face.landmark);
    return true;
}

void bt_track_follow_drop(struct bt_follow *follow, uint32_t slot) {
    follow->slot[slot].used = false;
}

void bt_track_follow_tidy(struct bt_follow *follow, uint32_t keep_id) {
    for (uint32_t i = 0; i < BT_FACES_MAX; i++)
        if (follow->slot[i].used && follow->slot[i].lost) bt_track_follow_drop(follow, i);
    for (uint32_t i = 0; i < BT_FACES_MAX; i++) {
        for (uint32_t k = 0; k < BT_FACES_MAX; k++) {
            const struct bt_followed *a = &follow->slot[i], *b = &follow->slot[k];
            if (i == k || !a->used || !b->used) continue;
            if (bt_track_rect_overlap(&a->face.box_px, &b->face.box_px) <= SAME_FACE) continue;
            const bool drop_b = a->face.id == keep_id || (b->face.id != keep_id && a->face.id < b->face.id);
            bt_track_follow_drop(follow, drop_b ? k : i);
        }
    }
}
