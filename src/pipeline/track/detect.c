/* SPDX-License-Identifier: MIT */
#include "pipeline/track/detect.h"
#include "pipeline/track/roi.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

/* mediapipe/modules/face_detection/face_detection.pbtxt: min_score_thresh, score_clipping_thresh, min_suppression_threshold;
   face_detection_full_range.pbtxt: one anchor a cell, stride 4, scales 192. */
static const float THRESHOLD = .5f, LOGIT_LIMIT = 100, SUPPRESS_IOU = .3f;
enum { CANDIDATES = 96 }; /* a face lights up about ten cells; more than this is noise, and bounds the quadratic part */

struct candidate {
    float score;
    struct bt_rect box;
    const float *raw;
    struct bt_vec2 anchor;
    bool taken;
};

static float sigmoid(float x) {
    return 1 / (1 + expf(-fminf(fmaxf(x, -LOGIT_LIMIT), LOGIT_LIMIT)));
}

/* Keeps the best CANDIDATES, best first. */
static uint32_t insert(struct candidate *list, uint32_t count, const struct candidate *c) {
    uint32_t at = count;
    while (at > 0 && list[at - 1].score < c->score) at--;
    if (at == CANDIDATES) return count;
    if (count < CANDIDATES) count++;
    memmove(&list[at + 1], &list[at], (count - 1 - at) * sizeof *list);
    list[at] = *c;
    return count;
}

static uint32_t collect(const float *boxes, const float *scores, struct candidate *list) {
    const uint32_t side = BT_DETECT_PX / BT_DETECT_STRIDE_PX;
    uint32_t count = 0;
    for (uint32_t i = 0; i < BT_DETECT_CELLS; i++) {
        struct candidate c = {.score = sigmoid(scores[i]), .raw = boxes + (size_t)i * BT_DETECT_NUMBERS};
        if (!(c.score > THRESHOLD)) continue;
        bool finite = true;
        for (uint32_t k = 0; k < BT_DETECT_NUMBERS; k++) finite = finite && isfinite(c.raw[k]);
        if (!finite || c.raw[2] <= 0 || c.raw[3] <= 0) continue;
        c.anchor =
            (struct bt_vec2){((float)(i % side) + .5f) * BT_DETECT_STRIDE_PX, ((float)(i / side) + .5f) * BT_DETECT_STRIDE_PX};
        c.box =
            (struct bt_rect){c.anchor.x + c.raw[0] - c.raw[2] / 2, c.anchor.y + c.raw[1] - c.raw[3] / 2, c.raw[2], c.raw[3]};
        count = insert(list, count, &c);
    }
    return count;
}

/* One detection from list[first] and everything not yet taken that overlaps it, weighted by score. */
static struct bt_detection join(struct candidate *list, uint32_t count, uint32_t first,
                                const struct bt_affine *frame_from_net) {
    double low_x = 0, low_y = 0, high_x = 0, high_y = 0, key[2 * BT_DETECT_KEYPOINTS] = {0}, weight = 0;
    for (uint32_t j = first; j < count; j++) {
        struct candidate *c = &list[j];
        if (c->taken || (j != first && bt_track_rect_iou(&list[first].box, &c->box) <= SUPPRESS_IOU)) continue;
        c->taken = true;
        const double s = (double)c->score;
        weight += s;
        low_x += s * (double)c->box.x;
        low_y += s * (double)c->box.y;
        high_x += s * (double)(c->box.x + c->box.w);
        high_y += s * (double)(c->box.y + c->box.h);
        for (uint32_t k = 0; k < 2 * BT_DETECT_KEYPOINTS; k++)
            key[k] += s * (double)(c->raw[4 + k] + (k % 2 ? c->anchor.y : c->anchor.x));
    }
    struct bt_detection d = {.score = list[first].score};
    const struct bt_vec2 low =
        bt_affine_apply(frame_from_net, (struct bt_vec2){(float)(low_x / weight), (float)(low_y / weight)});
    const struct bt_vec2 high =
        bt_affine_apply(frame_from_net, (struct bt_vec2){(float)(high_x / weight), (float)(high_y / weight)});
    d.box_px = (struct bt_rect){low.x, low.y, high.x - low.x, high.y - low.y};
    for (uint32_t k = 0; k < BT_DETECT_KEYPOINTS; k++)
        d.keypoint[k] =
            bt_affine_apply(frame_from_net, (struct bt_vec2){(float)(key[2 * k] / weight), (float)(key[2 * k + 1] / weight)});
    return d;
}

uint32_t bt_track_detect_decode(const float *boxes, const float *scores, const struct bt_affine *frame_from_net,
                                struct bt_detection *out, uint32_t capacity) {
    struct candidate list[CANDIDATES];
    const uint32_t count = collect(boxes, scores, list);
    uint32_t found = 0;
    for (uint32_t i = 0; i < count && found < capacity; i++)
        if (!list[i].taken) out[found++] = join(list, count, i, frame_from_net);
    return found;
}
