/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/maps.h"
#include "gpu/image.h"
#include "gpu/memory.h"
#include "mask/mask.h"
#include "rig/raster.h"
#include "swap/draw.h"
#include "swap/swap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SKIN = BT_SWAP_SKIN_PX, FINER = BT_RIG_MAP_PX / BT_SWAP_SKIN_PX, PLAN = BT_RIG_MAP_PX };

uint16_t bt_swap_half_from_float(float value) {
    uint32_t u;
    memcpy(&u, &value, sizeof u);
    uint32_t sign = (u >> 16) & 0x8000, exponent = (u >> 23) & 0xff, fraction = u & 0x7fffff;
    if (exponent > 142) return (uint16_t)(sign | 0x7bff);
    if (exponent < 103) return (uint16_t)sign;
    if (exponent < 113) { /* subnormal */
        uint32_t shift = 126 - exponent, whole = fraction | 0x800000;
        uint32_t kept = whole >> shift, rest = whole & ((1u << shift) - 1), tie = 1u << (shift - 1);
        return (uint16_t)(sign | (kept + (rest > tie || (rest == tie && (kept & 1)))));
    }
    uint32_t kept = ((exponent - 112) << 10) | (fraction >> 13), rest = fraction & 0x1fff;
    kept += rest > 0x1000 || (rest == 0x1000 && (kept & 1));
    return (uint16_t)(sign | (kept > 0x7bff ? 0x7bff : kept));
}

static bt_status image_of(struct bt_gpu *gpu, const float *texels, uint32_t w, uint32_t h, struct bt_image **out_image) {
    struct bt_image *image = NULL;
    size_t count = (size_t)w * h * 4;
    uint16_t *halves = malloc(count * sizeof *halves);
    if (!halves) return BT_E_MEMORY;
    for (size_t i = 0; i < count; i++) halves[i] = bt_swap_half_from_float(texels[i]);
    bt_status st = bt_image_create(gpu, w, h, BT_IMAGE_RGBA16F, &image);
    if (!st) st = bt_image_write(image, halves, count * sizeof *halves);
    explicit_bzero(halves, count * sizeof *halves);
    free(halves);
    if (st)
        bt_image_destroy(&image);
    else
        *out_image = image;
    return st;
}

static bt_status buffer_of(struct bt_gpu *gpu, const float *data, size_t floats, struct bt_buffer **out_buffer) {
    struct bt_buffer *buffer = NULL;
    bt_status st = bt_buffer_create(gpu, floats * sizeof *data, BT_MEMORY_DEVICE, &buffer);
    if (!st) st = bt_buffer_write(buffer, 0, data, floats * sizeof *data);
    if (st)
        bt_buffer_destroy(&buffer);
    else
        *out_buffer = buffer;
    return st;
}

/* A skin texel's centre is a corner of four texels of the rig's maps. The triangle is taken from the first of them that has
   one, and the weights are worked out anew for the centre itself, a quarter of a texel outside at worst. */
static void place_texel(const struct bt_rig *rig, uint32_t x, uint32_t y, float *out) {
    const struct bt_rig_maps *maps = bt_rig_maps(rig);
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    uint32_t found = BT_RIG_MAP_TEXELS;
    for (uint32_t k = 0; k < FINER * FINER && found == BT_RIG_MAP_TEXELS; k++) {
        uint32_t at = (y * FINER + k / FINER) * BT_RIG_MAP_PX + x * FINER + k % FINER;
        if (maps->covered[at]) found = at;
    }
    out[0] = -1, out[1] = out[2] = out[3] = 0;
    if (found == BT_RIG_MAP_TEXELS) return;
    const uint32_t *t = mesh->fine_triangle[maps->triangle[found]];
    struct bt_vec2 a = mesh->fine_uv[t[0]], b = mesh->fine_uv[t[1]], c = mesh->fine_uv[t[2]];
    float px = ((float)x + .5f) / SKIN, py = ((float)y + .5f) / SKIN;
    float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
    if (fabsf(area) < 1e-12f) return;
    out[0] = (float)(t[0] + 2048 * t[1]);
    out[1] = (float)t[2];
    out[2] = ((b.x - px) * (c.y - py) - (b.y - py) * (c.x - px)) / area;
    out[3] = ((c.x - px) * (a.y - py) - (c.y - py) * (a.x - px)) / area;
}

/* The rig's features, and the lashes: they reach further out than an eye's corner and are dark, and what is dark up there and
   no feature is taken for hair before the face: the driver's own would show beside the mask's eye. Texels. */
static void fill_feature(const struct bt_rig *rig, float *out) {
    static const float LENGTH = 12, FALL = 4, HALF = 7, SOFT = 4;
    memcpy(out, bt_rig_maps(rig)->feature, sizeof(float) * BT_RIG_MAP_TEXELS);
    for (int e = 0; e < 2; e++) {
        const uint16_t *ring = bt_rig_ring(e ? BT_RIG_EYE_1 : BT_RIG_EYE_0).vertex;
        const struct bt_vec2 outer = bt_rig_mesh(rig)->uv[ring[0]];
        const struct bt_vec2 a = {outer.x * BT_RIG_MAP_PX, outer.y * BT_RIG_MAP_PX},
                             b = {a.x + (e ? LENGTH : -LENGTH), a.y + FALL};
        bt_raster_stroke((struct bt_picture_f){out, BT_RIG_MAP_PX, BT_RIG_MAP_PX}, a, b, HALF, HALF, SOFT, 1, 1);
    }
}

static void zone_texel(const struct bt_rig_maps *maps, const float *feature, uint32_t x, uint32_t y, float *out) {
    out[0] = out[1] = out[2] = out[3] = 0;
    for (uint32_t k = 0; k < FINER * FINER; k++) {
        uint32_t at = (y * FINER + k / FINER) * BT_RIG_MAP_PX + x * FINER + k % FINER;
        float part = 1.f / (FINER * FINER);
        out[0] += part * maps->paint[at];
        out[1] += part * maps->paint_wide[at];
        out[2] += part * feature[at];
        out[3] += part * (1 - maps->keep[at]);
    }
}

/* The mean of `step` x `step` texels of the mask's ratio. */
static void ratio_texel(const struct bt_mask *mask, uint32_t x, uint32_t y, uint32_t step, float *out) {
    for (int c = 0; c < 3; c++) {
        float sum = 0;
        for (uint32_t j = 0; j < step; j++)
            for (uint32_t i = 0; i < step; i++)
                sum += (float)mask->ratio[((y * step + j) * BT_MASK_PX + x * step + i) * 3 + (uint32_t)c];
        out[c] = sum * (BT_MASK_RATIO_MAX / 65535) / (float)(step * step);
    }
    out[3] = 1;
}

static void fill_ratio(const struct bt_mask *mask, float *out) {
    static const uint32_t origin[3][2] = {{0, 0}, {512, 0}, {512, 256}};
    for (uint32_t level = 0; level < 3; level++)
        for (uint32_t y = 0; y < 512u >> level; y++)
            for (uint32_t x = 0; x < 512u >> level; x++)
                ratio_texel(mask, x, y, 1u << level,
                            out + (((size_t)origin[level][1] + y) * BT_DRAW_RATIO_W + origin[level][0] + x) * 4);
}

bt_status bt_swap_maps_init(struct bt_swap_maps *maps, struct bt_gpu *gpu, const struct bt_rig *rig,
                            const struct bt_mask *mask) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    const struct bt_rig_maps *from = bt_rig_maps(rig);
    *maps = (struct bt_swap_maps){0};
    const size_t work_bytes = sizeof(float) * BT_DRAW_RATIO_W * BT_DRAW_RATIO_H * 4; /* the largest of them */
    float *work = calloc(1, work_bytes);
    float *feature = malloc(sizeof(float) * BT_RIG_MAP_TEXELS);
    bt_status st = BT_E_MEMORY;
    if (!work || !feature) goto done;
    fill_feature(rig, feature);

    for (uint32_t i = 0; i < SKIN * SKIN; i++) place_texel(rig, i % SKIN, i / SKIN, work + 4 * (size_t)i);
    st = buffer_of(gpu, work, SKIN * SKIN * 4, &maps->place);
    if (st) goto done;
    for (uint32_t t = 0; t < BT_RIG_FINE_TRIANGLES; t++) {
        for (int k = 0; k < 3; k++) work[4 * t + (uint32_t)k] = (float)mesh->fine_triangle[t][k];
        work[4 * t + 3] = mesh->fine_tag[t];
    }
    st = buffer_of(gpu, work, BT_RIG_FINE_TRIANGLES * 4, &maps->corner);
    if (st) goto done;
    for (uint32_t i = 0; i < SKIN * SKIN; i++) zone_texel(from, feature, i % SKIN, i / SKIN, work + 4 * (size_t)i);
    st = image_of(gpu, work, SKIN, SKIN, &maps->zone);
    if (st) goto done;
    for (uint32_t i = 0; i < PLAN * PLAN; i++) {
        float *w = work + 4 * (size_t)i;
        w[0] = from->paint[i], w[1] = from->pass[i], w[2] = feature[i], w[3] = 0;
    }
    st = image_of(gpu, work, PLAN, PLAN, &maps->plan);
    if (st) goto done;
    fill_ratio(mask, work);
    st = image_of(gpu, work, BT_DRAW_RATIO_W, BT_DRAW_RATIO_H, &maps->ratio);
done:
    if (work) explicit_bzero(work, work_bytes); /* the worn face was in it */
    free(feature);
    free(work);
    if (st) bt_swap_maps_finish(maps);
    return st;
}

void bt_swap_maps_finish(struct bt_swap_maps *maps) {
    bt_buffer_destroy(&maps->place);
    bt_buffer_destroy(&maps->corner);
    bt_image_destroy(&maps->zone);
    bt_image_destroy(&maps->plan);
    bt_image_destroy(&maps->ratio);
}
