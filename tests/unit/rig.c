/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/rng.h"
#include "rig/exact.h"
#include "rig/occlusion.h"
#include "rig/raster.h"
#include "rig/rig.h"
#include "support/geometry_file.h"

static uint8_t storage[GEOMETRY_FILE_MAX];
static struct bt_bytes geometry;
static struct bt_rig *rig;

static int set_up(void **state) {
    (void)state;
    geometry = geometry_file(storage);
    return bt_rig_create(NULL, geometry, &rig) == BT_OK ? 0 : -1;
}

static int tear_down(void **state) {
    (void)state;
    bt_rig_destroy(&rig);
    return rig ? -1 : 0;
}

static void test_exact_functions(void **state) {
    (void)state;
    for (int i = -4000; i <= 4000; i++) {
        const double x = i * 0.01713;
        assert_true(fabs(bt_exact_exp(x) / exp(x) - 1.0) < 1e-13);
        assert_true(fabs(bt_exact_sin(x) - sin(x)) < 1e-12);
        assert_true(fabs(bt_exact_cos(x) - cos(x)) < 1e-12);
        if (i > 0) assert_true(fabs(bt_exact_log(x) - log(x)) < 1e-13 * (1.0 + fabs(log(x))));
        if (i > 0) assert_true(fabs(bt_exact_pow(x, 2.2) / pow(x, 2.2) - 1.0) < 1e-12);
    }
}

static void test_subdivision_is_a_partition_of_unity(void **state) {
    (void)state;
    const struct bt_rig_rows *s = &bt_rig_mesh(rig)->subdivision;
    assert_int_equal(s->rows, BT_RIG_FINE_VERTICES);
    for (uint32_t r = 0; r < s->rows; r++) {
        float sum = 0.0f;
        for (uint32_t k = s->row[r]; k < s->row[r + 1]; k++) {
            assert_true(s->index[k] < BT_RIG_VERTICES);
            assert_true(s->weight[k] > 0.0f);
            sum += s->weight[k];
        }
        assert_true(fabsf(sum - 1.0f) < 1e-5f);
    }
}

static void test_subdivision_keeps_rims_and_commutes_with_affine_maps(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    struct bt_vec3 moved[BT_RIG_VERTICES], fine[BT_RIG_FINE_VERTICES], fine_moved[BT_RIG_FINE_VERTICES];
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++) {
        const struct bt_vec3 p = m->canonical[v];
        moved[v] = (struct bt_vec3){2.0f * p.x - p.y + 3.0f, 0.5f * p.y + p.z, p.x - 1.0f};
    }
    bt_rig_subdivide(rig, m->canonical, fine);
    bt_rig_subdivide(rig, moved, fine_moved);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) {
        const struct bt_vec3 p = fine[v];
        assert_true(fabsf(fine_moved[v].x - (2.0f * p.x - p.y + 3.0f)) < 1e-4f);
        assert_true(fabsf(fine_moved[v].y - (0.5f * p.y + p.z)) < 1e-4f);
    }
    for (int ring = BT_RIG_LIPS_INNER; ring <= BT_RIG_EYE_1; ring++) {
        const struct bt_rig_list list = bt_rig_ring((enum bt_rig_ring)ring);
        for (uint32_t i = 0; i < list.count; i++) {
            const uint32_t v = list.vertex[i];
            assert_memory_equal(&fine[v], &m->canonical[v], sizeof(fine[v]));
        }
    }
}

static void test_rings_are_rings(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    static const uint32_t sizes[BT_RIG_RING_COUNT] = {36, 20, 20, 16, 16, 5, 5, 5, 5};
    for (int ring = 0; ring < BT_RIG_RING_COUNT; ring++) {
        const struct bt_rig_list list = bt_rig_ring((enum bt_rig_ring)ring);
        assert_int_equal(list.count, sizes[ring]);
        if (ring > BT_RIG_EYE_1) continue;
        for (uint32_t i = 0; i < list.count; i++) { /* neighbours share a triangle's edge */
            const uint32_t a = list.vertex[i], b = list.vertex[(i + 1) % list.count];
            uint32_t shared = 0;
            for (uint32_t t = 0; t < BT_RIG_TRIANGLES; t++) {
                bool has_a = false, has_b = false;
                for (uint32_t k = 0; k < 3; k++) {
                    has_a = has_a || m->triangle[t][k] == a;
                    has_b = has_b || m->triangle[t][k] == b;
                }
                shared += has_a && has_b;
            }
            assert_int_equal(shared, ring == BT_RIG_OVAL ? 1 : 2);
        }
    }
}

static void test_tags(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    uint32_t count[3] = {0};
    for (uint32_t t = 0; t < BT_RIG_TRIANGLES; t++) {
        count[m->tag[t]]++;
        for (uint32_t k = 0; k < 4; k++) assert_int_equal(m->fine_tag[4 * t + k], m->tag[t]);
    }
    assert_int_equal(count[BT_RIG_TAG_EYE], 28);   /* two polygons of 16 corners */
    assert_int_equal(count[BT_RIG_TAG_MOUTH], 18); /* one of 20 */
}

static void test_normals_point_outwards(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    struct bt_vec3 fine[BT_RIG_FINE_VERTICES], normal[BT_RIG_FINE_VERTICES], coarse[BT_RIG_VERTICES];
    bt_rig_subdivide(rig, m->canonical, fine);
    bt_rig_fine_normals(rig, fine, normal);
    bt_rig_normals(rig, m->canonical, coarse);
    for (uint32_t v = 0; v < BT_RIG_FINE_VERTICES; v++) assert_true(fabsf(bt_vec3_dot(normal[v], normal[v]) - 1.0f) < 1e-4f);
    assert_true(normal[4].z > 0.5f); /* the nose's tip */
    assert_true(coarse[4].z > 0.5f && coarse[10].z > 0.3f);
    assert_true(coarse[454].x > 0.5f && coarse[234].x < -0.5f);
}

static void test_maps(void **state) {
    (void)state;
    const struct bt_rig_maps *maps = bt_rig_maps(rig);
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    uint32_t covered = 0;
    for (uint32_t y = 0; y < BT_RIG_MAP_PX; y++) {
        for (uint32_t x = 0; x < BT_RIG_MAP_PX; x++) {
            const uint32_t i = y * BT_RIG_MAP_PX + x;
            const float *all[] = {maps->paint, maps->paint_wide, maps->feature, maps->keep, maps->pass,
                                  maps->eye,   maps->lips,       maps->mouth,   maps->brow};
            for (uint32_t k = 0; k < BT_COUNT(all); k++) assert_true(all[k][i] >= 0.0f && all[k][i] <= 1.0f);
            if (!maps->covered[i]) continue;
            covered++;
            /* The gather gives back the texel's own uv. */
            const uint32_t *t = m->fine_triangle[maps->triangle[i]];
            float u = 0.0f, v = 0.0f;
            for (uint32_t k = 0; k < 3; k++) {
                u += maps->barycentric[i][k] * m->fine_uv[t[k]].x;
                v += maps->barycentric[i][k] * m->fine_uv[t[k]].y;
            }
            assert_true(fabsf(u * BT_RIG_MAP_PX - (float)x - 0.5f) < 0.01f &&
                        fabsf(v * BT_RIG_MAP_PX - (float)y - 0.5f) < 0.01f);
        }
    }
    assert_true(covered > BT_RIG_MAP_TEXELS / 2);
    const struct bt_vec2 nose = m->uv[4], eye = m->uv[159];
    assert_true(maps->paint[(uint32_t)(nose.y * 256) * 256 + (uint32_t)(nose.x * 256)] > 0.99f);
    assert_true(maps->feature[(uint32_t)(eye.y * 256) * 256 + (uint32_t)(eye.x * 256)] > 0.9f);
    assert_true(maps->paint[0] == 0.0f);
    const struct bt_rig_list oval = bt_rig_ring(BT_RIG_OVAL);
    for (uint32_t i = 0; i < oval.count; i++) assert_true(m->shape[oval.vertex[i]] == 0.0f);
}

static void test_closed_lips(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    const float open = m->canonical[13].y - m->canonical[14].y, shut = m->closed[13].y - m->closed[14].y;
    assert_true(open > 0.4f);
    assert_true(fabsf(shut - 0.05f) < 0.03f);
    assert_true(fabsf(m->closed[4].y - m->canonical[4].y) < 0.02f); /* the nose stays */
}

static void test_hybrid(void **state) {
    (void)state;
    const struct bt_rig_mesh *m = bt_rig_mesh(rig);
    const float straight[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    struct bt_vec3 same[BT_RIG_VERTICES], mask[BT_RIG_VERTICES], out[BT_RIG_VERTICES];
    /* The driver as the mask: nothing changes. */
    bt_rig_hybrid(rig, m->closed, m->closed, m->closed, straight, BT_RIG_STRENGTH, same);
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
        assert_true(fabsf(same[v].x - m->closed[v].x) + fabsf(same[v].y - m->closed[v].y) + fabsf(same[v].z - m->closed[v].z) <
                    1e-4f);
    /* A wider mask: the outline stays, the nose grows. */
    for (uint32_t v = 0; v < BT_RIG_VERTICES; v++)
        mask[v] = (struct bt_vec3){1.1f * m->closed[v].x, m->closed[v].y, m->closed[v].z};
    bt_rig_hybrid(rig, m->closed, m->closed, mask, straight, BT_RIG_STRENGTH, out);
    const struct bt_rig_list oval = bt_rig_ring(BT_RIG_OVAL);
    for (uint32_t i = 0; i < oval.count; i++) assert_true(fabsf(out[oval.vertex[i]].x - m->closed[oval.vertex[i]].x) < 1e-5f);
    assert_true(out[358].x > m->closed[358].x * 1.05f);
    /* A mask with narrower eyes on a driver who blinks: the lids meet all the same. */
    struct bt_vec3 blink[BT_RIG_VERTICES];
    memcpy(blink, m->closed, sizeof(blink));
    memcpy(mask, m->closed, sizeof(mask));
    const struct bt_rig_list eye = bt_rig_ring(BT_RIG_EYE_0);
    float middle = 0.0f;
    for (uint32_t i = 0; i < eye.count; i++) middle += m->closed[eye.vertex[i]].y / (float)eye.count;
    for (uint32_t i = 0; i < eye.count; i++) {
        const uint32_t v = eye.vertex[i];
        mask[v].y = middle + 0.7f * (m->closed[v].y - middle);
        blink[v].y = middle + 0.03f * (m->closed[v].y - middle);
    }
    bt_rig_hybrid(rig, blink, m->closed, mask, straight, 1.0f, out);
    const float rest = m->closed[159].y - m->closed[145].y, left = out[159].y - out[145].y;
    assert_true(fabsf(left) < 0.12f * rest);
    /* Lips that are shut do not cross, whatever the mask's are like. */
    memcpy(mask, m->closed, sizeof(mask));
    mask[13].y -= 0.3f;
    bt_rig_hybrid(rig, m->closed, m->closed, mask, straight, BT_RIG_STRENGTH, out);
    assert_true(out[13].y >= out[14].y - 1e-4f);
}

static void test_occlusion(void **state) {
    (void)state;
    struct bt_occlusion *o = NULL;
    assert_int_equal(bt_occlusion_create(rig, &o), BT_OK);
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) assert_true(bt_occlusion_map(o)[i] == 1.0f);
    bt_occlusion_begin(o, bt_rig_mesh(rig)->closed);
    uint32_t steps = 1;
    while (!bt_occlusion_step(o, 5)) steps++;
    assert_int_equal(steps, 15);
    const float *map = bt_occlusion_map(o);
    for (uint32_t i = 0; i < BT_RIG_MAP_TEXELS; i++) assert_true(map[i] >= 0.34f && map[i] <= 1.0f);
    const struct bt_vec2 *uv = bt_rig_mesh(rig)->uv;
#define AT(v) map[(uint32_t)(uv[v].y * 256) * 256 + (uint32_t)(uv[v].x * 256)]
    assert_true(AT(4) > 0.95f);           /* the nose's tip is open */
    assert_true(AT(193) < AT(4) - 0.05f); /* beside its root, less */
    assert_true(AT(0) > 0.87f);           /* lips */
#undef AT
    /* In one go: the same. */
    static float copy[BT_RIG_MAP_TEXELS];
    memcpy(copy, map, sizeof(copy));
    bt_occlusion_begin(o, bt_rig_mesh(rig)->closed);
    assert_true(bt_occlusion_step(o, BT_OCCLUSION_DIRECTIONS));
    assert_memory_equal(copy, bt_occlusion_map(o), sizeof(copy));
    bt_occlusion_destroy(&o);
    assert_null(o);
}

static void test_bad_geometry_is_refused(void **state) {
    (void)state;
    static uint8_t bad[GEOMETRY_FILE_MAX];
    struct bt_rig *none = NULL;
    assert_int_equal(bt_rig_create(NULL, (struct bt_bytes){NULL, 0}, &none), BT_E_FORMAT);
    for (size_t size = 0; size < geometry.size; size += 997)
        assert_int_equal(bt_rig_create(NULL, (struct bt_bytes){geometry.data, size}, &none), BT_E_FORMAT);
    struct bt_rng rng;
    bt_rng_init(&rng, 5, 1);
    uint32_t refused = 0;
    for (uint32_t n = 0; n < 24; n++) { /* wherever a triangle is hit, the surface is none any more */
        memcpy(bad, geometry.data, geometry.size);
        const size_t triangles = 16 + BT_RIG_VERTICES * 20;
        bad[triangles + bt_rng_u32(&rng) % (BT_RIG_TRIANGLES * 12)] ^= (uint8_t)(1u << bt_rng_u32(&rng) % 8);
        const bt_status status = bt_rig_create(NULL, (struct bt_bytes){bad, geometry.size}, &none);
        assert_true(status == BT_OK || status == BT_E_FORMAT);
        refused += status == BT_E_FORMAT;
        bt_rig_destroy(&none);
    }
    assert_true(refused > 20);
    memcpy(bad, geometry.data, geometry.size);
    memset(bad + 16, 0xff, 4); /* NaN */
    assert_int_equal(bt_rig_create(NULL, (struct bt_bytes){bad, geometry.size}, &none), BT_E_FORMAT);
    assert_null(none);
}

static void test_raster(void **state) {
    (void)state;
    float px[40 * 30] = {0}, scratch[40 * 30], distance[40 * 30], sum = 0.0f;
    const struct bt_picture_f p = {px, 40, 30};
    const struct bt_vec2 square[] = {{4.5f, 5.0f}, {20.0f, 5.0f}, {20.0f, 15.0f}, {4.5f, 15.0f}};
    bt_raster_polygon(p, square, 4, 1.0f);
    for (uint32_t i = 0; i < 1200; i++) sum += px[i];
    assert_true(fabsf(sum - 155.0f) < 0.01f); /* its area */
    bt_raster_distance(p, distance, scratch);
    assert_true(fabsf(distance[10 * 40 + 12] - 5.0f) < 0.01f);
    bt_raster_blur(p, 2.5f, scratch);
    float blurred = 0.0f;
    for (uint32_t i = 0; i < 1200; i++) blurred += px[i];
    assert_true(fabsf(blurred - sum) < 1.0f);
    memset(px, 0, sizeof(px));
    px[15 * 40 + 20] = 1.0f;
    bt_raster_dilate(p, 3.0f, scratch);
    assert_true(px[15 * 40 + 23] == 1.0f && px[12 * 40 + 20] == 1.0f && px[12 * 40 + 23] == 0.0f && px[15 * 40 + 24] == 0.0f);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact_functions),
        cmocka_unit_test(test_subdivision_is_a_partition_of_unity),
        cmocka_unit_test(test_subdivision_keeps_rims_and_commutes_with_affine_maps),
        cmocka_unit_test(test_rings_are_rings),
        cmocka_unit_test(test_tags),
        cmocka_unit_test(test_normals_point_outwards),
        cmocka_unit_test(test_maps),
        cmocka_unit_test(test_closed_lips),
        cmocka_unit_test(test_hybrid),
        cmocka_unit_test(test_occlusion),
        cmocka_unit_test(test_bad_geometry_is_refused),
        cmocka_unit_test(test_raster),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
