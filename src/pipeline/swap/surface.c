/* SPDX-License-Identifier: MIT */
#include "pipeline/swap/surface.h"
#include "base/log.h"
#include "mask/mask.h"
#include "pipeline/swap/eyes.h"
#include "pipeline/swap/tiles.h"
#include "rig/neutral.h"
#include "rig/occlusion.h"
#include "swap/draw.h"
#include "swap/swap.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    OPENINGS = 3,             /* eye 0, eye 1, mouth */
    RIM_MAX = 64,             /* fine vertices on one opening's rim: 2 x 20 */
    DEPTH_PX = 96,            /* side of the driver's own depth picture: a fine triangle is then 1 or 2 px wide */
    BLOCK_PX = BT_DRAW_LOCAL, /* a workgroup of draw covers so much, whole tiles of it */
    SOFT_RINGS = 2,
    AO_DIRECTIONS = 1, /* of the sky, a tick: both faces in about five seconds */
};

static const float ANSWERING = 1.0f; /* a landmark further off than so many frames' widths is no landmark */
/* Light bounces in a real face's folds; darker than this they look drawn. */
static const float AO_LEAST = .6f;
static const float REACH_UV = .2f, FAR_OUTSIDE = -10; /* an opening is .08 of the map about its middle, at most */
static const float SMALLEST_PX = 40;                  /* narrower faces have no detail to repaint */
static const float FACE_WIDTH_CM = 13;                /* cheek to cheek on the canonical mesh */

struct rim {
    uint32_t count;
    uint16_t vertex[RIM_MAX];
};

struct bt_surface {
    struct bt_log *log;
    const struct bt_rig *rig;
    const struct bt_mask *mask;
    float frame_w, frame_h;
    uint32_t grid_px;
    struct bt_neutral *neutral;
    struct bt_occlusion *sky[2]; /* of the driver's neutral face, of the hybrid's */
    bool sky_busy[2];
    uint32_t revision;
    bool started;

    struct bt_swap_eyes eyes;
    struct rim rim[OPENINGS];
    uint8_t opening[BT_RIG_FINE_VERTICES]; /* the opening that a vertex is nearest to */
    bool by_opening[BT_RIG_FINE_VERTICES]; /* near enough for the ramp to reach */
    int8_t side[BT_RIG_FINE_VERTICES];     /* 1 inside its opening, 0 on its rim, -1 outside */
    float ao[2][BT_RIG_FINE_VERTICES];     /* as worn: follows the maps slowly */

    struct bt_vec3 points[BT_RIG_VERTICES], mesh[BT_RIG_VERTICES], hybrid[BT_RIG_VERTICES];
    struct bt_vec3 fine[2][BT_RIG_FINE_VERTICES];   /* frame px; driver, hybrid */
    struct bt_vec3 normal[2][BT_RIG_FINE_VERTICES]; /* towards the camera: z nearer */
    struct bt_vec3 scratch[BT_RIG_FINE_VERTICES], soft[BT_RIG_FINE_VERTICES];
    struct bt_vec2 shown[BT_RIG_FINE_VERTICES]; /* frame px: what of the frame a hybrid's vertex shows */
    float depth[DEPTH_PX * DEPTH_PX];
};

static void find_openings(struct bt_surface *s) {
    const struct bt_rig_mesh *m = bt_rig_mesh(s->rig);
    bool inner[BT_RIG_FINE_VERTICES] = {false}, outer[BT_RIG_FINE_VERTICES] = {false};
    for (uint32_t t = 0; t < BT_RIG_FINE_TRIANGLES; t++)
        for (int k = 0; k < 3; k++) {
            bool skin = m->fine_tag[t] == BT_RIG_TAG_SKIN;
            inner[m->fine_triangle[t][k]] |= !skin;
            outer[m->fine_triangle[t][k]] |= skin;
        }
    struct bt_vec2 centre[OPENINGS];
    static const enum bt_rig_ring rings[OPENINGS] = {BT_RIG_EYE_0, BT_RIG_EYE_1, BT_RIG_LIPS_INNER};
    for (int o = 0; o < OPENINGS; o++) {
        struct bt_rig_list ring = bt_rig_ring(rings[o]);
        centre[o] = (struct bt_vec2){0, 0};
        for (uint32_t i = 0; i < ring.count; i++) {
            centre[o].x += m->fine_uv[ring.vertex[i]].x / (float)ring.count;
            centre[o].y += m->fine_uv[ring.vertex[i]].y / (float)ring.count;
        }
        s->rim[o].count = 0;
    }
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        float best = INFINITY;
        for (int o = 0; o < OPENINGS; o++) {
            float dx = m->fine_uv[v].x - centre[o].x, dy = m->fine_uv[v].y - centre[o].y, d = dx * dx + dy * dy;
            if (d < best) {
                best = d;
                s->opening[v] = (uint8_t)o;
            }
        }
        s->side[v] = (int8_t)(!inner[v] ? -1 : outer[v] ? 0 : 1);
        s->by_opening[v] = best < REACH_UV * REACH_UV;
        struct rim *rim = &s->rim[s->opening[v]];
        if (s->side[v] == 0 && rim->count < RIM_MAX) rim->vertex[rim->count++] = (uint16_t)v;
    }
}

static float map_at(const float *map, struct bt_vec2 uv) {
    int x = (int)(uv.x * BT_RIG_MAP_PX), y = (int)(uv.y * BT_RIG_MAP_PX);
    x = x < 0 ? 0 : x >= BT_RIG_MAP_PX ? BT_RIG_MAP_PX - 1 : x;
    y = y < 0 ? 0 : y >= BT_RIG_MAP_PX ? BT_RIG_MAP_PX - 1 : y;
    return map[y * BT_RIG_MAP_PX + x];
}

/* `rate` of the way to the maps. */
static void follow_sky(struct bt_surface *s, float rate) {
    const struct bt_vec2 *uv = bt_rig_mesh(s->rig)->fine_uv;
    for (int k = 0; k < 2; k++) {
        const float *map = bt_occlusion_map(s->sky[k]);
        for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
            s->ao[k][v] += rate * (fmaxf(AO_LEAST, map_at(map, uv[v])) - s->ao[k][v]);
    }
}

static void begin_sky(struct bt_surface *s) {
    static const float upright[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const struct bt_vec3 *neutral = bt_neutral_vertices(s->neutral);
    bt_occlusion_begin(s->sky[0], neutral);
    bt_rig_hybrid(s->rig, neutral, neutral, s->mask->neutral, upright, BT_RIG_STRENGTH, s->hybrid);
    bt_occlusion_begin(s->sky[1], s->hybrid);
    s->sky_busy[0] = s->sky_busy[1] = true;
    s->revision = bt_neutral_revision(s->neutral);
}

static void step_sky(struct bt_surface *s, float dt_s) {
    if (!s->sky_busy[0] && !s->sky_busy[1] && s->revision != bt_neutral_revision(s->neutral)) begin_sky(s);
    int k = s->sky_busy[0] ? 0 : 1;
    if (s->sky_busy[k]) s->sky_busy[k] = !bt_occlusion_step(s->sky[k], AO_DIRECTIONS);
    follow_sky(s, 1 - expf(-dt_s / .5f));
}

/* How much of each of the driver's vertices the camera sees past the rest of the face (the nose before a cheek): a small depth
   picture, and a soft test against it. Writes into out[8 v + 2]. */
static void see(struct bt_surface *s, float *out) {
    const struct bt_rig_mesh *m = bt_rig_mesh(s->rig);
    const struct bt_vec3 *p = s->fine[0];
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        x0 = fminf(x0, p[v].x), x1 = fmaxf(x1, p[v].x);
        y0 = fminf(y0, p[v].y), y1 = fmaxf(y1, p[v].y);
    }
    float extent = fmaxf(fmaxf(x1 - x0, y1 - y0), 1), scale = (DEPTH_PX - 2) / extent;
    for (int i = 0; i < DEPTH_PX * DEPTH_PX; i++) s->depth[i] = -1e30f;
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        s->scratch[v] = (struct bt_vec3){(p[v].x - x0) * scale + 1, (p[v].y - y0) * scale + 1, -p[v].z};
    for (uint32_t t = 0; t < BT_RIG_FINE_TRIANGLES; t++) {
        const struct bt_vec3 *a = &s->scratch[m->fine_triangle[t][0]], *b = &s->scratch[m->fine_triangle[t][1]],
                             *c = &s->scratch[m->fine_triangle[t][2]];
        float area = (b->x - a->x) * (c->y - a->y) - (b->y - a->y) * (c->x - a->x);
        if (fabsf(area) < 1e-6f) continue;
        float inverse = 1 / area;
        int left = (int)(fminf(a->x, fminf(b->x, c->x)) + .5f), right = (int)(fmaxf(a->x, fmaxf(b->x, c->x)) + .5f);
        int top = (int)(fminf(a->y, fminf(b->y, c->y)) + .5f), bottom = (int)(fmaxf(a->y, fmaxf(b->y, c->y)) + .5f);
        for (int y = top; y < bottom && y < DEPTH_PX; y++)
            for (int x = left; x < right && x < DEPTH_PX; x++) {
                float px = (float)x + .5f, py = (float)y + .5f;
                float l0 = ((b->x - px) * (c->y - py) - (b->y - py) * (c->x - px)) * inverse;
                float l1 = ((c->x - px) * (a->y - py) - (c->y - py) * (a->x - px)) * inverse, l2 = 1 - l0 - l1;
                if (l0 < 0 || l1 < 0 || l2 < 0) continue;
                float z = l0 * a->z + l1 * b->z + l2 * c->z;
                if (z > s->depth[y * DEPTH_PX + x]) s->depth[y * DEPTH_PX + x] = z;
            }
    }
    /* The recipe lets .03 of the face's width pass; from there to twice that it fades. */
    float pass = .03f * (x1 - x0);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        float before = s->depth[(int)s->scratch[v].y * DEPTH_PX + (int)s->scratch[v].x] - s->scratch[v].z;
        out[8 * v + 2] = fminf(1, fmaxf(0, 2 - before / pass));
    }
}

/* How far a vertex lies inside the eye or mouth opening nearest to it, along the ramp that alpha falls on. The ramp's ends, in
   384ths of the crop that the recipe was measured in (a face 184 px wide), are where its blurred triangle tags crossed 0 and 1.
 */
static float opening_at(const struct bt_surface *s, uint32_t v, float unit_px) {
    static const float from[OPENINGS] = {-2.2f, -2.2f, -1.5f}, to[OPENINGS] = {.4f, .4f, .9f};
    const struct rim *rim = &s->rim[s->opening[v]];
    int o = s->opening[v];
    float d = 0;
    if (!s->by_opening[v]) return FAR_OUTSIDE;
    if (s->side[v] != 0) {
        float best = INFINITY;
        for (uint32_t i = 0; i < rim->count; i++) {
            const struct bt_vec3 *r = &s->fine[1][rim->vertex[i]];
            float dx = r->x - s->fine[1][v].x, dy = r->y - s->fine[1][v].y;
            best = fminf(best, dx * dx + dy * dy);
        }
        d = s->side[v] * sqrtf(best);
    }
    return (d / unit_px - from[o]) / (to[o] - from[o]);
}

/* Widened by a margin, cut by the frame; x and y multiples of 4, w and h too but for the frame's own end. */
static struct bt_area area_of(const struct bt_surface *s, float x0, float y0, float x1, float y1, float margin) {
    int32_t left = (int32_t)(fmaxf(0, x0 - margin) / 4) * 4, top = (int32_t)(fmaxf(0, y0 - margin) / 4) * 4;
    int32_t right = (int32_t)ceilf(fminf(s->frame_w, x1 + margin) / 4) * 4;
    int32_t bottom = (int32_t)ceilf(fminf(s->frame_h, y1 + margin) / 4) * 4;
    right = right < (int32_t)s->frame_w ? right : (int32_t)s->frame_w;
    bottom = bottom < (int32_t)s->frame_h ? bottom : (int32_t)s->frame_h;
    return (struct bt_area){left, top, right - left, bottom - top};
}

static void bound(const struct bt_surface *s, struct bt_surface_view *view) {
    float x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY;
    uint32_t in = 0;
    for (int k = 0; k < 2; k++)
        for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
            const struct bt_vec3 *p = &s->fine[k][v];
            x0 = fminf(x0, p->x), x1 = fmaxf(x1, p->x);
            y0 = fminf(y0, p->y), y1 = fmaxf(y1, p->y);
            in += k == 0 && p->x >= 0 && p->y >= 0 && p->x < s->frame_w && p->y < s->frame_h;
        }
    view->in_frame = (float)in / BT_RIG_FINE_VERTICES;
    view->box = area_of(s, x0, y0, x1, y1, 2);
    view->around = area_of(s, x0, y0, x1, y1, 8 + 4 * view->texel_px);
}

/* Of the mesh net's 5 + 5 iris points the first is the middle. An iris is 11.7 mm wide in everybody (MediaPipe Iris measures
   distance by it), so a circle far from that size is none. */
static void find_irises(const struct bt_face *face, float scale, float out[2][3]) {
    for (int e = 0; e < 2; e++) {
        const struct bt_vec3 *p = &face->landmark[BT_MESH_LANDMARKS + 5 * e];
        float radius = 0, expected = .585f * scale;
        for (int i = 1; i < 5; i++) radius += hypotf(p[i].x - p[0].x, p[i].y - p[0].y) / 4;
        bool good = isfinite(p[0].x) && isfinite(p[0].y) && radius > .6f * expected && radius < 1.6f * expected;
        out[e][0] = good ? p[0].x : 0, out[e][1] = good ? p[0].y : 0, out[e][2] = good ? radius : 0;
    }
}

static bool plausible(const struct bt_surface *s, const struct bt_face *face) {
    for (int i = 0; i < BT_RIG_VERTICES; i++) {
        const struct bt_vec3 *p = &face->landmark[i];
        if (!isfinite(p->x) || !isfinite(p->y) || !isfinite(p->z)) return false;
        if (fabsf(p->x - s->frame_w / 2) > (ANSWERING + .5f) * s->frame_w) return false;
        if (fabsf(p->y - s->frame_h / 2) > (ANSWERING + .5f) * s->frame_h) return false;
        if (fabsf(p->z) > s->frame_w + s->frame_h) return false;
    }
    return true;
}

/* Every normal becomes the mean of its neighbours', a ring at a time: the mesh is coarser than a face, and its edges show as
   drawn lines when lit. */
static void soften_normals(struct bt_surface *s, struct bt_vec3 *normal, int rings) {
    const struct bt_rig_mesh *m = bt_rig_mesh(s->rig);
    const struct bt_rig_rows *r = &m->fine_vertex_faces;
    while (rings-- > 0) {
        for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
            struct bt_vec3 sum = {0, 0, 0};
            for (uint32_t e = r->row[v]; e < r->row[v + 1]; e++)
                for (int k = 0; k < 3; k++) {
                    const struct bt_vec3 *n = &normal[m->fine_triangle[r->index[e]][k]];
                    sum.x += r->weight[e] * n->x, sum.y += r->weight[e] * n->y, sum.z += r->weight[e] * n->z;
                }
            float length = sqrtf(sum.x * sum.x + sum.y * sum.y + sum.z * sum.z);
            float scale = length > 1e-9f ? 1 / length : 0;
            s->soft[v] = (struct bt_vec3){sum.x * scale, sum.y * scale, sum.z * scale};
        }
        memcpy(normal, s->soft, sizeof s->soft);
    }
}

static void place(struct bt_surface *s, int which, const struct bt_vec3 *mesh, const struct bt_pose *pose) {
    bt_rig_subdivide(s->rig, mesh, s->scratch);
    bt_rig_fine_normals(s->rig, s->scratch, s->normal[which]);
    soften_normals(s, s->normal[which], SOFT_RINGS);
    bt_pose_turn(pose, s->normal[which], BT_RIG_FINE_VERTICES, s->normal[which]);
    bt_pose_denormalise(pose, s->scratch, BT_RIG_FINE_VERTICES, s->fine[which]);
}

static void write_vertices(struct bt_surface *s, const struct bt_surface_out *out, float scale) {
    const struct bt_vec2 *uv = bt_rig_mesh(s->rig)->fine_uv;
    float unit_px = scale * FACE_WIDTH_CM / 170; /* 184 px of head are 170 between the cheeks */
    bt_swap_eyes_shown(&s->eyes, s->fine[0], s->fine[1], s->shown);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        const struct bt_vec3 *a = &s->fine[0][v], *h = &s->fine[1][v], *na = &s->normal[0][v], *nh = &s->normal[1][v];
        float *d = out->driver + 8 * (size_t)v, *w = out->hybrid + 8 * (size_t)v;
        d[0] = a->x, d[1] = a->y, d[3] = s->ao[0][v];
        d[4] = na->x, d[5] = na->y, d[6] = na->z, d[7] = 0;
        w[0] = uv[v].x, w[1] = uv[v].y, w[2] = s->shown[v].x - h->x, w[3] = s->shown[v].y - h->y;
        /* A normal that points away is laid on the horizon: the kernel takes z as >= 0. */
        float flat = nh->z >= 0 ? 1 : 1 / fmaxf(1e-6f, sqrtf(nh->x * nh->x + nh->y * nh->y));
        w[4] = nh->x * flat, w[5] = nh->y * flat, w[6] = s->ao[1][v];
        w[7] = opening_at(s, v, unit_px);
    }
    see(s, out->driver);
}

/* One more than needed, where there is room: taps that look past the grid find it empty. */
static uint32_t blocks_over(uint32_t px) {
    uint32_t blocks = (px + BLOCK_PX - 1) / BLOCK_PX + 1;
    return blocks < BT_SWAP_GRID_PX / BLOCK_PX ? blocks : BT_SWAP_GRID_PX / BLOCK_PX;
}

bt_status bt_swap_surface_step(struct bt_surface *s, const struct bt_face *face, int64_t time_ns,
                               const struct bt_surface_out *out, struct bt_surface_view *out_view) {
    const struct bt_rig_mesh *m = bt_rig_mesh(s->rig);
    struct bt_surface_view view = {0};
    struct bt_pose pose;
    if (!plausible(s, face)) return BT_E_NO_FACE;
    memcpy(s->points, face->landmark, sizeof s->points);
    if (!bt_pose_fit(s->rig, s->points, m->canonical, &pose)) return BT_E_NO_FACE;
    if (!isfinite(pose.scale) || pose.scale * FACE_WIDTH_CM < SMALLEST_PX) return BT_E_NO_FACE;
    view.angles = bt_pose_angles(&pose);
    bt_pose_normalise(&pose, s->points, BT_RIG_VERTICES, s->mesh);
    bt_neutral_step(s->neutral, s->mesh, view.angles.yaw, view.angles.pitch, time_ns);

    const struct bt_vec3 *neutral = bt_neutral_vertices(s->neutral);
    if (!bt_pose_fit(s->rig, s->points, neutral, &pose)) return BT_E_NO_FACE;
    bt_pose_normalise(&pose, s->points, BT_RIG_VERTICES, s->mesh);
    if (!s->started) begin_sky(s);
    s->started = true;
    step_sky(s, 1 / 30.f);
    bt_rig_hybrid(s->rig, s->mesh, neutral, s->mask->neutral, pose.rotation, BT_RIG_STRENGTH, s->hybrid);
    place(s, 0, s->mesh, &pose);
    place(s, 1, s->hybrid, &pose);

    view.texel_px = pose.scale * FACE_WIDTH_CM / (.75f * BT_RIG_MAP_PX); /* cheek to cheek is .75 of the map */
    bound(s, &view);
    if (view.box.w < 24 || view.box.h < 24 || view.in_frame < .5f) return BT_E_NO_FACE;
    float longest = (float)(view.box.w > view.box.h ? view.box.w : view.box.h);
    view.grid_scale = fminf(1, (float)s->grid_px / longest);
    view.grid_w = (uint32_t)fminf((float)s->grid_px, ceilf((float)view.box.w * view.grid_scale));
    view.grid_h = (uint32_t)fminf((float)s->grid_px, ceilf((float)view.box.h * view.grid_scale));
    view.tiles_w = blocks_over(view.grid_w) * (BLOCK_PX / BT_SWAP_TILE_W);
    view.tiles_h = blocks_over(view.grid_h) * (BLOCK_PX / BT_SWAP_TILE_H);
    find_irises(face, pose.scale, view.iris_px);
    write_vertices(s, out, pose.scale);

    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++)
        s->scratch[v] = (struct bt_vec3){(s->fine[1][v].x - (float)view.box.x) * view.grid_scale,
                                         (s->fine[1][v].y - (float)view.box.y) * view.grid_scale, -s->fine[1][v].z};
    struct bt_tiles_params tiles = {
        .point = s->scratch,
        .normal = s->normal[1],
        .triangle = m->fine_triangle,
        .triangles = BT_RIG_FINE_TRIANGLES,
        .tiles_w = view.tiles_w,
        .tiles_h = view.tiles_h,
    };
    bt_swap_tiles_sort(&tiles, out->tile, out->list);
    *out_view = view;
    return BT_OK;
}

void bt_swap_surface_reset(struct bt_surface *s) {
    bt_neutral_reset(s->neutral);
    s->started = false;
}

bt_status bt_swap_surface_create(struct bt_log *log, const struct bt_rig *rig, const struct bt_mask *mask, uint32_t frame_w,
                                 uint32_t frame_h, uint32_t grid_px, struct bt_surface **out_surface) {
    bt_status st = BT_OK;
    struct bt_surface *s = calloc(1, sizeof *s);
    if (!s) return BT_E_MEMORY;
    s->log = log;
    s->rig = rig;
    s->mask = mask;
    s->grid_px = grid_px < BT_SWAP_GRID_PX ? grid_px : BT_SWAP_GRID_PX;
    s->frame_w = (float)frame_w;
    s->frame_h = (float)frame_h;
    st = bt_neutral_create(rig, &s->neutral);
    if (st) goto fail;
    for (int k = 0; k < 2; k++) {
        st = bt_occlusion_create(rig, &s->sky[k]);
        if (st) goto fail;
    }
    find_openings(s);
    bt_swap_eyes_init(&s->eyes, rig);
    /* Until a driver is known: the closed canonical face. */
    begin_sky(s);
    for (int k = 0; k < 2; k++) {
        while (!bt_occlusion_step(s->sky[k], BT_OCCLUSION_DIRECTIONS)) continue;
        s->sky_busy[k] = false;
    }
    follow_sky(s, 1);
    *out_surface = s;
    return BT_OK;
fail:
    bt_swap_surface_destroy(&s);
    return st;
}

void bt_swap_surface_destroy(struct bt_surface **surface) {
    struct bt_surface *s = *surface;
    if (!s) return;
    for (int k = 0; k < 2; k++) bt_occlusion_destroy(&s->sky[k]);
    bt_neutral_destroy(&s->neutral);
    explicit_bzero(s, sizeof *s); /* the driver's own face */
    free(s);
    *surface = NULL;
}
