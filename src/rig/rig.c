/* SPDX-License-Identifier: MIT */
#include "rig/rig.h"
#include "base/log.h"
#include "rig/exact.h"
#include "rig/internal.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GEOMETRY_BYTES = 8 + 8 + BT_RIG_VERTICES * (12 + 8 + 4) + BT_RIG_TRIANGLES * 12 };

static bt_status bad(struct bt_log *log, const char *what) {
    bt_log_error(log, "face geometry: %s", what);
    return BT_E_FORMAT;
}

static bool within(float x, float low, float high) {
    return x >= low && x <= high; /* false for NaN */
}

static bt_status read_geometry(struct bt_log *log, struct bt_rig *rig, struct bt_bytes bytes) {
    struct bt_reader r = bt_reader_of(bytes);
    char magic[8] = {0};
    bt_read_copy(&r, magic, sizeof(magic));
    if (memcmp(magic, "BTGEOM1", 8) != 0 || bytes.size != GEOMETRY_BYTES)
        return bad(log, "not a geometry file of this version");
    if (bt_read_u32(&r) != BT_RIG_VERTICES || bt_read_u32(&r) != BT_RIG_TRIANGLES) return bad(log, "not a mesh of 468 points");
    bool fine = true;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        struct bt_vec3 *p = &rig->canonical[v];
        p->x = bt_read_f32(&r);
        p->y = bt_read_f32(&r);
        p->z = bt_read_f32(&r);
        fine = fine && within(p->x, -50.0f, 50.0f) && within(p->y, -50.0f, 50.0f) && within(p->z, -50.0f, 50.0f);
    }
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        rig->uv[v].x = bt_read_f32(&r);
        rig->uv[v].y = bt_read_f32(&r);
        fine = fine && within(rig->uv[v].x, 0.0f, 1.0f) && within(rig->uv[v].y, 0.0f, 1.0f);
    }
    for (uint32_t t = 0; t < BT_RIG_TRIANGLES; t++) {
        for (uint32_t k = 0; k < 3; k++) {
            rig->triangle[t][k] = bt_read_u32(&r);
            if (rig->triangle[t][k] >= BT_RIG_VERTICES) return bad(log, "a triangle names a point that is not there");
        }
    }
    float sum = 0.0f;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        rig->anchor[v] = bt_read_f32(&r);
        fine = fine && within(rig->anchor[v], 0.0f, 1.0f);
        sum += rig->anchor[v];
    }
    if (r.failed || !fine || !(sum > 0.01f)) return bad(log, "a number is out of range");
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) rig->anchor[v] /= sum;
    return BT_OK;
}

static bool in_ring(enum bt_rig_ring ring, const uint32_t triangle[3]) {
    const struct bt_rig_list list = bt_rig_ring(ring);
    uint32_t found = 0;
    for (uint32_t k = 0; k < 3; k++)
        for (uint32_t i = 0; i < list.count; i++) found += list.vertex[i] == triangle[k];
    return found == 3;
}

/* Turns every triangle if the package winds them the other way: judged by the whole front's area, seen from +z. */
static void wind_outwards(struct bt_rig *rig) {
    float area = 0.0f;
    for (uint32_t t = 0; t < BT_RIG_TRIANGLES; t++) {
        const struct bt_vec3 a = rig->canonical[rig->triangle[t][0]];
        const struct bt_vec3 u = bt_vec3_sub(rig->canonical[rig->triangle[t][1]], a);
        const struct bt_vec3 v = bt_vec3_sub(rig->canonical[rig->triangle[t][2]], a);
        area += u.x * v.y - u.y * v.x;
    }
    for (uint32_t t = 0; area < 0.0f && t < BT_RIG_TRIANGLES; t++) {
        const uint32_t k = rig->triangle[t][1];
        rig->triangle[t][1] = rig->triangle[t][2];
        rig->triangle[t][2] = k;
    }
}

static void tag_triangles(struct bt_rig *rig) {
    for (uint32_t t = 0; t < BT_RIG_TRIANGLES; t++) {
        const uint32_t *v = rig->triangle[t];
        rig->tag[t] = in_ring(BT_RIG_EYE_0, v) || in_ring(BT_RIG_EYE_1, v) ? BT_RIG_TAG_EYE
                      : in_ring(BT_RIG_LIPS_INNER, v)                      ? BT_RIG_TAG_MOUTH
                                                                           : BT_RIG_TAG_SKIN;
    }
}

static void subdivide_uv(struct bt_rig *rig) {
    for (uint32_t r = 0; r < BT_RIG_FINE_VERTICES; r++) {
        for (uint32_t k = rig->sub_row[r]; k < rig->sub_row[r + 1]; k++) {
            rig->fine_uv[r].x += rig->sub_weight[k] * rig->uv[rig->sub_index[k]].x;
            rig->fine_uv[r].y += rig->sub_weight[k] * rig->uv[rig->sub_index[k]].y;
        }
    }
}

static void show(struct bt_rig *r) {
    r->mesh = (struct bt_rig_mesh){
        .canonical = r->canonical,
        .closed = r->closed,
        .uv = r->uv,
        .triangle = (const uint32_t(*)[3])r->triangle,
        .tag = r->tag,
        .anchor = r->anchor,
        .vertex_faces = {BT_RIG_VERTICES, r->inc_row[BT_RIG_VERTICES], r->inc_row, r->inc_index, r->inc_weight},
        .fine_uv = r->fine_uv,
        .fine_triangle = (const uint32_t(*)[3])r->fine_triangle,
        .fine_tag = r->fine_tag,
        .subdivision = {BT_RIG_FINE_VERTICES, r->sub_row[BT_RIG_FINE_VERTICES], r->sub_row, r->sub_index, r->sub_weight},
        .fine_vertex_faces = {BT_RIG_FINE_VERTICES, r->fine_inc_row[BT_RIG_FINE_VERTICES], r->fine_inc_row, r->fine_inc_index,
                              r->fine_inc_weight},
        .shape = r->shape,
        .lid = {r->lid[0], r->lid[1]},
        .lid_near = r->lid_near,
        .settle = r->settle,
    };
    r->maps = (struct bt_rig_maps){
        .covered = r->covered,
        .triangle = r->map_triangle,
        .barycentric = (const float(*)[3])r->barycentric,
        .oval_distance = r->oval_distance,
        .paint = r->paint,
        .paint_wide = r->paint_wide,
        .feature = r->feature,
        .keep = r->keep,
        .pass = r->pass,
        .eye = r->eye,
        .lips = r->lips,
        .mouth = r->mouth,
        .brow = r->brow,
    };
}

bt_status bt_rig_create(struct bt_log *log, struct bt_bytes geometry, struct bt_rig **out_rig) {
    bt_status status = BT_E_MEMORY;
    struct bt_rig *rig = calloc(1, sizeof(*rig));
    if (!rig) goto fail;
    status = read_geometry(log, rig, geometry);
    if (status) goto fail;
    wind_outwards(rig);
    tag_triangles(rig);
    if (!bt_rig_build_subdivision(rig)) {
        status = bad(log, "the triangles are not the face's surface");
        goto fail;
    }
    subdivide_uv(rig);
    bt_rig_build_incidence(rig);
    bt_rig_build_weights(rig);
    status = bt_rig_build_maps(rig);
    if (status) goto fail;
    show(rig);
    *out_rig = rig;
    return BT_OK;
fail:
    free(rig);
    return status;
}

void bt_rig_destroy(struct bt_rig **rig) {
    if (!rig) return;
    free(*rig);
    *rig = NULL;
}

const struct bt_rig_mesh *bt_rig_mesh(const struct bt_rig *rig) {
    return &rig->mesh;
}

const struct bt_rig_maps *bt_rig_maps(const struct bt_rig *rig) {
    return &rig->maps;
}
