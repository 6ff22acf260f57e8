/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/tiles.h"
#include "swap/swap.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>

enum { SIDE = BT_SWAP_GRID_PX / BT_SWAP_TILE_PX };

struct span {
    int x0, x1, y0, y1; /* tiles, ends included; x1 < x0: none */
};

static int tile_of(float px, uint32_t tiles) {
    int t = (int)floorf(px * (1.f / BT_SWAP_TILE_PX));
    return t < 0 ? 0 : t >= (int)tiles ? (int)tiles - 1 : t;
}

static struct span span_of(const struct bt_tiles_params *p, uint32_t t) {
    const struct bt_vec3 *a = &p->point[p->triangle[t][0]], *b = &p->point[p->triangle[t][1]],
                         *c = &p->point[p->triangle[t][2]];
    struct span none = {0, -1, 0, -1};
    float x0 = fminf(a->x, fminf(b->x, c->x)), x1 = fmaxf(a->x, fmaxf(b->x, c->x));
    float y0 = fminf(a->y, fminf(b->y, c->y)), y1 = fmaxf(a->y, fmaxf(b->y, c->y));
    float w = (float)(p->tiles_w * BT_SWAP_TILE_PX), h = (float)(p->tiles_h * BT_SWAP_TILE_PX);
    float area = (b->x - a->x) * (c->y - a->y) - (b->y - a->y) * (c->x - a->x);
    bool away =
        p->normal[p->triangle[t][0]].z < -.2f && p->normal[p->triangle[t][1]].z < -.2f && p->normal[p->triangle[t][2]].z < -.2f;
    if (away || fabsf(area) < 1e-6f || x1 < 0 || y1 < 0 || x0 >= w || y0 >= h) return none;
    return (struct span){tile_of(x0, p->tiles_w), tile_of(x1, p->tiles_w), tile_of(y0, p->tiles_h), tile_of(y1, p->tiles_h)};
}

/* Barycentrics and depth as planes over x and y. */
static void planes(const struct bt_tiles_params *p, uint32_t t, float *out) {
    const struct bt_vec3 *a = &p->point[p->triangle[t][0]], *b = &p->point[p->triangle[t][1]],
                         *c = &p->point[p->triangle[t][2]];
    float area = (b->x - a->x) * (c->y - a->y) - (b->y - a->y) * (c->x - a->x), i = 1 / area;
    float a0 = (b->y - c->y) * i, b0 = (c->x - b->x) * i, c0 = (b->x * c->y - b->y * c->x) * i;
    float a1 = (c->y - a->y) * i, b1 = (a->x - c->x) * i, c1 = (c->x * a->y - c->y * a->x) * i;
    float za = a->z - c->z, zb = b->z - c->z;
    out[0] = a0, out[1] = b0, out[2] = c0, out[3] = a0 * za + a1 * zb;
    out[4] = a1, out[5] = b1, out[6] = c1, out[7] = b0 * za + b1 * zb;
    out[8] = c->z + c0 * za + c1 * zb, out[9] = out[10] = out[11] = 0;
}

void bt_tiles_sort(const struct bt_tiles_params *p, float *out_triangle, uint32_t *out_tile, uint32_t *out_list) {
    uint32_t count[SIDE * SIDE] = {0}, first[SIDE * SIDE], tiles = p->tiles_w * p->tiles_h;
    for (uint32_t t = 0; t < p->triangles; t++) {
        struct span s = span_of(p, t);
        if (s.x1 >= s.x0) planes(p, t, out_triangle + (size_t)t * BT_SWAP_TRIANGLE_TEXELS * 4);
        for (int y = s.y0; y <= s.y1; y++)
            for (int x = s.x0; x <= s.x1; x++) count[(uint32_t)y * p->tiles_w + (uint32_t)x]++;
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < tiles; i++) {
        if (count[i] > BT_SWAP_LIST_MAX - at) count[i] = BT_SWAP_LIST_MAX - at;
        first[i] = at;
        out_tile[2 * i] = at;
        out_tile[2 * i + 1] = count[i];
        at += count[i];
    }
    for (uint32_t t = 0; t < p->triangles; t++) {
        struct span s = span_of(p, t);
        for (int y = s.y0; y <= s.y1; y++)
            for (int x = s.x0; x <= s.x1; x++) {
                uint32_t i = (uint32_t)y * p->tiles_w + (uint32_t)x;
                if (count[i] == 0) continue;
                count[i]--;
                out_list[first[i]++] = t;
            }
    }
}
