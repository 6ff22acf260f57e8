/* SPDX-License-Identifier: MIT */
#include "mask/view.h"
#include "base/rng.h"
#include "rig/exact.h"
#include <math.h>

struct bt_mask_view bt_mask_view_plain(void) {
    return (struct bt_mask_view){.width_cm = 20.5f,
                                 .light = {-0.42f, 0.52f, 0.74f},
                                 .key = 0.66f,
                                 .fill = 0.20f,
                                 .sky = 0.34f,
                                 .tint = {1.0f, 1.0f, 1.0f}};
}

/* About normal, cut off at two deviations: nobody's webcam sees them upside down. */
static float about(struct bt_rng *rng, float mean, float deviation) {
    return mean + deviation * bt_clamp(bt_rng_normal(rng), -2.0f, 2.0f);
}

struct bt_mask_view bt_mask_view_random(uint64_t seed, uint32_t picture) {
    struct bt_rng person, now;
    struct bt_mask_view v = bt_mask_view_plain();
    bt_rng_init(&person, seed, 101);
    bt_rng_init(&now, seed, 1000 + picture);
    v.hair_cm = bt_rng_uniform(&person, 0.6f, 3.0f);
    v.hair_long = bt_clamp(bt_rng_uniform(&person, -1.0f, 1.0f), 0.0f, 1.0f);
    v.yaw = about(&now, 0.0f, 0.20f);
    v.pitch = about(&now, 0.05f, 0.12f);
    v.roll = about(&now, 0.0f, 0.07f);
    v.width_cm = bt_rng_uniform(&now, 28.0f, 46.0f);
    v.x = about(&now, 0.0f, 0.06f);
    v.y = about(&now, 0.0f, 0.05f);
    v.smile = bt_clamp(about(&now, 0.1f, 0.5f), 0.0f, 1.0f);
    v.open = bt_clamp(about(&now, -0.1f, 0.3f), 0.0f, 1.0f);
    v.brow = bt_clamp(about(&now, 0.0f, 0.4f), 0.0f, 1.0f);
    v.blink = bt_clamp(about(&now, 0.0f, 0.2f), 0.0f, 1.0f);
    v.light = (struct bt_vec3){about(&now, 0.0f, 0.6f), about(&now, 0.4f, 0.3f), bt_rng_uniform(&now, 0.4f, 1.0f)};
    v.key = bt_rng_uniform(&now, 0.3f, 0.9f);
    v.fill = bt_rng_uniform(&now, 0.0f, 0.3f);
    v.sky = bt_rng_uniform(&now, 0.15f, 0.45f);
    const float exposure = exp2f(about(&now, 0.0f, 0.5f)), warm = about(&now, 0.0f, 0.12f);
    v.tint[0] = exposure * (1.0f + warm);
    v.tint[1] = exposure;
    v.tint[2] = exposure * (1.0f - warm);
    const float wall = bt_rng_uniform(&now, 0.03f, 0.7f), cloth = bt_rng_uniform(&now, 0.02f, 0.5f);
    for (uint32_t k = 0; k < 3; k++) {
        v.ground[k] = wall * bt_rng_uniform(&now, 0.7f, 1.0f);
        v.clothes[k] = cloth * bt_rng_uniform(&now, 0.4f, 1.0f);
    }
    return v;
}

/* --- expression --- */

static struct bt_vec3 mean_of(const struct bt_vec3 *vertex, struct bt_rig_list ring) {
    struct bt_vec3 c = {0.0f, 0.0f, 0.0f};
    for (uint32_t i = 0; i < ring.count; i++) c = bt_vec3_add_scaled(c, vertex[ring.vertex[i]], 1.0f / (float)ring.count);
    return c;
}

static float near(struct bt_vec3 a, struct bt_vec3 b, float sigma) {
    const float x = (a.x - b.x) / sigma, y = (a.y - b.y) / sigma;
    return expf(-0.5f * (x * x + y * y));
}

/* Which vertices move is told by the canonical mesh, whose mouth is a little open: what hangs below its seam goes with the jaw.
 */
void bt_mask_express(const struct bt_rig *rig, const struct bt_mask *mask, const struct bt_mask_view *view,
                     struct bt_vec3 *out_vertex) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(rig);
    const struct bt_rig_list inner = bt_rig_ring(BT_RIG_LIPS_INNER), outer = bt_rig_ring(BT_RIG_LIPS_OUTER);
    const struct bt_vec3 seam = mean_of(mesh->canonical, inner);
    struct bt_vec3 corner[2] = {seam, seam};
    for (uint32_t i = 0; i < outer.count; i++) {
        const struct bt_vec3 p = mesh->canonical[outer.vertex[i]];
        if (p.x < corner[0].x) corner[0] = p;
        if (p.x > corner[1].x) corner[1] = p;
    }
    for (uint32_t i = 0; i < BT_RIG_VERTICES; i++) {
        const struct bt_vec3 at = mesh->canonical[i];
        struct bt_vec3 *p = &out_vertex[i];
        *p = mask->neutral[i];
        const float across = bt_smoothstep(fabsf(at.x), 6.5f, 1.5f), jaw = bt_smoothstep(seam.y - at.y, -0.05f, 0.10f) * across;
        p->y -= view->open * 1.6f * jaw;
        p->z -= view->open * 0.5f * jaw;
        for (uint32_t side = 0; side < 2; side++) {
            const float pull = view->smile * near(at, corner[side], 1.3f);
            p->x += (side ? 0.55f : -0.55f) * pull;
            p->y += 0.45f * pull;
            p->z -= 0.25f * pull;
        }
        for (uint32_t eye = 0; eye < 2; eye++) {
            const struct bt_rig_list upper = bt_rig_ring(eye ? BT_RIG_BROW_1_UPPER : BT_RIG_BROW_0_UPPER);
            p->y += view->brow * 0.45f * near(at, mean_of(mesh->canonical, upper), 1.6f);
        }
    }
    for (uint32_t eye = 0; eye < 2; eye++) { /* the upper lid comes down on the lower, and what lies near it follows */
        const struct bt_rig_list ring = bt_rig_ring(eye ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
        for (uint32_t k = 1; k < 8; k++) {
            const uint32_t up = ring.vertex[16 - k], down = ring.vertex[k];
            out_vertex[up].y += view->blink * (out_vertex[down].y - out_vertex[up].y);
        }
    }
}

/* --- what is behind a face: hair, a neck, clothes, a wall --- */

/* Where the ray through (x, y), towards -z, meets an ellipsoid; its normal. */
static bool meets(struct bt_vec3 centre, struct bt_vec3 radius, const struct bt_pose *pose, float x, float y,
                  struct bt_vec3 *out_normal) {
    struct bt_vec3 c;
    bt_pose_turn(pose, &centre, 1, &c); /* the ellipsoids are turned as balls are: their place moves, not their form */
    const float u = (x - c.x) / radius.x, v = (y - c.y) / radius.y, left = 1.0f - u * u - v * v;
    if (left <= 0.0f) return false;
    *out_normal = (struct bt_vec3){u, v, sqrtf(left)};
    return true;
}

static float lit(const struct bt_mask_view *view, struct bt_vec3 n) {
    const float size = sqrtf(fmaxf(bt_vec3_dot(view->light, view->light), 1e-6f));
    return view->sky * (1.0f + 0.3f * n.y) + view->key * fmaxf(bt_vec3_dot(n, view->light) / size + 0.2f, 0.0f) / 1.2f;
}

void bt_mask_shade_behind(const struct bt_mask *mask, const struct bt_mask_view *view, const struct bt_pose *pose, float x_px,
                          float y_px, float out[3]) {
    const float x = (x_px - pose->translation.x) / pose->scale, y = (-y_px - pose->translation.y) / pose->scale;
    const float h = view->hair_cm, fall = view->hair_long;
    const struct bt_vec3 crown = {0.0f, 2.2f, -4.0f}, shoulders = {0.0f, -26.0f, -6.0f};
    const struct bt_vec3 curtain = {0.0f, 0.5f - 5.0f * fall, -5.0f};
    const float u = (x - 1.5f * pose->rotation[2]) / 4.8f; /* across the neck */
    struct bt_vec3 n;
    const bool hair = meets(crown, (struct bt_vec3){7.4f + 0.7f * h, 8.2f + h, 8.0f}, pose, x, y, &n);
    if (!hair && fabsf(u) < 1.0f && y < -4.0f && y > -15.0f) {
        n = (struct bt_vec3){u, 0.0f, sqrtf(1.0f - u * u)};
        for (uint32_t k = 0; k < 3; k++) out[k] = mask->skin[k] * lit(view, n) * 0.7f; /* in the head's shadow */
    } else if (hair ||
               (fall > 0.0f && meets(curtain, (struct bt_vec3){7.6f + 0.9f * h, 9.0f + 6.0f * fall, 7.0f}, pose, x, y, &n))) {
        const float strand = 0.75f + 0.2f * sinf(9.0f * x + 2.0f * sinf(0.7f * y)) + 0.15f * sinf(23.0f * x + 1.3f * y);
        const float sheen = 0.05f * powf(fmaxf(n.z, 0.0f), 6.0f);
        for (uint32_t k = 0; k < 3; k++) out[k] = (mask->hair[k] * strand + sheen) * lit(view, n) * 1.3f;
    } else if (meets(shoulders, (struct bt_vec3){21.0f, 13.0f, 9.0f}, pose, x, y, &n)) {
        for (uint32_t k = 0; k < 3; k++) out[k] = view->clothes[k] * lit(view, n);
    } else {
        for (uint32_t k = 0; k < 3; k++) out[k] = view->ground[k] * (0.9f + 0.1f * sinf(0.15f * x + 0.09f * y));
    }
}
