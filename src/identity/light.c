/* SPDX-License-Identifier: MIT */
/* The light on a face: nine spherical harmonics a channel, fitted robustly to plain skin. The recipe of swap's own fit
   (shaders/swap/fit.comp, solve.comp), in plain C, so that what is divided out here is what swap multiplies in. */
#include "identity/internal.h"
#include <math.h>
#include <string.h>

enum { STRIDE = 3, STEPS = 5, SAMPLES_LEAST = 400 };

/* Of harmonics.glsl (Ramamoorthi and Hanrahan 2001), unnormalised. */
static void harmonics(float x, float y, float z, float h[9]) {
    const float v[9] = {1.0f, y, z, x, x * y, y * z, 3.0f * z * z - 1.0f, x * z, x * x - y * y};
    memcpy(h, v, sizeof(v));
}

static float z_of(float x, float y) {
    return sqrtf(fmaxf(0.0f, 1.0f - x * x - y * y));
}

void bt_identity_light_at(float light[9][3], float nx, float ny, float nz, float out[3]) {
    float h[9];
    harmonics(nx, ny, nz, h);
    for (uint32_t k = 0; k < 3; k++) {
        float e = 0.0f;
        for (uint32_t i = 0; i < 9; i++) e += h[i] * light[i][k];
        const float low = 0.35f * fmaxf(light[0][k], 0.004f), d = e - low;
        out[k] = 0.5f * (e + low + sqrtf(d * d + 0.25f * low * low));
    }
}

/* Cholesky; a is symmetric, its lower triangle used. False: not positive definite. */
static bool solve(double a[9][9], double x[9][3]) {
    for (uint32_t j = 0; j < 9; j++) {
        double d = a[j][j];
        for (uint32_t k = 0; k < j; k++) d -= a[j][k] * a[j][k];
        if (!(d > 1e-9)) return false;
        a[j][j] = sqrt(d);
        for (uint32_t i = j + 1; i < 9; i++) {
            double v = a[i][j];
            for (uint32_t k = 0; k < j; k++) v -= a[i][k] * a[j][k];
            a[i][j] = v / a[j][j];
        }
    }
    for (uint32_t c = 0; c < 3; c++) {
        for (uint32_t i = 0; i < 9; i++) {
            for (uint32_t k = 0; k < i; k++) x[i][c] -= a[i][k] * x[k][c];
            x[i][c] /= a[i][i];
        }
        for (uint32_t i = 9; i-- > 0;) {
            for (uint32_t k = i + 1; k < 9; k++) x[i][c] -= a[k][i] * x[k][c];
            x[i][c] /= a[i][i];
        }
    }
    return true;
}

/* One step: `doubt` is the scale of a miss that halves a sample's say; 0: all are trusted. Returns how many samples there were.
 */
static uint32_t step(const struct atlas *atlas, const float *occlusion, struct view *v, float doubt) {
    double a[9][9] = {{0}}, x[9][3] = {{0}}, mean[3] = {0}, total = 0.0;
    uint32_t count = 0;
    for (uint32_t y = 0; y < SIDE; y += STRIDE) {
        for (uint32_t i = y * SIDE; i < (y + 1) * SIDE; i += STRIDE) {
            const float say = atlas->skin.px[i] * v->weight.px[i];
            if (!(say > 0.2f)) continue;
            const float ao = bt_identity_map_at(occlusion, i), *n = v->normal_xy[i], *c = v->color[i];
            float h[9], miss = 0.0f;
            harmonics(n[0], n[1], z_of(n[0], n[1]), h);
            for (uint32_t k = 0; k < 3; k++) {
                float e = 0.0f;
                for (uint32_t j = 0; j < 9; j++) e += h[j] * ao * v->light[j][k];
                miss += fabsf(e - c[k]) / 3.0f;
            }
            const float r = doubt > 0.0f ? miss / doubt : 0.0f, w = say / (1.0f + r * r);
            for (uint32_t p = 0; p < 9; p++) {
                const double wh = (double)(w * h[p] * ao);
                for (uint32_t q = 0; q <= p; q++) a[p][q] += wh * (double)(h[q] * ao);
                for (uint32_t k = 0; k < 3; k++) x[p][k] += wh * (double)c[k];
            }
            for (uint32_t k = 0; k < 3; k++) mean[k] += (double)(w * c[k]);
            total += (double)w;
            count++;
        }
    }
    if (count < SAMPLES_LEAST) return count;
    for (uint32_t i = 0; i < 9; i++) a[i][i] += 0.01 * (double)count * (i == 0 ? 0.001 : i < 4 ? 0.5 : 4.0); /* solve.comp */
    if (!solve(a, x)) return 0;
    for (uint32_t i = 0; i < 9; i++)
        for (uint32_t k = 0; k < 3; k++) v->light[i][k] = (float)x[i][k];
    for (uint32_t k = 0; k < 3; k++) v->skin[k] = (float)(mean[k] / total);
    return count;
}

bool bt_identity_light_fit(const struct atlas *atlas, const float *occlusion, struct view *v) {
    memset(v->light, 0, sizeof(v->light));
    float doubt = 0.0f;
    for (uint32_t i = 0; i < STEPS; i++) {
        if (step(atlas, occlusion, v, doubt) < SAMPLES_LEAST) return false;
        /* The recipe's .06 is for skin of about .3; enrolment may be darker or lighter. */
        doubt = 0.2f * fmaxf(bt_identity_luminance(v->skin), 1e-3f);
    }
    return true;
}

void bt_identity_divide(const struct atlas *atlas, const float *occlusion, struct view *v, struct plane *scratch) {
    struct plane *low = &scratch[0], *sure = &scratch[1];
    for (uint32_t i = 0; i < TEXELS; i++) {
        v->luma.px[i] = v->red.px[i] = v->blue.px[i] = 0.0f;
        sure->px[i] = 0.0f;
        if (!(v->weight.px[i] > 0.0f)) continue;
        const float *n = v->normal_xy[i], ao = bt_identity_map_at(occlusion, i);
        float e[3], ratio[3];
        bt_identity_light_at(v->light, n[0], n[1], z_of(n[0], n[1]), e);
        for (uint32_t k = 0; k < 3; k++) ratio[k] = bt_clamp(v->color[i][k] / (e[k] * ao), 0.02f, 3.0f);
        v->luma.px[i] = logf(bt_identity_luminance(ratio));
        v->red.px[i] = logf(ratio[0]) - v->luma.px[i];
        v->blue.px[i] = logf(ratio[2]) - v->luma.px[i];
        const float odd = v->luma.px[i] / 0.35f;
        sure->px[i] = atlas->skin.px[i] * v->weight.px[i] / (1.0f + odd * odd);
    }
    /* Nine harmonics cannot hold a cast shadow, nor a near lamp: what they miss is low, and lopsided; a face's own low albedo
       is the same on both sides. Of the even part most is light too (from above, always), so little is kept (the recipe
       flattens 85 %). */
    *low = v->luma;
    bt_identity_blur(low, sure, 30.0f, &scratch[2], &scratch[3]);
    for (uint32_t y = 0; y < SIDE; y++) {
        for (uint32_t x = 0; x < SIDE; x++) {
            const uint32_t i = y * SIDE + x, m = y * SIDE + SIDE - 1 - x;
            const float even = v->weight.px[m] > 0.1f ? 0.5f * (low->px[i] + low->px[m]) : 0.0f;
            if (v->weight.px[i] > 0.0f) v->luma.px[i] -= low->px[i] - 0.3f * even;
        }
    }
}
