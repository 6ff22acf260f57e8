/* SPDX-License-Identifier: MIT */
/* Ambient occlusion by depth pictures: the face is drawn from each of 72 directions of the front sky, and a vertex counts the
   directions in which it is not behind something. Directions are a Fibonacci spiral over z in (-.15, 1]. */
#include "rig/occlusion.h"
#include "rig/exact.h"
#include "rig/internal.h"
#include "rig/raster.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 112 };
static const float FROM_ABOVE = 0.85f; /* rooms are lit from above: what the brow hides from there counts more */

struct bt_occlusion {
    const struct bt_rig *rig;
    uint32_t next;
    struct bt_vec3 fine[BT_RIG_FINE_VERTICES], normal[BT_RIG_FINE_VERTICES], seen[BT_RIG_FINE_VERTICES];
    float open[BT_RIG_FINE_VERTICES], total[BT_RIG_FINE_VERTICES];
    float depth[SIDE * SIDE];
    uint16_t triangle[SIDE * SIDE];
    float map[BT_RIG_MAP_TEXELS], scratch[BT_RIG_MAP_TEXELS], blurred[BT_RIG_MAP_TEXELS];
};

bt_status bt_occlusion_create(const struct bt_rig *rig, struct bt_occlusion **out_occlusion) {
    struct bt_occlusion *o = calloc(1, sizeof(*o));
    if (!o) return BT_E_MEMORY;
    o->rig = rig;
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) o->map[i] = 1.0f;
    bt_occlusion_begin(o, bt_rig_mesh(rig)->closed);
    *out_occlusion = o;
    return BT_OK;
}

void bt_occlusion_destroy(struct bt_occlusion **occlusion) {
    if (!occlusion) return;
    if (*occlusion) explicit_bzero(*occlusion, sizeof **occlusion); /* a person's face */
    free(*occlusion);
    *occlusion = NULL;
}

void bt_occlusion_begin(struct bt_occlusion *o, const struct bt_vec3 *vertex) {
    o->next = 0;
    bt_rig_subdivide(o->rig, vertex, o->fine);
    bt_rig_fine_normals(o->rig, o->fine, o->normal);
    memset(o->open, 0, sizeof(o->open));
    memset(o->total, 0, sizeof(o->total));
}

static void look_from(struct bt_occlusion *o, struct bt_vec3 d) {
    const struct bt_vec3 up = fabsf(d.y) < 0.9f ? (struct bt_vec3){0.0f, 1.0f, 0.0f} : (struct bt_vec3){1.0f, 0.0f, 0.0f};
    struct bt_vec3 x = bt_vec3_cross(up, d);
    const float inverse = 1.0f / sqrtf(bt_vec3_dot(x, x));
    x = (struct bt_vec3){x.x * inverse, x.y * inverse, x.z * inverse};
    const struct bt_vec3 y = bt_vec3_cross(d, x);
    struct bt_vec2 low = {1e9f, 1e9f}, high = {-1e9f, -1e9f};
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        const struct bt_vec3 p = o->fine[v];
        o->seen[v] = (struct bt_vec3){bt_vec3_dot(p, x), bt_vec3_dot(p, y), bt_vec3_dot(p, d)};
        low.x = fminf(low.x, o->seen[v].x);
        low.y = fminf(low.y, o->seen[v].y);
        high.x = fmaxf(high.x, o->seen[v].x);
        high.y = fmaxf(high.y, o->seen[v].y);
    }
    const float scale = (SIDE - 4) / fmaxf(fmaxf(high.x - low.x, high.y - low.y), 1e-3f);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        o->seen[v].x = (o->seen[v].x - low.x) * scale + 2.0f;
        o->seen[v].y = (o->seen[v].y - low.y) * scale + 2.0f;
    }
    struct bt_raster_target target = {SIDE, SIDE, o->depth, o->triangle, NULL};
    bt_raster_clear(&target);
    /* The coarse triangles, over the same points (the first 468 fine ones): a quarter of the work, and well within the
     * tolerance. */
    bt_raster_triangles(&target, o->seen, bt_rig_mesh(o->rig)->triangle, BT_RIG_TRIANGLES);
    const float weight = 1.0f + FROM_ABOVE * d.y;
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        const float cosine = bt_vec3_dot(o->normal[v], d);
        if (cosine <= 0.05f) continue;
        /* The tolerance (cm) grows with the slope, against a surface shadowing itself. */
        const float limit = o->seen[v].z + 0.22f + 0.25f * (1.0f - cosine);
        const uint32_t px = (uint32_t)bt_clamp(o->seen[v].x, 1.0f, SIDE - 2),
                       py = (uint32_t)bt_clamp(o->seen[v].y, 1.0f, SIDE - 2);
        uint32_t count = 0;
        for (uint32_t r = py - 1; r <= py + 1; r++)
            for (uint32_t c = px - 1; c <= px + 1; c++) count += o->depth[r * SIDE + c] < limit;
        o->open[v] += weight * cosine * (float)count / 9.0f;
        o->total[v] += weight * cosine;
    }
}

static void finish(struct bt_occlusion *o) {
    const struct bt_rig_maps *maps = bt_rig_maps(o->rig);
    const struct bt_rig_mesh *mesh = bt_rig_mesh(o->rig);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        const float share = o->total[v] > 0.0f ? o->open[v] / o->total[v] : 1.0f;
        o->open[v] = powf(bt_clamp(share, 0.45f, 1.0f), 1.3f);
    }
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) {
        o->blurred[i] = 1.0f;
        if (!maps->covered[i]) continue;
        const uint32_t *t = mesh->fine_triangle[maps->triangle[i]];
        const float *b = maps->barycentric[i];
        o->blurred[i] = b[0] * o->open[t[0]] + b[1] * o->open[t[1]] + b[2] * o->open[t[2]];
    }
    bt_raster_blur((struct bt_picture_f){o->blurred, BT_RIG_MAP_PX, BT_RIG_MAP_PX}, 1.2f, o->scratch);
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) {
        /* The dark seam between the lips is the driver's own; occlusion would darken it twice. */
        const float a = bt_clamp(o->blurred[i], 0.0f, 1.0f);
        o->map[i] = bt_lerp(a, fmaxf(a, 0.88f), o->rig->lips_wide[i]);
    }
}

bool bt_occlusion_step(struct bt_occlusion *o, uint32_t directions) {
    if (o->next >= BT_OCCLUSION_DIRECTIONS) return true;
    for (uint32_t n = 0; n < directions && o->next < BT_OCCLUSION_DIRECTIONS; n++, o->next++) {
        const float i = (float)o->next + 0.5f, z = 1.0f - i / BT_OCCLUSION_DIRECTIONS * 1.15f;
        const float turn = 10.166407f * i, r = sqrtf(fmaxf(0.0f, 1.0f - z * z)); /* pi (1 + sqrt 5) i */
        look_from(o, (struct bt_vec3){r * cosf(turn), r * sinf(turn), z});
    }
    if (o->next < BT_OCCLUSION_DIRECTIONS) return false;
    finish(o);
    return true;
}

const float *bt_occlusion_map(const struct bt_occlusion *occlusion) {
    return occlusion->map;
}
