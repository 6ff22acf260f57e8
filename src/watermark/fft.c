/* SPDX-License-Identifier: MIT */
#include "watermark/fft.h"
#include <math.h>

enum { N = BT_WATERMARK_BINS, LOG_N = 6 };
_Static_assert(N == 1 << LOG_N, "size");

/* Two rows into sum and turned difference: the decimation-in-frequency butterfly (Gentleman and Sande, 1966), for 64 columns
   at once, which compilers turn into vectors. */
static void butterfly(float *restrict ar, float *restrict ai, float *restrict br, float *restrict bi, float c, float s) {
    for (int x = 0; x < N; x++) {
        float dr = ar[x] - br[x], di = ai[x] - bi[x];
        ar[x] += br[x];
        ai[x] += bi[x];
        br[x] = dr * c - di * s;
        bi[x] = dr * s + di * c;
    }
}

static int reversed(int i) {
    int r = 0;
    for (int k = 0; k < LOG_N; k++) r |= (i >> k & 1) << (LOG_N - 1 - k);
    return r;
}

static void swap(float *a, float *b) {
    float t = *a;
    *a = *b;
    *b = t;
}

static void columns(struct bt_watermark_square *q, float sign) {
    for (int half = N / 2; half > 0; half /= 2)
        for (int k = 0; k < half; k++) {
            float angle = sign * (float)M_PI * (float)k / (float)half, c = cosf(angle), s = sinf(angle);
            for (int y = k; y < N; y += 2 * half) butterfly(q->re[y], q->im[y], q->re[y + half], q->im[y + half], c, s);
        }
    for (int y = 0; y < N; y++) {
        int r = reversed(y);
        for (int x = 0; r > y && x < N; x++) {
            swap(&q->re[y][x], &q->re[r][x]);
            swap(&q->im[y][x], &q->im[r][x]);
        }
    }
}

static void transpose(struct bt_watermark_square *q) {
    for (int y = 0; y < N; y++)
        for (int x = 0; x < y; x++) {
            swap(&q->re[y][x], &q->re[x][y]);
            swap(&q->im[y][x], &q->im[x][y]);
        }
}

void bt_watermark_fft(struct bt_watermark_square *square, bool inverse) {
    float sign = inverse ? 1.0f : -1.0f;
    columns(square, sign);
    transpose(square);
    columns(square, sign);
    transpose(square);
}
