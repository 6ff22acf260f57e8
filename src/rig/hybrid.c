/* SPDX-License-Identifier: MIT */
#include "rig/exact.h"
#include "rig/internal.h"
#include <math.h>

static float opening(const struct bt_vec3 *vertex, uint32_t eye) {
    float sum = 0.0f;
    for (uint32_t k = 0; k < 3; k++) {
        const uint16_t *pair = bt_rig_lid_pair[eye][k];
        sum += fabsf(vertex[pair[0]].y - vertex[pair[1]].y);
    }
    return sum / 3.0f;
}

/* Shape moves the lips apart or together by what mask and driver differ at rest; where that would push the upper below the
   lower further than the driver's own already are, both give way by half. */
static void keep_lips_apart(const struct bt_vec3 *mesh, struct bt_vec3 *hybrid) {
    for (uint32_t i = 0; i < RIG_LIP_PAIRS; i++) {
        const uint32_t u = bt_rig_upper_lip[i], l = bt_rig_lower_lip[i];
        const float least = fminf(mesh[u].y - mesh[l].y, 0.0f), lack = least - (hybrid[u].y - hybrid[l].y);
        if (lack <= 0.0f) continue;
        hybrid[u].y += 0.5f * lack;
        hybrid[l].y -= 0.5f * lack;
    }
}

/* How far the lids' middle lies above the line of the eye's corners. */
static float lids_above(const struct bt_vec3 *vertex, struct bt_vec3 a, struct bt_vec3 b, uint32_t eye) {
    const float slope = (b.y - a.y) / (b.x - a.x);
    float sum = 0.0f;
    for (uint32_t k = 0; k < 3; k++)
        for (uint32_t l = 0; l < 2; l++) {
            const struct bt_vec3 p = vertex[bt_rig_lid_pair[eye][k][l]];
            sum += p.y - a.y - slope * (p.x - a.x);
        }
    return sum / 6.0f;
}

/* The net sees real lids higher above their corners than the canonical mesh has them, and so all masks: an iris, which lies
   where the lids are, would look down. Half of it is made good, so that an eye keeps something of the mask's own cut. */
static void lift_lids(const struct bt_rig *rig, const struct bt_vec3 *mesh, struct bt_vec3 *hybrid) {
    for (uint32_t e = 0; e < 2; e++) {
        const uint16_t *ring = bt_rig_ring(e ? BT_RIG_EYE_1 : BT_RIG_EYE_0).vertex;
        const uint16_t outer = ring[0], inner = ring[RIG_INNER_CORNER];
        const float wide = mesh[inner].x - mesh[outer].x;
        if (!(fabsf(wide) > 0.1f) || !(fabsf(hybrid[inner].x - hybrid[outer].x) > 0.1f)) continue; /* no eye */
        const float lift =
            0.5f * (lids_above(mesh, mesh[outer], mesh[inner], e) - lids_above(hybrid, hybrid[outer], hybrid[inner], e));
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
            const float along = (mesh[v].x - mesh[outer].x) / wide;
            hybrid[v].y += rig->lid[e][v] * lift * fmaxf(4.0f * along * (1.0f - along), 0.0f);
        }
    }
}

void bt_rig_hybrid(const struct bt_rig *rig, const struct bt_vec3 *mesh, const struct bt_vec3 *neutral_driver,
                   const struct bt_vec3 *neutral_mask, const float rotation[9], float strength, struct bt_vec3 *out_hybrid) {
    struct bt_vec3 normal[BT_RIG_VERTICES];
    bt_rig_normals(rig, mesh, normal);
    float ratio[2];
    for (uint32_t e = 0; e < 2; e++)
        ratio[e] = bt_clamp(opening(neutral_mask, e) / fmaxf(opening(neutral_driver, e), 0.2f), 0.6f, 1.6f);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const float nz = rotation[6] * normal[v].x + rotation[7] * normal[v].y + rotation[8] * normal[v].z;
        const float w = strength * rig->shape[v] * bt_smoothstep(nz, 0.05f, 0.5f);
        struct bt_vec3 e = bt_vec3_sub(mesh[v], neutral_driver[v]);
        for (uint32_t k = 0; k < 2; k++) e.y *= 1.0f + (ratio[k] - 1.0f) * rig->lid[k][v];
        const struct bt_vec3 moved = bt_vec3_add_scaled(neutral_driver[v], bt_vec3_sub(neutral_mask[v], neutral_driver[v]), w);
        out_hybrid[v] = bt_vec3_add_scaled(moved, e, 1.0f);
    }
    lift_lids(rig, mesh, out_hybrid);
    keep_lips_apart(mesh, out_hybrid);
}
