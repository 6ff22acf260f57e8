/* SPDX-License-Identifier: MIT */
/* What a rig holds. Private to src/rig. */
#ifndef BT_RIG_INTERNAL_H
#define BT_RIG_INTERNAL_H

#include "rig/rig.h"
#include <stddef.h>

enum {
    RIG_EDGES = BT_RIG_FINE_VERTICES - BT_RIG_VERTICES,
    RIG_SUBDIVISION_MAX = BT_RIG_VERTICES + 2 * RIG_EDGES + 4 * RIG_EDGES,
    RIG_LIP_PAIRS = 9,
    RIG_INNER_CORNER = 8 /* of an eye's ring, which begins at the outer one */
};

struct bt_rig {
    struct bt_rig_mesh mesh; /* views of what follows */
    struct bt_rig_maps maps;

    struct bt_vec3 canonical[BT_RIG_VERTICES], closed[BT_RIG_VERTICES];
    struct bt_vec2 uv[BT_RIG_VERTICES], fine_uv[BT_RIG_FINE_VERTICES];
    uint32_t triangle[BT_RIG_TRIANGLES][3], fine_triangle[BT_RIG_FINE_TRIANGLES][3];
    uint8_t tag[BT_RIG_TRIANGLES], fine_tag[BT_RIG_FINE_TRIANGLES];
    float anchor[BT_RIG_VERTICES];
    uint32_t sub_row[BT_RIG_FINE_VERTICES + 1], sub_index[RIG_SUBDIVISION_MAX];
    float sub_weight[RIG_SUBDIVISION_MAX];
    uint32_t inc_row[BT_RIG_VERTICES + 1], inc_index[BT_RIG_TRIANGLES * 3];
    float inc_weight[BT_RIG_TRIANGLES * 3];
    uint32_t fine_inc_row[BT_RIG_FINE_VERTICES + 1], fine_inc_index[BT_RIG_FINE_TRIANGLES * 3];
    float fine_inc_weight[BT_RIG_FINE_TRIANGLES * 3];
    float shape[BT_RIG_VERTICES], lid[2][BT_RIG_VERTICES], lid_near[BT_RIG_VERTICES], settle[BT_RIG_VERTICES];

    uint8_t covered[BT_RIG_MAP_TEXELS];
    uint16_t map_triangle[BT_RIG_MAP_TEXELS];
    float barycentric[BT_RIG_MAP_TEXELS][3];
    float oval_distance[BT_RIG_MAP_TEXELS], paint[BT_RIG_MAP_TEXELS], paint_wide[BT_RIG_MAP_TEXELS], feature[BT_RIG_MAP_TEXELS];
    float keep[BT_RIG_MAP_TEXELS], pass[BT_RIG_MAP_TEXELS], eye[BT_RIG_MAP_TEXELS], lips[BT_RIG_MAP_TEXELS];
    float mouth[BT_RIG_MAP_TEXELS], brow[BT_RIG_MAP_TEXELS];
    float lips_wide[BT_RIG_MAP_TEXELS]; /* lips + 2, blurred: where occlusion is held back */
};

/* The inner lips, opposite each other. */
extern const uint16_t bt_rig_upper_lip[RIG_LIP_PAIRS], bt_rig_lower_lip[RIG_LIP_PAIRS];
/* Three lid points of each eye, upper and lower. */
extern const uint16_t bt_rig_lid_pair[2][3][2];

/* Fills subdivision and fine_triangle. False: not a surface of 1,365 edges. */
bool bt_rig_build_subdivision(struct bt_rig *rig);
void bt_rig_build_incidence(struct bt_rig *rig);
/* Fills every map, then `shape`. BT_E_MEMORY. */
BT_CHECKED bt_status bt_rig_build_maps(struct bt_rig *rig);
void bt_rig_build_weights(struct bt_rig *rig); /* lid, lid_near, settle, closed */

/* exp(-(d / sigma)^2), d: distance of p to the nearest of the listed canonical vertices. */
float bt_rig_nearness(const struct bt_rig *rig, struct bt_vec3 p, const uint16_t *vertex, uint32_t count, float sigma);

#endif
