/* SPDX-License-Identifier: MIT */
#include "footage/figure.h"
#include "base/log.h"
#include "footage/expression.h"
#include "footage/portrait.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { TRIANGLES = 898, HOLES = 3, RING_MAX = 20 };

/* The head turns about its own vertical axis, and nods and tilts on top of the neck. Portrait px. */
static const struct bt_vec3 pivot = {225, 180, 50};
static const float camera_px = 620;            /* how far away the camera is */
static const float seat_x = 226, seat_y = 250; /* what leaning leaves in place */

static const float middle_x = 224, middle_y = 112; /* of the face's mesh */

static const uint16_t ring[HOLES][RING_MAX] = {
    {78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80, 191},
    {33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246},
    {263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466},
};
static const uint32_t ring_size[HOLES] = {20, 16, 16};

struct bt_footage_figure {
    struct bt_footage_expression expression;
    uint32_t vertex_count, triangle_count;
    uint16_t (*triangle)[3];
    float (*follow)[2];    /* per vertex: turn, head */
    struct bt_vec3 *aside; /* per vertex, when its side of the head is seen: texture px x, y; z is its cover then */
    struct bt_vec3 *rest;  /* portrait px */
    struct bt_vec3 *posed; /* before projection */
    struct bt_vec3 *normal;
    struct bt_footage_corner *corner;
};

static bool in_ring(uint32_t hole, uint32_t vertex) {
    for (uint32_t i = 0; i < ring_size[hole]; i++) {
        if (ring[hole][i] == vertex) {
            return true;
        }
    }
    return false;
}

/* The mouth and the eyes are holes: what is behind them is drawn by itself. */
static bool is_hole(const uint16_t t[3]) {
    for (uint32_t h = 0; h < HOLES; h++) {
        if (in_ring(h, t[0]) && in_ring(h, t[1]) && in_ring(h, t[2])) {
            return true;
        }
    }
    return false;
}

static bt_status read_triangles(struct bt_bytes geometry, struct bt_footage_figure *figure) {
    static const char magic[8] = "BTGEOM1";
    char found[sizeof(magic)];
    struct bt_reader r = bt_reader_of(geometry);
    bt_read_copy(&r, found, sizeof(found));
    uint32_t vertices = bt_read_u32(&r), triangles = bt_read_u32(&r);
    if (r.failed || memcmp(found, magic, sizeof(magic)) || vertices != BT_FOOTAGE_FACE_VERTICES || triangles != TRIANGLES) {
        return BT_E_FORMAT;
    }
    for (uint32_t i = 0; i < vertices * 5; i++) {
        (void)bt_read_f32(&r);
    }
    for (uint32_t i = 0; i < triangles; i++) {
        uint32_t v[3] = {bt_read_u32(&r), bt_read_u32(&r), bt_read_u32(&r)};
        if (r.failed || v[0] >= vertices || v[1] >= vertices || v[2] >= vertices) {
            return BT_E_FORMAT;
        }
        uint16_t *t = figure->triangle[figure->triangle_count];
        for (int k = 0; k < 3; k++) {
            t[k] = (uint16_t)v[k];
        }
        figure->triangle_count += !is_hole(t);
    }
    return BT_OK;
}

static float ramp(float from, float to, float x) {
    float part = fminf(fmaxf((x - from) / (to - from), 0), 1);
    return part * part * (3 - 2 * part);
}

/* The photograph shows the side of the head at a glancing angle: seen from there, a few texels of hair and of outline would
   cover the whole side of the face. So the rim of the face takes its texture from skin further in, and the outline of the jaw
   gives way to the neck behind it; not on the left, where the suit's ring hangs on the same triangles. */
static struct bt_vec3 aside_of(struct bt_vec3 p, const struct bt_footage_outer *outer) {
    if (outer) {
        bool beside_jaw = p.y > 138 && p.y < 172 && outer->turn > 0.95F && p.x > middle_x && p.x < middle_x + 58;
        bool beside_neck = p.y > 166 && p.y < 176 && p.x > 256 && p.x < 280;
        return (struct bt_vec3){p.x, p.y, beside_neck ? 0 : beside_jaw ? -2.5F : 1};
    }
    float x = middle_x - p.x, y = middle_y - p.y, size = sqrtf(x * x + y * y);
    float in = 3.5F * ramp(0, 40, p.z) * ramp(90, 106, p.y) / fmaxf(size, 1);
    return (struct bt_vec3){p.x + x * in, p.y + y * in, 1};
}

bt_status bt_footage_figure_create(struct bt_log *log, struct bt_bytes geometry, struct bt_footage_figure **out_figure) {
    bt_status st = BT_E_MEMORY;
    struct bt_footage_figure *f = calloc(1, sizeof(*f));
    if (!f) {
        goto fail;
    }
    f->vertex_count = BT_FOOTAGE_FACE_VERTICES + bt_footage_outer_count;
    f->triangle = calloc(TRIANGLES + bt_footage_outer_triangle_count, sizeof(*f->triangle));
    f->follow = calloc(f->vertex_count, sizeof(*f->follow));
    f->aside = calloc(f->vertex_count, sizeof(*f->aside));
    f->rest = calloc(f->vertex_count, sizeof(*f->rest));
    f->posed = calloc(f->vertex_count, sizeof(*f->posed));
    f->normal = calloc(f->vertex_count, sizeof(*f->normal));
    f->corner = calloc(f->vertex_count, sizeof(*f->corner));
    if (!f->triangle || !f->follow || !f->aside || !f->rest || !f->posed || !f->normal || !f->corner) {
        goto fail;
    }
    st = read_triangles(geometry, f);
    if (st) {
        bt_log_error(log, "footage: the face geometry is not face_geometry.bin");
        goto fail;
    }
    memcpy(f->triangle[f->triangle_count], bt_footage_outer_triangle, bt_footage_outer_triangle_count * sizeof(*f->triangle));
    f->triangle_count += bt_footage_outer_triangle_count;
    for (uint32_t v = 0; v < f->vertex_count; v++) {
        const struct bt_footage_outer *o =
            v < BT_FOOTAGE_FACE_VERTICES ? NULL : &bt_footage_outer[v - BT_FOOTAGE_FACE_VERTICES];
        f->rest[v] = o ? (struct bt_vec3){o->x, o->y, o->z} : bt_footage_landmark[v];
        f->follow[v][0] = o ? o->turn : 1;
        f->follow[v][1] = o ? o->head : 1;
        f->aside[v] = aside_of(f->rest[v], o);
    }
    bt_footage_expression_init(&f->expression);
    *out_figure = f;
    f = NULL;
fail:
    bt_footage_figure_destroy(&f);
    return st;
}

void bt_footage_figure_destroy(struct bt_footage_figure **figure) {
    struct bt_footage_figure *f = *figure;
    if (!f) {
        return;
    }
    free(f->triangle);
    free(f->follow);
    free(f->aside);
    free(f->rest);
    free(f->posed);
    free(f->normal);
    free(f->corner);
    free(f);
    *figure = NULL;
}

struct view {
    const struct bt_footage_pose *pose;
    float origin_x, origin_y, zoom;
};

/* Turns a point with the head by `turn` and `head` (0 … 1). The portrait was seen in perspective: unproject first, so that the
   pose of no turn gives the portrait back. */
static struct bt_vec3 pose_point(const struct bt_footage_pose *pose, struct bt_vec3 p, float turn, float head) {
    float away = (camera_px + p.z) / camera_px;
    float x = (p.x - pivot.x) * away, y = (p.y - pivot.y) * away, z = p.z - pivot.z;
    float cy = cosf(pose->yaw_rad * turn), sy = sinf(pose->yaw_rad * turn);
    float x1 = x * cy - z * sy, z1 = x * sy + z * cy;
    float cp = cosf(pose->pitch_rad), sp = sinf(pose->pitch_rad);
    float y2 = y * cp - z1 * sp, z2 = y * sp + z1 * cp;
    float cr = cosf(pose->roll_rad), sr = sinf(pose->roll_rad);
    float x3 = x1 * cr - y2 * sr, y3 = x1 * sr + y2 * cr;
    return (struct bt_vec3){x + head * (x3 - x), y + head * (y3 - y), z + head * (z2 - z)};
}

static struct bt_footage_corner project(const struct view *view, struct bt_vec3 q, float u, float v) {
    float z = q.z + pivot.z, near = camera_px / (camera_px + z);
    float x = q.x * near + pivot.x, y = q.y * near + pivot.y;
    /* The whole person: leaning about the seat, then shifted. */
    x = seat_x + (x - seat_x) * view->pose->scale + view->pose->shift_x;
    y = seat_y + (y - seat_y) * view->pose->scale + view->pose->shift_y;
    return (struct bt_footage_corner){.x = (x - view->origin_x) * view->zoom,
                                      .y = (y - view->origin_y) * view->zoom,
                                      .z = z,
                                      .u = u,
                                      .v = v,
                                      .lit = 1,
                                      .cover = 1};
}

/* Side light: Lambert's term of the vertex's normal, as a factor on the portrait's own light. */
static void light(struct bt_footage_figure *f, const struct bt_footage_pose *pose) {
    memset(f->normal, 0, f->vertex_count * sizeof(*f->normal));
    for (uint32_t i = 0; i < f->triangle_count; i++) {
        const uint16_t *t = f->triangle[i];
        struct bt_vec3 a = f->posed[t[0]], b = f->posed[t[1]], c = f->posed[t[2]];
        struct bt_vec3 e = {b.x - a.x, b.y - a.y, b.z - a.z}, g = {c.x - a.x, c.y - a.y, c.z - a.z};
        struct bt_vec3 n = {e.y * g.z - e.z * g.y, e.z * g.x - e.x * g.z, e.x * g.y - e.y * g.x};
        float towards = n.z > 0 ? -1 : 1; /* whichever way it is wound, it faces the camera */
        for (int k = 0; k < 3; k++) {
            f->normal[t[k]].x += towards * n.x;
            f->normal[t[k]].y += towards * n.y;
            f->normal[t[k]].z += towards * n.z;
        }
    }
    for (uint32_t v = 0; v < f->vertex_count; v++) {
        struct bt_vec3 n = f->normal[v];
        float size = sqrtf(n.x * n.x + n.y * n.y + n.z * n.z);
        f->corner[v].lit = pose->light * (1 + 0.9F * pose->side * (size > 0 ? n.x / size : 0));
    }
}

/* A rectangle of inner.jpg, moved with the skull: teeth behind the lips, an eye behind its lids. Drawn as far away as can be,
   so that all skin covers it. `gaze` shifts the picture on it. */
static void draw_inner(struct bt_footage_figure *f, const struct view *view, uint32_t hole, struct bt_footage_map *map) {
    const struct bt_vec3 *p = bt_footage_landmark;
    struct bt_rect r;
    float z_left, z_right, lit, gaze_x = 0, gaze_y = 0;
    if (hole == 0) {
        float gap = fminf(1, view->pose->mouth / (0.5F * BT_FOOTAGE_REST_MOUTH));
        r = (struct bt_rect){197, 131, 53, 52};
        z_left = z_right = 3;
        lit = view->pose->light * (0.5F + 0.5F * gap); /* hardly open: the lips shade the teeth */
    } else {
        const struct bt_vec3 *outside = &p[hole == 1 ? 33 : 263], *inside = &p[hole == 1 ? 133 : 362];
        float left = fminf(outside->x, inside->x) - 2, right = fmaxf(outside->x, inside->x) + 2;
        r = (struct bt_rect){left, (outside->y + inside->y) / 2 - 7, right - left, 14};
        z_left = (hole == 1 ? outside->z : inside->z) + 1;
        z_right = (hole == 1 ? inside->z : outside->z) + 1;
        lit = (f->corner[ring[hole][0]].lit + f->corner[ring[hole][8]].lit) / 2;
        gaze_x = view->pose->gaze_x, gaze_y = view->pose->gaze_y;
    }
    struct bt_footage_corner c[4];
    for (int i = 0; i < 4; i++) {
        bool right = i & 1;
        struct bt_vec3 at = {r.x + (right ? r.w : 0), r.y + (i & 2 ? r.h : 0), right ? z_right : z_left};
        c[i] = project(view, pose_point(view->pose, at, 1, 1), at.x - gaze_x, at.y - gaze_y);
        c[i].z = 1e8F;
        c[i].lit = lit;
    }
    bt_footage_draw(map, BT_FOOTAGE_INNER, &c[0], &c[1], &c[2]);
    bt_footage_draw(map, BT_FOOTAGE_INNER, &c[1], &c[3], &c[2]);
}

/* The neck behind the jaw, which a turned head uncovers. Its top goes with the skull, which is behind the axis. */
static void draw_neck(const struct view *view, struct bt_footage_map *map) {
    struct bt_footage_corner c[4];
    for (int i = 0; i < 4; i++) {
        bool top = i < 2;
        float u = BT_FOOTAGE_NECK_X + (i & 1 ? BT_FOOTAGE_NECK_SIDE : 0),
              v = BT_FOOTAGE_NECK_Y + (top ? 0 : BT_FOOTAGE_NECK_SIDE);
        struct bt_vec3 at = {u - (top ? 14 * sinf(view->pose->yaw_rad) : 0), v, pivot.z};
        c[i] = project(view, pose_point(view->pose, at, 0, top ? 1 : 0.1F), u, v);
    }
    bt_footage_draw(map, BT_FOOTAGE_NECK, &c[0], &c[1], &c[2]);
    bt_footage_draw(map, BT_FOOTAGE_NECK, &c[1], &c[3], &c[2]);
}

void bt_footage_figure_draw(struct bt_footage_figure *figure, const struct bt_footage_pose *pose, float origin_x,
                            float origin_y, float px_per_portrait_px, struct bt_footage_map *map) {
    struct bt_footage_figure *f = figure;
    const struct view view = {pose, origin_x, origin_y, px_per_portrait_px};
    bt_footage_expression_apply(&f->expression, pose, f->rest);
    for (uint32_t v = 0; v < f->vertex_count; v++) {
        f->posed[v] = pose_point(pose, f->rest[v], f->follow[v][0], f->follow[v][1]);
    }
    light(f, pose);
    const float side_right = ramp(0.03F, 0.20F, -pose->yaw_rad), side_left = ramp(0.03F, 0.20F, pose->yaw_rad);
    for (uint32_t v = 0; v < f->vertex_count; v++) {
        float lit = f->corner[v].lit;
        const struct bt_vec3 *from = v < BT_FOOTAGE_FACE_VERTICES ? &bt_footage_landmark[v] : &f->rest[v], *to = &f->aside[v];
        float part = from->x > middle_x ? side_right : side_left;
        f->corner[v] = project(&view, f->posed[v], from->x + part * (to->x - from->x), from->y + part * (to->y - from->y));
        f->corner[v].lit = lit;
        f->corner[v].cover = 1 + part * (to->z - 1);
    }
    bt_footage_map_clear(map);
    draw_neck(&view, map);
    for (uint32_t hole = 0; hole < HOLES; hole++) {
        draw_inner(f, &view, hole, map);
    }
    for (uint32_t i = 0; i < f->triangle_count; i++) {
        const uint16_t *t = f->triangle[i];
        bt_footage_draw(map, BT_FOOTAGE_PERSON, &f->corner[t[0]], &f->corner[t[1]], &f->corner[t[2]]);
    }
}
