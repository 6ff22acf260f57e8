/* SPDX-License-Identifier: MIT */
/* The shape: 40 smooth, hand-made deformations of the canonical mesh, symmetric, and a touch of asymmetry. Lengths are cm. */
#include "mask/internal.h"
#include <math.h>
#include <string.h>

/* How far a coefficient of 1 moves things, and how age and sex lean on it: per 1 of (age - 45) / 25, and of (masculine - .5)
 * * 2. */
static const struct {
    float amplitude, age, masculine;
} fields[MASK_FIELDS] = {
    [JAW_WIDTH] = {0.065f, 0.1f, 0.6f},    [CHIN_LENGTH] = {0.32f, 0.1f, 0.2f},     [CHIN_FORWARD] = {0.38f, 0.0f, 0.2f},
    [CHIN_WIDTH] = {0.20f, 0.1f, 0.6f},    [LOWER_LENGTH] = {0.30f, 0.1f, 0.25f},   [JAW_ANGLE] = {0.22f, 0.0f, 0.25f},
    [NOSE_LENGTH] = {0.28f, 0.35f, 0.3f},  [NOSE_WIDTH] = {0.24f, 0.25f, 0.45f},    [NOSTRIL_FLARE] = {0.12f, 0.0f, 0.0f},
    [BRIDGE_HEIGHT] = {0.28f, 0.1f, 0.2f}, [BRIDGE_WIDTH] = {0.13f, 0.1f, 0.5f},    [NOSE_FORWARD] = {0.30f, 0.1f, 0.15f},
    [NOSE_TILT] = {0.17f, -0.35f, -0.25f}, [NOSE_TIP] = {0.14f, 0.3f, 0.2f},        [NOSE_HUMP] = {0.15f, 0.15f, 0.2f},
    [EYE_SPACING] = {0.17f, 0.0f, 0.0f},   [EYE_SIZE] = {0.075f, -0.2f, -0.8f},     [EYE_OPENING] = {0.13f, -0.45f, -0.35f},
    [EYE_TILT] = {0.070f, -0.3f, -0.2f},   [EYE_HEIGHT] = {0.17f, 0.0f, 0.0f},      [EYE_DEPTH] = {0.24f, 0.3f, 0.35f},
    [LID_HOOD] = {0.16f, 0.6f, 0.1f},      [BROW_HEIGHT] = {0.24f, -0.1f, -0.5f},   [BROW_TILT] = {0.16f, -0.2f, -0.15f},
    [BROW_RIDGE] = {0.22f, 0.1f, 0.8f},    [BROW_ARCH] = {0.16f, 0.0f, -0.4f},      [CHEEKBONE] = {0.34f, 0.0f, -0.2f},
    [CHEEK_FULL] = {0.36f, -0.35f, -0.1f}, [UPPER_LIP] = {0.13f, -0.5f, -0.7f},     [LOWER_LIP] = {0.16f, -0.4f, -0.5f},
    [MOUTH_WIDTH] = {0.26f, 0.1f, 0.25f},  [MOUTH_HEIGHT] = {0.20f, 0.0f, 0.0f},    [MOUTH_CURVE] = {0.12f, -0.4f, 0.0f},
    [PHILTRUM] = {0.14f, 0.3f, 0.1f},      [FOREHEAD_HEIGHT] = {0.40f, 0.1f, 0.0f}, [FOREHEAD_SLOPE] = {0.28f, 0.0f, 0.4f},
    [FACE_WIDTH] = {0.030f, 0.0f, 0.1f},   [TEMPLE] = {0.045f, -0.2f, 0.0f},        [JOWL] = {0.11f, 0.6f, 0.1f},
    [MOUTH_FORWARD] = {0.20f, 0.0f, 0.0f},
};

struct region {
    const struct bt_rig *rig;
    struct bt_vec3 p; /* the vertex */
    struct bt_vec3 eye[2], mouth;
};

static float near_list(const struct region *r, const uint16_t *vertex, uint32_t count, float sigma) {
    const struct bt_vec3 *c = bt_rig_mesh(r->rig)->canonical;
    float best = 1e9f;
    for (uint32_t i = 0; i < count; i++) {
        const struct bt_vec3 d = bt_vec3_sub(r->p, c[vertex[i]]);
        best = fminf(best, bt_vec3_dot(d, d));
    }
    return (float)bt_exact_exp(-(double)best / ((double)sigma * (double)sigma));
}
#define NEAR(r, sigma, ...)                                                                                                    \
    near_list((r), (const uint16_t[]){__VA_ARGS__}, sizeof((uint16_t[]){__VA_ARGS__}) / sizeof(uint16_t), (sigma))

static float near_ring(const struct region *r, enum bt_rig_ring ring, float sigma) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    return near_list(r, list.vertex, list.count, sigma);
}

static float hill(struct bt_vec3 p, float cx, float cy, float cz, float sx, float sy, float sz) {
    const float x = (p.x - cx) / sx, y = (p.y - cy) / sy, z = (p.z - cz) / sz;
    return (float)bt_exact_exp(-(double)(x * x + y * y + z * z));
}

static struct bt_vec3 centre_of(const struct bt_rig *rig, enum bt_rig_ring ring) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    struct bt_vec3 c = {0.0f, 0.0f, 0.0f};
    for (uint32_t i = 0; i < list.count; i++)
        c = bt_vec3_add_scaled(c, bt_rig_mesh(rig)->canonical[list.vertex[i]], 1.0f / (float)list.count);
    return c;
}

static struct bt_vec3 v3(float x, float y, float z) {
    return (struct bt_vec3){x, y, z};
}

static void lower_face(const struct region *r, struct bt_vec3 out[MASK_FIELDS]) {
    const float x = r->p.x, y = r->p.y, side = bt_clamp(x / 0.6f, -1.0f, 1.0f);
    const float chin = hill(r->p, 0.0f, -8.77f, 4.89f, 3.2f, 2.4f, 6.0f);
    const float angle = NEAR(r, 2.6f, 172, 397, 136, 365, 58, 288);
    const float low = NEAR(r, 1.9f, 205, 425, 207, 427, 187, 411);
    out[JAW_WIDTH] = v3(x * bt_smoothstep(-y, 1.0f, 6.0f), 0.0f, 0.0f);
    out[CHIN_LENGTH] = v3(0.0f, -bt_smoothstep(-y, 4.9f, 9.2f), 0.0f);
    out[CHIN_FORWARD] = v3(0.0f, 0.0f, chin);
    out[CHIN_WIDTH] = v3(0.5f * x * chin, 0.0f, 0.0f);
    out[LOWER_LENGTH] = v3(0.0f, -bt_smoothstep(-y, 0.5f, 5.0f), 0.0f);
    out[JAW_ANGLE] = v3(side * angle, -0.25f * angle, 0.0f);
    out[CHEEKBONE] = v3(0.8f * side * NEAR(r, 1.9f, 345, 116, 346, 117, 352, 123, 280, 50), 0.0f, 0.0f);
    out[CHEEKBONE].z = 0.75f * fabsf(out[CHEEKBONE].x);
    out[CHEEK_FULL] = v3(0.8f * side * low, 0.0f, low);
    /* Jowls: beside the chin, low on the jaw, a little down and out. */
    const float jowl = NEAR(r, 1.3f, 169, 394, 150, 379, 210, 430);
    out[JOWL] = v3(0.7f * side * jowl, -0.9f * jowl, 0.35f * jowl);
    out[FACE_WIDTH] = v3(x, 0.0f, 0.0f);
}

/* The nose moves as a whole: tip, wings and columella go together, the bridge follows along a ramp. Fields that move the tip
   alone are what makes a nose look like putty. */
static void nose(const struct region *r, struct bt_vec3 out[MASK_FIELDS]) {
    const float x = r->p.x, y = r->p.y, side = bt_clamp(x / 0.6f, -1.0f, 1.0f);
    const float wings = NEAR(r, 0.85f, 129, 358, 64, 294, 98, 327, 48, 278, 219, 439, 49, 279, 102, 331);
    const float tip = hill(r->p, 0.0f, -0.5f, 7.4f, 1.35f, 1.25f, 2.6f);
    const float body = bt_bump(bt_clamp(fabsf(x) - 0.9f, 0.0f, 9.0f), 0.9f); /* the nose's width, soft sides */
    const float along =
        bt_smoothstep(-y, -3.4f, 0.9f) * (1.0f - bt_smoothstep(-y, 1.6f, 3.0f)); /* 0 at the root, 1 at the tip */
    const float dorsum = bt_bump(fabsf(x), 0.85f) * bt_smoothstep(y, -0.9f, 0.9f) * (1.0f - bt_smoothstep(y, 3.2f, 4.9f));
    out[NOSE_LENGTH] = v3(0.0f, -along * body, 0.0f);
    out[NOSE_FORWARD] = v3(0.0f, 0.0f, along * bt_bump(bt_clamp(fabsf(x) - 0.5f, 0.0f, 9.0f), 0.9f));
    out[NOSE_WIDTH] = v3(side * wings, 0.0f, 0.0f);
    out[NOSTRIL_FLARE] = v3(0.3f * side * wings, wings - 0.8f * tip, 0.0f);
    out[BRIDGE_HEIGHT] = v3(0.0f, 0.0f, dorsum);
    out[BRIDGE_WIDTH] = v3(side * NEAR(r, 0.9f, 122, 351, 196, 419, 174, 399, 236, 456), 0.0f, 0.0f);
    out[NOSE_TILT] = v3(0.0f, tip, -0.2f * tip);
    out[NOSE_TIP] = v3(0.7f * side * tip, 0.35f * (y + 0.5f) * tip, 0.5f * tip);
    out[NOSE_HUMP] = v3(0.0f, 0.0f, bt_bump(fabsf(x), 0.9f) * bt_bump(y - 1.4f, 0.95f));
}

static void eyes(const struct region *r, struct bt_vec3 out[MASK_FIELDS]) {
    const float x = r->p.x, y = r->p.y, side = bt_clamp(x / 0.6f, -1.0f, 1.0f);
    float both = 0.0f;
    struct bt_vec3 size = v3(0, 0, 0), opening = v3(0, 0, 0), tilt = v3(0, 0, 0), hood = v3(0, 0, 0);
    for (uint32_t e = 0; e < 2; e++) {
        const struct bt_vec3 c = r->eye[e];
        const float w = hill(r->p, c.x, c.y, c.z, 2.1f, 1.5f, 4.0f), rim = near_ring(r, e ? BT_RIG_EYE_1 : BT_RIG_EYE_0, 0.75f);
        both += w;
        size = bt_vec3_add_scaled(size, v3(r->p.x - c.x, 1.3f * (r->p.y - c.y), 0.0f), w);
        opening.y += rim * bt_clamp(r->p.y - c.y, -0.45f, 0.45f) * bt_bump(r->p.x - c.x, 2.2f);
        tilt.y += (e ? 1.0f : -1.0f) * w * (r->p.x - c.x);
        /* The fold over the outer half of the lid comes down. */
        hood.y -= hill(r->p, c.x + (e ? 0.7f : -0.7f), c.y + 0.85f, c.z, 1.3f, 0.5f, 3.0f);
        hood.z += 0.2f * hill(r->p, c.x + (e ? 0.7f : -0.7f), c.y + 0.85f, c.z, 1.3f, 0.6f, 3.0f);
    }
    out[EYE_SPACING] = v3(side * both, 0.0f, 0.0f);
    out[EYE_SIZE] = size;
    out[EYE_OPENING] = opening;
    out[EYE_TILT] = tilt;
    out[EYE_HEIGHT] = v3(0.0f, both, 0.0f);
    out[EYE_DEPTH] = v3(0.0f, 0.0f, -both);
    out[LID_HOOD] = hood;
    float brow = 0.0f;
    for (int ring = BT_RIG_BROW_0_UPPER; ring <= BT_RIG_BROW_1_LOWER; ring++)
        brow = fmaxf(brow, near_ring(r, (enum bt_rig_ring)ring, 1.3f));
    out[BROW_HEIGHT] = v3(0.0f, brow, 0.0f);
    out[BROW_TILT] = v3(0.0f, brow * (fabsf(x) - 3.4f) / 2.3f, 0.0f);
    out[BROW_ARCH] = v3(0.0f, brow * (bt_bump(fabsf(x) - 4.3f, 1.1f) - 0.35f), 0.0f);
    out[BROW_RIDGE] = v3(0.0f, -0.25f * brow, brow);
    const float forehead = bt_smoothstep(y, 4.8f, 7.5f);
    out[FOREHEAD_HEIGHT] = v3(0.0f, forehead, 0.0f);
    out[FOREHEAD_SLOPE] = v3(0.0f, 0.0f, -forehead * (y - 4.8f) / 3.0f);
    out[TEMPLE] = v3(x * bt_smoothstep(y, 3.0f, 6.0f), 0.0f, 0.0f);
}

static void mouth(const struct region *r, struct bt_vec3 out[MASK_FIELDS]) {
    const float x = r->p.x, side = bt_clamp(x / 0.6f, -1.0f, 1.0f), across = fabsf(x) / 2.4f;
    const float w = hill(r->p, r->mouth.x, r->mouth.y, r->mouth.z, 3.2f, 1.8f, 5.0f);
    out[UPPER_LIP] = v3(0.0f, NEAR(r, 0.7f, 37, 0, 267, 39, 269), 0.5f * NEAR(r, 0.8f, 37, 0, 267, 11, 72, 302));
    out[LOWER_LIP] = v3(0.0f, -NEAR(r, 0.75f, 84, 17, 314, 181, 405), 0.5f * NEAR(r, 0.8f, 84, 17, 314, 16, 85, 315));
    out[MOUTH_WIDTH] = v3(side * w * bt_clamp(across, 0.0f, 1.2f), 0.0f, 0.0f);
    out[MOUTH_HEIGHT] = v3(0.0f, w, 0.0f);
    out[MOUTH_CURVE] = v3(0.0f, w * (bt_clamp(across * across, 0.0f, 1.3f) - 0.4f), 0.0f);
    out[MOUTH_FORWARD] = v3(0.0f, 0.0f, w);
    out[PHILTRUM] = v3(0.0f, -hill(r->p, 0.0f, -3.9f, 5.6f, 2.6f, 0.9f, 4.0f), 0.0f);
}

/* Coefficients: drawn, leant on by age and sex, tied together where faces are, and held to one length, so that no face is bland
   and none is a caricature. */
static void coefficients(const struct mask_recipe *recipe, float k[MASK_FIELDS]) {
    struct bt_rng rng;
    bt_rng_init(&rng, recipe->seed, STREAM_SHAPE);
    for (uint32_t f = 0; f < MASK_FIELDS; f++) k[f] = bt_clamp(bt_mask_normal(&rng), -1.6f, 1.6f);
    /* A wide nose tends to a lower bridge; a long one to less upturned a tip; full lips go together. */
    k[BRIDGE_HEIGHT] = 0.75f * k[BRIDGE_HEIGHT] - 0.5f * k[NOSE_WIDTH];
    k[NOSE_TILT] = 0.75f * k[NOSE_TILT] - 0.35f * k[NOSE_LENGTH];
    k[NOSE_FORWARD] = 0.75f * k[NOSE_FORWARD] + 0.25f * k[BRIDGE_HEIGHT];
    k[LOWER_LIP] = 0.6f * k[LOWER_LIP] + 0.6f * k[UPPER_LIP];
    k[BROW_HEIGHT] = 0.8f * k[BROW_HEIGHT] + 0.3f * k[EYE_HEIGHT];
    k[NOSE_HUMP] = fmaxf(k[NOSE_HUMP], -0.6f);
    float length2 = 0.0f;
    for (uint32_t f = 0; f < MASK_FIELDS; f++) length2 += k[f] * k[f];
    const float target = 6.2f, scale = target / sqrtf(fmaxf(length2, 1.0f));
    const float age = (recipe->traits.age - 45.0f) / 25.0f, masculine = 2.0f * recipe->traits.masculine - 1.0f;
    for (uint32_t f = 0; f < MASK_FIELDS; f++) {
        k[f] = k[f] * scale + fields[f].age * age + fields[f].masculine * masculine;
        for (uint32_t w = 0; w < BT_COUNT(recipe->wish); w++)
            if (recipe->wish[w].value != 0.0f && (uint32_t)recipe->wish[w].field == f) k[f] += recipe->wish[w].value;
        k[f] = bt_clamp(k[f], -2.1f, 2.1f);
    }
    k[EYE_OPENING] += 0.9f;                       /* the canonical mesh is a little sleepy */
    k[NOSE_LENGTH] = fminf(k[NOSE_LENGTH], 1.1f); /* a long or drooping nose meets the lip when its wearer smiles */
    k[NOSE_TILT] = fmaxf(k[NOSE_TILT], -0.7f);
    k[NOSE_FORWARD] = fminf(k[NOSE_FORWARD], 1.3f);
    k[BRIDGE_HEIGHT] = fminf(k[BRIDGE_HEIGHT], 1.3f);
    k[EYE_OPENING] = fmaxf(k[EYE_OPENING], -0.9f); /* slits cannot be worn: lids would cross */
    k[EYE_SIZE] = fmaxf(k[EYE_SIZE], -0.9f);
}

static void asymmetry(struct bt_rng *rng, const struct bt_rig *rig, struct bt_vec3 *vertex) {
    const struct bt_vec3 *c = bt_rig_mesh(rig)->canonical;
    for (uint32_t n = 0; n < 4; n++) {
        const struct bt_vec3 at = c[bt_rng_u32(rng) % BT_RIG_VERTICES];
        const float x = bt_mask_normal(rng), y = bt_mask_normal(rng), z = bt_mask_normal(rng);
        for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
            vertex[v] = bt_vec3_add_scaled(vertex[v], v3(x, y, z), 0.06f * hill(c[v], at.x, at.y, at.z, 2.6f, 2.6f, 2.6f));
    }
}

void bt_mask_shape(const struct bt_rig *rig, const struct mask_recipe *recipe, struct bt_vec3 *out_neutral) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    float k[MASK_FIELDS];
    coefficients(recipe, k);
    struct region r = {.rig = rig,
                       .eye = {centre_of(rig, BT_RIG_EYE_0), centre_of(rig, BT_RIG_EYE_1)},
                       .mouth = centre_of(rig, BT_RIG_LIPS_OUTER)};
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        struct bt_vec3 d[MASK_FIELDS];
        r.p = mesh->canonical[v];
        lower_face(&r, d);
        nose(&r, d);
        eyes(&r, d);
        mouth(&r, d);
        out_neutral[v] = mesh->closed[v];
        for (uint32_t f = 0; f < MASK_FIELDS; f++)
            out_neutral[v] = bt_vec3_add_scaled(out_neutral[v], d[f], k[f] * fields[f].amplitude);
    }
    /* Room between nose and lip: a smile lifts the lip by half a centimetre, and it may not fold under the nose. */
    const float lack = 1.25f - (out_neutral[2].y - out_neutral[0].y);
    for (uint32_t v = 0; lack > 0.0f && v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 p = mesh->canonical[v];
        out_neutral[v].y -= lack * bt_smoothstep(-p.y, 2.2f, 3.2f) * hill(p, r.mouth.x, r.mouth.y, r.mouth.z, 3.6f, 2.6f, 6.0f);
    }
    struct bt_rng rng;
    bt_rng_init(&rng, recipe->seed, STREAM_SHAPE + 100);
    asymmetry(&rng, rig, out_neutral);
    bt_rig_close_lips(rig, out_neutral, 0.05f);
}
