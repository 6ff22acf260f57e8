/* SPDX-License-Identifier: MIT */
/* Draws triangles into a map of what each output pixel shows: which picture, where in it, how lit, how near. */
#ifndef BT_FOOTAGE_RASTER_H
#define BT_FOOTAGE_RASTER_H

#include <stdbool.h>
#include <stdint.h>

struct bt_footage_picture;

enum bt_footage_layer { BT_FOOTAGE_NOTHING, BT_FOOTAGE_PERSON, BT_FOOTAGE_INNER, BT_FOOTAGE_NECK };

struct bt_footage_texel {
    float z;    /* smaller is nearer */
    float u, v; /* portrait px */
    float lit;
    float cover;          /* 0 see-through … 1, times the picture's own alpha */
    float neck_u, neck_v; /* the neck behind all of it, portrait px; neck_u < 0: none here */
    uint32_t layer;       /* never BT_FOOTAGE_NECK */
};

struct bt_footage_map {
    struct bt_footage_texel *texel; /* width x height */
    uint32_t width_px, height_px;
    const struct bt_footage_picture *person; /* portrait.jpg with its alpha; borrowed */
};

struct bt_footage_corner {
    float x, y, z; /* output px, centres at .5 */
    float u, v, lit;
    float cover; /* below 0 counts as 0: the edge of what is seen lies between two corners */
};

void bt_footage_map_clear(struct bt_footage_map *map);
/* Nearer wins; but what is see-through in the person's picture does not hide what was drawn before, and what is not to be seen
 * at all hides nothing. The neck is kept beside the rest: it is behind everything. A shared edge belongs to exactly one of its
 * triangles. Everything outside the map is cut off. */
void bt_footage_draw(struct bt_footage_map *map, enum bt_footage_layer layer, const struct bt_footage_corner *a,
                     const struct bt_footage_corner *b, const struct bt_footage_corner *c);

#endif
