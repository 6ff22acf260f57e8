/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/eyes.h"
#include <math.h>

enum { LAST = BT_SWAP_LID_POINTS - 1 };

static const float LEAST_PX2 = 1;               /* corners nearer to each other, squared, have no line */
static const float FURTHEST = .25f;             /* of an eye's width: no face's lids differ by more */
static const float LIDS_OWN = .9f, AWAY = .05f; /* the rig's weights of a lid: its own points' are above the first; too small */

/* Axes of one eye: x along the line of its corners, 0 at the outer and 1 at the inner one, y across it, in the same unit. */
struct axes {
    struct bt_vec2 corner, along;
    float squared;
};

struct eye {
    struct axes axes;
    struct bt_vec2 lid[2][BT_SWAP_LID_POINTS];
};

static struct bt_vec2 place_of(const struct axes *axes, struct bt_vec3 p) {
    const float x = p.x - axes->corner.x, y = p.y - axes->corner.y;
    return (struct bt_vec2){(x * axes->along.x + y * axes->along.y) / axes->squared,
                            (y * axes->along.x - x * axes->along.y) / axes->squared};
}

static struct eye eye_of(const struct bt_swap_eyes *eyes, uint32_t e, const struct bt_vec3 *vertex) {
    const struct bt_vec3 *a = &vertex[eyes->lid[e][0][0]], *b = &vertex[eyes->lid[e][0][LAST]];
    const struct bt_vec2 along = {b->x - a->x, b->y - a->y};
    struct eye eye = {.axes = {{a->x, a->y}, along, fmaxf(along.x * along.x + along.y * along.y, LEAST_PX2)}};
    for (uint32_t l = 0; l < 2; l++)
        for (uint32_t i = 0; i < BT_SWAP_LID_POINTS; i++) eye.lid[l][i] = place_of(&eye.axes, vertex[eyes->lid[e][l][i]]);
    return eye;
}

/* y of a lid at x; beyond the corners 0. */
static float height_at(const struct bt_vec2 *lid, float x) {
    for (uint32_t i = 0; i < LAST; i++) {
        const float t = (x - lid[i].x) / fmaxf(lid[i + 1].x - lid[i].x, 1e-6f);
        if (t >= 0 && t <= 1) return lid[i].y + t * (lid[i + 1].y - lid[i].y);
    }
    return 0;
}

void bt_swap_eyes_shown(const struct bt_swap_eyes *eyes, const struct bt_vec3 *driver, const struct bt_vec3 *hybrid,
                        struct bt_vec2 *out_shown) {
    const struct eye of_driver[2] = {eye_of(eyes, 0, driver), eye_of(eyes, 1, driver)};
    const struct eye of_hybrid[2] = {eye_of(eyes, 0, hybrid), eye_of(eyes, 1, hybrid)};
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        out_shown[v] = (struct bt_vec2){driver[v].x, driver[v].y};
        if (!(eyes->weight[v] > 0)) continue;
        const struct eye *eye = &of_driver[eyes->eye[v]];
        const struct bt_vec2 along = eye->axes.along;
        const float own = place_of(&eye->axes, driver[v]).x, there = place_of(&of_hybrid[eyes->eye[v]].axes, hybrid[v]).x;
        const float by = fminf(fmaxf(there - own, -FURTHEST), FURTHEST);
        const float lower = height_at(eye->lid[0], own + by) - height_at(eye->lid[0], own);
        const float upper = height_at(eye->lid[1], own + by) - height_at(eye->lid[1], own);
        const float x = eyes->weight[v] * by, y = eyes->weight[v] * (lower + eyes->upper[v] * (upper - lower));
        out_shown[v].x += x * along.x - y * along.y;
        out_shown[v].y += x * along.y + y * along.x;
    }
}

void bt_swap_eyes_init(struct bt_swap_eyes *eyes, const struct bt_rig *rig) {
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    struct bt_vec3 with_lids[BT_RIG_VERTICES], fine[BT_RIG_FINE_VERTICES], flat[BT_RIG_FINE_VERTICES];
    for (uint32_t e = 0; e < 2; e++) {
        const struct bt_rig_list ring = bt_rig_ring(e ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
        for (uint32_t i = 0; i < BT_SWAP_LID_POINTS; i++) {
            eyes->lid[e][0][i] = ring.vertex[i];
            eyes->lid[e][1][i] = ring.vertex[(ring.count - i) % ring.count];
        }
    }
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) with_lids[v] = (struct bt_vec3){m->lid[0][v], m->lid[1][v], 0};
    bt_rig_subdivide(rig, with_lids, fine);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        flat[v] = (struct bt_vec3){m->fine_uv[v].x * BT_RIG_MAP_PX, m->fine_uv[v].y * BT_RIG_MAP_PX, 0};
    const struct eye of_map[2] = {eye_of(eyes, 0, flat), eye_of(eyes, 1, flat)};
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        const uint32_t e = fine[v].y > fine[v].x;
        const struct bt_vec2 at = place_of(&of_map[e].axes, flat[v]);
        const float lower = height_at(of_map[e].lid[0], at.x), apart = height_at(of_map[e].lid[1], at.x) - lower;
        eyes->eye[v] = (uint8_t)e;
        eyes->weight[v] = fminf(1, fmaxf(0, (fmaxf(fine[v].x, fine[v].y) - AWAY) / (LIDS_OWN - AWAY)));
        eyes->upper[v] = fabsf(apart) < 1e-6f ? .5f : fminf(1, fmaxf(0, (at.y - lower) / apart));
    }
}
