/* SPDX-License-Identifier: MIT */
/* The maps in UV space: what is covered, painted, kept, and left out of statistics. Sizes are texels of 256, as tried on
 * footage. */
#include "rig/exact.h"
#include "rig/internal.h"
#include "rig/raster.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { S = BT_RIG_MAP_PX, RING_MAX = 40 };

struct work {
    float a[BT_RIG_MAP_TEXELS], b[BT_RIG_MAP_TEXELS], scratch[BT_RIG_MAP_TEXELS];
    struct bt_vec3 flat[BT_RIG_FINE_VERTICES];
};

static struct bt_picture_f picture(float *px) {
    return (struct bt_picture_f){px, S, S};
}

static uint32_t ring_points(const struct bt_rig *rig, enum bt_rig_ring ring, struct bt_vec2 *out) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    for (uint32_t i = 0; i < list.count; i++)
        out[i] = (struct bt_vec2){rig->uv[list.vertex[i]].x * S, rig->uv[list.vertex[i]].y * S};
    return list.count;
}

static void fill_ring(const struct bt_rig *rig, enum bt_rig_ring ring, float *map) {
    struct bt_vec2 point[RING_MAX];
    bt_raster_polygon(picture(map), point, ring_points(rig, ring, point), 1.0f);
}

static void fill_brow(const struct bt_rig *rig, enum bt_rig_ring upper, enum bt_rig_ring lower, float *map) {
    struct bt_vec2 point[RING_MAX], under[RING_MAX];
    uint32_t n = ring_points(rig, upper, point);
    for (uint32_t k = ring_points(rig, lower, under); k > 0; k--) point[n++] = under[k - 1];
    bt_raster_polygon(picture(map), point, n, 1.0f);
}

static void fill_areas(struct bt_rig *rig) {
    fill_ring(rig, BT_RIG_EYE_0, rig->eye);
    fill_ring(rig, BT_RIG_EYE_1, rig->eye);
    fill_ring(rig, BT_RIG_LIPS_OUTER, rig->lips);
    fill_ring(rig, BT_RIG_LIPS_INNER, rig->mouth);
    fill_brow(rig, BT_RIG_BROW_0_UPPER, BT_RIG_BROW_0_LOWER, rig->brow);
    fill_brow(rig, BT_RIG_BROW_1_UPPER, BT_RIG_BROW_1_LOWER, rig->brow);
}

/* out = source, thresholded if asked, grown, blurred, scaled, kept within 0 ... 1. */
static void grown(struct work *w, const float *source, bool threshold, float radius, float sigma, float gain, float *out) {
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) out[i] = threshold ? (source[i] > 0.5f ? 1.0f : 0.0f) : source[i];
    if (radius > 0.0f) bt_raster_dilate(picture(out), radius, w->scratch);
    bt_raster_blur(picture(out), sigma, w->scratch);
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) out[i] = bt_clamp(out[i] * gain, 0.0f, 1.0f);
}

static void keep_larger(float *out, const float *other, float weight) {
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++)
        if (other[i] * weight > out[i]) out[i] = other[i] * weight;
}

static void paint_weights(struct bt_rig *rig, struct work *w) {
    memset(w->a, 0, sizeof(w->a));
    fill_ring(rig, BT_RIG_OVAL, w->a);
    bt_raster_distance(picture(w->a), rig->oval_distance, w->scratch);
    for (uint32_t y = 0; y < S; y++) {
        const float v = ((float)y + 0.5f) / S;
        const float ramp = 27.0f - 15.0f * bt_smoothstep(v, 0.62f, 0.8f) - 7.0f * (1.0f - bt_smoothstep(v, 0.12f, 0.3f));
        for (uint32_t i = y * S; i < (y + 1) * S; i++) {
            rig->paint[i] = bt_smoothstep(rig->oval_distance[i] / ramp, 0.11f, 1.1f);
            rig->paint_wide[i] = bt_smoothstep(rig->oval_distance[i], 2.0f, 14.0f);
        }
    }
}

static void features(struct bt_rig *rig, struct work *w) {
    static const uint16_t nostril[2][3] = {{79, 20, 238}, {309, 250, 458}};
    grown(w, rig->eye, false, 4.0f, 0.0f, 1.0f, w->a);
    grown(w, rig->lips, false, 3.0f, 0.0f, 1.0f, w->b);
    keep_larger(w->a, w->b, 1.0f);
    grown(w, rig->brow, false, 5.0f, 0.0f, 1.0f, w->b);
    keep_larger(w->a, w->b, 1.0f);
    for (uint32_t n = 0; n < 2; n++) {
        struct bt_vec2 c = {0.0f, 0.0f};
        for (uint32_t k = 0; k < 3; k++) {
            c.x += rig->uv[nostril[n][k]].x * S / 3.0f;
            c.y += rig->uv[nostril[n][k]].y * S / 3.0f;
        }
        bt_raster_stroke(picture(w->a), c, c, 6.0f, 6.0f, 1.0f, 1.0f, 1.0f);
    }
    grown(w, w->a, false, 0.0f, 1.5f, 1.2f, rig->feature);
    grown(w, rig->lips, false, 2.0f, 2.0f, 1.0f, rig->lips_wide);

    grown(w, rig->eye, true, 1.0f, 1.0f, 1.0f, rig->keep);
    grown(w, rig->mouth, true, 0.0f, 0.9f, 1.0f, w->b);
    keep_larger(rig->keep, w->b, 1.0f);
}

static void pass_through(struct bt_rig *rig, struct work *w) {
    struct bt_vec2 seam[RING_MAX];
    const uint32_t n = ring_points(rig, BT_RIG_LIPS_INNER, seam);
    memset(w->a, 0, sizeof(w->a));
    for (uint32_t i = 0; i < n; i++) bt_raster_stroke(picture(w->a), seam[i], seam[(i + 1) % n], 1.5f, 1.5f, 1.0f, 1.0f, 1.0f);
    grown(w, w->a, false, 0.0f, 1.5f, 1.6f, w->b);
    for (uint32_t y = 0; y < S; y++) {
        for (uint32_t x = 0; x < S; x++) {
            /* The nostrils: a flat-topped oval under the nose's tip. */
            const float dx = ((float)x / S - 0.5f) / 0.062f, dy = ((float)y / S - 0.582f) / 0.026f, d2 = dx * dx + dy * dy;
            rig->pass[y * S + x] = (float)bt_exact_exp(-(double)d2 * (double)d2);
        }
    }
    keep_larger(rig->pass, w->b, 0.9f);
    grown(w, rig->eye, true, 7.0f, 3.0f, 1.0f, w->b);
    keep_larger(rig->pass, w->b, 0.75f);
}

static void coverage(struct bt_rig *rig, struct work *w) {
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        w->flat[v] = (struct bt_vec3){rig->fine_uv[v].x * S, rig->fine_uv[v].y * S, 0.0f};
    struct bt_raster_target target = {S, S, w->a, rig->map_triangle, rig->barycentric};
    bt_raster_clear(&target);
    bt_raster_triangles(&target, w->flat, (const uint32_t(*)[3])rig->fine_triangle, BT_RIG_FINE_TRIANGLES);
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) rig->covered[i] = rig->map_triangle[i] != 0xffff;
}

bt_status bt_rig_build_maps(struct bt_rig *rig) {
    struct work *w = calloc(1, sizeof(*w));
    if (!w) return BT_E_MEMORY;
    coverage(rig, w);
    fill_areas(rig);
    paint_weights(rig, w);
    features(rig, w);
    pass_through(rig, w);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const float d = bt_raster_sample(picture(rig->oval_distance), rig->uv[v].x * S, rig->uv[v].y * S);
        rig->shape[v] = bt_smoothstep(d, 1.0f, 30.0f);
    }
    const struct bt_rig_list outline = bt_rig_ring(BT_RIG_OVAL);
    for (uint32_t i = 0; i < outline.count; i++) rig->shape[outline.vertex[i]] = 0.0f;
    free(w);
    return BT_OK;
}
