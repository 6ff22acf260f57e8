/* SPDX-License-Identifier: MIT */
#include "support/track_face.h"
#include "pipeline/faces.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct bt_bytes track_file(const char *name) {
    char path[1024];
    const char *folder = getenv("BAUTA_TEST_MODELS");
    assert_non_null(folder);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!file) fail_msg("%s is not there: build the target models", path);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const long size = ftell(file);
    rewind(file);
    uint8_t *data = malloc((size_t)size);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, (size_t)size, file), size);
    fclose(file);
    return (struct bt_bytes){data, (size_t)size};
}

struct bt_rig *track_rig_open(void) {
    struct bt_rig *rig = NULL;
    struct bt_bytes geometry = track_file("face_geometry.bin");
    assert_int_equal(bt_rig_create(NULL, geometry, &rig), BT_OK);
    free((void *)(uintptr_t)geometry.data);
    return rig;
}

void track_face_flat(struct track_face *face) {
    float *v = face->mesh;
    for (size_t i = 0; i < sizeof *face / sizeof *v; i++) v[i] = 20 + (float)(i * 37 % 1601) * .09f;
}

static void pick(float *xy, const float *mesh, const uint16_t *index, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        xy[2 * i] = mesh[3 * index[i]];
        xy[2 * i + 1] = mesh[3 * index[i] + 1];
    }
}

void track_face_of(struct track_face *face, const struct bt_rig *rig, float px_a_cm) {
    struct bt_pose pose = {.scale = px_a_cm, .rotation = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .translation = {96, -96, 0}};
    struct bt_vec3 p[BT_LANDMARKS];
    track_face_points(rig, bt_rig_mesh(rig)->canonical, &pose, p);
    memcpy(face->mesh, p, sizeof face->mesh);
    /* Which mesh point each refined one stands for is read off the code under test, by refining marked numbers. */
    struct track_face marked;
    struct bt_vec3 out[BT_LANDMARKS];
    const struct bt_affine same = {{1, 0, 0, 0, 1, 0}};
    float *all = marked.mesh;
    for (size_t i = 0; i < sizeof marked / sizeof *all; i++) all[i] = -(float)i;
    const struct bt_mesh_outputs o = track_face_outputs(&marked);
    bt_track_refine_landmarks(&o, &same, out);
    struct {
        const float *from;
        float *to;
        uint32_t count;
    } part[] = {{marked.lips, face->lips, 80}, {marked.left_eye, face->left_eye, 71}, {marked.right_eye, face->right_eye, 71}};
    for (uint32_t k = 0; k < 3; k++) {
        for (uint32_t i = 0; i < part[k].count; i++) {
            uint16_t where = UINT16_MAX;
            for (uint16_t v = 0; v < BT_MESH_LANDMARKS; v++)
                if (out[v].x == part[k].from[2 * i]) where = v;
            assert_true(where < BT_MESH_LANDMARKS);
            pick(part[k].to + 2 * (size_t)i, face->mesh, &where, 1);
        }
    }
    for (uint32_t i = 0; i < 5; i++) {
        face->left_iris[2 * i] = p[468 + i].x;
        face->left_iris[2 * i + 1] = p[468 + i].y;
        face->right_iris[2 * i] = p[473 + i].x;
        face->right_iris[2 * i + 1] = p[473 + i].y;
    }
}

struct bt_mesh_outputs track_face_outputs(const struct track_face *f) {
    return (struct bt_mesh_outputs){f->mesh, f->lips, f->left_eye, f->right_eye, f->left_iris, f->right_iris};
}

void track_face_points(const struct bt_rig *rig, const struct bt_vec3 *mesh, const struct bt_pose *pose, struct bt_vec3 *out) {
    (void)rig;
    struct bt_vec3 face[BT_LANDMARKS];
    memcpy(face, mesh, BT_MESH_LANDMARKS * sizeof *face);
    const uint32_t corner[2][2] = {{33, 133}, {263, 362}};
    for (uint32_t e = 0; e < 2; e++) {
        const struct bt_vec3 *a = &mesh[corner[e][0]], *b = &mesh[corner[e][1]];
        for (uint32_t i = 0; i < 5; i++) {
            const float dx = i ? .55f * cosf(1.5707963f * (float)i) : 0, dy = i ? .55f * sinf(1.5707963f * (float)i) : 0;
            face[BT_MESH_LANDMARKS + 5 * e + i] =
                (struct bt_vec3){(a->x + b->x) / 2 + dx, (a->y + b->y) / 2 + dy, (a->z + b->z) / 2};
        }
    }
    bt_pose_denormalise(pose, face, BT_LANDMARKS, out);
}
