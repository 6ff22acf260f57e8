/* SPDX-License-Identifier: MIT */
/* Pictures in, sums out: a histogram of log luma and a mean of chroma for each texel, a reservoir of meshes for the neutral. */
#include "base/log.h"
#include "identity/internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RING = 32 };
static const float PRIOR = 1.0f;                        /* enrolment asks for a neutral face: it is mostly believed */
static const float YAW_MOST = 0.65f, PITCH_MOST = 0.5f; /* radians: beyond, landmarks are guesses */
static const float DARKEST = 0.012f;                    /* linear luminance of skin; noise is as large below */
static const int64_t APART_NS = 2000000000;             /* so that the neutral's reservoir keeps every picture */
static const float EXPRESSION_CM = 0.22f;               /* distance from neutral at which a picture says 1/e of what it might */

bt_status bt_identity_builder_create(struct bt_log *log, const struct bt_rig *rig, struct bt_identity_builder **out_builder) {
    bt_status status = BT_E_MEMORY;
    struct bt_identity_builder *b = calloc(1, sizeof(*b));
    if (!b) goto fail;
    b->log = log;
    b->rig = rig;
    status = bt_neutral_create(rig, &b->neutral);
    if (status) goto fail;
    status = bt_occlusion_create(rig, &b->occlusion);
    if (status) goto fail;
    bt_identity_atlas_fill(rig, &b->atlas, b->a.px);
    *out_builder = b;
    b = NULL;
fail:
    bt_identity_builder_destroy(&b);
    return status;
}

void bt_identity_builder_destroy(struct bt_identity_builder **builder) {
    if (!builder || !*builder) return;
    struct bt_identity_builder *b = *builder;
    bt_neutral_destroy(&b->neutral);
    bt_occlusion_destroy(&b->occlusion);
    explicit_bzero(b, sizeof(*b));
    free(b);
    *builder = NULL;
}

uint32_t bt_identity_builder_views(const struct bt_identity_builder *builder) {
    return builder->views;
}

/* Fills pose and mesh; false when the points are no usable face's. */
static bool place(const struct bt_rig *rig, const struct bt_identity_picture *picture, struct view *v) {
    for (uint32_t i = 0; i < BT_RIG_VERTICES + 10; i++) {
        const struct bt_vec3 p = picture->landmark[i];
        if (!(fabsf(p.x) < 1e5f && fabsf(p.y) < 1e5f && fabsf(p.z) < 1e5f)) return false;
    }
    if (!bt_pose_fit(rig, picture->landmark, bt_rig_mesh(rig)->canonical, &v->pose)) return false;
    const struct bt_angles turn = bt_pose_angles(&v->pose);
    if (!(fabsf(turn.yaw) < YAW_MOST && fabsf(turn.pitch) < PITCH_MOST) || v->pose.rotation[8] <= 0.0f) return false;
    bt_pose_normalise(&v->pose, picture->landmark, BT_RIG_VERTICES, v->mesh);
    for (uint32_t i = 0; i < BT_RIG_VERTICES; i++)
        if (!(fabsf(v->mesh[i].x) < 20.0f && fabsf(v->mesh[i].y) < 20.0f && fabsf(v->mesh[i].z) < 20.0f)) return false;
    return true;
}

/* The picture of depths: screen is (x, y, nearer is larger), scaled to fill it. */
static float draw_depth(const struct bt_rig *rig, struct view *v, struct bt_vec2 *out_low) {
    struct bt_vec2 low = {1e9f, 1e9f}, high = {-1e9f, -1e9f};
    for (uint32_t i = 0; i < BT_RIG_FINE_VERTICES; i++) {
        low.x = fminf(low.x, v->frame[i].x), low.y = fminf(low.y, v->frame[i].y);
        high.x = fmaxf(high.x, v->frame[i].x), high.y = fmaxf(high.y, v->frame[i].y);
    }
    const float scale = (DEPTH - 4) / fmaxf(fmaxf(high.x - low.x, high.y - low.y), 1.0f);
    for (uint32_t i = 0; i < BT_RIG_FINE_VERTICES; i++)
        v->screen[i] =
            (struct bt_vec3){(v->frame[i].x - low.x) * scale + 2.0f, (v->frame[i].y - low.y) * scale + 2.0f, -v->frame[i].z};
    struct bt_raster_target target = {DEPTH, DEPTH, v->depth, v->triangle, NULL};
    bt_raster_clear(&target);
    bt_raster_triangles(&target, v->screen, bt_rig_mesh(rig)->fine_triangle, BT_RIG_FINE_TRIANGLES);
    *out_low = low;
    return scale;
}

static void sample(const struct bt_identity_picture *p, float x, float y, float out[3]) {
    const float fx = x - 0.5f, fy = y - 0.5f;
    const uint32_t x0 = (uint32_t)fx, y0 = (uint32_t)fy;
    const float tx = fx - (float)x0, ty = fy - (float)y0;
    const float *a = p->rgb + 3 * ((size_t)y0 * p->width_px + x0), *b = a + 3 * (size_t)p->width_px;
    for (uint32_t k = 0; k < 3; k++) out[k] = bt_lerp(bt_lerp(a[k], a[k + 3], tx), bt_lerp(b[k], b[k + 3], tx), ty);
}

/* Colour, normal and weight of every texel; returns the sum of skin's weights. */
static float project(const struct bt_rig *rig, const struct atlas *atlas, const struct bt_identity_picture *picture,
                     struct view *v) {
    bt_rig_subdivide(rig, v->mesh, v->fine);
    bt_rig_fine_normals(rig, v->fine, v->normal);
    bt_pose_turn(&v->pose, v->normal, BT_RIG_FINE_VERTICES, v->normal);
    bt_pose_denormalise(&v->pose, v->fine, BT_RIG_FINE_VERTICES, v->frame);
    struct bt_vec2 low;
    const float scale = draw_depth(rig, v, &low), behind = 0.35f * v->pose.scale;
    const uint32_t(*triangle)[3] = bt_rig_mesh(rig)->fine_triangle;
    float total = 0.0f;
    for (uint32_t i = 0; i < TEXELS; i++) {
        v->weight.px[i] = 0.0f;
        if (atlas->triangle[i] == 0xffff) continue;
        const uint32_t *t = triangle[atlas->triangle[i]];
        struct bt_vec3 p = {0, 0, 0}, n = {0, 0, 0};
        for (uint32_t k = 0; k < 3; k++) {
            p = bt_vec3_add_scaled(p, v->frame[t[k]], atlas->barycentric[i][k]);
            n = bt_vec3_add_scaled(n, v->normal[t[k]], atlas->barycentric[i][k]);
        }
        const float inverse = 1.0f / sqrtf(fmaxf(bt_vec3_dot(n, n), 1e-12f)), nz = n.z * inverse;
        if (nz < 0.12f) continue;
        if (!(p.x >= 1.0f && p.y >= 1.0f && p.x < (float)picture->width_px - 1.0f && p.y < (float)picture->height_px - 1.0f))
            continue;
        const uint32_t dx = (uint32_t)((p.x - low.x) * scale + 2.0f), dy = (uint32_t)((p.y - low.y) * scale + 2.0f);
        if (v->depth[dy * DEPTH + dx] > -p.z + behind) continue;
        sample(picture, p.x, p.y, v->color[i]);
        if (!isfinite(v->color[i][0] + v->color[i][1] + v->color[i][2])) continue;
        v->normal_xy[i][0] = n.x * inverse;
        v->normal_xy[i][1] = n.y * inverse;
        v->weight.px[i] = bt_smoothstep(nz, 0.12f, 0.8f) * atlas->inner.px[i];
        total += v->weight.px[i] * atlas->skin.px[i];
    }
    return total;
}

/* How far from neutral: root mean square over what moves with expression, cm. A turned head's depths are worse: some of what
   looks like expression is that. */
static float expression_say(const struct bt_rig *rig, const struct view *v, const struct bt_vec3 *neutral) {
    const float *moves = bt_rig_mesh(rig)->settle;
    float sum = 0.0f, total = 0.0f;
    for (uint32_t i = 0; i < BT_RIG_VERTICES; i++) {
        const struct bt_vec3 d = bt_vec3_sub(v->mesh[i], neutral[i]);
        sum += moves[i] * (d.x * d.x + d.y * d.y);
        total += moves[i];
    }
    const float turned = 1.0f - bt_clamp(v->pose.rotation[8], 0.0f, 1.0f), scale = EXPRESSION_CM * (1.0f + 2.0f * turned);
    return expf(-sum / total / (scale * scale));
}

/* Mean step of log luma from texel to texel, on all but plain skin, where edges are: falls with blur, and with a small face. */
static float sharpness(const struct atlas *atlas, const struct view *v) {
    float sum = 0.0f, total = 1e-6f;
    for (uint32_t y = 1; y + 1 < SIDE; y++) {
        for (uint32_t i = y * SIDE + 1; i + 1 < (y + 1) * SIDE; i++) {
            const float w = (1.0f - atlas->skin.px[i]) * v->weight.px[i] * atlas->paint.px[i];
            if (!(w > 0.3f) || !(v->weight.px[i + 1] > 0.0f) || !(v->weight.px[i + SIDE] > 0.0f)) continue;
            const float dx = v->luma.px[i + 1] - v->luma.px[i], dy = v->luma.px[i + SIDE] - v->luma.px[i];
            sum += w * fminf(dx * dx + dy * dy, 0.1f);
            total += w;
        }
    }
    return sqrtf(sum / total);
}

/* 1: the colour of skin in white light; less, the further from it (the palette of src/mask/grow.c, with room). */
static float trust_of(const float skin[3]) {
    const float red = logf(fmaxf(skin[0], 1e-5f) / fmaxf(skin[1], 1e-5f)),
                blue = logf(fmaxf(skin[2], 1e-5f) / fmaxf(skin[1], 1e-5f));
    const float r = fmaxf(fmaxf(0.22f - red, red - 0.95f), 0.0f) / 0.25f,
                b = fmaxf(fmaxf(-0.85f - blue, blue + 0.12f), 0.0f) / 0.25f;
    return expf(-r * r - b * b);
}

static void add_texels(struct bt_identity_builder *b, float say, float trust) {
    const struct view *v = &b->view;
    for (uint32_t i = 0; i < TEXELS; i++) {
        if (!(v->weight.px[i] > 0.0f)) continue;
        const float w = say * v->weight.px[i], at = (v->luma.px[i] - BIN_LOW) / BIN_WIDE;
        const float place = bt_clamp(at, 0.0f, BINS - 1.001f), t = place - floorf(place);
        float *bin = b->bin[i] + (uint32_t)place;
        bin[0] += w * (1.0f - t); /* split between two: the mean stays exact */
        bin[1] += w * t;
        b->weight.px[i] += w;
        /* A highlight has the lamp's colour. */
        const float wc = w * trust * (1.0f - bt_smoothstep(v->luma.px[i], 0.15f, 0.5f));
        b->red_sum[i] += wc * bt_clamp(v->red.px[i], -0.6f, 0.6f);
        b->blue_sum[i] += wc * bt_clamp(v->blue.px[i], -0.6f, 0.6f);
        b->chroma_weight[i] += wc;
    }
}

static bool inside_lids(const struct bt_vec3 *landmark, uint32_t eye, float x, float y) {
    const struct bt_rig_list ring = bt_rig_ring(eye ? BT_RIG_EYE_1 : BT_RIG_EYE_0);
    bool inside = false;
    for (uint32_t i = 0, j = ring.count - 1; i < ring.count; j = i++) {
        const struct bt_vec3 a = landmark[ring.vertex[i]], b = landmark[ring.vertex[j]];
        if ((a.y > y) != (b.y > y) && x < a.x + (b.x - a.x) * (y - a.y) / (b.y - a.y)) inside = !inside;
    }
    return inside;
}

/* Two rings of each iris, clear of the pupil, as far as the lids leave them free (a point of 1.25 times the distance from the
   middle is free too); the middle third by brightness, without glints and lashes. Over skin in the same light. */
static void add_irises(struct bt_identity_builder *b, const struct bt_identity_picture *picture, float say) {
    float front[3];
    bt_identity_light_at(b->view.light, 0.0f, 0.0f, 1.0f, front);
    for (uint32_t e = 0; e < 2; e++) {
        const struct bt_vec3 *iris = picture->landmark + BT_RIG_VERTICES + 5 * e;
        float r = 0.0f, found[RING][3], bright[RING];
        uint32_t count = 0;
        for (uint32_t k = 1; k < 5; k++) r += 0.25f * hypotf(iris[k].x - iris[0].x, iris[k].y - iris[0].y);
        if (r < 2.0f) continue;
        for (uint32_t k = 0; k < RING; k++) {
            const float angle = (float)(k / 2) * (4.0f * 3.14159265f / RING), q = r * (k % 2 ? 0.75f : 0.6f);
            const float dx = q * cosf(angle), dy = q * sinf(angle), x = iris[0].x + dx, y = iris[0].y + dy;
            if (!(x >= 1.0f && y >= 1.0f && x < (float)picture->width_px - 1.0f && y < (float)picture->height_px - 1.0f))
                continue;
            if (!inside_lids(picture->landmark, e, iris[0].x + 1.25f * dx, iris[0].y + 1.25f * dy)) continue;
            float c[3];
            sample(picture, x, y, c);
            if (!isfinite(c[0] + c[1] + c[2])) continue;
            uint32_t at = count++;
            for (; at > 0 && bright[at - 1] > bt_identity_luminance(c); at--) {
                bright[at] = bright[at - 1];
                memcpy(found[at], found[at - 1], sizeof(c));
            }
            bright[at] = bt_identity_luminance(c);
            memcpy(found[at], c, sizeof(c));
        }
        if (count < RING / 4) continue; /* nearly shut, or looking far aside */
        for (uint32_t k = count / 3; k < count - count / 3; k++) {
            for (uint32_t c = 0; c < 3; c++) b->iris_sum[c] += say * bt_clamp(found[k][c] / front[c], 0.0f, 2.0f);
            b->iris_weight += say;
        }
    }
}

bt_status bt_identity_builder_add(struct bt_identity_builder *b, const struct bt_identity_picture *picture) {
    struct view *v = &b->view;
    bt_status status = BT_E_POSE;
    if (picture->width_px < 16 || picture->height_px < 16 || !place(b->rig, picture, v)) goto done;
    bt_occlusion_begin(b->occlusion, v->mesh);
    bt_occlusion_step(b->occlusion, BT_OCCLUSION_DIRECTIONS);
    const float *occlusion = bt_occlusion_map(b->occlusion);
    if (project(b->rig, &b->atlas, picture, v) < 1.0f) goto done;
    if (!bt_identity_light_fit(&b->atlas, occlusion, v)) goto done;
    status = BT_E_TOO_DARK;
    if (bt_identity_luminance(v->skin) < DARKEST) goto done;
    bt_identity_divide(&b->atlas, occlusion, v, &b->a);
    const struct bt_angles turn = bt_pose_angles(&v->pose);
    bt_neutral_step(b->neutral, v->mesh, turn.yaw, turn.pitch, APART_NS * (int64_t)(b->views + 1));
    bt_neutral_settle(b->neutral, PRIOR);
    const float sharp = sharpness(&b->atlas, v);
    b->sharpest = fmaxf(b->sharpest, sharp);
    const float relative = sharp / fmaxf(b->sharpest, 1e-6f), trust = trust_of(v->skin);
    /* A little of every picture counts: somebody who smiles throughout has no other face. */
    const float say =
        (0.03f + 0.97f * expression_say(b->rig, v, bt_neutral_vertices(b->neutral))) * fmaxf(relative * relative, 0.05f);
    add_texels(b, say, trust);
    add_irises(b, picture, say);
    for (uint32_t k = 0; k < 3; k++) b->skin_sum[k] += say * trust * v->skin[k] / bt_identity_luminance(v->skin);
    b->skin_weight += say * trust;
    b->luma_sum += say * bt_identity_luminance(v->skin);
    b->luma_weight += say;
    b->views++;
    status = BT_OK;
done:
    explicit_bzero(v, sizeof(*v));
    return status;
}

float bt_identity_builder_coverage(const struct bt_identity_builder *b) {
    float sum = 0.0f, total = 0.0f;
    for (uint32_t i = 0; i < TEXELS; i++) {
        if (b->atlas.triangle[i] == 0xffff) continue;
        total += b->atlas.paint.px[i];
        if (b->weight.px[i] >= SEEN_LEAST) sum += b->atlas.paint.px[i];
    }
    return total > 0.0f ? sum / total : 0.0f;
}
