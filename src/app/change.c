/* SPDX-License-Identifier: MIT */
#include "app/change.h"

#include <math.h>
#include <string.h>

enum { CELLS = BT_FACES_CELLS * BT_FACES_CELLS };

/* A head that is turned farther is not compared (as enrolment does not). */
static const float front_yaw = 0.3f, front_pitch = 0.25f; /* radians */
/* One that comes so near to that may be gone soon. */
static const float leaving = 0.8f;
/* Frames farther apart than this are not compared: too much may have moved. Not asked about for so long: a moment, and long
   enough for another to sit down. */
static const int64_t pair_ns = 300000000, away_ns = 2000000000;
/* Limits of the step from frame to frame, in the face's own light, and for one that is turned, which cannot be looked at.
   Measured at 25 a second on the built-in footage (462 steps, blinks, speech, a jerk aside, a cover): luma .097, likeness .11
   in 99 of 100; over .15 and .25 in 2. 8 a second, turned: at most .19 and .21. 39 cuts among 14 of mask/'s heads: 38 over one
   or the other. */
static const struct limits {
    float luma, likeness, move, size;
} front = {0.15f, 0.25f, 0.5f, 0.35f}, turned = {0.25f, 0.4f, 0.7f, 0.5f};
/* From the wearer, as last agreed to, at about the same turn, for so long. */
static const float unlike = 0.3f, same_turn = 0.1f;
static const int64_t unlike_for_ns = 200000000;

bool bt_change_frontal(const struct bt_measures *m) {
    return fabsf(m->yaw) < front_yaw && fabsf(m->pitch) < front_pitch;
}

static bool is_leaving(const struct bt_change_view *v) {
    return fabsf(v->yaw) > leaving * front_yaw || fabsf(v->pitch) > leaving * front_pitch;
}

static float mean_of(const float *cell) {
    float sum = 0;
    for (int i = 0; i < CELLS; i++) sum += cell[i];
    return sum / CELLS;
}

/* Root mean square of the difference, over the geometric mean of their light. */
static float luma_apart(const float *a, const float *b) {
    float sum = 0;
    for (int i = 0; i < CELLS; i++) sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sqrtf(sum / CELLS / fmaxf(mean_of(a) * mean_of(b), 1e-6f));
}

/* 1 less the normalised correlation: neither light nor contrast counts. */
static float likeness_apart(const float *a, const float *b) {
    const float mean_a = mean_of(a), mean_b = mean_of(b);
    float aa = 0, bb = 0, ab = 0;
    for (int i = 0; i < CELLS; i++) {
        const float x = a[i] - mean_a, y = b[i] - mean_b;
        aa += x * x, bb += y * y, ab += x * y;
    }
    /* Flat to a code and less: nothing to be compared. */
    return aa < 1e-3f || bb < 1e-3f ? 0 : 1 - ab / sqrtf(aa * bb);
}

/* So written that what is no number counts as a change. */
static bool steps_within(const struct bt_change_view *a, const struct bt_change_view *b, const struct limits *most) {
    const struct bt_rect *p = &a->box_px, *q = &b->box_px;
    const float move = hypotf(p->x + p->w / 2 - q->x - q->w / 2, p->y + p->h / 2 - q->y - q->h / 2) / fmaxf(p->w, q->w);
    return luma_apart(a->cell, b->cell) <= most->luma && likeness_apart(a->cell, b->cell) <= most->likeness &&
           move <= most->move && fabsf(logf(a->eye_px / b->eye_px)) <= most->size;
}

static bool is_unlike(struct bt_change *c, int64_t now_ns) {
    const bool comparable =
        c->agreed && fabsf(c->last.yaw - c->wearer.yaw) < same_turn && fabsf(c->last.pitch - c->wearer.pitch) < same_turn;
    if (!comparable || likeness_apart(c->last.cell, c->wearer.cell) <= unlike) {
        c->unlike_ns = now_ns;
        return false;
    }
    return now_ns - c->unlike_ns >= unlike_for_ns;
}

enum bt_change_sign bt_change_step(struct bt_change *c, const struct bt_faces *faces, int64_t now_ns) {
    if (faces->wearer < 0 || (uint32_t)faces->wearer >= faces->count) {
        *c = (struct bt_change){0};
        return BT_CHANGE_NONE;
    }
    const struct bt_measures *m = &faces->measures;
    struct bt_change_view now = {
        .yaw = m->yaw, .pitch = m->pitch, .eye_px = m->eye_px, .box_px = faces->face[faces->wearer].box_px};
    memcpy(now.cell, m->cell, sizeof now.cell);
    const int64_t since_ns = now_ns - c->last_ns;
    enum bt_change_sign sign = BT_CHANGE_NONE;
    if (c->started && (since_ns < 0 || since_ns > away_ns))
        sign = BT_CHANGE_SUDDEN;
    else if (c->started && since_ns > pair_ns)
        sign = BT_CHANGE_SLOW;
    else if (c->started && !steps_within(&c->last, &now, bt_change_frontal(m) ? &front : &turned))
        sign = BT_CHANGE_SUDDEN;
    c->started = true;
    c->last_ns = now_ns;
    c->last = now;
    const bool differs = is_unlike(c, now_ns);
    if (!sign && (differs || is_leaving(&now))) sign = BT_CHANGE_SLOW;
    return sign;
}

void bt_change_agree(struct bt_change *c) {
    c->wearer = c->last;
    c->agreed = true;
    c->unlike_ns = c->last_ns;
}
