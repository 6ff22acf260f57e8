/* SPDX-License-Identifier: MIT */
#include "mask/internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Gamma-coded albedos, 0 ... 255. */
static const float skins[8][3] = {{64, 43, 34},    {90, 61, 46},    {122, 84, 62},   {154, 110, 83},
                                  {182, 137, 108}, {203, 160, 133}, {218, 179, 155}, {228, 194, 174}};
static const float hairs[5][3] = {{17, 14, 13}, {38, 27, 21}, {62, 43, 30}, {92, 66, 45}, {138, 106, 72}};
static const float red_hair[3] = {98, 60, 40}, grey_hair[3] = {128, 123, 117};
/* Linear. */
static const float irises[6][3] = {{0.045f, 0.022f, 0.013f}, {0.10f, 0.052f, 0.026f}, {0.15f, 0.11f, 0.050f},
                                   {0.13f, 0.15f, 0.085f},   {0.16f, 0.21f, 0.24f},   {0.12f, 0.20f, 0.32f}};

static float to_linear(float code) {
    return (float)bt_exact_pow((double)code / 255.0, 2.2);
}

/* Picks from a table of `count` colours, 0 ... 1 along it. */
static void pick(const float (*table)[3], uint32_t count, float t, float out[3]) {
    const float s = bt_clamp(t, 0.0f, 1.0f) * (float)(count - 1);
    const uint32_t i = s < (float)(count - 2) ? (uint32_t)s : count - 2;
    for (uint32_t k = 0; k < 3; k++) out[k] = bt_lerp(table[i][k], table[i + 1][k], s - (float)i);
}

static float drawn(struct bt_rng *rng, float wish, float low, float high) {
    const float value = bt_rng_uniform(rng, low, high); /* drawn in any case: a wish for one thing leaves the others alone */
    return wish < 0.0f ? value : wish;
}

static void complete(struct mask_recipe *r) {
    struct bt_rng rng;
    bt_rng_init(&rng, r->seed, STREAM_TRAITS);
    struct bt_mask_traits *t = &r->traits;
    t->age = drawn(&rng, t->age, 20.0f, 72.0f);
    t->skin = drawn(&rng, t->skin, 0.0f, 1.0f);
    const float sex = bt_rng_uniform(&rng, 0.0f, 1.0f), within = bt_rng_uniform(&rng, 0.05f, 0.28f);
    if (t->masculine < 0.0f) t->masculine = sex < 0.5f ? within : 1.0f - within;
    const float shaves = bt_rng_uniform(&rng, 0.0f, 1.0f), beard = bt_rng_uniform(&rng, 0.2f, 1.0f);
    if (t->beard < 0.0f) t->beard = t->masculine > 0.6f && shaves < 0.4f ? beard : 0.0f;
    const bool dark = t->skin < 0.5f;
    const float is_red = bt_rng_uniform(&rng, 0.0f, 1.0f);
    const float hair = drawn(&rng, r->hair, 0.0f, dark ? 0.22f : 1.0f);
    r->hair = r->hair < 0.0f && !dark && is_red < 0.07f ? 2.0f : hair;
    r->iris = drawn(&rng, r->iris, 0.0f, dark ? 0.25f : 1.0f);
    const float spotted = bt_rng_uniform(&rng, 0.0f, 1.0f), freckles = bt_rng_uniform(&rng, 0.15f, 0.9f);
    if (r->freckles < 0.0f) r->freckles = t->skin > 0.35f && spotted < 0.25f ? freckles : 0.1f * freckles;
    const float made_up = bt_rng_uniform(&rng, 0.0f, 1.0f), paint = bt_rng_uniform(&rng, 0.25f, 0.8f);
    if (r->lip_colour < 0.0f) r->lip_colour = t->masculine < 0.4f && made_up < 0.35f ? paint : 0.0f;
}

static void colours(const struct mask_recipe *r, struct bt_mask *m) {
    struct bt_rng rng;
    bt_rng_init(&rng, r->seed, STREAM_TRAITS + 100);
    float skin[3], hair[3];
    pick(skins, BT_COUNT(skins), r->traits.skin, skin);
    pick(hairs, BT_COUNT(hairs), r->hair, hair);
    const float warmth = bt_rng_uniform(&rng, -1.0f, 1.0f), shade = bt_rng_uniform(&rng, 0.9f, 1.12f),
                grey = bt_rng_uniform(&rng, 0.25f, 1.0f);
    const float aged = r->hair > 2.5f ? 1.0f : grey * bt_smoothstep(r->traits.age, 46.0f, 74.0f);
    pick(irises, BT_COUNT(irises), r->iris, m->iris);
    for (uint32_t k = 0; k < 3; k++) {
        const float turn = k == 0 ? 1.0f + 0.012f * warmth : k == 2 ? 1.0f - 0.03f * warmth : 1.0f;
        m->skin[k] = to_linear(skin[k] * turn);
        if (r->hair > 1.5f && r->hair <= 2.5f) hair[k] = red_hair[k];
        m->hair[k] = to_linear(bt_lerp(hair[k] * shade, grey_hair[k], aged));
        m->iris[k] *= shade;
    }
}

bool bt_mask_name_is_good(const char *name, size_t bytes) {
    size_t n = 0;
    for (; n < bytes && name[n]; n++)
        if (!((name[n] >= 'a' && name[n] <= 'z') || (name[n] >= '0' && name[n] <= '9') || name[n] == '-')) return false;
    return n > 0 && n < bytes;
}

bt_status bt_mask_grow_recipe(const struct bt_rig *rig, const struct mask_recipe *recipe, const char *name,
                              struct bt_mask **out_mask) {
    bt_status status = BT_E_MEMORY;
    struct mask_canvas *canvas = NULL;
    struct bt_mask *mask = calloc(1, sizeof(*mask));
    if (!mask) goto fail;
    canvas = calloc(1, sizeof(*canvas));
    if (!canvas) goto fail;
    status = BT_E_ARGUMENT;
    if (strlen(name) >= sizeof(mask->name) || !bt_mask_name_is_good(name, sizeof(mask->name))) goto fail;

    struct mask_recipe whole = *recipe;
    complete(&whole);
    memcpy(mask->name, name, strlen(name) + 1);
    mask->seed = whole.seed;
    mask->traits = whole.traits;
    colours(&whole, mask);
    bt_mask_shape(rig, &whole, mask->neutral);

    canvas->rig = rig;
    canvas->recipe = &whole;
    canvas->mask = mask;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
        canvas->uv[v] = (struct bt_vec2){bt_rig_mesh(rig)->uv[v].x * MASK_SIDE, bt_rig_mesh(rig)->uv[v].y * MASK_SIDE};
    bt_mask_skin(canvas);
    bt_mask_relief(canvas);
    bt_mask_lips(canvas);
    bt_mask_lids(canvas);
    bt_mask_brows(canvas);
    bt_mask_beard(canvas);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++)
        for (uint32_t k = 0; k < 3; k++)
            mask->ratio[3 * i + k] =
                (uint16_t)(bt_clamp(canvas->colour[k].px[i], 0.01f, 2.5f) * (65535.0f / BT_MASK_RATIO_MAX) + 0.5f);
    free(canvas);
    *out_mask = mask;
    return BT_OK;
fail:
    free(canvas);
    free(mask);
    return status;
}

bt_status bt_mask_grow(const struct bt_rig *rig, uint64_t seed, const char *name, struct bt_mask **out_mask) {
    const struct mask_recipe recipe = {.seed = seed,
                                       .traits = {.age = -1.0f, .masculine = -1.0f, .skin = -1.0f, .beard = -1.0f},
                                       .hair = -1.0f,
                                       .iris = -1.0f,
                                       .freckles = -1.0f,
                                       .lip_colour = -1.0f};
    return bt_mask_grow_recipe(rig, &recipe, name, out_mask);
}

void bt_mask_destroy(struct bt_mask **mask) {
    if (!mask) return;
    free(*mask);
    *mask = NULL;
}
