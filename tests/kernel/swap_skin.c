/* SPDX-License-Identifier: MIT */
/* The kernels that carry the driver's skin into canonical space and judge it, against plain C on random data. */
#include "pipeline/swap/kernels.h"
#include "support/swap_kit.h"
#include "swap/core.h"
#include "swap/judge.h"
#include "swap/shrink.h"
#include "swap/unwrap.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* What is stored has 11 bits; a sampler's own weights have 8 at least, times a contrast of 1. */
static const float STORED = 2e-3f, SAMPLED = 8e-3f;

enum { N = BT_SWAP_SKIN_PX };

static struct bt_kernel *kernel_of(struct kit *kit, enum bt_swap_kernel which) {
    struct bt_kernel *kernel = NULL;
    assert_int_equal(bt_swap_kernel_create(kit->gpu.gpu, which, &kernel), BT_OK);
    return kernel;
}

static float coded(float linear) {
    return logf(fmaxf(linear, (float)BT_SWAP_DARKEST)) / (float)BT_GAMMA;
}

static void shrink(void **state) {
    struct kit *kit = *state;
    enum { W = 37, H = 23, X = 3, Y = 2, CW = (W + 1) / 2 - X, CH = (H + 1) / 2 - Y };
    struct kit_picture frame = kit_picture(kit, W, H, -.1f, 1.5f), half = kit_picture(kit, (W + 1) / 2, (H + 1) / 2, 0, 1);
    const struct bt_binding b[BT_SHRINK_SLOTS] = {kit_sampled(&frame), {.image = half.image}};
    const struct bt_shrink_push push = {X, Y, CW, CH, W, H};
    struct bt_kernel *k = kernel_of(kit, BT_KERNEL_SHRINK);
    kit_run(kit, k, b, BT_SHRINK_SLOTS, &push, (CW + 7) / 8, (CH + 7) / 8);
    kit_download(&half);
    for (int y = Y; y < Y + CH; y++)
        for (int x = X; x < X + CW; x++) {
            const float *p[4];
            for (int i = 0; i < 4; i++) p[i] = kit_fetch(&frame, 2 * x + (i & 1), 2 * y + (i >> 1));
            for (int c = 0; c < 3; c++)
                assert_float_equal(kit_fetch(&half, x, y)[c], coded((p[0][c] + p[1][c] + p[2][c] + p[3][c]) / 4), 2 * STORED);
            float detail = fabsf(coded(p[0][1]) - coded(p[1][1]) - coded(p[2][1]) + coded(p[3][1])) / 2;
            assert_float_equal(kit_fetch(&half, x, y)[3], detail, 2 * STORED);
        }
    bt_kernel_destroy(&k);
    kit_free(&frame);
    kit_free(&half);
}

static void unwrap(void **state) {
    struct kit *kit = *state;
    enum { W = 33, H = 21, VERTICES = 90 };
    struct kit_picture half = kit_picture(kit, W, H, 0, 1), skin = kit_picture(kit, N, N, 0, 1),
                       shape = kit_picture(kit, N, N, 0, 1);
    float *place = malloc(N * N * 16), vertex[VERTICES][8];
    assert_non_null(place);
    for (int v = 0; v < VERTICES; v++) {
        const float low[8] = {-5, -5, 0, 0, -1, -1, -1, 0}, high[8] = {2 * W + 5, 2 * H + 5, 1, 1, 1, 1, 1, 0};
        for (int c = 0; c < 8; c++) vertex[v][c] = bt_rng_uniform(&kit->rng, low[c], high[c]);
    }
    for (int i = 0; i < N * N; i++) {
        uint32_t i0 = bt_rng_u32(&kit->rng) % VERTICES, i1 = bt_rng_u32(&kit->rng) % VERTICES;
        place[4 * i] = i % 7 == 0 ? -1 : (float)(i0 + 2048 * i1);
        place[4 * i + 1] = (float)(bt_rng_u32(&kit->rng) % VERTICES);
        place[4 * i + 2] = bt_rng_uniform(&kit->rng, 0, .5f);
        place[4 * i + 3] = bt_rng_uniform(&kit->rng, 0, .5f);
    }
    struct bt_buffer *place_buffer = kit_buffer(kit, place, N * N * 16),
                     *vertex_buffer = kit_buffer(kit, vertex, sizeof vertex);
    struct bt_texels *place_texels = NULL, *vertex_texels = NULL;
    assert_int_equal(bt_texels_create(place_buffer, 0, N * N * 16, BT_TEXELS_RGBA32F, &place_texels), BT_OK);
    assert_int_equal(bt_texels_create(vertex_buffer, 0, sizeof vertex, BT_TEXELS_RGBA32F, &vertex_texels), BT_OK);
    const struct bt_binding b[BT_UNWRAP_SLOTS] = {
        kit_sampled(&half), {.texels = place_texels}, {.texels = vertex_texels}, {.image = skin.image}, {.image = shape.image}};
    const struct bt_unwrap_push push = {2 * W - 1, 2 * H - 1, .5f / W, .5f / H};
    struct bt_kernel *k = kernel_of(kit, BT_KERNEL_UNWRAP);
    kit_run(kit, k, b, BT_UNWRAP_SLOTS, &push, N / 8, N / 8);
    kit_download(&skin);
    kit_download(&shape);
    int seen_texels = 0;
    for (int i = 0; i < N * N; i++) {
        bool covered = place[4 * i] >= 0;
        uint32_t pair = covered ? (uint32_t)place[4 * i] : 0;
        const float *v[3] = {vertex[pair % 2048], vertex[pair / 2048], vertex[(uint32_t)place[4 * i + 1]]};
        const float w[3] = {place[4 * i + 2], place[4 * i + 3], 1 - place[4 * i + 2] - place[4 * i + 3]};
        float p[8] = {0}, tap[4];
        for (int c = 0; c < 8; c++)
            for (int j = 0; j < 3; j++) p[c] += w[j] * v[j][c];
        float length = sqrtf(p[4] * p[4] + p[5] * p[5] + p[6] * p[6]);
        if (length < .05f) continue; /* no direction */
        bool inside = p[0] > 1 && p[1] > 1 && p[0] < push.frame_w - 1 && p[1] < push.frame_h - 1;
        float edge = fminf(fminf(p[0] - 1, p[1] - 1), fminf(push.frame_w - 1 - p[0], push.frame_h - 1 - p[1]));
        float seen = kit_clamp((p[6] / length - .12f) / .5f, 0, 1) * kit_clamp(p[2], 0, 1);
        const float *got = skin.texel + 4 * i, *form = shape.texel + 4 * i;
        if (fabsf(edge) > 1e-3f) assert_float_equal(got[3], covered && inside ? seen : 0, STORED);
        assert_float_equal(form[0], p[4] / length, STORED);
        assert_float_equal(form[1], p[5] / length, STORED);
        assert_float_equal(form[2], p[3], STORED);
        kit_sample(&half, p[0] * push.inverse_w, p[1] * push.inverse_h, tap);
        for (int c = 0; c < 3; c++) assert_float_equal(got[c], tap[c], SAMPLED);
        assert_float_equal(form[3], tap[3], SAMPLED);
        seen_texels += covered && inside && seen > 0;
    }
    assert_true(seen_texels > N);
    bt_kernel_destroy(&k);
    bt_texels_destroy(&place_texels);
    bt_texels_destroy(&vertex_texels);
    bt_buffer_destroy(&place_buffer);
    bt_buffer_destroy(&vertex_buffer);
    kit_free(&half);
    kit_free(&skin);
    kit_free(&shape);
    free(place);
}

static void core(void **state) {
    struct kit *kit = *state;
    enum { M = BT_SWAP_CORE_PX, SIDE = N / M };
    struct kit_picture skin = kit_picture(kit, N, N, -1, 1), zone = kit_picture(kit, N, N, 0, 1),
                       mean = kit_picture(kit, M, M, 0, 1);
    const struct bt_binding b[BT_CORE_SLOTS] = {kit_sampled(&skin), kit_sampled(&zone), {.image = mean.image}};
    struct bt_kernel *k = kernel_of(kit, BT_KERNEL_CORE);
    kit_run(kit, k, b, BT_CORE_SLOTS, NULL, M / 8, M / 8);
    kit_download(&mean);
    for (int y = 0; y < M; y++)
        for (int x = 0; x < M; x++) {
            float sum[4] = {0};
            for (int j = 0; j < SIDE * SIDE; j++) {
                const float *s = kit_fetch(&skin, x * SIDE + j % SIDE, y * SIDE + j / SIDE);
                const float *z = kit_fetch(&zone, x * SIDE + j % SIDE, y * SIDE + j / SIDE);
                float w = s[3] * z[0] * (1 - z[2]) * (y * SIDE + j / SIDE < BT_CORE_HAIR_ROWS ? (float)BT_CORE_HAIR_WEIGHT : 1);
                for (int c = 0; c < 4; c++) sum[c] += w * (c < 3 ? s[c] : 1) / (SIDE * SIDE);
            }
            for (int c = 0; c < 4; c++) assert_float_equal(kit_fetch(&mean, x, y)[c], sum[c], STORED);
        }
    bt_kernel_destroy(&k);
    kit_free(&skin);
    kit_free(&zone);
    kit_free(&mean);
}

static void judge(void **state) {
    struct kit *kit = *state;
    enum { M = BT_SWAP_CORE_PX };
    struct kit_picture skin = kit_picture(kit, N, N, -1, 0), zone = kit_picture(kit, N, N, 0, 1),
                       mean = kit_picture(kit, M, M, -.5f, 0), verdict = kit_picture(kit, N, N, 0, 1);
    for (int i = 0; i < M * M; i++) mean.texel[4 * i + 3] = 1; /* a mean of weight 1 keeps the division tame */
    kit_upload(&mean);
    float *before = malloc(N * N * 16);
    assert_non_null(before);
    for (int i = 0; i < N * N * 4; i++) before[i] = verdict.texel[i];
    const struct bt_binding b[BT_JUDGE_SLOTS] = {
        kit_sampled(&skin), kit_sampled(&zone), kit_sampled(&mean), {.image = verdict.image}};
    const struct bt_judge_push push = {.35f};
    struct bt_kernel *k = kernel_of(kit, BT_KERNEL_JUDGE);
    kit_run(kit, k, b, BT_JUDGE_SLOTS, &push, N / 8, N / 8);
    kit_download(&verdict);
    for (int y = 0; y < N; y++)
        for (int x = 0; x < N; x++) {
            float m[4], d[3];
            const float *s = kit_fetch(&skin, x, y);
            kit_sample(&mean, ((float)x + .5f) / N, ((float)y + .5f) / N, m);
            for (int c = 0; c < 3; c++) d[c] = s[c] - m[c];
            float light = (d[0] + d[1] + d[2]) / 3, color = fabsf(d[0] - light) + fabsf(d[1] - light) + fabsf(d[2] - light);
            float bad = kit_clamp((-light - (float)BT_JUDGE_DARK) / (float)BT_JUDGE_DARK_RAMP, 0, 1) +
                        kit_clamp((color - (float)BT_JUDGE_COLOR) / (float)BT_JUDGE_COLOR_RAMP, 0, 1);
            bad = fminf(1, bad) * (1 - kit_fetch(&zone, x, y)[2]);
            float hair = kit_mix(before[4 * (y * N + x) + 1], y < BT_JUDGE_HAIR_ROWS ? bad : 0, push.rate);
            /* Ramps are a fifth of a unit wide: errors grow by five, in light and in colour. */
            assert_float_equal(kit_fetch(&verdict, x, y)[0], bad, 10 * SAMPLED);
            assert_float_equal(kit_fetch(&verdict, x, y)[1], hair, 10 * SAMPLED);
        }
    bt_kernel_destroy(&k);
    free(before);
    kit_free(&skin);
    kit_free(&zone);
    kit_free(&mean);
    kit_free(&verdict);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(shrink, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(unwrap, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(core, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(judge, kit_open, kit_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
