/* SPDX-License-Identifier: MIT */
/* A small raster kit on float pictures: what the rig's maps and the masks are drawn with. Row-major, pixel centres at .5.
   Everything is made of + - * / and sqrt (and rig/exact.h), so a picture is the same on every machine. */
#ifndef BT_RIG_RASTER_H
#define BT_RIG_RASTER_H

#include "base/geom.h"
#include <stdint.h>

struct bt_picture_f {
    float *px;
    uint32_t w, h;
};

/* Fills a polygon (even-odd), edges soft over one pixel: 4 x 4 samples; keeps the larger of what is there and `value`. count
 * <= 64. */
void bt_raster_polygon(struct bt_picture_f picture, const struct bt_vec2 *point, uint32_t count, float value);
/* A capsule from a to b whose half width goes from ra to rb, soft over `soft` pixels; keeps the larger. */
void bt_raster_stroke(struct bt_picture_f picture, struct bt_vec2 a, struct bt_vec2 b, float ra, float rb, float soft, float va,
                      float vb);
/* Gaussian, separable, borders repeated; `scratch` holds as many floats as the picture. sigma below .2 does nothing. */
void bt_raster_blur(struct bt_picture_f picture, float sigma, float *scratch);
/* Largest value within a disc of `radius` pixels. */
void bt_raster_dilate(struct bt_picture_f picture, float radius, float *scratch);
/* Distance in pixels from each pixel above .5 to the nearest one that is not (outside the picture counts as not); 0 elsewhere.
   Exact (Felzenszwalb and Huttenlocher 2012). scratch: picture size. */
void bt_raster_distance(struct bt_picture_f picture, float *out_distance, float *scratch);
float bt_raster_sample(struct bt_picture_f picture, float x, float y); /* bilinear, borders repeated */

/* Orthographic triangles: x, y px, z larger is nearer. depth starts at -1e9, triangle at 0xffff. barycentric may be NULL. */
struct bt_raster_target {
    uint32_t w, h;
    float *depth;
    uint16_t *triangle;
    float (*barycentric)[3];
};
void bt_raster_clear(struct bt_raster_target *target);
void bt_raster_triangles(struct bt_raster_target *target, const struct bt_vec3 *vertex, const uint32_t (*triangle)[3],
                         uint32_t count);

#endif
