/* SPDX-License-Identifier: MIT */
/* tests/golden/portrait.png: NASA's portrait of E. Collins (public domain), 512 x 512, as Debian's python3-skimage has it. */
#ifndef BT_TESTS_PORTRAIT_H
#define BT_TESTS_PORTRAIT_H

#include <stdbool.h>
#include <stdint.h>

enum { PORTRAIT_PX = 512 };

/* 512 x 512 x 3, malloc'ed; NULL when it is not there. */
uint8_t *portrait_read(void);
/* Linear light (shaders/include/color.h) as half floats, RGBA: what a bt_frame holds. `out`: 4 a pixel. */
void portrait_linear(const uint8_t *rgb, uint32_t pixels, float exposure, uint16_t *out);

#endif
