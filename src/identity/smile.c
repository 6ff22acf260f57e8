/* SPDX-License-Identifier: MIT */
/* What a smile leaves behind in the mean of somebody who smiled in every picture: lifted corners, and creases that are shadow,
   not skin. */
#include "identity/internal.h"
#include <math.h>

/* Along the fold from nose to mouth and beside the mouth's corner, both sides. */
static const uint16_t crease[] = {205, 206, 207, 187, 212, 216, 186, 57, 425, 426, 427, 411, 432,
                                  436, 410, 287, 43,  273, 203, 423, 36, 266, 165, 391, 92,  322};

/* How far the mouth's corners stand above its middle, cm. */
static float corners(const struct bt_vec3 *face) {
    return 0.5f * (face[61].y + face[291].y - face[13].y - face[14].y);
}

float bt_identity_smile(const struct bt_rig *rig, const struct bt_vec3 *neutral) {
    return bt_smoothstep(corners(neutral) - corners(bt_rig_mesh(rig)->closed), 0.28f, 0.6f);
}

void bt_identity_relax(const struct bt_rig *rig, float smile, struct bt_vec3 *neutral) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    const float middle = mesh->closed[1].y; /* the nose's tip: brows and lids do not smile */
    for (uint32_t i = 0; i < BT_RIG_VERTICES; i++) {
        const float below = bt_smoothstep(middle - mesh->closed[i].y, -1.0f, 1.0f);
        neutral[i] =
            bt_vec3_add_scaled(neutral[i], bt_vec3_sub(mesh->closed[i], neutral[i]), 0.6f * smile * below * mesh->settle[i]);
    }
}

static float nearness(const struct bt_vec3 *closed, struct bt_vec3 p) {
    float nearest = 1e9f;
    for (uint32_t k = 0; k < BT_COUNT(crease); k++) {
        const struct bt_vec3 d = bt_vec3_sub(p, closed[crease[k]]);
        nearest = fminf(nearest, bt_vec3_dot(d, d));
    }
    return expf(-nearest); /* cm */
}

void bt_identity_smooth_creases(const struct bt_rig *rig, const struct atlas *atlas, float smile, const struct plane *seen,
                                struct plane *luma, struct plane *scratch) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    struct bt_vec3 fine[BT_RIG_FINE_VERTICES];
    struct plane *low = &scratch[0];
    bt_rig_subdivide(rig, mesh->closed, fine);
    *low = *luma;
    bt_identity_blur(low, seen, 10.0f, &scratch[1], &scratch[2]);
    for (uint32_t i = 0; i < TEXELS; i++) {
        if (atlas->triangle[i] == 0xffff) continue;
        struct bt_vec3 p = {0, 0, 0};
        for (uint32_t k = 0; k < 3; k++)
            p = bt_vec3_add_scaled(p, fine[mesh->fine_triangle[atlas->triangle[i]][k]], atlas->barycentric[i][k]);
        const float share = smile * nearness(mesh->closed, p) * (1.0f - atlas->lips.px[i]);
        const float flat = bt_clamp(low->px[i], -0.06f, 0.06f) + 0.35f * (luma->px[i] - low->px[i]);
        luma->px[i] = bt_lerp(luma->px[i], flat, share);
    }
}
