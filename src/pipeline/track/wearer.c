/* SPDX-License-Identifier: MIT */
#include "pipeline/track/wearer.h"
#include <math.h>
#include <stdbool.h>

/* Chosen so that a passer-by never takes the mask, and a poster that was seen first does not keep it. */
static const float TAKE_OVER = 2;
static const int64_t TAKE_OVER_NS = 1500000000, HOLD_NS = 1000000000;

float bt_track_wearer_prominence(struct bt_rect box_px, uint32_t frame_w, uint32_t frame_h) {
    const float cx = (float)frame_w / 2, cy = (float)frame_h / 2;
    const float away = hypotf(box_px.x + box_px.w / 2 - cx, box_px.y + box_px.h / 2 - cy) / hypotf(cx, cy);
    return box_px.w * box_px.h * (1 - .75f * fminf(away, 1));
}

/* Within one face of the last place and not twice or half its size: somebody who moved, not somebody else. */
static bool same_place(struct bt_rect a, struct bt_rect b) {
    if (a.w <= 0 || b.w <= 0) return false;
    const float dx = a.x + a.w / 2 - b.x - b.w / 2, dy = a.y + a.h / 2 - b.y - b.h / 2, ratio = a.w * a.h / (b.w * b.h);
    return hypotf(dx, dy) < fmaxf(a.w, a.h) && ratio > .25f && ratio < 4;
}

int32_t bt_track_wearer_elect(struct bt_wearer *wearer, const struct bt_wearer_candidate *candidates, uint32_t count,
                              uint32_t frame_w, uint32_t frame_h, int64_t now_ns) {
    int32_t best = -1, current = -1;
    float best_prominence = -1;
    const bool holding = wearer->last_px.w > 0 && now_ns - wearer->seen_ns < HOLD_NS;
    for (uint32_t i = 0; i < count; i++) {
        if (wearer->id && candidates[i].id == wearer->id) current = (int32_t)i;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (current < 0 && holding && !same_place(wearer->last_px, candidates[i].box_px)) continue;
        const float p = bt_track_wearer_prominence(candidates[i].box_px, frame_w, frame_h);
        if (p > best_prominence) {
            best = (int32_t)i;
            best_prominence = p;
        }
    }
    if (current >= 0 && best != current) {
        const float own = bt_track_wearer_prominence(candidates[current].box_px, frame_w, frame_h);
        if (best_prominence < TAKE_OVER * own) {
            wearer->challenger = 0;
        } else if (wearer->challenger != candidates[best].id) {
            wearer->challenger = candidates[best].id;
            wearer->challenge_ns = now_ns;
        } else if (now_ns - wearer->challenge_ns >= TAKE_OVER_NS) {
            current = best;
        }
    } else {
        wearer->challenger = 0;
        current = best;
    }
    wearer->id = current < 0 ? 0 : candidates[current].id;
    if (current >= 0) {
        if (wearer->challenger == wearer->id) wearer->challenger = 0;
        wearer->last_px = candidates[current].box_px;
        wearer->seen_ns = now_ns;
    }
    return current;
}
