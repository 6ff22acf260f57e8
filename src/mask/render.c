/* SPDX-License-Identifier: MIT */
/* A mask drawn by itself, or as somebody's head before a camera: twice as large as asked and averaged. Not the live path; plain
   and small. */
#include "mask/internal.h"
#include "mask/view.h"
#include "rig/occlusion.h"
#include "rig/pose.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_MAX_PX = 2048 };

struct eye_shape {
    struct bt_vec3 centre;
    struct bt_vec2 lid[2][9]; /* upper, lower: from the outer corner in, face space */
};
struct scene {
    const struct bt_rig *rig;
    const struct bt_mask *mask;
    const struct bt_mask_view *view;
    const float *occlusion;
    struct bt_vec3 neutral[BT_RIG_VERTICES]; /* with the view's expression */
    struct bt_vec3 key, half;
    struct bt_pose pose;
    struct bt_vec3 fine[BT_RIG_FINE_VERTICES], normal[BT_RIG_FINE_VERTICES], screen[BT_RIG_FINE_VERTICES];
    struct eye_shape eye[2];
};

static struct bt_vec3 unit(struct bt_vec3 v) {
    const float s = 1.0f / sqrtf(fmaxf(bt_vec3_dot(v, v), 1e-12f));
    return (struct bt_vec3){v.x * s, v.y * s, v.z * s};
}

static void eye_of(struct scene *s, uint32_t e) {
    const struct bt_rig_list ring = bt_rig_ring(e ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
    struct eye_shape *eye = &s->eye[e];
    eye->centre = (struct bt_vec3){0.0f, 0.0f, 0.0f};
    for (uint32_t i = 0; i < ring.count; i++)
        eye->centre = bt_vec3_add_scaled(eye->centre, s->neutral[ring.vertex[i]], 1.0f / (float)ring.count);
    for (uint32_t i = 0; i < 9; i++) {
        const struct bt_vec3 up = s->neutral[ring.vertex[i ? 16 - i : 0]], down = s->neutral[ring.vertex[i]];
        eye->lid[0][i] = (struct bt_vec2){up.x, up.y};
        eye->lid[1][i] = (struct bt_vec2){down.x, down.y};
    }
}

static float lid_at(const struct bt_vec2 *lid, float x) {
    for (uint32_t i = 0; i < 8; i++) {
        const float a = lid[i].x, b = lid[i + 1].x, t = (x - a) / (b - a + (b >= a ? 1e-6f : -1e-6f));
        if (t >= 0.0f && t <= 1.0f) return bt_lerp(lid[i].y, lid[i + 1].y, t);
    }
    return lid[fabsf(x - lid[0].x) < fabsf(x - lid[8].x) ? 0 : 8].y;
}

/* An eye that looks into the camera: ball, limbal ring, iris with fibres, pupil, glint; the upper lid's shadow over all. */
static void shade_eye(const struct scene *s, uint32_t e, struct bt_vec3 p, float out[3]) {
    const struct eye_shape *eye = &s->eye[e];
    const struct bt_vec3 c = eye->centre, local = {p.x - c.x, p.y - c.y, 0.0f};
    /* The iris rides on a ball of 1.2 cm radius that keeps looking at the camera while the head turns. */
    const float r = 0.54f, *rot = s->pose.rotation;
    const float gx = local.x - 1.05f * rot[6], gy = local.y - 1.05f * rot[7] - 0.02f;
    const float q = sqrtf(gx * gx + gy * gy) / r, corner = fabsf(local.x) / 1.3f;
    const float white[3] = {0.46f, 0.42f, 0.40f}, pink[3] = {0.55f, 0.30f, 0.27f};
    const float angle = atan2f(gy, gx);
    const float fibre =
        0.5f * sinf(23.0f * angle + 3.0f * q) + 0.3f * sinf(41.0f * angle - 5.0f * q) + 0.2f * sinf(9.0f * angle);
    const float inner_side = (e ? -local.x : local.x) / 1.3f, flesh = bt_smoothstep(inner_side, 0.72f, 0.98f);
    for (uint32_t k = 0; k < 3; k++) {
        float colour = bt_lerp(white[k] * (1.0f - 0.35f * corner * corner), pink[k], fmaxf(flesh, 0.12f * corner));
        float iris = s->mask->iris[k] * (1.5f + 0.35f * fibre) * (0.75f + 0.6f * bt_smoothstep(q, 0.85f, 0.4f));
        iris *= 1.0f - 0.65f * bt_smoothstep(q, 0.78f, 1.0f);
        colour = bt_lerp(colour, iris, 1.0f - bt_smoothstep(q, 0.93f, 1.05f));
        colour = bt_lerp(colour, 0.006f, 1.0f - bt_smoothstep(q, 0.29f, 0.37f));
        const float below_lid = lid_at(eye->lid[0], p.x) - p.y, above_lid = p.y - lid_at(eye->lid[1], p.x);
        colour *= 0.30f + 0.70f * bt_smoothstep(below_lid, -0.02f, 0.30f);
        colour *= 0.75f + 0.25f * bt_smoothstep(above_lid, -0.02f, 0.10f);
        const float hx = gx + 0.20f, hy = gy - 0.19f;
        out[k] = colour +
                 0.75f * (1.0f - bt_smoothstep(sqrtf(hx * hx + hy * hy), 0.05f, 0.10f)) * bt_smoothstep(below_lid, 0.0f, 0.1f);
    }
}

static float map_at(const float *map, float u, float v) {
    /* Only read: the raster kit has no const picture. */
    const float fx = bt_clamp(u * BT_RIG_MAP_PX - 0.5f, 0.0f, 254.99f), fy = bt_clamp(v * BT_RIG_MAP_PX - 0.5f, 0.0f, 254.99f);
    const uint32_t x = (uint32_t)fx, y = (uint32_t)fy, i = y * BT_RIG_MAP_PX + x;
    const float tx = fx - (float)x, ty = fy - (float)y;
    return bt_lerp(bt_lerp(map[i], map[i + 1], tx), bt_lerp(map[i + BT_RIG_MAP_PX], map[i + BT_RIG_MAP_PX + 1], tx), ty);
}

static void ratio_at(const struct bt_mask *m, float u, float v, float out[3]) {
    const float fx = bt_clamp(u * BT_MASK_PX - 0.5f, 0.0f, 510.99f), fy = bt_clamp(v * BT_MASK_PX - 0.5f, 0.0f, 510.99f);
    const uint32_t x = (uint32_t)fx, y = (uint32_t)fy;
    const uint16_t *a = &m->ratio[3 * (y * BT_MASK_PX + x)], *b = a + 3 * BT_MASK_PX;
    for (uint32_t k = 0; k < 3; k++)
        out[k] = BT_MASK_RATIO_MAX / 65535.0f *
                 bt_lerp(bt_lerp(a[k], a[3 + k], fx - (float)x), bt_lerp(b[k], b[3 + k], fx - (float)x), fy - (float)y);
}

/* The key light, a weaker one from the right, and a sky; red light goes round corners in skin. */
static void shade_skin(const struct scene *s, struct bt_vec3 n, float u, float v, float out[3]) {
    const struct bt_vec3 key = s->key, fill = unit((struct bt_vec3){0.70f, 0.10f, 0.65f}), half = s->half;
    const float wrap[3] = {0.36f, 0.24f, 0.18f}, ao = map_at(s->occlusion, u, v), open = 0.45f + 0.55f * ao;
    const float nostril = map_at(bt_rig_maps(s->rig)->pass, u, v) * bt_smoothstep(bt_bump(v - 0.567f, 0.022f), 0.1f, 0.9f);
    const float across = fabsf(u - 0.5f),
                hole = nostril * bt_bump(across - 0.030f, 0.016f) * bt_smoothstep(-n.y, -0.25f, 0.45f);
    const float spec = fmaxf(bt_vec3_dot(n, half), 0.0f), rim = 1.0f - fmaxf(n.z, 0.0f);
    float ratio[3];
    ratio_at(s->mask, u, v, ratio);
    /* Pores and hair break the sheen up. */
    const float rough = bt_clamp(1.0f + 4.0f * (ratio[1] - 1.0f), 0.15f, 1.4f);
    const float gloss = (0.030f * powf(spec, 9.0f) + 0.032f * powf(spec, 40.0f) * rough) * ao * (1.0f - hole);
    for (uint32_t k = 0; k < 3; k++) {
        const float w = wrap[k], k1 = fmaxf((bt_vec3_dot(n, key) + w) / (1.0f + w), 0.0f),
                    k2 = fmaxf((bt_vec3_dot(n, fill) + w) / (1.0f + w), 0.0f);
        const float light = ao * s->view->sky * (1.0f + 0.29f * n.y) + open * (s->view->key * k1 + s->view->fill * k2);
        const float dark = 1.0f - (k == 0 ? 0.80f : 0.90f) * hole;
        out[k] = s->mask->skin[k] * ratio[k] * light * dark * (1.0f - 0.25f * rim * rim) + gloss;
    }
}

static void shade_pixel(const struct scene *s, uint32_t triangle, const float *b, float out[3]) {
    const struct bt_rig_mesh *mesh = bt_rig_mesh(s->rig);
    const uint32_t *t = mesh->fine_triangle[triangle];
    struct bt_vec3 p = {0, 0, 0}, n = {0, 0, 0};
    float u = 0.0f, v = 0.0f;
    for (uint32_t k = 0; k < 3; k++) {
        p = bt_vec3_add_scaled(p, s->fine[t[k]], b[k]);
        n = bt_vec3_add_scaled(n, s->normal[t[k]], b[k]);
        u += b[k] * mesh->fine_uv[t[k]].x;
        v += b[k] * mesh->fine_uv[t[k]].y;
    }
    if (mesh->fine_tag[triangle] == BT_RIG_TAG_EYE) {
        shade_eye(s, p.x > 0.0f, p, out);
    } else if (mesh->fine_tag[triangle] == BT_RIG_TAG_MOUTH) {
        for (uint32_t k = 0; k < 3; k++) out[k] = s->mask->skin[k] * (k ? 0.10f : 0.18f);
    } else {
        struct bt_vec3 turned;
        n = unit(n);
        bt_pose_turn(&s->pose, &n, 1, &turned);
        shade_skin(s, turned, u, v, out);
    }
}

static void multiply(const float a[9], const float b[9], float out[9]) {
    for (uint32_t r = 0; r < 3; r++)
        for (uint32_t c = 0; c < 3; c++) out[3 * r + c] = a[3 * r] * b[c] + a[3 * r + 1] * b[3 + c] + a[3 * r + 2] * b[6 + c];
}

struct bt_pose bt_mask_pose(const struct bt_mask_view *view, uint32_t size_px) {
    const float turn[3] = {0.0f, view->yaw, 0.0f}, nod[3] = {view->pitch, 0.0f, 0.0f}, lean[3] = {0.0f, 0.0f, -view->roll};
    float a[9], b[9], c[9], turned[9];
    struct bt_pose pose = {.scale = (float)size_px / view->width_cm,
                           .translation = {(0.5f + view->x) * (float)size_px, -(0.48f + view->y) * (float)size_px, 0.0f}};
    bt_rotation_from_vector(turn, a);
    bt_rotation_from_vector(nod, b);
    bt_rotation_from_vector(lean, c);
    multiply(a, b, turned);
    multiply(c, turned, pose.rotation);
    return pose;
}

static void set_scene(struct scene *s, uint32_t side) {
    s->pose = bt_mask_pose(s->view, side);
    s->key = unit(s->view->light);
    s->half = unit((struct bt_vec3){s->key.x, s->key.y, s->key.z + 1.0f});
    bt_rig_subdivide(s->rig, s->neutral, s->fine);
    bt_rig_fine_normals(s->rig, s->fine, s->normal);
    bt_pose_denormalise(&s->pose, s->fine, BT_RIG_FINE_VERTICES, s->screen);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) s->screen[v].z = -s->screen[v].z;
    eye_of(s, 0);
    eye_of(s, 1);
}

static uint8_t to_byte(float linear) {
    return (uint8_t)(255.0f * powf(bt_clamp(linear, 0.0f, 1.0f), 1.0f / 2.2f) + 0.5f);
}

bt_status bt_mask_draw(const struct bt_rig *rig, const struct bt_mask *mask, const struct bt_mask_view *view, uint32_t size_px,
                       uint8_t *out_rgb) {
    if (size_px < 16 || size_px > SIZE_MAX_PX || !(view->width_cm > 0)) return BT_E_ARGUMENT;
    bt_status status = BT_E_MEMORY;
    const uint32_t side = 2 * size_px;
    const size_t n = (size_t)side * side;
    struct bt_occlusion *occlusion = NULL;
    struct scene *s = calloc(1, sizeof(*s));
    struct bt_raster_target target = {side, side, malloc(n * sizeof(float)), malloc(n * sizeof(uint16_t)),
                                      malloc(n * 3 * sizeof(float))};
    if (!s || !target.depth || !target.triangle || !target.barycentric) goto fail;
    status = bt_occlusion_create(rig, &occlusion);
    if (status) goto fail;
    s->rig = rig;
    s->mask = mask;
    s->view = view;
    bt_mask_express(rig, mask, view, s->neutral);
    bt_occlusion_begin(occlusion, s->neutral);
    bt_occlusion_step(occlusion, BT_OCCLUSION_DIRECTIONS);
    s->occlusion = bt_occlusion_map(occlusion);
    set_scene(s, side);
    bt_raster_clear(&target);
    bt_raster_triangles(&target, s->screen, bt_rig_mesh(rig)->fine_triangle, BT_RIG_FINE_TRIANGLES);
    for (uint32_t y = 0; y < size_px; y++) {
        for (uint32_t x = 0; x < size_px; x++) {
            float sum[3] = {0.0f, 0.0f, 0.0f};
            for (uint32_t k = 0; k < 4; k++) {
                const uint32_t row = 2 * y + k / 2, column = 2 * x + k % 2;
                const size_t at = (size_t)row * side + column;
                float colour[3] = {0.40f, 0.40f, 0.41f};
                if (target.triangle[at] != 0xffff)
                    shade_pixel(s, target.triangle[at], target.barycentric[at], colour);
                else if (view->hair_cm > 0)
                    bt_mask_shade_behind(mask, view, &s->pose, (float)column, (float)row, colour);
                for (uint32_t c = 0; c < 3; c++) sum[c] += 0.25f * bt_clamp(colour[c] * view->tint[c], 0.0f, 1.0f);
            }
            for (uint32_t c = 0; c < 3; c++) out_rgb[3 * ((size_t)y * size_px + x) + c] = to_byte(sum[c]);
        }
    }
    status = BT_OK;
fail:
    bt_occlusion_destroy(&occlusion);
    free(target.depth);
    free(target.triangle);
    free(target.barycentric);
    free(s);
    return status;
}

bt_status bt_mask_render(const struct bt_rig *rig, const struct bt_mask *mask, uint32_t size_px, float yaw, float pitch,
                         uint8_t *out_rgb) {
    struct bt_mask_view view = bt_mask_view_plain();
    view.yaw = yaw;
    view.pitch = pitch;
    return bt_mask_draw(rig, mask, &view, size_px, out_rgb);
}
