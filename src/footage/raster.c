/* SPDX-License-Identifier: MIT */
#include "footage/raster.h"
#include "footage/decode.h"
#include "footage/portrait.h"
#include <math.h>
#include <stddef.h>

void bt_footage_map_clear(struct bt_footage_map *map) {
    const struct bt_footage_texel empty = {.z = 1e9F, .neck_u = -1};
    for (size_t i = 0; i < (size_t)map->width_px * map->height_px; i++) {
        map->texel[i] = empty;
    }
}

enum { SOLID = 235, GONE = 3 };

static float alpha_at(const struct bt_footage_picture *person, float u, float v) {
    float x = u * BT_FOOTAGE_TEXELS, y = v * BT_FOOTAGE_TEXELS;
    if (!(x >= 0 && y >= 0 && x < (float)person->width_px && y < (float)person->height_px)) {
        return 255;
    }
    return person->data[((size_t)y * person->width_px + (size_t)x) * 4 + 3];
}

/* Whether a part of the person, nearer than what is there, takes its place. An outline against the room stays soft. */
static bool hides(const struct bt_footage_map *map, const struct bt_footage_texel *there, float u, float v, float cover) {
    float alpha = cover > 0 ? alpha_at(map->person, u, v) * fminf(cover, 1) : 0;
    if (there->layer == BT_FOOTAGE_INNER) {
        return true; /* what lies behind lips and lids is wider than their openings, and in front of all that is not the person
                      */
    }
    return alpha > GONE && !(there->layer == BT_FOOTAGE_PERSON && alpha < SOLID);
}

/* Where the edge crosses the row's centre line. Ends are ordered first, so that two triangles get the same number. */
static float crossing(const struct bt_footage_corner *a, const struct bt_footage_corner *b, float y) {
    if (b->y < a->y) {
        const struct bt_footage_corner *t = a;
        a = b;
        b = t;
    }
    return a->x + (b->x - a->x) * ((y - a->y) / (b->y - a->y));
}

static int32_t first_centre(float x, int32_t limit) {
    float at = ceilf(x - 0.5F);
    return at <= 0 ? 0 : at >= (float)limit ? limit : (int32_t)at;
}

void bt_footage_draw(struct bt_footage_map *map, enum bt_footage_layer layer, const struct bt_footage_corner *a,
                     const struct bt_footage_corner *b, const struct bt_footage_corner *c) {
    float area = (b->x - a->x) * (c->y - a->y) - (c->x - a->x) * (b->y - a->y);
    if (!(fabsf(area) > 1e-6F) || !isfinite(area)) {
        return;
    }
    const struct bt_footage_corner *p[3] = {a, b, c};
    for (int i = 0; i < 2; i++) { /* by y */
        for (int k = 0; k < 2; k++) {
            if (p[k + 1]->y < p[k]->y) {
                const struct bt_footage_corner *t = p[k];
                p[k] = p[k + 1];
                p[k + 1] = t;
            }
        }
    }
    /* Each attribute is a plane over the picture: value = at a + dx (x - ax) + dy (y - ay). */
    float by = (c->y - a->y) / area, bx = -(c->x - a->x) / area, cy = -(b->y - a->y) / area, cx = (b->x - a->x) / area;
#define PLANE(field)                                                                                                           \
    dx_##field = (b->field - a->field) * by + (c->field - a->field) * cy,                                                      \
    dy_##field = (b->field - a->field) * bx + (c->field - a->field) * cx
    float PLANE(z), PLANE(u), PLANE(v), PLANE(lit), PLANE(cover);
#undef PLANE
    int32_t bottom = first_centre(p[2]->y, (int32_t)map->height_px);
    for (int32_t row = first_centre(p[0]->y, (int32_t)map->height_px); row < bottom; row++) {
        float y = (float)row + 0.5F;
        float long_x = crossing(p[0], p[2], y);
        float short_x = y < p[1]->y ? crossing(p[0], p[1], y) : crossing(p[1], p[2], y);
        int32_t end = first_centre(fmaxf(long_x, short_x), (int32_t)map->width_px);
        int32_t column = first_centre(fminf(long_x, short_x), (int32_t)map->width_px);
        struct bt_footage_texel *out = &map->texel[(size_t)row * map->width_px + (size_t)column];
        float x = (float)column + 0.5F - a->x, down = y - a->y;
        float z = a->z + dx_z * x + dy_z * down, u = a->u + dx_u * x + dy_u * down, v = a->v + dx_v * x + dy_v * down;
        float lit = a->lit + dx_lit * x + dy_lit * down, cover = a->cover + dx_cover * x + dy_cover * down;
        for (; column < end; column++, out++) {
            if (layer == BT_FOOTAGE_NECK) {
                out->neck_u = u, out->neck_v = v;
            } else if (z < out->z && (layer != BT_FOOTAGE_PERSON || hides(map, out, u, v, cover))) {
                out->z = z, out->u = u, out->v = v, out->lit = lit, out->layer = layer;
                out->cover = cover < 0 ? 0 : cover > 1 ? 1 : cover;
            }
            z += dx_z, u += dx_u, v += dx_v, lit += dx_lit, cover += dx_cover;
        }
    }
}
