/* SPDX-License-Identifier: MIT */
/* Sums to a face: a robust mean of luma, chroma held to what can be believed, holes marked. */
#include "base/log.h"
#include "identity/internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { IRLS = 5 };
static const float DOUBT = 0.12f; /* of log luma: what misses the mean by this counts half */
static const float LIPS_KEPT = 0.85f;
static const float CHROMA_KEPT = 0.6f;                       /* of skin's own differences of chroma */
static const float HAIR_LUMA = -0.28f;                       /* darker than this on the forehead: hair */
static const float STANDARD_LIPS[3] = {1.13f, 0.71f, 0.74f}; /* linear, over skin: 2.2 of the recipe's (1.05, .86, .88) */

/* From the weighted median to a Cauchy mean about it. */
static float robust_mean(const float *bin) {
    float total = 0.0f, below = 0.0f;
    for (uint32_t k = 0; k < BINS; k++) total += bin[k];
    uint32_t m = 0;
    while (m < BINS - 1 && below + bin[m] < 0.5f * total) below += bin[m++];
    float mean = BIN_LOW + BIN_WIDE * (float)m;
    for (uint32_t s = 0; s < IRLS; s++) {
        float sum = 0.0f, weight = 1e-9f;
        for (uint32_t k = 0; k < BINS; k++) {
            const float x = BIN_LOW + BIN_WIDE * (float)k, r = (x - mean) / DOUBT, w = bin[k] / (1.0f + r * r);
            sum += w * x;
            weight += w;
        }
        mean = sum / weight;
    }
    return mean;
}

/* 1 on the forehead and the temples, where hair may hang ... 0. */
static float forehead(uint32_t i) {
    const float u = ((float)(i % SIDE) + 0.5f) / SIDE, v = ((float)(i / SIDE) + 0.5f) / SIDE;
    const float down = 0.30f + 0.14f * bt_smoothstep(fabsf(u - 0.5f), 0.26f, 0.38f);
    return 1.0f - bt_smoothstep(v, down, down + 0.06f);
}

/* Hair is no skin: its texels and some around them are as good as not seen. */
static void drop_hair(struct bt_identity_builder *b, const struct plane *luma, struct plane *seen) {
    const struct bt_rig_maps *maps = bt_rig_maps(b->rig);
    struct plane *hair = &b->c, *scratch = &b->d;
    for (uint32_t i = 0; i < TEXELS; i++) {
        const bool may = forehead(i) > 0.5f && bt_identity_map_at(maps->feature, i) < 0.5f && seen->px[i] > 0.0f;
        hair->px[i] = may && luma->px[i] < HAIR_LUMA ? 1.0f : 0.0f;
    }
    bt_raster_blur(picture_of(hair), 3.0f, scratch->px); /* single dark texels, moles and freckles, fall below */
    for (uint32_t i = 0; i < TEXELS; i++) hair->px[i] = hair->px[i] > 0.55f ? 1.0f : 0.0f;
    bt_raster_dilate(picture_of(hair), 12.0f, scratch->px);
    bt_raster_blur(picture_of(hair), 6.0f, scratch->px);
    for (uint32_t i = 0; i < TEXELS; i++) {
        const float covered = bt_clamp(1.2f * hair->px[i], 0.0f, 1.0f) * forehead(i);
        seen->px[i] *= 1.0f - covered * (1.0f - b->atlas.brow.px[i]);
    }
}

/* Mean of log luma on plain skin becomes 0: ratio 1 is skin. Above the beard. */
static void centre(const struct atlas *atlas, const struct plane *seen, struct plane *luma) {
    float sum = 0.0f, total = 1e-6f;
    for (uint32_t i = 0; i < TEXELS * 11 / 20; i++) {
        const float w = seen->px[i] * atlas->skin.px[i];
        sum += w * luma->px[i];
        total += w;
    }
    for (uint32_t i = 0; i < TEXELS; i++) luma->px[i] -= sum / total;
}

/* What is left of mid-sized light and dark on plain skin is as much light as skin: less of it, up to where it must be a beard.
 */
static void flatten(const struct atlas *atlas, const struct plane *seen, struct plane *luma, struct plane *scratch) {
    struct plane *sure = &scratch[0], *middle = &scratch[1];
    for (uint32_t i = 0; i < TEXELS; i++) sure->px[i] = seen->px[i] * atlas->skin.px[i];
    *middle = *luma;
    bt_identity_blur(middle, sure, 14.0f, &scratch[2], &scratch[3]);
    for (uint32_t i = 0; i < TEXELS; i++) luma->px[i] -= 0.6f * atlas->skin.px[i] * bt_clamp(middle->px[i], -0.12f, 0.12f);
}

static void color_of(const struct bt_identity_builder *b, uint32_t i, float luma, float lips, float out[3]) {
    static const float unit[3] = {1.0f, 1.0f, 1.0f};
    const float standard = bt_identity_luminance(STANDARD_LIPS), w = b->chroma_weight[i];
    /* Two squarely seen views' worth of plain skin (or standard lips) votes along: little trust, little chroma. */
    const float believed = w / (w + 2.0f), red = b->red_sum[i] / (w + 1e-6f), blue = b->blue_sum[i] / (w + 1e-6f);
    const float kept = believed * bt_lerp(CHROMA_KEPT, LIPS_KEPT, lips), rest = lips * (1.0f - kept);
    float c[3];
    c[0] = expf(kept * red + rest * logf(STANDARD_LIPS[0] / standard));
    c[2] = expf(kept * blue + rest * logf(STANDARD_LIPS[2] / standard));
    /* Green from luminance: .2126 r + .7152 g + .0722 b = 1. */
    c[1] = fmaxf((1.0f - 0.2126f * c[0] - 0.0722f * c[2]) / 0.7152f, 0.2f);
    const float scale = expf(luma) / bt_identity_luminance(c) * bt_identity_luminance(unit);
    for (uint32_t k = 0; k < 3; k++) out[k] = scale * c[k];
}

static void fill_colours(const struct bt_identity_builder *b, struct bt_identity *f) {
    /* The palette's middle, for a face that was only ever seen in tinted light. */
    const float usual[3] = {1.62f, 0.85f, 0.55f}, w = b->skin_weight;
    const float luma = bt_clamp(b->luma_sum / fmaxf(b->luma_weight, 1e-6f), 0.03f, 0.6f);
    float chroma[3];
    for (uint32_t k = 0; k < 3; k++) chroma[k] = (b->skin_sum[k] + 0.5f * usual[k]) / (w + 0.5f);
    for (uint32_t k = 0; k < 3; k++) f->skin[k] = bt_clamp(luma * chroma[k] / bt_identity_luminance(chroma), 1e-3f, 1.0f);
    const float brown[3] = {0.10f, 0.052f, 0.026f};
    for (uint32_t k = 0; k < 3; k++) {
        const float seen = b->iris_weight > 1e-3f ? f->skin[k] * b->iris_sum[k] / b->iris_weight : brown[k];
        f->iris[k] = bt_clamp(seen, 0.0f, 1.0f);
    }
}

bt_status bt_identity_builder_finish(struct bt_identity_builder *b, const char *name, struct bt_identity **out_identity) {
    bt_status status = BT_E_ARGUMENT;
    struct bt_identity *f = NULL;
    struct plane *luma = &b->a, *seen = &b->b;
    if (b->views < BT_IDENTITY_VIEWS_LEAST || !bt_mask_name_is_good(name, strnlen(name, BT_MASK_NAME_BYTES) + 1)) goto fail;
    if (strlen(name) >= BT_MASK_NAME_BYTES) goto fail;
    status = BT_E_MEMORY;
    f = calloc(1, sizeof(*f));
    if (!f) goto fail;
    memcpy(f->name, name, strlen(name));
    f->views = b->views;
    memcpy(f->neutral, bt_neutral_vertices(b->neutral), sizeof(f->neutral));
    const float smile = bt_identity_smile(b->rig, f->neutral);
    bt_identity_relax(b->rig, smile, f->neutral);
    bt_rig_close_lips(b->rig, f->neutral, 0.05f);
    for (uint32_t i = 0; i < TEXELS; i++) {
        const float often = bt_smoothstep(b->weight.px[i], 0.5f * SEEN_LEAST, SEEN_FULLY);
        seen->px[i] = b->weight.px[i] > 0.0f ? often : 0.0f;
        luma->px[i] = b->weight.px[i] > 0.0f ? robust_mean(b->bin[i]) : 0.0f;
    }
    centre(&b->atlas, seen, luma);
    drop_hair(b, luma, seen);
    centre(&b->atlas, seen, luma);
    flatten(&b->atlas, seen, luma, &b->c);
    bt_identity_smooth_creases(b->rig, &b->atlas, smile, seen, luma, &b->c);
    for (uint32_t i = 0; i < TEXELS; i++) {
        /* Lips are never paler than skin; between them teeth are. */
        float l = bt_lerp(luma->px[i], fminf(luma->px[i], 0.05f), b->atlas.lips.px[i]), ratio[3];
        /* What is brighter than skin is sheen more often than paleness; what is dark in nostrils, at the lips' seam and under
           lashes is the driver's own, painted by swap. */
        l *= l > 0.0f ? 0.6f : 1.0f - b->atlas.pass.px[i] * b->atlas.pass.px[i];
        color_of(b, i, l, b->atlas.lips.px[i], ratio);
        f->seen[i] = (uint8_t)(255.0f * seen->px[i] + 0.5f);
        for (uint32_t k = 0; k < 3; k++) {
            const float r = f->seen[i] ? bt_clamp(ratio[k], 0.02f, BT_MASK_RATIO_MAX) : 1.0f;
            f->ratio[3 * i + k] = (uint16_t)(r * (65535.0f / BT_MASK_RATIO_MAX) + 0.5f);
        }
    }
    fill_colours(b, f);
    bt_log_info(b->log, "enrolled face: of %u pictures, coverage %.2f, smile %.2f", b->views,
                (double)bt_identity_builder_coverage(b), (double)smile);
    *out_identity = f;
    f = NULL;
    status = BT_OK;
fail:
    bt_identity_destroy(&f);
    return status;
}
