/* SPDX-License-Identifier: MIT */
/* The discrete Fourier transform of a square of 64 x 64 complex numbers. */
#ifndef BT_WATERMARK_FFT_H
#define BT_WATERMARK_FFT_H

#include <stdbool.h>

enum { BT_WATERMARK_BINS = 64 };
struct bt_watermark_square {
    float re[BT_WATERMARK_BINS][BT_WATERMARK_BINS], im[BT_WATERMARK_BINS][BT_WATERMARK_BINS];
};
/* In place; [y][x] becomes [v][u]. Neither way is scaled. */
void bt_watermark_fft(struct bt_watermark_square *square, bool inverse);

#endif
