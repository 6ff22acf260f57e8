/* SPDX-License-Identifier: MIT */
/* Sorts triangles into tiles: each pixel then looks at the few triangles of its tile, and no kernel needs atomics. */
#ifndef BT_SWAP_TILES_H
#define BT_SWAP_TILES_H

#include "base/geom.h"
#include <stdint.h>

struct bt_tiles_params {
    const struct bt_vec3 *point;  /* x, y in grid px; z larger is nearer */
    const struct bt_vec3 *normal; /* towards the camera */
    const uint32_t (*triangle)[3];
    uint32_t triangles;
    uint32_t tiles_w, tiles_h; /* of BT_SWAP_TILE_PX; together at most those of a BT_SWAP_GRID_PX square */
};

/* Writes BT_SWAP_TRIANGLE_TEXELS x 4 floats a triangle, two words a tile (first, count) and at most BT_SWAP_LIST_MAX list
   entries. Triangles that show their backs or have no area are in no list; a full list drops what comes last. */
void bt_tiles_sort(const struct bt_tiles_params *params, float *out_triangle, uint32_t *out_tile, uint32_t *out_list);

#endif
