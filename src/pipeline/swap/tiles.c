/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/tiles.h"
#include "swap/swap.h"
#include <math.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

enum {
    TILES_MAX = BT_SWAP_GRID_PX / BT_SWAP_TILE_W * (BT_SWAP_GRID_PX / BT_SWAP_TILE_H),
    DEPTHS = 512, /* of a face 300 px deep, half a pixel each */
};

struct span {
    uint16_t x0, x1, y0, y1; /* tiles, ends included; x1 < x0: none */
};

struct corners {
    struct bt_vec3 a, b, c;
};

static struct corners corners_of(const struct bt_tiles_params *p, uint32_t t) {
    return (struct corners){p->point[p->triangle[t][0]], p->point[p->triangle[t][1]], p->point[p->triangle[t][2]]};
}

static float area_of(const struct corners *k) {
    return (k->b.x - k->a.x) * (k->c.y - k->a.y) - (k->b.y - k->a.y) * (k->c.x - k->a.x);
}

static uint16_t tile_of(float px, float tile_px, uint32_t tiles) {
    float t = floorf(px / tile_px);
    return (uint16_t)(t < 0 ? 0 : t >= (float)tiles ? (float)tiles - 1 : t);
}

static struct span span_of(const struct bt_tiles_params *p, uint32_t t) {
    const struct span none = {1, 0, 1, 0};
    struct corners k = corners_of(p, t);
    float x0 = fminf(k.a.x, fminf(k.b.x, k.c.x)), x1 = fmaxf(k.a.x, fmaxf(k.b.x, k.c.x));
    float y0 = fminf(k.a.y, fminf(k.b.y, k.c.y)), y1 = fmaxf(k.a.y, fmaxf(k.b.y, k.c.y));
    float w = (float)(p->tiles_w * BT_SWAP_TILE_W), h = (float)(p->tiles_h * BT_SWAP_TILE_H);
    bool away =
        p->normal[p->triangle[t][0]].z < -.2f && p->normal[p->triangle[t][1]].z < -.2f && p->normal[p->triangle[t][2]].z < -.2f;
    if (away || fabsf(area_of(&k)) < 1e-6f || x1 < 0 || y1 < 0 || x0 >= w || y0 >= h) return none;
    return (struct span){tile_of(x0, BT_SWAP_TILE_W, p->tiles_w), tile_of(x1, BT_SWAP_TILE_W, p->tiles_w),
                         tile_of(y0, BT_SWAP_TILE_H, p->tiles_h), tile_of(y1, BT_SWAP_TILE_H, p->tiles_h)};
}

static void entry_of(const struct bt_tiles_params *p, uint32_t t, float out[BT_SWAP_LISTS][4]) {
    struct corners k = corners_of(p, t);
    float i = 1 / area_of(&k), *a = out[0], *b = out[1];
    a[0] = (k.b.y - k.c.y) * i, a[1] = (k.c.x - k.b.x) * i, a[2] = (k.b.x * k.c.y - k.b.y * k.c.x) * i;
    b[0] = (k.c.y - k.a.y) * i, b[1] = (k.a.x - k.c.x) * i, b[2] = (k.c.x * k.a.y - k.c.y * k.a.x) * i;
    a[3] = (float)t, b[3] = 0;
}

/* Numbers of the triangles, nearest first: a counting sort over DEPTHS steps of depth. */
static void order(const struct bt_tiles_params *p, uint16_t *out) {
    uint16_t step[BT_TILES_TRIANGLES], first[DEPTHS + 1] = {0};
    float z[BT_TILES_TRIANGLES], low = INFINITY, high = -INFINITY;
    for (uint32_t t = 0; t < p->triangles; t++) {
        struct corners k = corners_of(p, t);
        z[t] = k.a.z + k.b.z + k.c.z;
        low = fminf(low, z[t]), high = fmaxf(high, z[t]);
    }
    float scale = (DEPTHS - 1) / fmaxf(high - low, 1e-6f);
    for (uint32_t t = 0; t < p->triangles; t++) {
        step[t] = (uint16_t)((high - z[t]) * scale);
        first[step[t] + 1]++;
    }
    for (int i = 0; i < DEPTHS; i++) first[i + 1] = (uint16_t)(first[i + 1] + first[i]);
    for (uint32_t t = 0; t < p->triangles; t++) out[first[step[t]]++] = (uint16_t)t;
}

void bt_swap_tiles_sort(const struct bt_tiles_params *p, uint32_t *out_tile, float *const out_list[BT_SWAP_LISTS]) {
    uint16_t sorted[BT_TILES_TRIANGLES];
    struct span span[BT_TILES_TRIANGLES];
    uint16_t count[TILES_MAX];
    uint32_t next[TILES_MAX], tiles = p->tiles_w * p->tiles_h, at = 0;
    memset(count, 0, tiles * sizeof *count);
    order(p, sorted);
    for (uint32_t t = 0; t < p->triangles; t++) {
        span[t] = span_of(p, t);
        for (uint32_t y = span[t].y0; y <= span[t].y1; y++)
            for (uint32_t x = span[t].x0; x <= span[t].x1; x++) count[y * p->tiles_w + x]++;
    }
    for (uint32_t i = 0; i < tiles; i++) {
        if (count[i] > BT_SWAP_LIST_MAX - at) count[i] = (uint16_t)(BT_SWAP_LIST_MAX - at);
        next[i] = at;
        out_tile[2 * i] = at;
        out_tile[2 * i + 1] = count[i];
        at += count[i];
    }
    for (uint32_t n = 0; n < p->triangles; n++) {
        float entry[BT_SWAP_LISTS][4];
        uint32_t t = sorted[n];
        if (span[t].x1 < span[t].x0) continue;
        entry_of(p, t, entry);
        for (uint32_t y = span[t].y0; y <= span[t].y1; y++)
            for (uint32_t x = span[t].x0; x <= span[t].x1; x++) {
                uint32_t i = y * p->tiles_w + x;
                if (count[i] == 0) continue;
                count[i]--;
                for (int l = 0; l < BT_SWAP_LISTS; l++) memcpy(out_list[l] + (size_t)next[i] * 4, entry[l], sizeof entry[l]);
                next[i]++;
            }
    }
}
