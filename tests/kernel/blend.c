/* SPDX-License-Identifier: MIT */
/* The Gaussian and the last composite against plain C, on random pictures of odd sizes. */
#include "pipeline/blend/blend.h"
#include "blend/compose.h"
#include "blend/smooth.h"
#include "gpu/command.h"
#include "pipeline/blend/smooth.h"
#include "spv/blend_compose.h"
#include "support/swap_kit.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Samplers weigh with 8 bits at least; contrast 1. */
static const float SAMPLED = 8e-3f;

static void smooth_once(struct kit *kit, uint32_t w, uint32_t h, float scale, float sigma_px, int vertical) {
    uint32_t to_w = (uint32_t)((float)w / scale), to_h = (uint32_t)((float)h / scale);
    struct kit_picture from = kit_picture(kit, w, h, 0, 1), to = kit_picture(kit, to_w, to_h, 0, 1);
    struct bt_smooth *smooth = NULL;
    struct bt_bindings *set = NULL;
    struct bt_commands *commands = NULL;
    uint64_t value;
    assert_int_equal(bt_blend_smooth_create(kit->gpu.gpu, &smooth), BT_OK);
    assert_int_equal(bt_blend_smooth_bind(smooth, from.image, to.image, &set), BT_OK);
    assert_int_equal(bt_commands_create(kit->gpu.gpu, &commands), BT_OK);
    const struct bt_smooth_pass pass = {.bindings = set,
                                        .from = from.image,
                                        .x = 1,
                                        .y = 2,
                                        .w = (int32_t)to_w - 1,
                                        .h = (int32_t)to_h - 2,
                                        .scale = scale,
                                        .sigma_px = sigma_px,
                                        .vertical = vertical};
    assert_int_equal(bt_commands_begin(commands), BT_OK);
    bt_blend_smooth_record(smooth, commands, &pass);
    assert_int_equal(bt_commands_end(commands), BT_OK);
    assert_int_equal(bt_gpu_submit(kit->gpu.gpu, &commands, 1, &value), BT_OK);
    assert_int_equal(bt_gpu_wait(kit->gpu.gpu, value, 60000000000), BT_OK);
    float *before = malloc((size_t)to_w * to_h * 16);
    assert_non_null(before);
    memcpy(before, to.texel, (size_t)to_w * to_h * 16);
    kit_download(&to);
    float sigma = sigma_px * scale;
    int radius = ((int)(2 * sigma + .5f) + 1) / 2 * 2; /* whole pairs */
    for (int y = 0; y < (int)to_h; y++)
        for (int x = 0; x < (int)to_w; x++) {
            float sum[4] = {0}, weights = 0, tap[4];
            for (int i = -radius; i <= radius; i++) {
                float weight = expf(-(float)(i * i) / (2 * sigma * sigma)), at = (float)i;
                /* Between a coarser image's texels a pair of taps is one tap between them, which is what is wanted there. */
                if (scale > 1 && i != 0) {
                    int near = (abs(i) - 1) / 2 * 2 + 1;
                    float a = expf(-(float)(near * near) / (2 * sigma * sigma));
                    float b = expf(-(float)((near + 1) * (near + 1)) / (2 * sigma * sigma));
                    at = ((float)near + b / (a + b)) * (i < 0 ? -1.f : 1.f);
                }
                float px = ((float)x + .5f) * scale + (vertical ? 0 : at);
                float py = ((float)y + .5f) * scale + (vertical ? at : 0);
                kit_sample(&from, px / (float)w, py / (float)h, tap);
                for (int c = 0; c < 4; c++) sum[c] += weight * tap[c];
                weights += weight;
            }
            const float *old = before + 4 * ((size_t)y * to_w + (size_t)x);
            for (int c = 0; c < 4; c++)
                assert_float_equal(kit_fetch(&to, x, y)[c], x >= 1 && y >= 2 ? sum[c] / weights : old[c], SAMPLED);
        }
    free(before);
    bt_commands_destroy(&commands);
    bt_bindings_destroy(&set);
    bt_blend_smooth_destroy(&smooth);
    kit_free(&from);
    kit_free(&to);
}

static void smoothing(void **state) {
    smooth_once(*state, 41, 27, 1, 1.7f, 0);
    smooth_once(*state, 27, 41, 1, .4f, 1);
    smooth_once(*state, 46, 30, 2, 1.5f, 0);
}

static uint32_t hash(uint32_t v) {
    uint32_t s = v * 747796405u + 2891336453u, w = ((s >> ((s >> 28) + 4)) ^ s) * 277803737u;
    return (w >> 22) ^ w;
}

static float normal_noise(uint32_t v) {
    uint32_t h = hash(v);
    return ((float)(h & 255) + (float)(h >> 8 & 255) + (float)(h >> 16 & 255) + (float)(h >> 24) - 510) / 147.8f;
}

/* Catmull-Rom without its corners, from texels. */
static void sharp(const struct kit_picture *p, float x, float y, float out[3]) {
    float mx = floorf(x - .5f), my = floorf(y - .5f), f[2] = {x - .5f - mx, y - .5f - my}, w[2][4];
    for (int d = 0; d < 2; d++) {
        float t = f[d], t2 = t * t, t3 = t2 * t;
        w[d][0] = t2 - .5f * (t3 + t), w[d][1] = 1.5f * t3 - 2.5f * t2 + 1, w[d][3] = .5f * (t3 - t2);
        w[d][2] = 1 - w[d][0] - w[d][1] - w[d][3];
    }
    float sum[3] = {0}, weights = 0;
    for (int j = 0; j < 4; j++)
        for (int i = 0; i < 4; i++) {
            if ((i == 0 || i == 3) && (j == 0 || j == 3)) continue;
            float k = w[0][i] * w[1][j];
            const float *c = kit_fetch(p, (int)mx - 1 + i, (int)my - 1 + j);
            for (int n = 0; n < 3; n++) sum[n] += k * c[n];
            weights += k;
        }
    for (int n = 0; n < 3; n++) out[n] = fmaxf(0, sum[n] / weights);
}

enum { W = 61, H = 47, G = 40, MATTE_W = 19, MATTE_H = 13 };
static const struct bt_compose_push PUSH = {.x = 8,
                                            .y = 4,
                                            .w = W - 9,
                                            .h = H - 5,
                                            .frame_w = W,
                                            .frame_h = H,
                                            .grid_scale = .7f,
                                            .inverse_grid_w = 1.f / G,
                                            .inverse_grid_h = 1.f / G,
                                            .inverse_quarter_w = .25f / ((W + 3) / 4),
                                            .inverse_quarter_h = .25f / ((H + 3) / 4),
                                            .soften = .7f,
                                            .grain = .75f,
                                            .pass = .7f,
                                            .noise = 1,
                                            .iris = {{30, 22, 6}, {45, 30, 0}},
                                            .tint = {.5f, .9f, 1.6f},
                                            .seed = 77,
                                            .matte = {{.29f, .02f, .4f}, {-.03f, .3f, .1f}}};

/* 0 inside, 1 at the outline; -1 where a tap lies so near to the last triangle that samplers differ. */
static float band_at(const struct kit_picture *paint, float px, float py, float u, float v) {
    float ax = px - 8 - .5f * (W - 9), ay = py - 4 - .5f * (H - 5), length = fmaxf(1e-3f, hypotf(ax, ay)), band = 1;
    float reach = (float)BT_COMPOSE_BAND * PUSH.soften / length / G;
    for (int i = 1; i <= 2; i++) {
        int drawn = 0;
        for (int j = -1; j <= 1; j++) {
            float by = .5f * (float)i * reach * (1 + .03f * (float)j), tap[4];
            kit_sample(paint, u + by * ax, v + by * ay, tap);
            if (tap[1] > 0 && tap[1] < .01f) return -1;
            drawn += tap[1] > 0;
        }
        if (drawn % 3) return -1;
        band -= drawn ? .5f : 0;
    }
    return band;
}

static float person_at(const float *matte, float x, float y) {
    const float(*m)[3] = PUSH.matte;
    float mx = kit_clamp(m[0][0] * x + m[0][1] * y + m[0][2] - .5f, 0, MATTE_W - 1);
    float my = kit_clamp(m[1][0] * x + m[1][1] * y + m[1][2] - .5f, 0, MATTE_H - 1);
    int ax = (int)mx, ay = (int)my, bx = ax + 1 < MATTE_W ? ax + 1 : ax, by = ay + 1 < MATTE_H ? ay + 1 : ay;
    const float *a = matte + (ptrdiff_t)ay * MATTE_W, *b = matte + (ptrdiff_t)by * MATTE_W;
    return kit_mix(kit_mix(a[ax], a[bx], mx - (float)ax), kit_mix(b[ax], b[bx], mx - (float)ax), my - (float)ay);
}

enum matte { NOBODY, EVERYBODY, SOMEBODY, NO_MATTE, MATTES };

static void composing(void **state) {
    struct kit *kit = *state;
    struct kit_picture source = kit_picture(kit, W, H, .1f, .9f), near = kit_picture(kit, (W + 3) / 4, (H + 3) / 4, -.8f, 0),
                       far = kit_picture(kit, (W + 3) / 4, (H + 3) / 4, -.8f, 0), paint = kit_picture(kit, G, G, .1f, 1),
                       move = kit_picture(kit, G, G, 0, 1), frame = kit_picture(kit, W, H, 0, 1);
    float state_of_light[BT_COMPOSE_NOISE + 1][4] = {{0}};
    state_of_light[BT_COMPOSE_NOISE][0] = .03f;
    for (int i = 0; i < G * G; i++) {
        move.texel[4 * i] = bt_rng_uniform(&kit->rng, -3, 3), move.texel[4 * i + 1] = bt_rng_uniform(&kit->rng, -3, 3);
        move.texel[4 * i + 2] = fminf(1, 1.3f * move.texel[4 * i + 2]); /* alpha 1 here and there */
        if (i % G < 4)
            for (int c = 0; c < 4; c++) move.texel[4 * i + c] = 0; /* untouched on this side */
        if (hypotf((float)(i % G) - 18, (float)((i - i % G) / G) - 15) > 13)
            for (int c = 0; c < 4; c++) paint.texel[4 * i + c] = 0; /* no triangles outside a circle */
    }
    kit_upload(&move);
    kit_upload(&paint);
    float *before = malloc(W * H * 16);
    assert_non_null(before);
    memcpy(before, frame.texel, W * H * 16);
    static const enum bt_slot slots[BT_COMPOSE_SLOTS] = {BT_SLOT_SAMPLED, BT_SLOT_SAMPLED, BT_SLOT_SAMPLED, BT_SLOT_SAMPLED,
                                                         BT_SLOT_SAMPLED, BT_SLOT_UNIFORM, BT_SLOT_IMAGE,   BT_SLOT_TEXELS};
    const struct bt_kernel_params params = {.name = "compose",
                                            .spirv = bt_spv_blend_compose,
                                            .spirv_bytes = bt_spv_blend_compose_bytes,
                                            .slots = slots,
                                            .slot_count = BT_COMPOSE_SLOTS,
                                            .push_bytes = sizeof(struct bt_compose_push)};
    struct bt_kernel *k = NULL;
    struct bt_buffer *buffer = kit_buffer(kit, state_of_light, sizeof state_of_light);
    assert_int_equal(bt_kernel_create(kit->gpu.gpu, &params, &k), BT_OK);
    struct bt_buffer *mattes[MATTES] = {NULL};
    struct bt_texels *texels[MATTES] = {NULL};
    float matte[MATTES][MATTE_W * MATTE_H], *without = calloc(W * H, 16);
    assert_non_null(without);
    for (int i = 0; i < MATTES; i++) {
        for (int j = 0; j < MATTE_W * MATTE_H; j++)
            matte[i][j] = i == SOMEBODY ? bt_rng_uniform(&kit->rng, 0, 1) : i == EVERYBODY ? 1.f : 0.f;
        mattes[i] = kit_buffer(kit, matte[i], sizeof matte[i]);
        assert_int_equal(bt_texels_create(mattes[i], 0, sizeof matte[i], BT_TEXELS_R32F, &texels[i]), BT_OK);
    }
    for (int which = MATTES - 1; which >= 0; which--) { /* without a matte first */
        struct bt_compose_push push = PUSH;
        if (which != NO_MATTE) push.matte_size = MATTE_W | MATTE_H << 16;
        const struct bt_binding b[BT_COMPOSE_SLOTS] = {kit_sampled(&source),   kit_sampled(&near),       kit_sampled(&far),
                                                       kit_sampled(&paint),    kit_sampled(&move),       {.buffer = buffer},
                                                       {.image = frame.image}, {.texels = texels[which]}};
        memcpy(frame.texel, before, W * H * 16);
        kit_upload(&frame);
        kit_run(kit, k, b, BT_COMPOSE_SLOTS, &push, (W + 7) / 8, (H + 7) / 8);
        kit_download(&frame);
        int painted = 0, inner = 0, outer = 0;
        double worst = 0, sum = 0;
        for (int y = 0; y < H; y++)
            for (int x = 0; x < W; x++) {
                const float *old = before + 4 * (y * W + x), *got = kit_fetch(&frame, x, y);
                float px = (float)x + .5f, py = (float)y + .5f, u = (px - 8) * .7f / G, v = (py - 4) * .7f / G, m[4], t[4],
                      base[4];
                kit_sample(&move, u, v, m);
                bool inside =
                    x >= 8 && y >= 4 && x < W - 1 && y<H - 1, touched = m[2]> .002f || m[0] * m[0] + m[1] * m[1] > .0009f;
                if (!inside || !touched) {
                    if (!inside || m[2] == 0) assert_memory_equal(got, old, 16);
                    continue;
                }
                float band = which == NO_MATTE ? 0 : band_at(&paint, px, py, u, v), *plain = without + 4 * (y * W + x);
                if (which == NO_MATTE) memcpy(plain, got, 16);
                if (which == EVERYBODY || band == 0) assert_memory_equal(got, plain, 16);
                if (band < 0) continue;
                painted++;
                inner += band == 0, outer += band == 1;
                memset(m, 0, sizeof m);
                for (int i = 0; i < 2; i++) {
                    kit_sample(&move, u + (i ? .7f : -.7f) / G, v + (i ? .7f : -.7f) / G, t);
                    for (int c = 0; c < 4; c++) m[c] += t[c] / 2;
                }
                float qx = kit_clamp(px + m[0], .5f, W - .5f), qy = kit_clamp(py + m[1], .5f, H - .5f), driver[3], smooth[4],
                      wide[4];
                kit_sample(&paint, u, v, base);
                float kept = .75f * kit_clamp(base[3], 0, 1);
                sharp(&source, qx, qy, driver);
                kit_sample(&near, qx * PUSH.inverse_quarter_w, qy * PUSH.inverse_quarter_h, smooth);
                kit_sample(&far, qx * PUSH.inverse_quarter_w, qy * PUSH.inverse_quarter_h, wide);
                float coded[3], dark = 0;
                for (int c = 0; c < 3; c++) {
                    coded[c] = logf(fmaxf(driver[c], (float)BT_COMPOSE_DARKEST)) / (float)BT_GAMMA;
                    dark += (coded[c] - wide[c]) / 3;
                }
                dark = kit_clamp(dark + .03f, -1, 0) * .7f * m[3];
                float n = .03f * sqrtf(1 - kept * kept) * normal_noise((uint32_t)x + 8192u * (uint32_t)y + 77 * 2654435769u);
                float away = hypotf(qx - 30, qy - 22) / 6, light = (driver[0] + driver[1] + driver[2]) / 3;
                float ring = .85f * kit_clamp((1.02f - away) / .15f, 0, 1) * kit_clamp((away - .32f) / .12f, 0, 1) *
                             (1 - kit_step(.18f, .4f, light));
                float alpha = kit_clamp(m[2], 0, 1);
                if (band > 0)
                    alpha *= kit_mix(
                        1, kit_step((float)BT_COMPOSE_NOBODY, (float)BT_COMPOSE_SOMEBODY, person_at(matte[which], qx, qy)),
                        band);
                if (which == NOBODY && band == 1) assert_float_equal(alpha, 0, 0);
                for (int c = 0; c < 3; c++) {
                    float grain = kit_clamp(coded[c] - smooth[c], -(float)BT_COMPOSE_GRAIN, (float)BT_COMPOSE_GRAIN) * kept;
                    float face = base[c] * expf((float)BT_GAMMA * (grain + dark + n));
                    double miss =
                        fabs((double)got[c] - (double)kit_mix(kit_mix(driver[c], light * PUSH.tint[c], ring), face, alpha));
                    worst = fmax(worst, miss);
                    sum += miss;
                }
                assert_float_equal(got[3], 1, 0);
            }
        assert_true(painted > W * H / 2);
        assert_true(inner > 300 && (which == NO_MATTE || outer > 100));
        /* The driver's place is off by the sampler's weights times a flow of +-3 px, over neighbours that differ by up to .8.
         */
        assert_true(worst < .08);
        assert_true(sum / (3 * painted) < .008);
    }
    for (int i = 0; i < MATTES; i++) {
        bt_texels_destroy(&texels[i]);
        bt_buffer_destroy(&mattes[i]);
    }
    free(without);
    free(before);
    bt_kernel_destroy(&k);
    bt_buffer_destroy(&buffer);
    struct kit_picture *all[] = {&source, &near, &far, &paint, &move, &frame};
    for (size_t i = 0; i < BT_COUNT(all); i++) kit_free(all[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(smoothing, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(composing, kit_open, kit_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
