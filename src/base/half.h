/* SPDX-License-Identifier: MIT */
/* IEEE 754 binary16 (float16) and binary32. */
#ifndef BT_BASE_HALF_H
#define BT_BASE_HALF_H

#include <stdint.h>

#define BT_HALF_MOST 65504.0f /* the largest finite one */

/* Exact. */
float bt_half_to_float(uint16_t half);
/* To nearest, ties to even; what is too large becomes infinite. */
uint16_t bt_half_from_float(float value);

#endif
