/* SPDX-License-Identifier: MIT */
/* The hybrid face drawn from tiles: the sorting against brute force, the kernel against plain C, on random triangles. */
#include "pipeline/swap/kernels.h"
#include "pipeline/swap/tiles.h"
#include "support/swap_kit.h"
#include "swap/draw.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum {
    SIDE = 56, /* px; the kernel's images are as large as they always are */
    TRIANGLES = 150,
    VERTICES = TRIANGLES * 3,
    TILES_W = SIDE / BT_SWAP_TILE_W,
    TILES_H = SIDE / BT_SWAP_TILE_H,
};

struct scene {
    struct bt_vec3 point[VERTICES], normal[VERTICES];
    uint32_t triangle[TRIANGLES][3], tile[TILES_W * TILES_H * 2];
    float vertex[VERTICES][8], corner[TRIANGLES][4], light[BT_SWAP_LIGHT_STATE][4];
    float *list[BT_SWAP_LISTS];
};

/* Random triangles at depths of their own, flat, so that the nearest is the same by middle and by pixel. */
static void make_scene(struct kit *kit, struct scene *s) {
    struct bt_rng *r = &kit->rng;
    for (uint32_t t = 0; t < TRIANGLES; t++) {
        float x = bt_rng_uniform(r, -5, SIDE + 5), y = bt_rng_uniform(r, -5, SIDE + 5), z = (float)(t * 7 % TRIANGLES);
        bool away = t % 11 == 0;
        for (uint32_t k = 0; k < 3; k++) {
            uint32_t v = 3 * t + k;
            s->point[v] = (struct bt_vec3){x + bt_rng_uniform(r, -9, 9), y + bt_rng_uniform(r, -9, 9), z};
            s->normal[v] = (struct bt_vec3){0, 0, away ? -.5f : 1};
            s->triangle[t][k] = v;
            s->corner[t][k] = (float)v;
            const float low[8] = {.1f, .1f, -9, -9, -.6f, -.6f, .5f, -1}, high[8] = {.9f, .9f, 9, 9, .6f, .6f, 1, 2};
            for (int c = 0; c < 8; c++) s->vertex[v][c] = bt_rng_uniform(r, low[c], high[c]);
        }
        s->corner[t][3] = 0;
    }
    for (int i = 0; i < BT_SWAP_LIGHT_STATE; i++)
        for (int c = 0; c < 4; c++) s->light[i][c] = i == 0 ? .6f : bt_rng_uniform(r, -.1f, .1f);
    for (int l = 0; l < BT_SWAP_LISTS; l++) {
        s->list[l] = calloc(BT_SWAP_LIST_MAX, 16);
        assert_non_null(s->list[l]);
    }
    const struct bt_tiles_params params = {.point = s->point,
                                           .normal = s->normal,
                                           .triangle = (const uint32_t(*)[3])s->triangle,
                                           .triangles = TRIANGLES,
                                           .tiles_w = TILES_W,
                                           .tiles_h = TILES_H};
    bt_swap_tiles_sort(&params, s->tile, s->list);
}

static float cross(struct bt_vec3 a, struct bt_vec3 b, float x, float y) {
    return (b.x - a.x) * (y - a.y) - (b.y - a.y) * (x - a.x);
}

/* The nearest triangle over a pixel's centre, -1 for none; `out_sure` is false within a hair of an edge. */
static int nearest(const struct scene *s, float x, float y, float bary[3], bool *out_sure) {
    int best = -1;
    *out_sure = true;
    for (int t = 0; t < TRIANGLES; t++) {
        const struct bt_vec3 *p = s->point + 3 * t;
        float area = cross(p[0], p[1], p[2].x, p[2].y), l[3];
        if (s->normal[3 * t].z < 0 || fabsf(area) < 1e-3f) continue;
        l[0] = cross(p[1], p[2], x, y) / area, l[1] = cross(p[2], p[0], x, y) / area, l[2] = 1 - l[0] - l[1];
        float least = fminf(l[0], fminf(l[1], l[2]));
        if (fabsf(least) < 2e-3f) *out_sure = false;
        if (least < 0 || (best >= 0 && s->point[3 * best].z > p[0].z)) continue;
        best = t;
        memcpy(bary, l, sizeof l);
    }
    return best;
}

static void sorted_lists(void **state) {
    struct kit *kit = *state;
    static struct scene s;
    make_scene(kit, &s);
    int hits = 0;
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float bary[3], px = (float)x + .5f, py = (float)y + .5f;
            bool sure;
            int want = nearest(&s, px, py, bary, &sure), got = -1;
            const uint32_t *tile = s.tile + 2 * (y / BT_SWAP_TILE_H * TILES_W + x / BT_SWAP_TILE_W);
            for (uint32_t i = tile[0]; i < tile[0] + tile[1] && got < 0; i++) {
                const float *e = s.list[0] + (size_t)i * 4, *f = s.list[1] + (size_t)i * 4;
                float a = e[0] * px + e[1] * py + e[2], b = f[0] * px + f[1] * py + f[2];
                if (fminf(fminf(a, b), 1 - a - b) >= 0) got = (int)e[3];
            }
            if (sure) assert_int_equal(got, want);
            hits += want >= 0;
        }
    assert_true(hits > SIDE * SIDE / 4);
    for (int l = 0; l < BT_SWAP_LISTS; l++) free(s.list[l]);
}

/* A list without end is cut off, and stays within its memory. */
static void full_list(void **state) {
    (void)state;
    static struct bt_vec3 point[3] = {{0, 0, 0}, {BT_SWAP_GRID_PX, 0, 0}, {0, BT_SWAP_GRID_PX, 0}}, normal[3];
    static uint32_t triangle[BT_TILES_TRIANGLES][3],
        tile[BT_SWAP_GRID_PX / BT_SWAP_TILE_W * (BT_SWAP_GRID_PX / BT_SWAP_TILE_H)][2];
    float *list[BT_SWAP_LISTS];
    for (int l = 0; l < BT_SWAP_LISTS; l++) {
        list[l] = malloc((size_t)BT_SWAP_LIST_MAX * 16);
        assert_non_null(list[l]);
    }
    for (int t = 0; t < BT_TILES_TRIANGLES; t++)
        for (uint32_t k = 0; k < 3; k++) triangle[t][k] = k;
    const struct bt_tiles_params params = {.point = point,
                                           .normal = normal,
                                           .triangle = (const uint32_t(*)[3])triangle,
                                           .triangles = BT_TILES_TRIANGLES,
                                           .tiles_w = BT_SWAP_GRID_PX / BT_SWAP_TILE_W,
                                           .tiles_h = BT_SWAP_GRID_PX / BT_SWAP_TILE_H};
    bt_swap_tiles_sort(&params, tile[0], list);
    uint32_t total = 0;
    for (size_t i = 0; i < sizeof tile / sizeof tile[0]; i++) {
        assert_true(tile[i][0] + tile[i][1] <= BT_SWAP_LIST_MAX);
        total += tile[i][1];
    }
    assert_int_equal(total, BT_SWAP_LIST_MAX);
    for (int l = 0; l < BT_SWAP_LISTS; l++) free(list[l]);
}

static void ratio_at(const struct kit_picture *ratio, float u, float v, int level, float out[4]) {
    float size = (float)(512 >> level), x = kit_clamp(u * size, .5f, size - .5f), y = kit_clamp(v * size, .5f, size - .5f);
    kit_sample(ratio, ((level ? 512 : 0) + x) / BT_DRAW_RATIO_W, ((level > 1 ? 256 : 0) + y) / BT_DRAW_RATIO_H, out);
}

struct maps {
    struct kit_picture relit, verdict, plan, ratio, cover;
};

static void shade(const struct scene *s, const struct maps *m, const struct bt_draw_push *push, int t, const float l[3],
                  float paint[4], float move[4]) {
    float f[8] = {0}, h[9], zone[4], soft[4], bad[4], cover[4], low[4], high[4];
    for (int c = 0; c < 8; c++)
        for (int k = 0; k < 3; k++) f[c] += l[k] * s->vertex[3 * t + k][c];
    float z = sqrtf(fmaxf(0, 1 - f[4] * f[4] - f[5] * f[5])), lifted = fmaxf(z, .36f);
    float n = 1 / sqrtf(f[4] * f[4] + f[5] * f[5] + lifted * lifted), x = f[4] * n, y = f[5] * n, q = lifted * n;
    const float basis[9] = {1, y, q, x, x * y, y * q, 3 * q * q - 1, x * q, x * x - y * y};
    memcpy(h, basis, sizeof h);
    kit_sample(&m->plan, f[0], f[1], zone);
    kit_sample(&m->relit, f[0], f[1], soft);
    kit_sample(&m->verdict, f[0], f[1], bad);
    kit_sample(&m->cover, f[0], f[1], cover);
    float shown = kit_step(.35f, .8f, cover[1]);
    int level = (int)floorf(push->level);
    ratio_at(&m->ratio, f[0], f[1], level, low);
    ratio_at(&m->ratio, f[0], f[1], level + 1, high);
    for (int c = 0; c < 3; c++) {
        float e = 0, floor_light = .35f * fmaxf(s->light[0][c], .004f);
        for (int i = 0; i < 9; i++) e += h[i] * s->light[i][c];
        float d = e - floor_light;
        e = .5f * (e + floor_light + sqrtf(d * d + .25f * floor_light * floor_light));
        e *= kit_clamp(f[6], .05f, 1) * expf(soft[c] + push->gloss * soft[3]);
        paint[c] = kit_clamp(e * kit_mix(low[c], high[c], push->level - (float)level), (float)BT_DRAW_DARKEST, 2.5f);
    }
    paint[3] = (1 - zone[2]) * (1 - kit_clamp(1.5f * bad[0], 0, 1));
    float rim = kit_mix(kit_step(.05f, .3f, z), 1, kit_step(.6f, 1, zone[0]));
    move[0] = f[2] * (1 - shown), move[1] = f[3] * (1 - shown);
    move[2] = zone[0] * (1 - kit_clamp(1.5f * bad[1], 0, 1)) * rim * (1 - kit_step(0, 1, f[7])) * (1 - shown);
    move[3] = zone[1];
}

static void drawing(void **state) {
    struct kit *kit = *state;
    static struct scene s;
    make_scene(kit, &s);
    struct maps m = {kit_picture(kit, BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX, -.3f, .3f),
                     kit_picture(kit, BT_SWAP_SKIN_PX, BT_SWAP_SKIN_PX, 0, .6f), kit_picture(kit, 256, 256, 0, 1),
                     kit_picture(kit, BT_DRAW_RATIO_W, BT_DRAW_RATIO_H, .5f, 1.5f),
                     kit_picture(kit, BT_SWAP_LIGHT_PX, BT_SWAP_LIGHT_PX, 0, .7f)};
    struct kit_picture paint = kit_picture(kit, BT_SWAP_GRID_PX, BT_SWAP_GRID_PX, 0, 1),
                       move = kit_picture(kit, BT_SWAP_GRID_PX, BT_SWAP_GRID_PX, 0, 1);
    const size_t list_bytes = (size_t)BT_SWAP_LIST_MAX * 16;
    struct bt_buffer *buffer[6] = {kit_buffer(kit, s.tile, sizeof s.tile),     kit_buffer(kit, s.list[0], list_bytes),
                                   kit_buffer(kit, s.list[1], list_bytes),     kit_buffer(kit, s.corner, sizeof s.corner),
                                   kit_buffer(kit, s.vertex, sizeof s.vertex), kit_buffer(kit, s.light, sizeof s.light)};
    const size_t bytes[5] = {sizeof s.tile, list_bytes, list_bytes, sizeof s.corner, sizeof s.vertex};
    struct bt_texels *texels[5] = {NULL};
    for (int i = 0; i < 5; i++)
        assert_int_equal(bt_texels_create(buffer[i], 0, bytes[i], i ? BT_TEXELS_RGBA32F : BT_TEXELS_R32UI, &texels[i]), BT_OK);
    const struct bt_binding b[BT_DRAW_SLOTS] = {
        {.texels = texels[0]}, {.texels = texels[1]},  {.texels = texels[2]},   {.texels = texels[3]}, {.texels = texels[4]},
        {.buffer = buffer[5]}, kit_sampled(&m.relit),  kit_sampled(&m.verdict), kit_sampled(&m.plan),  kit_sampled(&m.ratio),
        kit_sampled(&m.cover), {.image = paint.image}, {.image = move.image}};
    const struct bt_draw_push push = {.tiles_w = TILES_W, .level = 1.3f, .gloss = .8f};
    struct bt_kernel *k = NULL;
    assert_int_equal(bt_swap_kernel_create(kit->gpu.gpu, BT_KERNEL_DRAW, &k), BT_OK);
    kit_run(kit, k, b, BT_DRAW_SLOTS, &push, SIDE / BT_DRAW_LOCAL, SIDE / BT_DRAW_LOCAL);
    kit_download(&paint);
    kit_download(&move);
    for (int y = 0; y < SIDE; y++)
        for (int x = 0; x < SIDE; x++) {
            float bary[3] = {0}, want[2][4] = {{0}};
            bool sure;
            int t = nearest(&s, (float)x + .5f, (float)y + .5f, bary, &sure);
            if (!sure) continue;
            if (t >= 0) shade(&s, &m, &push, t, bary, want[0], want[1]);
            assert_int_equal(kit_fetch(&paint, x, y)[1] > 0, t >= 0); /* what blend finds the outline by */
            /* Samplers weigh with 8 bits over a contrast of 1; light, gloss and ratio multiply up to 3; flow has 3 digits. */
            for (int c = 0; c < 4; c++) {
                assert_float_equal(kit_fetch(&paint, x, y)[c], want[0][c], .03);
                assert_float_equal(kit_fetch(&move, x, y)[c], want[1][c], .03);
            }
        }
    bt_kernel_destroy(&k);
    for (int i = 0; i < 5; i++) bt_texels_destroy(&texels[i]);
    for (int i = 0; i < 6; i++) bt_buffer_destroy(&buffer[i]);
    struct kit_picture *all[] = {&m.relit, &m.verdict, &m.plan, &m.ratio, &m.cover, &paint, &move};
    for (size_t i = 0; i < BT_COUNT(all); i++) kit_free(all[i]);
    for (int l = 0; l < BT_SWAP_LISTS; l++) free(s.list[l]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(sorted_lists, kit_open, kit_close),
        cmocka_unit_test(full_list),
        cmocka_unit_test_setup_teardown(drawing, kit_open, kit_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
