/* SPDX-License-Identifier: MIT */
/* Skin as a painter and a dermatologist see it: a yellowish forehead, a redder middle, a cooler chin; blood and melanin vary
   each on its own scale. Both absorb by Beer-Lambert: melanin mostly blue, blood mostly green (Anderson and Parrish 1981, band
   averages). */
#include "mask/internal.h"
#include <math.h>
#include <string.h>

static const float melanin_absorbs[3] = {0.55f, 0.95f, 1.50f}, blood_absorbs[3] = {0.12f, 1.00f, 0.74f};

static struct bt_vec2 at(const struct mask_canvas *c, uint32_t vertex, float dx, float dy) {
    return (struct bt_vec2){c->uv[vertex].x + dx, c->uv[vertex].y + dy};
}

static void zones(struct mask_canvas *c, struct bt_rng *rng) {
    const struct bt_mask_traits *t = &c->recipe->traits;
    const float pale = 0.45f + 0.55f * t->skin, old = bt_clamp((t->age - 25.0f) / 45.0f, 0.0f, 1.0f);
    const float cheeks = pale * bt_rng_uniform(rng, 0.05f, 0.17f),
                nose = pale * bt_rng_uniform(rng, 0.05f, 0.16f + 0.08f * old);
    const float chin = pale * bt_rng_uniform(rng, 0.0f, 0.09f), tired = bt_rng_uniform(rng, 0.25f, 1.0f);
    for (uint32_t s = 0; s < 2; s++) {
        const float out = s ? 1.0f : -1.0f;
        bt_mask_blob(&c->blood, at(c, s ? 280 : 50, -6.0f * out, 2.0f), 44.0f, 34.0f, cheeks);
        bt_mask_blob(&c->blood, at(c, s ? 280 : 50, 12.0f * out, -14.0f), 30.0f, 24.0f, 0.5f * cheeks);
        bt_mask_blob(&c->blood, at(c, s ? 358 : 129, -4.0f * out, 3.0f), 13.0f, 12.0f, 0.08f * pale);
        bt_mask_blob(&c->blood, at(c, s ? 386 : 159, 0.0f, -9.0f), 40.0f, 12.0f, 0.07f * pale);
        bt_mask_blob(&c->melanin, at(c, s ? 386 : 159, 0.0f, -8.0f), 42.0f, 13.0f, 0.05f);
        /* The hollow between lid and brow: light that a fit by smooth harmonics sends there is mostly kept out by the brow. */
        bt_mask_blob(&c->shade, at(c, s ? 386 : 159, -4.0f * out, -14.0f), 34.0f, 11.0f, -0.24f);
        /* Under the eye, nearer to the nose: thin skin over veins. */
        bt_mask_blob(&c->blood, at(c, s ? 374 : 145, -6.0f * out, 12.0f), 30.0f, 9.0f, 0.09f * tired);
        bt_mask_blob(&c->melanin, at(c, s ? 374 : 145, -8.0f * out, 12.0f), 32.0f, 10.0f, 0.05f + 0.06f * tired * old);
        bt_mask_blob(&c->shade, at(c, s ? 374 : 145, -10.0f * out, 13.0f), 26.0f, 7.0f, -0.03f - 0.06f * tired * old);
        bt_mask_blob(&c->melanin, at(c, s ? 362 : 133, 0.0f, 0.0f), 14.0f, 16.0f, 0.10f);
        bt_mask_blob(&c->blood, at(c, s ? 291 : 61, 6.0f * out, 4.0f), 12.0f, 14.0f, 0.05f);
        bt_mask_blob(&c->melanin, at(c, s ? 454 : 234, -20.0f * out, 10.0f), 50.0f, 110.0f, 0.05f);
    }
    bt_mask_blob(&c->blood, at(c, 4, 0.0f, -2.0f), 24.0f, 24.0f, nose);
    bt_mask_blob(&c->blood, at(c, 151, 0.0f, 0.0f), 150.0f, 44.0f, -0.05f);
    bt_mask_blob(&c->melanin, at(c, 151, 0.0f, -6.0f), 150.0f, 46.0f, 0.05f);
    bt_mask_blob(&c->blood, at(c, 199, 0.0f, 4.0f), 44.0f, 26.0f, chin);
    bt_mask_blob(&c->melanin, at(c, 164, 0.0f, 6.0f), 64.0f, 22.0f, 0.04f);
    bt_mask_blob(&c->melanin, at(c, 199, 0.0f, 10.0f), 120.0f, 60.0f, 0.03f);
}

static void mottle(struct mask_canvas *c, struct bt_rng *rng) {
    const struct bt_mask_traits *t = &c->recipe->traits;
    const float pale = 0.45f + 0.55f * t->skin, old = bt_clamp((t->age - 25.0f) / 45.0f, 0.0f, 1.0f);
    const float uneven = bt_rng_uniform(rng, 0.7f, 1.3f);
    bt_mask_noise(rng, 90.0f, 3, 0.7f, 0.028f * uneven * pale, &c->blood, &c->scratch);
    bt_mask_noise(rng, 16.0f, 3, 0.8f, 0.026f * uneven * pale, &c->blood, &c->scratch);
    bt_mask_noise(rng, 110.0f, 4, 0.6f, (0.018f + 0.02f * old) * uneven, &c->melanin, &c->scratch);
    bt_mask_noise(rng, 10.0f, 3, 0.9f, (0.014f + 0.01f * old) * uneven, &c->melanin, &c->scratch);
    /* Fine red veins where the skin is thin and old: the zero line of a noise, kept near nose and cheeks, broken by another. */
    memset(c->a.px, 0, sizeof(c->a.px));
    memset(c->b.px, 0, sizeof(c->b.px));
    memset(c->c.px, 0, sizeof(c->c.px));
    bt_mask_noise(rng, 26.0f, 2, 0.6f, 1.0f, &c->a, &c->scratch);
    bt_mask_noise(rng, 18.0f, 2, 0.6f, 1.0f, &c->b, &c->scratch);
    for (uint32_t s = 0; s < 2; s++) {
        bt_mask_blob(&c->c, at(c, s ? 280 : 50, s ? -14.0f : 14.0f, 4.0f), 40.0f, 30.0f, 1.0f);
        bt_mask_blob(&c->c, at(c, s ? 358 : 129, 0.0f, 0.0f), 14.0f, 14.0f, 1.0f);
    }
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) {
        const float line = bt_clamp(1.0f - fabsf(c->a.px[i]) / 0.09f, 0.0f, 1.0f) * bt_clamp(c->b.px[i], 0.0f, 1.0f);
        c->blood.px[i] += 0.14f * pale * old * line * bt_clamp(c->c.px[i], 0.0f, 1.0f);
    }
}

/* A soft-edged spot, slightly out of round. */
static void spot(struct mask_plane *plane, float cx, float cy, float radius, float squash, float gain) {
    const float reach = 2.5f * radius + 1.0f;
    if (cx < reach || cy < reach || cx + reach >= MASK_SIDE || cy + reach >= MASK_SIDE) return;
    for (uint32_t y = (uint32_t)(cy - reach); (float)y < cy + reach; y++) {
        for (uint32_t x = (uint32_t)(cx - reach); (float)x < cx + reach; x++) {
            const float dx = ((float)x + 0.5f - cx) * squash, dy = ((float)y + 0.5f - cy) / squash;
            const float q = sqrtf(dx * dx + dy * dy) / radius;
            plane->px[y * MASK_SIDE + x] += gain * (1.0f - bt_smoothstep(q, 0.45f, 1.5f));
        }
    }
}

static void spots(struct mask_canvas *c) {
    struct bt_rng rng;
    bt_rng_init(&rng, c->recipe->seed, STREAM_SPOTS);
    const struct bt_mask_traits *t = &c->recipe->traits;
    const uint32_t freckles = (uint32_t)(1500.0f * c->recipe->freckles);
    const float depth = 0.14f + 0.26f * c->recipe->freckles;
    for (uint32_t n = 0; n < freckles; n++) {
        const float x = 256.0f + 92.0f * bt_mask_normal(&rng), y = c->uv[50].y - 22.0f + 46.0f * bt_mask_normal(&rng);
        const float size = bt_rng_uniform(&rng, 0.0f, 1.0f), squash = bt_rng_uniform(&rng, 0.8f, 1.25f);
        spot(&c->melanin, x, y, 0.7f + 1.7f * size * size * size, squash, depth * bt_rng_uniform(&rng, 0.2f, 1.0f));
    }
    const uint32_t aged = t->age > 50.0f ? (uint32_t)((t->age - 50.0f) * 0.9f) : 0;
    for (uint32_t n = 0; n < aged; n++) {
        const float side = bt_rng_uniform(&rng, 0.0f, 1.0f) < 0.5f ? -1.0f : 1.0f;
        const float x = 256.0f + side * bt_rng_uniform(&rng, 60.0f, 200.0f), y = bt_rng_uniform(&rng, 70.0f, 330.0f);
        const float radius = bt_rng_uniform(&rng, 2.0f, 6.0f), squash = bt_rng_uniform(&rng, 0.75f, 1.3f),
                    gain = bt_rng_uniform(&rng, 0.03f, 0.12f);
        spot(&c->melanin, x, y, radius, squash, gain);
    }
    const uint32_t moles = bt_rng_u32(&rng) % 5;
    for (uint32_t n = 0; n < moles; n++) {
        const float x = bt_rng_uniform(&rng, 90.0f, 422.0f), y = bt_rng_uniform(&rng, 100.0f, 450.0f);
        const float radius = bt_rng_uniform(&rng, 1.1f, 2.3f), squash = bt_rng_uniform(&rng, 0.9f, 1.12f),
                    gain = bt_rng_uniform(&rng, 0.35f, 0.9f);
        spot(&c->melanin, x, y, radius, squash, gain);
    }
    /* Blemishes: red, soft. */
    const uint32_t blemishes = bt_rng_u32(&rng) % 7;
    for (uint32_t n = 0; n < blemishes; n++) {
        const float x = bt_rng_uniform(&rng, 110.0f, 402.0f), y = bt_rng_uniform(&rng, 80.0f, 460.0f);
        const float radius = bt_rng_uniform(&rng, 2.0f, 4.5f), squash = bt_rng_uniform(&rng, 0.9f, 1.12f),
                    gain = bt_rng_uniform(&rng, 0.05f, 0.16f);
        spot(&c->blood, x, y, radius, squash, gain);
    }
}

void bt_mask_skin(struct mask_canvas *c) {
    struct bt_rng rng;
    bt_rng_init(&rng, c->recipe->seed, STREAM_SKIN);
    zones(c, &rng);
    mottle(c, &rng);
    spots(c);
}

/* The ratio is 1 on the mean of plain skin: otherwise the face would be lighter or darker than the wearer's neck. */
static void centre(struct mask_canvas *c, struct mask_plane *plane) {
    const struct bt_rig_maps *maps = bt_rig_maps(c->rig);
    double sum = 0.0, total = 0.0;
    for (uint32_t y = 0; y < MASK_SIDE; y++) {
        for (uint32_t x = 0; x < MASK_SIDE; x++) {
            const uint32_t m = (y / 2) * BT_RIG_MAP_PX + x / 2;
            const double w = (double)(maps->paint[m] * (1.0f - maps->feature[m]));
            sum += w * (double)plane->px[y * MASK_SIDE + x];
            total += w;
        }
    }
    const float mean = (float)(sum / (total + 1e-6));
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) plane->px[i] -= mean;
}

/* A groove: along a line of points, soft and of uneven depth. Goes into c->a; the caller clears and blurs. */
static void groove(struct mask_canvas *c, struct bt_rng *rng, const struct bt_vec2 *point, uint32_t count, float width,
                   float depth) {
    float from = 0.0f;
    for (uint32_t i = 0; i + 1 < count; i++) {
        /* Ends fade; the middle varies. */
        const float t = (float)(i + 1) / (float)(count - 1);
        const float to =
            i + 2 == count ? 0.0f : depth * bt_rng_uniform(rng, 0.65f, 1.0f) * bt_clamp(4.0f * t * (1.2f - t), 0.0f, 1.0f);
        bt_raster_stroke(mask_picture(&c->a), point[i], point[i + 1], width, width, 1.5f * width + 1.0f, from, to);
        from = to;
    }
}

static void deepen(struct mask_canvas *c, float sigma, float gain) {
    bt_raster_blur(mask_picture(&c->a), sigma, c->scratch.px);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) c->relief.px[i] -= gain * c->a.px[i];
    memset(c->a.px, 0, sizeof(c->a.px));
}

static uint32_t path(const struct mask_canvas *c, const uint16_t *vertex, uint32_t count, float dx, float dy,
                     struct bt_vec2 *out) {
    /* Chaikin's corner cutting, once: the landmarks' polyline is too angular for skin. */
    uint32_t n = 0;
    out[n++] = at(c, vertex[0], dx, dy);
    for (uint32_t i = 0; i + 1 < count; i++) {
        const struct bt_vec2 a = at(c, vertex[i], dx, dy), b = at(c, vertex[i + 1], dx, dy);
        out[n++] = (struct bt_vec2){0.75f * a.x + 0.25f * b.x, 0.75f * a.y + 0.25f * b.y};
        out[n++] = (struct bt_vec2){0.25f * a.x + 0.75f * b.x, 0.25f * a.y + 0.75f * b.y};
    }
    out[n++] = at(c, vertex[count - 1], dx, dy);
    return n;
}

static void folds(struct mask_canvas *c, struct bt_rng *rng) {
    static const uint16_t nasolabial[2][5] = {{129, 203, 206, 216, 212}, {358, 423, 426, 436, 432}};
    static const uint16_t tear[2][4] = {{133, 112, 232, 230}, {362, 341, 452, 450}};
    static const uint16_t crease[2][6] = {{130, 113, 27, 28, 56, 190}, {359, 342, 257, 258, 286, 414}};
    const float age = c->recipe->traits.age, old = bt_clamp((age - 28.0f) / 42.0f, 0.0f, 1.2f);
    struct bt_vec2 point[16];
    for (uint32_t s = 0; s < 2; s++) groove(c, rng, point, path(c, nasolabial[s], 5, 0.0f, 0.0f, point), 3.0f, 1.0f);
    deepen(c, 4.5f, 0.12f + 0.62f * old);
    for (uint32_t s = 0; s < 2; s++) groove(c, rng, point, path(c, tear[s], 4, 0.0f, 2.0f, point), 2.0f, 1.0f);
    deepen(c, 2.8f, 0.08f + 0.34f * old);
    for (uint32_t s = 0; s < 2; s++) groove(c, rng, point, path(c, crease[s], 6, 0.0f, 6.0f, point), 1.2f, 1.0f);
    deepen(c, 1.4f, 0.22f + 0.10f * old);
    for (uint32_t s = 0; s < 2; s++) { /* round the wing of the nose */
        const float out = s ? 1.0f : -1.0f;
        const struct bt_vec2 wing = at(c, s ? 358 : 129, 0.0f, 0.0f);
        const float dx[6] = {-10.0f, -3.0f, 0.5f, 0.0f, -4.0f, -11.0f}, dy[6] = {-17.0f, -12.0f, -4.0f, 5.0f, 12.0f, 17.0f};
        for (uint32_t i = 0; i < 6; i++) point[i] = (struct bt_vec2){wing.x + out * dx[i], wing.y + dy[i]};
        groove(c, rng, point, 6, 1.6f, 1.0f);
    }
    deepen(c, 2.4f, 0.34f);
    /* The philtrum: a shallow gutter between two ridges. */
    for (int32_t k = -1; k <= 1; k++) {
        for (uint32_t i = 0; i < 4; i++)
            point[i] = (struct bt_vec2){256.0f + (float)k * (6.5f + 0.7f * (float)i), c->uv[2].y + 4.0f + 5.5f * (float)i};
        groove(c, rng, point, 4, 1.5f, 1.0f);
        deepen(c, 2.2f, k ? -0.10f : 0.14f);
    }
    if (age < 42.0f) return;
    for (uint32_t s = 0; s < 2; s++) { /* from the mouth's corners down */
        const float out = s ? 1.0f : -1.0f;
        const struct bt_vec2 corner = at(c, s ? 291 : 61, 0.0f, 2.0f);
        for (uint32_t i = 0; i < 6; i++)
            point[i] = (struct bt_vec2){corner.x + out * (4.0f + 1.6f * (float)i), corner.y + 8.0f * (float)i};
        groove(c, rng, point, 6, 2.0f, 1.0f);
    }
    deepen(c, 3.0f, 0.60f * bt_clamp((age - 42.0f) / 28.0f, 0.0f, 1.0f));
}

static void wrinkles(struct mask_canvas *c, struct bt_rng *rng) {
    const float age = c->recipe->traits.age;
    const float old = bt_clamp((age - 30.0f) / 40.0f, 0.0f, 1.2f);
    if (old <= 0.0f) return;
    enum { POINTS = 24 };
    struct bt_vec2 point[POINTS];
    const uint32_t rows = 3 + bt_rng_u32(rng) % 3;
    for (uint32_t row = 0; row < rows; row++) {
        const float y0 = c->uv[151].y - 24.0f + 46.0f * ((float)row + bt_rng_uniform(rng, 0.2f, 0.8f)) / (float)rows;
        const float phase = bt_rng_uniform(rng, 0.0f, 6.2831f), bow = bt_rng_uniform(rng, -5.0f, 9.0f);
        const float x0 = bt_rng_uniform(rng, 130.0f, 190.0f), x1 = bt_rng_uniform(rng, 322.0f, 382.0f);
        for (uint32_t i = 0; i < POINTS; i++) {
            const float x = bt_lerp(x0, x1, (float)i / (POINTS - 1)), u = (x - 256.0f) / 126.0f;
            point[i] = (struct bt_vec2){x, y0 + bow * u * u + 2.2f * (float)bt_exact_sin((double)(x / 23.0f + phase)) +
                                               0.8f * bt_mask_normal(rng)};
        }
        groove(c, rng, point, POINTS, 0.7f, bt_rng_uniform(rng, 0.4f, 1.0f));
    }
    deepen(c, 1.6f, 0.70f * old);
    for (uint32_t s = 0; s < 2; s++) {
        const float out = s ? 1.0f : -1.0f;
        const struct bt_vec2 corner = at(c, s ? 263 : 33, 12.0f * out, -2.0f);
        for (uint32_t row = 0; row < 5; row++) { /* crow's feet */
            const float angle = ((float)row - 2.0f) * 0.30f + 0.06f * bt_mask_normal(rng),
                        length = bt_rng_uniform(rng, 14.0f, 30.0f);
            for (uint32_t i = 0; i < 6; i++) {
                const float d = length * (float)i / 5.0f;
                point[i] = (struct bt_vec2){corner.x + out * d * (float)bt_exact_cos((double)angle),
                                            corner.y + 4.0f * ((float)row - 2.0f) + d * (float)bt_exact_sin((double)angle) +
                                                0.05f * d * d * 0.3f};
            }
            groove(c, rng, point, 6, 0.6f, bt_rng_uniform(rng, 0.4f, 1.0f));
        }
        for (uint32_t row = 0; row < 3; row++) { /* under the eye */
            const struct bt_vec2 lid = at(c, s ? 374 : 145, 0.0f, 9.0f + 6.0f * (float)row);
            for (uint32_t i = 0; i < 8; i++) {
                const float u = (float)i / 7.0f - 0.5f;
                point[i] = (struct bt_vec2){lid.x + 44.0f * u + 5.0f * out,
                                            lid.y - 14.0f * u * u + 3.0f * u * out + 0.6f * bt_mask_normal(rng)};
            }
            groove(c, rng, point, 8, 0.6f, bt_rng_uniform(rng, 0.3f, 0.8f));
        }
        const float x = 256.0f + out * bt_rng_uniform(rng, 8.0f, 13.0f); /* between the brows */
        for (uint32_t i = 0; i < 5; i++)
            point[i] = (struct bt_vec2){x + out * 0.8f * (float)i - 2.0f * out, c->uv[9].y - 12.0f + 8.0f * (float)i};
        groove(c, rng, point, 5, 0.8f, bt_rng_uniform(rng, 0.2f, 0.9f));
    }
    deepen(c, 1.3f, 0.60f * old);
}

static void pores(struct mask_canvas *c, struct bt_rng *rng) {
    const struct bt_mask_traits *t = &c->recipe->traits;
    const float coarse = bt_rng_uniform(rng, 0.7f, 1.2f) * (0.8f + 0.4f * t->masculine);
    memset(c->b.px, 0, sizeof(c->b.px));
    memset(c->c.px, 0, sizeof(c->c.px));
    bt_mask_noise(rng, 5.0f, 2, 0.9f, 1.0f, &c->b, &c->scratch);
    bt_mask_blob(&c->c, at(c, 4, 0.0f, -4.0f), 40.0f, 40.0f, 1.2f);
    bt_mask_blob(&c->c, at(c, 50, 18.0f, 4.0f), 44.0f, 40.0f, 0.9f);
    bt_mask_blob(&c->c, at(c, 280, -18.0f, 4.0f), 44.0f, 40.0f, 0.9f);
    bt_mask_blob(&c->c, at(c, 151, 0.0f, 0.0f), 110.0f, 40.0f, 0.7f);
    bt_mask_blob(&c->c, at(c, 199, 0.0f, 0.0f), 60.0f, 30.0f, 0.7f);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++)
        c->shade.px[i] -= 0.045f * coarse * (0.30f + c->c.px[i]) * fmaxf(c->b.px[i] - 0.4f, 0.0f);
    /* Below the pores: the plain grain of skin. As shade, not as relief: light from above would make dashes of it. */
    bt_mask_noise(rng, 4.0f, 1, 1.0f, 0.012f * coarse, &c->shade, &c->scratch);
    bt_mask_noise(rng, 9.0f, 2, 1.0f, 0.010f * coarse, &c->relief, &c->scratch);
}

/* Skin to ratio. Relief is lit from above, as rooms are: what faces up is lighter, what lies deep is darker. */
static void resolve(struct mask_canvas *c) {
    memcpy(c->b.px, c->relief.px, sizeof(c->b.px));
    bt_raster_blur(mask_picture(&c->b), 7.0f, c->scratch.px);
    for (uint32_t y = 0; y < MASK_SIDE; y++) {
        const uint32_t up = y ? y - 1 : 0, down = y + 1 < MASK_SIDE ? y + 1 : y;
        for (uint32_t x = 0; x < MASK_SIDE; x++) {
            const uint32_t i = y * MASK_SIDE + x;
            const float slope = c->relief.px[down * MASK_SIDE + x] - c->relief.px[up * MASK_SIDE + x];
            const float light = bt_clamp(0.7f * slope + 0.55f * (c->relief.px[i] - c->b.px[i]), -0.45f, 0.25f);
            /* Light lost in skin's folds comes back redder. */
            const float deep = fmaxf(-light, 0.0f);
            const float blood = c->blood.px[i] + 0.25f * deep, melanin = c->melanin.px[i], shade = c->shade.px[i] + light;
            for (uint32_t k = 0; k < 3; k++)
                c->colour[k].px[i] =
                    (float)bt_exact_exp((double)(shade - melanin * melanin_absorbs[k] - blood * blood_absorbs[k]));
        }
    }
}

void bt_mask_relief(struct mask_canvas *c) {
    struct bt_rng rng;
    bt_rng_init(&rng, c->recipe->seed, STREAM_WRINKLES);
    memset(c->a.px, 0, sizeof(c->a.px));
    folds(c, &rng);
    wrinkles(c, &rng);
    bt_rng_init(&rng, c->recipe->seed, STREAM_NOISE);
    pores(c, &rng);
    centre(c, &c->melanin);
    centre(c, &c->blood);
    centre(c, &c->shade);
    resolve(c);
}

static float ring_distance(const struct mask_canvas *c, enum bt_rig_ring ring, float x, float y) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    float best = 1e9f;
    for (uint32_t i = 0; i < list.count; i++) {
        const struct bt_vec2 a = c->uv[list.vertex[i]], b = c->uv[list.vertex[(i + 1) % list.count]];
        const float dx = b.x - a.x, dy = b.y - a.y, px = x - a.x, py = y - a.y;
        const float t = bt_clamp((px * dx + py * dy) / fmaxf(dx * dx + dy * dy, 1e-6f), 0.0f, 1.0f);
        const float ex = px - t * dx, ey = py - t * dy;
        best = fminf(best, ex * ex + ey * ey);
    }
    return sqrtf(best);
}

void bt_mask_lips(struct mask_canvas *c) {
    struct bt_rng rng;
    bt_rng_init(&rng, c->recipe->seed, STREAM_SKIN + 100);
    const struct bt_mask_traits *t = &c->recipe->traits;
    const float old = bt_clamp((t->age - 35.0f) / 40.0f, 0.0f, 1.0f), paint = c->recipe->lip_colour;
    const float blood = bt_lerp(bt_rng_uniform(&rng, 0.26f, 0.44f) * (1.0f - 0.3f * old), 0.95f, paint);
    /* Dark skin's lips hold less melanin than the skin round them, the lower one most. */
    const float tan = bt_rng_uniform(&rng, 0.0f, 0.08f), dark = 1.0f - t->skin;
    const float melanin[2] = {bt_lerp(0.06f + 0.06f * dark + tan, 0.12f, paint),
                              bt_lerp(0.06f - 0.20f * dark + tan, 0.12f, paint)};
    struct bt_vec2 outer[32];
    const struct bt_rig_list ring = bt_rig_ring(BT_RIG_LIPS_OUTER);
    for (uint32_t i = 0; i < ring.count; i++) outer[i] = c->uv[ring.vertex[i]];
    memset(c->a.px, 0, sizeof(c->a.px));
    memset(c->b.px, 0, sizeof(c->b.px));
    memset(c->c.px, 0, sizeof(c->c.px));
    bt_raster_polygon(mask_picture(&c->a), outer, ring.count, 1.0f);
    bt_raster_blur(mask_picture(&c->a), bt_lerp(bt_rng_uniform(&rng, 2.2f, 3.2f), 1.7f, paint), c->scratch.px);
    bt_mask_noise(&rng, 5.0f, 2, 0.8f, 1.0f, &c->b, &c->scratch);  /* becomes creases: drawn out downwards below */
    bt_mask_noise(&rng, 12.0f, 2, 0.7f, 1.0f, &c->c, &c->scratch); /* wanders the edge, tints the inside */
    const float top = c->uv[0].y - 14.0f, bottom = c->uv[17].y + 24.0f, seam = 0.5f * (c->uv[13].y + c->uv[14].y);
    for (uint32_t y = (uint32_t)top; (float)y < bottom; y++) {
        for (uint32_t x = 170; x < 342; x++) {
            const uint32_t i = y * MASK_SIDE + x;
            const float px = (float)x + 0.5f, py = (float)y + 0.5f;
            /* Edge: a little sharper than the blur, wandering by noise. */
            const float lip =
                bt_smoothstep(c->a.px[i] + 0.10f * c->c.px[i] * (1.0f - paint) * (1.0f - c->a.px[i]), 0.18f, 0.85f);
            const float inner = ring_distance(c, BT_RIG_LIPS_INNER, px, py), rim = ring_distance(c, BT_RIG_LIPS_OUTER, px, py);
            float crease = 0.0f;
            for (int32_t k = -6; k <= 6; k++) crease += c->b.px[(uint32_t)((int32_t)y + k) * MASK_SIDE + x] / 13.0f;
            const float into = bt_bump(inner, 7.0f), middle = bt_bump(px - 256.0f, 30.0f);
            const bool lower = py > seam;
            float shade = -0.10f * into + 0.07f * crease + (lower ? 0.07f * middle * bt_bump(rim - 8.0f, 5.0f) : -0.05f);
            float b = blood * (1.0f + 0.12f * c->c.px[i] * (1.0f - paint)) + 0.10f * into, m = melanin[lower] + 0.05f * into;
            /* Towards the skin the red gives way gradually. */
            b *= 0.72f + 0.28f * bt_smoothstep(rim, 0.0f, 9.0f);
            /* Outside: the white roll above, a soft shadow below. */
            const float outside = 1.0f - lip;
            const float roll = lower ? 0.0f : 0.06f * bt_bump(rim - 3.0f, 3.0f);
            const float under = lower ? -0.09f * bt_bump(py - c->uv[17].y - 9.0f, 7.0f) * bt_bump(px - 256.0f, 34.0f) : 0.0f;
            for (uint32_t k = 0; k < 3; k++) {
                const float tint = (float)bt_exact_exp((double)(shade - m * melanin_absorbs[k] - b * blood_absorbs[k]));
                const float skin = c->colour[k].px[i] * (1.0f + outside * (roll + under));
                c->colour[k].px[i] = bt_lerp(skin, bt_lerp(1.0f, c->colour[k].px[i], 0.5f) * tint, lip);
            }
        }
    }
    memset(c->a.px, 0, sizeof(c->a.px));
    for (uint32_t s = 0; s < 2; s++) bt_mask_blob(&c->a, at(c, s ? 291 : 61, s ? -1.0f : 1.0f, 1.0f), 9.0f, 5.0f, 0.16f);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++)
        for (uint32_t k = 0; k < 3; k++) c->colour[k].px[i] *= 1.0f - c->a.px[i];
}
