/* SPDX-License-Identifier: MIT */
/* Hair is drawn hair by hair, each a tapering curve of its own tone, over a soft tint: what gives brows and beards their edges
   is that hairs get fewer and shorter, not that an area ends. */
#include "mask/internal.h"
#include <math.h>
#include <string.h>

#define PI 3.14159265f

static void tone(const struct mask_canvas *c, struct bt_rng *rng, float spread, float out[3]) {
    const struct bt_mask *m = c->mask;
    const float value = (float)bt_exact_exp((double)(spread * bt_mask_normal(rng)));
    /* Seen through a camera no hair is black, and light that went through hair comes out warmer; never lighter than half of the
       skin: a brow has to show on whoever wears it. */
    static const float warmer[3] = {1.65f, 1.00f, 0.55f};
    const float tint = bt_clamp(0.35f + 1.2f * (m->hair[0] - m->hair[2]) / m->hair[0], 0.0f, 1.0f); /* grey stays grey */
    const float green = m->hair[1] / m->skin[1], scale = bt_clamp(green, 0.07f, 0.5f) / fmaxf(green, 1e-4f);
    for (uint32_t k = 0; k < 3; k++)
        out[k] = bt_clamp(m->hair[k] / m->skin[k] * scale * bt_lerp(1.0f, warmer[k], tint) * value, 0.02f, 0.75f);
}

struct brow {
    struct bt_vec2 spine[5];             /* inner end first */
    float thick, lift, arch, tilt, side; /* side: +1 at the picture's right */
};

static struct bt_vec2 along(const struct brow *b, float t) {
    const float s = bt_clamp(t, 0.0f, 1.0f) * 4.0f;
    const uint32_t i = s < 3.0f ? (uint32_t)s : 3;
    const float u = s - (float)i;
    /* Catmull-Rom through the five landmarks' middle line. */
    const struct bt_vec2 p0 = b->spine[i ? i - 1 : 0], p1 = b->spine[i], p2 = b->spine[i + 1],
                         p3 = b->spine[i + 2 < 5 ? i + 2 : 4];
    const float w0 = -0.5f * u + u * u - 0.5f * u * u * u, w1 = 1.0f - 2.5f * u * u + 1.5f * u * u * u;
    const float w2 = 0.5f * u + 2.0f * u * u - 1.5f * u * u * u, w3 = -0.5f * u * u + 0.5f * u * u * u;
    struct bt_vec2 p = {w0 * p0.x + w1 * p1.x + w2 * p2.x + w3 * p3.x, w0 * p0.y + w1 * p1.y + w2 * p2.y + w3 * p3.y};
    p.y += b->lift + b->tilt * (t - 0.5f) - b->arch * bt_bump(t - 0.66f, 0.24f);
    return p;
}

/* Half the height at t, 0 the inner end: full soon, then narrowing to the tail. */
static float half_height(const struct brow *b, float t) {
    return 0.5f * b->thick * (0.72f + 0.28f * bt_smoothstep(t, 0.0f, 0.25f)) * (1.0f - 0.60f * bt_smoothstep(t, 0.5f, 1.05f));
}

static float direction(struct bt_vec2 from, struct bt_vec2 to) {
    /* atan2 of exact parts only: an octant polynomial (Hastings 1955), good to 1e-4 rad, is enough for a hair. */
    const float dx = to.x - from.x, dy = to.y - from.y, ax = fabsf(dx), ay = fabsf(dy);
    const float q = fminf(ax, ay) / fmaxf(fmaxf(ax, ay), 1e-6f), q2 = q * q;
    float a = q * (0.9998660f + q2 * (-0.3302995f + q2 * (0.1801410f + q2 * (-0.0851330f + q2 * 0.0208351f))));
    if (ay > ax) a = 0.5f * PI - a;
    if (dx < 0.0f) a = PI - a;
    return dy < 0.0f ? -a : a;
}

static void lay_brow(struct mask_canvas *c, struct bt_rng *rng, const struct brow *b, float density, float soft) {
    /* The skin under the hair: a faint, wide tint. */
    memset(c->a.px, 0, sizeof(c->a.px));
    for (uint32_t i = 0; i < 24; i++) {
        const float t0 = (float)i / 24.0f, t1 = (float)(i + 1) / 24.0f;
        const float v0 = bt_smoothstep(t0, -0.05f, 0.22f) * (1.0f - bt_smoothstep(t0, 0.75f, 1.05f));
        const float v1 = bt_smoothstep(t1, -0.05f, 0.22f) * (1.0f - bt_smoothstep(t1, 0.75f, 1.05f));
        bt_raster_stroke(mask_picture(&c->a), along(b, t0), along(b, t1), 0.6f * half_height(b, t0), 0.6f * half_height(b, t1),
                         4.0f, v0, v1);
    }
    bt_raster_blur(mask_picture(&c->a), 3.0f, c->scratch.px);
    float tint[3];
    tone(c, rng, 0.0f, tint);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) {
        const float a = soft * c->a.px[i];
        if (a <= 0.0f) continue;
        for (uint32_t k = 0; k < 3; k++) c->colour[k].px[i] *= 1.0f + a * (bt_lerp(tint[k], 1.0f, 0.25f) - 1.0f);
    }
    const uint32_t hairs = (uint32_t)(640.0f * density);
    for (uint32_t n = 0; n < hairs; n++) {
        /* Fewer towards the tail. */
        float t = bt_rng_uniform(rng, -0.03f, 1.0f);
        if (t > 0.6f && bt_rng_uniform(rng, 0.0f, 1.0f) < 1.5f * (t - 0.6f)) t = bt_rng_uniform(rng, 0.1f, 0.6f);
        if (t < 0.10f && bt_rng_uniform(rng, 0.0f, 1.0f) > 0.45f + 4.0f * t) t = bt_rng_uniform(rng, 0.1f, 0.9f);
        const float v = bt_clamp(0.52f * bt_mask_normal(rng), -1.15f, 1.15f); /* -1 upper edge ... 1 lower */
        const struct bt_vec2 p = along(b, t), q = along(b, t + 0.04f), p2 = along(b, t - 0.04f);
        const float tangent = direction(p2, q);
        /* At the inner end hairs stand up and fan; then the lower ones rise and the upper ones sink into the line of the brow.
         */
        const float up = 1.0f - bt_smoothstep(t, 0.02f, 0.40f);
        float turn = -(1.15f * up + 0.10f) - 0.42f * v * (1.0f - 0.6f * up) * (v > 0.0f ? 1.0f : 0.85f);
        turn += 0.14f * bt_mask_normal(rng);
        const float growth = 0.55f + 0.45f * bt_smoothstep(t, 0.0f, 0.35f);
        const float aside = bt_mask_normal(rng), bend = bt_mask_normal(rng), length = bt_rng_uniform(rng, 9.0f, 18.0f);
        const float width = bt_rng_uniform(rng, 0.28f, 0.62f), alpha = bt_rng_uniform(rng, 0.16f, 0.56f);
        struct mask_hair hair = {
            .root = {p.x + 0.8f * aside * b->side, p.y + v * half_height(b, t) + 1.0f},
            .angle = tangent + b->side * turn,
            .bend = b->side * (0.35f * up + 0.22f - 0.25f * fmaxf(v, 0.0f)) + 0.1f * bend,
            .length = growth * length * (1.0f - 0.35f * bt_smoothstep(t, 0.7f, 1.0f)) * (0.75f + b->thick / 80.0f),
            .width = width,
            .alpha = alpha * (0.55f + 0.45f * bt_smoothstep(t, -0.02f, 0.18f)) * (1.0f - 0.4f * bt_smoothstep(t, 0.6f, 1.0f)) *
                     (1.0f - 0.35f * fabsf(v)),
        };
        tone(c, rng, 0.22f, hair.colour);
        bt_mask_lay_hair(c, &hair);
    }
}

void bt_mask_brows(struct mask_canvas *c) {
    struct bt_rng rng;
    bt_rng_init(&rng, c->recipe->seed, STREAM_BROWS);
    const struct bt_mask_traits *t = &c->recipe->traits;
    const float old = bt_clamp((t->age - 40.0f) / 40.0f, 0.0f, 1.0f);
    const float thick = bt_rng_uniform(&rng, 18.0f, 25.0f) * (0.86f + 0.34f * t->masculine) * (1.0f + 0.28f * c->recipe->brow);
    const float lift = bt_rng_uniform(&rng, -1.5f, 2.5f), arch = bt_rng_uniform(&rng, -0.5f, 3.5f);
    const float tilt = bt_rng_uniform(&rng, -3.0f, 3.0f);
    const struct brow b = {.thick = bt_clamp(thick, 13.0f, 34.0f),
                           .lift = lift + 1.5f * t->masculine,
                           .arch = arch * (1.2f - t->masculine),
                           .tilt = tilt};
    const float density =
        bt_clamp(bt_rng_uniform(&rng, 0.8f, 1.25f) * (1.0f + 0.25f * c->recipe->brow) * (1.0f - 0.3f * old), 0.45f, 1.6f);
    const float soft = bt_rng_uniform(&rng, 0.28f, 0.42f);
    for (uint32_t s = 0; s < 2; s++) {
        const struct bt_rig_list upper = bt_rig_ring(s ? BT_RIG_BROW_1_UPPER : BT_RIG_BROW_0_UPPER);
        const struct bt_rig_list lower = bt_rig_ring(s ? BT_RIG_BROW_1_LOWER : BT_RIG_BROW_0_LOWER);
        struct brow own = b; /* no two brows are the same */
        for (uint32_t i = 0; i < 5; i++) {
            const struct bt_vec2 u = c->uv[upper.vertex[4 - i]], l = c->uv[lower.vertex[4 - i]];
            own.spine[i] = (struct bt_vec2){0.5f * (u.x + l.x), 0.5f * (u.y + l.y)};
        }
        own.side = s ? 1.0f : -1.0f;
        own.lift += 0.6f * bt_mask_normal(&rng);
        own.arch += 0.4f * bt_mask_normal(&rng);
        lay_brow(c, &rng, &own, density, soft);
    }
}

/* The rim of the upper lid, darker with lashes, and a few lashes on both lids; the wearer's own eyes stay between them. */
void bt_mask_lids(struct mask_canvas *c) {
    struct bt_rng rng;
    bt_rng_init(&rng, c->recipe->seed, STREAM_BROWS + 100);
    const float soft = 0.75f - 0.4f * c->recipe->traits.masculine, strength = bt_rng_uniform(&rng, 0.24f, 0.36f) + 0.22f * soft;
    memset(c->a.px, 0, sizeof(c->a.px));
    for (uint32_t s = 0; s < 2; s++) {
        const struct bt_rig_list ring = bt_rig_ring(s ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
        for (uint32_t i = 0; i < 8; i++) { /* 0, 15, 14 ... 8: the upper lid from the outer corner */
            const uint32_t a = ring.vertex[i ? 16 - i : 0], b = ring.vertex[15 - i];
            const float va = strength * (1.0f - 0.55f * (float)i / 8.0f),
                        vb = strength * (1.0f - 0.55f * (float)(i + 1) / 8.0f);
            bt_raster_stroke(mask_picture(&c->a), c->uv[a], c->uv[b], 1.1f, 1.1f, 2.2f, va, vb);
        }
        for (uint32_t i = 0; i < 8; i++)
            bt_raster_stroke(mask_picture(&c->a), c->uv[ring.vertex[i]], c->uv[ring.vertex[i + 1]], 0.7f, 0.7f, 1.8f,
                             0.35f * strength, 0.3f * strength);
    }
    bt_raster_blur(mask_picture(&c->a), 1.0f, c->scratch.px);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) {
        const float a = c->a.px[i];
        if (a <= 0.0f) continue;
        c->colour[0].px[i] *= 1.0f - 0.80f * a;
        c->colour[1].px[i] *= 1.0f - 0.95f * a;
        c->colour[2].px[i] *= 1.0f - a;
    }
    for (uint32_t s = 0; s < 2; s++) {
        const struct bt_rig_list ring = bt_rig_ring(s ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
        const float out = s ? 1.0f : -1.0f;
        const uint32_t lashes = (uint32_t)(34.0f + 40.0f * soft);
        for (uint32_t n = 0; n < lashes; n++) {
            const bool below = bt_rng_uniform(&rng, 0.0f, 1.0f) < 0.3f;
            const float f = bt_rng_uniform(&rng, 0.4f, 6.8f);
            const uint32_t i = (uint32_t)f;
            const struct bt_vec2 a = c->uv[ring.vertex[below ? i
                                                       : i   ? 16 - i
                                                             : 0]],
                                 b = c->uv[ring.vertex[below ? i + 1 : 15 - i]];
            const float u = f - (float)i;
            const float aside = bt_mask_normal(&rng), longer = bt_rng_uniform(&rng, 0.3f, 1.0f);
            struct mask_hair hair = {
                .root = {bt_lerp(a.x, b.x, u), bt_lerp(a.y, b.y, u)},
                .angle = (below ? 0.5f : -0.5f) * PI + (below ? -1.0f : 1.0f) * out * (0.75f - 0.19f * f) + 0.12f * aside,
                .bend = (below ? 0.25f : -0.35f) * out,
                .length = (below ? 3.0f : 4.5f) + 3.0f * soft * longer,
                .width = 0.30f,
                .alpha = below ? 0.22f : 0.42f,
            };
            tone(c, &rng, 0.15f, hair.colour);
            for (uint32_t k = 0; k < 3; k++) hair.colour[k] = fminf(hair.colour[k], 0.25f);
            bt_mask_lay_hair(c, &hair);
        }
    }
}

/* Where a beard grows and how thickly, 0 ... 1, into c->b: moustache, chin, jaw, sides; noise frays its edge. */
static void beard_ground(struct mask_canvas *c, struct bt_rng *rng) {
    memset(c->b.px, 0, sizeof(c->b.px));
    memset(c->c.px, 0, sizeof(c->c.px));
    bt_mask_noise(rng, 36.0f, 3, 0.7f, 1.0f, &c->c, &c->scratch);
    const float nose = c->uv[2].y, mouth = c->uv[61].y, moustache = bt_rng_uniform(rng, 0.7f, 1.0f),
                cheek = bt_rng_uniform(rng, -10.0f, 16.0f);
    for (uint32_t y = (uint32_t)nose - 20; y < MASK_SIDE; y++) {
        for (uint32_t x = 0; x < MASK_SIDE; x++) {
            const float px = (float)x + 0.5f, py = (float)y + 0.5f, wander = 9.0f * c->c.px[y * MASK_SIDE + x];
            const float across = fabsf(px - 256.0f);
            /* The cheek line: from the sideburn down to the mouth's corner, hollow. */
            const float u = bt_clamp((across - 50.0f) / 170.0f, 0.0f, 1.0f);
            const float line = bt_lerp(mouth + 14.0f, nose - 40.0f, u * u) + cheek + wander;
            float grow = bt_smoothstep(py, line - 10.0f, line + 34.0f);
            /* The moustache: a band from under the nose to the lip, wider than the mouth. */
            const float lip_top = c->uv[0].y + 0.0012f * across * across;
            const float band = bt_smoothstep(py, nose + 1.0f + 0.06f * across, nose + 13.0f + 0.06f * across) *
                               bt_smoothstep(lip_top + 3.0f - py, -3.0f, 6.0f);
            const float hollow = 1.0f - 0.35f * bt_bump(across, 7.0f);
            grow = fmaxf(grow * bt_smoothstep(across, 24.0f, 44.0f),
                         moustache * hollow * band * (1.0f - bt_smoothstep(across + 0.5f * wander, 50.0f, 74.0f)));
            /* Down the mouth's corners, and the chin under the bare patch of the lower lip. */
            const float chin_top = c->uv[17].y + 12.0f + 0.4f * wander,
                        bare = bt_bump(across - 26.0f, 12.0f) * bt_bump(py - chin_top - 4.0f, 12.0f);
            const float chin = bt_smoothstep(py, chin_top, chin_top + 18.0f) * (1.0f - bt_smoothstep(across, 60.0f, 100.0f));
            grow = fmaxf(grow, chin * (1.0f - 0.6f * bare));
            grow = fmaxf(grow, 0.8f * bt_bump(across - 68.0f - 0.3f * wander, 15.0f) *
                                   bt_smoothstep(py, nose + 18.0f, mouth + 10.0f) *
                                   (1.0f - bt_smoothstep(py, mouth + 60.0f, mouth + 90.0f)));
            grow *= 0.86f + 0.14f * bt_clamp(c->c.px[y * MASK_SIDE + x], -1.0f, 1.0f);
            c->b.px[y * MASK_SIDE + x] = bt_clamp(grow, 0.0f, 1.0f);
        }
    }
    /* Never on the lips. */
    struct bt_vec2 outer[32];
    const struct bt_rig_list ring = bt_rig_ring(BT_RIG_LIPS_OUTER);
    for (uint32_t i = 0; i < ring.count; i++) outer[i] = c->uv[ring.vertex[i]];
    memset(c->a.px, 0, sizeof(c->a.px));
    bt_raster_polygon(mask_picture(&c->a), outer, ring.count, 1.0f);
    bt_raster_blur(mask_picture(&c->a), 2.0f, c->scratch.px);
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) c->b.px[i] *= bt_clamp(1.0f - 1.4f * c->a.px[i], 0.0f, 1.0f);
}

void bt_mask_beard(struct mask_canvas *c) {
    struct bt_rng rng;
    bt_rng_init(&rng, c->recipe->seed, STREAM_BEARD);
    const struct bt_mask_traits *t = &c->recipe->traits;
    const float man = bt_smoothstep(t->masculine, 0.55f, 0.8f), shadow = man * bt_rng_uniform(&rng, 0.05f, 0.20f);
    beard_ground(c, &rng);
    if (man <= 0.0f) return;
    float tint[3];
    tone(c, &rng, 0.0f, tint);
    memcpy(c->a.px, c->b.px, sizeof(c->a.px));
    bt_raster_blur(mask_picture(&c->a), 5.0f, c->scratch.px);
    const float under = shadow + 0.55f * t->beard;
    for (uint32_t i = 0; i < BT_MASK_TEXELS; i++) {
        const float a = under * c->a.px[i];
        if (a <= 0.0f) continue;
        for (uint32_t k = 0; k < 3; k++) {
            /* Hair seen through skin is bluish: red is lost first. */
            const float cool = k == 0 ? 1.0f : k == 1 ? 0.96f : 0.91f;
            c->colour[k].px[i] *= 1.0f + a * cool * (tint[k] - 1.0f);
        }
    }
    const float beard = fmaxf(t->beard, 0.12f * man); /* the shaven have stubble */
    const uint32_t hairs = (uint32_t)(52000.0f * bt_clamp(0.35f + 0.65f * beard, 0.0f, 1.0f));
    for (uint32_t n = 0; n < hairs; n++) {
        const float x = bt_rng_uniform(&rng, 16.0f, 496.0f), y = bt_rng_uniform(&rng, c->uv[2].y - 30.0f, 505.0f);
        const float ground = c->b.px[(uint32_t)y * MASK_SIDE + (uint32_t)x], chance = bt_rng_uniform(&rng, 0.0f, 1.0f);
        const float turn = bt_mask_normal(&rng), size = bt_rng_uniform(&rng, 0.0f, 1.0f),
                    thick = bt_rng_uniform(&rng, 0.0f, 1.0f);
        if (ground * ground < chance) continue;
        const float across = (x - 256.0f) / 256.0f,
                    lip = bt_bump(y - 0.5f * (c->uv[2].y + c->uv[0].y), 14.0f) * bt_bump(across * 256.0f, 70.0f);
        struct mask_hair hair = {
            .root = {x, y},
            .angle = 0.5f * PI - across * (0.5f + 1.6f * lip) + 0.38f * turn,
            .bend = 0.25f * turn,
            .length = (1.6f + 14.0f * t->beard * (0.35f + 0.65f * ground)) * (0.5f + 0.7f * size),
            .width = 0.26f + 0.26f * thick,
            .alpha = (0.16f + 0.34f * bt_smoothstep(t->beard, 0.0f, 0.6f)) * (0.5f + 0.5f * thick) * (0.45f + 0.55f * ground),
        };
        tone(c, &rng, 0.28f, hair.colour);
        bt_mask_lay_hair(c, &hair);
    }
}
