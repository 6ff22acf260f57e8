/* SPDX-License-Identifier: MIT */
/* Weights on the vertices: which move with a lid, which settle, and the canonical mesh with its lips closed. */
#include "rig/exact.h"
#include "rig/internal.h"
#include <math.h>

static float distance(struct bt_vec3 a, struct bt_vec3 b) {
    const struct bt_vec3 d = bt_vec3_sub(a, b);
    return sqrtf(bt_vec3_dot(d, d));
}

float bt_rig_nearness(const struct bt_rig *rig, struct bt_vec3 p, const uint16_t *vertex, uint32_t count, float sigma) {
    float nearest = 1e9f;
    for (uint32_t i = 0; i < count; i++) {
        const float d = distance(p, rig->canonical[vertex[i]]);
        if (d < nearest) nearest = d;
    }
    return bt_bump(nearest, sigma);
}

static float near_ring(const struct bt_rig *rig, struct bt_vec3 p, enum bt_rig_ring ring, float sigma) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    return bt_rig_nearness(rig, p, list.vertex, list.count, sigma);
}

static void lids(struct bt_rig *rig) {
    for (uint32_t e = 0; e < 2; e++) {
        const struct bt_rig_list ring = bt_rig_ring(e ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
        struct bt_vec3 c = {0.0f, 0.0f, 0.0f};
        for (uint32_t i = 0; i < ring.count; i++)
            c = bt_vec3_add_scaled(c, rig->canonical[ring.vertex[i]], 1.0f / (float)ring.count);
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
            const struct bt_vec3 d = bt_vec3_sub(rig->canonical[v], c);
            const float x = d.x / 2.0f, z = d.z / 3.0f, out = sqrtf(x * x + d.y * d.y + z * z) - 0.8f;
            const float near = fmaxf(near_ring(rig, rig->canonical[v], BT_RIG_EYE_0, 0.6f),
                                     near_ring(rig, rig->canonical[v], BT_RIG_EYE_1, 0.6f));
            rig->lid[e][v] = bt_bump(fmaxf(out, 0.0f), 0.4f) * near;
        }
    }
}

/* Pulled towards the canonical when only one frame is known: what moves most with expression, most. */
static void settle(struct bt_rig *rig) {
    static const uint16_t cheeks[] = {50, 205, 206, 207, 187, 280, 425, 426, 427, 411};
    static const struct {
        enum bt_rig_ring first, last;
        float sigma, pull;
    } parts[] = {
        {BT_RIG_LIPS_OUTER, BT_RIG_LIPS_INNER, 1.8f, 0.9f},
        {BT_RIG_EYE_0, BT_RIG_EYE_1, 0.5f, 0.4f},
        {BT_RIG_BROW_0_UPPER, BT_RIG_BROW_1_LOWER, 1.2f, 0.5f},
    };
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 p = rig->canonical[v];
        float most = 0.6f * bt_rig_nearness(rig, p, cheeks, BT_COUNT(cheeks), 1.6f);
        for (uint32_t k = 0; k < BT_COUNT(parts); k++)
            for (int ring = (int)parts[k].first; ring <= (int)parts[k].last; ring++)
                most = fmaxf(most, parts[k].pull * near_ring(rig, p, (enum bt_rig_ring)ring, parts[k].sigma));
        rig->settle[v] = bt_clamp(most, 0.0f, 1.0f);
        rig->lid_near[v] =
            bt_clamp(1.2f * fmaxf(near_ring(rig, p, BT_RIG_EYE_0, 0.45f), near_ring(rig, p, BT_RIG_EYE_1, 0.45f)), 0.0f, 1.0f);
    }
}

void bt_rig_close_lips(const struct bt_rig *rig, struct bt_vec3 *vertex, float gap_cm) {
    static const uint16_t upper[] = {185, 40, 39,  37,  0,   267, 269, 270, 409, 74,  73, 72, 11, 302, 303, 304, 42,  41,
                                     38,  12, 268, 271, 272, 184, 408, 183, 407, 191, 80, 81, 82, 13,  312, 311, 310, 415};
    static const uint16_t lower[] = {146, 91, 181, 84, 17, 314, 405, 321, 375, 77, 90, 180, 85, 16, 315, 404, 320, 307,
                                     96,  89, 179, 86, 15, 316, 403, 319, 325, 95, 88, 178, 87, 14, 317, 402, 318, 324};
    /* Each round takes most of the gap away where the two lips are far apart and their reaches do not overlap; three leave <
     * .03 cm. */
    for (uint32_t round = 0; round < 3; round++) {
        float gap[RIG_LIP_PAIRS], at[RIG_LIP_PAIRS];
        for (uint32_t i = 0; i < RIG_LIP_PAIRS; i++) {
            gap[i] = vertex[bt_rig_upper_lip[i]].y - vertex[bt_rig_lower_lip[i]].y - gap_cm;
            at[i] = rig->canonical[bt_rig_upper_lip[i]].x;
        }
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
            const struct bt_vec3 p = rig->canonical[v];
            const float up = bt_rig_nearness(rig, p, upper, BT_COUNT(upper), 0.45f);
            const float down = bt_rig_nearness(rig, p, lower, BT_COUNT(lower), 0.45f);
            const float middle = bt_clamp((2.4f - fabsf(p.x)) / 0.7f, 0.0f, 1.0f); /* the corners stay */
            float sum = 0.0f, total = 1e-6f;
            for (uint32_t i = 0; i < RIG_LIP_PAIRS; i++) {
                const float w = bt_bump(p.x - at[i], 0.3f);
                sum += w * gap[i];
                total += w;
            }
            vertex[v].y += 0.5f * sum / total * (down * down - up * up) / (up + down + 1e-6f) * middle;
        }
    }
}

void bt_rig_build_weights(struct bt_rig *rig) {
    lids(rig);
    settle(rig);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) rig->closed[v] = rig->canonical[v];
    bt_rig_close_lips(rig, rig->closed, 0.05f);
}
