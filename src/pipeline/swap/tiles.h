/* SPDX-License-Identifier: MIT */
/* Sorts triangles into tiles, nearest first: each pixel then looks at the few triangles of its tile and takes the first that
   covers it; no kernel needs atomics or a depth picture. */
#ifndef BT_SWAP_TILES_H
#define BT_SWAP_TILES_H

#include "base/geom.h"
#include "swap/swap.h"
#include <stdint.h>

struct bt_tiles;

struct bt_tiles_params {
    const struct bt_vec3 *point;  /* x, y in grid px; z larger is nearer */
    const struct bt_vec3 *normal; /* towards the camera */
    const uint32_t (*triangle)[3];
    uint32_t triangles;        /* at most BT_TILES_TRIANGLES */
    uint32_t tiles_w, tiles_h; /* at most those of a BT_SWAP_GRID_PX square */
};

enum { BT_TILES_TRIANGLES = 4096 };

/* Writes two words a tile (first entry, entries) and at most BT_SWAP_LIST_MAX entries, four floats of each into each list. A
   triangle's depth is its middle's. Triangles that show their backs, have no area or lie outside are in no list; a full list
   drops what comes last. */
void bt_swap_tiles_sort(const struct bt_tiles_params *params, uint32_t *out_tile, float *const out_list[BT_SWAP_LISTS]);

#endif
