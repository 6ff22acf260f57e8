/* SPDX-License-Identifier: MIT */
/* The light: sums, solution, residual and its settling, against plain C in double precision on random data. */
#include "pipeline/swap/kernels.h"
#include "support/swap_kit.h"
#include "swap/fit.h"
#include "swap/guard.h"
#include "swap/residual.h"
#include "swap/settle.h"
#include "swap/solve.h"
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { N = BT_SWAP_SKIN_PX, M = BT_SWAP_LIGHT_PX };

static struct bt_kernel *kernel_of(struct kit *kit, enum bt_swap_kernel which) {
    struct bt_kernel *kernel = NULL;
    assert_int_equal(bt_swap_kernel_create(kit->gpu.gpu, which, &kernel), BT_OK);
    return kernel;
}

static void harmonics(double x, double y, double z, double h[9]) {
    const double v[9] = {1, y, z, x, x * y, y * z, 3 * z * z - 1, x * z, x * x - y * y};
    for (int i = 0; i < 9; i++) h[i] = v[i];
}

struct scene {
    struct kit_picture skin, shape, zone, verdict;
    float light[BT_SWAP_LIGHT_STATE][4];
};

/* Skin whose light is nearly what `light` says. */
static void make_scene(struct kit *kit, struct scene *s) {
    s->skin = kit_picture(kit, N, N, -.5f, 0);
    s->shape = kit_picture(kit, N, N, -.65f, .65f);
    s->zone = kit_picture(kit, N, N, 0, 1);
    s->verdict = kit_picture(kit, N, N, 0, .4f);
    for (int i = 0; i < BT_SWAP_LIGHT_STATE; i++)
        for (int c = 0; c < 4; c++) s->light[i][c] = c == 3 ? 0 : i == 0 ? .5f : bt_rng_uniform(&kit->rng, -.1f, .1f);
    for (int i = 0; i < N * N; i++) {
        s->skin.texel[4 * i + 3] = bt_rng_uniform(&kit->rng, 0, 1);
        s->shape.texel[4 * i + 2] = bt_rng_uniform(&kit->rng, .6f, 1);
        s->shape.texel[4 * i + 3] = bt_rng_uniform(&kit->rng, 0, .1f);
        s->zone.texel[4 * i + 2] *= .5f;
    }
    kit_upload(&s->skin);
    kit_upload(&s->shape);
    kit_upload(&s->zone);
}

static void free_scene(struct scene *s) {
    kit_free(&s->skin);
    kit_free(&s->shape);
    kit_free(&s->zone);
    kit_free(&s->verdict);
}

static double normal_z(const float *shape) {
    return sqrt(fmax(0, 1 - (double)shape[0] * (double)shape[0] - (double)shape[1] * (double)shape[1]));
}

static void sums_of_row(const struct scene *s, int row, bool robust, double out[BT_SWAP_FIT_SUMS]) {
    for (int i = 0; i < BT_SWAP_FIT_SUMS; i++) out[i] = 0;
    for (int column = 0; column < N / 2; column++) {
        const float *skin = kit_fetch(&s->skin, 2 * column, 2 * row), *shape = kit_fetch(&s->shape, 2 * column, 2 * row);
        const float *zone = kit_fetch(&s->zone, 2 * column, 2 * row), *verdict = kit_fetch(&s->verdict, 2 * column, 2 * row);
        double k = (double)zone[0] * (1 - (double)zone[2]) * (double)skin[3] * (1 - fmin(1, (double)verdict[0] * 1.5));
        double h[9], c[3], r = 0;
        harmonics((double)shape[0], (double)shape[1], normal_z(shape), h);
        for (int i = 0; i < 9; i++) h[i] *= (double)shape[2];
        for (int j = 0; j < 3; j++) {
            double e = 0;
            c[j] = exp(BT_GAMMA * (double)skin[j]);
            for (int i = 0; i < 9; i++) e += h[i] * (double)s->light[i][j];
            r += fabs(e - c[j]) / 3 / .06;
        }
        double base = k > .25 ? k : 0, w = robust ? base / (1 + r * r) : base;
        int m = 0;
        for (int i = 0; i < 9; i++) {
            for (int j = i; j < 9; j++) out[m++] += w * h[i] * h[j];
            for (int j = 0; j < 3; j++) out[BT_SWAP_FIT_MATRIX + 3 * i + j] += w * h[i] * c[j];
        }
        double *tail = out + BT_SWAP_FIT_MATRIX + BT_SWAP_FIT_RIGHT;
        tail[0] += k > .25;
        tail[1] += base;
        tail[2] += base * (double)shape[3];
        tail[3] += base * (.2126 * c[0] + .7152 * c[1] + .0722 * c[2]);
    }
}

/* Gauss with pivots, in place: a is 9 x (9 + 3). */
static void solve9(double a[9][12]) {
    for (int i = 0; i < 9; i++) {
        int best = i;
        for (int j = i + 1; j < 9; j++)
            if (fabs(a[j][i]) > fabs(a[best][i])) best = j;
        for (int c = 0; c < 12; c++) {
            double t = a[i][c];
            a[i][c] = a[best][c];
            a[best][c] = t;
        }
        for (int j = 0; j < 9; j++) {
            if (j == i) continue;
            double f = a[j][i] / a[i][i];
            for (int c = 0; c < 12; c++) a[j][c] -= f * a[i][c];
        }
    }
    for (int i = 0; i < 9; i++)
        for (int c = 9; c < 12; c++) a[i][c] /= a[i][i];
}

static void fit_and_solve(void **state) {
    struct kit *kit = *state;
    struct scene s;
    make_scene(kit, &s);
    struct bt_kernel *fit = kernel_of(kit, BT_KERNEL_FIT), *solve = kernel_of(kit, BT_KERNEL_SOLVE);
    for (uint32_t robust = 0; robust < 2; robust++) {
        static float got[BT_FIT_ROWS][BT_SWAP_FIT_SUMS];
        double total[BT_SWAP_FIT_SUMS] = {0}, row[BT_SWAP_FIT_SUMS];
        struct bt_buffer *light = kit_buffer(kit, s.light, sizeof s.light), *report = kit_buffer(kit, NULL, sizeof s.light);
        struct bt_buffer *sums = kit_buffer(kit, NULL, sizeof got);
        struct bt_texels *texels = NULL;
        assert_int_equal(bt_texels_create(sums, 0, sizeof got, BT_TEXELS_R32F, &texels), BT_OK);
        const struct bt_binding b[BT_FIT_SLOTS] = {kit_sampled(&s.skin),    kit_sampled(&s.shape), kit_sampled(&s.zone),
                                                   kit_sampled(&s.verdict), {.buffer = light},     {.buffer = sums}};
        const struct bt_fit_push push = {robust};
        kit_run(kit, fit, b, BT_FIT_SLOTS, &push, 1, 1);
        assert_int_equal(bt_buffer_read(sums, 0, got, sizeof got), BT_OK);
        for (int y = 0; y < BT_FIT_ROWS; y++) {
            sums_of_row(&s, y, robust, row);
            for (int i = 0; i < BT_SWAP_FIT_SUMS; i++) {
                assert_float_equal(got[y][i], row[i], 2e-4); /* 64 terms of order 1 in float32 */
                total[i] += row[i];
            }
        }
        const struct bt_binding c[BT_SOLVE_SLOTS] = {{.texels = texels}, {.buffer = light}, {.buffer = report}};
        const struct bt_solve_push rate = {.6f};
        kit_run(kit, solve, c, BT_SOLVE_SLOTS, &rate, 1, 1);
        float now[BT_SWAP_LIGHT_STATE][4], copy[BT_SWAP_LIGHT_STATE][4];
        assert_int_equal(bt_buffer_read(light, 0, now, sizeof now), BT_OK);
        assert_int_equal(bt_buffer_read(report, 0, copy, sizeof copy), BT_OK);
        assert_memory_equal(now, copy, sizeof now);
        double a[9][12];
        const double *tail = total + BT_SWAP_FIT_MATRIX + BT_SWAP_FIT_RIGHT;
        int m = 0;
        for (int i = 0; i < 9; i++) {
            for (int j = i; j < 9; j++) a[i][j] = a[j][i] = total[m++];
            a[i][i] += .01 * tail[0] * (i == 0 ? .001 : i < 4 ? .5 : 4);
            for (int j = 0; j < 3; j++) a[i][9 + j] = total[BT_SWAP_FIT_MATRIX + 3 * i + j];
        }
        solve9(a);
        for (int i = 0; i < 9; i++)
            for (int j = 0; j < 3; j++) assert_float_equal(now[i][j], (double)s.light[i][j] * .4 + a[i][9 + j] * .6, 1e-3);
        assert_float_equal(now[9][0], (double)s.light[9][0] * .4 + tail[2] / tail[1] * 1.2533 * .6, 1e-4);
        assert_float_equal(now[9][1], (double)s.light[9][1] * .4 + tail[3] / tail[1] * .6, 1e-4);
        assert_float_equal(now[9][2], tail[0], .5);
        bt_texels_destroy(&texels);
        bt_buffer_destroy(&light);
        bt_buffer_destroy(&report);
        bt_buffer_destroy(&sums);
    }
    bt_kernel_destroy(&fit);
    bt_kernel_destroy(&solve);
    free_scene(&s);
}

/* With too few samples, or none at all, the light stays what it was. */
static void too_few_samples(void **state) {
    struct kit *kit = *state;
    float sums[BT_FIT_ROWS][BT_SWAP_FIT_SUMS] = {{0}}, light[BT_SWAP_LIGHT_STATE][4], now[BT_SWAP_LIGHT_STATE][4];
    for (int i = 0; i < BT_SWAP_LIGHT_STATE * 4; i++) light[i / 4][i % 4] = i % 4 == 3 ? 0 : (float)i;
    struct bt_buffer *sums_buffer = kit_buffer(kit, sums, sizeof sums), *light_buffer = kit_buffer(kit, light, sizeof light);
    struct bt_buffer *report = kit_buffer(kit, NULL, sizeof light);
    struct bt_texels *texels = NULL;
    assert_int_equal(bt_texels_create(sums_buffer, 0, sizeof sums, BT_TEXELS_R32F, &texels), BT_OK);
    struct bt_kernel *solve = kernel_of(kit, BT_KERNEL_SOLVE);
    const struct bt_binding b[BT_SOLVE_SLOTS] = {{.texels = texels}, {.buffer = light_buffer}, {.buffer = report}};
    const struct bt_solve_push rate = {1};
    kit_run(kit, solve, b, BT_SOLVE_SLOTS, &rate, 1, 1);
    assert_int_equal(bt_buffer_read(light_buffer, 0, now, sizeof now), BT_OK);
    assert_memory_equal(now, light, sizeof(float) * 4 * 9);
    for (int i = 0; i < 4; i++) assert_true(isfinite(now[9][i]));
    bt_kernel_destroy(&solve);
    bt_texels_destroy(&texels);
    bt_buffer_destroy(&sums_buffer);
    bt_buffer_destroy(&light_buffer);
    bt_buffer_destroy(&report);
}

static void residual(void **state) {
    struct kit *kit = *state;
    struct scene s;
    make_scene(kit, &s);
    struct kit_picture out = kit_picture(kit, M, M, 0, 1), seen = kit_picture(kit, M, M, 0, 1);
    struct bt_buffer *light = kit_buffer(kit, s.light, sizeof s.light);
    struct bt_kernel *k = kernel_of(kit, BT_KERNEL_RESIDUAL);
    const struct bt_binding b[BT_RESIDUAL_SLOTS] = {kit_sampled(&s.skin),    kit_sampled(&s.shape), kit_sampled(&s.zone),
                                                    kit_sampled(&s.verdict), {.buffer = light},     {.image = out.image},
                                                    {.image = seen.image}};
    kit_run(kit, k, b, BT_RESIDUAL_SLOTS, NULL, M / 8, M / 8);
    kit_download(&out);
    kit_download(&seen);
    for (int y = 0; y < M; y++)
        for (int x = 0; x < M; x++) {
            double sum[4] = {0}, all[4] = {0};
            for (int i = 0; i < 4; i++) {
                int px = 2 * x + i % 2, py = 2 * y + i / 2;
                const float *skin = kit_fetch(&s.skin, px, py), *shape = kit_fetch(&s.shape, px, py);
                const float *zone = kit_fetch(&s.zone, px, py);
                double w = (1 - (double)zone[2]) * (double)zone[1] * (double)skin[3] *
                               (1 - fmin(1, (double)kit_fetch(&s.verdict, px, py)[0] * 1.5)) +
                           1e-4;
                double h[9], v = (double)zone[0] * (double)zone[3] * (double)skin[3];
                harmonics((double)shape[0], (double)shape[1], normal_z(shape), h);
                for (int c = 0; c < 3; c++) {
                    double e = 0, low = .35 * (double)s.light[0][c];
                    for (int j = 0; j < 9; j++) e += h[j] * (double)s.light[j][c];
                    e = .5 * (e + low + sqrt((e - low) * (e - low) + .25 * low * low));
                    double r = BT_GAMMA * (double)skin[c] - log(e * fmax((double)shape[2], .05));
                    r = fmin(BT_SWAP_RESIDUAL_CLIP, fmax(-BT_SWAP_RESIDUAL_CLIP, r));
                    sum[c] += .25 * w * r;
                    all[c] += .25 * v * r;
                }
                sum[3] += .25 * w;
                all[3] += .25 * v;
            }
            for (int c = 0; c < 4; c++) {
                assert_float_equal(kit_fetch(&out, x, y)[c], sum[c], 2e-3);
                assert_float_equal(kit_fetch(&seen, x, y)[c], all[c], 2e-3);
            }
        }
    bt_kernel_destroy(&k);
    bt_buffer_destroy(&light);
    kit_free(&out);
    kit_free(&seen);
    free_scene(&s);
}

static void settle(void **state) {
    struct kit *kit = *state;
    struct kit_picture raw = kit_picture(kit, M, M, 0, 1), fine = kit_picture(kit, M, M, .2f, 1),
                       wide = kit_picture(kit, M, M, .2f, 1), relit = kit_picture(kit, M, M, -1, 1);
    float *before = malloc(M * M * 16);
    assert_non_null(before);
    for (int i = 0; i < M * M * 4; i++) before[i] = relit.texel[i];
    struct bt_kernel *k = kernel_of(kit, BT_KERNEL_SETTLE);
    const struct bt_binding b[BT_SETTLE_SLOTS] = {
        kit_sampled(&raw), kit_sampled(&fine), kit_sampled(&wide), {.image = relit.image}};
    const struct bt_settle_push push = {.35f};
    kit_run(kit, k, b, BT_SETTLE_SLOTS, &push, M / 8, M / 8);
    kit_download(&relit);
    for (int i = 0; i < M * M; i++) {
        const float *f = fine.texel + 4 * i, *w = wide.texel + 4 * i;
        float gloss = 0;
        for (int c = 0; c < 3; c++) {
            gloss += (f[c] / f[3] - w[c] / w[3]) / 3;
            assert_float_equal(relit.texel[4 * i + c], kit_mix(before[4 * i + c], w[c] / w[3], push.rate), 4e-3);
        }
        gloss = kit_clamp(gloss * kit_clamp(raw.texel[4 * i + 3], 0, 1), 0, (float)BT_SETTLE_GLOSS_MOST);
        assert_float_equal(relit.texel[4 * i + 3], kit_mix(before[4 * i + 3], gloss, push.rate), 4e-3);
    }
    bt_kernel_destroy(&k);
    free(before);
    kit_free(&raw);
    kit_free(&fine);
    kit_free(&wide);
    kit_free(&relit);
}

/* A memory that is nearly what is seen, but for a patch. */
static void guard(void **state) {
    struct kit *kit = *state;
    struct kit_picture seen = kit_picture(kit, M, M, -.3f, .3f), cover = kit_picture(kit, M, M, 0, 1);
    static float memory[M * M][4], after[M * M][4];
    float mean[3] = {0}, weight = 0, found[2] = {0}, report[4];
    struct bt_image *image = NULL;
    for (int i = 0; i < M * M; i++) {
        float *s = seen.texel + 4 * i;
        s[3] = i % 5 ? bt_rng_uniform(&kit->rng, .2f, 1) : 0;
        bool patch = i % M > 40 && i / M > 30;
        for (int c = 0; c < 3; c++) {
            memory[i][c] = s[c] + .1f + bt_rng_uniform(&kit->rng, -.1f, .1f) + (patch ? .25f * (float)(c + 1) : 0);
            s[c] *= s[3];
        }
        memory[i][3] = bt_rng_uniform(&kit->rng, 0, 1);
    }
    kit_upload(&seen);
    assert_int_equal(bt_image_create(kit->gpu.gpu, M, M, BT_IMAGE_RGBA32F, &image), BT_OK);
    assert_int_equal(bt_image_write(image, memory, sizeof memory), BT_OK);
    float *before = malloc(M * M * 16);
    assert_non_null(before);
    for (int i = 0; i < M * M * 4; i++) before[i] = cover.texel[i];
    struct bt_buffer *buffer = kit_buffer(kit, NULL, 16);
    struct bt_kernel *k = kernel_of(kit, BT_KERNEL_GUARD);
    const struct bt_binding b[BT_GUARD_SLOTS] = {
        kit_sampled(&seen), {.image = image}, {.image = cover.image}, {.buffer = buffer}};
    const struct bt_guard_push push = {.learn = .04f, .forget = 0};
    kit_run(kit, k, b, BT_GUARD_SLOTS, &push, 1, 1);
    kit_download(&cover);
    assert_int_equal(bt_image_read(image, after, sizeof after), BT_OK);
    assert_int_equal(bt_buffer_read(buffer, 0, report, sizeof report), BT_OK);
    for (int i = 0; i < M * M; i++) {
        const float *s = seen.texel + 4 * i;
        float w = s[3] * memory[i][3];
        for (int c = 0; c < 3; c++) mean[c] += w * kit_clamp(s[c] / fmaxf(s[3], 1e-4f) - memory[i][c], -.6f, .6f);
        weight += w;
    }
    for (int c = 0; c < 3; c++) mean[c] /= weight;
    for (int i = 0; i < M * M; i++) {
        const float *s = seen.texel + 4 * i, *m = memory[i];
        float now[3], d[3], light = 0, color = 0;
        for (int c = 0; c < 3; c++) {
            now[c] = s[c] / fmaxf(s[3], 1e-4f);
            d[c] = now[c] - m[c] - mean[c];
            light += d[c] / 3;
        }
        for (int c = 0; c < 3; c++) color += fabsf(d[c] - light);
        float known = kit_step(.25f, .6f, m[3]) * kit_step(.02f, .15f, s[3]);
        float strange = known * fmaxf(kit_step((float)BT_GUARD_LIGHT_FROM, (float)BT_GUARD_LIGHT_TO, fabsf(light)),
                                      kit_step((float)BT_GUARD_COLOR_FROM, (float)BT_GUARD_COLOR_TO, color));
        float shown = kit_mix(before[4 * i + 1], fminf(strange, before[4 * i]), .5f);
        float rate = s[3] * (1 - strange) * fmaxf(push.learn, .5f * (1 - m[3]));
        found[0] += known * s[3], found[1] += known * s[3] * strange;
        assert_float_equal(cover.texel[4 * i], strange, 4e-3);
        assert_float_equal(cover.texel[4 * i + 1], shown, 4e-3);
        for (int c = 0; c < 3; c++) assert_float_equal(after[i][c], kit_mix(m[c], now[c], rate), 2e-3);
        assert_float_equal(after[i][3], fminf(1, m[3] + .1f * s[3] * (1 - strange)), 1e-3);
    }
    assert_float_equal(report[0], found[0], .5);
    assert_float_equal(report[1], found[1], .5);
    assert_true(found[1] > 50);
    bt_kernel_destroy(&k);
    bt_buffer_destroy(&buffer);
    bt_image_destroy(&image);
    free(before);
    kit_free(&seen);
    kit_free(&cover);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(fit_and_solve, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(too_few_samples, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(residual, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(settle, kit_open, kit_close),
        cmocka_unit_test_setup_teardown(guard, kit_open, kit_close),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
