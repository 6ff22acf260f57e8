/* SPDX-License-Identifier: MIT */
/* The canonical UV at a mask's resolution. */
#include "identity/internal.h"
#include <math.h>

/* Where texel (x, y) of 512 lies among the centres of 256. */
static float sample(const float *map, uint32_t x, uint32_t y) {
    const float fx = bt_clamp(0.5f * (float)x - 0.25f, 0.0f, BT_RIG_MAP_PX - 1.001f),
                fy = bt_clamp(0.5f * (float)y - 0.25f, 0.0f, BT_RIG_MAP_PX - 1.001f);
    const uint32_t i = (uint32_t)fy * BT_RIG_MAP_PX + (uint32_t)fx;
    const float tx = fx - floorf(fx), ty = fy - floorf(fy);
    return bt_lerp(bt_lerp(map[i], map[i + 1], tx), bt_lerp(map[i + BT_RIG_MAP_PX], map[i + BT_RIG_MAP_PX + 1], tx), ty);
}

float bt_identity_map_at(const float *map, uint32_t texel) {
    return sample(map, texel % SIDE, texel / SIDE);
}

void bt_identity_enlarge(const float *map, struct plane *out) {
    for (uint32_t i = 0; i < TEXELS; i++) out->px[i] = bt_identity_map_at(map, i);
}

void bt_identity_atlas_fill(const struct bt_rig *rig, struct atlas *atlas, float *depth_scratch) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    const struct bt_rig_maps *maps = bt_rig_maps(rig);
    struct bt_vec3 flat[BT_RIG_FINE_VERTICES];
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        flat[v] = (struct bt_vec3){mesh->fine_uv[v].x * SIDE, mesh->fine_uv[v].y * SIDE, 0.0f};
    struct bt_raster_target target = {SIDE, SIDE, depth_scratch, atlas->triangle, atlas->barycentric};
    bt_raster_clear(&target);
    bt_raster_triangles(&target, flat, mesh->fine_triangle, BT_RIG_FINE_TRIANGLES);
    bt_identity_enlarge(maps->lips, &atlas->lips);
    bt_identity_enlarge(maps->brow, &atlas->brow);
    bt_identity_enlarge(maps->paint, &atlas->paint);
    bt_identity_enlarge(maps->pass, &atlas->pass);
    for (uint32_t i = 0; i < TEXELS; i++) {
        const bool covered = atlas->triangle[i] != 0xffff && mesh->fine_tag[atlas->triangle[i]] == BT_RIG_TAG_SKIN;
        if (!covered) atlas->triangle[i] = 0xffff;
        atlas->inner.px[i] = bt_smoothstep(bt_identity_map_at(maps->oval_distance, i), 0.5f, 4.0f);
        atlas->skin.px[i] =
            covered ? bt_identity_map_at(maps->paint_wide, i) * (1.0f - bt_identity_map_at(maps->feature, i)) : 0.0f;
    }
}

void bt_identity_blur(struct plane *value, const struct plane *weight, float sigma, struct plane *a, struct plane *b) {
    /* Wide blurs are done on a quarter of the side: nothing that wide is fine. */
    const uint32_t step = sigma >= 6.0f ? SIDE / LOW : 1, side = SIDE / step;
    for (uint32_t y = 0; y < side; y++) {
        for (uint32_t x = 0; x < side; x++) {
            float sum = 0.0f, total = 0.0f;
            for (uint32_t r = y * step; r < (y + 1) * step; r++) {
                for (uint32_t c = x * step; c < (x + 1) * step; c++) {
                    sum += weight->px[r * SIDE + c] * value->px[r * SIDE + c];
                    total += weight->px[r * SIDE + c];
                }
            }
            a->px[y * side + x] = sum;
            b->px[y * side + x] = total;
        }
    }
    struct bt_picture_f sums = {a->px, side, side}, totals = {b->px, side, side};
    bt_raster_blur(sums, sigma / (float)step, value->px);
    bt_raster_blur(totals, sigma / (float)step, value->px);
    const float least = 1e-3f * (float)(step * step);
    for (uint32_t y = 0; y < SIDE; y++) {
        for (uint32_t x = 0; x < SIDE; x++) {
            const float fx = ((float)x + 0.5f) / (float)step, fy = ((float)y + 0.5f) / (float)step;
            value->px[y * SIDE + x] = bt_raster_sample(sums, fx, fy) / (bt_raster_sample(totals, fx, fy) + least);
        }
    }
}
