/* SPDX-License-Identifier: MIT */
/* The face rig: MediaPipe's canonical face mesh (468 points, 898 triangles), one Loop subdivision of it, and every map and
   table that depends on the mesh alone. Pure C, no Vulkan.
   Face space: centimetres, x to the picture's right, y up, z towards the camera; about the canonical mesh's own origin.
   Frame space: px, x right, y down, z in px with smaller nearer (MediaPipe's). Frame (x, y, z) is face (x, -y, -z), turned,
   scaled and moved: projection is orthographic. A rig is immutable after create, so any thread may read it. Nothing here
   allocates but the functions called create. */
#ifndef BT_RIG_H
#define BT_RIG_H

#include "base/bytes.h"
#include "base/geom.h"
#include "base/status.h"
#include <stdbool.h>
#include <stdint.h>

struct bt_log;
struct bt_rig;

enum {
    BT_RIG_VERTICES = 468,
    BT_RIG_TRIANGLES = 898,
    BT_RIG_FINE_VERTICES = 1833, /* 468 + 1365 edges */
    BT_RIG_FINE_TRIANGLES = 3592,
    BT_RIG_MAP_PX =
        256, /* side of every map below; texel (x, y) is element y * 256 + x, its centre at uv ((x + .5) / 256, ...) */
    BT_RIG_MAP_TEXELS = 256 * 256
};

enum bt_rig_tag { BT_RIG_TAG_SKIN, BT_RIG_TAG_EYE, BT_RIG_TAG_MOUTH }; /* what a triangle covers */

/* Rows of a sparse matrix: row r's entries are [row[r], row[r + 1]) of index[] and weight[]. */
struct bt_rig_rows {
    uint32_t rows, entries;
    const uint32_t *row; /* rows + 1 */
    const uint32_t *index;
    const float *weight;
};

/* Triangles are wound so that cross(b - a, c - a) points out of the face (towards +z in front). */
struct bt_rig_mesh {
    const struct bt_vec3 *canonical; /* 468, as in the package: mouth a little open */
    const struct bt_vec3 *closed;    /* 468, canonical with the lips closed: what masks are grown from */
    const struct bt_vec2 *uv;        /* 468, v down */
    const uint32_t (*triangle)[3];   /* 898 */
    const uint8_t *tag;              /* 898, enum bt_rig_tag */
    const float *anchor;             /* 468 Procrustes weights, 33 of them not 0; they sum to 1 */
    struct bt_rig_rows vertex_faces; /* 468 rows of triangle numbers, for normals; eye and mouth triangles weigh 1e-4 */

    const struct bt_vec2 *fine_uv;        /* 1833 */
    const uint32_t (*fine_triangle)[3];   /* 3592; 4 t ... 4 t + 3 come from triangle t */
    const uint8_t *fine_tag;              /* 3592 */
    struct bt_rig_rows subdivision;       /* 1833 rows over 468: fine position = sum weight x position; rows sum to 1 */
    struct bt_rig_rows fine_vertex_faces; /* 1833 rows of fine triangle numbers, for normals */

    const float *shape;    /* 468, 0 ... 1: how much of the mask's shape a vertex takes; 0 on the face's outline */
    const float *lid[2];   /* 468 each, 0 ... 1: how much a vertex moves with the lids of eye 0 (picture's left), 1 */
    const float *lid_near; /* 468, 0 ... 1: nearness to an eye's rim, for filters */
    const float *settle;   /* 468, 0 ... .9: how far one frame's neutral is pulled to the canonical (lips .9, cheeks .6, ...) */
};

/* All 256 x 256 float unless said otherwise; soft-edged. UV space. */
struct bt_rig_maps {
    const uint8_t *covered;        /* 1 where a triangle covers the texel's centre */
    const uint16_t *triangle;      /* fine triangle there; 0xffff where nothing covers */
    const float (*barycentric)[3]; /* weights of its corners: any per-vertex value is gathered with these two */
    const float *oval_distance;    /* texels to the face oval, inside; 0 outside */
    const float *paint;      /* paint weight (the recipe's WT): ramp 27 px at the sides, 12 at the chin, 20 at the forehead */
    const float *paint_wide; /* WTw: for statistics, reaches nearer to the edge */
    const float *feature;    /* FEAT: eyes + 4 px, lips + 3, brows + 5, nostrils: not plain skin */
    const float *keep;       /* KEEP: eye openings and the mouth's inside */
    const float *pass;       /* PASS: dark detail of the driver's that stays: nostrils 1, lip seam .9, lids .75 */
    const float *eye, *lips, *mouth, *brow; /* the areas within the rings, edges of one texel; lips: the outer ring */
};

struct bt_rig_list {
    const uint16_t *vertex;
    uint32_t count;
};
enum bt_rig_ring {
    BT_RIG_OVAL,         /* 36, a closed ring, as all but the brows */
    BT_RIG_LIPS_OUTER,   /* 20 */
    BT_RIG_LIPS_INNER,   /* 20 */
    BT_RIG_EYE_0,        /* 16; 0: at the picture's left of an unmirrored frame (the person's right) */
    BT_RIG_EYE_1,        /* 16 */
    BT_RIG_BROW_0_UPPER, /* 5, an open line, outer end first, as the next three */
    BT_RIG_BROW_1_UPPER,
    BT_RIG_BROW_0_LOWER,
    BT_RIG_BROW_1_LOWER,
    BT_RIG_RING_COUNT
};

/* `geometry`: the bytes of face_geometry.bin (made by packaging/models). BT_E_FORMAT: not that, or not this mesh. BT_E_MEMORY.
 */
BT_CHECKED bt_status bt_rig_create(struct bt_log *log, struct bt_bytes geometry, struct bt_rig **out_rig);
void bt_rig_destroy(struct bt_rig **rig);

const struct bt_rig_mesh *bt_rig_mesh(const struct bt_rig *rig);
const struct bt_rig_maps *bt_rig_maps(const struct bt_rig *rig);
struct bt_rig_list bt_rig_ring(enum bt_rig_ring ring);

/* Applies the subdivision: 468 in, 1833 out. The two may not overlap. */
void bt_rig_subdivide(const struct bt_rig *rig, const struct bt_vec3 *vertex, struct bt_vec3 *out_fine);
/* Unit normals that point out of the face. In face space: turn them by the pose's rotation for the camera's. */
void bt_rig_normals(const struct bt_rig *rig, const struct bt_vec3 *vertex, struct bt_vec3 *out_normal);         /* 468 */
void bt_rig_fine_normals(const struct bt_rig *rig, const struct bt_vec3 *fine, struct bt_vec3 *out_fine_normal); /* 1833 */

/* Moves the lips of a mesh (468, face space) so that the inner ones stand gap_cm apart; corners stay. */
void bt_rig_close_lips(const struct bt_rig *rig, struct bt_vec3 *vertex, float gap_cm);

/* The hybrid: the mask's shape inside, the driver's outline, the driver's expression.
   H = Nd + strength * w * (Nm - Nd) + E, E = M - Nd; w fades to 0 at the outline and where the normal turns away from the
   camera, and E_y near the lids is scaled by the ratio of the eyes' openings so that a blink closes (facts: the recipe, step
   4). The lids' middle then lies halfway between the two faces', above the corners. `mesh`: the driver's 468 points in face
   space. `rotation`: the pose's (row-major 3 x 3), for the silhouette. */
void bt_rig_hybrid(const struct bt_rig *rig, const struct bt_vec3 *mesh, const struct bt_vec3 *neutral_driver,
                   const struct bt_vec3 *neutral_mask, const float rotation[9], float strength, struct bt_vec3 *out_hybrid);
#define BT_RIG_STRENGTH 1.15f

#endif
