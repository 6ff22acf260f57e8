/* SPDX-License-Identifier: MIT */
/* One step of Loop subdivision (Loop 1987, Warren's weights) as a sparse matrix. The rims of eyes and mouth interpolate: their
   points stay on the landmarks and their edges are halved, so that lids and lips lie where the tracker saw them. */
#include "rig/exact.h"
#include "rig/internal.h"
#include <math.h>
#include <string.h>

enum { VALENCE_MAX = 24 };

struct edge {
    uint32_t a, b, opposite[2], faces;
    bool crease;
};
struct topology {
    struct edge edge[RIG_EDGES];
    uint32_t edges;
    /* Per vertex: its edges. */
    uint16_t spoke[BT_RIG_VERTICES][VALENCE_MAX];
    uint8_t valence[BT_RIG_VERTICES];
    bool on_crease[BT_RIG_VERTICES];
};

static uint32_t find_edge(const struct topology *t, uint32_t a, uint32_t b) {
    for (uint32_t k = 0; k < t->valence[a]; k++) {
        const struct edge *e = &t->edge[t->spoke[a][k]];
        if (e->a == b || e->b == b) return t->spoke[a][k];
    }
    return UINT32_MAX;
}

static bool add_edge(struct topology *t, uint32_t a, uint32_t b, uint32_t opposite) {
    if (a == b) return false;
    uint32_t at = find_edge(t, a, b);
    if (at == UINT32_MAX) {
        if (t->edges == RIG_EDGES || t->valence[a] == VALENCE_MAX || t->valence[b] == VALENCE_MAX) return false;
        at = t->edges++;
        t->edge[at] = (struct edge){.a = a, .b = b};
        t->spoke[a][t->valence[a]++] = (uint16_t)at;
        t->spoke[b][t->valence[b]++] = (uint16_t)at;
    }
    struct edge *e = &t->edge[at];
    if (e->faces == 2) return false;
    e->opposite[e->faces++] = opposite;
    return true;
}

static void mark_crease(struct topology *t, struct bt_rig_list ring) {
    for (uint32_t i = 0; i < ring.count; i++) {
        t->on_crease[ring.vertex[i]] = true;
        const uint32_t e = find_edge(t, ring.vertex[i], ring.vertex[(i + 1) % ring.count]);
        if (e != UINT32_MAX) t->edge[e].crease = true;
    }
}

static void put(struct bt_rig *rig, uint32_t *n, uint32_t index, float weight) {
    rig->sub_index[*n] = index;
    rig->sub_weight[*n] = weight;
    (*n)++;
}

static void vertex_row(struct bt_rig *rig, const struct topology *t, uint32_t v, uint32_t *n) {
    uint32_t border[2], borders = 0;
    for (uint32_t k = 0; k < t->valence[v]; k++) {
        const struct edge *e = &t->edge[t->spoke[v][k]];
        if (e->faces == 1 && borders < 2) border[borders++] = e->a == v ? e->b : e->a;
    }
    if (t->on_crease[v] || t->valence[v] == 0 || borders == 1) {
        put(rig, n, v, 1.0f);
    } else if (borders == 2) {
        put(rig, n, v, 0.75f);
        put(rig, n, border[0], 0.125f);
        put(rig, n, border[1], 0.125f);
    } else {
        const float count = (float)t->valence[v], beta = t->valence[v] == 3 ? 3.0f / 16.0f : 3.0f / (8.0f * count);
        put(rig, n, v, 1.0f - count * beta);
        for (uint32_t k = 0; k < t->valence[v]; k++) {
            const struct edge *e = &t->edge[t->spoke[v][k]];
            put(rig, n, e->a == v ? e->b : e->a, beta);
        }
    }
}

static void edge_row(struct bt_rig *rig, const struct edge *e, uint32_t *n) {
    const bool smooth = e->faces == 2 && !e->crease;
    put(rig, n, e->a, smooth ? 0.375f : 0.5f);
    put(rig, n, e->b, smooth ? 0.375f : 0.5f);
    if (!smooth) return;
    put(rig, n, e->opposite[0], 0.125f);
    put(rig, n, e->opposite[1], 0.125f);
}

bool bt_rig_build_subdivision(struct bt_rig *rig) {
    struct topology t;
    memset(&t, 0, sizeof(t));
    for (uint32_t f = 0; f < BT_RIG_TRIANGLES; f++)
        for (uint32_t k = 0; k < 3; k++)
            if (!add_edge(&t, rig->triangle[f][k], rig->triangle[f][(k + 1) % 3], rig->triangle[f][(k + 2) % 3])) return false;
    if (t.edges != RIG_EDGES) return false;
    mark_crease(&t, bt_rig_ring(BT_RIG_LIPS_INNER));
    mark_crease(&t, bt_rig_ring(BT_RIG_EYE_0));
    mark_crease(&t, bt_rig_ring(BT_RIG_EYE_1));

    uint32_t n = 0;
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        rig->sub_row[v] = n;
        vertex_row(rig, &t, v, &n);
    }
    for (uint32_t e = 0; e < RIG_EDGES; e++) {
        rig->sub_row[BT_RIG_VERTICES + e] = n;
        edge_row(rig, &t.edge[e], &n);
    }
    rig->sub_row[BT_RIG_FINE_VERTICES] = n;
    for (uint32_t f = 0; f < BT_RIG_TRIANGLES; f++) {
        const uint32_t *v = rig->triangle[f];
        const uint32_t x = BT_RIG_VERTICES + find_edge(&t, v[0], v[1]), y = BT_RIG_VERTICES + find_edge(&t, v[1], v[2]);
        const uint32_t z = BT_RIG_VERTICES + find_edge(&t, v[2], v[0]);
        const uint32_t child[4][3] = {{v[0], x, z}, {v[1], y, x}, {v[2], z, y}, {x, y, z}};
        memcpy(rig->fine_triangle[4 * f], child, sizeof(child));
        memset(&rig->fine_tag[4 * f], rig->tag[f], 4);
    }
    return true;
}

static void incidence(const uint32_t (*triangle)[3], const uint8_t *tag, uint32_t triangles, uint32_t vertices, uint32_t *row,
                      uint32_t *index, float *weight) {
    memset(row, 0, (vertices + 1) * sizeof(*row));
    for (uint32_t t = 0; t < triangles; t++)
        for (uint32_t k = 0; k < 3; k++) row[triangle[t][k] + 1]++;
    for (uint32_t v = 0; v < vertices; v++) row[v + 1] += row[v];
    /* Filling moves each row's start to its end; shifting by one row afterwards puts the starts back. */
    for (uint32_t t = 0; t < triangles; t++) {
        for (uint32_t k = 0; k < 3; k++) {
            const uint32_t at = row[triangle[t][k]]++;
            index[at] = t;
            weight[at] = tag[t] == BT_RIG_TAG_SKIN ? 1.0f : 1e-4f;
        }
    }
    memmove(row + 1, row, vertices * sizeof(*row));
    row[0] = 0;
}

void bt_rig_build_incidence(struct bt_rig *rig) {
    incidence((const uint32_t(*)[3])rig->triangle, rig->tag, BT_RIG_TRIANGLES, BT_RIG_VERTICES, rig->inc_row, rig->inc_index,
              rig->inc_weight);
    incidence((const uint32_t(*)[3])rig->fine_triangle, rig->fine_tag, BT_RIG_FINE_TRIANGLES, BT_RIG_FINE_VERTICES,
              rig->fine_inc_row, rig->fine_inc_index, rig->fine_inc_weight);
}

void bt_rig_subdivide(const struct bt_rig *rig, const struct bt_vec3 *vertex, struct bt_vec3 *out_fine) {
    for (uint32_t r = 0; r < BT_RIG_FINE_VERTICES; r++) {
        struct bt_vec3 sum = {0.0f, 0.0f, 0.0f};
        for (uint32_t k = rig->sub_row[r]; k < rig->sub_row[r + 1]; k++)
            sum = bt_vec3_add_scaled(sum, vertex[rig->sub_index[k]], rig->sub_weight[k]);
        out_fine[r] = sum;
    }
}

static void normals(const struct bt_rig_rows *rows, const uint32_t (*triangle)[3], const struct bt_vec3 *vertex,
                    struct bt_vec3 *out) {
    for (uint32_t v = 0; v < rows->rows; v++) {
        struct bt_vec3 sum = {0.0f, 0.0f, 0.0f};
        for (uint32_t k = rows->row[v]; k < rows->row[v + 1]; k++) {
            const uint32_t *t = triangle[rows->index[k]];
            const struct bt_vec3 a = vertex[t[0]];
            sum = bt_vec3_add_scaled(sum, bt_vec3_cross(bt_vec3_sub(vertex[t[1]], a), bt_vec3_sub(vertex[t[2]], a)),
                                     rows->weight[k]);
        }
        const float length = sqrtf(bt_vec3_dot(sum, sum)), inverse = length > 1e-9f ? 1.0f / length : 0.0f;
        out[v] = length > 1e-9f ? (struct bt_vec3){sum.x * inverse, sum.y * inverse, sum.z * inverse}
                                : (struct bt_vec3){0.0f, 0.0f, 1.0f};
    }
}

void bt_rig_normals(const struct bt_rig *rig, const struct bt_vec3 *vertex, struct bt_vec3 *out_normal) {
    normals(&rig->mesh.vertex_faces, rig->mesh.triangle, vertex, out_normal);
}

void bt_rig_fine_normals(const struct bt_rig *rig, const struct bt_vec3 *fine, struct bt_vec3 *out_fine_normal) {
    normals(&rig->mesh.fine_vertex_faces, rig->mesh.fine_triangle, fine, out_fine_normal);
}
